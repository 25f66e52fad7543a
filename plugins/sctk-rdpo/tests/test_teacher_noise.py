"""Noise in the teacher's word: a share of pairs is turned, with its margin, by their texts alone."""

from __future__ import annotations

from typing import Any

import pytest
from sctk_core import Message, Pair, Prompt, Sample, Score
from sctk_rdpo.method import RdpoConfig, RefinedDpo

PROMPT = Prompt(messages=(Message(role="user", content="How?"),))


def pairs(**settings: Any) -> list[Pair]:
    """500 pairs of a draft that scores 0 and a revision that scores 1, as the method labels them."""
    method = RefinedDpo(RdpoConfig(temperature=0.25, **settings))
    found = []
    for n in range(500):
        draft, revision = Sample(prompt=PROMPT, text=f"draft {n}"), Sample(prompt=PROMPT, text=f"revised {n}", sweep=1)
        before, after = (Score(sample=s, name="r", value=v) for s, v in ((draft, 0.0), (revision, 1.0)))
        pair = method._pair(before, after)
        assert isinstance(pair, Pair)
        found.append(pair)
    return found


def turned(found: list[Pair]) -> list[bool]:
    return [pair.chosen.sweep == 0 for pair in found]


def test_a_share_of_pairs_is_turned_and_the_same_ones_again() -> None:
    assert not any(turned(pairs()))
    assert all(turned(pairs(teacher_noise=1.0)))
    some = turned(pairs(teacher_noise=0.3))
    assert 0.24 < sum(some) / len(some) < 0.36
    assert turned(pairs(teacher_noise=0.3, teacher_weight=1.0)) == some


@pytest.mark.parametrize(("weight", "right", "wrong"), [(0.0, 0.982, 0.018), (0.5, 0.991, 0.509), (1.0, 1.0, 1.0)])
def test_the_reward_sees_that_a_pair_is_turned_and_plain_dpo_does_not(
    weight: float, right: float, wrong: float
) -> None:
    """tau is how likely the chosen one is the better by the reward; lambda trusts the teacher's word, wrong or not."""
    for pair in pairs(teacher_noise=0.3, teacher_weight=weight):
        assert pair.margin == (-1.0 if pair.chosen.sweep == 0 else 1.0)
        assert pair.probability == pytest.approx(wrong if pair.chosen.sweep == 0 else right, abs=1e-3)
