"""Encoder-decoders: the same promises as for causal models, and the answers of `model.generate`."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sctk_chat as chat
from sctk_core import ConfigError, Failure, Message, ModelRef, Reply, Request, Sampling
from sctk_transformers.backend import TransformersBackend
from small_tokenizers import WORDS as TEXT
from tiny_models import make_bart, make_t5
from transformers_asked import answers, replies

Models = Callable[[str], Path]
FAMILIES = ["t5", "t5-tied", "bart", "bart-unforced"]
WORDS = TEXT.split()


@pytest.fixture(scope="session")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """family -> a directory with a small random encoder-decoder, made once."""

    @functools.cache
    def path_of(family: str) -> Path:
        path = tmp_path_factory.mktemp("encoded") / family
        if family.startswith("t5"):
            return make_t5(path, [TEXT] * 4, tied=family == "t5-tied")
        return make_bart(path, [TEXT] * 4, forced=family == "bart")

    return path_of


def ask(number: int, *, seed: int | None = None, prefix: tuple[int, ...] = (), **sampling: Any) -> Request:
    """A request whose conversation's length and content depend on its number: up to 120 words, as word problems have."""
    words = random.Random(number).choices(WORDS, k=1 + (number * 37) % 120)
    return Request(
        messages=(Message(role="user", content="predict: " + " ".join(words)),),
        sampling=Sampling(**{"max_new_tokens": 4 + number % 37, **sampling}),
        of=f"p{number}",
        seed=number * 1_000_003 if seed is None else seed,
        key=f"k{number}",
        prefix_ids=prefix,
    )


def loaded(path: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForSeq2SeqLM

    return AutoModelForSeq2SeqLM.from_pretrained(path).eval(), chat.load_tokenizer(ModelRef(path=str(path)))


@pytest.mark.parametrize("family", FAMILIES)
def test_replies_do_not_depend_on_the_batch(encoded: Models, family: str) -> None:
    requests = [ask(number) for number in range(30)]
    alone = replies(encoded(family), requests, max_batch=1)
    assert len({reply.text for reply in alone}) > 24
    assert replies(encoded(family), requests, max_batch=8) == alone
    assert replies(encoded(family), requests, max_batch=30, prefill_tokens=300) == alone
    shuffled = random.Random(0).sample(range(30), 30)
    again = replies(encoded(family), [requests[place] for place in shuffled], max_batch=12)
    assert again == [alone[place] for place in shuffled]


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_that_join_late_answer_as_alone(encoded: Models, family: str) -> None:
    requests = [ask(number) for number in range(30)]

    async def run() -> list[Any]:
        config = TransformersBackend.Config(n_threads=1, max_batch=8)
        made = TransformersBackend(config, model=ModelRef(path=str(encoded(family))))

        async def later(place: int) -> Any:
            await asyncio.sleep(0.02 * (place % 7))
            return (await made.generate([requests[place]]))[0]

        found = await asyncio.gather(*(later(place) for place in range(30)))
        await made.aclose()
        return found

    assert asyncio.run(run()) == replies(encoded(family), requests, max_batch=1)


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_replies_are_those_of_generate(encoded: Models, family: str) -> None:
    import torch

    requests = [ask(number, temperature=0.0, max_new_tokens=40) for number in range(12)]
    found = replies(encoded(family), requests, max_batch=5)
    model, tokenizer = loaded(encoded(family))
    for request, reply in zip(requests, found, strict=True):
        source = tokenizer(request.messages[0].content).input_ids
        wanted = model.generate(torch.tensor([source]), do_sample=False, max_new_tokens=40)[0, 1:].tolist()
        assert list(reply.token_ids or ()) == wanted
        assert reply.prompt_tokens == chat.tokens_digest(source)
        assert reply.text == tokenizer.decode(wanted, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert reply.finish == ("stop" if wanted[-1] == tokenizer.eos_token_id else "length")


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_choose_the_reply_and_equal_conversations_are_encoded_once(encoded: Models, family: str) -> None:
    from sctk_transformers.encoded import encode

    draws = [ask(3, seed=seed, max_new_tokens=16) for seed in (*range(20), 0)]
    found = replies(encoded(family), draws)
    assert found[0] == found[-1]
    texts = [ids for reply in found[:-1] if len(ids := reply.token_ids or ()) > 4]  # two that end at once are one
    assert len(set(texts)) == len(texts) > 10
    model, tokenizer = loaded(encoded(family))
    seen: list[int] = []
    model.get_encoder().register_forward_hook(
        lambda module, args, kwargs, out: seen.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    one, other = (chat.source_ids(tokenizer, ask(number).messages) for number in (3, 4))
    hidden, real = encode(model, [one, other, one, one])
    assert seen == [2]
    assert bool((hidden[0] == hidden[3]).all())
    assert real.sum(1).tolist() == [len(one), len(other), len(one), len(one)]


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_goes_on_from_given_ids_as_it_went(encoded: Models, family: str) -> None:
    free = replies(encoded(family), [ask(number, max_new_tokens=24) for number in range(10)])
    for number, reply in enumerate(free):
        ids = reply.token_ids or ()
        cuts = sorted({1, len(ids) // 2, len(ids) - 1} - {0})
        again = replies(encoded(family), [ask(number, max_new_tokens=24, prefix=ids[:cut]) for cut in cuts])
        assert [one.token_ids for one in again] == [ids] * len(cuts)
        assert [one.text for one in again] == [reply.text] * len(cuts)


@pytest.mark.parametrize("family", FAMILIES)
def test_stop_strings_end_a_reply_and_are_no_part_of_it(encoded: Models, family: str) -> None:
    free = replies(encoded(family), [ask(number, max_new_tokens=40) for number in range(12)])
    for number, reply in enumerate(free):
        middle = len(reply.text) // 2
        stop = reply.text[middle : middle + 3]
        if stop.strip() != stop or not stop:
            continue
        (short,) = replies(encoded(family), [ask(number, max_new_tokens=40, stop=("never said", stop))])
        assert short.text == reply.text[: reply.text.index(stop)]
        assert short.finish == "stop"


@pytest.mark.parametrize("family", FAMILIES)
def test_logprobs_are_those_of_the_model(encoded: Models, family: str) -> None:
    import torch

    conversations: list[Any] = [(ask(n).messages, " ".join(WORDS[: n % 11])) for n in range(12)]
    conversations += [(ask(3).messages, text) for text in ("1", "2", "five")]
    drawn = replies(encoded(family), [ask(n, max_new_tokens=12) for n in range(4)])
    conversations += [(ask(n).messages, reply.token_ids) for n, reply in enumerate(drawn)]

    async def run(**settings: Any) -> list[Any]:
        config = TransformersBackend.Config(n_threads=1, **settings)
        made = TransformersBackend(config, model=ModelRef(path=str(encoded(family))))
        found = await made.logprobs(conversations)
        await made.aclose()
        return list(found)

    model, tokenizer = loaded(encoded(family))
    wanted = []
    for messages, said in conversations:
        source = tokenizer(messages[0].content).input_ids
        ids = tokenizer(text_target=said).input_ids if isinstance(said, str) else list(said)
        logits = model(input_ids=torch.tensor([source]), labels=torch.tensor([ids])).logits[0].detach()
        wanted.append(float(logits.double().log_softmax(-1)[range(len(ids)), ids].sum()))
    for settings in ({}, {"prefill_tokens": 200}):
        assert asyncio.run(run(**settings)) == pytest.approx(wanted, rel=1e-5, abs=1e-4)


def test_what_is_too_long_fails_alone(encoded: Models) -> None:
    long = Request(messages=(Message(role="user", content="late " * 400),), of="long", key="l", seed=1)
    found = answers(encoded("bart"), [ask(1), long, ask(2)])
    assert isinstance(found[1], Failure)
    assert (found[1].kind, found[1].of) == ("budget", "long")
    assert "256 tokens" in found[1].reason
    assert [found[0], found[2]] == replies(encoded("bart"), [ask(1), ask(2)])
    (reply,) = replies(encoded("bart"), [ask(40, max_new_tokens=5000)], max_context=60)
    assert (reply.usage.n_completion_tokens or 0) <= 60
    assert isinstance(replies(encoded("t5"), [long])[0], Reply)  # distances have no end


@pytest.mark.parametrize(
    "when", [TransformersBackend.model_notes, lambda how, model: TransformersBackend(how, model=model)]
)
def test_float16_is_refused_for_t5_before_anything_is_loaded(when: Callable[..., Any], encoded: Models) -> None:
    half = TransformersBackend.Config(dtype="float16")
    with pytest.raises(ConfigError, match=r"(?s)float16.*overflow.*hint:.*bfloat16"):
        when(half, ModelRef(path=str(encoded("t5"))))
    when(half, ModelRef(path=str(encoded("bart"))))


def test_what_a_user_is_told_of_an_encoder_decoder(encoded: Models) -> None:
    t5 = ModelRef(path=str(encoded("t5")), variables={"enable_thinking": False})
    joined, idle = TransformersBackend.template_notes(t5)
    assert "joined by a blank line" in joined
    assert "enable_thinking" in idle
    called = Message(role="tool", content="4")
    with pytest.raises(ConfigError, match=r"rows\.jsonl:3"):
        TransformersBackend.conversation_notes(t5, [("rows.jsonl:3", (Message(role="user", content="?"), called))])
    tools = Message(role="user", content="?", defines="[{}]")
    assert "2 conversations" in TransformersBackend.conversation_notes(t5, [("a", (tools,)), ("b", (tools,))])[0]
    assert TransformersBackend.template_digest(t5) == chat.two_texts.DIGEST
