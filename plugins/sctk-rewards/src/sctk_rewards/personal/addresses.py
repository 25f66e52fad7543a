"""Postal addresses: a street with its number, in the order and with the words of fourteen languages.

A street without a number is a place, and does not count. The span ends behind the house number: what follows (a town, a postcode)
belongs to the same address, and is no second one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sctk_rewards.personal.spans import Span
from sctk_rewards.personal.words import any_of

_CAP = r"[^\W\d_a-zà-öø-ÿа-я][\w.'’-]{0,30}"
_NO = r"\d{1,5}[a-zA-Z]?(?:[-/]\d{1,4}[a-zA-Z]?)?"
_LOW = r"(?:d[aeio]s?|del|della|dell['’]|la|las|le|les|los|l['’]|d['’]|du|des|el|van|den|der|het|na|y|e) ?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?<![\w.,]){_NO},? (?:[NSEW]\.? )?(?:{_CAP} ){{1,4}}(?:{any_of('street_en')})\b",
        r"\b(?i:p\.? ?o\.? ?box|postfach|boîte postale|apartado(?: de correos)?) \d{2,6}\b",
        rf"\b[^\W\d_]{{2,30}}(?:{any_of('street_joined')}) {_NO}(?![\d.%])",
        rf"\b(?:{any_of('street_by')}) (?:{_CAP} ){{1,3}}\d{{1,3}}[a-z]?(?=[,;.\n)]|$)",
        rf"\b\d{{1,4}}(?: ?bis| ?ter)?,? (?i:{any_of('street_fr')}) (?:{_LOW}){{0,3}}{_CAP}",
        rf"\b(?i:{any_of('street_romance')}) (?:{_LOW}){{0,3}}(?:{_CAP},? (?:{_LOW}){{0,2}}){{1,4}}(?:n\.?[ºo°]? ?)?\d{{1,5}}\b",
        rf"(?<!\w)(?:{any_of('street_slavic')}) (?:{_CAP},? ?){{1,3}}(?:д\.|дом|nr)? ?\d{{1,4}}\b",
        rf"(?:{_CAP} ){{1,3}}(?:{any_of('street_tr')}),? (?:No:? ?)?\d{{1,4}}\b",
        r"[\u4e00-\u9fff]{2,20}(?:路|街|道|巷|弄)\d{1,5}号",
        r"(?:[都道府県市区町村][\u3040-\u30ff\u4e00-\u9fff]{1,12})\d{1,4}(?:[-\u2010-\u2013]\d{1,4}|丁目|番地?|号){1,4}",
        r"(?:시|구|군|동|읍|면) [가-힣0-9]{1,12}(?:로|길) ?\d{1,4}",
    )
)


def addresses(text: str) -> Iterator[Span]:
    """Streets with their numbers, and post boxes."""
    for form in _FORMS:
        yield from (Span(*found.span(), "address") for found in form.finditer(text))
