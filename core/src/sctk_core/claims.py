"""Claims: what a paper says of its method, as experiments that are fixed before anything runs.

A method class has `claims`, a tuple of `Claim`. Each says a sentence of the paper, and what must come out of which runs for it to
hold: a paired lead of one arm over another, or how much larger one lead is than another, with the smallest that counts. Arms and
settings are as a recipe names them, so whatever a recipe can say a claim can be about. `digest` names all of it: another sentence,
setting or threshold is another claim, and `sctk verify` shows which one was run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sctk_core.errors import PluginError
from sctk_core.identity import fingerprint
from sctk_core.reals import finite
from sctk_core.shown import shown, told, unicode_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
"""Experiments name directories, and claims stand on command lines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment:
    """Runs that differ by their seed alone: the method's own recipe with `sections` laid over it."""

    name: str
    sections: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """The mean over prompts of what arm `of` has of a metric more than arm `over`, answering the same prompts.

    Both are arms of the experiment `on`, unless `against` names another experiment for the second.
    """

    of: str
    over: str
    on: Experiment
    against: Experiment | None = None

    @property
    def arms(self) -> tuple[tuple[Experiment, str], tuple[Experiment, str]]:
        """The arm that is to lead, and the one that it is to lead over, each with its experiment."""
        return (self.on, self.of), (self.against or self.on, self.over)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A sentence, and the lead that bears it out: at least `least`, in units of the metric.

    `says` is the sentence as its `source` has it. `beyond` is a second lead that the first must exceed by `least` (a difference
    of differences). A negative `least` claims that nothing is lost beyond it. Of `metric` more must be better.
    """

    id: str
    says: str
    source: str
    lead: Lead
    least: float
    metric: str = "truth"
    beyond: Lead | None = None

    @property
    def terms(self) -> tuple[tuple[int, Experiment, str], ...]:
        """The arms that are added (1) and taken off (-1), each with its experiment."""
        (on, of), (against, over) = self.lead.arms
        terms = ((1, on, of), (-1, against, over))
        if self.beyond is None:
            return terms
        (on, of), (against, over) = self.beyond.arms
        return (*terms, (-1, on, of), (1, against, over))

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """What has to be run, each once."""
        return tuple({one.name: one for _, one, _ in self.terms}.values())

    @property
    def digest(self) -> str:
        """16 hex digits that change when anything of the claim changes."""
        return fingerprint(claim=asdict(self))

    @property
    def told(self) -> str:
        """What is compared, in words.

        >>> main, hard = Experiment(name="main"), Experiment(name="hard")
        >>> lead = Lead(of="student", over="base", on=main)
        >>> Claim(id="A", says="", source="", lead=lead, least=0.1).told
        'student (main) over base (main) by truth, at least +0.1'
        """
        lead = f"{_told(self.lead)} by {self.metric}"
        beyond = f", beyond {_told(self.beyond)}" if self.beyond else ""
        return f"{lead}{beyond}, at least {self.least:+g}"


def _told(lead: Lead) -> str:
    return " over ".join(f"{arm} ({experiment.name})" for experiment, arm in lead.arms)


def claims_of(method: Any, named: str) -> tuple[Claim, ...]:
    """The claims of a method class, checked; none where it states none. PluginError where they cannot be run."""
    claims: Any = ()
    try:
        claims = getattr(method, "claims", ())
        complaint = next(claim_complaints(claims), "")
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 - a class of a stranger, whose attributes may do anything
        complaint = f"raised {told(error)}"
    if complaint:
        raise PluginError(
            f"the method {named!r} is broken: its claims: {complaint}", hint="this is for its author to mend"
        )
    return tuple(claims)


def claim_complaints(claims: Any) -> Iterator[str]:
    """What is wrong with claims, the first first."""
    if type(claims) not in (tuple, list) or not all(type(one) is Claim for one in claims):
        yield "got something else than a tuple of Claim"
        return
    seen: dict[str, Experiment] = {}
    ids: set[str] = set()
    for one in claims:
        if not _is_name(one.id) or one.id in ids:
            yield f"got the id {shown(one.id)}, wanted letters, digits, . _ - and each id once"
        ids.add(one.id)
        leads = [one.lead] if one.beyond is None else [one.lead, one.beyond]
        if not all(type(each) is Lead and _has_experiments(each) for each in leads):
            yield f"{one.id}: got a lead that is no Lead of two arms in experiments with sections"
            continue
        yield from (f"{one.id}: {complaint}" for complaint in _of_one(one, seen))


def _of_one(one: Claim, seen: dict[str, Experiment]) -> Iterator[str]:
    """What is wrong with one claim; `seen` are the experiments of those before, by name."""
    if type(one.least) not in (int, float) or finite(one.least) is None:
        yield f"least: got {shown(one.least)}, wanted a finite number"
    for name in ("says", "source", "metric"):
        text = getattr(one, name)
        if type(text) is not str or unicode_of(text) != text:
            yield f"{name}: got {shown(text)}, wanted a text"
    for _, experiment, _ in one.terms:
        if seen.setdefault(experiment.name, experiment) != experiment:
            yield f"got two experiments named {experiment.name!r}, wanted one name for each"
    try:
        _ = one.digest
    except (TypeError, ValueError, RecursionError) as error:
        yield f"got sections that are no plain data: {told(error)}"


def _is_name(name: object) -> bool:
    return type(name) is str and NAME.fullmatch(name) is not None


def _has_experiments(lead: Lead) -> bool:
    """Whether both arms are named, and stand in experiments that have a name for a directory and sections."""
    experiments = [lead.on] if lead.against is None else [lead.on, lead.against]
    named = all(type(arm) is str for arm in (lead.of, lead.over))
    return named and all(
        type(one) is Experiment and _is_name(one.name) and isinstance(one.sections, Mapping) for one in experiments
    )
