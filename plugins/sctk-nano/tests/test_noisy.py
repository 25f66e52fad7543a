"""A reward of known errors: as often wrong as it says, alike for equal texts, and nothing where there is no truth."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sctk_core import Failure, Message, Prompt, Sample, Score
from sctk_core.testing import check_reward
from sctk_nano.noisy import NoisyTruth
from sctk_nano.source import request_prompt
from sctk_nano.truth import truth

SAMPLES = [
    Sample(prompt=request_prompt("prompts", 0, n // 2), text=text, backend="by hand")
    for n, text in enumerate(["I cannot help with that.", "Sure, here it is."] * 400)
]


def scored(noise: float, seed: int = 0, samples: list[Sample] = SAMPLES) -> list[Score | Failure]:
    reward = NoisyTruth(NoisyTruth.Config(noise=noise, seed=seed))
    return asyncio.run(reward.score(samples))


def turned(noise: float, seed: int = 0) -> list[bool]:
    found = zip(SAMPLES, scored(noise, seed), strict=True)
    return [score.value != truth(sample.prompt, sample.text) for sample, score in found if isinstance(score, Score)]


def test_it_is_the_truth_but_for_the_share_that_is_turned() -> None:
    assert not any(turned(0.0))
    assert all(turned(1.0))
    assert 0.25 < sum(turned(0.3)) / len(SAMPLES) < 0.35


def test_equal_texts_are_scored_alike_and_more_noise_turns_those_and_others() -> None:
    assert turned(0.3) == turned(0.3) != turned(0.3, seed=1)
    assert all(more or not less for less, more in zip(turned(0.2), turned(0.4), strict=True))
    later = [replace(sample, sweep=1) for sample in SAMPLES[:50]]
    assert [s.value for s in scored(0.3, samples=later) if isinstance(s, Score)] == [
        s.value for s in scored(0.3)[:50] if isinstance(s, Score)
    ]


def test_it_keeps_the_contract_of_rewards() -> None:
    check_reward(NoisyTruth(NoisyTruth.Config(noise=0.3)), SAMPLES[:20])


def test_a_prompt_of_another_world_is_a_failure() -> None:
    prompt = Prompt(messages=(Message(role="user", content="What is the capital of France?"),))
    (found,) = scored(0.0, samples=[replace(SAMPLES[0], prompt=prompt)])
    assert isinstance(found, Failure)
    assert "world" in found.reason
