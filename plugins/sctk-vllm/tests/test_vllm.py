"""The real engine on the embedded model: one engine for all tests, because it takes most of a minute to start."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sctk_chat as chat
from sctk_core import BackendDown, ConfigError, Failure, Message, ModelRef, Reply, Request, Sampling
from sctk_core.choosing import likelihoods
from sctk_nano import model_path
from sctk_nano.source import request_prompt, review_prompt
from sctk_transformers.backend import TransformersBackend
from sctk_vllm.backend import VLLMBackend
from sctk_vllm.engine import stdout_to_stderr

pytestmark = pytest.mark.timeout(1800)  # the first test pays for the engine's start, minutes on a crowded machine


@pytest.fixture(scope="module")
def path() -> Path:
    """The embedded model: a small trained Llama."""
    return model_path()


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One event loop for the engine's whole life."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def backend(path: Path, loop: asyncio.AbstractEventLoop) -> Iterator[VLLMBackend]:
    # One thread, bound to no core: the model is tiny, and tests share the machine.
    os.environ.update(VLLM_CPU_OMP_THREADS_BIND="nobind", OMP_NUM_THREADS="1")
    made = VLLMBackend(VLLMBackend.Config(dtype="float32", max_batch=32), model=ModelRef(path=str(path)))
    yield made
    loop.run_until_complete(made.aclose())


def ask(
    number: int, sampling: Sampling | None = None, seed: int | None = None, prefix_ids: Sequence[int] = ()
) -> Request:
    """A request for a review or for help, about held-out films and objects."""
    return Request(
        messages=(review_prompt if number % 2 else request_prompt)("held-out", 0, number).messages,
        sampling=sampling or Sampling(max_new_tokens=16),
        of=f"p{number}",
        seed=(1 << 62) + number if seed is None else seed,
        key=f"k{number}",
        prefix_ids=tuple(prefix_ids),
    )


@pytest.fixture(scope="module")
def say(backend: VLLMBackend, loop: asyncio.AbstractEventLoop) -> Callable[[list[Request]], list[Any]]:
    return lambda requests: list(loop.run_until_complete(backend.generate(requests)))


Say = Callable[[list[Request]], list[Any]]


def test_the_plugin_module_brings_nothing_heavy() -> None:
    program = "import sys, sctk_vllm.plugin as p, sctk_vllm.backend as b; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "vllm"} & set(done.stdout.split())


def test_a_missing_path_says_what_was_wanted() -> None:
    with pytest.raises(ConfigError, match="wanted a Hugging Face model directory"):
        VLLMBackend(VLLMBackend.Config(), model=ModelRef(path="/nowhere"))


@pytest.mark.slow
def test_greedy_replies_are_those_of_the_transformers_backend(path: Path, say: Say) -> None:
    requests = [ask(number, Sampling(temperature=0.0, max_new_tokens=20)) for number in range(8)]

    async def run() -> list[Any]:
        made = TransformersBackend(
            TransformersBackend.Config(n_threads=1, dtype="float32"), model=ModelRef(path=str(path))
        )
        found = await made.generate(requests)
        await made.aclose()
        return list(found)

    wanted = asyncio.run(run())
    found = say(requests)
    for got, want in zip(found, wanted, strict=True):
        assert (got.text, got.token_ids, got.finish) == (want.text, want.token_ids, want.finish)
        assert (got.key, got.prompt_tokens, got.tokenizer, got.usage) == (
            want.key,
            want.prompt_tokens,
            want.tokenizer,
            want.usage,
        )


@pytest.mark.slow
def test_seeds_choose_the_reply_whatever_the_batch(say: Say) -> None:
    requests = [ask(number) for number in range(24)]
    together = say(requests)
    assert all(isinstance(reply, Reply) for reply in together)
    assert [say([request])[0] for request in requests[:6]] == together[:6]
    assert say(requests[::-1])[::-1] == together
    assert len({reply.text for reply in say([ask(3, seed=seed) for seed in range(8)])}) > 4


@pytest.mark.slow
def test_ids_end_with_the_end_of_the_turn(say: Say, path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path)
    found = say([ask(number, Sampling(max_new_tokens=120 if number % 3 else 6)) for number in range(24)])
    assert {reply.finish for reply in found} == {"stop", "length"}
    end = chat.end_of_turn(tokenizer)
    for reply in found:
        assert (reply.token_ids[-1] == end) == (reply.finish == "stop")
        assert end not in reply.token_ids[:-1]
        assert chat.decode(tokenizer, reply.token_ids) == reply.text


@pytest.mark.slow
def test_stop_strings_end_a_reply_and_are_no_part_of_it(say: Say) -> None:
    free = say([ask(number, Sampling(max_new_tokens=40)) for number in range(8)])
    for number, reply in enumerate(free):
        stop = reply.text[len(reply.text) // 2 :][:4]
        (short,) = say([ask(number, Sampling(max_new_tokens=40, stop=(stop,)))])
        assert short.text == reply.text[: reply.text.index(stop)]
        assert short.finish == "stop"
        assert short.token_ids is None or short.token_ids == reply.token_ids[: len(short.token_ids)]


@pytest.mark.slow
def test_an_answer_begun_anywhere_comes_out_again(say: Say) -> None:
    for sampling in (Sampling(temperature=0.0, max_new_tokens=20), Sampling(temperature=0.0, stop=(" the", "."))):
        whole = say([ask(number, sampling) for number in range(6)])
        places = [(number, k) for number, reply in enumerate(whole) for k in range(len(reply.token_ids or ()) + 1)]
        found = say([ask(number, sampling, prefix_ids=whole[number].token_ids[:k]) for number, k in places])
        for (number, k), got in zip(places, found, strict=True):
            want = whole[number]
            assert (got.text, got.token_ids, got.finish, got.prompt_tokens) == (
                want.text,
                want.token_ids,
                want.finish,
                want.prompt_tokens,
            ), (number, k)
            if not sampling.stop:
                assert got.usage.n_completion_tokens == len(want.token_ids) - k
                n_read = want.usage.n_prompt_tokens + k
                assert got.usage.n_prompt_tokens == (n_read if got.usage.n_completion_tokens else 0)


@pytest.mark.slow
def test_replies_depend_on_the_request_and_its_given_ids_whatever_the_batch(say: Say) -> None:
    begun = say([ask(number, seed=7) for number in range(64)])
    requests = [ask(number, prefix_ids=reply.token_ids[: number % 9]) for number, reply in enumerate(begun)]
    together = say(requests)
    for reply, request in zip(together, requests, strict=True):
        assert reply.token_ids[: len(request.prefix_ids)] == request.prefix_ids
        assert len(reply.token_ids) <= 16
    assert [reply for start in range(0, 64, 8) for reply in say(requests[start : start + 8])] == together
    assert [say([request])[0] for request in requests[:12]] == together[:12]


@pytest.mark.slow
def test_a_stop_string_across_the_border_leaves_the_given_ids(say: Say) -> None:
    (whole,) = say([ask(1, Sampling(temperature=0.0, max_new_tokens=20))])
    (first,) = say([ask(1, Sampling(temperature=0.0, max_new_tokens=4))])
    across = whole.text[len(first.text) - 2 : len(first.text) + 2]
    stopped = Sampling(temperature=0.0, max_new_tokens=20, stop=(across,))
    (reply,) = say([ask(1, stopped, prefix_ids=first.token_ids)])
    assert (reply.text, reply.token_ids, reply.finish) == (first.text, first.token_ids, "stop")


@pytest.mark.slow
def test_given_ids_that_cannot_begin_an_answer_fail_alone(say: Say) -> None:
    ok, strange, long = say([ask(0), ask(1, prefix_ids=(10**6,)), ask(2, prefix_ids=[300] * 17)])
    assert isinstance(ok, Reply)
    assert (strange.kind, strange.reason) == ("bug", "given ids that the tokenizer does not have")
    assert (long.kind, long.detail) == ("budget", "17 of 16 tokens")


@pytest.mark.slow
def test_seeded_prompts_of_all_lengths_are_never_cut_in_two(say: Say) -> None:
    """vLLM turns a generator back where it cuts a prompt, and torch's CPU generators cannot be: its engine died of this."""
    words = ["the", "film", "was", "good", "and", "the", "story", "kept", "us", "awake", "until", "a", "late", "hour"]
    requests = [
        Request(
            messages=(Message(role="user", content=" ".join(words[k % 14] for k in range(1 + number * 37 % 600))),),
            sampling=Sampling(max_new_tokens=8),
            of=f"p{number}",
            seed=number,
            key=f"k{number}",
        )
        for number in range(400)
    ]
    found = say(requests)
    assert all(isinstance(reply, Reply) for reply in found), [one for one in found if isinstance(one, Failure)][:3]
    assert max(reply.usage.n_prompt_tokens for reply in found) > 600
    assert say(requests[:8]) == found[:8]


@pytest.mark.slow
def test_a_prompt_longer_than_the_context_fails_alone(say: Say) -> None:
    long = Request(messages=(Message(role="user", content="awake " * 1500),), of="long", key="long")
    ok, failed = say([ask(1), long])
    assert isinstance(ok, Reply)
    assert isinstance(failed, Failure)
    assert (failed.kind, failed.of) == ("budget", "long")
    assert "1023" in failed.reason


@pytest.mark.slow
def test_logprobs_are_those_of_the_transformers_backend(
    path: Path, backend: VLLMBackend, loop: asyncio.AbstractEventLoop
) -> None:
    conversations = [(ask(number).messages, "we liked it " * (number % 4)) for number in range(8)]

    async def run() -> list[Any]:
        made = TransformersBackend(
            TransformersBackend.Config(n_threads=1, dtype="float32"), model=ModelRef(path=str(path))
        )
        found = await made.logprobs(conversations)
        await made.aclose()
        return list(found)

    found = loop.run_until_complete(backend.logprobs(conversations))
    assert found == pytest.approx(asyncio.run(run()), rel=0, abs=1e-3)


@pytest.mark.slow
def test_how_likely_an_answer_is_does_not_depend_on_the_backend(
    path: Path, backend: VLLMBackend, loop: asyncio.AbstractEventLoop, say: Say
) -> None:
    """What a judge's score is read by: here of the greedy answer, and of one that nobody gives."""
    (greedy,) = say([ask(2, Sampling(temperature=0.0, max_new_tokens=48))])
    choices = (greedy.text, "The number is 3.")

    async def run() -> Any:
        made = TransformersBackend(
            TransformersBackend.Config(n_threads=1, dtype="float32"), model=ModelRef(path=str(path))
        )
        (found,) = await likelihoods(made, [ask(2).messages], choices)
        await made.aclose()
        return found

    (found,) = loop.run_until_complete(likelihoods(backend, [ask(2).messages], choices))
    assert found == pytest.approx(asyncio.run(run()), rel=1e-2)
    assert found[0] > 1e-3 > 1e-6 > found[1]


@pytest.mark.slow
def test_a_cancelled_call_is_aborted_and_the_others_go_on(
    backend: VLLMBackend, loop: asyncio.AbstractEventLoop
) -> None:
    async def run() -> tuple[Any, int]:
        doomed = asyncio.create_task(backend.generate([ask(n, Sampling(max_new_tokens=200)) for n in range(400)]))
        await asyncio.sleep(0.2)
        doomed.cancel()
        with pytest.raises(asyncio.CancelledError):
            await doomed
        found = await asyncio.wait_for(backend.generate([ask(2)]), timeout=60)
        running = await backend._running()
        return found[0], running.engine.get_num_unfinished_requests()

    reply, n_left = loop.run_until_complete(run())
    assert isinstance(reply, Reply)
    assert n_left == 0


def test_what_a_started_process_prints_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with stdout_to_stderr():
        subprocess.run(["/bin/echo", "noise"], check=True)
    subprocess.run(["/bin/echo", "data"], check=True)
    assert capfd.readouterr() == ("data\n", "noise\n")


@pytest.mark.slow
def test_closing_fails_what_is_in_flight_and_ends_the_processes_without_a_traceback(
    backend: VLLMBackend, loop: asyncio.AbstractEventLoop, capfd: pytest.CaptureFixture[str]
) -> None:
    """Last, because it ends the one engine."""

    async def run() -> list[Any]:
        flying = asyncio.create_task(backend.generate([ask(n, Sampling(max_new_tokens=200)) for n in range(400)]))
        await asyncio.sleep(0.2)
        await backend.aclose()
        with pytest.raises(BackendDown):
            await backend.generate([ask(1)])
        return list(await asyncio.wait_for(flying, timeout=60))

    before = multiprocessing.active_children()
    found = loop.run_until_complete(run())
    assert before
    for process in before:
        process.join(timeout=30)
        assert not process.is_alive()
    failed = [outcome for outcome in found if isinstance(outcome, Failure)]
    assert failed
    assert {failure.kind for failure in failed} == {"backend"}
    assert "Traceback" not in capfd.readouterr().err
    assert not logging.getLogger("vllm.v1.engine.async_llm").disabled
