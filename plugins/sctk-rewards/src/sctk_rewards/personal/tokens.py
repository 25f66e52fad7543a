"""Entities by any transformers token classifier: pieces joined to words, words to runs, long texts in windows that overlap.

A model's labels may be BIO, BILOU, IOBES or plain. The pieces of one word are one word, whose label is the likeliest on average
over them; a run of words with one label is one entity. Of windows that overlap, each piece is judged where it has most text on both
sides, so that nothing is counted twice or lost at an edge. One window is asked at a time: the same answer in any batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import Any, NamedTuple

from sctk_core import ConfigError

from sctk_rewards.personal.spans import Kind, Span
from sctk_rewards.weights import HubModel, context_of

WHERE = "[reward] personal-data"
PERSONS = ("PER", "PERS", "PERSON")
_PREFIXED = re.compile(r"(?P<place>[BIOLUSEM])[-_](?P<type>.+)")
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff]")
_BEGINS, _ENDS = frozenset("BSU"), frozenset("ELSU")


class Tag(NamedTuple):
    """A label taken apart: what it means, and the place in its run that it says (B, I, ...; "": it says none)."""

    type: str
    place: str = ""

    @staticmethod
    def of(label: str) -> Tag:
        """
        >>> Tag.of("B-PER"), Tag.of("PERSON"), Tag.of("O")
        (Tag(type='PER', place='B'), Tag(type='PERSON', place=''), Tag(type='O', place=''))
        """
        found = _PREFIXED.fullmatch(label)
        return Tag(found["type"], found["place"]) if found else Tag(label)


class Word(NamedTuple):
    """A word of the text, with its tag."""

    start: int
    end: int
    tag: Tag


@dataclass(frozen=True)
class TokenClassifier:
    """Finds what a model's labels mean; the model is loaded when it is first asked, its labels are read at once."""

    model: str
    revision: str | None
    labels: Mapping[str, str] | None
    overlap: int

    def __post_init__(self) -> None:
        types = {tag.type for tag in self.tags}
        missing = [label for label in self.labels or {} if label not in types]
        if missing or not self.meaning:
            listed = ", ".join(sorted(types - {"O"}))
            got = f"the label {missing[0]!r}" if missing else "no labels"
            raise ConfigError(
                f"{WHERE}: got {got} for {self.model!r}, wanted some of its own: {listed}",
                hint='say what they mean, labels = { NAME = "person" }; without B- and I-',
            )

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """The model's labels in its order."""
        about = self._about
        return tuple(Tag.of(str(about.id2label[place])) for place in range(about.num_labels))

    @cached_property
    def meaning(self) -> Mapping[str, Kind]:
        """What each type of label that counts means."""
        types = {tag.type for tag in self.tags}
        return dict(self.labels or {label: "person" for label in PERSONS if label in types})  # type: ignore[arg-type]

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds that the model finds."""
        return frozenset(self.meaning.values())

    def spans(self, text: str) -> list[Span]:
        """The entities of a text, in order."""
        return list(self._runs(text, self._words(text)))

    def _runs(self, text: str, words: Sequence[Word]) -> Iterator[Span]:
        """Runs of words of one kind: a label that begins, or one behind a label that ends, begins another."""
        open_run: Span | None = None
        before: Tag | None = None
        for word in words:
            kind = self.meaning.get(word.tag.type)
            if open_run is not None and (
                kind != open_run.kind or _begins(before, word.tag) or _apart(text, open_run, word)
            ):
                yield open_run
                open_run = None
            if kind is not None:
                open_run = Span(open_run.start if open_run else word.start, word.end, kind)
            before = word.tag
        if open_run is not None:
            yield open_run

    def _words(self, text: str) -> list[Word]:
        """The words of a text with the tag that is likeliest for each, on average over its pieces."""
        words: list[list[tuple[int, int, Sequence[float]]]] = []
        for start, end, shares in self._pieces(text):
            if words and _one_word(text, words[-1][-1][1], start):
                words[-1].append((start, end, shares))
            else:
                words.append([(start, end, shares)])
        return [Word(pieces[0][0], pieces[-1][1], self._tag([shares for _, _, shares in pieces])) for pieces in words]

    def _tag(self, shares: Sequence[Sequence[float]]) -> Tag:
        """The likeliest type over all pieces, at the place that is likeliest for the first."""
        places: dict[str, list[int]] = {}
        for at, tag in enumerate(self.tags):
            places.setdefault(tag.type, []).append(at)
        likeliest = max(places, key=lambda one: fsum(piece[at] for piece in shares for at in places[one]))
        return self.tags[max(places[likeliest], key=shares[0].__getitem__)]

    def _pieces(self, text: str) -> Iterator[tuple[int, int, Sequence[float]]]:
        """Each piece of the text once: start, end, and the probability of each label where most text is around it."""
        length = self._context - self._tokenizer.num_special_tokens_to_add()
        step = length - min(self.overlap, length // 2)
        encoded = self._tokenizer(
            text, truncation=True, max_length=self._context, stride=length - step, return_overflowing_tokens=True,
            return_offsets_mapping=True, return_special_tokens_mask=True, split_special_tokens=True, verbose=False,
        )  # fmt: skip
        best: dict[int, tuple[int, tuple[int, int], Sequence[float]]] = {}
        last = len(encoded["input_ids"]) - 1
        for window, ids in enumerate(encoded["input_ids"]):
            shares = self._shares(ids)
            inner = [at for at, special in enumerate(encoded["special_tokens_mask"][window]) if not special]
            for nth, at in enumerate(inner):
                left = nth if window else length
                right = len(inner) - 1 - nth if window < last else length
                around = min(left, right)
                if around > best.get(window * step + nth, (-1,))[0]:
                    best[window * step + nth] = (around, encoded["offset_mapping"][window][at], shares[at])
        for _, (_, (start, end), piece) in sorted(best.items()):
            begins = start + len(text[start:end]) - len(text[start:end].lstrip())
            if begins < end:
                yield begins, end, piece

    def _shares(self, ids: Sequence[int]) -> list[list[float]]:
        """The probabilities of the labels, a row for each token."""
        import torch

        with torch.inference_mode():
            logits = self._weights(input_ids=torch.tensor([ids], device=self._weights.device)).logits[0]
        rows: list[list[float]] = torch.softmax(logits.float(), -1).cpu().tolist()
        return rows

    @cached_property
    def _weights(self) -> Any:
        return self._hub.weights("AutoModelForTokenClassification")

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = self._hub.tokenizer()
        if not tokenizer.is_fast:
            raise ConfigError(
                f"{WHERE}, model: got {self.model!r}, whose tokenizer tells no places in the text, wanted a fast one",
                hint="a model with a tokenizer.json",
            )
        return tokenizer

    @property
    def _context(self) -> int:
        return context_of(self._about, self._tokenizer)

    @cached_property
    def _about(self) -> Any:
        return self._hub.about()

    @property
    def _hub(self) -> HubModel:
        return HubModel(
            name=self.model, revision=self.revision, where=WHERE, wanted="a token classifier with its tokenizer",
            extra="sctk-rewards[classifier]", files="config.json, tokenizer.json and model.safetensors",
        )  # fmt: skip


def _begins(before: Tag | None, tag: Tag) -> bool:
    """Whether a label of the same kind begins another entity; given name and surname are two labels of one."""
    return before is not None and before.type == tag.type and (tag.place in _BEGINS or before.place in _ENDS)


def _apart(text: str, run: Span, word: Word) -> bool:
    """Whether a line ends between."""
    return "\n" in text[run.end : word.start]


def _one_word(text: str, end: int, start: int) -> bool:
    """Whether the pieces before `end` and from `start` on are parts of one word; scripts without spaces have a word a piece."""
    if end != start or not 0 < end < len(text):
        return end > start
    return all(letter.isalnum() and not _EAST_ASIAN.match(letter) for letter in (text[end - 1], text[end]))
