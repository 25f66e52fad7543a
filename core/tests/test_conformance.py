"""The conformance checks: every fake passes its own, and every way of breaking a contract is refused in words."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sctk_core import (
    Arm,
    ContractError,
    Curation,
    Declined,
    Evaluate,
    Failure,
    Generate,
    Made,
    ModelRef,
    Prompt,
    Reply,
    Request,
    Sample,
    Score,
    Step,
    Train,
    spoken,
)
from sctk_core import testing as t
from sctk_core.pipeline.crew import Answerer

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
    t.check_comparer(t.FunctionComparer(lambda one, other: length(one) - length(other)))
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


def test_comparers_that_lose_their_pair_are_refused() -> None:
    class LosesTheSecond(t.FunctionComparer):
        async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
            return [Score(sample=one, name="x", value=0.0, against=one) for one, _ in pairs]

    class Turned(t.FunctionComparer):
        async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
            return await super().compare([(other, one) for one, other in pairs])

    refused(t.check_comparer, LosesTheSecond(lambda one, other: 0.0), "score of the pair with the second")
    refused(t.check_comparer, Turned(lambda one, other: 0.0), "score of the pair with the first")
    coin = random.Random(0)
    refused(t.check_comparer, t.FunctionComparer(lambda one, other: coin.random()), "another order")
    t.check_component("comparer", t.FunctionComparer(lambda one, other: 0.0))


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
        (NoUnicode, "wanted a text of Unicode"),
        (TossesACoin, "a pure function"),
        (NeedsHeldOut, "IndexError"),
        (HangsForever, "no answer to 8 rows within 0.2 s"),
    ],
)
def test_a_broken_curator_is_refused(mutant: Callable[[], Curator], words: str) -> None:
    with pytest.raises(ContractError) as caught:
        t.check_curator(mutant(), timeout_s=0.2)
    assert words in caught.value.message


async def walk(prompt: Prompt, crew: Answerer) -> Made:
    return {"rows": spoken(await crew.student.draft(prompt))}


GOOD_PLAN = (
    Generate("drafts", walk, steps=("draft",), makes={"rows": Sample}),
    Train("student", on="drafts.rows"),
    Evaluate(Arm("base"), Arm("student")),
)


class Planned:
    recipe = '[source]\nuse = "a"\n[backend]\nuse = "b"\n'

    def __init__(self, plan: Any) -> None:
        self._plan = plan

    def plan(self) -> Any:
        return self._plan


def test_a_plan_that_can_be_run_passes() -> None:
    t.check_method(Planned(GOOD_PLAN))


def a_pass(**change: Any) -> Generate:
    return dataclasses.replace(GOOD_PLAN[0], **change)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (list(GOOD_PLAN), "wanted a tuple of Generate, Fit, Train and Evaluate"),
        (("draft",), "wanted a tuple of Generate, Fit, Train and Evaluate"),
        ((GOOD_PLAN[0], *GOOD_PLAN), "got the name 'drafts' again"),
        ((a_pass(name="model"),), "got the name 'model' again"),
        ((a_pass(name="a/b"),), "wanted letters, digits, - and _"),
        ((a_pass(over="chains.rows"),), "drafts: walks the table 'chains.rows'"),
        ((a_pass(student="tutor"),), "drafts: its student is the arm 'tutor'"),
        ((a_pass(makes={}),), "drafts: makes no table"),
        ((a_pass(makes={"ledger": Sample}),), "a name that is taken"),
        ((a_pass(makes={"rows": int}),), "wanted a frozen dataclass with an id"),
        ((a_pass(steps=("draft", "draft")),), "wanted each once"),
        (
            (a_pass(steps=(Step("score", of="drafts"),)),),
            "asked of the answers of 'drafts', which is no step before it",
        ),
        (GOOD_PLAN[1:], "train.student: learns from 'drafts.rows'"),
        ((*GOOD_PLAN[:1], Train("base", on="drafts.rows")), "makes an arm that is there"),
        ((*GOOD_PLAN[:1], Train("student", on="drafts.rows", start="sft")), "starts from the arm 'sft'"),
        ((*GOOD_PLAN[:1], Train("drafts", on="drafts.rows")), "makes an arm of the name of a pass"),
        ((GOOD_PLAN[0], GOOD_PLAN[2]), "the arm 'student' is played by 'student'"),
        ((*GOOD_PLAN, Evaluate(Arm("base"))), "an evaluation of a name that is there"),
        ((Evaluate(Arm("base"), Arm("base")),), "wanted each once"),
        ((Evaluate(Arm("base"), differences=[("base", "sft")]),), "got the arm 'sft' in its differences"),
        ((Evaluate(Arm("base"), over="drafts.rows"),), "over 'drafts.rows'"),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused(plan: Any, words: str) -> None:
    refused(t.check_method, Planned(plan), words)


def test_a_method_without_a_recipe_is_refused() -> None:
    class NoRecipe(Planned):
        recipe = "[method"

    class NoSource(Planned):
        recipe = '[backend]\nuse = "b"\n'

    refused(t.check_method, NoRecipe(GOOD_PLAN), "no TOML")
    refused(t.check_method, NoSource(GOOD_PLAN), "got no [source]")


def test_a_method_whose_tasks_or_presets_are_no_recipes_is_refused() -> None:
    class Sound(Planned):
        tasks: ClassVar[Any] = {"films": "# Films.\n[source]\nuse = 'films'\n"}
        presets: ClassVar[Any] = {"mild": "[reward]\nuse = 'mild'\n"}

    class NoText(Sound):
        tasks: ClassVar[Any] = {"films": "[source"}

    class NoMapping(Sound):
        presets: ClassVar[Any] = ["mild"]

    t.check_method(Sound(GOOD_PLAN))
    refused(t.check_method, NoText(GOOD_PLAN), "tasks: 'films': got no TOML text")
    refused(t.check_method, NoMapping(GOOD_PLAN), "presets: got ['mild'], wanted a mapping")


def test_trainers_account_for_every_row(tmp_path: Path) -> None:
    model = ModelRef(path=str(tmp_path))
    data = t.example_samples()
    t.check_trainer(t.FakeTrainer(), model, data)
    t.check_trainer(t.FakeTrainer(), model, {"texts": data, "pairs": t.example_pairs()})

    class LosesRows(t.FakeTrainer):
        def train(self, data: Any, model: ModelRef, out: Path) -> Any:
            return dataclasses.replace(super().train(data, model, out), n_rows=3)

    class WritesNothing(t.FakeTrainer):
        def train(self, data: Any, model: ModelRef, out: Path) -> Any:
            return dataclasses.replace(super().train(data, model, tmp_path / "else"), losses=(float("nan"),))

    refused(lambda one: t.check_trainer(one, model, data), LosesRows(), "3 rows trained and 0 declined, wanted 8")
    refused(lambda one: t.check_trainer(one, model, data), WritesNothing(), "wrote nothing", "losses[0]: got nan")


def test_watchers_take_every_event() -> None:
    class Watches:
        def notify(self, event: Any) -> None:
            self.last = event

    class Chokes:
        def notify(self, event: Any) -> None:
            self.last = event.stage

    t.check_watcher(Watches())
    refused(t.check_watcher, Chokes(), "AttributeError")
