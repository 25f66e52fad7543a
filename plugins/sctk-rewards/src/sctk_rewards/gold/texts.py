"""Texts compared as answers, by the words of the Rust core: case, width, invisible characters, and the marks between words aside.

What carries meaning stays: signs, decimal points, fraction bars, operators, `C`, `C++` and `C#` are words or belong to them, and so
does what means something in an answer alone: `12:30`, `5!`, `|x|`, `[1, 2)`, `O-`.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence

from sctk_rs import text as core

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_BESIDE = frozenset(("-", "/", "^", "*", "**", "+", "∶", "∏", "<", ">", "<=", ">=", "!="))
"""Beside one of these a number is part of something else, or a bound."""
_SCALES = frozenset(("million", "billion", "thousand"))
_BEHIND_LETTERS = frozenset(("∏", "⊖"))
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uaa60-\uaa7f]")
"""Thai, Lao, Khmer, Burmese: words by dictionary, and cut otherwise in other company."""
_JOINER = "\u200d"
_BINDS = re.compile("[\u200d\U0001f3fb-\U0001f3ff\U0001f1e6-\U0001f1ff]")
"""What binds an emoji to the one before it."""
_TEXT = re.compile(r"\\(?:text(?:bf|it|rm)?|mathrm|mathbf|mbox)\s*\{([^{}]*)\}")
_FENCE = re.compile(r"```\w*\n(.*?)\n?```", re.DOTALL)
_OBJECT = re.compile(r'\{\s*"(?:final_)?answer"\s*:\s*"([^"\\]*)"\s*\}', re.IGNORECASE)
_COPULA = re.compile(r"(?<=[\uac00-\ud7a3])(?:입니다|이에요|예요)[.!]?$|(?<=[^\W\d_])(?:です|でした|である)[。.!！]?$")
_HANGUL = re.compile(r"[\uac00-\ud7a3]+")


def comparable(text: str) -> str:
    """The form in which two answers are compared: their words, or what stands there instead of words.

    >>> comparable(' "Ｐaris". ') == comparable("paris"), comparable("-5") == comparable("5"), comparable("C++") == comparable("C")
    (True, False, False)
    """
    return " ".join(core.answer_words(text)) or core.comparable(text)


def holds(text: str, part: str) -> bool:
    """Whether a text holds another as whole words: 5 is not in 15, -5, 1.5, 5/6 or 12:5, nor C in C++.

    >>> holds("It is Paris, I think.", "paris"), holds("Parisian food", "Paris"), holds("서울입니다", "서울"), holds("กาแฟ", "กา")
    (True, False, True, False)
    """
    words, wanted = core.answer_words(text), core.answer_words(part)
    if not wanted:
        return _holds_symbol(text, part.strip())
    return any(_is_at(words, at, wanted) for at in range(len(words)))


def _holds_symbol(text: str, part: str) -> bool:
    """Whether a text holds a symbol that is no word (an emoji), and not as a part of another one."""
    if not any(unicodedata.category(char) == "So" for char in part):
        return False
    places = (match.start() for match in re.finditer(re.escape(part), text))
    return any(not _BINDS.match(text, at + len(part)) and text[at - 1 : at] != _JOINER for at in places)


def undressed(text: str) -> str:
    """An answer out of its dress: LaTeX's \\text, a fence of code around it, an object of JSON with `answer` alone.

    >>> undressed('{"answer": "Rome"}'), undressed(r"\\textbf{(B) } 4")
    ('Rome', '(B)  4')
    """
    text = _TEXT.sub(r"\1", text.strip())
    match = _FENCE.fullmatch(text) or _OBJECT.fullmatch(text)
    return match[1].strip() if match else text


def without_ending(text: str) -> str:
    """An answer without the copula that hangs on its last word in Korean and Japanese.

    >>> without_ending("서울입니다."), without_ending("富士山です。")
    ('서울', '富士山')
    """
    return _COPULA.sub("", text.strip())


def squad(text: str) -> str:
    """SQuAD's normalisation as its script has it: lower case, no ASCII punctuation, no articles, single spaces.

    >>> squad("The Eiffel-Tower!")
    'eiffeltower'
    """
    kept = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", kept).split())


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
