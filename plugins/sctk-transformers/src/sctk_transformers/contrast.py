"""The settings of DoLa, decoding by contrasting layers (Chuang et al., arXiv 2309.03883), and which layers they stand for.

What an early layer would say is taken away from what the last one says: what is left is what the layers between have added, which
passes for knowledge. The layers are named as in transformers' former `generate(dola_layers=...)`. Likelihoods of given texts stay
the model's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sctk_chat import config_of, is_encoder_decoder
from sctk_core import ConfigError, ModelRef, setting

WHERE = "backend.dola.layers"
DEEP, SPAN = 40, 20
"""Of models of more layers than the first, "low" and "high" are among so many."""
FEW = 8
"""A model of so few layers or fewer has hardly a choice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contrast:
    """How an early layer is taken from the last one; `layers` "off": not at all."""

    layers: Literal["off", "low", "high"] | tuple[int, ...] = setting(
        "off",
        help="early layers to choose from: every second of the first half (low), of the second (high), or numbers",
    )
    relative_top: float = setting(
        0.1,
        help="tokens less likely than so much of the likeliest are left out (alpha)",
        unit="share",
        low=0.0,
        high=1.0,
    )
    repetition_penalty: float = setting(
        1.2,
        help="scores of tokens that stand in the conversation are divided by it, those below 0 multiplied; 1: none",
        low=0.01,
    )
    normed: bool = setting(
        True,
        help="early layers go through the model's final norm before its head; false: not, as in transformers' code",
    )

    @property
    def on(self) -> bool:
        """Whether there is anything to contrast."""
        return self.layers != "off"


def early_layers(layers: str | tuple[int, ...], n_layers: int, *, tied: bool) -> tuple[int, ...]:
    """The numbers of the early layers among which each token chooses: 0 the embeddings, n the n-th layer's output.

    Of tied embeddings the first two are left out: there the head gives back the token that was read. ConfigError: none is left.

    >>> early_layers("high", 32, tied=False)[:3], early_layers("low", 12, tied=True), early_layers("high", 48, tied=False)[0]
    ((16, 18, 20), (2, 4), 28)
    """
    first = 0 if not tied else min(2, n_layers - 1)
    half = SPAN if n_layers > DEEP else n_layers // 2
    if isinstance(layers, tuple):
        found = layers if all(0 <= layer < n_layers for layer in layers) else ()
    elif layers == "low":
        found = (first,) if first == half else tuple(range(first, half, 2))
    else:
        found = tuple(range(n_layers - half if n_layers > DEEP else half, n_layers, 2))
    if not found or n_layers < 2:
        got = f"{layers!r} for a model of {n_layers} layers" + (" with tied embeddings" if tied else "")
        raise ConfigError(
            f"{WHERE}: got {got}, wanted early layers, 0 to {n_layers - 1}",
            hint='"high", or other numbers; "off": none',
        )
    return tuple(dict.fromkeys(found))


def contrast_notes(how: Contrast, model: ModelRef) -> list[str]:
    """What to know of a contrast on this model, from its files alone; a ConfigError where there can be none."""
    if not how.on:
        return []
    if is_encoder_decoder(model):
        raise ConfigError(
            f"{WHERE}: got {how.layers!r} for {model.path!r}, an encoder-decoder, wanted a decoder alone",
            hint='layers = "off"',
        )
    config = config_of(model)
    inner = config.get("text_config")
    told = {**config, **(inner if isinstance(inner, dict) else {})}
    n_layers = next((told[name] for name in ("num_hidden_layers", "n_layer", "num_layers") if name in told), None)
    if not isinstance(n_layers, int):
        return []
    found = early_layers(how.layers, n_layers, tied=False)
    if n_layers > FEW:
        return []
    return [
        f"DoLa on {model.path}: {n_layers} layers, early ones {', '.join(map(str, found))}: so shallow a model says little of it"
    ]
