"""Components as a walk asks them, one item at a time: each ask with its line of the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NoReturn, TypeVar

from sctk_core.errors import ContractError
from sctk_core.identity import uniform
from sctk_core.pipeline.asking import Ask, Desk, ask
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.deadlines import Pulse
from sctk_core.pipeline.notes import page_here
from sctk_core.pipeline.recording import spend
from sctk_core.pipeline.threads import OwnLoop, as_one, in_time
from sctk_core.pipeline.together import together
from sctk_core.pipeline.untouched import restored, seen
from sctk_core.records import Critique, Decision, Failure, Message, Round, Sample, Score

A = TypeVar("A")


@dataclass(frozen=True, kw_only=True)
class Member:
    """A component at work: who it is, in whose words it speaks, and the loop that it lives in (None: the run's own).

    `pulse` is that of the role's backend.
    """

    instance: Any
    component: str
    desk: Desk
    role: str = ""
    loop: OwnLoop | None = None
    pulse: Pulse | None = None

    async def work(self, verb: Callable[[], Awaitable[A]]) -> A:
        """What a verb gives, in the component's loop."""

        async def called() -> A:
            return await verb()

        return await (self.loop.call(called) if self.loop else as_one(called))

    async def of_one(self, verb: Callable[[Sequence[Any]], Awaitable[A]], item: Any) -> A:
        """What a verb answers to one item alone; the ask bounds its time."""
        before = seen(item)
        try:
            answer = await self.work(lambda: verb([item]))
        finally:
            changed = restored(item, before)
        return answer if not changed else self.refuse_change(changed)

    async def of_all(self, verb: Callable[[Sequence[Any]], Awaitable[A]], items: Sequence[Any], times: int = 1) -> A:
        """What a verb answers to a batch, in `times` the time of one ask."""
        before = [seen(item) for item in items]
        try:
            answer = await self._in_time(lambda: verb(list(items)), self.desk.timeout_s * times)
        finally:
            changed = [restored(item, then) for item, then in zip(items, before, strict=True)]
        return answer if not any(changed) else self.refuse_change(max(changed))

    async def _in_time(self, verb: Callable[[], Awaitable[A]], timeout_s: float) -> A:
        """A verb in bounded time; one that swallows its cancellation is left behind, and told."""
        if self.loop is not None:
            async with asyncio.timeout(timeout_s):
                return await self.loop.call(verb)
        return await in_time(verb, timeout_s, self.component, self.pulse)

    def refuse_change(self, field: str) -> NoReturn:
        """What is done about a component that changed what it was given; the change is undone."""
        raise ContractError(
            f"{self.component}: changed {field} of what it was given, wanted it left as it is",
            hint="make a new record: dataclasses.replace(record, ...)",
            reason="changed what it was given",
        )


class Asked:
    """A component of one kind, asked one item at a time."""

    kind: ClassVar[str] = ""

    def __init__(self, member: Member) -> None:
        self._member = member

    async def _one(self, asked: Ask, verb: Callable[[Sequence[Any]], Any], **change: Any) -> Any:
        """One item through a verb that takes batches; `change` is what core knows better of the answer."""
        member, expect = self._member, asked.expect

        async def call() -> Any:
            answers = await member.of_one(verb, asked.item)
            (answer,) = checked(
                answers, [asked.item], expect, of=[asked.item.id], stage=asked.step, component=member.component,
                longest=member.desk.longest,
            )  # fmt: skip
            known_better = any(getattr(answer, name, value) != value for name, value in change.items())
            return replace(answer, **change) if known_better and not isinstance(answer, Failure) else answer

        return await ask(member.desk, asked, call)

    def _ask(self, step: str, item: Any, expect: type, **more: Any) -> Ask:
        member = self._member
        return Ask(
            step=step,
            item=item,
            expect=expect,
            component=member.component,
            role=member.role,
            pulse=member.pulse,
            **more,
        )


class AskedCritic(Asked):
    """A critic: finds fault and writes anew."""

    kind = "critic"

    async def critique(self, sample: Sample, sweep: int = 1, *, step: str = "") -> Critique:
        """What the critic says of a sample."""
        step = step or f"critique.{sweep}"
        verb = self._member.instance.critique
        found: Critique = await self._one(self._ask(step, sample, Critique, sweep=sweep), verb, sweep=sweep)
        return found

    async def revise(self, critique: Critique, *, step: str = "") -> Sample:
        """The sample, written anew after a critique."""
        page, usual = page_here(), f"revise.{critique.sweep}"
        label = "" if step in ("", usual) else f"{page.part}.{step}"
        place = {"chain": page.chain, "sweep": critique.sweep, "step": label}
        asked = self._ask(step or usual, critique, Sample, sweep=critique.sweep)
        found: Sample = await self._one(asked, self._member.instance.revise, **place)
        return found

    def asking(self, sample: Sample) -> tuple[Message, ...]:
        """The conversation that asks for a critique, for rules that need its probability."""
        return self._conversation("asking", sample)

    def revising(self, critique: Critique) -> tuple[Message, ...]:
        """The conversation that asks for a revision."""
        return self._conversation("revising", critique)

    def _conversation(self, verb: str, about: Any) -> tuple[Message, ...]:
        shows = getattr(self._member.instance, verb, None)
        if shows is None:
            raise ContractError(
                f"the critic {self._member.component!r} does not show what it asks: it has no {verb}()",
                hint="exact rules need a critic that shows its conversations: the critic `constitution` does",
            )
        conversation: tuple[Message, ...] = shows(about)
        return conversation


class AskedReward(Asked):
    """A reward: scores one sample; many walks share its batches."""

    kind = "reward"

    def __init__(self, member: Member, batcher: MicroBatcher[Sample, Score]) -> None:
        super().__init__(member)
        self._batcher = batcher

    async def score(self, sample: Sample, *, step: str = "", or_none: bool = False) -> Score:
        """What the reward thinks of a sample."""
        asked = self._ask(step or f"score.{sample.sweep}", sample, Score, bounded=False, rank=sample.rank)
        found: Score = await ask(
            self._member.desk, asked, lambda: _shared(self._batcher, sample, sample.id), or_none=or_none
        )
        return found


class AskedComparer(Asked):
    """A comparer: a number for each ordered pair of texts; many walks share its batches."""

    kind = "comparer"

    def __init__(self, member: Member, batcher: MicroBatcher[tuple[Sample, Sample], Score]) -> None:
        super().__init__(member)
        self._batcher = batcher

    async def compare(self, one: Sample, others: Sequence[Sample], *, step: str = "compare") -> list[Score]:
        """The number of (one, other) for each of the others, in order; each has a line about that other: `Step(of=...)`."""
        return list(await together(*(self._pair(one, other, step) for other in others)))

    async def _pair(self, one: Sample, other: Sample, step: str) -> Score:
        asked = self._ask(step, other, Score, bounded=False, rank=other.rank)
        found: Score = await ask(self._member.desk, asked, lambda: _shared(self._batcher, (one, other), one.id))
        return found


async def _shared(batcher: MicroBatcher[Any, Score], item: Any, of: str) -> Score | Failure:
    """An item's answer out of a batch that many walks share; what it spent is counted with the ask that waits."""
    answer, spent = await batcher.ask(item)
    spend(of, spent)
    return answer


class AskedRule(Asked):
    """An acceptance rule: decides whether a chain moves to its proposal; its coin is seeded by content."""

    kind = "rule"

    async def decide(
        self,
        current: Score,
        proposal: Score,
        sweep: int = 1,
        *,
        log_proposal_ratio: float | None = None,
        ratio_counts: bool = True,
        spread: float | None = None,
        step: str = "",
    ) -> Decision:
        """Which of two scored samples the chain stands at next; a ratio that does not count is kept, and the rule not told."""
        page, sample = page_here(), proposal.sample
        coin = uniform(self._member.desk.run_seed, "accept", sample.prompt.id, page.chain, sweep)
        game = Round(
            current=current, proposal=proposal, sweep=sweep, coin=coin,
            log_proposal_ratio=log_proposal_ratio if ratio_counts else None, spread=spread,
        )  # fmt: skip
        asked = self._ask(step or f"accept.{sweep}", sample, Decision, sweep=sweep)

        async def call() -> Decision | Failure:
            before = seen(game)
            try:
                answers = self._member.instance.decide([game])
            finally:
                changed = restored(game, before)
            if changed:
                self._member.refuse_change(changed)
            (answer,) = checked(
                answers, [game], Decision, of=[sample.id], stage=asked.step, component=self._member.component
            )
            if isinstance(answer, Failure):
                return answer
            return replace(answer, sweep=sweep, log_proposal_ratio=log_proposal_ratio)

        found: Decision = await ask(self._member.desk, asked, call)
        return found
