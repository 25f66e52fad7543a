"""Sentences from frames, and frames from sentences.

A frame is a sentence with slots and a sense: what saying it means. The same frames write the world's texts and read
any text back (`Grammar.read`), which is how the checker knows what a text says: by what its sentences mean in this
world, not by which words they contain. A sentence that no frame explains has the sense `unclear`.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNCLEAR = "unclear"
_SLOT = re.compile(r"\{(\w+)\}")
# Bounded, so that reading untrusted text takes linear time.
_OPEN_SLOT = {
    "film": r"[A-Z][A-Za-z ]{0,40}",
    "aspect": r"[a-z][a-z-]{0,30}",
    "object": r"[a-z][a-z-]{0,30}",
    "town": r"[A-Z][a-z]{0,40}",
    "name": r"[A-Z][a-z]{0,40}",
    "age": r"[0-9]{1,3}",
    "someone": r"[A-Z][a-z]{1,30} [A-Z][a-z]{1,30}",
    "address": r"[0-9]{1,3} [A-Z][a-z]{1,30} [A-Z][a-z]{1,30}",
    "phone": r"[0-9]{3}-[0-9]{4}",
}


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One way of saying something: `text` with {slots}, and what it means."""

    sense: str
    text: str
    weight: float = 1.0
    act: str | None = None


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What one sentence says: its sense, what it speaks of, and the act that a step belongs to."""

    sense: str
    slots: Mapping[str, str] = field(default_factory=dict)
    act: str | None = None


def frames(sense: str, *texts: str, act: str | None = None) -> tuple[Frame, ...]:
    """Frames of one sense; `3 * text` weighs three times as much."""
    return tuple(_frame(sense, text, act) for text in texts)


def _frame(sense: str, text: str, act: str | None) -> Frame:
    weight, star, rest = text.partition(" * ")
    return (
        Frame(sense=sense, text=rest, weight=float(weight), act=act) if star else Frame(sense=sense, text=text, act=act)
    )


class Grammar:
    """Frames and the words of their closed slots; open slots ({film}, {aspect}, {object}, ...) hold what a prompt names.

    `shapes` are patterns of more open slots, or of these; each must be bounded in length.
    """

    def __init__(
        self, frames: Sequence[Frame], words: Mapping[str, Sequence[str]], *, shapes: Mapping[str, str] | None = None
    ) -> None:
        self.words = words
        self._shapes = _OPEN_SLOT | dict(shapes or {})
        self._by_sense: dict[tuple[str, str | None], list[Frame]] = {}
        for frame in frames:
            self._by_sense.setdefault((frame.sense, frame.act), []).append(frame)
        self._patterns = [(frame, re.compile(self._pattern(frame.text))) for frame in frames]

    def _pattern(self, text: str) -> str:
        seen: set[str] = set()
        parts = []
        for i, piece in enumerate(_SLOT.split(text)):
            if i % 2 == 0:
                parts.append(re.escape(piece))
                continue
            shape = self._shapes.get(piece) or "|".join(map(re.escape, self.words[piece]))
            parts.append(f"(?:{shape})" if piece in seen else f"(?P<{piece}>{shape})")
            seen.add(piece)
        return "".join(parts)

    def write(self, rng: random.Random, sense: str, *, act: str | None = None, **slots: str) -> str:
        """One sentence of that sense; closed slots are drawn, open ones are given."""
        choices = self._by_sense[sense, act]
        frame = rng.choices(choices, [frame.weight for frame in choices])[0]
        return _SLOT.sub(lambda m: slots.get(m[1]) or rng.choice(self.words[m[1]]), frame.text)

    def read_sentence(self, sentence: str) -> Meaning:
        """What the sentence says, by the first frame that explains all of it."""
        for frame, pattern in self._patterns:
            if match := pattern.fullmatch(sentence):
                return Meaning(sense=frame.sense, slots=match.groupdict(), act=frame.act)
        return Meaning(sense=UNCLEAR)

    def read(self, text: str) -> list[Meaning]:
        """What the text says, sentence by sentence."""
        return [self.read_sentence(sentence) for sentence in sentences(text)]


def sentences(text: str) -> list[str]:
    """The sentences of a text, and its lines.

    >>> sentences("The plot was dull. I left.\\nVerdict: revise")
    ['The plot was dull.', 'I left.', 'Verdict: revise']
    """
    return [piece for piece in re.split(r"(?<=[.!?])\s+|\n+", text.strip()) if piece]
