"""Answers with a form: JSON (also loosely written), XML tags and tables, each turned into the sentences that a person would say.

`{"scores": {"clarity": 4, "overall": 3}}` says "clarity: 4" and "overall: 3", and so does a table with these rows; so one
grammar reads them all, and a part score is a part score in every form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sctk_core.parsing.markup import without_markup, without_program
from sctk_core.parsing.tables import tables_said
from sctk_core.parsing.words import any_of

_TRIES = 64
_WRAPPERS = {
    "answer", "data", "evaluation", "feedback", "grading", "judgement", "judgment", "output", "ratings", "response", "result",
    "results", "review", "scores",
}  # fmt: skip
"""Keys that hold what was asked, and are no part of it."""
_CRITERIA = {"aspect", "attribute", "category", "criterion", "criteria", "dimension", "metric"}
"""Keys whose value names what the rest of an object is about."""
_SCALES = re.compile(
    r"(?:max|maximum|highest|best)(?: possible)?(?: score| rating| value)?|(?:score |rating )?(?:out of|scale|range|max)"
)
_MEANT = r"[`\s]{0,3}(?:would|could|means?|if|is (?:for|what|the (?:best|format|highest|form)))\b"
"""Behind an object that is shown and not given."""
_TAG = re.compile(
    r"<(?P<tag>[A-Za-z][\w-]{1,30})>(?P<said>[^<>]{0,200})</(?P=tag)>|<(?P<open>(?i:score|rating|grade))>(?P<cut>[^<>\n]{1,60})\Z"
)


def spoken(text: str) -> str:
    """The text with every structured answer in it said in sentences, one a line, where it stood.

    >>> spoken('So: {"score": 4, "max_score": 5}').split("\\n")
    ['So: ', 'score: 4 /5', '']
    """
    said = _TAG.sub(_tag_said, without_markup(without_program(text)))
    return tables_said(_objects_said(said))


def _tag_said(match: re.Match[str]) -> str:
    name, said = _words(match["tag"] or match["open"]), (match["said"] or match["cut"] or "").strip()
    return f"\n{said}\n" if name in ("answer", "final answer", "output", "result") else f"\n{name}: {said}\n"


def _objects_said(text: str) -> str:
    pieces, done, tries = [], 0, 0
    start = _opening(text, 0)
    while start is not None and tries < _TRIES:
        tries += 1
        value, end = _read(text, start)
        if end > start:
            before = text[done:start].rpartition("\n")[2]
            example = re.search(rf"\b{any_of('score.examples')}", before.lower()) or re.match(_MEANT, text[end:])
            said = () if example else _said(value)
            pieces += [text[done:start], "\n", *(f"{line}\n" for line in said)]
            done = end
        start = _opening(text, max(end, start + 1))
    return "".join([*pieces, text[done:]])


def _opening(text: str, start: int) -> int | None:
    found = re.compile(r"\{|\[(?=\s*\{)").search(text, start)
    return found.start() if found else None


def _read(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at `start` and where it ends: JSON, or what people write for it ('single', trailing commas)."""
    try:
        return json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    end = start + 1 + text[start + 1 : start + 4000].find("}")
    if end <= start:
        return None, start
    loose = re.sub(r",\s*([}\]])", r"\1", text[start : end + 1])
    try:
        return json.loads(re.sub(r"'([^'\"\\]*)'", r'"\1"', loose)), end + 1
    except (ValueError, RecursionError):
        return None, start


def _said(value: Any, path: tuple[str, ...] = (), depth: int = 0) -> Iterator[str]:
    """One line a number or word that an object states: its keys, and the value with the scale that stands beside it."""
    if isinstance(value, list):
        for number, each in enumerate(value if depth < 8 else []):
            named = _by_criterion(each)
            inner = path if len(value) == 1 or named else (*path, f"item {number + 1}")
            yield from _said(named or each, inner, depth + 1)
    elif isinstance(value, dict) and (heavier := _heavier(value)):
        yield f"verdict: {heavier}"
    elif isinstance(value, dict):
        scale = next((_scale(each) for key, each in value.items() if _SCALES.fullmatch(_words(key))), "")
        for key, each in value.items() if depth < 8 else ():
            name = _words(key)
            if not _SCALES.fullmatch(name):
                inner = path if name in _WRAPPERS and isinstance(each, dict | list) else (*path, name)
                yield from (f"{line} {scale}".rstrip() for line in _said(each, inner, depth + 1))
    elif isinstance(value, bool) and path:
        yield from _decision(path[-1], value)
    elif isinstance(value, int | float | str) and path and value != "":
        first = re.split(r"[.!?;]\s|\n", str(value).strip())[0]
        yield f"{_named(path)}: {' '.join(first.split())}"


def _heavier(weights: dict[str, Any]) -> str | None:
    """Of `{"keep": 0.9, "revise": 0.1}` the word with the larger number; None of other objects and of ties."""
    keep, revise = any_of("verdict.keep"), any_of("verdict.revise")
    words = sorted(weights, key=lambda key: re.fullmatch(keep, _words(key)) is None)
    if len(words) != 2 or not (re.fullmatch(keep, _words(words[0])) and re.fullmatch(revise, _words(words[1]))):
        return None
    kept, revised = (weights[word] for word in words)
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in (kept, revised)) or kept == revised:
        return None
    return _words(words[0] if kept > revised else words[1])


def _decision(name: str, value: bool) -> Iterator[str]:
    """What `"needs_revision": false` says; nothing, of a key that asks something else."""
    revise = any_of("verdict.revise")
    asked = rf"keep|accept|approved?|accepted|revise|rewrite|(?:needs?|requires?) {revise}|{revise}(?= (?:needed|required)$)"
    if words := re.match(rf"(?:{asked})(?= needed$| required$|$)", name):
        yield f"verdict: {'' if value else 'not '}{words[0]}"


def _by_criterion(each: Any) -> dict[str, Any] | None:
    """`{"criterion": "overall", "score": 3}` as `{"overall": {"score": 3}}`; None where no one key names a criterion."""
    names = (
        [key for key, said in each.items() if _words(key) in _CRITERIA and isinstance(said, str)]
        if isinstance(each, dict)
        else []
    )
    return {each[names[0]]: {key: said for key, said in each.items() if key != names[0]}} if len(names) == 1 else None


def _named(path: tuple[str, ...]) -> str:
    """The keys as one name; "score value" is said "score"."""
    names = path[:-1] if len(path) > 1 and path[-1] in ("value", "number") else path
    return " ".join(names)


def _scale(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"/{value:g}"
    if isinstance(value, list) and len(value) == 2:
        return f"({value[0]}-{value[1]})"
    return f"({value})" if isinstance(value, str) else ""


def _words(key: object) -> str:
    """A key as words: "overallScore" and "overall_score" are "overall score"."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(key))
    return re.sub(r"[\s_]+", " ", apart).strip().lower()
