"""The likelihood of a whole answer is the share of draws that give it: what a judge's score is read by, on a real model."""

from __future__ import annotations

import asyncio
import math
from collections import Counter

import pytest
from sctk_core import Message, ModelRef, Prompt, Reply, Request, Sample, Sampling, Score
from sctk_core.choosing import likelihoods
from sctk_nano import model_path
from sctk_nano.source import request_prompt
from sctk_rewards.judge import Judge
from sctk_transformers.backend import TransformersBackend

ASKED = request_prompt("held-out", 0, 0).messages
N = 300


def backend() -> TransformersBackend:
    return TransformersBackend(
        TransformersBackend.Config(dtype="float32", n_threads=1), model=ModelRef(path=str(model_path()))
    )


async def drawn(made: TransformersBackend, seeds: range) -> list[str]:
    sampling = Sampling(max_new_tokens=48)
    found = await made.generate([Request(messages=ASKED, sampling=sampling, seed=n, key=str(n)) for n in seeds])
    return [one.text for one in found if isinstance(one, Reply)]


@pytest.mark.sweep
def test_likelihoods_are_the_shares_of_draws() -> None:
    async def run() -> tuple[list[str], object, list[str]]:
        made = backend()
        choices = [text for text, _ in Counter(await drawn(made, range(1000, 1000 + N))).most_common(6)]
        (likely,) = await likelihoods(made, [ASKED], choices)
        texts = await drawn(made, range(N))
        await made.aclose()
        return choices, likely, texts

    choices, likely, texts = asyncio.run(run())
    assert isinstance(likely, tuple)
    together, seen = math.fsum(likely), sum(text in choices for text in texts) / N
    assert 0.03 < together < 1
    assert seen == pytest.approx(together, abs=4 * math.sqrt(together * (1 - together) / N))


def test_a_model_that_is_no_judge_gives_no_score_by_likelihood() -> None:
    """The embedded model was never shown a scale: it would answer with a review, so no number is made of what it would not say."""

    async def run() -> list[object]:
        made = backend()
        sample = Sample(prompt=Prompt(messages=(Message(role="user", content="Review a film."),)), text="A kind film.")
        found: list[object] = []
        for reads in ("auto", "expected"):
            found += await Judge(Judge.Config(reads=reads, max_new_tokens=16), backend=made).score([sample])
        await made.aclose()
        return found

    assert not any(isinstance(one, Score) for one in asyncio.run(run()))
