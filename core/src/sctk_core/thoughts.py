"""Where a thought ends and the answer begins: the one place that knows, for every model, role and backend.

A reasoning model writes `<think>...</think>` before its answer; where the prompt begins the thought, only `</think>` is in the
reply. Others use other marks, or channels (gpt-oss). A thought that never ends has no answer behind it. Text without marks comes
back as it is, and so do marks that are quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sctk_core.config import setting
from sctk_core.records import Failure, Finish

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
)
"""What thoughts begin and end with."""
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
_FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)  # a fence begins a line: within one it is only spoken of
_QUOTES = "`'\"\u2018\u2019\u201c\u201d"


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
    r"""A reply's thought and answer; None: the thought never ends. `opened` is the mark that the prompt had begun it with.

    >>> parted("<think>\nHm.\n</think>\n\nNo.")
    Parted(thought='<think>\nHm.\n</think>\n\n', answer='No.')
    >>> parted("Hm.</think>No."), parted("No."), parted("<think>Hm."), parted("Hm.", "<think>")
    (Parted(thought='Hm.</think>', answer='No.'), Parted(thought='', answer='No.'), None, None)
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
    """What a reply is whose thought never ends."""
    cut = finish == "length"
    why = (
        "cut at max_new_tokens: set sampling.max_new_tokens higher, or tell the template not to think"
        if cut
        else "ended"
    )
    return Failure(
        kind="budget" if cut else "parse", reason="a thought that never ends", detail=f"{why}: ...{text[-200:]}"
    )


def without_thought(text: str) -> str | Failure:
    """The answer of a text that was made elsewhere."""
    found = parted(text)
    return found.answer if found is not None else unended("stop", text)


def _border(text: str) -> int | None:
    """Where the answer begins; None: a thought has begun, and never ends."""
    place = _skip(text, 0)
    begun = next((pair for pair in PAIRS if text.startswith(pair[0], place)), None)
    if begun is None:
        return _orphan(text)
    while begun is not None:
        stop = _found(text, begun[1], place + len(begun[0]))
        if stop < 0:
            return None
        place = _behind(text, stop + len(begun[1]))
        begun = next((pair for pair in PAIRS if text.startswith(pair[0], place)), None)
    return place


def _orphan(text: str) -> int:
    """Where the answer begins behind the first end of a thought that was begun elsewhere; 0: there is none."""
    ends = [(place, end) for _, end in PAIRS if (place := _found(text, end, 0)) >= 0]
    if not ends:
        return 0
    place, end = min(ends)
    border = _behind(text, place + len(end))
    more = _border(text[border:]) if any(text.startswith(begin, border) for begin, _ in PAIRS) else 0
    return border + (more or 0)


def _behind(text: str, place: int) -> int:
    """Past white space and ends of thoughts that are there once more."""
    place = _skip(text, place)
    again = next((end for _, end in PAIRS if text.startswith(end, place)), None)
    return place if again is None else _behind(text, place + len(again))


def _skip(text: str, place: int) -> int:
    return len(text) - len(text[place:].lstrip())


def _found(text: str, mark: str, start: int) -> int:
    """The first place of a mark that is not quoted; -1: there is none."""
    place = text.find(mark, start)
    while place >= 0 and _quoted(text, place, place + len(mark), start):
        place = text.find(mark, place + 1)
    return place


def _quoted(text: str, place: int, stop: int, start: int) -> bool:
    """Whether a mark is only spoken of: between quotation marks, or in a block of code."""
    before, after = text[max(start, place - 1) : place], text[stop : stop + 1]
    in_quotes = bool(before) and before in _QUOTES and bool(after) and after in _QUOTES
    in_code = all(len(_FENCE.findall(text, *part)) % 2 for part in ((start, place), (stop, len(text))))
    return in_quotes or in_code


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
