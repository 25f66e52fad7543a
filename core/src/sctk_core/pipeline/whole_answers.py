"""What core checks of answers about a whole table: an evaluator's values, a trainer's report, a curator's verdicts."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sctk_core.pipeline.contract import about, amiss
from sctk_core.pipeline.fields import fits_unicode, is_label
from sctk_core.pipeline.looks import closed, looked_at, taken
from sctk_core.pipeline.reasons import NUMBER, stamped
from sctk_core.plan import Curation, Declined
from sctk_core.reals import finite, kind_of, plain
from sctk_core.records import Failure, Sample, Score, TrainReport
from sctk_core.shown import kind_of as type_of
from sctk_core.shown import shown

MOST = 1000
"""Metrics of an evaluator, and notes of a component, at most."""


def checked_values(values: object, samples: Sequence[Sample], kept: dict[str, list[Any]] | None = None) -> str:
    """What is wrong with an evaluator's answer (metric -> one finite number or None per sample), or "" where nothing is.

    What was looked at is put into `kept`, its numbers as floats: of the answer itself nothing is read again.
    """
    found: dict[str, list[Any]] = {}
    complaint = looked_at(partial(_of_values, values, samples, found))
    if kept is not None and not complaint:
        kept |= found
    return complaint


def _of_values(values: object, samples: Sequence[Sample], kept: dict[str, list[Any]]) -> str:
    if inspect.isawaitable(values):
        closed(values)
        return f"got {type_of(values)} that nobody awaited, wanted a mapping of metric to values"
    if not isinstance(values, Mapping):
        return f"got {type_of(values)}, wanted a mapping of metric to one value or None per sample"
    metrics = taken(values.items(), MOST)
    if len(metrics) > MOST:
        return f"got more than {MOST} metrics, wanted fewer"
    for metric, row in metrics:
        if not is_label(metric) or not metric.isprintable() or not metric:
            return f"got the metric {shown(metric)}, wanted its name"
        if not isinstance(row, Sequence) or isinstance(row, str | bytes):
            return f"metric {metric!r}: got {type_of(row)}, wanted a list of values"
        kept[metric] = taken(row, len(samples))
        if len(kept[metric]) != len(samples):
            return f"metric {metric!r}: got {len(kept[metric])} values, wanted {len(samples)}, one per sample"
        for position, (value, sample) in enumerate(zip(kept[metric], samples, strict=True)):
            complaint = _of_value(value, sample)
            if complaint:
                return f"sample {position}: metric {metric!r}: {complaint}"
        kept[metric] = [plain(value) for value in kept[metric]]
    return ""


def _of_value(value: object, sample: Sample) -> str:
    """What is wrong with what an evaluator says of one sample."""
    if type(value) is Score:
        return amiss(value, sample)
    if value is None or isinstance(value, Failure) or finite(value) is not None:
        return ""
    return f"got {kind_of(value)}, {NUMBER} or None"


def filed(value: Any, sample: Sample, component: str) -> Any:
    """What an evaluator says of a sample, under that sample: a failure by its id, a score about the very record."""
    if isinstance(value, Failure):
        return stamped(value, sample.id, "measure", component)
    return about(value, sample) if isinstance(value, Score) else value


def checked_report(report: TrainReport) -> str:
    """What of a trainer's report is no number, or "" where all are."""
    for name in ("n_rows", "n_tokens", "n_steps", "n_retokenised"):
        if type(getattr(report, name)) is not int:
            return f"{name}: got {kind_of(getattr(report, name))}, wanted a whole number"
    if type(report.unchanged) is not bool:
        return f"unchanged: got {kind_of(report.unchanged)}, wanted true or false"
    if not isinstance(report.losses, tuple) or not isinstance(report.metrics, dict):
        return (
            f"losses, metrics: got {type_of(report.losses)} and {type_of(report.metrics)}, wanted a tuple and a mapping"
        )
    if type(report.notes) not in (tuple, list) or not all(
        type(note) is str and fits_unicode(note) for note in report.notes
    ):
        return "notes: got what is no text of Unicode, wanted a tuple of texts"
    found = {f"losses[{step}]": loss for step, loss in enumerate(report.losses)}
    found |= {f"metrics[{name!r}]": value for name, value in report.metrics.items()}
    return next((f"{name}: got {kind_of(one)}, {NUMBER}" for name, one in found.items() if finite(one) is None), "")


def checked_verdicts(
    answer: object, rows: Sequence[str], held_out: Sequence[str], kept: list[Any] | None = None
) -> str:
    """What is wrong with a curator's answer (a Curation with one verdict per row, of such ids), or "" where nothing is.

    The verdicts that were looked at are put into `kept`.
    """
    found: list[Any] = []
    complaint = looked_at(partial(_of_verdicts, answer, rows, held_out, found))
    if kept is not None and not complaint:
        kept += found
    return complaint


def _of_verdicts(answer: object, rows: Sequence[str], held_out: Sequence[str], kept: list[Any]) -> str:
    if not isinstance(answer, Curation):
        closed(answer)
        return f"got {type_of(answer)}, wanted a Curation"
    verdicts = answer.verdicts
    if not isinstance(verdicts, Sequence) or isinstance(verdicts, str | bytes):
        return f"got verdicts in {type_of(verdicts)}, wanted a list of None, Declined or Failure"
    kept += taken(verdicts, len(rows))
    if len(kept) != len(rows):
        return f"got {len(kept)} verdicts, wanted {len(rows)}, one per row and in the same order"
    notes = answer.notes
    if type(notes) not in (tuple, list) or not all(type(note) is str and fits_unicode(note) for note in notes):
        return f"got notes in {type_of(notes)} that are not all Unicode text, wanted a tuple of str"
    known = {*rows, *held_out}
    for position, (verdict, row) in enumerate(zip(kept, rows, strict=True)):
        complaint = _verdict(verdict, row, known)
        if complaint:
            return f"verdict {position} of {len(rows)}: {complaint}"
    return ""


def _verdict(verdict: object, row: str, known: set[str]) -> str:
    """What is wrong with one verdict on one row."""
    if verdict is None or isinstance(verdict, Failure):
        return ""
    if not isinstance(verdict, Declined):
        return f"got {type_of(verdict)}, wanted None, Declined or Failure"
    if not (is_label(verdict.reason) and verdict.reason):
        return f"got the reason {shown(verdict.reason)}, wanted a short text"
    if not (type(verdict.detail) is str and fits_unicode(verdict.detail)):
        return f"got a detail that is {shown(verdict.detail)}, wanted a text of Unicode"
    if not is_label(verdict.because) or (verdict.because and (verdict.because not in known or verdict.because == row)):
        return (
            f"got because = {shown(verdict.because)}, wanted the id of another row of the table or of a held-out prompt"
        )
    if verdict.similarity is not None and not (finite(verdict.similarity) is not None and 0 <= verdict.similarity <= 1):
        return f"got the similarity {shown(verdict.similarity)}, wanted a number in [0, 1] or None"
    return ""
