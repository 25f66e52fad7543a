"""A world in which one thing goes wrong, as one plugin file: components of every kind, named `odd`, that are right but for that.

The variable FAULT says what (`PLACE: FAULT`, say `reward.score: answers None`), FAULT_WHILE names a file: once that is gone, all is
well again. A place is KIND.VERB; what a component answers without it is obviously right (`toy_world.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import toy_world as toy
from faults import FAULTS, FIELDS, HUGE, LONE, Fault, in_field, spoilt
from fresh_faults import FRESH, MODELS
from sctk_core import (
    Arm,
    AskedComparer,
    AskedCritic,
    AskedReward,
    AskedRule,
    Component,
    Curation,
    Declined,
    Evaluate,
    Failure,
    Generate,
    Message,
    Notebook,
    Pair,
    Prompt,
    Sample,
    Score,
    Speaker,
    Train,
    TrainReport,
    Usage,
    hookimpl,
    setting,
)

FOREVER_S = 3600.0
RECIPE = """
[backend]
use = "odd"
[source]
use = "odd"
[critic]
use = "odd"
[reward]
use = "odd"
[comparer]
use = "odd"
[rule]
use = "odd"
[trainer]
use = "odd"
[[evaluator]]
use = "odd"
[[curate]]
use = "odd"
of = ["chains.pairs"]
[[watcher]]
use = "odd"
"""


def wrong(place: str) -> str:
    """The fault that this place has now, or ""."""
    if not Path(os.environ.get("FAULT_WHILE", "/nowhere")).exists():
        return ""
    where, _, what = os.environ.get("FAULT", "").partition(": ")
    return what if where == place else ""


def fault_of(place: str, what: str) -> Fault:
    if f"{place}: {what}" in FRESH:
        return FRESH[f"{place}: {what}"]
    field, has, value = what.partition(" = ")
    return in_field(field, value) if has and value in FIELDS else FAULTS[what]


def called(place: str, given: Any, verb: Callable[[], Any]) -> Any:
    """What a verb answers, with the fault of its place."""
    what = wrong(place)
    if not what:
        return verb()
    if what == "sleeps for ever":
        time.sleep(FOREVER_S)
    fault = fault_of(place, what)
    if fault.before:
        fault.before(given)
    if fault.instead:
        return fault.instead(given)
    return fault.after(verb()) if fault.after else verb()


async def awaited(place: str, given: Any, verb: Callable[[], Any]) -> Any:
    """The same of a verb that is awaited; such a one can hang in more ways."""
    what = wrong(place)
    if not what:
        return await verb()
    if what == "never answers":
        await asyncio.sleep(FOREVER_S)
    if what == "swallows its cancellation":
        while True:
            try:
                await asyncio.sleep(FOREVER_S)
            except asyncio.CancelledError:
                continue
    if what == "leaves a task behind":
        tasks.append(asyncio.ensure_future(asyncio.sleep(FOREVER_S)))
        return await verb()
    if what == "leaves a task behind that will not end":
        tasks.append(asyncio.ensure_future(_stubborn()))
        return await verb()
    if what == "raises SystemExit in a task of its own":
        await asyncio.gather(_leaves())
    if what == "cancels its own task":
        asyncio.current_task().cancel()  # type: ignore[union-attr]
        await asyncio.sleep(0)
    if what == "sleeps for ever":
        time.sleep(FOREVER_S)  # noqa: ASYNC251 - that is the fault
    fault = fault_of(place, what)
    if fault.before:
        fault.before(given)
    if fault.instead:
        return fault.instead(given)
    answer = await verb()
    return fault.after(answer) if fault.after else answer


tasks: list[Any] = []
AWAITED = (
    "never answers", "swallows its cancellation", "leaves a task behind", "leaves a task behind that will not end",
    "raises SystemExit in a task of its own", "cancels its own task", "sleeps for ever",
)  # fmt: skip


async def _stubborn() -> None:
    while True:
        try:
            await asyncio.sleep(FOREVER_S)
        except asyncio.CancelledError:
            continue


async def _leaves() -> None:
    raise SystemExit(0)


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No settings."""


class OddBackend(toy.ToyBackend):
    def __getattr__(self, name: str) -> Any:
        raise ValueError(name) if wrong("backend.attributes") else AttributeError(name)

    def __init__(self, config: toy.Trouble, *, model: Any) -> None:
        called("backend.__init__", None, lambda: None)
        super().__init__(config, model=model)

    async def generate(self, requests: Sequence[Any]) -> Any:
        async def good() -> Any:
            replies = await super(OddBackend, self).generate(requests)
            usage = Usage(n_prompt_tokens=3, n_completion_tokens=2)
            return [spoilt(reply, "usage", usage) for reply in replies]

        return await awaited("backend.generate", requests, good)

    async def aclose(self) -> None:
        async def good() -> None:
            return None

        await awaited("backend.aclose", None, good)


class OddCritic(toy.ToyCritic):
    async def critique(self, samples: Sequence[Sample]) -> Any:
        return await awaited("critic.critique", samples, lambda: super(OddCritic, self).critique(samples))

    async def revise(self, critiques: Sequence[Any]) -> Any:
        return await awaited("critic.revise", critiques, lambda: super(OddCritic, self).revise(critiques))


class Told(type):
    """What a class says of itself may be anything, and may raise."""

    @property
    def scale(cls) -> Any:
        return cls._said("reward.scale")

    @property
    def reading(cls) -> Any:
        return cls._said("method.reading")

    def _said(cls, place: str) -> Any:
        what = wrong(place)
        if what == "raises":
            raise ValueError(LONE)
        if what == "is a number":
            return 7
        raise AttributeError(place)


class OddReward(toy.ToyReward, metaclass=Told):
    def __getattr__(self, name: str) -> Any:
        raise ValueError(name) if wrong("reward.attributes") else AttributeError(name)

    def __init__(self, config: toy.Trouble) -> None:
        called("reward.__init__", None, lambda: None)
        super().__init__(config)

    async def score(self, samples: Sequence[Sample]) -> Any:
        return await awaited("reward.score", samples, lambda: super(OddReward, self).score(samples))


class OddComparer:
    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        pass

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Any:
        async def good() -> Any:
            return [Score(sample=a, against=b, name="odd", value=float(len(a.text) > len(b.text))) for a, b in pairs]

        return await awaited("comparer.compare", [one for one, _ in pairs], good)


class OddRule(toy.ToyRule):
    def decide(self, rounds: Sequence[Any]) -> Any:
        return called("rule.decide", rounds, lambda: super(OddRule, self).decide(rounds))


class OddEvaluator(toy.ToyEvaluator):
    async def evaluate(self, samples: Sequence[Sample]) -> Any:
        what = wrong("evaluator.evaluate")
        if what in MAPPINGS:
            return MAPPINGS[what](samples)

        async def good() -> Any:
            return await super(OddEvaluator, self).evaluate(samples)

        return await awaited("evaluator.evaluate", samples, good)


MAPPINGS: Mapping[str, Callable[[Sequence[Sample]], Any]] = {
    "a metric that is no text": lambda samples: {7: [1.0 for _ in samples]},
    "a metric that is a lone surrogate": lambda samples: {LONE: [1.0 for _ in samples]},
    "a metric of 5 MB": lambda samples: {"x" * HUGE: [1.0 for _ in samples]},
    "a metric with control characters": lambda samples: {"a\x1b[2Jb": [1.0 for _ in samples]},
    "values that are nan": lambda samples: {"truth": [float("nan") for _ in samples]},
    "values of 10^400": lambda samples: {"truth": [10**400 for _ in samples]},
    "values of text": lambda samples: {"truth": ["1" for _ in samples]},
    "values in a text": lambda samples: {"truth": "1" * len(samples)},
    "too few values": lambda samples: {"truth": [1.0]},
    "values in a generator": lambda samples: {"truth": (1.0 for _ in samples)},
    "hostile values": lambda samples: {"truth": [FIELDS["a hostile object"] for _ in samples]},
    "values that hang": lambda samples: {"truth": [FIELDS["an object that hangs"] for _ in samples]},
    "failures for all": lambda samples: {"truth": [Failure(kind="parse", reason="cannot tell") for _ in samples]},
    "failures with a reason that is None": lambda samples: {
        "truth": [spoilt(Failure(kind="parse", reason="x"), "reason", None) for _ in samples]
    },
    "failures of no kind": lambda samples: {
        "truth": [spoilt(Failure(kind="parse", reason="x"), "kind", "odd") for _ in samples]
    },
}


class OddCurator:
    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        pass

    def curate(self, rows: Sequence[Any], held_out: Sequence[Prompt]) -> Any:
        what = wrong("curator.curate")
        verdicts = [None if i % 4 else Declined(reason="every fourth", detail="x") for i, _ in enumerate(rows)]
        if what.startswith("verdict."):
            field, _, value = what.removeprefix("verdict.").partition(" = ")
            verdicts = [v and spoilt(v, field, FIELDS[value]) for v in verdicts]
            return Curation(verdicts=verdicts)
        if what.startswith("answer."):
            field, _, value = what.removeprefix("answer.").partition(" = ")
            return spoilt(Curation(verdicts=verdicts), field, FIELDS[value])
        if what == "declines all":
            return Curation(verdicts=[Declined(reason="no") for _ in rows])
        if what == "fails all":
            return Curation(verdicts=[Failure(kind="parse", reason="no") for _ in rows])
        return called("curator.curate", rows, lambda: Curation(verdicts=verdicts, notes=("seen",)))


class OddTrainer(toy.ToyTrainer):
    def __init__(self, config: toy.Trouble, *, progress: Any = None) -> None:
        super().__init__(config)
        self._progress = progress

    def train(self, data: Any, model: Any, out: Path) -> Any:
        what = wrong("trainer.train")
        if what.startswith("report."):
            field, _, value = what.removeprefix("report.").partition(" = ")
            return spoilt(super().train(data, model, out), field, FIELDS[value])
        if what == "tells nonsense of its steps":
            for said in (
                (1, 2, {"\x1b[2J": 1.0, "loss": "low", LONE: 1.0}),
                ("x", None, {}),
                (1, 2, None),
                (2, 1, {7: 1}),
            ):
                self._progress(*said)
        if what in MODELS:
            return MODELS[what](super().train(data, model, out), out)
        if what in REPORTS:
            return REPORTS[what](super().train(data, model, out), out)
        if what == "tells nonsense of its steps":
            return super().train(data, model, out)
        return called("trainer.train", list(data), lambda: super(OddTrainer, self).train(data, model, out))


def _emptied(report: TrainReport, out: Path) -> TrainReport:
    for file in out.iterdir():
        file.unlink()
    return report


def _no_folder(report: TrainReport, out: Path) -> TrainReport:
    _emptied(report, out)
    out.rmdir()
    return report


def _a_file(report: TrainReport, out: Path) -> TrainReport:
    _no_folder(report, out)
    out.write_text("model")
    return report


REPORTS: Mapping[str, Callable[[TrainReport, Path], Any]] = {
    "reports losses that are nan": lambda r, _: spoilt(r, "losses", (float("nan"), float("nan"))),
    "reports a last loss that is nan": lambda r, _: spoilt(r, "losses", (1.0, float("nan"))),
    "reports losses of text": lambda r, _: spoilt(r, "losses", ("low",)),
    "reports no losses": lambda r, _: spoilt(r, "losses", ()),
    "reports no rows": lambda r, _: spoilt(r, "n_rows", 0),
    "reports more rows than there are": lambda r, _: spoilt(r, "n_rows", 10**6),
    "reports no steps": lambda r, _: spoilt(r, "n_steps", 0),
    "reports a metric that is nan": lambda r, _: spoilt(r, "metrics", {"x": float("nan")}),
    "reports a metric that is text": lambda r, _: spoilt(r, "metrics", {"x": "good"}),
    "reports a metric of a lone surrogate": lambda r, _: spoilt(r, "metrics", {LONE: 1.0}),
    "reports a metric of 10^400": lambda r, _: spoilt(r, "metrics", {"x": 10**400}),
    "declines rows that are not there": lambda r, _: spoilt(r, "declined", {"0" * 32: "too long"}),
    "declines rows for a reason that is None": lambda r, _: spoilt(r, "declined", {"0" * 32: None}),
    "leaves an empty folder": _emptied,
    "leaves no folder": _no_folder,
    "leaves a file": _a_file,
    "reports a dict": lambda r, _: {"n_rows": r.n_rows},
    "reports nothing": lambda r, _: None,
    "reports a class": lambda r, _: TrainReport,
}


@dataclass(frozen=True, kw_only=True)
class Size:
    n: int = setting(24, help="prompts")


class OddSource:
    Config = Size

    def __init__(self, config: Size) -> None:
        called("source.__init__", None, lambda: None)
        self._n = config.n

    @property
    def notes(self) -> Any:
        return _notes(wrong("source.notes"))

    def prompts(self) -> Any:
        if wrong("source.prompts") == "the held-out ones":
            return iter([_prompt(f"held out {i}") for i in range(6)])
        if wrong("source.prompts") == "others each time":
            return iter([_prompt(f"question {i} {time.monotonic_ns()}") for i in range(self._n)])
        return _listed("source.prompts", [_prompt(f"question {i}") for i in range(self._n)])

    def held_out(self) -> Any:
        return _listed("source.held_out", [_prompt(f"held out {i}") for i in range(6)])

    def digest(self) -> Any:
        return called("source.digest", None, lambda: "right")


def _notes(what: str) -> Any:
    if what == "raises":
        raise ValueError(LONE)
    if what == "is endless":
        return iter(lambda: "x", 1)
    if what == "is a number":
        return 7
    return (LONE, FIELDS["a hostile object"], "x" * HUGE, "\x1b[2J") if what else ()


def _listed(place: str, prompts: list[Prompt]) -> Any:
    """Prompts, with a fault of their list, of the iterator in its middle, or of each one's fields."""
    what = wrong(place)
    if what.startswith("in the middle "):
        return _broken_off(prompts, FAULTS[what.removeprefix("in the middle ")])
    if what == "the same prompt twice":
        return [*prompts, prompts[0]]
    if what == "no prompts":
        return []
    if what == "one endless prompt":
        return (prompts[0] for _ in iter(int, 1))
    if what == "sleeps in the middle":
        return _asleep(prompts)
    return called(place, prompts, lambda: iter(prompts) if not what else prompts)


def _broken_off(prompts: list[Prompt], fault: Fault) -> Iterator[Any]:
    yield from prompts[:3]
    assert fault.before
    fault.before(None)


def _asleep(prompts: list[Prompt]) -> Iterator[Any]:
    yield from prompts[:3]
    time.sleep(FOREVER_S)


def _prompt(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),), reference="right", meta={"group": text})


@dataclass(frozen=True, kw_only=True)
class Crew:
    teacher: Speaker
    critic: AskedCritic
    reward: AskedReward
    comparer: AskedComparer
    rule: AskedRule
    notebook: Notebook


class OddMethod(metaclass=Told):
    Config = Nothing
    Crew = Crew
    recipe: ClassVar[str] = RECIPE

    def __init__(self, config: Nothing) -> None:
        called("method.__init__", None, lambda: None)

    def plan(self) -> Any:
        what = wrong("method.plan")
        if what == "another each time":
            return _plan(self, f"chains{time.monotonic_ns()}")
        if what in PLANS:
            return PLANS[what](self)
        return called("method.plan", None, lambda: _plan(self))

    def steps(self, item: Any) -> Any:
        if wrong("method.steps") == "without end":
            return (f"step.{n}" for n in itertools.count())
        return called("method.steps", None, lambda: list(STEPS))

    async def walk(self, prompt: Prompt, crew: Crew) -> Any:
        what = wrong("method.walk")
        if what in WALKS:
            return await WALKS[what](prompt, crew)
        return await awaited("method.walk", [prompt], lambda: _walk(prompt, crew))


STEPS = (
    "draft", "critique.1", "revise.1", "score.0", "score.1", "accept.1", "compare", "read",
)  # fmt: skip


def _plan(method: Any, name: str = "chains") -> Any:
    return (
        Generate(name, method.walk, steps=method.steps, makes={"pairs": Pair}),
        Train("student", on=f"{name}.pairs"),
        Evaluate(Arm("base"), Arm("student")),
    )


async def _walk(prompt: Prompt, crew: Crew) -> Any:
    draft = await crew.teacher.draft(prompt)
    revision = await crew.critic.revise(await crew.critic.critique(draft))
    old, new = await crew.reward.score(draft), await crew.reward.score(revision)
    decision = await crew.rule.decide(old, new)
    (compared,) = await crew.comparer.compare(draft, [revision])
    crew.notebook.read("read", draft, lambda text: called("method.parser", text, lambda: len(text)))
    kept, dropped = decision.kept, decision.dropped
    return {"pairs": Pair(prompt=prompt, chosen=kept, rejected=dropped, margin=compared.value, probability=1.0)}


def _made(row: Callable[[Prompt, Pair], Any]) -> Callable[[Prompt, Crew], Any]:
    async def walk(prompt: Prompt, crew: Crew) -> Any:
        return row(prompt, (await _walk(prompt, crew))["pairs"])

    return walk


async def _twice(prompt: Prompt, crew: Crew) -> Any:
    await crew.teacher.draft(prompt)
    return await _walk(prompt, crew)


async def _unknown(prompt: Prompt, crew: Crew) -> Any:
    await crew.teacher.draft(prompt, step="strange")
    return await _walk(prompt, crew)


async def _step_of_none(prompt: Prompt, crew: Crew) -> Any:
    await crew.teacher.draft(prompt, step=None)  # type: ignore[arg-type]
    return await _walk(prompt, crew)


async def _nonsense_asked(prompt: Prompt, crew: Crew) -> Any:
    await crew.reward.score("a text")  # type: ignore[arg-type]
    return await _walk(prompt, crew)


async def _shows_nonsense(prompt: Prompt, crew: Crew) -> Any:
    await crew.teacher.draft(prompt, shown=[None, 7])  # type: ignore[list-item]
    return await _walk(prompt, crew)


async def _short(prompt: Prompt, crew: Crew) -> Any:
    await crew.teacher.draft(prompt)
    return {"pairs": []}


async def _swallowing(prompt: Prompt, crew: Crew) -> Any:
    try:
        await crew.teacher.draft(prompt, step="strange")
    except BaseException:  # noqa: BLE001 - that is the fault
        return await _walk(prompt, crew)


async def _not_waiting(prompt: Prompt, crew: Crew) -> Any:
    tasks.append(asyncio.ensure_future(crew.teacher.draft(prompt)))
    return await _made(lambda _, pair: {"pairs": pair})(prompt, crew)


async def _together(prompt: Prompt, crew: Crew) -> Any:
    draft = await crew.teacher.draft(prompt)
    await asyncio.gather(crew.reward.score(draft), crew.reward.score(draft))
    return await _walk(prompt, crew)


WALKS: Mapping[str, Callable[[Prompt, Crew], Any]] = {
    "makes another table": _made(lambda _, pair: {"others": pair}),
    "makes no table": _made(lambda _, pair: {}),
    "makes a text": _made(lambda _, pair: {"pairs": "fine"}),
    "makes a sample": _made(lambda _, pair: {"pairs": pair.chosen}),
    "makes one row twice": _made(lambda _, pair: {"pairs": [pair, pair]}),
    "makes a pair of margin nan": _made(lambda _, pair: {"pairs": spoilt(pair, "margin", float("nan"))}),
    "makes a pair of probability nan": _made(lambda _, pair: {"pairs": spoilt(pair, "probability", float("nan"))}),
    "makes a pair of probability 2": _made(lambda _, pair: {"pairs": spoilt(pair, "probability", 2.0)}),
    "makes a pair of margin 10^400": _made(lambda _, pair: {"pairs": spoilt(pair, "margin", 10**400)}),
    "makes a pair of nobody": _made(lambda _, pair: {"pairs": spoilt(pair, "chosen", None)}),
    "makes a pair whose id is None": _made(lambda _, pair: {"pairs": spoilt(pair, "id", None)}),
    "makes a pair whose text is a lone surrogate": _made(lambda _, pair: {"pairs": spoilt(pair, "chosen.text", LONE)}),
    "makes a pair whose text is a number": _made(lambda _, pair: {"pairs": spoilt(pair, "chosen.text", 7)}),
    "makes a pair for another prompt": _made(lambda _, pair: {"pairs": spoilt(pair, "prompt", _prompt("other"))}),
    "declines for a reason that is None": _made(
        lambda _, pair: {"pairs": spoilt(Declined(reason="x"), "reason", None)}
    ),
    "declines for a reason of 5 MB": _made(lambda _, pair: {"pairs": Declined(reason="x" * HUGE)}),
    "declines for a lone surrogate": _made(lambda _, pair: {"pairs": Declined(reason=LONE)}),
    "declines everything": _made(lambda _, pair: {"pairs": Declined(reason="no")}),
    "asks a step twice": _twice,
    "asks a step that is not declared": _unknown,
    "asks a step whose name is None": _step_of_none,
    "asks about a text": _nonsense_asked,
    "shows nonsense": _shows_nonsense,
    "leaves steps out": _short,
    "swallows what ends it": _swallowing,
    "asks without waiting": _not_waiting,
    "asks one step at the same time": _together,
}

_CHAINS: dict[str, Any] = {"steps": STEPS, "makes": {"pairs": Pair}}


def _with_pass(**change: Any) -> Callable[[Any], Any]:
    def plan(method: Any) -> Any:
        values = {"name": "chains", "walk": method.walk, **_CHAINS} | change
        return (Generate(**values), *_plan(method)[1:])

    return plan


def _with_train(**change: Any) -> Callable[[Any], Any]:
    def plan(method: Any) -> Any:
        one, _, three = _plan(method)
        return (one, Train(**{"arm": "student", "on": "chains.pairs"} | change), three)

    return plan


def _with_arm(**change: Any) -> Callable[[Any], Any]:
    def plan(method: Any) -> Any:
        one, two, _ = _plan(method)
        return (one, two, Evaluate(Arm("base"), Arm(**{"name": "student"} | change)))

    return plan


def _with_evaluation(**change: Any) -> Callable[[Any], Any]:
    return lambda method: (*_plan(method)[:2], Evaluate(Arm("base"), Arm("student"), **change))


BAD: Mapping[str, Any] = {
    "None": None, "a number": 7, "bytes": b"x", "a lone surrogate": LONE, "a list of None": [None],
    "a hostile object": FIELDS["a hostile object"], "a path": "../../out", "a class": int,
}  # fmt: skip
PLANS: dict[str, Callable[[Any], Any]] = {
    "a list": lambda m: list(_plan(m)),
    "no passes": lambda m: (),
    "a pass and None": lambda m: (_plan(m)[0], None),
    "the same pass twice": lambda m: (_plan(m)[0], *_plan(m)),
    "only an evaluation": lambda m: (Evaluate(Arm("base")),),
    "an evaluation of no arms": lambda m: (*_plan(m)[:2], Evaluate()),
}
for _field in ("name", "walk", "over", "steps", "makes", "student", "crew", "cast", "settings"):
    PLANS |= {f"pass.{_field} = {name}": _with_pass(**{_field: value}) for name, value in BAD.items()}
for _field in ("arm", "on", "start", "section"):
    PLANS |= {f"train.{_field} = {name}": _with_train(**{_field: value}) for name, value in BAD.items()}
for _field in ("name", "model", "walk", "crew", "cast", "settings"):
    PLANS |= {f"arm.{_field} = {name}": _with_arm(**{_field: value}) for name, value in BAD.items()}
for _field in ("over", "differences", "name"):
    PLANS |= {f"evaluation.{_field} = {name}": _with_evaluation(**{_field: value}) for name, value in BAD.items()}


class OddWatcher:
    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        called("watcher.__init__", None, lambda: None)

    def notify(self, event: Any) -> None:
        what = wrong("watcher.notify")
        if what == "rewrites events":
            for name in getattr(event, "__slots__", ()):
                object.__setattr__(event, name, None)
            return
        called("watcher.notify", None, lambda: None)


def _one(target: str) -> list[Component]:
    return [Component(name="odd", target=f"{__name__}:{target}", summary="right, but for one thing")]


@hookimpl
def sctk_backends() -> list[Component]:
    return _one("OddBackend")


@hookimpl
def sctk_critics() -> list[Component]:
    return _one("OddCritic")


@hookimpl
def sctk_rewards() -> list[Component]:
    return _one("OddReward")


@hookimpl
def sctk_comparers() -> list[Component]:
    return _one("OddComparer")


@hookimpl
def sctk_acceptance_rules() -> list[Component]:
    return _one("OddRule")


@hookimpl
def sctk_trainers() -> list[Component]:
    return _one("OddTrainer")


@hookimpl
def sctk_evaluators() -> list[Component]:
    return _one("OddEvaluator")


@hookimpl
def sctk_sources() -> list[Component]:
    return _one("OddSource")


@hookimpl
def sctk_curators() -> list[Component]:
    return _one("OddCurator")


@hookimpl
def sctk_methods() -> list[Component]:
    return _one("OddMethod")


@hookimpl
def sctk_watchers() -> list[Component]:
    return _one("OddWatcher")
