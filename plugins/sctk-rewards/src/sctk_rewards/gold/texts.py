"""Texts compared as answers, by the words of the Rust core: case, width, invisible characters, and the marks between words aside.

What carries meaning stays: signs, decimal points, fraction bars, operators, `C`, `C++` and `C#` are words or belong to them. What
means something in an answer alone, and nothing in prose, is made a sign first: `12:30`, `5!`, `|x|`, `[1, 2)`, `O-`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from sctk_rs import text as core

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PAIRED = re.compile(r"([(\[{])([^()\[\]{},]*,[^()\[\]{}]*)([)\]}])")
_BRACKETS = str.maketrans("()[]{}", "⊂⊃⊏⊐≺≻")
_SIGNS = (
    (re.compile(r"(?<=\d)[:：](?=\d)"), " ∶ "),  # a time, a ratio
    (re.compile(r"(?<=[\d)])!|(?<=\b[a-zα-ω])!(?!\w)"), " ∏ "),  # a factorial
    (re.compile(r"[|｜]"), " ∣ "),
    (re.compile(r"[~～]"), " ∼ "),
    (re.compile(r"(?<=\w)'(?=\()"), " ∂ "),  # a derivative
    (re.compile(r"(?:(?<=\b[^\W\d_])|(?<=\b[^\W\d_][^\W\d_]))[-−](?![\w-])"), " ⊖ "),  # a charge, a grade
)
"""What the core takes for punctuation -> mathematical signs, which are words by themselves."""
_BESIDE = frozenset(("-", "/", "^", "*", "**", "+", "∶", "∏", "<", ">", "<=", ">=", "!="))
"""Beside one of these a number is part of something else, or a bound."""
_SCALES = frozenset(("million", "billion", "thousand"))
_BEHIND_LETTERS = frozenset(("∏", "⊖"))
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uaa60-\uaa7f]")
"""Thai, Lao, Khmer, Burmese: words by dictionary, and cut otherwise in other company."""
_HANGUL = re.compile(r"[\uac00-\ud7a3]+")


def comparable(text: str) -> str:
    """The form in which two answers are compared: their words, or what stands there instead of words.

    >>> comparable(' "Ｐaris". ') == comparable("paris"), comparable("-5") == comparable("5"), comparable("C++") == comparable("C")
    (True, False, False)
    """
    return " ".join(_words(text)) or core.comparable(text)


def holds(text: str, part: str) -> bool:
    """Whether a text holds another as whole words: 5 is not in 15, -5, 1.5, 5/6 or 12:5, nor C in C++.

    >>> holds("It is Paris, I think.", "paris"), holds("Parisian food", "Paris"), holds("서울입니다", "서울"), holds("กาแฟ", "กา")
    (True, False, True, False)
    """
    words, wanted = _words(text), _words(part)
    return bool(wanted) and any(_is_at(words, at, wanted) for at in range(len(words)))


def squad(text: str) -> str:
    """SQuAD's normalisation as its script has it: lower case, no ASCII punctuation, no articles, single spaces.

    >>> squad("The Eiffel-Tower!")
    'eiffeltower'
    """
    kept = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", kept).split())


def _words(text: str) -> list[str]:
    text = _PAIRED.sub(lambda found: found[1].translate(_BRACKETS) + found[2] + found[3].translate(_BRACKETS), text)
    for pattern, sign in _SIGNS:
        text = pattern.sub(sign, text)
    return core.answer_words(text)


def _is_at(words: Sequence[str], at: int, wanted: Sequence[str]) -> bool:
    """Whether the wanted words stand there, and what is at their ends is whole."""
    end = _end(words, at, wanted)
    if end is None:
        return False
    before, after = words[at - 1 : at] if at else [], words[end : end + 1]
    if wanted[0][0].isdigit() and _BESIDE.intersection(before):
        return False
    others = _BESIDE | _SCALES if wanted[-1][-1].isdigit() else _BEHIND_LETTERS
    return not others.intersection(after)


def _end(words: Sequence[str], at: int, wanted: Sequence[str]) -> int | None:
    """Where the wanted words end that begin there; None: other words stand there."""
    target, found = _joined(wanted), words[at]
    end = at + 1
    while len(found) < len(target) and end < len(words) and target.startswith(found):
        found = _joined((found, words[end]))
        end += 1
    ending = _HANGUL.fullmatch(words[end - 1]) and _HANGUL.fullmatch(wanted[-1])  # what hangs on a Korean word
    return end if found == target or (ending and found.startswith(target)) else None


def _joined(words: Sequence[str]) -> str:
    """Words with a space between them, but for those of a script that has none."""
    line = words[0]
    for word in words[1:]:
        line += word if _UNSPACED.match(line[-1]) and _UNSPACED.match(word) else f" {word}"
    return line
