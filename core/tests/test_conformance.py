"""The conformance checks: every fake passes its own, and every way of breaking a contract is refused in words."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sctk_core import (
    AcceptStep,
    Collect,
    ContractError,
    CritiqueStep,
    Curation,
    Declined,
    DraftStep,
    EvaluateStage,
    Failure,
    ModelRef,
    Reply,
    Request,
    ReviseStep,
    Sample,
    Score,
    ScoreStep,
    Train,
)
from sctk_core import testing as t

NAMES = iter(range(10**9))


def length(sample: Sample) -> float:
    return float(len(sample.text))


class Reward(t.FunctionReward):
    """A good reward, out of which each mutant breaks one thing."""

    def __init__(self) -> None:
        super().__init__(length, name="length")


class Reordered(Reward):
    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        return sorted(await super().score(samples), key=lambda s: s.value if isinstance(s, Score) else 0)


class Short(Reward):
    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        return [score for score in await super().score(samples) if isinstance(score, Score) and score.value]


class NotANumber(Reward):
    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        return [Score(sample=s, name="length", value=float("nan")) for s in samples]


class NotAwaited(Reward):
    async def score(self, samples: Sequence[Sample]) -> Any:
        return [self.later(sample) for sample in samples]

    async def later(self, sample: Sample) -> Score:
        return Score(sample=sample, name="length", value=0.0)


class NotAsync(Reward):
    def score(self, samples: Sequence[Sample]) -> Any:
        return [Score(sample=s, name="length", value=0.0) for s in samples]


class OfTheBatch(Reward):
    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        return [Score(sample=s, name="length", value=float(n)) for n, s in enumerate(samples)]


class Hangs(Reward):
    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        await asyncio.Event().wait()
        return []


class Raises(Reward):
    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        return [Score(sample=s, name=s.text[0], value=0.0) for s in samples]


class Bare(Reward):
    async def score(self, samples: Sequence[Sample]) -> Any:
        return [length(sample) for sample in samples]


class AllFail(Reward):
    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        return [Failure(of=s.id, stage="", component="", kind="parse", reason="never") for s in samples]


@pytest.mark.parametrize(
    ("mutant", "words"),
    [
        (Reordered, "out of order"),
        (Short, "got 7 answers, wanted 8"),
        (NotANumber, "wanted a finite number"),
        (NotAwaited, "coroutine that nobody awaited"),
        (NotAsync, "wanted `async def score`"),
        (OfTheBatch, "another order"),
        (Hangs, "no answer to 8 items within 0.2 s"),
        (Raises, "IndexError"),
        (Bare, "got a float, wanted Score or Failure"),
        (AllFail, "a Failure for every item"),
    ],
)
def test_a_broken_reward_is_refused(mutant: Callable[[], Reward], words: str) -> None:
    with pytest.raises(ContractError) as caught:
        t.check_reward(mutant(), timeout_s=0.2)
    assert words in caught.value.message
    assert mutant.__name__ in caught.value.message


def test_good_components_pass() -> None:
    t.check_reward(Reward())
    t.check_rule(t.FunctionRule(lambda one: one.proposal.value > one.current.value))
    t.check_evaluator(
        t.FunctionEvaluator({"length": length, "first": lambda s: float(ord(s.text[0])) if s.text else None})
    )
    t.check_critic(t.FunctionCritic(lambda s: "longer" if len(s.text) < 10 else "", lambda c: c.sample.text + " more"))
    t.check_backend(t.ScriptedBackend(lambda request: str(request.seed)[: request.sampling.max_new_tokens]))
    t.check_curator(Curator())
    t.check_curator(t.FunctionCurator(lambda row: "empty" if not getattr(row, "text", "some") else ""))
    t.check_source(t.ListSource(t.example_prompts()[2:], t.example_prompts()[1:2]))


def test_a_reward_that_may_fail_need_not_score() -> None:
    t.check_reward(AllFail(), may_fail=True)


def refused(check: Callable[..., None], component: object, *words: str) -> None:
    with pytest.raises(ContractError) as caught:
        check(component)
    for word in words:
        assert word in caught.value.message


def test_backends_that_lose_keys_or_stops_or_depend_on_the_batch_are_refused() -> None:
    class NoKey(t.ScriptedBackend):
        async def generate(self, requests: Sequence[Request]) -> Sequence[Reply | Failure]:
            replies = await super().generate(requests)
            return [dataclasses.replace(reply, key="") if isinstance(reply, Reply) else reply for reply in replies]

    refused(t.check_backend, NoKey(lambda request: "x"), "reply with the key")
    refused(t.check_backend, t.ScriptedBackend(lambda request: "see"), "stop string 'e'")
    refused(t.check_backend, t.ScriptedBackend(lambda request: "x" * 50), "wanted at most max_new_tokens = 8")
    coin = random.Random(0)
    refused(t.check_backend, t.ScriptedBackend(lambda request: str(coin.random())[:4]), "another order")
    loose = t.ScriptedBackend(lambda request: str(coin.random())[:4])
    loose.batch_dependent = True  # type: ignore[attr-defined]
    t.check_backend(loose)


def test_critics_that_lose_their_cause_are_refused() -> None:
    class Orphan(t.FunctionCritic):
        async def revise(self, critiques: Sequence[Any]) -> Sequence[Sample | Failure]:
            return [dataclasses.replace(c.sample, text="new", sweep=c.sweep) for c in critiques]

    class SameSweep(t.FunctionCritic):
        async def revise(self, critiques: Sequence[Any]) -> Sequence[Sample | Failure]:
            return [dataclasses.replace(c.sample, text="new", critique=c.id) for c in critiques]

    refused(t.check_critic, Orphan(lambda s: "x", lambda c: "y"), "revision by critique")
    refused(t.check_critic, SameSweep(lambda s: "x", lambda c: "y"), "(chain, sweep) = (0, 0), wanted (0, 1)")


def test_rules_that_toss_their_own_coin_are_refused() -> None:
    coin = random.Random(0)
    refused(t.check_rule, t.FunctionRule(lambda one: coin.random() < 0.5), "decide()")


def test_sources_that_leak_or_repeat_or_change_are_refused() -> None:
    prompts = t.example_prompts()
    refused(
        t.check_source,
        t.ListSource(prompts, prompts[:1]),
        "held_out(): got 1 messages",
        "held_out(): got 1 meta['group']",
    )

    class Repeats(t.ListSource):
        def prompts(self) -> Any:
            return iter([prompts[1], prompts[1]])

    class Changes(t.ListSource):
        def prompts(self) -> Any:
            return iter([dataclasses.replace(prompts[1], reference=str(next(NAMES)))])

    class Empty(t.ListSource):
        def prompts(self) -> Any:
            return iter([])

    refused(t.check_source, Repeats([]), "1 equal ids")
    refused(t.check_source, Changes([]), "others the second time")
    refused(t.check_source, Empty([]), "got none")


class Curator(t.FunctionCurator):
    """A good curator, which leaves out the texts that it saw before; each mutant breaks one thing."""

    def __init__(self) -> None:
        super().__init__(lambda row: "")

    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        texts = [str(getattr(getattr(row, "chosen", row), "text", row.id)) for row in rows]
        seen = {text: row.id for text, row in zip(reversed(texts), reversed(rows), strict=True)}
        same = [None if seen[text] == row.id else seen[text] for text, row in zip(texts, rows, strict=True)]
        return Curation(verdicts=[Declined(reason="equal", because=name) if name else None for name in same])


class FewVerdicts(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return Curation(verdicts=super().curate(rows, held_out).verdicts[1:])


class Flags(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return Curation(verdicts=[verdict is None for verdict in super().curate(rows, held_out).verdicts])  # type: ignore[misc]


class NoCuration(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return super().curate(rows, held_out).verdicts


class AsyncCurator(Curator):
    async def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return super().curate(rows, held_out)


class ForAStranger(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return Curation(verdicts=[Declined(reason="equal", because="nobody") for _ in rows])


class ForItself(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return Curation(verdicts=[Declined(reason="equal", because=row.id) for row in rows])


class ForOneThatGoes(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return Curation(verdicts=[Declined(reason="equal", because=rows[place - 1].id) for place, _ in enumerate(rows)])


class TooAlike(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return Curation(verdicts=[Declined(reason="equal", similarity=1.5) for _ in rows])


class NoReason(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return Curation(verdicts=[Declined(reason="") for _ in rows])


class NoUnicode(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return Curation(verdicts=[Declined(reason="equal", detail="\ud800") for _ in rows])


class TossesACoin(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return Curation(verdicts=[Declined(reason=str(next(NAMES))) for _ in rows])


class NeedsHeldOut(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        return super().curate(rows, [held_out[0]])


class HangsForever(Curator):
    def curate(self, rows: Sequence[Any], held_out: Sequence[Any]) -> Any:
        threading.Event().wait()


@pytest.mark.parametrize(
    ("mutant", "words"),
    [
        (FewVerdicts, "got 7 verdicts, wanted 8"),
        (Flags, "verdict 0 of 8: got a bool, wanted None, Declined or Failure"),
        (NoCuration, "got a list, wanted a Curation"),
        (AsyncCurator, "got a coroutine, wanted a Curation"),
        (ForAStranger, "wanted the id of another row"),
        (ForItself, "wanted the id of another row"),
        (ForOneThatGoes, "wanted the one that stays"),
        (TooAlike, "got the similarity 1.5"),
        (NoReason, "got the reason ''"),
        (NoUnicode, "lone surrogate"),
        (TossesACoin, "a pure function"),
        (NeedsHeldOut, "IndexError"),
        (HangsForever, "no answer to 8 rows within 0.2 s"),
    ],
)
def test_a_broken_curator_is_refused(mutant: Callable[[], Curator], words: str) -> None:
    with pytest.raises(ContractError) as caught:
        t.check_curator(mutant(), timeout_s=0.2)
    assert words in caught.value.message


GOOD_PLAN = (
    DraftStep(),
    CritiqueStep(),
    ReviseStep(),
    ScoreStep(),
    ScoreStep(sweep=1),
    AcceptStep(),
    Collect(table="rows", rows="samples", build=lambda chain: chain.state or Declined(reason="no state")),
    Train(arm="student", table="rows"),
    EvaluateStage(arms=("base", "student"), differences=(("student", "base"),)),
)


class Plan:
    recipe = '[source]\nuse = "a"\n[backend]\nuse = "b"\n'

    def __init__(self, stages: Any) -> None:
        self._stages = stages

    def stages(self) -> Any:
        return self._stages


def test_a_plan_that_can_be_run_passes() -> None:
    t.check_method(Plan(GOOD_PLAN))


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        (list(GOOD_PLAN), "wanted a tuple of stages"),
        (GOOD_PLAN[1:], "no draft"),
        ((*GOOD_PLAN, ScoreStep(sweep=2)), "chain steps first"),
        ((GOOD_PLAN[0], *GOOD_PLAN), "each once"),
        (GOOD_PLAN[:1] + GOOD_PLAN[2:], "revise.1: got no CritiqueStep of sweep 1 before it"),
        (GOOD_PLAN[:6] + GOOD_PLAN[7:], "train.student: got the table 'rows'"),
        (GOOD_PLAN[:7] + GOOD_PLAN[8:], "evaluate: got the arm 'student'"),
        ((*GOOD_PLAN[:6], Collect(table="rows", rows="samples", build=lambda chain: None)), "returned a NoneType"),  # type: ignore[arg-type, return-value]
        ((*GOOD_PLAN[:6], Collect(table="rows", rows="samples", build=lambda chain: chain.samples[9])), "IndexError"),
        ((*GOOD_PLAN[:6], dataclasses.replace(GOOD_PLAN[6], rows="pairs")), "returned a Sample, wanted Pair"),
        (
            (
                *GOOD_PLAN[:6],
                Collect(table="rows", rows="samples", build=lambda chain: Declined(reason=str(next(NAMES)))),
            ),
            "a pure function",
        ),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused(stages: Any, words: str) -> None:
    refused(t.check_method, Plan(stages), words)


def test_a_method_without_a_recipe_is_refused() -> None:
    class NoRecipe(Plan):
        recipe = "[method"

    refused(t.check_method, NoRecipe(GOOD_PLAN), "no TOML")


def test_trainers_account_for_every_row(tmp_path: Path) -> None:
    model = ModelRef(path=str(tmp_path))
    data = t.example_samples()
    t.check_trainer(t.FakeTrainer(), model, data)

    class LosesRows(t.FakeTrainer):
        def train(self, data: Any, model: ModelRef, out: Path) -> Any:
            return dataclasses.replace(super().train(data, model, out), n_rows=3)

    class WritesNothing(t.FakeTrainer):
        def train(self, data: Any, model: ModelRef, out: Path) -> Any:
            return dataclasses.replace(super().train(data, model, tmp_path / "else"), losses=(float("nan"),))

    refused(lambda one: t.check_trainer(one, model, data), LosesRows(), "3 rows trained and 0 declined, wanted 8")
    refused(lambda one: t.check_trainer(one, model, data), WritesNothing(), "wrote nothing", "finite numbers")


def test_watchers_take_every_event() -> None:
    class Watches:
        def notify(self, event: Any) -> None:
            self.last = event

    class Chokes:
        def notify(self, event: Any) -> None:
            self.last = event.stage

    t.check_watcher(Watches())
    refused(t.check_watcher, Chokes(), "AttributeError")
