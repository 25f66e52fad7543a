"""How a judge writes one number: in digits or as a word, with a decimal comma, a half, a sign, or both ways ("four (4)")."""

from __future__ import annotations

import re

NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)"
IN_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WORDS = "(?:" + "|".join(IN_WORDS) + r")(?!\w)"
_PARTS = {"1/2": 0.5, "1/4": 0.25, "3/4": 0.75, "a half": 0.5, "one half": 0.5}


def figure(text: str) -> tuple[float, int] | None:
    """The value of the number that a text in small letters begins with, and where it ends; None where it begins with none.

    >>> figure("four (4) of them"), figure("3 1/2"), figure("4,5/5"), figure("minus 0.5"), figure("three and a half.")
    ((4.0, 8), (3.5, 5), (4.5, 3), (-0.5, 9), (3.5, 16))
    """
    minus = re.match(r"(?:minus|negative) (?=\.?\d)", text)
    start = minus.end() if minus else 0
    found = re.match(rf"{NUMBER}|{WORDS}", text[start:])
    if not found:
        return None
    value, end = plain_value(found[0]), start + found.end()
    if "." not in found[0]:
        decimals = re.match(r",(\d{1,2})(?![\d,])", text[end:])
        part = re.match(r" (1/2|1/4|3/4)(?![\d/])| and (a half|one half)\b", text[end:])
        if decimals:
            value, end = float(f"{found[0]}.{decimals[1]}"), end + decimals.end()
        elif part:
            value, end = value + _PARTS[part[1] or part[2]], end + part.end()
    again = re.match(rf" ?[(\[]({NUMBER}|{WORDS})[)\]]", text[end:])
    end += again.end() if again and plain_value(again[1]) == value else 0
    return (-value if minus else value), end


def plain_value(number: str) -> float:
    """The value of digits or of a word."""
    return float(IN_WORDS.index(number)) if number in IN_WORDS else float(number)
