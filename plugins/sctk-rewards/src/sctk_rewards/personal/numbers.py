"""E-mail addresses, accounts, ids and phone numbers: by their form, or by the word that stands before a number.

A number alone says little: 555-0173 is a phone number behind "call", and part of an order number elsewhere. So the forms that are
strong by themselves (+49 ..., four times four digits, ISO's account numbers) count anywhere, the weak ones behind a word for it.
Check digits are not asked for: a model invents numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sctk_rewards.personal.spans import Span
from sctk_rewards.personal.words import any_of

_GAP = rf"(?:[\s:：.,#№º°(-]|\b(?:{any_of('between')})\b){{0,12}}"
_VALUE = r"(?P<value>(?:[A-Z]{1,4}[ .-]?){0,2}[a-z]?\d(?:[ ./-]?[\dA-Z]){2,24})(?![\dA-Za-z])"
_EMAIL = re.compile(
    r"(?<!mailto:)(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<![\d-])\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}(?![\d-])")
_ACCOUNT = re.compile(rf"(?<![^\W_])(?i:{any_of('account')}){_GAP}{_VALUE}")
_ID = re.compile(rf"(?<![A-Za-zÀ-ž])(?i:{any_of('id')}){_GAP}{_VALUE}")
_ID_FORMS = re.compile(
    r"(?<![\w-])(?:\d{3}-\d{2}-\d{4}|\d{3}\.\d{3}\.\d{3}-\d{2}|[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]|\d{8}[A-Z]|"
    r"[1-9]\d{5}(?:19|20)\d{9}[\dX])(?![\w-])"
)
_NUMBER = re.compile(
    r"(?<![\dA-Za-z])(?:\+|00)?\(?\d(?:(?:\) ?| ?\(| [/-] |[ ./\u2010-\u2013-])?\d){5,16}(?![\dA-Za-z])"
)
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}|\d{1,3}(?:\.\d{1,3}){3}|\d{8}-\d{4}|\d{4}[-–]\d{4}")
_STRONG = re.compile(
    r"\(\d{2,5}\) ?\d{3,5}[ .-]?\d{3,4}|\d{3}([-. ])\d{3}\1\d{4}|"
    r"0\d{1,5}(?:[ ./-]+\d{2,8}){1,5}|0[67]\d{8,9}|06-\d{8}|01[5-7]\d{8,9}"
)
_SERVICE = re.compile(r"\(?(?:\+?1[ .-]?)?\(?8(?:00|33|44|55|66|77|88)\)?[ .-]|0?800[ .-]|0900[ .-]|116 ?\d{3}$")
_PHONE_WORD = re.compile(rf"(?<![A-Za-zÀ-ž])(?:{any_of('phone')})", re.IGNORECASE)
_OTHER_WORD = re.compile(rf"(?<![A-Za-zÀ-ž])(?:{any_of('no_phone')})", re.IGNORECASE)
_BEFORE, _NEAR = 60, 25


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses."""
    yield from (Span(*found.span(), "email") for found in _EMAIL.finditer(text))


def accounts(text: str) -> Iterator[Span]:
    """International account numbers, numbers of cards, and numbers behind a word for an account."""
    for form in (_IBAN, _CARD):
        yield from (Span(*found.span(), "account") for found in form.finditer(text))
    yield from (
        Span(*found.span("value"), "account") for found in _ACCOUNT.finditer(text) if _digits(found["value"]) >= 5
    )


def ids(text: str) -> Iterator[Span]:
    """Numbers of persons, patients and vehicles: in a form that is a country's own, or behind a word for one."""
    yield from (Span(*found.span(), "id") for found in _ID_FORMS.finditer(text))
    yield from (
        Span(*found.span("value"), "id")
        for found in _ID.finditer(text)
        if _digits(found["value"]) >= 3 and len(found["value"]) >= 5
    )


def phones(text: str) -> Iterator[Span]:
    """Phone numbers of at least seven digits; what is shorter dials a service."""
    yield from (Span(*found.span(), "phone") for found in _NUMBER.finditer(text) if _is_phone(text, found))


def _is_phone(text: str, found: re.Match[str]) -> bool:
    number, digits = found[0], _digits(found[0])
    if not 7 <= digits <= 15 or _DATE.fullmatch(number) or _SERVICE.match(number):
        return False
    if number.startswith("+"):
        return True
    near, before = (text[max(0, found.start() - n) : found.start()] for n in (_NEAR, _BEFORE))
    if _OTHER_WORD.search(near):
        return False
    return bool(_STRONG.fullmatch(number)) or bool(_PHONE_WORD.search(before))


def _digits(text: str) -> int:
    return sum(letter.isdigit() for letter in text)
