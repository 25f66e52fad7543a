"""The plan language: what a method does, as data; what happens to one item is code, a walk (docs/method-author.md).

A plan is a tuple of `Generate`, `Fit`, `Train` and `Evaluate`. A `Generate` walks every row of a table, or every prompt of the
source, with one async function, and says beforehand which steps a finished item has asked; its made rows are tables that later
passes walk, trainers learn from and curators sieve. A `Fit` makes numbers of a whole table, for later walks. A `Train` makes an
arm, an `Evaluate` compares arms on held-out prompts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sctk_core.reals import plain
from sctk_core.records import Failure, Sample

PROMPTS, HELD_OUT, BASE = "prompts", "held-out", "base"
"""What every plan begins with: the source's two tables, and the arm that is the model as it came."""
STUDENT = "student"
"""The role that an arm plays, and the arm whose model lies where a user looks for it."""
EVALUATION = "evaluation"
"""The name of an evaluation that has none of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Declined:
    """A row that our own rule leaves out. The ledger counts rows by `reason`, so it is one of few short phrases.

    What differs from row to row stands beside it, for `sctk why`: `because` is the id of the row or held-out prompt for whose
    sake this one is left out, `similarity` how like the two are in [0, 1] (None: not measured), `detail` untrusted text.
    """

    reason: str
    because: str = ""
    similarity: float | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "similarity", plain(self.similarity))


@dataclass(frozen=True, kw_only=True, slots=True)
class Curation:
    """What a curator says of a table: for each row in order None (it stays), Declined or Failure; and what a user should know."""

    verdicts: Sequence[Declined | Failure | None]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What a finished item has asked: `times` times, or at most `most` times; with `of` for each answer of that step."""

    name: str
    times: int = 1
    most: int | None = None
    of: str = ""


Made = Mapping[str, Any]
"""What a walk gives: by table a record, a list of records, or the reason why there is none."""
Walk = Callable[..., Awaitable[Made]]
"""(item, crew), and behind them the numbers of the fit that the pass names."""
Steps = Sequence[str | Step] | Callable[..., Sequence[str | Step]]
Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Generate:
    """A pass: every item of `over` ("prompts", "held-out", or "PASS.TABLE") is walked; `makes` are its tables by record type.

    `steps` are what a finished item has asked, or a pure function of the item that says so. `student` is the arm that the
    role `student` is played by, `cast` the arms that play other roles; `crew` is who is asked (None: the method's own `Crew`).
    `settings` names those of the method that matter to this pass: another value of any other leaves it as it is (None: all).
    `fit` names a fit whose numbers the walk gets behind the crew, and `steps`, where that is a function, behind the item.
    `rests_on` tells what each table cost: by table the steps that its rows stand on (a table that is left out: all).
    `backend` is laid over the settings of the student's backend for this pass alone: all arms that play in it speak through that.
    """

    name: str
    walk: Walk
    over: str = PROMPTS
    steps: Steps = ()
    makes: Mapping[str, type] = field(default_factory=dict)
    student: str = BASE
    crew: type | None = None
    cast: Mapping[str, str] = field(default_factory=dict)
    settings: Sequence[str] | None = None
    fit: str = ""
    rests_on: Mapping[str, Sequence[str]] = field(default_factory=dict)
    backend: Mapping[str, Any] = field(default_factory=dict)

    def bound(self, numbers: Numbers) -> Generate:
        """The pass with the numbers of its fit in place."""
        walk, steps = self.walk, self.steps
        known = (lambda item: steps(item, numbers)) if callable(steps) else steps
        return replace(self, fit="", walk=lambda item, crew: walk(item, crew, numbers), steps=known)

    @property
    def players(self) -> Mapping[str, str]:
        """The arms that play roles: role -> arm."""
        return {STUDENT: self.student, **self.cast}

    def declared(self, item: Any) -> tuple[Step, ...]:
        """The steps of one item, in order."""
        steps = self.steps(item) if callable(self.steps) else self.steps
        return _declared(tuple(steps))

    def n_asks(self) -> int | None:
        """How many asks a finished item has at most, or None where that depends on the item."""
        if callable(self.steps):
            return None
        known: dict[str, int] = {}
        for step in self.declared(None):
            known[step.name] = (step.times if step.most is None else step.most) * known.get(step.of, 1)
        return sum(known.values())


@lru_cache(maxsize=1024)
def _declared(steps: tuple[str | Step, ...]) -> tuple[Step, ...]:
    """Steps by name as steps; most items of a pass declare the same ones. TypeError where one is neither a name nor a step."""
    if not all(isinstance(step, str | Step) for step in steps):
        raise TypeError("got a step that is neither a name nor a Step")
    return tuple(Step(step) if isinstance(step, str) else step for step in steps)


@dataclass(frozen=True, slots=True)
class Fit:
    """Numbers that a whole table comes to, for the walks of later passes and arms that name it.

    `by` is a pure function of the rows of `on` and of what the pass that made them spent: by step `requests`, `tokens_read` and
    `tokens_written`, recalled ones too. It gives finite numbers by name. `settings` are as those of a pass.
    """

    name: str
    on: str
    by: Callable[[Any, Mapping[str, Any]], Numbers]
    settings: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Length:
    """How long a training is, by another table than its own: as many rows are seen as in `passes` passes over table `of`.

    So arms whose tables differ in size learn for as long as each other. `setting` is the trainer's for its passes over its own
    rows (of several tables the first), which is laid over what the section has.
    """

    of: str
    passes: float
    setting: str = "optimiser.epochs"

    def changes(self, n_of: int, n_own: int) -> Mapping[str, Any]:
        """The trainer's setting for tables of these sizes.

        >>> Length("many.predict", 6.0).changes(50, 10)
        {'optimiser': {'epochs': 30.0}}
        """
        found: Any = self.passes * n_of / n_own
        for name in reversed(self.setting.split(".")):
            found = {name: found}
        return dict(found)


@dataclass(frozen=True, slots=True)
class Train:
    """An arm: the model of arm `start`, trained on one table or on several by name, by the trainer of recipe section `section`.

    `changes` are laid over that section's settings for this arm alone: arms that are to differ by a loss share all else.
    `length` makes it as long as passes over another table are. `may_be_empty` are tables, by the trainer's name for them, that it
    can do without: one without rows is not given to it.
    """

    arm: str
    on: str | Mapping[str, str]
    start: str = BASE
    section: str = "trainer"
    changes: Mapping[str, Any] = field(default_factory=dict)
    length: Length | None = None
    may_be_empty: Sequence[str] = ()

    @property
    def tables(self) -> Mapping[str, str]:
        """The tables by the names that the trainer knows them by; a single one is called ""."""
        return {"": self.on} if isinstance(self.on, str) else self.on


@dataclass(frozen=True, slots=True)
class Arm:
    """One contender: how the model of arm `model` (left out: of the arm of this name) answers; `walk` left out: it just answers.

    `crew` is whom its walk may ask (None: the method's own `Crew`); a change of any of them is a change of the arm. `cast`,
    `settings`, `fit` and `backend` are as those of a pass: one model behind a backend that is set otherwise is another arm.
    """

    name: str
    model: str = ""
    walk: Walk | None = None
    steps: Steps = ()
    crew: type | None = None
    cast: Mapping[str, str] = field(default_factory=dict)
    settings: Sequence[str] | None = None
    fit: str = ""
    backend: Mapping[str, Any] = field(default_factory=dict)

    @property
    def played_by(self) -> str:
        """The arm whose model answers."""
        return self.model or self.name


class Evaluate:
    """Arms answer the same prompts and are measured; `differences` are paired by prompt.

    Left out, they are the last arm less each other one. `greedy`: arms that just answer do so at temperature 0.
    """

    def __init__(
        self,
        *arms: Arm,
        over: str = HELD_OUT,
        differences: Sequence[tuple[str, str]] | None = None,
        name: str = EVALUATION,
        greedy: bool = False,
    ) -> None:
        self.arms, self.over, self.name, self.greedy = arms, over, name, greedy
        names = [arm.name for arm in arms]
        usual = ((names[-1], other) for other in names[:-1])
        self.differences = tuple(usual if differences is None else differences)

    def __repr__(self) -> str:
        arms = ", ".join(map(repr, self.arms))
        return f"Evaluate({arms}, over={self.over!r}, differences={self.differences!r}, name={self.name!r}, greedy={self.greedy!r})"


Plan = tuple[Generate | Fit | Train | Evaluate, ...]


def walked(plan: Plan) -> list[Generate | Arm]:
    """All passes of a plan, and the arms of its evaluations."""
    arms = [arm for one in plan if isinstance(one, Evaluate) for arm in one.arms]
    return [*(one for one in plan if isinstance(one, Generate)), *arms]


GREEDY = "greedy"
"""The name of the usual evaluation at temperature 0."""


def at_two_temperatures(plan: Plan) -> Plan:
    """The plan, each of its evaluations followed by the same at temperature 0, of the arms that just answer."""
    names = {one.name for one in plan if isinstance(one, Evaluate | Generate | Fit)}
    found: list[Generate | Fit | Train | Evaluate] = []
    for one in plan:
        found.append(one)
        if isinstance(one, Evaluate) and not one.greedy:
            name = GREEDY if one.name == EVALUATION else f"{one.name}-{GREEDY}"
            arms = [arm for arm in one.arms if arm.walk is None]
            plain = {arm.name for arm in arms}
            pairs = [pair for pair in one.differences if plain.issuperset(pair)]
            if arms and name not in names:
                found.append(Evaluate(*arms, over=one.over, differences=pairs, name=name, greedy=True))
    return tuple(found)


ANSWERS = "answers"
"""The table that the walk of an arm makes: one `Sample` for each prompt."""


def spoken(sample: Sample) -> Sample | Declined:
    """The sample as a training row; an empty text teaches nothing."""
    return sample if sample.text.strip() else Declined(reason="the text is empty")
