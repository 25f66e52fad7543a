"""The backend: replies that depend on their request only, exact token ids, and failures that hurt nobody else."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sctk_chat as chat
from sctk_core import BackendDown, ConfigError, Failure, Message, ModelRef, Reply, Request, Sampling
from sctk_transformers.backend import TransformersBackend
from transformers_asked import answers, backend, replies

Models = Callable[[str], Path]
WORDS = ["film", "story", "good", "awake", "late", "hour", "kept", "Hello", "fine", "café"]


def ask(number: int, *, sampling: Sampling | None = None, seed: int | None = None) -> Request:
    """A request whose prompt's length and content depend on its number."""
    words = random.Random(number).choices(WORDS, k=1 + (number * 7) % 23)
    return Request(
        messages=(Message(role="user", content=" ".join(words)),),
        sampling=sampling or Sampling(max_new_tokens=4 + number % 21),
        of=f"p{number}",
        seed=number * 1_000_003 if seed is None else seed,
        key=f"k{number}",
    )


def test_the_plugin_module_brings_nothing_heavy() -> None:
    program = "import sys, sctk_transformers.plugin as p, sctk_transformers.backend as b; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "numpy"} & set(done.stdout.split())


@pytest.mark.parametrize("family", ["llama", "mistral"])
def test_replies_do_not_depend_on_the_batch(models: Models, family: str) -> None:
    requests = [ask(number) for number in range(50)]
    alone = replies(models(family), requests, max_batch=1)
    assert len({reply.text for reply in alone}) > 40
    assert replies(models(family), requests, max_batch=8) == alone
    assert replies(models(family), requests, max_batch=50, prefill_tokens=64) == alone
    shuffled = random.Random(0).sample(range(50), 50)
    assert replies(models(family), [requests[place] for place in shuffled]) == [alone[place] for place in shuffled]


def test_concurrent_calls_answer_as_one_call_does(models: Models) -> None:
    requests = [ask(number) for number in range(24)]

    async def run() -> list[Any]:
        made = backend(models("llama"), max_batch=8)

        async def later(place: int) -> Any:
            await asyncio.sleep(0.01 * (place % 5))
            return (await made.generate([requests[place]]))[0]

        found = await asyncio.gather(*(later(place) for place in range(24)))
        await made.aclose()
        return found

    assert asyncio.run(run()) == replies(models("llama"), requests)


def test_seeds_choose_the_reply(models: Models) -> None:
    same = [ask(3, seed=5, sampling=Sampling(max_new_tokens=12)) for _ in range(2)]
    other = [ask(3, seed=seed, sampling=Sampling(max_new_tokens=12)) for seed in range(20)]
    first, second, *rest = replies(models("llama"), [*same, *other])
    assert first == second
    assert len({reply.text for reply in rest}) == 20


@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral", "gemma2"])
@pytest.mark.parametrize("attention", ["auto", "eager"])
def test_greedy_replies_are_those_of_generate(models: Models, chatml: Any, family: str, attention: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    requests = [ask(number, sampling=Sampling(temperature=0.0, max_new_tokens=24)) for number in range(6)]
    found = replies(models(family), requests, attention=attention)
    model = AutoModelForCausalLM.from_pretrained(models(family)).eval()
    for request, reply in zip(requests, found, strict=True):
        prompt = chat.render(chatml, request.messages)
        wanted = model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=24)[0, len(prompt) :].tolist()
        assert list(reply.token_ids or ()) == wanted
        assert reply.prompt_tokens == chat.tokens_digest(prompt)
        assert reply.usage.n_prompt_tokens == len(prompt)


@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral"])
def test_padded_batches_say_what_flat_batches_say(models: Models, family: str) -> None:
    requests = [ask(number) for number in range(12)]
    assert replies(models(family), requests, attention="eager", max_batch=5) == replies(models(family), requests)


def test_ids_are_what_was_sampled_and_end_with_the_end_of_the_turn(models: Models, chatml: Any) -> None:
    requests = [ask(number, sampling=Sampling(max_new_tokens=200)) for number in range(30)]
    found = replies(models("llama"), requests)
    ended = [reply for reply in found if reply.finish == "stop"]
    assert ended
    assert len(ended) < len(found)
    end = chat.end_of_turn(chatml)
    for reply in found:
        ids = list(reply.token_ids or ())
        assert (ids[-1] == end) == (reply.finish == "stop")
        assert end not in ids[:-1]
        assert chat.decode(chatml, ids) == reply.text
        assert reply.tokenizer == chat.tokenizer_digest(chatml)
        assert reply.usage.n_completion_tokens == len(ids)
        assert reply.finish == "stop" or len(ids) <= 200


def test_stop_strings_end_a_reply_and_are_no_part_of_it(models: Models, chatml: Any) -> None:
    free = replies(models("llama"), [ask(n, sampling=Sampling(max_new_tokens=60)) for n in range(20)])
    n_inside = 0
    for number, reply in enumerate(free):
        middle = len(reply.text) // 2
        stop = reply.text[middle : middle + 4]
        sampling = Sampling(max_new_tokens=60, stop=("never said", stop))
        (short,) = replies(models("llama"), [ask(number, sampling=sampling)])
        assert short.text == reply.text[: reply.text.index(stop)]
        assert short.finish == "stop"
        assert (short.usage.n_completion_tokens or 0) <= len(reply.token_ids or ())
        if short.token_ids is None:
            n_inside += 1
        else:
            assert chat.decode(chatml, short.token_ids) == short.text
            assert short.token_ids == (reply.token_ids or ())[: len(short.token_ids)]
    assert n_inside < 20


def test_a_prompt_longer_than_the_context_fails_alone(models: Models) -> None:
    long = dataclasses.replace(ask(1), messages=(Message(role="user", content="awake " * 400),))
    ok, failed, also_ok = answers(models("llama"), [ask(1), long, ask(2)])
    assert isinstance(failed, Failure)
    assert (failed.kind, failed.of) == ("budget", "p1")
    assert "255" in failed.reason
    assert [ok, also_ok] == replies(models("llama"), [ask(1), ask(2)])


def test_a_reply_ends_where_the_context_does(models: Models) -> None:
    for settings in ({}, {"attention": "sdpa"}):
        request = ask(5, sampling=Sampling(max_new_tokens=5000))
        (reply,) = replies(models("gpt2"), [request], max_context=60, **settings)
        assert (reply.usage.n_prompt_tokens or 0) + (reply.usage.n_completion_tokens or 0) <= 60
        assert reply.finish == "length"


def test_logprobs_are_those_of_the_model(models: Models, chatml: Any) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    conversations = [(ask(n).messages, " ".join(WORDS[: n % 7])) for n in range(10)]

    async def run(**settings: Any) -> list[Any]:
        made = backend(models("llama"), **settings)
        found = await made.logprobs([*conversations, (ask(1).messages, "late " * 300)])
        await made.aclose()
        return list(found)

    model = AutoModelForCausalLM.from_pretrained(models("llama")).eval()
    wanted, lengths = [], []
    for messages, text in conversations:
        prompt, ids = chat.render(chatml, messages), chat.completion_ids(chatml, text, messages)
        logits = model(torch.tensor([[*prompt, *ids]])).logits[0, len(prompt) - 1 : -1].detach()
        wanted.append(float(logits.double().log_softmax(-1)[range(len(ids)), ids].sum()))
        lengths.append(len(prompt) + len(ids))
    for settings in ({}, {"prefill_tokens": 40}, {"attention": "sdpa"}):
        *found, too_long = asyncio.run(run(**settings))
        assert found == pytest.approx(wanted, rel=1e-5)
        assert [one.n_tokens for one in found] == lengths
        assert isinstance(too_long, Failure)
        assert too_long.kind == "budget"


def test_it_tells_when_it_last_went_on_at_every_token(models: Models) -> None:
    async def run() -> list[float]:
        made, told = backend(models("llama")), []
        assert made.last_step == -math.inf
        answer = asyncio.ensure_future(made.generate([ask(1, sampling=Sampling(max_new_tokens=200, stop=()))]))
        while not answer.done():
            told.append(made.last_step)
            await asyncio.sleep(0.001)
        await made.aclose()
        return [*told, made.last_step]

    told = asyncio.run(run())
    assert told == [*sorted(told[:-1]), -math.inf]
    assert len(set(told)) > 5  # not at its replies alone


def test_a_cancelled_call_leaves_the_others_alone(models: Models) -> None:
    async def run() -> Reply | Failure:
        made = backend(models("llama"), max_batch=2)
        endless = [ask(n, sampling=Sampling(max_new_tokens=230)) for n in range(40)]
        doomed = asyncio.create_task(made.generate(endless))
        await asyncio.sleep(0.5)
        doomed.cancel()
        found = await asyncio.wait_for(made.generate([ask(7)]), timeout=30)
        with pytest.raises(asyncio.CancelledError):
            await doomed
        await made.aclose()
        return found[0]

    assert [asyncio.run(run())] == replies(models("llama"), [ask(7)])


def test_closing_ends_what_is_in_flight_and_what_comes_later(models: Models) -> None:
    async def run() -> Sequence[Reply | Failure]:
        made = backend(models("gpt2"), max_batch=1)
        await made.generate([ask(1)])
        flying = asyncio.create_task(made.generate([ask(n, sampling=Sampling(max_new_tokens=200)) for n in range(99)]))
        await asyncio.sleep(0.2)
        await made.aclose()
        with pytest.raises(BackendDown):
            await made.generate([ask(1)])
        return await flying

    last = asyncio.run(run())[-1]
    assert isinstance(last, Failure)
    assert last.kind == "backend"


def test_a_model_without_finite_scores_is_a_failure(models: Models, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(models("llama"))
    model.model.norm.weight.data.fill_(float("nan"))
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(models("llama")).save_pretrained(tmp_path)
    (failed,) = answers(tmp_path, [ask(1)])
    assert isinstance(failed, Failure)
    assert failed.kind == "backend"


@pytest.mark.parametrize("wrong", ["/nowhere/at/all", "./nowhere", "", "a/b/c"])
def test_a_missing_path_says_what_was_wanted(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"(?s)wanted a Hugging Face model directory.*hint:"):
        TransformersBackend(TransformersBackend.Config(), model=ModelRef(path=wrong))


def test_a_directory_that_is_no_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"without config\.json"):
        backend(tmp_path)


def test_broken_weights_are_a_backend_that_is_down(models: Models, tmp_path: Path) -> None:
    for file in models("llama").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(BackendDown, match="weights could not be loaded"):
        answers(tmp_path, [ask(1)])


def test_only_short_floats_depend_on_the_batch(models: Models) -> None:
    assert not backend(models("llama"), dtype="float32").batch_dependent
    assert backend(models("llama"), dtype="bfloat16").batch_dependent
    assert all(isinstance(reply, Reply) for reply in answers(models("llama"), [ask(1), ask(2)], dtype="bfloat16"))
