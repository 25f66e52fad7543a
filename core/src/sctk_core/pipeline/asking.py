"""One ask: a ledger line opened, the position set, the time bounded, the contract checked, the line closed.

Every crew member goes through here, and so do texts that were made elsewhere: no method and no step has an `if` for them. A
failure ends the item, by an exception that core alone catches, unless the walk said that it can do without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sctk_core.boundary import boundary, from_outside, with_seconds
from sctk_core.errors import BackendDown, ContractError, SctkError, StoreError
from sctk_core.pipeline.deadlines import Deadlines, Pulse, left_alone
from sctk_core.pipeline.events import Event, StepFinished
from sctk_core.pipeline.fields import LONGEST
from sctk_core.pipeline.notes import DECLINED, FAILED, Line, Page, page_here, reason_of
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.position import Position, at
from sctk_core.pipeline.recording import Spent, tallied
from sctk_core.records import Critique, Decision, Failure, Prompt, Sample, Score
from sctk_core.shown import LINE, cut, text_of
from sctk_core.thoughts import AS_USUAL, Parted, Thoughts, parted, unended


class CannotStart(Exception):
    """A backend that cannot be built, with the error that says why: nobody needs to be asked."""

    def __init__(self, error: SctkError) -> None:
        super().__init__(error.message)
        self.error = error


STOPS_EVERYTHING = (BackendDown, StoreError, CannotStart)
ELSEWHERE, NOT_MADE = "made elsewhere", "not made elsewhere"


class ItemEnded(BaseException):
    """An item ends here, in a failure that is on its page. Core alone catches it: a walk's `except Exception` does not."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.kind}: {failure.reason}")
        self.failure = failure


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What all asks of a run share; `thoughts` is by role what becomes of the thoughts of texts that were made elsewhere.

    `longest` is the most characters of a text, `stuck` is told of a task that will not end.
    """

    run_seed: int
    timeout_s: float
    patience: Patience
    notify: Callable[[Event], None]
    thoughts: Mapping[str, Thoughts] = field(default_factory=dict)
    longest: int = LONGEST
    stuck: Callable[[str, asyncio.Task[Any]], None] = left_alone
    deadlines: Deadlines = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "deadlines", Deadlines(self.timeout_s, self.stuck))


@dataclass(kw_only=True, slots=True)
class Ask:
    """What is asked: the step and what it is about, who answers in whose role, what kind of answer is wanted.

    `speaks`: the role's own backend is the component.
    `bounded`: the time is bounded here; a batched component's is bounded by its batch. `pulse` tells whether who is asked goes on.
    `stage` is what seeds the requests.
    `label` and `about` are the step and the parent that a text is known by, as a Sample has them.
    """

    step: str
    item: Any
    expect: type
    component: str
    role: str = ""
    rank: int = 0
    sweep: int = 0
    chain: int | None = None
    stage: str = ""
    speaks: bool = False
    bounded: bool = True
    pulse: Pulse | None = None
    label: str = ""
    about: str | None = None


async def ask(desk: Desk, asked: Ask, call: Callable[[], Awaitable[Any]], *, or_none: bool = False) -> Any:
    """The answer, its line on the page; a failure ends the item, or is None where `or_none`. `call` answers or gives a Failure."""
    page = page_here()
    page.open(asked.step, asked.item.id, asked.rank)
    if asked.step in page.given:
        answer, spent = _made_elsewhere(page, asked, desk.thoughts.get(asked.role, AS_USUAL)), Spent()
        if answer is None and not or_none:
            answer = Failure(kind="parse", reason=NOT_MADE, component="given")
    else:
        answer, spent = await _attempt(desk, asked, page, call)
    if isinstance(answer, Failure):
        answer = replace(answer, of=asked.item.id, stage=asked.step, rank=asked.rank)
    line = _line(asked, answer, spent, page)
    page.close(line, answer if line.outcome != DECLINED else None)
    desk.notify(StepFinished(stage=f"{page.part}.{asked.step}", outcome=line.outcome, n_tokens=spent.tokens_written))
    if not isinstance(answer, Failure):
        return answer
    if or_none:
        return None
    raise ItemEnded(answer)


async def _attempt(desk: Desk, asked: Ask, page: Page, call: Callable[[], Awaitable[Any]]) -> tuple[Any, Spent]:
    """The answer or the failure of one call, and what it spent."""
    chain = page.chain if asked.chain is None else asked.chain
    position = Position(stage=asked.stage or asked.step, of=asked.item.id, chain=chain, sweep=asked.sweep)
    with tallied() as tally:
        try:
            with at(position):
                if asked.bounded:
                    with desk.deadlines.bound(asked.component, asked.pulse):
                        answer = await call()
                else:
                    answer = await call()
        except STOPS_EVERYTHING as error:
            raise _named(error, asked) from error
        except BaseException as error:
            if from_outside(error) or isinstance(error, ItemEnded):
                raise
            told = with_seconds(error, desk.timeout_s)
            answer = boundary(told, of=asked.item.id, stage=asked.step, component=asked.component)
    return await settled(desk.patience, asked, answer), tally.total()


async def settled(patience: Patience, asked: Ask, answer: Any) -> Any:
    """The answer; a lost connection waits until it is known whether somebody else is answered."""
    who = (
        f"the role {asked.role!r} (backend {asked.component})" if asked.speaks else worded(asked.component, asked.role)
    )
    if isinstance(answer, Failure):
        return await patience.lost(who, answer) if answer.kind == "backend" else answer
    patience.answered(who)
    return answer


def worded(component: str, role: str) -> str:
    """A component, and in whose words it speaks."""
    return f"the component {component!r}" + (f" (in the words of the role {role!r})" if role else "")


def _named(error: Exception, asked: Ask) -> Exception:
    """A backend that is down, told with who asked it for what."""
    if isinstance(error, BackendDown) and asked.component not in text_of(error):
        whose = f" in the words of the role {asked.role!r}" if asked.role else ""
        return BackendDown(f"{asked.step}: {asked.component}{whose}: {text_of(error)}", hint=cut(error.hint, LINE))
    return error


def _line(asked: Ask, answer: Any, spent: Spent, page: Page) -> Line:
    outcome, record, reason = "answered", getattr(answer, "id", ""), ""
    if isinstance(answer, Failure):
        outcome, reason = FAILED, reason_of(answer)
    elif answer is None:
        outcome, reason = DECLINED, NOT_MADE
    elif page.given.get(asked.step, "") is None:
        outcome, record, reason = DECLINED, "", ELSEWHERE
    elif isinstance(answer, Score | Decision):
        reason = answer.note
    return Line(
        step=asked.step, of=asked.item.id, rank=asked.rank, outcome=outcome, record=record, reason=reason,
        role="" if asked.step in page.given else asked.role,
        requests=spent.requests, tokens_read=spent.tokens_read, tokens_written=spent.tokens_written,
    )  # fmt: skip


def _made_elsewhere(page: Page, asked: Ask, thoughts: Thoughts) -> Any:
    """The answer that came with the item, None where it did not; of a step that is not needed an empty critique that asks for a
    revision.
    """
    item = asked.item
    value = _of_rank(_of_rank(page.given[asked.step], getattr(item, "rank", 0), inner=True), asked.rank)
    if value is None and asked.expect is Sample and page.given[asked.step] is not None:
        return None
    if asked.expect is Score and isinstance(value, float | int):
        return Score(sample=item, name="given", value=float(value), scale="as given")
    if asked.expect is Critique and value is None:
        return Critique(sample=item, text="", verdict="revise", sweep=asked.sweep)
    if asked.expect is Sample and isinstance(value, str):
        prompt = item if isinstance(item, Prompt) else item.prompt if isinstance(item, Sample) else item.sample.prompt
        found = parted(value) if thoughts.part else Parted(thought="", answer=value)
        if found is None:
            return replace(unended("stop", value), component="given")
        return Sample(
            prompt=prompt, text=found.answer, chain=page.chain, sweep=asked.sweep, rank=asked.rank, backend="given",
            step=asked.label, about=asked.about, thought=found.thought or None,
            teach_thought=bool(found.thought) and thoughts.train == "all",
        )  # fmt: skip
    raise ContractError(
        f"{page.part}: the step {asked.step!r} was made elsewhere as {type(value).__name__}, wanted a {asked.expect.__name__}",
        hint="a source gives texts to steps that write, and numbers to steps that score",
    )


def _of_rank(value: Any, rank: int, *, inner: bool = False) -> Any:
    """The answer of a rank, where answers are given by rank; None beyond the last. `inner`: only where each is a tuple itself."""
    if type(value) is not tuple or (inner and not any(type(one) is tuple for one in value)):
        return value
    return value[rank] if rank < len(value) else None
