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

MOST_DIGITS = 300
CURRENCY = "$¢£¤¥֏؋৲৳৻૱௹฿៛﷼﹩＄￠￡￥￦" + "".join(map(chr, range(0x20A0, 0x20C1)))
SCALES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12, "lakh": 10**5,
    "crore": 10**7, "mn": 10**6, "bn": 10**9, "k": 10**3, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8,
}  # fmt: skip
_NAMES = "|".join(sorted(SCALES, key=len, reverse=True))
_CHARACTERS = {
    **dict.fromkeys(map(ord, "−﹣－‐‑–"), "-"), **dict.fromkeys(map(ord, "×✕✖⋅·"), "*"), ord("⁄"): "/", ord("∕"): "/",
    ord("٫"): ".", ord("٬"): ",", ord("’"): "'", ord("％"): "%", ord("٪"): "%",
}  # fmt: skip
_FULL_WIDTH = re.compile(
    r"(?<=[\d０-９])．(?=[\d０-９])|(?<=[０-９])，(?=[０-９])"
)  # ， between other digits ends a clause
_LATEX = (
    (re.compile(r"(?<![\w)\]}])-\\[dt]?frac\s*\{\s*([^{}]*?)\s*\}\s*\{\s*([^{}]*?)\s*\}"), r" -\1/\2 "),
    (re.compile(r"\\[dt]?frac\s*\{\s*([^{}]*?)\s*\}\s*\{\s*([^{}]*?)\s*\}"), r" \1/\2 "),
    (re.compile(r"\\(?:times|cdot)\b"), "*"),
    (re.compile(r"\\([%$])"), r"\1"),
    (re.compile(r"\{,\}|\\!"), ""),
    (re.compile(r"\\(?:text|mathrm|mbox)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\[,;: ]|\\(?:left|right|quad)\b|~"), " "),
    (re.compile(r"\*\*|__"), ""),
)
_GROUPED_BY_SPACE = re.compile(r"(?<![\w.,])(?!0)\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?(?![\d.,]*\d)")


def _to_the(name: str) -> str:
    return rf"\^\s*\{{?\s*(?P<{name}>-?\d{{1,3}})\s*\}}?"


_NUMBER = re.compile(
    rf"""
    (?P<sign>-|(?<!\w)(?:minus|negative)\ +)?
    (?P<money>[{re.escape(CURRENCY)}]\ ?)?
    (?P<late_sign>-)?
    (?<![\w^])(?P<run>\.?\d(?:[\d.,:/'_-]*\d)?)
    (?:[eE](?P<exponent>[+-]?\d{{1,3}})(?!\w))?
    (?:{_to_the("power")})?
    (?P<mixed>\ +\d+/\d+(?![\d/]))?
    (?:\ *(?:\*|x)\ *10{_to_the("ten")})?
    (?:\ ?(?P<scale>{_NAMES})s?(?![^\W\d_]))?
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
_OTHER_SCALES = (
    "tausend|million|millionen|milliarden?|mio|mrd|mil|mill(?:ón|ones|ão|ões)|mille|milliers?|milliards?|mila|milion[ei]|miliard[ei]"
    "|duizend|miljoen|miljard|tusen|miljoner|tuhat(?:ta)?|tys|tysi[ąe]c[ey]?|mln|mld|тыс|тысяч[аи]?|млн|миллион(?:а|ов)?|млрд|миллиард(?:а|ов)?"
    "|bin|milyon|milyar|ribu|juta|miliar|nghìn|ngàn|triệu|t[ỷỉ]|ألف|آلاف|مليون|مليار|هزار|میلیون|हज़ार|हजार|लाख|करोड़?|হাজার"
)
"""Words of thousands and more whose value is not taken: no number is better than a wrong one."""
_MORE = re.compile(
    rf"\s?(?:{_OTHER_SCALES})\b\.?"
    r"|\s?(?:[万萬亿億兆千百만천억조‰‱π√]|พัน|หมื่น|แสน|ล้าน)"
    r"|(?-i:[xyznijeMBT](?![^\W_]))"
    r"|(?<=0)x[0-9a-f]"
    r"|\s*\\(?:pi|sqrt|log|ln)\b",
    re.IGNORECASE,
)
"""What makes a number behind which it stands the part of another: five thousand, 5 pi, 0x1F."""
_WITHIN = re.compile(
    r"(?:\\(?:sqrt(?:\[\w+\])?|log(?:_\{?\w+\}?)?|ln|exp|sin|cos|tan|pm|mp)(?![^\W\d_])[\s{(_]*|[√∛±∓]\s?|[^\W\d_]\s?/\s?)-?$"
)
"""What a number stands in that is another: the root of 2, pi/4, plus or minus 5."""


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
        start, end = match.span()
        worked = (
            _OPERATOR.match(text, end)
            or text[end : end + 1] == "^"
            or (not match["scale"] and _MORE.match(text, end))
            or _WITHIN.search(text[max(start - 20, 0) : start])
            or (last >= 0 and _BETWEEN.fullmatch(text, last, start))
        )
        value, last = None if worked else _value(match, negative=_is_negative(text, match)), end
        yield Quantity(start=start, end=end, value=value, percent=match["percent"] is not None)


def _is_negative(text: str, match: re.Match[str]) -> bool:
    """Whether the mark before a number is a sign: a hyphen after a word or a number is none, nor is the bullet of a list."""
    if match["late_sign"]:
        return True
    if not match["sign"]:
        return re.search(r"[=:(]\s*-\s+$", text[: match.start()]) is not None
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
    value *= Fraction(10) ** tens * SCALES.get((match["scale"] or "").lower(), 1)
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
