"""Numbers as texts write them, as exact fractions: signs, separators, currency, percent, fractions, powers, digits of any script.

What could be two numbers is none: a range, a date, a time, a version, a sum that nobody worked out. A number that is part of a word
(`H2O`) is not looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from sctk_rewards.gold.wholes import factor, is_within

MOST_DIGITS = 300
CURRENCY = "$¢£¤¥֏؋৲৳৻૱௹฿៛﷼﹩＄￠￡￥￦" + "".join(map(chr, range(0x20A0, 0x20C1)))
_CHARACTERS = {
    **dict.fromkeys(map(ord, "−﹣－‐‑–"), "-"), **dict.fromkeys(map(ord, "×✕✖⋅·"), "*"), ord("⁄"): "/", ord("∕"): "/",
    ord("٫"): ".", ord("٬"): ",", ord("’"): "'", ord("％"): "%", ord("٪"): "%",
}  # fmt: skip
_FULL_WIDTH = re.compile(
    r"(?<=[\d０-９])．(?=[\d０-９])|(?<=[０-９])，(?=[０-９])"
)  # ， between other digits ends a clause
_FRACTION = r"\\[dt]?frac\s*\{\s*([^{}]*?)\s*\}\s*\{\s*([^{}]*?)\s*\}"
_LATEX = (
    (re.compile(r"\\([dt]?frac)\s*(\d)\s*(\d)"), r"\\\1{\2}{\3}"),
    (re.compile(rf"(?:(?<![\w)\]}}])-|(?:^|(?<=[={{(:$]))\s*-\s*(?:\\left\s*)?\(?\s*){_FRACTION}"), r" -\1/\2 "),
    (re.compile(_FRACTION), r" \1/\2 "),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?"), "°"),
    (re.compile(r"\\(?:times|cdot)\b"), "*"),
    (re.compile(r"\\([%$])"), r"\1"),
    (re.compile(r"\{,\}|\\!"), ""),
    (re.compile(r"\\(?:text|mathrm|mbox)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\[,;: ]|\\(?:left|right|quad)\b|~"), " "),
    (re.compile(r"\*\*|__"), ""),
)
_GROUPED_BY_SPACE = re.compile(r"(?<![\w.,])(?!0)\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?(?![\d.,]*\d)")


_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
"""Scripts whose words touch a number that is no part of them."""


def _to_the(name: str) -> str:
    return rf"\^\s*\{{?\s*(?P<{name}>-?\d{{1,3}})\s*\}}?"


_NUMBER = re.compile(
    rf"""
    (?P<percent_first>(?<![\w%])%\ ?)?
    (?P<sign>-|(?<!\w)(?:minus|negative)\ +)?
    (?P<money>[{re.escape(CURRENCY)}]\ ?)?
    (?P<late_sign>-)?
    (?<![^\W{_UNSPACED}])(?<!\^)(?P<run>\.?\d(?:[\d.,:/'_-]*\d)?)
    (?:[eE](?P<exponent>[+-]?\d{{1,3}})(?!\w))?
    (?:{_to_the("power")})?
    (?P<mixed>\ +\d+/\d+(?![\d/]))?
    (?:\ *(?:\*|x)\ *10{_to_the("ten")})?
    (?P<percent>\ ?(?:%|percent\b|per\ cent\b))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DECIMAL = re.compile(
    r"""
    (?P<whole>(?!0)\d{1,3}(?:,\d{3})+|(?!0)\d{1,3}(?:,\d{2})*,\d{3}|\d{1,3}(?:'\d{3})+|\d{1,3}(?:_\d{3})+|\d*)(?:\.(?P<part>\d+))?
    """,
    re.VERBOSE,
)
_COMMA = re.compile(r"(?P<whole>\d{1,3}(?:\.\d{3})+|\d+),(?P<part>\d+)")
_POINTS = re.compile(r"\d{1,3}(?:\.\d{3}){2,}")
_OPERATOR = re.compile(r"\s*(?:[*/÷+^]|(?:\bx\b|-)(?=\s)|\bout\ of\b)\s*[\d(\\]")
_BETWEEN = re.compile(r"\s*(?:[*/÷+^x]|\s-|\bout\ of\b)\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A number of a text: where it stands, its value (None: no single number), and whether it counts hundredths."""

    start: int
    end: int
    value: Fraction | None
    percent: bool = False


def plain(text: str) -> str:
    """The text with its numbers in plain characters: digits of any script as ASCII, powers with ^, LaTeX and bold marks undone.

    >>> plain("١٢٫٥ or 10² or 1½")
    '12.5 or 10^2 or 1 1/2'
    """
    text = _FULL_WIDTH.sub(lambda match: "." if match[0] == "．" else ",", text)
    for pattern, instead in _LATEX:
        text = pattern.sub(instead, text)
    text = "".join(_plain(char, text[place - 1 : place]) for place, char in enumerate(text))
    return _GROUPED_BY_SPACE.sub(lambda match: re.sub(r"\s", "", match[0]), text)


def _plain(char: str, before: str) -> str:
    if char.isascii():
        return char
    if ord(char) in _CHARACTERS:
        return _CHARACTERS[ord(char)]
    if unicodedata.category(char) == "Cf":
        return ""
    kind = unicodedata.decomposition(char).partition(" ")[0]
    if kind == "<super>":
        raised = unicodedata.normalize("NFKC", char).replace("\u2212", "-")
        return raised if unicodedata.decomposition(before).startswith("<super>") else f"^{raised}"
    if kind == "<fraction>":
        return (" " if before.isdigit() else "") + unicodedata.normalize("NFKC", char).replace("⁄", "/")
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def quantities(text: str) -> Iterator[Quantity]:
    """The numbers of a plain text, in order; what is worked with (3 + 4) is none, for the sum is not said."""
    last = -1
    for match in _NUMBER.finditer(text):
        start, end = match.start(), match.start() + len(match[0].rstrip())
        worked = (
            _OPERATOR.match(text, end)
            or text[end : end + 1] == "^"
            or is_within(text[max(start - 40, 0) : start])
            or (last >= 0 and _BETWEEN.fullmatch(text, last, start))
        )
        percent = match["percent"] is not None or match["percent_first"] is not None
        times = Fraction(1) if percent else factor(text, start, end)
        value = None if worked or times is None else _value(match, negative=_is_negative(text, match))
        last = end
        yield Quantity(start=start, end=end, value=value and times and value * times, percent=percent)


def _is_negative(text: str, match: re.Match[str]) -> bool:
    """Whether the mark before a number is a sign: a hyphen after a word or a number is none, nor is the bullet of a list."""
    if match["late_sign"]:
        return True
    if not match["sign"]:
        return re.search(r"[=:(]\s*-\s+$", text[max(match.start() - 20, 0) : match.start()]) is not None
    before = text[max(match.start() - 1, 0) : match.start()]
    return match["sign"] != "-" or not (before.isalnum() or before in (")", "]"))


def _value(match: re.Match[str], *, negative: bool) -> Fraction | None:
    value = _of_run(match["run"])
    if value is None:
        return None
    if match["mixed"]:
        part = _of_run(match["mixed"].strip())
        if part is None or part >= 1 or value.denominator != 1:
            return None
        value += part
    if match["power"]:
        if abs(int(match["power"])) > MOST_DIGITS or value == 0 or len(match["run"]) > 4:
            return None
        value = value ** int(match["power"])
    tens = int(match["exponent"] or 0) + int(match["ten"] or 0)
    if abs(tens) > MOST_DIGITS:
        return None
    value *= Fraction(10) ** tens
    return -value if negative else value


def _of_run(run: str) -> Fraction | None:
    """The number that a run of digits and marks is, None where it is several or none that is known."""
    if len(run) > MOST_DIGITS:
        return None
    over, slash, under = run.partition("/")
    if slash:
        top, bottom = _of_run(over), _of_run(under)
        return None if top is None or bottom is None or bottom == 0 or "/" in under else top / bottom
    if _POINTS.fullmatch(run):
        return Fraction(run.replace(".", ""))
    match = _DECIMAL.fullmatch(run)
    if match is None and (comma := _COMMA.fullmatch(run)):
        match = comma
    if match is None:
        return None
    whole = re.sub(r"[,.'_]", "", match["whole"]) or "0"
    return Fraction(f"{whole}.{match['part']}" if match["part"] else whole)
