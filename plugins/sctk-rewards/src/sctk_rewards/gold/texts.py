"""Texts compared as answers: equal but for case, width, invisible characters, quotes and the marks that end a sentence.

What carries meaning stays: signs, decimal points, fraction bars, operators, `C`, `C++` and `C#`.
"""

from __future__ import annotations

import re
import string
import unicodedata

_OUTER = "\"'“”‘’«»„`*_ \t\r\n"
_ENDS = ".,;:!?。、！？؟।…"
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "HANGUL")


def comparable(text: str) -> str:
    """The form in which two answers are compared.

    >>> comparable(' "Ｐaris". ') == comparable("paris"), comparable("-5") == comparable("5"), comparable("C++") == comparable("C")
    (True, False, False)
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Cc") or char.isspace())
    text = " ".join(text.replace("\u2212", "-").replace("’", "'").split())
    return unicodedata.normalize("NFKC", _bare(text))


def _bare(text: str) -> str:
    """The text without quotes around it and marks that end a sentence; 5! keeps its mark."""
    while text:
        kept = text.strip(_OUTER)
        if kept and kept[-1] in _ENDS and not re.search(r"\d!$", kept):
            kept = kept[:-1]
        if kept == text:
            break
        text = kept
    return text


def squad(text: str) -> str:
    """SQuAD's normalisation as its script has it: lower case, no ASCII punctuation, no articles, single spaces.

    >>> squad("The Eiffel-Tower!")
    'eiffeltower'
    """
    kept = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", kept).split())


def holds(text: str, part: str) -> bool:
    """Whether a comparable text holds another as whole words: 5 is not in 15, -5, 1.5 or 5/6, nor C in C++."""
    place = text.find(part) if part else -1
    while place >= 0:
        if _begins(text[:place], part[0]) and _ends(text[place + len(part) :], part[-1]):
            return True
        place = text.find(part, place + 1)
    return False


def _begins(before: str, first: str) -> bool:
    if not before or _unspaced(first) or not (first.isalnum() or first in "+-"):
        return True
    if first.isdigit() and re.search(r"(?:^|[^\w)])-$|\d[.,/:^-]$|[.^]$", before):
        return False
    return not (before[-1].isalnum() or before[-1] == "_") or (_unspaced(before[-1]) and not first.isdigit())


def _ends(after: str, last: str) -> bool:
    if not after or _unspaced(last) or not last.isalnum():
        return not after or _unspaced(last) or not (last in "+#" and after[0] in "+#")
    if last.isdigit() and re.match(r"[.,/:^-]\d|[ ]?(?:million|billion|thousand)\b", after):
        return False
    if last.isalpha() and re.match(r"[+#]", after):
        return False
    return not (after[0].isalnum() or after[0] == "_") or _unspaced(after[0])


def _unspaced(char: str) -> bool:
    """Whether a character is of a script that does not part words by spaces, or hangs its endings on them."""
    return unicodedata.name(char, "").startswith(_UNSPACED)
