"""The runs behind claims: each experiment on each seed, one after another, in directories beside each other that share replies."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sctk_core import ConfigError, SctkError
from sctk_core.assembly import Assembly, assemble, with_defaults
from sctk_core.claims import Claim, Experiment
from sctk_core.plan import Evaluate
from sctk_core.plugins import Catalogue, load, target_of
from sctk_core.recipe import Layer
from sctk_core.run import execute
from sctk_core.shown import told

from sctk_cli.progress import progress, span
from sctk_cli.terminal import clean, say


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What is run: a method's claims on seeds 0 to `n_seeds` - 1, below `out`, with `changes` laid over every experiment.

    `some`: of its claims only a part was asked for, so that experiments with all arms need those alone that these speak of.
    """

    method: str
    claims: Sequence[Claim]
    n_seeds: int
    out: Path
    among: Catalogue
    changes: Mapping[str, Any] = field(default_factory=dict)
    some: bool = False

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """All that the claims need, each once."""
        return tuple({one.name: one for claim in self.claims for one in claim.experiments}.values())

    def arms_of(self, experiment: Experiment) -> set[str]:
        """The arms of an experiment that the claims speak of."""
        return {arm for claim in self.claims for _, on, arm in claim.terms if on.name == experiment.name}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One experiment on one seed, and what became of it: `error` "" where it ran to its end, else why it did not."""

    experiment: Experiment
    seed: int
    run: Path
    error: str = ""
    exit_code: int = 0


def assembly_of(protocol: Protocol, experiment: Experiment, seed: int) -> Assembly:
    """The recipe of an experiment on a seed: other prompts, where the source can ask others, other draws, another order."""
    own: dict[str, Any] = {"run": {"seed": seed, "eval_greedy": True}}
    layers = [
        Layer(origin=f"method {protocol.method}", sections={"method": {"use": protocol.method}}),
        Layer(origin=f"experiment {experiment.name}", sections=experiment.sections),
        Layer(origin="sctk verify", sections=own),
        Layer(origin="--set", sections=protocol.changes),
    ]
    source = with_defaults(layers, protocol.among).use("source")
    if source is not None:
        config = target_of(load("source", source, among=protocol.among)).Config
        if any(one.name == "seed" for one in dataclasses.fields(config)):
            own["source"] = {"seed": seed}
    method = experiment.sections.get("method")
    if protocol.some and isinstance(method, Mapping) and method.get("arms") == ["all"]:
        own["method"] = {"arms": []}
        always = _arms(assemble(with_defaults(layers, protocol.among), protocol.among))
        own["method"] = {"arms": sorted(protocol.arms_of(experiment) - always)}
    return assemble(with_defaults(layers, protocol.among), protocol.among)


def _arms(assembly: Assembly) -> set[str]:
    """The arms that a run compares."""
    return {arm.name for one in assembly.plan if isinstance(one, Evaluate) for arm in one.arms}


def refuse_what_cannot_be_judged(protocol: Protocol) -> None:
    """A ConfigError, before anything is asked, where a change undoes an experiment or a claim names an arm that is not there."""
    changed = set(_leaves(protocol.changes))
    for fixed in sorted(changed & {"run.seed", "source.seed"}):
        raise ConfigError(f"--set {fixed}: got a seed, wanted it left to sctk verify", hint="--seeds says how many")
    for experiment in protocol.experiments:
        clash = sorted(changed & set(_leaves(experiment.sections)))
        if clash:
            raise ConfigError(
                f"--set {clash[0]}: got another value of what the experiment {experiment.name!r} sets, wanted it left as it is",
                hint="the claims would be about something else; --claims chooses those that do not need this experiment",
            )
        arms = _arms(assembly_of(protocol, experiment, 0))
        for arm in sorted(protocol.arms_of(experiment) - arms):
            raise ConfigError(
                f"the experiment {experiment.name!r}: got no arm {arm!r}, wanted one of {', '.join(sorted(arms))}",
                hint="an experiment names more arms in its sections: method.arms",
            )


def _leaves(sections: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """`method.arms`, `reward.use` and so on: the settings of sections by their full names."""
    for key, value in sections.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"


def run_all(protocol: Protocol, clock: Callable[[], float] = time.monotonic) -> list[Trial]:
    """Every experiment on every seed; one that fails is told and does not lose the others. Seeds are the outer loop, so that what
    is there after a while speaks of all claims."""
    wanted = [(one, seed) for seed in range(protocol.n_seeds) for one in protocol.experiments]
    found: list[Trial] = []
    took: dict[str, list[float]] = {}
    for number, (experiment, seed) in enumerate(wanted, 1):
        left = seconds_left(took, [one.name for one, _ in wanted[number - 1 :]])
        told_left = "" if left is None else f", about {span(left)} left"
        say(f"run {number} of {len(wanted)}: experiment {experiment.name}, seed {seed}{told_left}")
        started, made = clock(), Made()
        trial = _tried(protocol, experiment, seed, made)
        found.append(trial)
        if made.anything and not trial.error:
            took.setdefault(experiment.name, []).append(clock() - started)
        if trial.error:
            say(f"failed: {experiment.name}, seed {seed}: {clean(trial.error, one_line=True)}; the others go on")
    return found


def seconds_left(took: Mapping[str, Sequence[float]], to_come: Sequence[str]) -> float | None:
    """How long the runs to come last, by how long those of their experiment took, or else all; None where none is known.

    >>> seconds_left({"main": [60.0, 80.0]}, ["main", "dpo"])
    140.0
    """
    known = [seconds for each in took.values() for seconds in each]
    if not known:
        return None
    return sum(sum(own) / len(own) for own in (took.get(name, known) for name in to_come))


class Made:
    """An observer that says whether a run made anything: one that was finished already tells nothing of how long others last."""

    anything = False

    def __call__(self, event: object) -> None:
        """Takes one event in."""
        self.anything = self.anything or type(event).__name__ not in ("RunStarted", "RunFinished")


def _tried(protocol: Protocol, experiment: Experiment, seed: int, made: Made) -> Trial:
    run = protocol.out / f"{experiment.name}-{seed}"
    try:
        with progress() as observer:
            execute(assembly_of(protocol, experiment, seed), out=run, observers=[observer, made])
    except SctkError as error:
        return Trial(experiment=experiment, seed=seed, run=run, error=str(error), exit_code=error.exit_code)
    except Exception as error:  # noqa: BLE001 - one seed's fault, whosever it is, must not lose the others
        return Trial(experiment=experiment, seed=seed, run=run, error=told(error), exit_code=1)
    return Trial(experiment=experiment, seed=seed, run=run)
