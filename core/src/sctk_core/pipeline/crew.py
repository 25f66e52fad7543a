"""Who a walk may ask: members of a crew, which is a frozen dataclass of the method's own.

The name of a field is the role or the recipe section that plays it, its type what can be asked of it:
`teacher: Speaker`, `critic: AskedCritic`, `reward: AskedReward`. A field of type `X | None` may be left out of the recipe.
"""

from __future__ import annotations

import asyncio
import dataclasses
import types
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from sctk_core.errors import ContractError
from sctk_core.identity import uniform
from sctk_core.pipeline.asking import STOPS_EVERYTHING, Ask, Desk, ItemEnded, ask
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.notes import ANSWERED, FAILED, WALK, Line, OffPlan, page_here, reason_of
from sctk_core.pipeline.recording import RecordingBackend, spend
from sctk_core.pipeline.threads import OwnLoop
from sctk_core.records import (
    Critique,
    Decision,
    Failure,
    Message,
    Prompt,
    Reply,
    Request,
    Round,
    Sample,
    Sampling,
    Score,
)

A = TypeVar("A")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")


@typing.overload
async def together(one: Awaitable[T1], two: Awaitable[T2], /) -> tuple[T1, T2]: ...
@typing.overload
async def together(one: Awaitable[T1], two: Awaitable[T2], three: Awaitable[T3], /) -> tuple[T1, T2, T3]: ...
@typing.overload
async def together(
    one: Awaitable[T1], two: Awaitable[T2], three: Awaitable[T3], four: Awaitable[T4], /
) -> tuple[T1, T2, T3, T4]: ...
@typing.overload
async def together(*asks: Awaitable[A]) -> tuple[A, ...]: ...
async def together(*asks: Awaitable[Any]) -> tuple[Any, ...]:
    """All answers, asked at once; where one ends the item, the others are awaited first, so that the page is the same each time."""
    answers = await asyncio.gather(*asks, return_exceptions=True)
    raised = [answer for answer in answers if isinstance(answer, BaseException)]
    if raised:
        raise next((error for error in raised if isinstance(error, STOPS_EVERYTHING)), raised[0])
    return tuple(answers)


class Speaker:
    """A role that writes: a model behind a backend, with its own sampling."""

    kind: ClassVar[str] = ""

    def __init__(self, role: str, backend: RecordingBackend, sampling: Sampling, desk: Desk, component: str) -> None:
        self.role, self._backend, self.sampling = role, backend, sampling
        self._desk, self._component = desk, component

    async def draft(
        self,
        prompt: Prompt,
        step: str = "draft",
        *,
        shown: Sequence[Message] | None = None,
        greedy: bool = False,
        sampling: Sampling | None = None,
        about: Any = None,
        rank: int = 0,
        prefix_ids: Sequence[int] = (),
        or_none: bool = False,
    ) -> Sample:
        """One text that answers `prompt`; `shown` is the conversation that is sent where it is not the prompt's own.

        `about` is the record that the ask is about (left out: the prompt): it seeds the draw, as do `step` and `rank`. `sampling`
        is in place of the role's own: `replace(crew.teacher.sampling, temperature=0.3)`; `greedy` is temperature 0.
        """
        sampling = sampling or self.sampling
        sampling = replace(sampling, temperature=0.0) if greedy else sampling
        item = prompt if about is None else about
        request = Request(
            messages=prompt.messages if shown is None else tuple(shown), sampling=sampling, of=item.id, rank=rank,
            prefix_ids=tuple(prefix_ids),
        )  # fmt: skip
        page = page_here()
        label = "" if step == "draft" else f"{page.part}.{step}"
        place = {"chain": page.chain, "rank": rank, "step": label, "about": None if item.id == prompt.id else item.id}

        async def call() -> Sample | Failure:
            (reply,) = await self._backend.generate([request])
            return Sample.of(reply, prompt=prompt, **place) if isinstance(reply, Reply) else replace(reply, stage=step)

        asked = Ask(
            step=step, item=item, expect=Sample, component=self._component, role=self.role, rank=rank, speaks=True
        )
        answer: Sample = await ask(self._desk, asked, call, or_none=or_none)
        return answer

    async def drafts(self, prompt: Prompt, n: int, step: str, *, least: int | None = None, **how: Any) -> list[Sample]:
        """`n` texts of ranks 0 to n - 1, asked at once; with `least`, fewer are enough, but not fewer than that."""
        if least is not None and least > n:
            raise OffPlan(f"asks {n} of {step}, and wants {least} at least")
        spare = least is not None and least < n
        found = await together(*(self.draft(prompt, step, rank=rank, or_none=spare, **how) for rank in range(n)))
        answers = [sample for sample in found if sample is not None]
        if least is not None and len(answers) < least:
            kind = next(failure.kind for failure in page_here().failures if failure.stage == step)
            failure = Failure(
                of=page_here().item, stage=WALK, component=self._component, kind=kind, reason=f"too few of {step}"
            )
            page_here().failed(replace(failure, detail=f"got {len(answers)} of {n}, wanted {least}"))
            raise ItemEnded(failure)
        return answers

    async def continued(self, prompt: Prompt, ids: Sequence[int], step: str, **how: Any) -> Sample:
        """The answer that begins with these token ids, gone on with; its text and ids are those of the whole answer."""
        return await self.draft(prompt, step, prefix_ids=ids, **how)

    async def logprobs(
        self, conversations: Sequence[tuple[Sequence[Message], str]], step: str, *, about: Any
    ) -> list[float]:
        """log p(text | messages) in nats of each (messages, text), summed over the text's tokens and the end of the turn."""
        asked = Ask(step=step, item=about, expect=float, component=self._component, role=self.role, speaks=True)

        async def call() -> list[float] | Failure:
            found = await self._backend.logprobs([(tuple(messages), text) for messages, text in conversations])
            failed = next((value for value in found if isinstance(value, Failure)), None)
            return [value for value in found if isinstance(value, float)] if failed is None else failed

        answer: list[float] = await ask(self._desk, asked, call)
        return answer


@dataclass(frozen=True, kw_only=True)
class Member:
    """A component at work: who it is, in whose words it speaks, and the loop that it lives in (None: the run's own)."""

    instance: Any
    component: str
    desk: Desk
    role: str = ""
    loop: OwnLoop | None = None

    async def work(self, verb: Callable[[], Awaitable[A]]) -> A:
        """What a verb gives, in the component's loop."""

        async def called() -> A:
            return await verb()

        return await (self.loop.call(called) if self.loop else called())

    async def timed(self, verb: Callable[[], Awaitable[A]], times: int = 1) -> A:
        """The same in bounded time: `times` the time of one ask."""
        async with asyncio.timeout(self.desk.timeout_s * times):
            return await self.work(verb)


class Asked:
    """A component of one kind, asked one item at a time."""

    kind: ClassVar[str] = ""

    def __init__(self, member: Member) -> None:
        self._member = member

    async def _one(self, asked: Ask, verb: Callable[[Sequence[Any]], Any], **change: Any) -> Any:
        """One item through a verb that takes batches; `change` is what core knows better of the answer."""
        member, expect = self._member, asked.expect

        async def call() -> Any:
            answers = await member.work(lambda: verb([asked.item]))
            (answer,) = checked(
                answers, [asked.item], expect, of=[asked.item.id], stage=asked.step, component=member.component
            )
            known_better = any(getattr(answer, name, value) != value for name, value in change.items())
            return replace(answer, **change) if known_better and not isinstance(answer, Failure) else answer

        return await ask(member.desk, asked, call)

    def _ask(self, step: str, item: Any, expect: type, **more: Any) -> Ask:
        return Ask(
            step=step, item=item, expect=expect, component=self._member.component, role=self._member.role, **more
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
        step: str = "",
    ) -> Decision:
        """Which of two scored samples the chain stands at next."""
        page, sample = page_here(), proposal.sample
        coin = uniform(self._member.desk.run_seed, "accept", sample.prompt.id, page.chain, sweep)
        game = Round(current=current, proposal=proposal, sweep=sweep, coin=coin, log_proposal_ratio=log_proposal_ratio)
        asked = self._ask(step or f"accept.{sweep}", sample, Decision, sweep=sweep)

        async def call() -> Decision | Failure:
            answers = self._member.instance.decide([game])
            (answer,) = checked(
                answers, [game], Decision, of=[sample.id], stage=asked.step, component=self._member.component
            )
            return answer if isinstance(answer, Failure) else replace(answer, sweep=sweep)

        found: Decision = await ask(self._member.desk, asked, call)
        return found


class Notebook:
    """The item's own page of the ledger, for what a walk reads out of texts by itself."""

    kind: ClassVar[str] = ""

    def read(self, step: str, sample: Sample, parser: Callable[[str], A | Failure]) -> A | None:
        """What the parser reads in the sample's text, or None where it gives a Failure, which is filed. A line either way."""
        page = page_here()
        page.open(step, sample.id, 0)
        value = parser(sample.text)
        if isinstance(value, Failure):
            failure = replace(value, of=sample.id, stage=step)
            line = Line(step=step, of=sample.id, outcome=FAILED, record=failure.id, reason=reason_of(failure))
            page.close(line, failure)
            return None
        page.close(Line(step=step, of=sample.id, outcome=ANSWERED, record=sample.id))
        return value


@dataclass(frozen=True, kw_only=True)
class Answerer:
    """The crew of an arm that just answers."""

    student: Speaker


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One field of a crew: the member's type, the role or section that plays it, whose words it uses, whether it may lack."""

    name: str
    member: type[Speaker | Asked | Notebook]
    section: str
    role: str
    optional: bool

    @property
    def speaks(self) -> bool:
        """Whether it is a role, and not a component."""
        return issubclass(self.member, Speaker)


def asked(*, section: str = "", role: str = "", default: Any = dataclasses.MISSING) -> Any:
    """A crew's field whose section is not its name, or whose words the method chooses (a critic in the student's words, say)."""
    return dataclasses.field(default=default, metadata={"section": section, "role": role})


def places(crew: type) -> list[Place]:
    """The fields of a crew."""
    hints: Mapping[str, Any] = typing.get_type_hints(crew)
    return [_place(field, hints[field.name]) for field in dataclasses.fields(crew)]


def _place(field: dataclasses.Field[Any], hint: Any) -> Place:
    arms = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    members = [arm for arm in arms if arm is not type(None)]
    if len(members) != 1 or not (isinstance(members[0], type) and hasattr(members[0], "kind")):
        raise ContractError(
            f"crew field {field.name!r}: got the type {hint}, wanted Speaker, AskedCritic, AskedReward, AskedRule, "
            "AskedComparer or Notebook",
            hint="docs/method-author.md shows a crew",
        )
    section = field.metadata.get("section") or field.name
    role = field.metadata.get("role", "")
    return Place(name=field.name, member=members[0], section=section, role=role, optional=type(None) in arms)
