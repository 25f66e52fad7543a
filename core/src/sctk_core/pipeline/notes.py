"""An item's page of the ledger: one line for each ask, opened before it and closed by what it came to.

A page knows which steps its item declared. What is asked beyond them, or twice, is a bug of that item; a finished item has asked
exactly what it declared; one that failed, or that made a declined row, may have stopped before the end. Lines are in the order
of declaration, then of rank, never of time, so a page is the same however its asks were interleaved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sctk_core.errors import ContractError
from sctk_core.pipeline.fields import is_label
from sctk_core.plan import Declined, Step
from sctk_core.reals import finite
from sctk_core.records import Failure
from sctk_core.shown import TEXT, cut

ANSWERED, FAILED, DECLINED = "answered", "failed", "declined"
WALK, MAKE = "walk", "make."


class OffPlan(ContractError):
    """A walk that does not keep to what its pass declares; the message is short, for the ledger counts by it."""


@dataclass(kw_only=True, slots=True)
class Line:
    """One line of the ledger: what became of one ask of an item, whose words it was, and what it read and wrote.

    `of` is the id of what was asked about, `record` that of the answer or the failure; `requests` of a model are counted with
    the tokens that they read and wrote, whether they were asked now or recalled. `reason` of an answer is its note.
    """

    step: str
    of: str = ""
    rank: int = 0
    outcome: str = ANSWERED
    record: str = ""
    reason: str = ""
    role: str = ""
    requests: int = 0
    tokens_read: int = 0
    tokens_written: int = 0


@dataclass(slots=True)
class Page:
    """The page of the item that is being walked; `given` are answers that were made elsewhere, by step."""

    part: str
    item: str
    chain: int = 0
    declared: Sequence[Step] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    records: dict[tuple[str, str, int], Any] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    declined: list[tuple[str, Declined]] = field(default_factory=list)
    closed: bool = False
    _open: set[tuple[str, str, int]] = field(default_factory=set)

    def open(self, step: str, of: str, rank: int = 0) -> None:
        """Begins a line; OffPlan where the item may not ask this, or has asked it."""
        if self.closed:
            raise OffPlan(
                f"the step {step!r} was asked after its walk had ended",
                hint="await every task that a walk starts: `together(...)` does",
            )
        for known in self.declared:
            if known.name == step:
                break
        else:
            names = ", ".join(known.name for known in self.declared) or "none"
            raise OffPlan(
                f"the walk asked the step {step!r}, which its pass does not declare (declared: {names})",
                hint="add it to the steps of the Generate",
            )
        if (step, of, rank) in self._open:
            raise OffPlan(
                f"the walk asked the step {step!r} twice about one record with rank {rank}",
                hint="the same ask draws the same reply: give it another step or rank",
            )
        self._open.add((step, of, rank))

    def close(self, line: Line, answer: Any = None) -> None:
        """Ends a line, and keeps its answer, failure or refusal under the line: two asks may come to records of one id."""
        self.lines.append(line)
        if isinstance(answer, Failure):
            self.failures.append(answer)
        if isinstance(answer, Declined) or (answer is not None and hasattr(answer, "id")):
            self.records[line.step, line.of, line.rank] = answer

    def made(self, table: str, rows: Sequence[Any]) -> None:
        """Notes what the walk made for a table: one line for each row or refusal."""
        step = MAKE + table
        for rank, row in enumerate(rows):
            if isinstance(row, Declined):
                line = Line(step=step, of=self.item, rank=rank, outcome=DECLINED, reason=row.reason, record=row.because)
                self.declined.append((table, row))
            else:
                line = Line(step=step, of=self.item, rank=rank, record=row.id)
            self.close(line)

    def failed(self, failure: Failure, step: str = WALK) -> None:
        """Notes that the item ended in a failure outside any ask."""
        self.close(Line(step=step, of=self.item, outcome=FAILED, record=failure.id, reason=reason_of(failure)), failure)

    def sorted_lines(self) -> list[Line]:
        """The lines by declared step, then rank, then what they are about in the order in which that was made."""
        order = {step.name: number for number, step in enumerate(self.declared)}
        places = {record: number for number, record in enumerate(line.record for line in self._by_rank())}
        last = len(order)
        return sorted(
            self.lines,
            key=lambda line: (order.get(line.step, last), places.get(line.of, -1), line.rank, line.step, line.of),
        )

    def _by_rank(self) -> list[Line]:
        return sorted(self.lines, key=lambda line: (line.step, line.rank, line.of))


PAGE: ContextVar[Page] = ContextVar("sctk_page")


def page_here() -> Page:
    """The page of the item whose walk asks; a ContractError outside any walk."""
    try:
        return PAGE.get()
    except LookupError:
        raise ContractError(
            "a crew was asked outside a walk, wanted it to be asked by one",
            hint="a crew belongs to the item that is walked",
        ) from None


def refusal_amiss(row: Declined) -> str:
    """What is wrong with a refusal of the walk's own, or "" and a detail that is no longer than a table holds."""
    if not (is_label(row.reason) and row.reason and is_label(row.because) and type(row.detail) is str):
        return "a Declined without a short reason"
    if row.similarity is not None and finite(row.similarity) is None:
        return "a Declined whose similarity is no finite number"
    object.__setattr__(row, "detail", cut(row.detail, TEXT))
    return ""


def reason_of(failure: Failure) -> str:
    """How the ledger counts a failure."""
    return f"{failure.kind}: {failure.reason}"


def off_plan(lines: Iterable[Line], declared: Sequence[Step], tables: Iterable[str]) -> str:
    """What of an item's page is not as its pass declares, in one line, or "" where nothing is.

    >>> off_plan([Line(step="draft")], [Step("draft"), Step("score.0")], [])
    'finished without asking score.0'
    """
    return off_plan_by([(line.step, line.of, line.outcome, line.record) for line in lines], tuple(declared), tables)


Asked = tuple[str, str, str, str]
"""Of a line what the plan is about: its step, what was asked about, its outcome, and its record."""


def off_plan_by(lines: Sequence[Asked], declared: tuple[Step, ...], tables: Iterable[str]) -> str:
    """The same, of lines as plain values."""
    if any(step.of for step in declared):
        return _off_plan(lines, declared, frozenset(tables))
    return _off_plan_shape(tuple([(step, outcome) for step, _, outcome, _ in lines]), declared, frozenset(tables))


@lru_cache(maxsize=4096)
def _off_plan_shape(shape: tuple[tuple[str, str], ...], declared: tuple[Step, ...], tables: frozenset[str]) -> str:
    """Where no step is declared for answers of another, only steps and outcomes count, and these are alike on most pages."""
    return _off_plan([(step, "", outcome, "") for step, outcome in shape], declared, tables)


def _off_plan(lines: Sequence[Asked], declared: Sequence[Step], tables: frozenset[str]) -> str:
    asked: dict[str, Counter[str]] = defaultdict(Counter)
    answers: dict[str, list[str]] = defaultdict(list)
    made: set[str] = set()
    declined_row = failed = False
    for step, of, outcome, record in lines:
        if outcome not in (ANSWERED, FAILED, DECLINED):
            return f"got the outcome {outcome!r} at {step}"
        failed = failed or outcome == FAILED
        if step.startswith(MAKE):
            made.add(step.removeprefix(MAKE))
            declined_row = declined_row or outcome != ANSWERED
        elif step != WALK:
            asked[step][of] += 1
            if outcome == ANSWERED:
                answers[step].append(record)
    may_end = "anywhere" if failed and not made else "early" if declined_row else ""
    return _undeclared(asked, declared) or _uneven(asked, answers, declared, may_end) or _unmade(made, tables, failed)


def _undeclared(asked: Mapping[str, Counter[str]], declared: Sequence[Step]) -> str:
    strangers = set(asked) - {step.name for step in declared}
    return f"asked {min(strangers)}, which is not declared" if strangers else ""


def _uneven(
    asked: Mapping[str, Counter[str]], answers: Mapping[str, Sequence[str]], declared: Sequence[Step], may_end: str
) -> str:
    """Whether a step was asked more often than declared, or less often.

    An item that failed may have ended anywhere, one that made a declined row early: no step after one that is left out.
    """
    missing = ""
    for step in declared:
        found = asked.get(step.name, Counter())
        most = step.times if step.most is None else step.most
        if step.of:
            wanted = answers.get(step.of, ())
            if set(found) - set(wanted) or any(found[of] > most for of in wanted):
                return f"asked {step.name} of what is no answer of {step.of}, or too often"
            short = step.most is None and any(found[of] < most for of in wanted)
        else:
            n_asked = found.total()
            if n_asked > most:
                return f"asked {step.name} {n_asked} times, wanted {most}"
            short = step.most is None and n_asked < most
        if missing and found and may_end == "early":
            return f"asked {step.name} and left out {missing} before it"
        if short and not may_end:
            return f"finished without asking {step.name}" + (f" {most} times" if most > 1 or step.of else "")
        missing = missing or (step.name if short else "")
    return ""


def _unmade(made: set[str], tables: frozenset[str], failed: bool) -> str:
    if made != tables and (made or not failed):
        return (
            f"made {', '.join(sorted(made)) or 'nothing'}, wanted {', '.join(sorted(tables)) or 'nothing'} or a failure"
        )
    return ""
