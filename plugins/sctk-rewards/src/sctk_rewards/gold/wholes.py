"""What stands around a number: a unit or the rest of a sentence leaves it whole; a factor, a variable or a function does not.

Behind a number, letters that touch it must be a unit that is known (`7km`) or a script that counts with words (`7個`); a word after
a space multiplies it where CLDR says that the word does so in any language (`7 millones`), and is the thing counted elsewhere.
What is known to make another number, and not which, leaves none: no number is better than a wrong one.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from fractions import Fraction
from functools import cache
from importlib.resources import files


@cache
def number_words() -> dict[str, frozenset[str]]:
    """The lists of number_words.toml."""
    lists = tomllib.loads(files("sctk_rewards").joinpath("gold/number_words.toml").read_text("utf-8"))
    return {name: frozenset(words.split()) for name, words in lists.items()}


ENGLISH = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12, "k": 10**3,
    "quadrillion": 0, "quintillion": 0, "laki": 0,
}  # fmt: skip
_PARTS = number_words()["parts"]
"""Words behind a number that make another one of it, which is not worked out."""
_UNITS = number_words()["units"]
_BARE_COMMANDS = number_words()["commands"]
"""Commands of LaTeX that leave a number beside them as it is."""
_COUNTED = "十百拾佰仟십백"
"""Numerals of Han and Hangul behind digits: a tenfold, a hundredfold."""
_UNSPACED = ("CJK", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "HIRAGANA", "KATAKANA")

_LETTERS = r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u200c\u200d])*"
_TOUCHING = re.compile(rf"(?P<word>{_LETTERS})(?P<more>[²³/\d]\w*)?")
_SPACED = re.compile(rf"(?:[ \u00a0\u202f]+|-)(?:de[ \u00a0])?(?P<word>{_LETTERS})")
_SECOND = re.compile(rf"[ \u00a0]?(?:de[ \u00a0])?(?P<word>{_LETTERS})")
_VARIABLE = re.compile(r" +[xyznij](?=\s*(?:$|[-=+*/^).,;:\]}]))")
_COMMAND = re.compile(r"\s*\\(?P<name>[A-Za-z]+)")
_SHARES = {"‰": Fraction(1, 1000), "‱": Fraction(1, 10000)}
_FUNCTION = re.compile(
    r"(?<![^\W\d_])(?:(?:sqrt|cbrt|log\d*|ln|exp|sin|cos|tan|arcsin|arccos|arctan|sinh|cosh|tanh)[ (]\s*"
    r"|(?:abs|floor|ceil|gcd|lcm|mod|max|min)\(\s*)-?$",
    re.IGNORECASE,
)
_ARGUMENT = re.compile(r"\\(?P<name>[A-Za-z]+)(?:_\{?\w+\}?|\[\w*\])?(?:\s*\{[^{}]*\})*[\s{(\[]*-?$")
_MARKED = re.compile(r"(?:[√∛±∓]\s?|[^\W\d_]\s?/\s?|\+/-\s?)-?$")
_WORD_BEFORE = re.compile(rf"(?P<word>{_LETTERS})[ \u00a0]+$")


def is_within(before: str) -> bool:
    """Whether what stands before a number takes it for an argument: a function, a root, plus or minus, a factor in words.

    >>> is_within("sqrt("), is_within(r"\\\\binom{9}{"), is_within("elfu "), is_within("The answer is ")
    (True, True, True, False)
    """
    command = _ARGUMENT.search(before)
    if _FUNCTION.search(before) or _MARKED.search(before) or (command and command["name"] not in _BARE_COMMANDS):
        return True
    word = _WORD_BEFORE.search(before)
    return word is not None and word["word"].casefold() in scales()


def factor(text: str, start: int, end: int) -> Fraction | None:
    """By what the number at [start, end) is multiplied by what stands behind it, 1 where it is whole, None where nobody can say.

    >>> [factor(text, 0, 1) for text in ("7 apples", "7km", "7 Millionen", "7万个", "7 mil", "7ab", "7!", "7 x")]
    [Fraction(1, 1), Fraction(1, 1), Fraction(1000000, 1), Fraction(10000, 1), None, None, None, None]
    """
    rest = text[end : end + 60]
    if share := _SHARES.get(rest.lstrip(" ")[:1]):
        return share
    command = _COMMAND.match(rest)
    if (command and command["name"] not in _BARE_COMMANDS) or _VARIABLE.match(rest) or _is_worked(text, start, end):
        return None
    if match := _TOUCHING.match(rest):
        return _touching(match, rest)
    match = _SPACED.match(rest)
    return Fraction(1) if match is None else _spaced(match, rest)


def _touching(match: re.Match[str], rest: str) -> Fraction | None:
    word = match["word"]
    script = unicodedata.name(word[0], "").split()[0]
    if word[0] in _COUNTED:
        return None
    found = _scale(word, script)
    if found is not None:
        return _once(found, rest)
    if script in ("LATIN", "MICRO"):
        power = match["more"] is None or match["more"] in ("2", "3", "²", "³") or match["more"].startswith("/")
        return Fraction(1) if word in _UNITS and power else None
    return None if script == "GREEK" and len(word) == 1 else Fraction(1)


def _spaced(match: re.Match[str], rest: str) -> Fraction | None:
    word = match["word"]
    if word[0] in _COUNTED or word.casefold().removesuffix("s") in _PARTS:
        return None
    found = _scale(word, unicodedata.name(word[0], "").split()[0])
    return Fraction(1) if found is None else _once(found, rest)


def _once(found: tuple[int, int], rest: str) -> Fraction | None:
    """The factor that was found, unless it is one of several, or another stands behind it."""
    value, length = found
    second = _SECOND.match(rest, rest.index(rest.lstrip(" \u00a0\u202f-")[:1]) + length)
    again = second and _scale(second["word"], unicodedata.name(second["word"][0], "").split()[0])
    return None if again or not value else Fraction(value)


def _scale(word: str, script: str) -> tuple[int, int] | None:
    """The value of a scale word and its length, None for other words; in a script without spaces of what the word begins with."""
    if script in _UNSPACED:
        for length in range(min(len(word), 12), 0, -1):
            if word[:length] in scales():
                return scales()[word[:length]], length
        return None
    low = word.casefold()
    for known in (low, low.removesuffix("s")):
        if known in scales():
            return scales()[known], len(word)
    return None


def _is_worked(text: str, start: int, end: int) -> bool:
    """Whether signs that touch a number make another of it: a factorial, bars, brackets that multiply."""
    before, after = text[max(start - 1, 0) : start], text[end : end + 2]
    near = text[max(start - 100, 0) : end + 100]
    factorial = after == "!!" or (after[:1] == "!" and not any(char.isalpha() for char in near))
    return factorial or (before == after[:1] == "|") or after[:1] == "(" or after == ")("


@cache
def scales() -> dict[str, int]:
    """Words that multiply the number they stand behind, in lower case -> by how much; 0: by one of several."""
    table = tomllib.loads(files("sctk_rewards").joinpath("gold/scales.toml").read_text("utf-8"))
    return {word: int(value) for value, words in table.items() for word in words.split()} | ENGLISH
