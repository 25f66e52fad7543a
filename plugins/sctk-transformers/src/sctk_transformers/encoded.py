"""Encoder-decoders (T5, BART): a conversation is encoded once for all rows that ask it, and their decoders go on together.

The keys and values are transformers' own cache, one row each. Where positions are relative (T5) new rows join the running ones,
padded on the left to their columns: a bias of distances does not see where a row begins. Where they are counted from the start
(BART) rows begin together and leave as they finish.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import pad

MAX_LOGITS = 1 << 26
Pairs = Sequence[tuple[Sequence[int], Sequence[int]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What a row begins with: the ids that its encoder reads, and those that its decoder begins with, the start id first."""

    ids: tuple[int, ...]
    begun: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


class EncodedMemory:
    """What the rows of a batch have read and said so far, and one step further."""

    even, patient = True, True

    def __init__(self, model: Any) -> None:
        self.model = model
        self.joins = has_distances(model)
        self.cache: Any = None
        self.width = 0
        self.source_RS = torch.zeros((0, 0), dtype=torch.long)
        self.said_RT = torch.zeros((0, 0), dtype=torch.long)

    def step(self, last_ids: Sequence[int], prompts: Sequence[Source]) -> torch.Tensor:
        """Logits [rows + prompts, V] after one more token of every row, and of every new prompt what it begins with."""
        logits = [self._go_on(last_ids)] if last_ids else []
        if prompts:
            running = (self.cache, self.source_RS, self.said_RT) if last_ids else None
            logits.append(self._begin(prompts))
            if running is not None:
                self._join(*running)
        return torch.cat(logits)

    def keep(self, order: Sequence[int]) -> None:
        """The rows become those of `order` (old numbers); columns that nobody uses any more are given back."""
        if not order:
            self.cache = None
        elif list(order) != list(range(len(self.said_RT))):
            rows = torch.tensor(list(order), device=self.model.device)
            self.source_RS, self.said_RT = self.source_RS[rows], self.said_RT[rows]
            n_source = int(self.source_RS.any(0).nonzero().max()) + 1
            first = int(self.said_RT.any(0).nonzero().min()) if self.joins else 0
            self.source_RS, self.said_RT = self.source_RS[:, :n_source], self.said_RT[:, first:]
            for layer in self.cache.self_attention_cache.layers:
                layer.keys, layer.values = (each[rows, :, first:] for each in (layer.keys, layer.values))
            for layer in self.cache.cross_attention_cache.layers:
                layer.keys, layer.values = (each[rows, :, :n_source] for each in (layer.keys, layer.values))

    def _go_on(self, last_ids: Sequence[int]) -> torch.Tensor:
        """Logits [rows, V] of one more token of every running row."""
        self.said_RT = pad(self.said_RT, (0, 1), value=1)
        ids_R1 = torch.tensor([[number] for number in last_ids], device=self.model.device)
        # What was read lies in the cache as keys and values: the decoder asks for the shape alone.
        nothing = torch.zeros((), dtype=self.model.dtype, device=self.model.device)
        return self._decode(ids_R1, nothing.expand(*self.source_RS.shape, self.width))

    def _begin(self, prompts: Sequence[Source]) -> torch.Tensor:
        """Logits [prompts, V] of rows that begin, which are then the only ones."""
        hidden_RSD, self.source_RS = encode(self.model, [prompt.ids for prompt in prompts])
        ids_RT = torch.tensor([list(prompt.begun) for prompt in prompts], device=self.model.device)
        self.cache, self.said_RT, self.width = None, torch.ones_like(ids_RT), hidden_RSD.shape[-1]
        return self._decode(ids_RT, hidden_RSD)

    def _decode(self, ids_RT: torch.Tensor, hidden_RSD: torch.Tensor) -> torch.Tensor:
        out = self.model(
            encoder_outputs=(hidden_RSD,),
            attention_mask=self.source_RS,
            decoder_input_ids=ids_RT,
            decoder_attention_mask=self.said_RT,
            past_key_values=self.cache,
            use_cache=True,
        )
        self.cache = out.past_key_values
        logits: torch.Tensor = out.logits[:, -1]
        return logits

    def _join(self, cache: Any, source_RS: torch.Tensor, said_RT: torch.Tensor) -> None:
        """Puts the rows that ran before those that have just begun."""
        for old, new in ((cache.self_attention_cache, False), (cache.cross_attention_cache, True)):
            fresh = self.cache.cross_attention_cache if new else self.cache.self_attention_cache
            for layer, joining in zip(old.layers, fresh.layers, strict=True):
                layer.keys = _together(layer.keys, joining.keys, 2, behind=new)
                layer.values = _together(layer.values, joining.values, 2, behind=new)
        self.source_RS = _together(source_RS, self.source_RS, 1, behind=True)
        self.said_RT = _together(said_RT, self.said_RT, 1, behind=False)
        self.cache = cache


def _together(one: torch.Tensor, other: torch.Tensor, axis: int, *, behind: bool) -> torch.Tensor:
    """Both one below the other, the shorter along an axis filled up with zeros: behind its values, or before them."""
    longest = max(one.shape[axis], other.shape[axis])

    def filled(each: torch.Tensor) -> torch.Tensor:
        missing = longest - each.shape[axis]
        room = (0, missing) if behind else (missing, 0)
        return pad(each, (*(0, 0) * (each.dim() - axis - 1), *room))

    return torch.cat([filled(one), filled(other)])


def has_distances(model: Any) -> bool:
    """Whether a decoder's positions are distances between tokens, so that a row may begin at any column."""
    return any(getattr(module, "has_relative_attention_bias", False) for module in model.get_decoder().modules())


def encode(model: Any, sources: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """What the encoder makes of texts, [texts, longest, width], and where there is text, [texts, longest]; equal texts once."""
    places = {ids: place for place, ids in enumerate(dict.fromkeys(map(tuple, sources)))}
    longest = max(1, *map(len, places))
    ids_NS = torch.zeros((len(places), longest), dtype=torch.long)
    real_NS = torch.zeros((len(places), longest), dtype=torch.long)
    for place, ids in enumerate(places):
        ids_NS[place, : len(ids)] = torch.tensor(ids, dtype=torch.long)
        real_NS[place, : len(ids)] = 1
    ids_NS, real_NS = ids_NS.to(model.device), real_NS.to(model.device)
    hidden_NSD = model.get_encoder()(input_ids=ids_NS, attention_mask=real_NS).last_hidden_state
    rows_R = torch.tensor([places[tuple(ids)] for ids in sources], device=model.device)
    return hidden_NSD[rows_R], real_NS[rows_R]


@torch.inference_mode()
def score_answers(model: Any, pairs: Pairs, start: int, n_tokens: int) -> list[float]:
    """For each (source ids, answer ids) the sum of log p(answer token | source, what precedes it), in nats, in order.

    Pairs of like length share a forward of at most `n_tokens` tokens and 2^26 logits; a source that several answer is encoded once.
    """
    found = [0.0] * len(pairs)
    for places in _groups(pairs, n_tokens, model.config.vocab_size):
        hidden_RSD, source_RS = encode(model, [pairs[place][0] for place in places])
        answers = [torch.tensor(list(pairs[place][1]), dtype=torch.long) for place in places]
        said_RT = torch.nn.utils.rnn.pad_sequence(answers, batch_first=True).to(model.device)
        ids_RT = pad(said_RT, (1, 0), value=start)[:, :-1]
        out = model(encoder_outputs=(hidden_RSD,), attention_mask=source_RS, decoder_input_ids=ids_RT, use_cache=False)
        told_RT = out.logits.float().log_softmax(-1).gather(2, said_RT[..., None])[..., 0].double().cpu()
        for row, place in enumerate(places):
            found[place] = float(told_RT[row, : len(answers[row])].sum())
    return found


def _groups(pairs: Pairs, n_tokens: int, n_vocab: int) -> Iterator[list[int]]:
    """The places of pairs that share a forward."""
    order = sorted(range(len(pairs)), key=lambda place: (len(pairs[place][1]), len(pairs[place][0])))
    group: list[int] = []
    longest = 0
    for place in order:
        source, answer = pairs[place]
        longest = max(longest, len(source))
        n_rows = len(group) + 1
        if group and ((longest + len(answer)) * n_rows > n_tokens or len(answer) * n_rows * n_vocab > MAX_LOGITS):
            yield group
            group, longest = [], len(source)
        if answer:
            group.append(place)
    if group:
        yield group
