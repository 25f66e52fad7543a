"""What core checks of every batch that a component answers: length, order, types, finite numbers, and that it was awaited.

A component that breaks its contract once cannot be trusted with the rest of that batch: where one answer is missing or
stands in another's place, nobody knows which. So any breach is a `Failure(kind="contract")` for every item of the batch,
and never a wrong number. Text that is no Unicode, or too long, is the one exception: a model wrote it, so only its own item fails.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

from sctk_core.pipeline.fields import LONGEST, fits_unicode, ill_typed, with_plain_numbers
from sctk_core.pipeline.looks import closed, looked_at, taken
from sctk_core.pipeline.reasons import NUMBER, broken, stamped
from sctk_core.reals import finite, kind_of, plain, real
from sctk_core.records import Critique, Decision, Failure, Reply, Request, Round, Sample, Score
from sctk_core.shown import kind_of as type_of
from sctk_core.shown import shown

A = TypeVar("A")
_SEEN = frozenset((Reply, Sample, Critique, Score, Decision))
"""The types of answers whose order and content `_order` and `_content` judge."""
_RECORDS = tuple(_SEEN)
_NAMED = _SEEN - {Reply}
"""Those that have an id of their content."""


def checked(
    answers: object,
    items: Sequence[Any],
    expect: type[A],
    *,
    of: Sequence[str],
    stage: str,
    component: str,
    longest: int = LONGEST,
) -> list[A | Failure]:
    """One `expect` or `Failure` per item, in order: the answers where they keep the contract, else failures for all items.

    `of` holds the ids that failures are filed under, one per item. A failure that the component returned is stamped with
    its item's id, this stage and this component, so that the ledger never depends on what a component calls itself. An answer
    is about the very item that was asked about, and a text has at most `longest` characters.
    """
    if type(answers) is list and len(answers) == len(items) == 1 and type(answers[0]) is expect in _SEEN:
        answer = answers[0]  # nearly all there is: one answer, of the right type
        if not looked_at(amiss, answer, items[0]):
            return [_storable(about(answer, items[0]), of[0], stage, component, longest)]
    kept: list[Any] = []
    complaint = looked_at(partial(breach, answers, items, expect, of=of, kept=kept))
    if complaint:
        closed(kept or answers)
        return [broken(name, stage, component, complaint) for name in of]
    return [
        stamped(answer, name, stage, component)
        if isinstance(answer, Failure)
        else _storable(about(answer, item), name, stage, component, longest)
        for answer, item, name in zip(kept, items, of, strict=True)
    ]


def amiss(answer: Any, item: Any) -> str:
    """What is wrong with an answer of the right type."""
    complaint = _order(answer, item) or _content(answer)
    return complaint or (ill_typed(answer) and ill_typed(with_plain_numbers(answer)))


def about(answer: Any, item: Any) -> Any:
    """The answer, about the very record that was asked about, and named anew.

    Of that record a component may have only one that looks like it; and what it changed in its answer after that was made
    (no constructor saw it) is in the content, and not yet in the id.
    """
    if isinstance(answer, Score):
        sample, against = item if isinstance(item, tuple) else (item, None)
        _put(answer, "sample", sample)
        _put(answer, "against", against)
    elif isinstance(answer, Critique):
        _put(answer, "sample", item)
    elif isinstance(answer, Sample) and isinstance(item, Critique):
        _put(answer, "prompt", item.sample.prompt)
    elif isinstance(answer, Decision):
        moved = (item.proposal.sample, item.current.sample)
        kept, dropped = moved if answer.accepted else moved[::-1]
        _put(answer, "kept", kept)
        _put(answer, "dropped", dropped)
    if type(answer) in _NAMED:
        answer.__post_init__()
    return answer


def _put(record: Any, name: str, value: Any) -> None:
    if getattr(record, name) is not value:
        object.__setattr__(record, name, value)


def breach(
    answers: object, items: Sequence[Any], expect: type, *, of: Sequence[str], kept: list[Any] | None = None
) -> str:
    """What is wrong with a batch of answers, in one line (got, wanted), or "" where nothing is.

    The answers that were looked at are put into `kept`: the batch itself may be another the next time it is read.
    """
    assert len(of) == len(items), "one id per item"
    if type(answers) is not list and (inspect.isawaitable(answers) or inspect.isasyncgen(answers)):
        return f"got {type_of(answers)} that nobody awaited, wanted a list (is an `await` missing?)"
    if not isinstance(answers, Sequence) or isinstance(answers, str | bytes):
        return f"got {type_of(answers)}, wanted a list of {expect.__name__} or Failure"
    members = taken(answers, len(items))
    if kept is not None:
        kept += members
    if len(members) != len(items):
        return f"got {len(members)} answers, wanted {len(items)}, one per item and in the same order"
    known = set(of)
    for position, (answer, item, name) in enumerate(zip(members, items, of, strict=True)):
        complaint = _one(answer, item, expect, name, known)
        if complaint:
            return f"answer {position} of {len(items)}: {complaint}"
    return ""


def _one(answer: object, item: Any, expect: type, name: str, known: set[str]) -> str:
    """What is wrong with one answer to one item."""
    if type(answer) is expect and expect is not float:
        return amiss(answer, item)
    if isinstance(answer, Failure):
        astray = answer.of in known and answer.of != name
        return f"got the failure of {answer.of}, wanted that of {name} (out of order)" if astray else ""
    if inspect.isawaitable(answer):
        return f"got {type_of(answer)} that nobody awaited, wanted {expect.__name__} (is an `await` missing?)"
    if expect is float:
        return "" if finite(answer) is not None else f"got {kind_of(answer)}, {NUMBER}"
    return f"got {type_of(answer)}, wanted {expect.__name__} or Failure"


def _order(answer: Any, item: Any) -> str:
    """Whether an answer belongs to its item: how a wrong order is seen."""
    kind = type(answer)
    if kind is Reply and type(item) is Request:
        return "" if answer.key == item.key else _same(answer.key, item.key, "reply with the key")
    if kind is Score and type(item) is Sample and answer.sample is item:
        return ""
    if isinstance(answer, Reply) and isinstance(item, Request):
        return _same(answer.key, item.key, "reply with the key")
    if isinstance(answer, Score) and isinstance(item, tuple):
        against = "" if answer.against is None else answer.against.id
        return _same(answer.sample.id, item[0].id, "score of the pair with the first") or _same(
            against, item[1].id, "score of the pair with the second"
        )
    if isinstance(answer, Score | Critique) and isinstance(item, Sample):
        return _same(answer.sample.id, item.id, f"{type(answer).__name__.lower()} of sample")
    if isinstance(answer, Sample) and isinstance(item, Critique):
        return _same(answer.critique, item.id, "revision by critique") or _same(
            answer.prompt.id, item.sample.prompt.id, "revision for prompt"
        )
    if isinstance(answer, Decision) and isinstance(item, Round):
        kept, dropped = item.current.sample.id, item.proposal.sample.id
        if answer.accepted:
            kept, dropped = dropped, kept
        return _same(answer.kept.id, kept, "decision that keeps") or _same(
            answer.dropped.id, dropped, "decision that drops"
        )
    return ""


def _same(got: object, wanted: str, what: str) -> str:
    if type(got) is str and got == wanted:
        return ""
    return f"got a {what} {shown(got)}, wanted {shown(wanted)} (out of order, or about something else)"


def _content(answer: Any) -> str:
    """Whether the numbers of an answer are finite and its fields have their types."""
    if type(answer) in (Reply, Sample) and type(answer.text) is str and answer.logprob is None:
        return ""
    if isinstance(answer, Score) and finite(answer.value) is None:
        return f"value: got {kind_of(answer.value)}, {NUMBER}"
    if isinstance(answer, Reply | Sample) and answer.logprob is not None and finite(answer.logprob) is None:
        return f"logprob: got {kind_of(answer.logprob)}, {NUMBER} or None"
    for name in ("log_alpha", "log_gain") if isinstance(answer, Decision) else ():
        value = getattr(answer, name)
        if value is not None and not _at_most_infinite(value):
            return f"{name}: got {kind_of(value)}, {NUMBER}, an infinite one or None"
    if isinstance(answer, Critique) and not (type(answer.verdict) is str and answer.verdict in ("keep", "revise")):
        return f"got the verdict {shown(answer.verdict)}, wanted 'keep' or 'revise'"
    if isinstance(answer, Reply | Sample | Critique) and not isinstance(answer.text, str):
        return f"got a text that is {type_of(answer.text)}, wanted str"
    return ""


def _storable(answer: Any, name: str, stage: str, component: str, longest: int) -> Any:
    """The answer, or its own failure where its text has lone surrogates, which no table can hold, or has no end."""
    if not isinstance(answer, _RECORDS):
        return plain(answer)
    text = getattr(answer, "text", "")
    if type(text) is not str:
        text = str.__str__(text)
        object.__setattr__(answer, "text", text)
    reason, detail, kind = "", "", "parse"
    if len(text) > longest:
        reason, detail, kind = f"a text of more than {longest} characters", f"got {len(text)}", "budget"
    elif not fits_unicode(text):
        where = next(place for place, letter in enumerate(text) if "\ud800" <= letter <= "\udfff")
        reason, detail = "text that is no Unicode", f"a lone surrogate at character {where}"
    if reason:
        return Failure(of=name, stage=stage, component=component, kind=kind, reason=reason, detail=detail)  # type: ignore[arg-type]
    return answer


def _at_most_infinite(value: object) -> bool:
    number = real(value)
    return number is not None and not math.isnan(number)
