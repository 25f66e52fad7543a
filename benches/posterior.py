"""Where the chains of dSC stand beside the posterior that they aim at, on the embedded world.

    uv run python benches/posterior.py --prompts 12 --draws 400 --chains 6

The target p(x|c) exp(s / T) is estimated for each prompt by importance sampling: drafts, weighted by their likelihood (s by the
reward `lexicon`, T = 0.25). Beside it stand the states of each way to walk after 1, 5 and 20 sweeps, and the best of as many
drafts as a chain of `metropolis` has written texts. Intervals are Student's over prompts.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from sctk_core import Decision, Generate, ModelRef, Prompt, Sample, Sampling, Score, mean_with_interval
from sctk_core.pipeline.asking import Desk
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.item import walked
from sctk_core.pipeline.members import AskedCritic, AskedReward, AskedRule, Member
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.recording import RecordingBackend, Spent
from sctk_core.pipeline.speaker import Speaker
from sctk_core.testing.cast import Replies
from sctk_critics.constitution import Constitution
from sctk_dsc.method import DistilledSelfCritique, DscConfig
from sctk_dsc.proposals import DscCrew
from sctk_dsc.rules import Metropolis
from sctk_nano import model_path
from sctk_nano.backend import NanoBackend
from sctk_nano.source import ReviewSource, SourceConfig
from sctk_nano.truth import truth
from sctk_rewards.lexicon import Lexicon

TEMPERATURE, SWEEPS = 0.25, (1, 5, 20)
WAYS: dict[str, dict[str, Any]] = {"metropolis": {}, "suffix": {"proposal": "suffix"}, "exact": {"exact": True}}
REWARD = Lexicon(Lexicon.Config())


async def scored(samples: Sequence[Sample]) -> list[tuple[Score, Spent]]:
    """The reward's scores."""
    return [(one, Spent()) for one in await REWARD.score(samples) if isinstance(one, Score)]


def crew_of(backend: NanoBackend) -> DscCrew:
    """The shipped members over the embedded model, whose replies are kept in memory."""
    proxy = RecordingBackend(lambda: backend, Replies(), about={}, run_seed=0, name="nano")
    desk = Desk(run_seed=0, timeout_s=3600.0, patience=Patience(0.0), notify=lambda event: None)
    critic = Constitution(Constitution.Config(preset="sentiment"), backend=proxy, sampling=Sampling())
    rule = Metropolis(Metropolis.Config(temperature=TEMPERATURE))
    return DscCrew(
        teacher=Speaker("teacher", proxy, Sampling(), desk, "nano"),
        critic=AskedCritic(Member(instance=critic, component="constitution", desk=desk)),
        reward=AskedReward(Member(instance=None, component="lexicon", desk=desk), MicroBatcher(scored)),
        rule=AskedRule(Member(instance=rule, component="metropolis", desk=desk)),
    )


async def drafts(prompts: Sequence[Prompt], n: int, crew: DscCrew) -> np.ndarray[Any, Any]:
    """Score and truth of n drafts of each prompt [P, n, 2]."""

    async def walk(prompt: Prompt, crew: DscCrew) -> dict[str, Any]:
        return {"drafts": await crew.teacher.draft(prompt)}

    one = Generate("drafts", walk, steps=("draft",), makes={"drafts": Sample})
    tasks = [[walked(one, prompt, chain, crew) for chain in range(n)] for prompt in prompts]
    found = [[each.made["drafts"][0] for each in await asyncio.gather(*row)] for row in tasks]
    return np.array([await marks(row) for row in found])


async def marks(samples: Sequence[Sample]) -> list[tuple[float, float]]:
    """Score and truth of texts."""
    return [(score.value, truth(score.sample.prompt, score.sample.text) or 0.0) for score, _ in await scored(samples)]


async def chains(
    prompts: Sequence[Prompt], n: int, how: dict[str, Any], crew: DscCrew
) -> tuple[list[np.ndarray[Any, Any]], float, int]:
    """Score and truth of the states of each prompt's chains [n, sweeps, 2], the share accepted, and the chains that failed."""
    method = DistilledSelfCritique(DscConfig(sweeps=max(SWEEPS), **how), sections={})
    one = next(each for each in method.plan() if isinstance(each, Generate) and each.name == "chains")
    pairs = [(place, chain) for place in range(len(prompts)) for chain in range(n)]
    walks = await asyncio.gather(*(walked(one, prompts[place], chain, crew) for place, chain in pairs))
    rows: list[list[Any]] = [[] for _ in prompts]
    accepted, failed = [], 0
    for (place, _), walk in zip(pairs, walks, strict=True):
        steps = [each for each in walk.page.records.values() if isinstance(each, Decision)]
        steps.sort(key=lambda each: each.sweep)
        if len(steps) < max(SWEEPS):
            failed += 1
            continue
        accepted += [each.accepted for each in steps]
        rows[place].append(await marks([each.kept for each in steps]))
    states = [np.array(each) for each in rows]
    return states, float(np.mean(accepted)), failed


def row(name: str, by_prompt: Sequence[Sequence[float]], note: str = "") -> str:
    """One row of the table: mean score and truth over prompts, with their intervals."""
    cells = []
    for values in zip(*by_prompt, strict=True):
        mean = mean_with_interval(list(values))
        cells.append(f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]")
    return f"| {name} | {' | '.join(cells)} | {note} |"


async def main(n_prompts: int, n_draws: int, n_chains: int, ways: Sequence[str]) -> None:
    """The table as Markdown; without drafts there is no target."""
    backend = NanoBackend(NanoBackend.Config(max_batch=128), model=ModelRef(path=str(model_path())))
    prompts = list(ReviewSource(SourceConfig(n_prompts=n_prompts)).prompts())
    crew = crew_of(backend)
    if n_draws:
        await beside(prompts, n_draws, crew)
    for name in ways:
        states, accepted, failed = await chains(prompts, n_chains, WAYS[name], crew)
        for sweeps in SWEEPS:
            found = [each[:, sweeps - 1].mean(axis=0).tolist() for each in states if len(each)]
            note = f"{accepted:.1%} accepted, {failed} of {n_prompts * n_chains} chains failed"
            print(row(f"{name}, {sweeps} sweeps", found, note if sweeps == max(SWEEPS) else ""), flush=True)
    await backend.aclose()


async def beside(prompts: Sequence[Prompt], n_draws: int, crew: DscCrew) -> None:
    """What stands beside the chains: drafts, the target by importance sampling, and the best of several drafts."""
    drawn = await drafts(prompts, n_draws, crew)
    weights = np.exp(drawn[:, :, 0] / TEMPERATURE)
    weights /= weights.sum(axis=1, keepdims=True)
    n_effective = 1 / (weights**2).sum(axis=1)
    print("| | reward | truth | |\n| --- | --- | --- | --- |")
    print(row("drafts", drawn.mean(axis=1).tolist()), flush=True)
    target = (weights[:, :, None] * drawn).sum(axis=1)
    print(row("target", target.tolist(), f"of {n_draws} draws a prompt {np.median(n_effective):.0f} count"), flush=True)
    for sweeps in SWEEPS:
        n = min(1 + 2 * sweeps, n_draws)
        groups = drawn[:, : n_draws // n * n].reshape(len(prompts), -1, n, 2)
        best = np.take_along_axis(groups, groups[..., :1].argmax(axis=2)[:, :, None, :].repeat(2, axis=3), axis=2)
        print(row(f"best of {n}", best[:, :, 0].mean(axis=1).tolist()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=12)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--chains", type=int, default=6)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    given = parser.parse_args()
    asyncio.run(main(given.prompts, given.draws, given.chains, given.ways))
