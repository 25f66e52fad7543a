"""Continuous batching without padding: one forward holds a token of every running row and the whole prompts of new ones.

All tokens of a step lie in one flat row; the model's own layers do not mix tokens, only attention does, and attention is
ours: it writes keys and values into each row's slot and lets every token see its own row only. Rows may join and leave at
any step. Models take part through transformers' attention interface; `prove` compares a model's logits with its own
attention first, and a model that differs is run by `padded.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

NAME = "sctk_flat"
UNKNOWN_TERMS = ("softcap", "s_aux", "position_bias")
Stores = tuple[torch.Tensor, torch.Tensor]
KNOWN_LAYERS = {"full_attention", "sliding_attention"}


class Slots:
    """Keys and values by layer, each [slots, tokens, heads, width]: a row per running conversation, grown by doubling."""

    def __init__(self) -> None:
        self.layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self.n_slots = 0
        self.n_tokens = 0

    def reserve(self, n_slots: int, n_tokens: int) -> None:
        """Makes room for so many rows of such a length, keeping what is stored."""
        if n_slots <= self.n_slots and n_tokens <= self.n_tokens:
            return
        self.n_slots = max(self.n_slots, _rounded(n_slots, 8))
        self.n_tokens = max(self.n_tokens, _rounded(n_tokens, 64))
        for layer, (keys, values) in self.layers.items():
            self.layers[layer] = (self._grown(keys), self._grown(values))

    def of(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The layer's stores, made on first sight of its keys and values [1, heads, tokens, width]."""
        if layer not in self.layers:
            self.layers[layer] = (self._empty(keys), self._empty(values))
        return self.layers[layer]

    def move(self, source: int, target: int, n_tokens: int) -> None:
        """Copies a row's first tokens to another slot."""
        for keys, values in self.layers.values():
            keys[target, :n_tokens] = keys[source, :n_tokens]
            values[target, :n_tokens] = values[source, :n_tokens]

    def _empty(self, states: torch.Tensor) -> torch.Tensor:
        # Zeros, not empty: a masked position still enters a product with 0, and 0 * NaN is NaN.
        return states.new_zeros((self.n_slots, self.n_tokens, states.shape[1], states.shape[3]))

    def _grown(self, old: torch.Tensor) -> torch.Tensor:
        new = old.new_zeros((self.n_slots, self.n_tokens, *old.shape[2:]))
        new[: old.shape[0], : old.shape[1]] = old
        return new


def _rounded(wanted: int, least: int) -> int:
    return max(least, 1 << (wanted - 1).bit_length())


@dataclass
class Step:
    """One forward: the running rows' positions, then the new prompts' lengths; `slots` None keeps nothing (scoring)."""

    slots: Slots | None
    positions: Sequence[int]
    lengths: Sequence[int]
    device: torch.device
    masks: dict[int | None, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.n_rows = len(self.positions)
        self.span = max(self.positions, default=-1) + 1
        self.longest = max(self.lengths, default=0)
        self.even = all(length == self.longest for length in self.lengths)
        self.positions_R = torch.tensor(list(self.positions), dtype=torch.long, device=self.device)
        self.rows_R = torch.arange(self.n_rows, device=self.device)
        within = torch.arange(self.longest, device=self.device)
        lengths_N = torch.tensor(list(self.lengths), dtype=torch.long, device=self.device)
        starts_N = lengths_N.cumsum(0) - lengths_N
        self.real_NL = within < lengths_N[:, None]
        self.gather_NL = starts_N[:, None] + torch.minimum(within, lengths_N[:, None] - 1)
        self.slots_N1 = self.n_rows + torch.arange(len(self.lengths), device=self.device)[:, None]

    def flat_positions(self) -> torch.Tensor:
        """The position of every token in its own row: running rows first, then the prompts one after another."""
        within_NL = torch.arange(self.longest, device=self.device).expand(len(self.lengths), -1)
        return torch.cat([self.positions_R, within_NL[self.real_NL]])

    def last_tokens(self) -> torch.Tensor:
        """Where in the flat row each row's newest token lies."""
        ends_N = torch.tensor(list(self.lengths), dtype=torch.long, device=self.device).cumsum(0) - 1
        return torch.cat([self.rows_R, self.n_rows + ends_N])

    def row_mask(self, window: int | None) -> torch.Tensor:
        """Which stored positions each running row sees: bool [rows, 1, 1, span]."""
        if window not in self.masks:
            stored = torch.arange(self.span, device=self.device)
            seen = stored <= self.positions_R[:, None]
            if window is not None:
                seen &= stored > self.positions_R[:, None] - window
            self.masks[window] = seen[:, None, None]
        return self.masks[window]


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **terms: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one step, [1, tokens, heads, width], from states [1, heads, tokens, width] (transformers' interface)."""
    step: Step | None = terms.get("sctk_step")
    if step is None or attention_mask is not None or any(terms.get(term) is not None for term in UNKNOWN_TERMS):
        raise NotImplementedError("this model's attention has terms that flat batching does not know")
    how = How(window=terms.get("sliding_window"), scaling=scaling)
    stores = step.slots.of(module.layer_idx, key, value) if step.slots else None
    states, n_rows, parts = (query[0], key[0], value[0]), step.n_rows, []
    if n_rows and stores:
        parts.append(_continue_rows(step, stores, [each[:, :n_rows] for each in states], how))
    if step.longest:
        parts.append(_read_prompts(step, stores, [each[:, n_rows:] for each in states], how))
    return (parts[0] if len(parts) == 1 else torch.cat(parts))[None], None


@dataclass(frozen=True, kw_only=True, slots=True)
class How:
    """A layer's sliding window (tokens; None: sees everything) and the factor of its products."""

    window: int | None
    scaling: float | None


def _continue_rows(step: Step, stores: Stores, states: Sequence[torch.Tensor], how: How) -> torch.Tensor:
    """[rows, heads, width]: each row's one token against all that is stored of its row.

    From states [heads, rows, width] of query, key, value. The heads of a group share one product.
    """
    query_HRW, key_GRW, value_GRW = states
    keys, values = stores
    keys[step.rows_R, step.positions_R] = key_GRW.transpose(0, 1)
    values[step.rows_R, step.positions_R] = value_GRW.transpose(0, 1)
    n_heads, n_rows, width = query_HRW.shape
    n_groups = keys.shape[2]
    seen = scaled_dot_product_attention(
        query_HRW.transpose(0, 1).reshape(n_rows, n_groups, n_heads // n_groups, width),
        keys[:n_rows, : step.span].transpose(1, 2),
        values[:n_rows, : step.span].transpose(1, 2),
        attn_mask=step.row_mask(how.window),
        scale=how.scaling,
    )
    return seen.reshape(n_rows, n_heads, -1)


def _read_prompts(step: Step, stores: Stores | None, states: Sequence[torch.Tensor], how: How) -> torch.Tensor:
    """[prompt tokens, heads, width]: causal attention within each prompt; prompts of a group are padded on the right."""
    n_prompts, longest = len(step.lengths), step.longest
    query, key, value = (
        (each.reshape(len(each), n_prompts, longest, -1) if step.even else each[:, step.gather_NL]).transpose(0, 1)
        for each in states
    )
    if stores:
        within = torch.arange(longest, device=key.device)
        for store, each in zip(stores, (key, value), strict=True):
            store[step.slots_N1, within] = each.transpose(1, 2)
    mask = None
    if how.window is not None and longest > how.window:
        place = torch.arange(longest, device=query.device)
        mask = (place <= place[:, None]) & (place > place[:, None] - how.window)
    grouped = query.shape[1] != key.shape[1]
    seen = scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=mask is None, scale=how.scaling, enable_gqa=grouped
    ).transpose(1, 2)
    return seen.flatten(0, 1) if step.even else seen[step.real_NL]


class FlatMemory:
    """What the rows of a flat batch have read so far, and one step further."""

    joins, even, patient = True, False, False

    def __init__(self, model: Any) -> None:
        self.model = model
        self.slots = Slots()
        self.lengths: list[int] = []

    def step(self, last_ids: Sequence[int], prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Logits [rows + prompts, V] after one more token of every row and the whole of every new prompt."""
        lengths = [len(prompt) for prompt in prompts]
        self.slots.reserve(len(last_ids) + len(prompts), max([*lengths, *(length + 1 for length in self.lengths)]))
        step = Step(slots=self.slots, positions=list(self.lengths), lengths=lengths, device=self.model.device)
        flat = [*last_ids, *(number for prompt in prompts for number in prompt)]
        logits = forward(self.model, step, flat, step.last_tokens())
        self.lengths = [*(length + 1 for length in self.lengths), *lengths]
        return logits

    def keep(self, order: Sequence[int]) -> None:
        """The rows become those of `order` (old numbers); a row only ever moves forward."""
        for target, source in enumerate(order):
            if source != target:
                self.slots.move(source, target, self.lengths[source])
        self.lengths = [self.lengths[source] for source in order]

    def fan(self, order: Sequence[int]) -> None:
        """The rows become those of `order`, which rises and names every row once or more."""
        self.slots.reserve(len(order), max(self.lengths) + 1)
        for target, source in reversed(list(enumerate(order))):
            if source != target:
                self.slots.move(source, target, self.lengths[source])
        self.lengths = [self.lengths[source] for source in order]


def forward(model: Any, step: Step, flat: Sequence[int], keep_T: torch.Tensor) -> torch.Tensor:
    """Logits [kept, V] of one flat step at the token numbers `keep_T`."""
    out = model(
        input_ids=torch.tensor([list(flat)], device=model.device),
        position_ids=step.flat_positions()[None],
        use_cache=False,
        logits_to_keep=keep_T,
        sctk_step=step,
    )
    logits: torch.Tensor = out.logits[0]
    return logits


def install(model: Any) -> bool:
    """Gives the model flat attention if its logits then equal those of its own attention; says whether it did."""
    from transformers import AttentionInterface

    settings = model.config.get_text_config()
    if not set(getattr(settings, "layer_types", None) or []) <= KNOWN_LAYERS:
        return False
    AttentionInterface.register(NAME, attend)
    texts = [[7, 3, 5, 2, 8, 11, 4, 9, 6, 10], [5, 9, 4, 3, 12, 8, 7]]
    texts = [[number % settings.vocab_size for number in text] for text in texts]
    own = model.config._attn_implementation
    try:
        with torch.inference_mode():
            wanted = [
                model(input_ids=torch.tensor([text], device=model.device), use_cache=False).logits[0] for text in texts
            ]
            model.set_attn_implementation(NAME)
            proven = _agrees(model, texts, wanted)
    except (NotImplementedError, RuntimeError, TypeError, ValueError, IndexError, KeyError, AttributeError):
        proven = False
    if not proven:
        model.set_attn_implementation(own)
    return proven


def _agrees(model: Any, texts: list[list[int]], wanted: list[torch.Tensor]) -> bool:
    """Whether three flat steps over two prompts, the second of which joins late, give the logits of whole texts."""
    first, second = texts
    memory = FlatMemory(model)
    steps = [
        (memory.step([], [first[:7]]), [(0, 6)]),
        (memory.step([first[7]], [second[:5]]), [(0, 7), (1, 4)]),
        (memory.step([first[8], second[5]], []), [(0, 8), (1, 5)]),
    ]
    share = 1e-3 if model.dtype == torch.float32 else 5e-2
    pairs = [(logits[row], wanted[text][place]) for logits, places in steps for row, (text, place) in enumerate(places)]
    return all(bool((got - want).abs().max() <= share * want.abs().max()) for got, want in pairs)
