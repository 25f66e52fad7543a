"""`exact` and `suffix` are exact: the shipped chain, on models whose every probability is known, ends at p(x) L(x).

A kernel that is wrong on purpose (no ratio, its sign turned, nothing ever accepted, rejected steps left out) fails by the same
measure, and the shortcut, which is what dSC ships by default, is seen to end elsewhere where revisions lean on their drafts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from enumerable import (
    Other,
    Reviser,
    Speller,
    World,
    decisions_of,
    distance,
    noise,
    posterior,
    priors,
    revising,
    share,
    spelled,
    walk,
)
from sctk_core import Critique, Message, Prompt, Round, Sample, Score
from sctk_core.pipeline.item import Walked
from sctk_dsc.method import DistilledSelfCritique, DscConfig
from sctk_dsc.proposals import n_positions
from sctk_dsc.rules import log_acceptance

BEYOND = 0.02
N_CHAINS, N_WRONG = {"suffix": 600, "exact": 350}, {"suffix": 250, "exact": 150}
SUFFIX, EXACT = {"proposal": "suffix", "sweeps": 8}, {"exact": True, "sweeps": 5}
SHORTCUT: dict[str, Any] = {"sweeps": 4}
WORLDS = {"suffix": (SUFFIX, spelled), "exact": (EXACT, revising)}


def method(how: dict[str, Any]) -> DistilledSelfCritique:
    return DistilledSelfCritique(DscConfig(**how), sections={})


def ends(chains: Sequence[Walked]) -> list[str]:
    """The texts at which chains end."""
    return [decisions_of(chain)[-1].kept.text for chain in chains]


def beyond(world: World, texts: Sequence[str]) -> float:
    """How far texts are from p(x) L(x) in total variation, beyond what as many independent draws from it can be."""
    target = posterior(world)
    return distance(share(texts), target) - noise(target, len(texts))


@pytest.mark.parametrize("which", WORLDS)
def test_the_shipped_chain_ends_at_the_posterior(which: str) -> None:
    how, world_of = WORLDS[which]
    world = world_of()
    chains = walk(world, method(how), N_CHAINS[which])
    assert beyond(world, ends(chains)) <= BEYOND
    assert distance(dict(priors(world)), posterior(world)) > 0.2
    accepted = [decisions_of(chain)[-1].kept.text for chain in chains if decisions_of(chain)[-1].accepted]
    assert beyond(world, accepted) > BEYOND, "chains whose last step was rejected, left out"


WRONG = {
    "no ratio": lambda one: replace(one, log_proposal_ratio=None),
    "sign turned": lambda one: replace(one, log_proposal_ratio=-one.log_proposal_ratio),
    "frozen": lambda one: replace(one, log_proposal_ratio=-math.inf),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("which", WORLDS)
def test_wrong_kernels_end_elsewhere(which: str, wrong: str) -> None:
    how, world_of = WORLDS[which]
    world = world_of()
    assert beyond(world, ends(walk(world, method(how), N_WRONG[which], Other(WRONG[wrong])))) > BEYOND


def test_the_ratio_of_an_exact_revision_is_that_of_six_texts_written_down() -> None:
    toy = Reviser()
    seen: list[Round] = []
    for chain in walk(revising(), method({"exact": True}), 60, Other(lambda one: seen.append(one) or one)):
        (decided,) = decisions_of(chain)
        z = next(int(one.text) for one in chain.page.records.values() if isinstance(one, Critique))
        (one,) = [each for each in seen if each.proposal.sample in (decided.kept, decided.dropped)]
        x, y = (int(each.sample.text) for each in (one.current, one.proposal))
        forth, back = (
            toy.PRIOR[a] * toy.CRITIQUE[a][z] * toy.REVISION[z][a][b] for a, b in ((x, y), (y, x))
        )  # fmt: skip
        assert one.log_proposal_ratio == pytest.approx(math.log(back / forth))
    assert len({(one.current.sample.text, one.proposal.sample.text) for one in seen}) > 3


@pytest.mark.parametrize(("power", "low", "high"), [(1, 0.0, 1e-12), (0, 0.05, 1.0), (-1, 0.05, 1.0)])
def test_one_redrawn_suffix_leaves_the_posterior_unchanged(power: int, low: float, high: float) -> None:
    """By enumeration, with the shipped number of positions and the shipped rule; `power` of n / n' other than 1 is wrong."""
    toy, prompt = Speller(), Prompt(messages=(Message(role="user", content="?"),))
    answers = [Sample(prompt=prompt, text=toy.text(ids), token_ids=ids) for ids in toy.LIKELIHOOD]
    scores = [Score(sample=one, name="toy", value=toy.LIKELIHOOD[ids_of(one)]) for one in answers]
    target = posterior(spelled())
    after = dict.fromkeys(target, 0.0)
    for x in scores:
        for y in scores:
            moved = target[x.sample.text] * redraws(toy, ids_of(x.sample), ids_of(y.sample))
            ratio = power * math.log(n_positions(x.sample) / n_positions(y.sample))
            step = Round(current=x, proposal=y, sweep=1, coin=0.5, log_proposal_ratio=ratio)
            alpha = math.exp(log_acceptance(step, 1.0, "score"))
            after[y.sample.text] += moved * alpha
            after[x.sample.text] += moved * (1 - alpha)
    assert low <= distance(after, target) < high


def ids_of(sample: Sample) -> tuple[int, ...]:
    return sample.token_ids or ()


def redraws(toy: Speller, x: tuple[int, ...], y: tuple[int, ...]) -> float:
    """How likely x, drawn anew from one of its positions on, becomes y."""
    shared = [i for i in range(min(len(x), len(y))) if x[:i] == y[:i]]
    return math.fsum(toy.p(y) / toy.p(y[:i]) / len(x) for i in shared)


def test_a_measured_shortcut_goes_where_the_shortcut_goes_and_tells_the_ratio_of_each_step() -> None:
    """The rule is told nothing; what is written down is what the exact chain would have been told there."""
    world, seen = revising(), []
    plain = walk(world, method(SHORTCUT), 40)
    measured = walk(world, method(SHORTCUT | {"exact": "measured"}), 40, Other(lambda one: seen.append(one) or one))
    assert ends(measured) == ends(plain)
    assert {one.log_proposal_ratio for one in seen} == {None}
    exact = walk(world, method({"exact": True}), 40)
    first = [decisions_of(chain)[0].log_proposal_ratio for chain in measured]
    assert first == [decisions_of(chain)[0].log_proposal_ratio for chain in exact]
    assert len(set(first)) > 3


def test_the_shortcut_ends_far_from_the_posterior_where_revisions_lean() -> None:
    world = revising()
    found = share(ends(walk(world, method(SHORTCUT), 250)))
    assert distance(found, posterior(world)) > 0.35
