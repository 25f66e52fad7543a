"""Exact proposals on a real model: kept tokens are the sampled ones, what was generated is counted, replies answer again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from enumerable import decisions_of
from sctk_core import Generate, Message, ModelRef, Prompt, Reply, Request, Sample, Sampling, Score
from sctk_core.identity import uniform
from sctk_core.pipeline.asking import Desk
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.item import Walked, walked
from sctk_core.pipeline.members import AskedCritic, AskedReward, AskedRule, Member
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.recording import RecordingBackend, Spent
from sctk_core.pipeline.speaker import Speaker
from sctk_critics.constitution import Constitution
from sctk_dsc.method import DistilledSelfCritique, DscConfig
from sctk_dsc.proposals import DscCrew
from sctk_dsc.rules import Metropolis
from sctk_nano import model_path
from sctk_nano.backend import NanoBackend

ASKED = "Write a negative review of the film The Last Harbour."


class Memory:
    """A reply store that is a dict, and what was asked of it."""

    def __init__(self) -> None:
        self.known: dict[str, Reply] = {}
        self.asked: list[Request] = []

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        return [self.known.get(key) for key in keys]

    async def put(self, answered: Iterable[tuple[Request, Reply]], about: dict[str, Any]) -> None:
        for request, reply in answered:
            self.known[reply.key] = reply
            self.asked.append(request)


async def by_length(samples: Sequence[Sample]) -> list[tuple[Score, Spent]]:
    return [(Score(sample=one, name="short", value=-len(one.text) / 100), Spent()) for one in samples]


def walk(how: dict[str, Any], memory: Memory, n_chains: int = 4) -> list[Walked]:
    """Chains over one prompt, by the shipped method on the embedded model."""
    backend = NanoBackend(NanoBackend.Config(), model=ModelRef(path=str(model_path())))
    proxy = RecordingBackend(lambda: backend, memory, about={"model": "nano"}, run_seed=0, name="nano")
    desk = Desk(run_seed=0, timeout_s=600.0, patience=Patience(0.0), notify=lambda event: None)
    critic = Constitution(Constitution.Config(preset="sentiment"), backend=proxy, sampling=Sampling(max_new_tokens=40))
    rule = Metropolis(Metropolis.Config())
    crew = DscCrew(
        teacher=Speaker("teacher", proxy, Sampling(max_new_tokens=40), desk, "nano"),
        critic=AskedCritic(Member(instance=critic, component="constitution", desk=desk)),
        reward=AskedReward(Member(instance=None, component="short", desk=desk), MicroBatcher(by_length)),
        rule=AskedRule(Member(instance=rule, component="metropolis", desk=desk)),
    )
    chains = DistilledSelfCritique(DscConfig(**how)).plan()[0]
    assert isinstance(chains, Generate)
    prompt = Prompt(messages=(Message(role="user", content=ASKED),))

    async def all_chains() -> list[Walked]:
        found = await asyncio.gather(*(walked(chains, prompt, chain, crew) for chain in range(n_chains)))
        await backend.aclose()
        return list(found)

    return asyncio.run(all_chains())


def test_an_answer_is_kept_up_to_a_token_and_the_rest_is_drawn_anew() -> None:
    memory = Memory()
    chains = walk({"proposal": "suffix", "sweeps": 3}, memory)
    asked = [request.prefix_ids for request in memory.asked]
    for chain in chains:
        lines = {line.step: line for line in chain.page.lines}
        for decided in decisions_of(chain):
            state, proposal = (decided.dropped, decided.kept) if decided.accepted else (decided.kept, decided.dropped)
            ids, new = state.token_ids or (), proposal.token_ids or ()
            coin = uniform(0, "position", state.prompt.id, chain.page.chain, decided.sweep)
            kept = ids[: int(coin * len(ids))]
            assert kept in asked
            assert new[: len(kept)] == kept
            assert lines[f"redraw.{decided.sweep}"].tokens_written == len(new) - len(kept) > 0
            assert (proposal.sweep, proposal.critique, proposal.step) == (decided.sweep, None, "")
    assert len({decided.kept.text for chain in chains for decided in decisions_of(chain)}) > len(chains)
    n_asked = len(memory.asked)
    again = walk({"proposal": "suffix", "sweeps": 3}, memory)
    assert len(memory.asked) == n_asked
    assert [one.made for one in again] == [one.made for one in chains]


def test_the_ratio_of_an_exact_revision_is_read_off_the_tokens_as_they_were_sampled() -> None:
    """Six log-probabilities a step are asked, once, of the tokens as they were sampled."""
    memory = Memory()
    chains = walk({"exact": True}, memory, n_chains=3)
    scored = [reply for reply in memory.known.values() if reply.logprob is not None]
    assert len(scored) == 6 * sum(bool(decisions_of(chain)) for chain in chains)
    assert all(reply.logprob is not None and reply.logprob < 0 for reply in scored)
    told = [request for request in memory.asked if request.prefix_ids]
    drafts = {record.token_ids for chain in chains for record in chain.page.records.values() if type(record) is Sample}
    assert drafts & {request.prefix_ids for request in told}
    n_asked = len(memory.asked)
    assert [one.made for one in walk({"exact": True}, memory, n_chains=3)] == [one.made for one in chains]
    assert len(memory.asked) == n_asked


def test_ids_are_scored_as_they_stand_and_a_text_with_its_end() -> None:
    backend = NanoBackend(NanoBackend.Config(), model=ModelRef(path=str(model_path())))
    messages = (Message(role="user", content=ASKED),)

    async def told() -> tuple[Reply, list[float]]:
        (reply,) = await backend.generate(
            [Request(messages=messages, sampling=Sampling(max_new_tokens=40), seed=3, key="k")]
        )
        assert isinstance(reply, Reply)
        assert reply.token_ids
        texts = [(messages, reply.text), (messages, reply.token_ids), (messages, reply.token_ids[:-1])]
        values = await backend.logprobs(texts)
        await backend.aclose()
        return reply, [value for value in values if isinstance(value, float)]

    reply, (as_text, as_ids, cut_off) = asyncio.run(told())
    assert reply.finish == "stop"
    assert as_ids == pytest.approx(as_text)
    assert cut_off > as_ids
