"""One measure that a judge was asked for and answers under its own name: "Faithfulness: 8/10", "- Coherence (1-5): 3".

Such a line is a part score where others stand beside it. It counts only where it is all that the reply scores, and the scale
stands beside it, or the form that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from sctk_core.parsing.answer import Sentence
from sctk_core.parsing.figures import NUMBER
from sctk_core.parsing.numbers import Number, read_number
from sctk_core.parsing.scales import Bounds, scale_is
from sctk_core.parsing.words import any_of

_FORM = re.compile(r"evaluation form\b.{0,30}:?$")
_NAMED = re.compile(rf"[^\d:=]{{2,60}}(?:[(\[][^()\[\]]{{1,30}}[)\]])?\s*[:=]\s*(?={NUMBER})")


@cache
def _worded() -> re.Pattern[str]:
    """Another measure, judged in words ("Clarity: good")."""
    parts = r"clarity|style|accuracy|tone|grammar|correctness|completeness|conciseness|depth"
    return re.compile(rf"(?:{any_of('score.measures')}|{parts})\b[^:=]{{0,20}}[:=]")


def measured(said: Sequence[Sentence], bounds: Bounds) -> Number | None:
    """The value of the one measure that ends a reply; None where something else is scored, or the scale is not sure."""
    if said and not said[-1].alone:
        return _first_named(said, bounds)
    if not said:
        return None
    whole = any_of("score.overall", "score.final")
    labels = any_of("score.labels", "score.comma_labels")
    named = rf"(?:(?:the|{whole})\s+)?{any_of('score.measures')}(?:\s+{labels}(?:\s+(?=is\s))?)?"
    head = re.match(rf"{named}(?P<remark>\s*[(\[][^()\[\]]{{1,30}}[)\]])?\s*(?:[:=]|(?<=\s)is\s)\s*", said[-1].text)
    others = [each.text for each in said[:-1] if _NAMED.match(each.text)]
    counts = [
        text for text in others if re.search(r"\b(?:total|supported|grounded|correct|claims|statements|facts)\b", text)
    ]
    worded = any(_worded().match(each.text) for each in said[:-1])
    beside = any(re.search(r"\d\s?(?:/|out of)\s?\d", each.text) for each in said[:-1] if each.text not in counts)
    if head is None or worded or beside or len(others) > len(counts):
        return None
    scale = scale_is(head["remark"], bounds) if head["remark"] else None
    number = read_number(said[-1].text[head.end() :], bounds, sums=bool(counts) or bounds.high == 1)
    if number is None or number.value is None or (head["remark"] and not scale) or re.search(r"[^\W\d]", number.rest):
        return None
    form = len(said) > 1 and _FORM.match(said[-2].text)
    named_score = re.search(rf"{labels}\W*(?:is\W*)?$", head[0]) is not None
    alone = (len(said) == 1 and (bounds.high == 1 or head[0].startswith("quality"))) or (
        bounds.high == 1 and named_score
    )
    return number if number.scaled or scale or form or alone or counts else None


def _first_named(said: Sequence[Sentence], bounds: Bounds) -> Number | None:
    """The share behind its own name at the head ("Similarity score: 0.92. Both ..."), where no other number could be one."""
    head = re.match(rf"{any_of('score.measures')} (?:score|rating)\s*[:=]\s*", said[0].text)
    number = read_number(said[0].text[head.end() :], bounds) if head else None
    if number is None or number.value is None or bounds.high != 1 or re.search(r"[^\W\d]", number.rest):
        return None
    others = [float(each) for sentence in said[1:] for each in re.findall(NUMBER, sentence.text)]
    return None if any(bounds.low <= each <= bounds.high for each in others) else number
