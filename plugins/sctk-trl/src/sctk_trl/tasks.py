"""From tables to pairs of token rows: the k-th row of `predict` with the k-th of `explain`, and a table to choose the weights by.

A step takes as many records of one table as of the other, so what is left out of one is left out of both, and counted. Inputs and
targets are never cut: one that is too long is left out with the reason, or ends the training, as `lengths.too_long` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sctk_core import ConfigError, Sample, TrainingData, Weighted

from sctk_trl.rows import Tokens
from sctk_trl.settings import Lengths

TRAINED, VALIDATION = ("predict", "explain"), "validation"
PARTNER = "left out with the row that it is paired with"


@dataclass(frozen=True, kw_only=True)
class TaskRow:
    """What is read and what is taught of one record, and its weight in the loss."""

    prompt_ids: list[int]
    completion_ids: list[int]
    weight: float

    @property
    def length(self) -> int:
        """All of its tokens."""
        return len(self.prompt_ids) + len(self.completion_ids)


Pairing = tuple[TaskRow, ...]
"""The rows that a step takes together, one of each table in the order of `Tasks.names`."""


@dataclass(frozen=True, kw_only=True)
class Tasks:
    """What trains, in the order of the data. `names` are the trained tables; `declined` maps TABLE/ID of each other record to why.

    `n_unknown` counts targets in which the tokenizer has no token for some character.
    """

    names: tuple[str, ...]
    pairs: list[Pairing]
    validation: list[TaskRow]
    declined: dict[str, str]
    n_retokenised: int
    n_unknown: int

    @property
    def n_tokens(self) -> int:
        """The taught tokens of all rows."""
        return sum(len(row.completion_ids) for pair in self.pairs for row in pair)

    def as_dicts(self) -> list[dict[str, Any]]:
        """All rows as plain values."""
        rows = [asdict(row) for pair in self.pairs for row in pair]
        return [{"names": list(self.names)}, *rows, *({VALIDATION: asdict(row)} for row in self.validation)]


@dataclass(frozen=True, kw_only=True)
class RowReader:
    """How records become rows: the tokenizer's door, the bounds, whether input and target lie apart, the unknown token's id."""

    tokens: Tokens
    lengths: Lengths
    two_texts: bool
    unknown: int | None

    def row(self, record: Sample | Weighted) -> tuple[TaskRow | str, bool]:
        """A record as a row, or the reason why it is left out; and whether its tokens are the sampled ones, where any were: a part
        of a text that somebody wrote, as a label is, never had tokens of its own.
        """
        sample, weight = (record.sample, record.weight) if isinstance(record, Weighted) else (record, 1.0)
        if not sample.text.strip():
            return "empty answer", False
        taught = self.tokens.taught(sample)
        reason = self._too_long(len(taught.read), len(taught.ids))
        if reason and self.lengths.too_long == "error":
            raise ConfigError(
                f"trainer 'multi-task': row {record.id}: {reason}",
                hint='raise the length, or leave such rows out: lengths.too_long = "decline"',
            )
        row = TaskRow(prompt_ids=taught.read, completion_ids=taught.ids, weight=weight)
        return reason or row, taught.sampled or sample.token_ids is None

    def _too_long(self, n_read: int, n_taught: int) -> str:
        bounds = (
            ("input", n_read, "lengths.max_input_tokens", self.lengths.max_input_tokens),
            ("target", n_taught, "lengths.max_target_tokens", self.lengths.max_target_tokens),
        )
        for what, n_tokens, name, most in bounds:
            if n_tokens > most:
                return f"{what} too long: {n_tokens} tokens, {name} is {most}"
        most, n_tokens = self.tokens.max_length, max(n_read, n_taught) if self.two_texts else n_read + n_taught
        return f"too long for the model: {n_tokens} tokens, it reads {most}" if n_tokens > most else ""


def task_rows(data: TrainingData, reading: RowReader) -> Tasks:
    """The pairs of the tables `predict` and `explain` (or the rows of the only one), and the rows of `validation`."""
    tables = data if isinstance(data, Mapping) else {"": data}
    names = tuple(name for name in (*TRAINED, "") if name in tables)
    _refuse_shape(tables, names)
    read = {name: [(one.id, *reading.row(_record(one))) for one in tables[name]] for name in tables}
    declined = {_key(name, row): made for name in tables for row, made, _ in read[name] if isinstance(made, str)}
    pairs: list[Pairing] = []
    n_retokenised = 0
    for together in zip(*(read[name] for name in names), strict=True):
        rows = tuple(made for _, made, _ in together if isinstance(made, TaskRow))
        if len(rows) == len(names):
            pairs.append(rows)
            n_retokenised += sum(not sampled for _, _, sampled in together)
            continue
        for name, (row, _, _) in zip(names, together, strict=True):
            declined.setdefault(_key(name, row), PARTNER)
    validation = [made for _, made, _ in read.get(VALIDATION, ()) if isinstance(made, TaskRow)]
    taught = [row.completion_ids for pair in pairs for row in pair]
    return Tasks(
        names=names, pairs=pairs, validation=validation, declined=declined, n_retokenised=n_retokenised,
        n_unknown=sum(reading.unknown in ids for ids in taught) if reading.unknown is not None else 0,
    )  # fmt: skip


def _key(table: str, row: str) -> str:
    return f"{table}/{row}" if table else row


def _record(record: Any) -> Sample | Weighted:
    if isinstance(record, Sample | Weighted):
        return record
    raise ConfigError(
        f"trainer 'multi-task': got a {type(record).__name__} ({record.id}), wanted samples, weighted or not",
        hint="pairs train with trainer 'preference': set `use = \"preference\"`",
    )


def _refuse_shape(tables: Mapping[str, Sequence[Any]], names: tuple[str, ...]) -> None:
    """Raises where tables are not those that the trainer knows, or cannot be paired row by row."""
    if not names or set(tables) - {*TRAINED, VALIDATION, ""}:
        raise ConfigError(
            f"trainer 'multi-task': got the tables {', '.join(tables)}, wanted predict, explain or both, and perhaps validation",
            hint='the method names them: Train(..., on={"predict": ..., "explain": ...})',
        )
    counts = {name: len(tables[name]) for name in names}
    if len(set(counts.values())) > 1:
        raise ConfigError(
            f"trainer 'multi-task': got {counts['predict']} rows of predict, {counts['explain']} of explain, wanted equally many",
            hint="the k-th row of one is trained with the k-th of the other: make both from the same items",
        )
