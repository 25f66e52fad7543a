"""One chain walks its steps: draft, critique, revise, score, accept, each as soon as the last reply is there.

Whatever a component does, a step ends as a longer chain, a counted failure, or a refusal of our own; the two reasons to stop
everything are a backend that is down and a store that cannot be written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sctk_core.errors import BackendDown, StoreError, boundary
from sctk_core.identity import uniform
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.position import Position, at
from sctk_core.pipeline.stages import (
    AcceptStep,
    Chain,
    CritiqueStep,
    Declined,
    DraftStep,
    ReviseStep,
    ScoreStep,
    Step,
)
from sctk_core.protocols import AcceptanceRule, Backend, Critic
from sctk_core.records import Critique, Decision, Failure, Reply, Request, Round, Sample, Sampling, Score

STOPS_EVERYTHING = (BackendDown, StoreError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the ledger: what became of one item at one stage. `record` names the answer or the failure."""

    stage: str
    id: str
    outcome: str
    record: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Crew:
    """The components that a chain asks, and how long each step may take. A role that a method does not use is None."""

    backend: Backend
    sampling: Sampling
    critic: Critic | None = None
    scorer: MicroBatcher[Sample, Score] | None = None
    rule: AcceptanceRule | None = None
    names: dict[str, str]
    run_seed: int
    timeout_s: float
    retries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Walked:
    """A chain at its end: what it gathered, its lines of the ledger, and its failure where it ended in one."""

    chain: Chain
    entries: tuple[Entry, ...]
    failure: Failure | None
    complete: bool


def chain_id(chain: Chain) -> str:
    """The name of a chain in the ledger: its prompt, and which of the prompt's chains it is."""
    return f"{chain.prompt.id}/{chain.number}"


async def walk(chain: Chain, steps: Sequence[Step], crew: Crew, seen: Callable[[Entry], None]) -> Walked:
    """Walks all steps of one chain; `seen` hears of every entry as it is made."""
    entries: list[Entry] = []
    for step in steps:
        if isinstance(step, CritiqueStep) and _given_text(chain, step.sweep) is not None:
            continue  # the revision was made elsewhere: there is nothing to criticise
        result = await _attempt(step, chain, crew)
        longer = result if isinstance(result, Chain) else chain
        entries.append(entry_of(step.name, chain, result, partial(_newest, step, longer)))
        seen(entries[-1])
        if not isinstance(result, Chain):
            failure = result if isinstance(result, Failure) else None
            return Walked(chain=chain, entries=tuple(entries), failure=failure, complete=False)
        chain = longer
    return Walked(chain=chain, entries=tuple(entries), failure=None, complete=True)


def entry_of(stage: str, chain: Chain, result: object, record: Callable[[], str]) -> Entry:
    """The ledger's line for what a stage came to on a chain; `record` names the answer, where there is one."""
    name = chain_id(chain)
    if isinstance(result, Failure):
        return Entry(
            stage=stage, id=name, outcome="failed", record=result.id, reason=f"{result.kind}: {result.message}"
        )
    if isinstance(result, Declined):
        return Entry(stage=stage, id=name, outcome="declined", reason=result.reason)
    return Entry(stage=stage, id=name, outcome="answered", record=record())


def _newest(step: Step, chain: Chain) -> str:
    """The id of the record that a step added."""
    match step:
        case CritiqueStep():
            return chain.critiques[-1].id
        case AcceptStep():
            return chain.decisions[-1].id
        case ScoreStep():
            return chain.scores[chain.samples[step.sweep].id].id
        case _:
            return chain.samples[-1].id


async def _attempt(step: Step, chain: Chain, crew: Crew) -> Chain | Failure | Declined:
    """One step, asked again while its failure is worth it and retries are left."""
    stage = step.seeded_as if isinstance(step, DraftStep) else step.name
    position = Position(stage=stage, of=_asked_of(step, chain), chain=chain.number, sweep=step.sweep)
    component = crew.names[_ROLES[type(step)]]
    for left in range(crew.retries, -1, -1):
        result = await _guarded(step, chain, crew, position, component)
        if not (isinstance(result, Failure) and result.retryable and left):
            break
    if isinstance(result, Failure) and result.kind == "backend" and result.retryable:
        raise BackendDown(
            f"{step.name}: the backend {crew.names['backend']!r} does not answer: {result.message}",
            hint="run the same line again when it is back: what is answered is kept",
        )
    return result


_ROLES: dict[type, str] = {
    DraftStep: "backend", CritiqueStep: "critic", ReviseStep: "critic", ScoreStep: "reward", AcceptStep: "rule",
}  # fmt: skip


def _asked_of(step: Step, chain: Chain) -> str:
    match step:
        case DraftStep():
            return chain.prompt.id
        case ScoreStep():
            return chain.samples[step.sweep].id
        case _:
            return chain.state.id if chain.state else chain.prompt.id


async def _guarded(
    step: Step, chain: Chain, crew: Crew, position: Position, component: str
) -> Chain | Failure | Declined:
    try:
        with at(position):
            async with asyncio.timeout(crew.timeout_s):
                return await _STEPS[type(step)](step, chain, crew)
    except STOPS_EVERYTHING:
        raise
    except Exception as error:  # noqa: BLE001 - the boundary between us and a component
        return boundary(with_seconds(error, crew.timeout_s), of=position.of, stage=step.name, component=component)


def with_seconds(error: Exception, timeout_s: float) -> Exception:
    """The error; a time-out of ours, which says nothing, with the seconds that were waited."""
    if isinstance(error, TimeoutError) and not str(error):
        return TimeoutError(f"no answer within {timeout_s:g} s")
    return error


async def _draft(step: DraftStep, chain: Chain, crew: Crew) -> Chain | Failure:
    prompt = chain.prompt
    if prompt.given is not None and prompt.given.texts:
        sample = Sample(prompt=prompt, text=prompt.given.texts[0], chain=chain.number, backend="given")
    else:
        request = Request(messages=prompt.messages, sampling=crew.sampling, of=prompt.id)
        (reply,) = await crew.backend.generate([request])
        if not isinstance(reply, Reply):
            return replace(reply, stage=step.name)
        sample = Sample.of(reply, prompt=prompt, chain=chain.number, sweep=step.sweep)
    return replace(chain, samples=(*chain.samples, sample), state=sample)


async def _critique(step: CritiqueStep, chain: Chain, crew: Crew) -> Chain | Failure:
    assert crew.critic is not None
    assert chain.state is not None
    answers = await crew.critic.critique([chain.state])
    (answer,) = checked(
        answers, [chain.state], Critique, of=[chain.state.id], stage=step.name, component=crew.names["critic"]
    )
    if isinstance(answer, Failure):
        return answer
    return replace(chain, critiques=(*chain.critiques, replace(answer, sweep=step.sweep)))


async def _revise(step: ReviseStep, chain: Chain, crew: Crew) -> Chain | Failure | Declined:
    text = _given_text(chain, step.sweep)
    if text is not None:
        given = Sample(prompt=chain.prompt, text=text, chain=chain.number, sweep=step.sweep, backend="given")
        return replace(chain, samples=(*chain.samples, given))
    assert crew.critic is not None
    critique = chain.critiques[-1]
    if step.respect_keep and critique.verdict == "keep":
        return Declined(reason="the critic says keep")
    answers = await crew.critic.revise([critique])
    (answer,) = checked(answers, [critique], Sample, of=[critique.id], stage=step.name, component=crew.names["critic"])
    if isinstance(answer, Failure):
        return answer
    return replace(chain, samples=(*chain.samples, replace(answer, chain=chain.number, sweep=step.sweep)))


async def _score(step: ScoreStep, chain: Chain, crew: Crew) -> Chain | Failure:
    sample = chain.samples[step.sweep]
    given = chain.prompt.given
    if given is not None and step.sweep < len(given.scores):
        answer: Score | Failure = Score(sample=sample, name="given", value=given.scores[step.sweep], scale="as given")
    else:
        assert crew.scorer is not None
        answer = await crew.scorer.ask(sample)
    if isinstance(answer, Failure):
        return replace(answer, stage=step.name)
    return replace(chain, scores={**chain.scores, sample.id: answer})


async def _accept(step: AcceptStep, chain: Chain, crew: Crew) -> Chain | Failure:
    assert crew.rule is not None
    assert chain.state is not None
    coin = uniform(crew.run_seed, "accept", chain.prompt.id, chain.number, step.sweep)
    proposal = chain.samples[step.sweep]
    game = Round(current=chain.score_of(chain.state), proposal=chain.score_of(proposal), sweep=step.sweep, coin=coin)
    answers = crew.rule.decide([game])
    (answer,) = checked(answers, [game], Decision, of=[proposal.id], stage=step.name, component=crew.names["rule"])
    if isinstance(answer, Failure):
        return answer
    return replace(chain, decisions=(*chain.decisions, replace(answer, sweep=step.sweep)), state=answer.kept)


def _given_text(chain: Chain, sweep: int) -> str | None:
    given = chain.prompt.given
    return given.texts[sweep] if given is not None and sweep < len(given.texts) else None


_STEPS: dict[type, Callable[[Any, Chain, Crew], Awaitable[Chain | Failure | Declined]]] = {
    DraftStep: _draft, CritiqueStep: _critique, ReviseStep: _revise, ScoreStep: _score, AcceptStep: _accept,
}  # fmt: skip
