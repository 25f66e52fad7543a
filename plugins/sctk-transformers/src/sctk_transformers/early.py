"""DoLa at work: what early layers would say next, and the scores that are left when the one furthest from the last is taken away.

    M       = argmax over early layers j of JSD(p_N || p_j)             the most premature layer, for each token anew
    score   = log p_N(x) - log p_M(x)   where p_N(x) >= alpha max p_N   else -inf                    (arXiv 2309.03883, eq. 3 to 6)

A row chooses its layer by itself, and JSD is the paper's. The published code differs in both: KL(mean || p) for KL(p || mean), and
one layer for a whole batch.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from sctk_core import ConfigError

from sctk_transformers.contrast import WHERE, Contrast, early_layers
from sctk_transformers.engine import Memory

TRIAL = (7, 3, 5, 2, 8, 11, 4, 9)
"""Token ids on which a model's layers are looked at, less its vocabulary."""


class EarlyExits:
    """Lets chosen early layers of a model speak through its own final norm and head, in the same forward as the last."""

    def __init__(self, model: Any, how: Contrast) -> None:
        settings = model.config.get_text_config()
        n_layers = int(settings.num_hidden_layers)
        self.numbers = early_layers(how.layers, n_layers, tied=bool(getattr(settings, "tie_word_embeddings", False)))
        self.model, self.decoder = model, model.get_decoder()
        self._read: dict[int, torch.Tensor] = {}
        self._early_JBTV: torch.Tensor | None = None
        self._n_rows = 0
        with torch.inference_mode():
            self._find(n_layers, how)

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """What is read inside is said by early layers too; `said` gives it."""
        hooks = [
            self.layers[number].register_forward_pre_hook(self._seen(number), with_kwargs=True)
            for number in self.numbers
        ]
        hooks += [self.decoder.register_forward_hook(self._join), self.model.register_forward_hook(self._part)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            self._read.clear()

    def said(self, n_rows: int) -> torch.Tensor:
        """Logits [early layers, rows, V] at the newest token of each row of the last forward."""
        early_JBTV, self._early_JBTV = self._early_JBTV, None
        assert early_JBTV is not None
        flat = early_JBTV.shape[1] == 1 and early_JBTV.shape[2] == n_rows
        return early_JBTV[:, 0] if flat else early_JBTV[:, :, -1]

    def _seen(self, number: int) -> Any:
        def keep(layer: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
            self._read[number] = positional[0] if positional else named["hidden_states"]

        return keep

    def _join(self, decoder: Any, read: Any, output: Any) -> Any:
        """The early layers' states below the last one's, [(1 + layers) rows, tokens, width], as if they were rows of the batch."""
        last = output.last_hidden_state
        self._n_rows = len(last)
        output.last_hidden_state = torch.cat([last, *(self.norm(self._read[number]) for number in self.numbers)])
        return output

    def _part(self, model: Any, read: Any, output: Any) -> Any:
        """The logits of the last layer alone; those of the others are kept."""
        logits = output.logits
        self._early_JBTV = logits[self._n_rows :].unflatten(0, (len(self.numbers), self._n_rows))
        output.logits = logits[: self._n_rows]
        return output

    def _find(self, n_layers: int, how: Contrast) -> None:
        """The layers and the final norm, found by what goes in and comes out; a ConfigError where they cannot be."""
        lists = [
            part for part in self.decoder.children() if isinstance(part, torch.nn.ModuleList) and len(part) == n_layers
        ]
        if not lists:
            raise self._strange("no list of its layers")
        self.layers: Any = lists[0]
        ids = torch.tensor([[number % self.model.config.get_text_config().vocab_size for number in TRIAL]])
        ids = ids.to(self.model.device)
        made: dict[str, torch.Tensor] = {}
        hooks = [part.register_forward_hook(_noting(made, name)) for name, part in self.decoder.named_children()]
        try:
            wanted = self.model(input_ids=ids, use_cache=False, output_hidden_states=True)
        finally:
            for hook in hooks:
                hook.remove()
        ends = [name for name, out in made.items() if _equal(out, wanted.hidden_states[-1])]
        if how.normed and not ends:
            raise self._strange("no norm behind its last layer")
        self.norm: Any = getattr(self.decoder, ends[-1]) if how.normed else torch.nn.Identity()
        with self.speaking():
            logits = self.model(input_ids=ids, use_cache=False).logits
            alike = all(_equal(self._read[number], wanted.hidden_states[number]) for number in self.numbers)
        if not (alike and _equal(logits, wanted.logits)):
            raise self._strange("layers that do not read what the one before wrote")

    def _strange(self, what: str) -> ConfigError:
        kind = type(self.model).__name__
        return ConfigError(
            f"{WHERE}: got a {kind}, which has {what} that could be found, wanted a decoder whose early layers can be read",
            hint='layers = "off", or another model',
        )


def _noting(made: dict[str, torch.Tensor], name: str) -> Any:
    def note(part: Any, read: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            made[name] = output

    return note


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors are one, as far as their arithmetic goes."""
    share = 1e-3 if one.dtype == torch.float32 else 5e-2
    return one.shape == other.shape and bool((one - other).abs().max() <= share * other.abs().max())


class ContrastedMemory:
    """A memory whose logits are contrasted scores: of rows as the inner one has them, and of which tokens each has seen."""

    def __init__(self, inner: Memory, exits: EarlyExits, how: Contrast) -> None:
        self.inner, self.exits, self.how = inner, exits, how
        self.joins, self.even, self.patient = inner.joins, inner.even, inner.patient
        self._seen: list[set[int]] = []

    def step(self, last_ids: Sequence[int], prompts: Sequence[Any]) -> torch.Tensor:
        """Scores [rows + prompts, V] after one more token of every row and the whole of every new prompt."""
        with self.exits.speaking():
            last_RV = self.inner.step(last_ids, prompts)
        for seen, number in zip(self._seen, last_ids, strict=True):
            seen.add(number)
        self._seen += [set(prompt) for prompt in prompts]
        scores_RV = contrasted(last_RV.float(), self.exits.said(len(last_RV)), self.how.relative_top)
        return penalised(scores_RV, self._seen, self.how.repetition_penalty)

    def keep(self, order: Sequence[int]) -> None:
        """The rows become those of `order` (old numbers)."""
        self.inner.keep(order)
        self._seen = [set(self._seen[place]) for place in order]


def contrasted(last_RV: torch.Tensor, early_JRV: torch.Tensor, relative_top: float) -> torch.Tensor:
    """DoLa's scores [R, V] from logits of the last layer and of early ones, float32; of equally far layers the first is taken."""
    last_RV = last_RV.log_softmax(-1)
    furthest_R = torch.full_like(last_RV[:, 0], -torch.inf)
    taken_RV = torch.zeros_like(last_RV)
    for early_RV in early_JRV:
        early_RV = early_RV.float().log_softmax(-1)
        distance_R = divergence(last_RV, early_RV)
        further_R = distance_R > furthest_R
        furthest_R = torch.where(further_R, distance_R, furthest_R)
        taken_RV = torch.where(further_R[:, None], early_RV, taken_RV)
    least_R1 = last_RV.max(-1, keepdim=True).values + (math.log(relative_top) if relative_top else -math.inf)
    return (last_RV - taken_RV).masked_fill_(last_RV < least_R1, -torch.inf)


def divergence(one_RV: torch.Tensor, other_RV: torch.Tensor) -> torch.Tensor:
    """Jensen-Shannon divergence in nats [R] of two rows of log-probabilities."""
    mean_RV = torch.logaddexp(one_RV, other_RV) - math.log(2.0)
    each = [(logs.exp() * (logs - mean_RV)).nan_to_num(0.0).sum(-1) for logs in (one_RV, other_RV)]
    return (each[0] + each[1]) / 2


def penalised(scores_RV: torch.Tensor, texts: Sequence[Collection[int]], penalty: float) -> torch.Tensor:
    """Scores of what stands in a row's text already: divided by the penalty, or multiplied where below 0 (arXiv 1909.05858)."""
    if penalty == 1.0:
        return scores_RV
    for row, text in enumerate(texts):
        ids = torch.tensor(list(text), device=scores_RV.device)
        seen = scores_RV[row, ids]
        scores_RV[row, ids] = torch.where(seen < 0, seen * penalty, seen / penalty)
    return scores_RV
