"""The embedded model goes on after given ids of an answer: the answer that was begun comes out again, in every batch."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sctk_core import Failure, ModelRef, Reply, Request, Sampling
from sctk_nano import model_path
from sctk_nano.backend import NanoBackend
from sctk_nano.source import request_prompt, review_prompt
from sctk_transformers.backend import TransformersBackend

GREEDY = Sampling(temperature=0.0, max_new_tokens=20)
WARM = Sampling(temperature=0.9, top_p=0.95, max_new_tokens=24)


def ask(number: int, sampling: Sampling, prefix_ids: Sequence[int] = ()) -> Request:
    return Request(
        messages=(review_prompt if number % 2 else request_prompt)("held-out", 0, number).messages,
        sampling=sampling,
        of=f"p{number}",
        seed=1_000_003 * number,
        key=f"k{number}",
        prefix_ids=tuple(prefix_ids),
    )


@pytest.fixture(scope="module", params=["auto", "sdpa"], ids=["flat", "padded"])
def attention(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Say = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def say(attention: str) -> Say:
    """Answers of a fresh backend, float32, on either engine."""

    def answers(requests: Sequence[Request], max_batch: int = 64) -> list[Any]:
        async def run() -> list[Any]:
            config = TransformersBackend.Config(dtype="float32", n_threads=1, max_batch=max_batch, attention=attention)
            made = TransformersBackend(config, model=ModelRef(path=str(model_path())))
            try:
                return list(await made.generate(requests))
            finally:
                await made.aclose()

        return asyncio.run(run())

    return answers


def words(reply: Reply) -> tuple[Any, ...]:
    """All of a reply but what it cost."""
    return reply.text, reply.token_ids, reply.finish, reply.prompt_tokens, reply.tokenizer


@pytest.mark.parametrize(
    "sampling", [GREEDY, WARM, replace(GREEDY, stop=(" the", "."))], ids=["greedy", "seeded", "stops"]
)
def test_an_answer_begun_anywhere_comes_out_again(say: Say, sampling: Sampling) -> None:
    """A seed too draws the same rest: its noise belongs to places in the answer."""
    whole = say([ask(number, sampling) for number in range(8)])
    places = [(number, k) for number, reply in enumerate(whole) for k in range(len(reply.token_ids or ()) + 1)]
    found = say([ask(number, sampling, whole[number].token_ids[:k]) for number, k in places])
    for (number, k), reply in zip(places, found, strict=True):
        assert words(reply) == words(whole[number]), (number, k)
        if sampling.stop:
            continue
        n_read, n_sampled = reply.usage.n_prompt_tokens, reply.usage.n_completion_tokens
        assert n_sampled == len(reply.token_ids) - k
        assert n_read == (whole[number].usage.n_prompt_tokens + k if n_sampled else 0)


def test_replies_depend_on_the_request_and_its_given_ids_whatever_the_batch(say: Say) -> None:
    begun = say([replace(ask(number, WARM), seed=7) for number in range(64)])
    ids = [reply.token_ids[: number % 9] for number, reply in enumerate(begun)]
    requests = [ask(number, WARM, ids[number]) for number in range(64)]
    together = say(requests)
    for reply, request in zip(together, requests, strict=True):
        assert reply.token_ids[: len(request.prefix_ids)] == request.prefix_ids
    assert say(requests, max_batch=8) == together
    assert say(requests[:16], max_batch=1) == together[:16]
    order = random.Random(0).sample(range(64), 64)
    assert say([requests[place] for place in order]) == [together[place] for place in order]
    others = say([replace(request, seed=request.seed + 1) for request in requests])
    assert sum(one.text != other.text for one, other in zip(together, others, strict=True)) > 32


def test_a_stop_string_across_the_border_leaves_the_given_ids(say: Say) -> None:
    (whole,) = say([ask(1, GREEDY)])
    (first,) = say([ask(1, replace(GREEDY, max_new_tokens=4))])
    across = whole.text[len(first.text) - 2 : len(first.text) + 2]
    assert across not in first.text
    (reply,) = say([ask(1, replace(GREEDY, stop=(across,)), first.token_ids)])
    assert (reply.text, reply.token_ids, reply.finish) == (first.text, first.token_ids, "stop")
    inside = first.text[:3]
    (reply,) = say([ask(1, replace(GREEDY, stop=(inside,)), first.token_ids)])
    assert reply.text.startswith(first.text)


def test_given_ids_that_cannot_begin_an_answer_fail_alone(say: Say) -> None:
    (whole,) = say([ask(0, replace(GREEDY, max_new_tokens=200))])
    assert whole.finish == "stop"
    first = whole.token_ids[0]
    ok, strange, negative, behind, long = say(
        [
            ask(0, GREEDY),
            ask(1, GREEDY, (first, 10**6)),
            ask(2, GREEDY, (-1,)),
            ask(3, GREEDY, (whole.token_ids[-1], first)),
            ask(4, GREEDY, (first,) * 21),
        ]
    )
    assert isinstance(ok, Reply)
    failed = [outcome for outcome in (strange, negative, behind, long) if isinstance(outcome, Failure)]
    assert [failure.kind for failure in failed] == ["bug", "bug", "bug", "budget"]
    assert "tokenizer does not have" in strange.reason
    assert "1000000" in strange.detail
    assert "end of the turn" in behind.reason
    assert (long.of, long.detail) == ("p4", "21 of 20 tokens")


def test_the_backend_says_that_it_can() -> None:
    assert NanoBackend.continues
    assert TransformersBackend.continues
