"""What an NLI model reads of two texts: pairs of a premise and a hypothesis, each pair once, long hypotheses in windows.

The first text is split into sentences once, however many answers it is compared with, and each is a premise; the second is the
whole hypothesis. One that is longer than the model's context is read in windows that overlap by half, so that no part of it is
cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal

from sctk_core import Sample
from sctk_rewards.weights import Ids

from sctk_knowledge.sentences import sentences

Reads = Literal["sentences", "whole", "question"]
TextPair = tuple[str, str]
_MOST_KEPT = 500_000
"""Tokens of texts that are kept cut into tokens: about 100 bytes each."""
LEAST_ROOM = 16
"""Tokens that a hypothesis has at least; a premise that leaves fewer is cut."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """The pairs of one comparison: by premise the windows of the hypothesis. `cut`: a premise was."""

    windows: tuple[tuple[tuple[str, str], ...], ...]
    cut: bool = False

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """All of them."""
        return (pair for row in self.windows for pair in row)


@dataclass(frozen=True)
class Reader:
    """How one model reads: its tokenizer, its context in tokens, and what of the texts."""

    tokenizer: Any
    n_context: int
    reads: Reads
    _kept: _Kept = field(default_factory=lambda: _Kept(), repr=False)

    def read_all(self, pairs: Sequence[tuple[Sample, Sample]]) -> list[Read]:
        """The pairs of all comparisons; their texts are cut into tokens in one call."""
        self._kept.room_for_more()
        texts = dict.fromkeys(text for one, other in pairs for text in (*self._premises(one), self._hypothesis(other)))
        self._cut([text for text in texts if text not in self._kept.cut])
        return [self.read(one, other) for one, other in pairs]

    def read(self, one: Sample, other: Sample) -> Read:
        """The pairs of two texts; none where one of them says nothing."""
        hypothesis = self._hypothesis(other)
        premises = self._premises(one)
        if not other.text.strip():
            return Read(windows=())
        rows = [self._row(premise, hypothesis) for premise in premises]
        return Read(windows=tuple(row for row, _ in rows), cut=any(cut for _, cut in rows))

    def _premises(self, one: Sample) -> Sequence[str]:
        if self.reads == "sentences":
            return _sentences(one.text)
        text = self._asked(one) if self.reads == "question" else one.text.strip()
        return (text,) if one.text.strip() else ()

    def _hypothesis(self, sample: Sample) -> str:
        return self._asked(sample) if self.reads == "question" else sample.text.strip()

    def _asked(self, sample: Sample) -> str:
        return f"{sample.prompt.question.strip()} {sample.text.strip()}"

    def _row(self, premise: str, hypothesis: str) -> tuple[tuple[tuple[str, str], ...], bool]:
        """The windows of a hypothesis beside a premise, and whether the premise had to be cut."""
        special = self.n_special
        if len(self._spans(premise)) + len(self._spans(hypothesis)) + special <= self.n_context:
            return ((premise, hypothesis),), False
        most = self.n_context - special - LEAST_ROOM
        spans = self._spans(premise)
        cut = len(spans) > most
        premise = premise[: spans[most - 1][1]] if cut else premise
        room = max(self.n_context - special - min(len(spans), most), 1)
        return tuple((premise, window) for window in self._windows(premise, hypothesis, room)), cut

    def _windows(self, premise: str, hypothesis: str, room: int) -> Iterator[str]:
        spans = self._spans(hypothesis)
        step = max(room // 2, 1)
        for first in range(0, max(len(spans) - room, 0) + step, step):
            last = min(first + room, len(spans))
            while (
                last > first + 1
                and self.length(premise, hypothesis[spans[first][0] : spans[last - 1][1]]) > self.n_context
            ):
                last -= 1
            yield hypothesis[spans[first][0] : spans[last - 1][1]]
            if last == len(spans):
                return

    @cached_property
    def n_special(self) -> int:
        """Tokens of a pair that are of no text."""
        return int(self.tokenizer.num_special_tokens_to_add(pair=True))

    def _spans(self, text: str) -> Sequence[tuple[int, int]]:
        """The characters of each token of a text; sentences and answers are parts of many pairs, and are cut into tokens once."""
        if text not in self._kept.cut:
            self._cut([text])
        spans: Sequence[tuple[int, int]] = self._kept.cut[text].offsets
        return spans

    def _cut(self, texts: list[str]) -> None:
        if texts:
            found = self.tokenizer(
                texts, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True, verbose=False
            )
            self._kept.add(dict(zip(texts, found.encodings, strict=True)))

    def length(self, premise: str, hypothesis: str) -> int:
        """Tokens of a pair."""
        return len(self.encode(premise, hypothesis)["input_ids"])

    def encode(self, premise: str, hypothesis: str) -> Ids:
        """The pair as the model takes it; no text in it becomes a control token."""
        if self._joins:
            return self._joined(premise, hypothesis)
        return dict(self.tokenizer(premise, hypothesis, split_special_tokens=True, verbose=False))

    @cached_property
    def _joins(self) -> bool:
        """Whether two texts that were cut by themselves, joined, are the pair as the tokenizer makes it: tried on one."""
        wanted = dict(self.tokenizer("One.", "The other.", split_special_tokens=True, verbose=False))
        return self._joined("One.", "The other.") == wanted

    def _joined(self, premise: str, hypothesis: str) -> Ids:
        for text in (premise, hypothesis):
            self._spans(text)
        pair = self.tokenizer.backend_tokenizer.post_process(self._kept.cut[premise], self._kept.cut[hypothesis])
        found = {"input_ids": pair.ids, "token_type_ids": pair.type_ids, "attention_mask": pair.attention_mask}
        return {name: found[name] for name in self.tokenizer.model_input_names if name in found}


@dataclass
class _Kept:
    """Texts cut into tokens, as long as there is room."""

    cut: dict[str, Any] = field(default_factory=dict)
    n_tokens: int = 0

    def add(self, found: dict[str, Any]) -> None:
        """Takes texts in."""
        self.cut |= found
        self.n_tokens += sum(len(one) for one in found.values())

    def room_for_more(self) -> None:
        """Forgets all where it is too much; between two calls, for a call counts on what it cut."""
        if self.n_tokens > _MOST_KEPT:
            self.cut, self.n_tokens = {}, 0


@lru_cache(maxsize=4096)
def _sentences(text: str) -> tuple[str, ...]:
    return tuple(sentences(text))


def of_windows(values: Sequence[float], how: Literal["max", "mean"]) -> float:
    """One number for the windows of a hypothesis."""
    known: dict[str, Callable[[Sequence[float]], float]] = {"max": max, "mean": lambda row: sum(row) / len(row)}
    return known[how](values)
