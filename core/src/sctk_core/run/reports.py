"""What a trainer reports, beside what it was given: a training of no rows, or of rows that nobody has, is none."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from sctk_core.pipeline.fields import is_label
from sctk_core.records import ModelRef, TrainReport
from sctk_core.run.tables import StoredTable
from sctk_core.shown import kind_of, shown

Tables = Mapping[str, StoredTable[Any]]


def report_amiss(report: TrainReport, tables: Tables) -> str:
    """What is wrong with a report, `FIELD: got ..., wanted ...`, or "" where nothing is."""
    if type(report.model) is not ModelRef or not is_label(report.model.path):
        return f"model: got {kind_of(report.model)}, wanted a ModelRef"
    n_held = sum(len(table) for table in tables.values())
    if not 0 < report.n_rows <= n_held:
        return f"n_rows: got {shown(report.n_rows)}, wanted 1 to {n_held}, the rows of its tables"
    for name in ("n_tokens", "n_steps", "n_retokenised"):
        if not 0 <= getattr(report, name) < 1 << 62:
            return f"{name}: got {shown(getattr(report, name))}, wanted a count"
    if not all(is_label(name) for name in report.metrics):
        return "metrics: got a name that is no short text, wanted short texts"
    return _of_declined(report.declined, tables)


def _of_declined(declined: Any, tables: Tables) -> str:
    if not isinstance(declined, Mapping):
        return f"declined: got {kind_of(declined)}, wanted a mapping of row to reason"
    if not all(is_label(row) and is_label(reason) and reason for row, reason in declined.items()):
        return "declined: got a row or a reason that is no short text, wanted a mapping of row to reason"
    if not declined:
        return ""
    known = set(chain.from_iterable((row, f"{name}/{row}") for name, table in tables.items() for row in table.ids()))
    strangers = [row for row in declined if row not in known]
    return f"declined: got {len(strangers)} rows that no table holds, wanted rows of its tables" if strangers else ""
