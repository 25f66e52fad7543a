"""Where a thought ends and the answer begins: the one place that knows, for every model, role and backend.

A reasoning model writes `<think>...</think>` before its answer; where the prompt begins the thought, only `</think>` is in the
reply. Others use other marks, or channels (gpt-oss). The answer is what stands behind the last thought: what is said before or
between thoughts is on the way to it. A thought that never ends has no answer behind it. Text without marks comes back as it is,
and so do marks that are only spoken of (`thought_marks.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sctk_core.config import setting
from sctk_core.records import Failure, Finish
from sctk_core.thought_marks import ASKED_FOR as ASKED_FOR
from sctk_core.thought_marks import PAIRS as PAIRS
from sctk_core.thought_marks import Mark, Marks

WRAPPINGS = (
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),  # Command A
    ("<|START_TEXT|>", "<|END_TEXT|>"),
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
)
"""What some models put around the answer itself."""
CHANNEL_MARKS = ("<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|return|>", "<|call|>", "<|constrain|>")
"""What gpt-oss writes its channels with; some of them mean other things elsewhere."""
_HEADER = re.compile(
    r"\s*(?:<\|start\|>assistant)?<\|channel\|>\s*(?P<channel>\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>"
)
_CLOSE = re.compile(r"<\|(?:end|return|call)\|>")


@dataclass(frozen=True, kw_only=True)
class Thoughts:
    """What becomes of a thought before the answer: section [thoughts], and [roles.NAME.thoughts]."""

    part: bool = setting(True, help="rewards, judges, critics and evaluators read the answer; false: the whole reply")
    train: Literal["answer", "all"] = setting("answer", help="what is taught: the answer alone, or thought and answer")


AS_USUAL = Thoughts()


@dataclass(frozen=True, kw_only=True, slots=True)
class Parted:
    """A reply in two: `thought` is what stands before the answer, marks and white space included ("": nothing does)."""

    thought: str
    answer: str


def parted(text: str, opened: str = "") -> Parted | None:
    r"""A reply's thought and answer; None: a thought never ends, or what was said before it has nothing behind it.

    `opened` is the mark that the prompt had begun a thought with.

    >>> parted("<think>\nHm.\n</think>\n\nNo.")
    Parted(thought='<think>\nHm.\n</think>\n\n', answer='No.')
    >>> parted("Hm.</think>No."), parted("No."), parted("<think>Hm."), parted("Hm.", "<think>")
    (Parted(thought='Hm.</think>', answer='No.'), Parted(thought='', answer='No.'), None, None)
    >>> parted("<think>a</think>b<think>c</think>d"), parted("No. <think>Or is it?")
    (Parted(thought='<think>a</think>b<think>c</think>', answer='d'), None)
    """
    if _HEADER.match(opened + text):
        return _out_of_channels(text, len(opened), opened + text)
    border = _border(opened + text)
    if border is None:
        return None
    border = max(0, border - len(opened))
    return _unwrapped(text, border)


def opened_in(prompt: str) -> str:
    """The mark of a thought that the end of a prompt begins and leaves open; "": there is none.

    >>> opened_in("<|Assistant|><think>\\n"), opened_in("<think>\\n\\n</think>\\n\\n")
    ('<think>', '')
    """
    last = max(((prompt.rfind(begin), begin, end) for begin, end in PAIRS), default=(-1, "", ""))
    place, begin, end = last
    return begin if place >= 0 and end not in prompt[place:] else ""


def unended(finish: Finish, text: str) -> Failure:
    """What a reply is that has no answer behind its thought."""
    cut = finish == "length"
    ended = text.rstrip().lower().endswith(tuple(end.lower() for _, end in PAIRS))
    why = (
        "cut at max_new_tokens: set sampling.max_new_tokens higher, or tell the template not to think"
        if cut
        else "ended"
    )
    return Failure(
        kind="budget" if cut else "parse",
        reason="nothing behind the last thought" if ended else "a thought that never ends",
        detail=f"{why}: ...{text[-200:]}",
    )


def without_thought(text: str) -> str | Failure:
    """The answer of a text that was made elsewhere."""
    found = parted(text)
    return found.answer if found is not None else unended("stop", text)


def _border(text: str) -> int | None:
    """Where the answer begins; None: a thought has begun, and never ends, or ends the text behind what was said."""
    marks = Marks(text)
    walk = _Walk(marks, marks.skip(0))
    for mark in marks.found:
        walk.pass_by(mark)
    if walk.open or walk.asked_for or (walk.said and walk.border == len(text)):
        return None
    return walk.border if walk.parted else 0


class _Walk:
    """A walk over a reply's marks: which thought is open, and where the answer begins as far as was read.

    `open` holds the begins of a thought and of those inside of it, `border` is where the answer begins, white space skipped,
    `parted` says that a thought ended before it, `said` that something was said before the last one, `named` is a begin that
    was only spoken of, `asked_for` one of the pair that answers are asked for in too.
    """

    def __init__(self, marks: Marks, first: int) -> None:
        self.marks, self.first, self.border = marks, first, first
        self.open: list[Mark] = []
        self.named: Mark | None = None
        self.asked_for: Mark | None = None
        self.parted = self.said = False

    def pass_by(self, mark: Mark) -> None:
        """One mark on; one that is quoted is only spoken of."""
        if mark.start < self.border:
            return
        since = self.open[0].stop if self.open else self.border
        if self.marks.quoted(mark, since):
            return
        if self.asked_for or mark.kind in ASKED_FOR:
            self._asked_for(mark)
        elif self.open:
            self._inside(mark)
        elif mark.begins:
            self._begin(mark)
        else:
            self._lone_end(mark)

    def _asked_for(self, mark: Mark) -> None:
        if mark.begins and mark.start == self.first:
            self.asked_for = mark
        elif self.asked_for and not mark.begins and mark.kind == self.asked_for.kind:
            self.asked_for = None
            if self.marks.skip(mark.stop) < len(self.marks.text):
                self._end(mark)

    def _begin(self, mark: Mark) -> None:
        if mark.start == self.border or self.marks.may_begin(mark, self.border):
            self.said = mark.start > self.border
            self.open = [mark]
        else:
            self.named = mark

    def _inside(self, mark: Mark) -> None:
        """A thought in a thought is counted; a begin that is there once more is not."""
        if mark.kind != self.open[-1].kind:
            return
        if not mark.begins:
            self.open.pop()
            if not self.open:
                self._end(mark)
        elif self.marks.skip(self.open[-1].stop) < mark.start and self.marks.may_begin(mark, self.open[0].stop):
            self.open.append(mark)

    def _lone_end(self, mark: Mark) -> None:
        """An end once more, or the first one where the thought was begun elsewhere."""
        named = self.named if self.named and self.named.kind == mark.kind else None
        if mark.start == self.border:
            self._end(mark)
        elif not self.parted and not self.marks.in_passing(mark, self.border, named):
            self.said = False
            self._end(mark)

    def _end(self, mark: Mark) -> None:
        self.border, self.parted, self.named = self.marks.skip(mark.stop), True, None


def _unwrapped(text: str, border: int) -> Parted:
    """The answer without what is put around it."""
    for begin, end in WRAPPINGS:
        if text.startswith(begin, border):
            start = border + len(begin)
            stop = text.find(end, start)
            return Parted(thought=text[:start], answer=text[start : stop if stop >= 0 else len(text)])
    return Parted(thought=text[:border], answer=text[border:])


def _out_of_channels(text: str, n_opened: int, whole: str) -> Parted | None:
    """The text of the channel `final`; None: it is not there."""
    place = 0
    while header := _HEADER.match(whole, place):
        close = _CLOSE.search(whole, header.end())
        if header["channel"] == "final":
            stop = close.start() if close else len(whole)
            return Parted(thought=text[: header.end() - n_opened], answer=whole[header.end() : stop])
        if close is None:
            return None
        place = close.end()
    return None
