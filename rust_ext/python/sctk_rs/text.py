"""The words of a text, and the form in which whole answers are compared: what all scores, votes and searches stand on.

A word is a longest run of letters, marks, digits and `_` of any script, in comparable form: NFKC, case folded in full (`ß` is
`ss`, a final sigma a sigma), without default-ignorable characters (joiners, soft hyphens), digits of every script as 0 to 9. A sign
that means something belongs to its word or is one: `-5`, `3.14`, `c++`, `c#`; `+ - * / ^ % = < >` between operands. Thai, Lao,
Khmer and Burmese are cut by the dictionaries of ICU; each Han, Hiragana or Katakana character is a word.
"""

from __future__ import annotations

from fractions import Fraction

from sctk_rs import _native

__all__ = ["answer_words", "comparable", "number", "words"]


def words(text: str) -> list[str]:
    """The words of a text, in order, as they are compared; none of a text that has only punctuation or emoji.

    >>> words("Die STRASSE, die Straße: −5 °C; C++ ≠ C#")
    ['die', 'strasse', 'die', 'strasse', '-5', 'c', 'c++', '!=', 'c#']
    >>> words("ฉันรักแมว 12 + 4 = १६")
    ['ฉัน', 'รัก', 'แมว', '12', '+', '4', '=', '16']
    """
    return _native.text_words(text)


def answer_words(text: str) -> list[str]:
    """The words of an answer: as `words`, each number in one spelling, without the apostrophes and points within words.

    >>> answer_words("The U.S. pays $1,000.50, it's 5/6")
    ['the', 'us', 'pays', '1000.5', 'its', '5', '/', '6']
    """
    return _native.text_answer_words(text)


def comparable(text: str) -> str:
    """The form of a whole answer that is equal for two answers that say the same in the same words.

    A number is the number that it is, thousands separators and signs of money aside; any other answer is its words, without
    `a`, `an`, `the` before another word; an answer without words (an emoji, an empty one) is itself.

    >>> [comparable(text) for text in ("$1,000", "1000.0", "-5", "1/2", "The U.S.!", "x>3", "👍")]
    ['1000', '1000', '-5', '0.5', 'us', 'x > 3', '👍']
    """
    return _native.text_comparable(text)


def number(text: str) -> Fraction | None:
    """The number that a whole text is, exactly; None where it is none, or may be two (`1.000` is 1 or a thousand, `1,5`).

    Taken are a sign, digits of any script with thousands set apart, a decimal point, an exponent, a fraction; signs of money,
    brackets, emphasis and a final full stop are not read. Units and percent are not taken off: `5 km` and `50 %` are none.

    >>> number("−1,250.50"), number("3 1/2"), number("5 km")
    (Fraction(-2501, 2), Fraction(7, 2), None)
    """
    found = _native.text_number(text)
    return None if found is None else Fraction(found)
