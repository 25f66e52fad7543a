"""The one number that a text gives as its answer, and when two of them are the same."""

from __future__ import annotations

import re
from fractions import Fraction

from sctk_rewards.gold.quantities import Quantity, plain, quantities
from sctk_rewards.gold.stated import stated

_REFUSED = (
    r"(?:\bnot|n't|\bnever|\bneither|\bwrong|\bincorrect|\bless than|\bmore than|\bfewer than|\bgreater than|\bat least|\bat most"
    r"|\bbetween|\beither|\bunder|[<>≤≥≠])"
)
_SOMEWHERE, _NEAR = (
    re.compile(_REFUSED, re.IGNORECASE),
    re.compile(_REFUSED + r"\W*(?:[^\W\d]+\W+){0,2}$", re.IGNORECASE),
)
_JOINED = re.compile(
    r"[\s,;&]*(?:[^\W\d_]+\.?\s*)?(?:,|;|&|and|or|to|through|y|o|et|ou|und|oder|и|或|和|と)?[\s,]*", re.IGNORECASE
)
_ASIDE = re.compile(r"[(\[;]|\b(?:because|since|which|given|as)\b", re.IGNORECASE)
_EQUALS = re.compile(r"(?<![<>!=])[=≈](?!=)")


def answered(text: str, *, last: bool = True) -> Quantity | None:
    """The number that a text states as its answer, or with `last`, where it states none, its last one. None: none, or in doubt."""
    said = stated(text)
    if said is not None:
        return _first(plain(_EQUALS.split(said)[-1]))
    return _last(plain(text)) if last else None


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
    """The last number of a text, on the same terms."""
    found = list(quantities(text))
    if not found or found[-1].value is None:
        return None
    clause = re.split(r"[,;.!?\n](?=\s|$)", text[: found[-1].start])[-1]
    one, last = found[-2:] if len(found) > 1 else (found[-1], found[-1])
    joined = one.value != last.value and _JOINED.fullmatch(text, one.end, last.start)  # 5 or 6, 5 hours and 30 minutes
    return None if joined or _NEAR.search(clause) else last
