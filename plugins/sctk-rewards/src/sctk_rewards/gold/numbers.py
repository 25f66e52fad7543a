"""The one number that a text gives as its answer, and when two of them are the same."""

from __future__ import annotations

import re
from fractions import Fraction

from sctk_rewards.gold.quantities import Quantity, plain, quantities
from sctk_rewards.gold.stated import stated
from sctk_rewards.gold.wholes import number_words

_REFUSED = (
    r"(?:\bnot|n't|\bnever|\bneither|\bwrong|\bincorrect|\bless than|\bmore than|\bfewer than|\bgreater than|\bat least|\bat most"
    r"|\bbetween|\beither|\bunder|[<>≤≥≠])"
)
_SOMEWHERE, _NEAR = (
    re.compile(_REFUSED, re.IGNORECASE),
    re.compile(_REFUSED + r"\W*(?:[^\W\d]+\W+){0,2}$", re.IGNORECASE),
)
_JOINED = re.compile(
    r"[\s,;&]*(?P<unit>[^\W\d_]+\.?\s*)?(?P<and>,|;|&|and|or|to|through|y|o|et|ou|und|oder|и|или|或|和|と|또는)?[\s,]*",
    re.IGNORECASE,
)
_IS = number_words()["is"]
"""Words between two numbers that make the second what the first comes to."""
MOST_BETWEEN = 60
"""Characters between two numbers of one answer."""
_DATE = re.compile(
    r"(?:st|nd|rd|th|er|\.)?,?\s+(?:(?:de|of|del)\s+)?(?:[^\W\d_]+\.?,?\s+)?(?:(?:de|of|del)\s+)?", re.IGNORECASE
)
_BRACKETS = re.compile(r"(?<=[\w%°²³)])\s+\([^()]*(?:\([^()]*\)[^()]*)*\)")
_BOLD = re.compile(r"(?:\*\*|__)([^*_\n]*?)(?:\*\*|__)")
_BULLET_SIGN = re.compile(r"^([-−+])\s+(?=[\d.\\$])")
_ASIDE = re.compile(r"[(\[;]|\b(?:because|since|which|given|as)\b", re.IGNORECASE)
_EQUALS = re.compile(r"(?<![<>!=])[=≈](?!=)")


def answered(text: str, *, last: bool = True) -> Quantity | None:
    """The number that a text states as its answer, or with `last`, where it states none, its last one. None: none, or in doubt."""
    said = stated(text)
    if said is not None:
        return _first(plain(_BULLET_SIGN.sub(r"\1", _EQUALS.split(said)[-1].strip())))
    if not last:
        return None
    return _bold(text) or _last(plain(text))


def _bold(text: str) -> Quantity | None:
    """The number that a text prints in bold, where it prints one alone so."""
    found = [one for part in _BOLD.findall(text) if (one := alone(part)) is not None]
    return found[0] if found and all(same(found[0], one) for one in found) else None


def alone(text: str) -> Quantity | None:
    """The number that a text is, with nothing around it."""
    found = list(quantities(text := plain(text.strip().rstrip(".,;? ").strip("$*_ ")).strip()))
    return found[0] if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) else None


def same(one: Quantity, other: Quantity, *, share: Fraction = Fraction(0), absolute: Fraction = Fraction(0)) -> bool:
    """Whether a number is as another, off by at most a share of the other or by `absolute`; 42 % is 42, and is 0.42 too."""
    if one.value is None or other.value is None:
        return False
    pairs = [(one.value, other.value)]
    if one.percent != other.percent:
        pairs.append((one.value / (100 if one.percent else 1), other.value / (100 if other.percent else 1)))
    return any(abs(a - b) <= max(absolute, share * abs(b)) for a, b in pairs)


def _first(text: str) -> Quantity | None:
    """The number of a statement, unless it is denied, bounded, or one of several (what stands in brackets or says why aside)."""
    found = list(quantities(text))
    if not found or found[0].value is None or _SOMEWHERE.search(text[: found[0].start]):
        return None
    aside = _ASIDE.search(text, found[0].end)
    beside = [one for one in found[1:] if aside is None or one.start < aside.start()]
    return found[0] if all(one.value == found[0].value for one in beside) else None


def _last(text: str) -> Quantity | None:
    """The last number of a text, on the same terms; what stands in brackets behind a word is an aside."""
    found = list(quantities(without := _BRACKETS.sub("", text))) or list(quantities(without := text))
    if not found or found[-1].value is None:
        return None
    one, last = found[-2:] if len(found) > 1 else (found[-1], found[-1])
    clause = re.split(r"[,;.!?\n](?=\s|$)", without[: last.start])[-1]
    return None if _NEAR.search(clause) or _is_joined(without, one, last) else last


def _is_joined(text: str, one: Quantity, last: Quantity) -> bool:
    """Whether two numbers are one answer, or two: 5 or 6, 5 hours and 30 minutes; a year ends a date, and "7 is 42" says 42."""
    if one.value == last.value or last.start - one.end > MOST_BETWEEN:
        return False
    match = _JOINED.fullmatch(text, one.end, last.start)
    if match is None:
        return False
    is_year = one.value is not None and one.value <= 31 and re.fullmatch(r"[12]\d{3}", text[last.start : last.end])
    if is_year and _DATE.fullmatch(text, one.end, last.start):
        return False
    word = (match["unit"] or "").strip(" .").casefold()
    return match["and"] is not None or word not in _IS
