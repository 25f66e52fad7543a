"""What core checks of every batch that a component answers: length, order, types, finite numbers, and that it was awaited.

A component that breaks its contract once cannot be trusted with the rest of that batch: where one answer is missing or
stands in another's place, nobody knows which. So any breach is a `Failure(kind="contract")` for every item of the batch,
and never a wrong number. Text that is no Unicode, or too long, is the one exception: a model wrote it, so only its own item fails.
"""

from __future__ import annotations

import inspect
import math
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from sctk_core.pipeline.fields import LONGEST, ill_typed, is_label, with_plain_numbers
from sctk_core.plan import Curation, Declined
from sctk_core.reals import finite, kind_of, plain, real
from sctk_core.records import (
    Critique,
    Decision,
    Failure,
    FailureKind,
    Reply,
    Request,
    Round,
    Sample,
    Score,
    TrainReport,
)
from sctk_core.shown import REASON, TEXT, cut, shown, told

A = TypeVar("A")
NUMBER = "wanted a finite number"
_SEEN = frozenset((Reply, Sample, Critique, Score, Decision))
"""The types of answers whose order and content `_order` and `_content` judge."""
_RECORDS = tuple(_SEEN)
KINDS = typing.get_args(FailureKind)


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
        if not looked_at(_first, answer, items[0]):
            return [_storable(_about(answer, items[0]), of[0], stage, component, longest)]
    complaint = looked_at(partial(breach, answers, items, expect, of=of))
    if complaint:
        _close(answers)
        return [_broken(name, stage, component, complaint) for name in of]
    assert isinstance(answers, Sequence)
    return [
        stamped(answer, name, stage, component)
        if isinstance(answer, Failure)
        else _storable(_about(answer, item), name, stage, component, longest)
        for answer, item, name in zip(answers, items, of, strict=True)
    ]


def _first(answer: Any, item: Any) -> str:
    """What is wrong with an answer of the right type."""
    complaint = _order(answer, item) or _content(answer)
    return complaint or (ill_typed(answer) and ill_typed(with_plain_numbers(answer)))


def _about(answer: Any, item: Any) -> Any:
    """The answer, about the very record that was asked about: of that a component may have only one that looks like it."""
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
    return answer


def _put(record: Any, name: str, value: Any) -> None:
    if getattr(record, name) is not value:
        object.__setattr__(record, name, value)


def checked_values(values: object, samples: Sequence[Sample]) -> str:
    """What is wrong with an evaluator's answer (metric -> one finite number or None per sample), or "" where nothing is."""
    return looked_at(partial(_of_values, values, samples))


def _of_values(values: object, samples: Sequence[Sample]) -> str:
    if inspect.isawaitable(values):
        _close(values)
        return f"got {_kind_of(values)} that nobody awaited, wanted a mapping of metric to values"
    if not isinstance(values, Mapping):
        return f"got {_kind_of(values)}, wanted a mapping of metric to one value or None per sample"
    for metric, row in values.items():
        if not is_label(metric) or not metric.isprintable() or not metric:
            return f"got the metric {shown(metric)}, wanted its name"
        if not isinstance(row, Sequence) or isinstance(row, str | bytes):
            return f"metric {metric!r}: got {_kind_of(row)}, wanted a list of values"
        if len(row) != len(samples):
            return f"metric {metric!r}: got {len(row)} values, wanted {len(samples)}, one per sample"
        for position, (value, sample) in enumerate(zip(row, samples, strict=True)):
            complaint = _of_value(value, sample)
            if complaint:
                return f"sample {position}: metric {metric!r}: {complaint}"
    return ""


def _of_value(value: object, sample: Sample) -> str:
    """What is wrong with what an evaluator says of one sample."""
    if type(value) is Score:
        return _order(value, sample) or _content(value) or ill_typed(value)
    if value is None or isinstance(value, Failure) or _finite(value):
        return ""
    return f"got {kind_of(value)}, {NUMBER} or None"


def plain_values(values: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """An evaluator's answer that was found good, its numbers as floats."""
    return {metric: [plain(value) for value in row] for metric, row in values.items()}


def looked_at(look: Callable[..., str], *about: Any) -> str:
    """What a look at an answer finds wrong; an object that cannot even be looked at is that."""
    try:
        return look(*about)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - what a stranger's object does when it is looked at
        return f"cannot be looked at ({told(error)})"


def filed(value: Any, sample: Sample, component: str) -> Any:
    """What an evaluator says of a sample, under that sample: a failure by its id, a score about the very record."""
    if isinstance(value, Failure):
        return stamped(value, sample.id, "measure", component)
    return _about(value, sample) if isinstance(value, Score) else value


def checked_report(report: TrainReport) -> str:
    """What of a trainer's report is no number, or "" where all are."""
    for name in ("n_rows", "n_tokens", "n_steps", "n_retokenised"):
        if type(getattr(report, name)) is not int:
            return f"{name}: got {kind_of(getattr(report, name))}, wanted a whole number"
    if type(report.unchanged) is not bool:
        return f"unchanged: got {kind_of(report.unchanged)}, wanted true or false"
    if not isinstance(report.losses, tuple) or not isinstance(report.metrics, dict):
        return f"losses, metrics: got {_kind_of(report.losses)} and {_kind_of(report.metrics)}, wanted a tuple and a mapping"
    found = {f"losses[{step}]": loss for step, loss in enumerate(report.losses)}
    found |= {f"metrics[{name!r}]": value for name, value in report.metrics.items()}
    return next((f"{name}: got {kind_of(one)}, {NUMBER}" for name, one in found.items() if not _finite(one)), "")


def checked_verdicts(answer: object, rows: Sequence[str], held_out: Sequence[str]) -> str:
    """What is wrong with a curator's answer (a Curation with one verdict per row, of such ids), or "" where nothing is."""
    return looked_at(partial(_of_verdicts, answer, rows, held_out))


def _of_verdicts(answer: object, rows: Sequence[str], held_out: Sequence[str]) -> str:
    if not isinstance(answer, Curation):
        _close(answer)
        return f"got {_kind_of(answer)}, wanted a Curation"
    verdicts = answer.verdicts
    if not isinstance(verdicts, Sequence) or isinstance(verdicts, str | bytes):
        return f"got verdicts in {_kind_of(verdicts)}, wanted a list of None, Declined or Failure"
    if len(verdicts) != len(rows):
        return f"got {len(verdicts)} verdicts, wanted {len(rows)}, one per row and in the same order"
    notes = answer.notes
    if not isinstance(notes, tuple | list) or not all(type(note) is str and _unicode(note) for note in notes):
        return f"got notes in {_kind_of(notes)} that are not all Unicode text, wanted a tuple of str"
    known = {*rows, *held_out}
    for position, (verdict, row) in enumerate(zip(verdicts, rows, strict=True)):
        complaint = _verdict(verdict, row, known)
        if complaint:
            return f"verdict {position} of {len(rows)}: {complaint}"
    return ""


def _verdict(verdict: object, row: str, known: set[str]) -> str:
    """What is wrong with one verdict on one row."""
    if verdict is None or isinstance(verdict, Failure):
        return ""
    if not isinstance(verdict, Declined):
        return f"got {_kind_of(verdict)}, wanted None, Declined or Failure"
    if not (is_label(verdict.reason) and verdict.reason):
        return f"got the reason {shown(verdict.reason)}, wanted a short text"
    if not (type(verdict.detail) is str and _unicode(verdict.detail)):
        return f"got a detail that is {shown(verdict.detail)}, wanted a text of Unicode"
    if not is_label(verdict.because) or (verdict.because and (verdict.because not in known or verdict.because == row)):
        return (
            f"got because = {shown(verdict.because)}, wanted the id of another row of the table or of a held-out prompt"
        )
    if verdict.similarity is not None and not (_finite(verdict.similarity) and 0 <= verdict.similarity <= 1):
        return f"got the similarity {shown(verdict.similarity)}, wanted a number in [0, 1] or None"
    return ""


def breach(answers: object, items: Sequence[Any], expect: type, *, of: Sequence[str]) -> str:
    """What is wrong with a batch of answers, in one line (got, wanted), or "" where nothing is."""
    assert len(of) == len(items), "one id per item"
    if type(answers) is not list and (inspect.isawaitable(answers) or inspect.isasyncgen(answers)):
        return f"got {_kind_of(answers)} that nobody awaited, wanted a list (is an `await` missing?)"
    if not isinstance(answers, Sequence) or isinstance(answers, str | bytes):
        return f"got {_kind_of(answers)}, wanted a list of {expect.__name__} or Failure"
    if len(answers) != len(items):
        return f"got {len(answers)} answers, wanted {len(items)}, one per item and in the same order"
    known = set(of)
    for position, (answer, item, name) in enumerate(zip(answers, items, of, strict=True)):
        complaint = _one(answer, item, expect, name, known)
        if complaint:
            return f"answer {position} of {len(items)}: {complaint}"
    return ""


def _one(answer: object, item: Any, expect: type, name: str, known: set[str]) -> str:
    """What is wrong with one answer to one item."""
    if type(answer) is expect and expect is not float:
        return _first(answer, item)
    if isinstance(answer, Failure):
        astray = answer.of in known and answer.of != name
        return f"got the failure of {answer.of}, wanted that of {name} (out of order)" if astray else ""
    if inspect.isawaitable(answer):
        return f"got {_kind_of(answer)} that nobody awaited, wanted {expect.__name__} (is an `await` missing?)"
    if expect is float:
        return "" if _finite(answer) else f"got {kind_of(answer)}, {NUMBER}"
    return f"got {_kind_of(answer)}, wanted {expect.__name__} or Failure"


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
    if isinstance(answer, Score) and not _finite(answer.value):
        return f"value: got {kind_of(answer.value)}, {NUMBER}"
    if isinstance(answer, Reply | Sample) and answer.logprob is not None and not _finite(answer.logprob):
        return f"logprob: got {kind_of(answer.logprob)}, {NUMBER} or None"
    for name in ("log_alpha", "log_gain") if isinstance(answer, Decision) else ():
        value = getattr(answer, name)
        if value is not None and not _at_most_infinite(value):
            return f"{name}: got {kind_of(value)}, {NUMBER}, an infinite one or None"
    if isinstance(answer, Critique) and not (type(answer.verdict) is str and answer.verdict in ("keep", "revise")):
        return f"got the verdict {shown(answer.verdict)}, wanted 'keep' or 'revise'"
    if isinstance(answer, Reply | Sample | Critique) and not isinstance(answer.text, str):
        return f"got a text that is {_kind_of(answer.text)}, wanted str"
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
    elif not _unicode(text):
        where = next(place for place, letter in enumerate(text) if "\ud800" <= letter <= "\udfff")
        reason, detail = "text that is no Unicode", f"a lone surrogate at character {where}"
    if reason:
        return Failure(of=name, stage=stage, component=component, kind=kind, reason=reason, detail=detail)  # type: ignore[arg-type]
    return answer


def _unicode(text: str) -> bool:
    """Whether a table can hold the text."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite(value: object) -> bool:
    return finite(value) is not None


def _at_most_infinite(value: object) -> bool:
    number = real(value)
    return number is not None and not math.isnan(number)


def _kind_of(value: object) -> str:
    return f"a {type(value).__name__}"


def _close(answers: object) -> None:
    """Ends coroutines that nobody awaited, so that Python does not warn of them a second time."""
    members = answers if isinstance(answers, list | tuple) else [answers]
    for member in members:
        if inspect.iscoroutine(member):
            member.close()


def _broken(name: str, stage: str, component: str, complaint: str) -> Failure:
    reason = reason_for(complaint)
    return Failure(of=name, stage=stage, component=component, kind="contract", reason=reason, detail=complaint)


def reason_for(complaint: str) -> str:
    """The few words by which a ledger counts a complaint: field, got and wanted, without what differs from item to item.

    >>> reason_for("answer 2 of 4: value: got nan, wanted a finite number")
    'value: got nan, wanted a finite number'
    >>> reason_for("answer 0 of 1: got the verdict 'maybe', wanted 'keep' or 'revise'")
    "got the verdict '...', wanted 'keep' or 'revise'"
    """
    text = _PLACE.sub("", complaint)
    if NUMBER in text:
        return cut(text, REASON)
    if text.startswith("cannot be looked at"):
        return "cannot be looked at"
    text = _COUNTS.sub(r"got too few or too many \1, wanted one per item", text)
    field, got, rest = text.partition("got ")
    said, wanted, what = rest.rpartition(", wanted")
    said, what = _DIGITS.sub("N", _QUOTED.sub("'...'", said)), _IDS.sub("'...'", what)
    return cut(f"{field}{got}{said}{wanted}{what}", REASON)


_PLACE = re.compile(r"^(answer|sample) \d+( of \d+)?: ")
_COUNTS = re.compile(r"got \d+ (answers|values), wanted \d+, one per .*")
_QUOTED, _IDS, _DIGITS = (
    re.compile(r"""(['"]).*(\1|\.\.\.)"""),
    re.compile(r"'[0-9a-f]{16,}('|\.\.\.)"),
    re.compile(r"\d+"),
)


def stamped(failure: Failure, name: str, stage: str, component: str) -> Failure:
    """The failure under its item's id, stage and component, whatever the component called itself, in words that a table holds."""
    kind: Any = failure.kind if type(failure.kind) is str and failure.kind in KINDS else "contract"
    reason = failure.reason if kind == failure.kind else f"a failure of the kind {shown(failure.kind)}"
    return Failure(
        of=name, stage=stage, component=component, kind=kind, reason=cut(reason, REASON) or "no reason was given",
        detail=cut(failure.detail, TEXT), rank=failure.rank if type(failure.rank) is int else 0,
    )  # fmt: skip
