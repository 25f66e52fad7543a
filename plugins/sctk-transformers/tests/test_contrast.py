"""DoLa: by hand on three tokens, and beside a few lines that read the definition off transformers' own hidden states."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sctk_chat as chat
import torch
from sctk_core import ConfigError, Message, ModelRef, Request, Sampling
from sctk_core import config as settings_of
from sctk_transformers.backend import TransformersBackend
from sctk_transformers.contrast import Contrast, early_layers
from sctk_transformers.early import ContrastedMemory, EarlyExits, contrasted, divergence, penalised
from sctk_transformers.padded import PaddedMemory
from tiny_models import make_t5
from transformers import AutoModelForCausalLM
from transformers_asked import backend, replies

Models = Callable[[str], Path]
GREEDY = Sampling(temperature=0.0, max_new_tokens=20)
WORDS = ["film", "story", "good", "awake", "late", "hour", "kept", "Hello", "fine", "café"]
NORMS = {"llama": "model.norm", "gpt2": "transformer.ln_f", "gemma2": "model.norm"}


def ask(number: int, sampling: Sampling = GREEDY) -> Request:
    words = " ".join(random.Random(number).choices(WORDS, k=1 + (number * 7) % 23))
    messages = (Message(role="user", content=words),)
    return Request(messages=messages, sampling=sampling, of=f"p{number}", seed=number * 1_000_003, key=f"k{number}")


def logs(*shares: float) -> torch.Tensor:
    return torch.tensor([[math.log(share) for share in shares]])


def test_the_scores_of_three_tokens_by_hand() -> None:
    """p_N = (.6, .35, .05); the second early layer is further away, and 0.05 is less than a tenth of 0.6."""
    last, near, far = logs(0.6, 0.35, 0.05), logs(0.5, 0.4, 0.1), logs(0.2, 0.7, 0.1)
    assert float(divergence(last, near)) == pytest.approx(0.0073573, abs=1e-6)
    assert float(divergence(last, far)) == pytest.approx(0.0863046, abs=1e-6)
    found = contrasted(last, torch.stack([near, far]), 0.1)
    assert found[0, :2].tolist() == pytest.approx([math.log(3.0), math.log(0.5)])
    assert found[0, 2] == -math.inf
    assert contrasted(last, torch.stack([near, far]), 0.0)[0, 2] == pytest.approx(math.log(0.5))


def test_each_row_chooses_its_own_layer() -> None:
    last = torch.cat([logs(0.6, 0.4), logs(0.6, 0.4)])
    early = torch.stack([torch.cat([logs(0.5, 0.5), logs(0.1, 0.9)]), torch.cat([logs(0.1, 0.9), logs(0.5, 0.5)])])
    found = contrasted(last, early, 0.1)
    assert found[0].tolist() == found[1].tolist() == pytest.approx([math.log(6.0), math.log(4 / 9)])


def test_what_was_said_is_penalised() -> None:
    found = penalised(torch.tensor([[1.2, -1.0, 0.5], [1.2, -1.0, 0.5]]), [[0, 1, 1], [2]], 1.2)
    assert found.flatten().tolist() == pytest.approx([1.0, -1.2, 0.5, 1.2, -1.0, 0.5 / 1.2])


def test_layers_are_named_as_in_transformers() -> None:
    assert early_layers("low", 32, tied=False) == tuple(range(0, 16, 2))
    assert early_layers("high", 32, tied=False) == tuple(range(16, 32, 2))
    assert early_layers("low", 80, tied=False) == tuple(range(0, 20, 2))
    assert early_layers("high", 80, tied=False) == tuple(range(60, 80, 2))
    assert early_layers("low", 32, tied=True) == tuple(range(2, 16, 2))
    assert early_layers("low", 4, tied=True) == early_layers("high", 4, tied=True) == (2,)
    assert early_layers((5, 1, 5), 6, tied=True) == (5, 1)
    for layers, n_layers in (((6,), 6), ((), 6), ((-1,), 6), ("high", 1), ("low", 3)):
        with pytest.raises(
            ConfigError, match=rf"(?s)backend.dola.layers: got .*{n_layers} layers.*wanted early layers"
        ):
            early_layers(layers, n_layers, tied=True)


@torch.inference_mode()
def defined(model: Any, norm: str, prompt: Sequence[int], how: Contrast, layers: Sequence[int], n: int) -> list[int]:
    """Greedy DoLa as the paper has it, one text, no cache, in float64."""
    cap = getattr(model.config, "final_logit_softcapping", None)
    ids = list(prompt)
    for _ in range(n):
        out = model(torch.tensor([ids]), output_hidden_states=True)
        p = out.logits[0, -1].double().softmax(-1)
        tried = []
        for layer in layers:
            state = out.hidden_states[layer][0, -1]
            logits = model.lm_head(model.get_submodule(norm)(state) if how.normed else state)
            q = (cap * torch.tanh(logits / cap) if cap else logits).double().softmax(-1)
            mean = (p + q) / 2
            tried.append((float((p * (p / mean).log()).sum() + (q * (q / mean).log()).sum()) / 2, q))
        score = (p / max(tried, key=lambda one: one[0])[1]).log()
        for number in set(ids):
            score[number] *= how.repetition_penalty if score[number] < 0 else 1 / how.repetition_penalty
        score[p < how.relative_top * p.max()] = -math.inf
        ids.append(int(score.argmax()))
        if ids[-1] == model.config.eos_token_id:
            break
    return ids[len(prompt) :]


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2"])
@pytest.mark.parametrize("attention", ["auto", "eager"])
@pytest.mark.parametrize(
    "how", [Contrast(layers="high"), Contrast(layers=(1, 3, 4), normed=False, repetition_penalty=1.0)]
)
def test_greedy_replies_are_those_of_the_definition(
    models: Models, chatml: Any, family: str, attention: str, how: Contrast
) -> None:
    """In flat and in padded batches, tied or not, with a head that caps its logits (gemma2)."""
    requests = [ask(number) for number in range(6)]
    path = models(f"{family}-6")
    found = replies(path, requests, attention=attention, dola=how)
    model = AutoModelForCausalLM.from_pretrained(path).eval()
    layers = early_layers(how.layers, 6, tied=model.config.tie_word_embeddings)
    for request, reply in zip(requests, found, strict=True):
        wanted = defined(model, NORMS[family], chat.render(chatml, request.messages), how, layers, 20)
        assert list(reply.token_ids or ()) == wanted
    assert found != replies(path, requests, attention=attention)


@pytest.mark.parametrize("attention", ["auto", "eager"])
def test_replies_do_not_depend_on_the_batch(models: Models, attention: str) -> None:
    how: dict[str, Any] = {"attention": attention, "dola": Contrast(layers="high")}
    requests = [ask(number, Sampling(max_new_tokens=4 + number % 17)) for number in range(24)]
    alone = replies(models("llama-6"), requests, max_batch=1, **how)
    assert len({reply.text for reply in alone}) > 15
    assert replies(models("llama-6"), requests, max_batch=7, prefill_tokens=64, **how) == alone


def test_likelihoods_of_given_texts_stay_the_models_own(models: Models) -> None:
    import asyncio

    async def told(**settings: Any) -> Any:
        made = backend(models("llama-6"), **settings)
        await made.generate([ask(1)])
        found = await made.logprobs([(ask(2).messages, "good story")])
        await made.aclose()
        return found

    assert asyncio.run(told(dola=Contrast(layers="high"))) == asyncio.run(told())


def test_a_setting_that_came_later_changes_no_fingerprint_until_it_is_used() -> None:
    assert "dola" not in settings_of.identity(TransformersBackend.Config())
    used = settings_of.identity(TransformersBackend.Config(dola=Contrast(layers="high")))
    assert used["dola"]["layers"] == "high"


def test_what_has_no_early_layers_is_refused_before_anything_is_asked(tmp_path: Path, models: Models) -> None:
    high = TransformersBackend.Config(dola=Contrast(layers="high"))
    t5 = ModelRef(path=str(make_t5(tmp_path / "t5", ["a b"])))
    for refuse in (lambda: TransformersBackend.model_notes(high, t5), lambda: TransformersBackend(high, model=t5)):
        with pytest.raises(
            ConfigError, match=r"(?s)backend.dola.layers: got 'high'.*encoder-decoder.*wanted a decoder"
        ):
            refuse()
    beyond = TransformersBackend.Config(dola=Contrast(layers=(2, 9)))
    with pytest.raises(ConfigError, match=r"got \(2, 9\) for a model of 6 layers, wanted early layers, 0 to 5"):
        TransformersBackend.model_notes(beyond, ModelRef(path=str(models("llama-6"))))
    (note,) = TransformersBackend.model_notes(high, ModelRef(path=str(models("llama-6"))))
    assert "6 layers, early ones 3, 5" in note
    assert TransformersBackend.model_notes(TransformersBackend.Config(), t5) == []


def test_a_model_whose_layers_cannot_be_read_is_refused(models: Models) -> None:
    model = AutoModelForCausalLM.from_pretrained(models("llama-6")).eval()
    model.model.layers[3].register_forward_pre_hook(lambda layer, read: (read[0] * 2, *read[1:]))
    model.model.norm.register_forward_hook(lambda norm, read, out: out + 0.0)
    how = Contrast(layers="high")
    exits = EarlyExits(AutoModelForCausalLM.from_pretrained(models("llama-6")).eval(), how)
    assert exits.numbers == (3, 5)
    with pytest.raises(ConfigError, match="got a LlamaForCausalLM"):
        EarlyExits(model, how)


@pytest.mark.parametrize("family", ["llama-6", "gpt2-6", "gemma2-6"])
@pytest.mark.parametrize("attention", ["auto", "eager"])
def test_shorter_floats_are_contrasted_too(models: Models, family: str, attention: str) -> None:
    requests = [ask(number, Sampling(max_new_tokens=8)) for number in range(4)]
    how: dict[str, Any] = {"attention": attention, "dtype": "bfloat16"}
    found = replies(models(family), requests, dola=Contrast(layers="high"), **how)
    assert all(reply.token_ids for reply in found)
    assert found != replies(models(family), requests, **how)


def test_after_a_forward_the_model_is_as_it_was(models: Models) -> None:
    model = AutoModelForCausalLM.from_pretrained(models("llama-6")).eval()
    text = torch.tensor([[7, 3, 5]])
    with torch.inference_mode():
        before = model(text).logits
        how = Contrast(layers="high")
        ContrastedMemory(PaddedMemory(model), EarlyExits(model, how), how).step([], [[7, 3, 5], [4, 4]])
        assert torch.equal(model(text).logits, before)
