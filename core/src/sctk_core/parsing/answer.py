"""What a model says in a reply, sentence by sentence: without its thoughts, its quotations and the marks of its layout.

A reply is cut down before anything is read in it: a thought is not said; what stands in quotation marks is somebody else's,
unless it is one word or a whole line; bold type, headings and list marks are layout; digits of other scripts are digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sctk_core.parsing.markup import first_turn, without_shown
from sctk_core.parsing.words import any_of
from sctk_core.thoughts import PAIRS, parted

READ_CHARACTERS = 20_000  # from the end of a reply: no honest verdict is further from it
QUOTED = "\ufffc"  # stands where a quotation stood
_HALVES = str.maketrans(
    {
        "½": ".5",
        "¼": ".25",
        "¾": ".75",
        "−": "-",
        "﹣": "-",
        "’": "'",
        "‘": "'",
        "：": ":",
        "／": "/",
        "，": ", ",
        "；": "; ",
        "！": "! ",
        "？": "? ",
    }
)
_QUOTATION = re.compile(r"\"([^\"\n]*)\"|“([^“”]*)”|„([^„“”]*)[“”]|«([^«»]*)»|「([^「」]*)」|(?<!\w)'([^'\n]*)'(?!\w)")
_SENTENCE = re.compile(r"(?<=[.!?;])(?=[\s\"')\]])\s*|(?<=[。।])")
_STRUCK = re.compile(r"~~[^~\n]{1,400}~~|<\|[^|<>\n]{1,30}\|>|</?s>")
_MARKS = re.compile(r"[*`$\\]|#(?!\d)|(?<!\w)_+|_+(?!\w)")
_BOXED = re.compile(
    r"\[\[\s*(?P<list>[^\[\]\n]{1,20}?)\s*\]\]|\\boxed\{\s*(?:\\text\{)?(?P<box>[^{}\n]{1,20}?)\}{1,2}|"
    r"\[RESULT\]:?\s*(?P<result>\S{1,20})(?!\S)(?!\s+\d)"
)
_FACES = re.compile(
    r"(?m)(?:(?<=[\d).!?])[ ]?[{0}]+(?=\s|$)|[ ]?[{0}]+[ ]*$)".format("\U0001f300-\U0001f44c\U0001f44f-\U0001faff")
)
"""Pictures behind a number or at the end of a line, which say nothing; a thumb up or down may."""
_FORCED = (
    r"(?:,? but )?\bif (?:i|we) (?:must|have to|need to) (?:choose|pick|name|decide)"
    r"(?: (?:a|one|just one|a single) (?:number|score|rating|value|verdict))?\s?[,:]"
)
"""Opens no condition: a judge that must choose chooses."""
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
_SAME_TWICE = re.compile(
    r"\b(?:(\d+) stars?,? ?\(?\1(?: ?/ ?| out of )(\d+)\)?|(\d+) ?\)?(?: ?/ ?| out of )(\d+),? ?\(?\3 stars?\)?)(?!\w|[/.]\d)|"
    r"\b(\d+)/(\d+) \(?\5 ?/ ?\6\b\)?"
)
"""A score in figures beside the same score in stars."""
_LIST_MARK = re.compile(
    r"^\s*(?:[-+•–—]\s+|\(?\d{1,3}[.)]\s+(?=\S)|(?:[Ss]tep|[Pp]art) \d{1,2}[:.)]\s+)?(?:[^\w\s()\[\]{}<>\"'.,;:+\-~≈≤≥|=/\\]+\s+)?"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """One sentence in small letters. `line` is its line; `alone` says that it is the whole of it."""

    text: str
    line: int
    alone: bool


def answer_of(reply: str) -> str | None:
    """The end of a reply, after its thoughts, wherever they stand; None where one is not closed.

    >>> answer_of("<think>4? No.</think> Score: 3"), answer_of("Well. <think>4?</think>3"), answer_of("<think>Score: 3")
    ('Score: 3', '3', None)
    """
    found = parted(reply)
    if found is None:
        return None
    text = found.answer
    for begin, end in PAIRS:
        text = text[text.rfind(end) + len(end) :] if end in text else text
        if begin in text:
            return None
    text = re.sub(
        r"(?<=\d)(?=(?:Reason|Reasoning|Explanation|Feedback|Justification|Rationale|Comments?)\s?:)", "\n", text
    )
    text = re.sub(
        r"(\d{40})\d+", r"\1", without_shown(first_turn(text)[-READ_CHARACTERS:])
    )  # as many digits as no scale has
    return _without_open_item(text)


def plain_digits(text: str) -> str:
    """The text composed (NFC), with decimal digits of all scripts as 0 to 9, halves as ".5" and full-width letters as plain ones.

    >>> plain_digits("Ｓｃｏｒｅ：４½"), plain_digits("٤/٥"), plain_digits("4²")
    ('Score:4.5', '4/5', '4²')
    """
    text = _FACES.sub(" ", unicodedata.normalize("NFC", text).translate(_HALVES))
    return text if text.isascii() else "".join(map(_plain, text))


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of an answer, in order; quoted lines (`>`) are left out where others stand beside them."""
    lines = text.splitlines()
    said = [line for line in lines if not line.lstrip().startswith(">")]
    lines = said if any(line.strip() for line in said) else [line.lstrip("> ") for line in lines]
    for number, line in enumerate(lines):
        whole = bare(unquoted(_STRUCK.sub(" ", line)))
        parts = [part.strip() for part in _SENTENCE.split(whole)]
        parts = [part for part in parts if part.strip(" .;")]
        for part in parts:
            yield Sentence(text=part, line=number, alone=len(parts) == 1)


def unquoted(line: str) -> str:
    """A line whose quotations are left out, save those of one word and those that are the whole line.

    >>> unquoted('It ends with "Score: 5". Verdict: "keep"') == f'It ends with {QUOTED}. Verdict: keep'
    True
    """

    def said(match: re.Match[str]) -> str:
        inside = next(group for group in match.groups() if group is not None).strip()
        opens, rest = not line[: match.start()].strip(" -*_#."), line[match.end() :]
        whole = opens and (not rest.strip(" .*_,") or (re.match(r"\s*:", rest) and not re.search(r"[\d:=]", inside)))
        return inside if whole or not re.search(r"\s|[:=]", inside) else QUOTED

    return _QUOTATION.sub(said, line)


def bare(line: str) -> str:
    """A line in small letters without marks of layout, with stars counted.

    >>> bare("## **Overall_Score**: 4"), bare("★★★★☆")
    ('overall_score: 4', '4/5')
    """
    line = re.sub(r"(?<=[a-z])(?=(?:Score|Rating)\b)", " ", line.strip(_ZERO_WIDTH))
    line = re.sub(r"(?<=[^\W\d_])[*`#$\\]+(?=[^\W\d_])", " ", line)  # no word is made of two halves
    line = _unboxed(re.sub(r"【([^【】]{1,12})】:?", r"\1: ", line))
    line = re.sub(r"(?<=\w)\s?\.{3,}\s(?=\s*\d)|(?<=\w)\.{4,40}(?=\d)", ": ", _starred(line))
    line = _LIST_MARK.sub("", _MARKS.sub("", line))
    line = re.sub(r"\s+", " ", _lowered(line)).strip()
    forced = re.search(_FORCED, line)
    if forced and not re.search(r"\b(?:if|unless|had|were)\b", line[: forced.start()]):
        line = f"{line[: forced.start()]}.{line[forced.end() :]}".removeprefix(". ")
    return _SAME_TWICE.sub(lambda match: "/".join(filter(None, match.groups())), line)


def heading(line: str) -> bool:
    """Whether a line opens a turn of a conversation that the model makes up."""
    given = r"(?:(?:and )?here(?:'s| is) (?:the|my|an?|one)(?: possible)? )?"
    return re.match(rf"{given}(?:{any_of('reply.turns')})\s*(?::|\Z)|<\|im_start|\[inst\]", bare(line)) is not None


def uncorrected(sentence: str) -> tuple[str, bool]:
    """A sentence without the words by which it takes back what was said before, and whether it has them.

    >>> uncorrected("on second thought, score: 3"), uncorrected("no errors were found.")
    (('score: 3', True), ('no errors were found.', False))
    """
    opened = re.match(rf"(?:{any_of('score.corrections')}|no(?=\s*[,.!:;—-]|\Z))[\s,.!:;—-]*", sentence)
    return (sentence[opened.end() :], True) if opened else (sentence, False)


def leads_to_an_example(sentence: str) -> bool:
    """Whether a sentence ends in a colon behind which an example, a format or a condition stands."""
    asked = r"(?:please )?(?:write|give|provide|output|return|end|respond|reply|answer|state|put|format)\b"
    asked += r".*\b(?:the|your|with|as|in|this)\b"
    shown = rf"(?<![^\W_]){any_of('score.examples')}|^{asked}"
    return sentence.endswith(":") and re.search(shown, sentence) is not None


def _without_open_item(text: str) -> str:
    """A text without the number of a list's next item, where it was cut off behind that."""
    end = re.search(r"\n(?P<blank>[ \t]*\n)?[ \t]*\(?(?P<number>\d{1,3})(?P<mark>[.)]?)\s*\Z", text)
    if end is None or (end["blank"] and not end["mark"]):
        return text
    before = re.search(rf"(?m)^[ \t]*\(?{int(end['number']) - 1}[.)]\s", text[: end.start()])
    return text[: end.start()] if before else text


def _unboxed(line: str) -> str:
    """A line with the score in a box said; several boxes in a line, or one before more words, hold the task's answers."""
    inside = sum(match["box"] is not None for match in _BOXED.finditer(line)) > 1

    def said(match: re.Match[str]) -> str:
        if match["result"]:
            return f" ; overall score: {match['result']} ; "
        if match["box"] and not inside and re.fullmatch(r"\s*[^\W\d_]+\s*", match["box"]):
            return f" {match['box']} "  # a word: a verdict, where it stands
        if match["box"] and (inside or re.match(r"\$?,?\s+[^\W\d_]|,", line[match.end() :])):
            return QUOTED
        return f" ; score: {match['list'] or match['box']} ; "

    return _BOXED.sub(said, line)


def _starred(line: str) -> str:
    return re.sub(r"[★⭐☆]️?(?:\s?[★⭐☆]️?)+", _stars, line)


def _stars(match: re.Match[str]) -> str:
    filled = sum(match[0].count(star) for star in "★⭐")
    return f"{filled}/{filled + match[0].count('☆')}" if "☆" in match[0] else f"{filled} stars"


def _lowered(text: str) -> str:
    """Small letters, each character one character, so that places in the text stay the same."""
    return "".join(small if len(small := each.lower()) == 1 else each for each in text)


@cache
def _plain(each: str) -> str:
    digit = unicodedata.decimal(each, None)
    if digit is not None:
        return str(digit)
    return chr(ord(each) - 0xFEE0) if "\uff01" <= each <= "\uff5e" else each
