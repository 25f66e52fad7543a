"""Law 5 through the whole chain: method, critic, recording proxy, seeds, coins and rule, against the exact distribution.

The "model" is a table: it drafts from a prior, criticises by p(z | x) and revises by p(x | z), drawing with the seed that core
stamps on each request. So everything that ships takes part, and the distribution of the chains' ends can be computed.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sctk_core import Failure, Generate, Message, Prompt, Reply, Request, Sample, Sampling, Score
from sctk_core.pipeline.asking import Desk
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.item import Walked, walked
from sctk_core.pipeline.members import AskedCritic, AskedReward, AskedRule, Member
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.recording import RecordingBackend, Spent
from sctk_core.pipeline.speaker import Speaker
from sctk_core.testing import ScriptedBackend
from sctk_critics.constitution import Constitution
from sctk_dsc.method import DistilledSelfCritique, DscConfig, DscCrew
from sctk_dsc.rules import NOWHERE, SAME, Metropolis, Strict

TEXTS = ("dire", "plain", "great")
PRIOR = (0.5, 0.35, 0.15)
REWARD = (0.0, 0.8, 1.5)
CRITIQUE_GIVEN_TEXT = ((0.7, 0.3), (0.5, 0.5), (0.2, 0.8))
N_CHAINS, N_SWEEPS = 1000, 4


def draw(weights: Sequence[float], seed: int) -> int:
    """An index by weight; the coin is the seed itself, which core made from the run's seed and what is asked."""
    coin = (seed >> 10) / 2**53
    return next((i for i in range(len(weights)) if coin < math.fsum(weights[: i + 1])), len(weights) - 1)


def text_given_critique(z: int) -> list[float]:
    joint = [PRIOR[x] * CRITIQUE_GIVEN_TEXT[x][z] for x in range(3)]
    return [each / math.fsum(joint) for each in joint]


def answer(request: Request) -> str:
    turns = [message.content for message in request.messages]
    if len(turns) == 1:
        return TEXTS[draw(PRIOR, request.seed)]
    if len(turns) == 3:
        return f"fault {draw(CRITIQUE_GIVEN_TEXT[TEXTS.index(turns[1])], request.seed)}\nVerdict: revise"
    return TEXTS[draw(text_given_critique(int(turns[3][6])), request.seed)]


class NoReplies:
    """A reply store that remembers nothing."""

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        return [None] * len(keys)

    async def put(self, answered: Iterable[tuple[Request, Reply]], about: dict[str, Any]) -> None:
        pass


def walk_chains(
    rule: Metropolis | Strict, method: DistilledSelfCritique, rewards: Sequence[float], n_chains: int
) -> list[Walked]:
    """Chains of the shipped method, walked to their ends."""

    async def score(samples: Sequence[Sample]) -> list[tuple[Score | Failure, Spent]]:
        return [(Score(sample=one, name="toy", value=rewards[TEXTS.index(one.text)]), Spent()) for one in samples]

    proxy = RecordingBackend(lambda: ScriptedBackend(answer), NoReplies(), about={}, run_seed=0, name="toy")
    desk = Desk(run_seed=0, timeout_s=600.0, patience=Patience(0.0), notify=lambda event: None)
    critic = Constitution(Constitution.Config(), backend=proxy)  # type: ignore[arg-type]
    crew = DscCrew(
        teacher=Speaker("teacher", proxy, Sampling(), desk, "toy"),
        critic=AskedCritic(Member(instance=critic, component="toy", desk=desk)),
        reward=AskedReward(Member(instance=None, component="toy", desk=desk), MicroBatcher(score)),
        rule=AskedRule(Member(instance=rule, component="toy", desk=desk)),
    )
    chains = method.plan()[0]
    assert isinstance(chains, Generate)

    async def all_chains() -> list[Walked]:
        prompts = [Prompt(messages=(Message(role="user", content=f"prompt {i}"),)) for i in range(n_chains)]
        return list(await asyncio.gather(*(walked(chains, prompt, 0, crew) for prompt in prompts)))

    return asyncio.run(all_chains())


def ends(rule: Metropolis | Strict, n_sweeps: int) -> list[float]:
    """The distribution of the states at which N_CHAINS chains end."""
    found = walk_chains(rule, DistilledSelfCritique(DscConfig(sweeps=n_sweeps)), REWARD, N_CHAINS)
    counts = Counter(each.made["train"][0].text for each in found)
    return [counts[text] / N_CHAINS for text in TEXTS]


def exact_ends(accept: Any, n_sweeps: int) -> list[float]:
    """The same distribution by the transition matrix."""
    state = list(PRIOR)
    for _ in range(n_sweeps):
        step = [[0.0] * 3 for _ in range(3)]
        for x in range(3):
            for y in range(3):
                proposal = math.fsum(CRITIQUE_GIVEN_TEXT[x][z] * text_given_critique(z)[y] for z in range(2))
                moved = proposal * accept(REWARD[y] - REWARD[x])
                step[x][y] += moved
                step[x][x] += proposal - moved
        state = [math.fsum(state[x] * step[x][y] for x in range(3)) for y in range(3)]
    return state


def distance(p: Sequence[float], q: Sequence[float]) -> float:
    return 0.5 * math.fsum(abs(a - b) for a, b in zip(p, q, strict=True))


def bound(p: Sequence[float]) -> float:
    """What the TV of N_CHAINS independent draws from p exceeds with probability at most 1e-3."""
    return 0.5 * math.fsum(math.sqrt(q * (1 - q) / N_CHAINS) for q in p) + math.sqrt(math.log(1e3) / (2 * N_CHAINS))


def test_the_shipped_chain_walks_to_the_posterior() -> None:
    weights = [p * math.exp(r) for p, r in zip(PRIOR, REWARD, strict=True)]
    posterior = [weight / math.fsum(weights) for weight in weights]
    exact = exact_ends(lambda gain: min(1.0, math.exp(gain)), N_SWEEPS)
    assert distance(ends(Metropolis(Metropolis.Config()), N_SWEEPS), exact) < bound(exact)
    assert distance(exact, posterior) < 0.03 < 0.2 < distance(PRIOR, posterior)


def test_another_rule_ends_elsewhere() -> None:
    """The same chain under `strict` follows its own matrix, and the test above would see it."""
    exact = exact_ends(lambda gain: float(gain > 0), N_SWEEPS)
    metropolis = exact_ends(lambda gain: min(1.0, math.exp(gain)), N_SWEEPS)
    assert distance(ends(Strict(Strict.Config()), N_SWEEPS), exact) < bound(exact)
    assert distance(exact, metropolis) > bound(exact)


def test_a_state_of_likelihood_zero_never_trains_and_its_stays_are_counted() -> None:
    """The first text has likelihood 0: chains that stay in it are declined, the others train; each stay 0 -> 0 has its note."""
    rule = Metropolis(Metropolis.Config(likelihood="score"))
    sections = {"rule": {"use": "metropolis", "likelihood": "score"}}
    method = DistilledSelfCritique(DscConfig(sweeps=2), sections=sections)
    found = walk_chains(rule, method, (0.0, 1.0, 2.0), 60)
    reasons = [why.reason for each in found for table, why in each.page.declined if table == "train"]
    trained = [sample.text for each in found for sample in each.made["train"]]
    assert 0 < len(reasons) < 60
    assert set(reasons) == {"its likelihood is 0"}
    assert len(trained) == 60 - len(reasons)
    assert TEXTS[0] not in trained
    noted = [line for each in found for line in each.page.lines if line.step == "accept.2" and line.reason]
    assert {line.reason for line in noted} == {NOWHERE, SAME}
    stays = [line for line in noted if line.reason == NOWHERE]
    assert {each.page.item for each in found if not each.made["train"]} <= {
        each.page.item for each in found if any(line in stays for line in each.page.lines)
    }
