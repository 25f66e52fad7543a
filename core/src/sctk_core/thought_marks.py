"""The marks that thoughts stand between, and which of them are only spoken of: quoted, in code, or inside of a sentence.

An answer may be about these marks ("a thought begins with <think>"), and a thought may name them too. Every question here
takes logarithmic time, for a reply may hold as many marks as it has room for.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

PAIRS = (
    ("<think>", "</think>"),  # DeepSeek-R1, Qwen3, GLM, SmolLM3 and most others
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),  # EXAONE
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("[THINK]", "[/THINK]"),  # Magistral
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1
    ("◁think▷", "◁/think▷"),  # Kimi-VL
    ("<|channel>", "<channel|>"),  # Gemma 4
)
"""What thoughts begin and end with; marks in angle brackets in capitals too."""
ASKED_FOR = (("<analysis>", "</analysis>"), ("<scratchpad>", "</scratchpad>"))
"""What prompts ask thoughts to be written in, and answers too: a thought only where a reply begins with it and goes on."""
SENTENCE_ENDS = ".!?…\u3002\uff01\uff1f\u0964\u061f"
_QUOTES = "`'\"\u2018\u2019\u201c\u201d"
_FENCE = re.compile(
    r"^[ \t]*```(?P<info>[^\n]*)", re.MULTILINE
)  # a fence begins a line: within one it is only spoken of
_TICKS = re.compile("`+")
_GOES_ON = re.compile(r"[ \t]+(?P<next>[^\s<])|[,.;:)\]}*|]")
_SPACES_BETWEEN_WORDS = (
    "\u0e00"  # scripts from here on (Thai, Chinese, ...) glue a mark to its neighbours in a sentence too
)
_NEAR = 200  # characters, more than a line has of white space


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark in a text, from `start` to `stop`: the begin or the end of a thought of the pair `kind`."""

    kind: tuple[str, str]
    begins: bool
    start: int
    stop: int


_ANY = re.compile(r"<[^<>\s]{5,18}>|\[/?THINK\]|◁/?think▷")
_KNOWN = {
    mark.lower(): (pair, mark == pair[0]) for pair in (*PAIRS, *ASKED_FOR) for mark in pair
}  # what stands in other brackets is met as it is written only


class Marks:
    """All marks of a text in order, and what surrounds each of them."""

    def __init__(self, text: str) -> None:
        self.text = text
        spans = ((match[0].lower(), match.start(), match.end()) for match in _ANY.finditer(text))
        self.found = [Mark(*_KNOWN[mark], start, stop) for mark, start, stop in spans if mark in _KNOWN]
        fences = list(_FENCE.finditer(text)) if self.found else []
        self._fences = [fence.start() for fence in fences]
        self._told = [bool(fence["info"].strip()) for fence in fences]
        self._ticks = [ticks.start() for ticks in _TICKS.finditer(text) if len(ticks[0]) == 1] if self.found else []
        self._lines = [line.start() for line in re.finditer("\n", text)] if self.found else []

    def skip(self, place: int) -> int:
        """The next place that holds no white space.

        >>> Marks("a  b").skip(1)
        3
        """
        found = re.compile(r"\S").search(self.text, place)
        return found.start() if found else len(self.text)

    def quoted(self, mark: Mark, since: int) -> bool:
        """Whether a mark is only spoken of: between quotation marks, or in code, of what stands behind `since`."""
        before, after = self.text[max(since, mark.start - 1) : mark.start], self.text[mark.stop : mark.stop + 1]
        in_quotes = bool(before) and before in _QUOTES and bool(after) and after in _QUOTES
        return in_quotes or self._in_line_of_code(mark, since) or self._in_block(mark, since)

    def may_begin(self, mark: Mark, since: int) -> bool:
        """Whether a thought may begin here, behind other text: at a line's or sentence's end, or glued to a word.

        >>> [marks.may_begin(marks.found[0], 0) for marks in map(Marks, ("Hm. <think>I", "a <think> there", "b<think>c"))]
        [True, False, True]
        """
        if self._goes_on(mark):
            return False
        gap, last = self._before(mark, since)
        return not last or last in SENTENCE_ENDS or (not gap and last.isalnum() and last < _SPACES_BETWEEN_WORDS)

    def in_passing(self, mark: Mark, since: int, named: Mark | None) -> bool:
        """Whether an end of a thought that nothing began is only spoken of; `named`: the begin that was, before it."""
        gap, last = self._before(mark, since)
        in_sentence = gap and bool(last) and last not in SENTENCE_ENDS and self._goes_on(mark)
        with_begin = named is not None and (self._goes_on(mark) or not _between(self._lines, named.stop, mark.start))
        return in_sentence or with_begin

    def _before(self, mark: Mark, since: int) -> tuple[bool, str]:
        """Whether white space stands before a mark in its line, and the last character before that ("": none)."""
        near = self.text[max(since, mark.start - _NEAR) : mark.start]
        said = near.rstrip(" \t")
        return said != near, said[-1:].strip()

    def _goes_on(self, mark: Mark) -> bool:
        """Whether a sentence goes on behind a mark: by a small letter, or by punctuation."""
        found = _GOES_ON.match(self.text, mark.stop, mark.stop + _NEAR)
        return found is not None and (
            found["next"] is None or not (found["next"].isalnum() and not found["next"].islower())
        )

    def _in_line_of_code(self, mark: Mark, since: int) -> bool:
        line = bisect_left(self._lines, mark.start)
        first = max(since, self._lines[line - 1] if line else 0)
        last = self._lines[line] if line < len(self._lines) else len(self.text)
        return all(_between(self._ticks, *part) % 2 for part in ((first, mark.start), (mark.stop, last)))

    def _in_block(self, mark: Mark, since: int) -> bool:
        """Whether a block of code is open before a mark and closed behind it; a fence with a language opens another one."""
        following = bisect_left(self._fences, mark.stop)
        if following == len(self._fences) or self._told[following]:
            return False
        return bool(_between(self._fences, since, mark.start) % 2 and (len(self._fences) - following) % 2)


def _between(places: list[int], start: int, stop: int) -> int:
    return bisect_left(places, stop) - bisect_left(places, start)
