"""A text in sentences, by its punctuation alone: for checks and scores that go sentence by sentence."""

from __future__ import annotations

import re

ENDS = ".!?\u2026\u3002\uff01\uff1f\u0964\u06d4\u061f"
"""What ends a sentence: full stop, ! and ?, the ellipsis, and their like in Chinese, Japanese, Hindi, Urdu and Arabic."""
_CLOSING = "\"'\u201d\u2019\u00bb)\\]\u300d\u300f"
_WIDE = "\u3002\uff01\uff1f"
_END = re.compile(
    rf"(?:[{ENDS}]+[{_CLOSING}]*(?=\s)|[{_WIDE}]+[{_CLOSING}]*|\n\s*\n|\n(?=\s*(?:[-*\u2022]|\d+[.)])\s))"
)
_SHORT = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|cf|no|No|pp?|Fig|fig|al|ca|approx|Inc|Ltd|Co|U\.S|"
    r"[A-Z]\.[A-Z])\.$"
)


def sentences(text: str) -> list[str]:
    """The sentences of a text in order, without white space at their ends; none of an empty text.

    >>> sentences("Dr. J. Smith paid 3.5 million. Why? Nobody knows")
    ['Dr. J. Smith paid 3.5 million.', 'Why?', 'Nobody knows']
    """
    found, begin = [], 0
    for end in _END.finditer(text):
        part = text[begin : end.end()].strip()
        following = text[end.end() :].lstrip()[:1]
        if end.group().strip() == "." and (_SHORT.search(part) or following.islower()):
            continue
        found.append(part)
        begin = end.end()
    found.append(text[begin:].strip())
    return [one for one in found if one]


def breaks_off(text: str) -> bool:
    """Whether the last of several sentences has no end.

    >>> breaks_off("It is Avon."), breaks_off("Avon"), breaks_off("It is Avon. The river")
    (False, False, True)
    """
    found = sentences(text)
    return len(found) > 1 and found[-1].rstrip("\"'\u201d\u2019\u00bb)]\u300d\u300f*_`")[-1:] not in tuple(ENDS)
