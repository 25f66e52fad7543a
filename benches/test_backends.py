"""The backend `transformers` beside `model.generate`, on nano, the same prompts, one thread, one run.

`pytest benches/test_backends.py --benchmark-only`; off by default. Each test prints completion tokens per second of wall and
of CPU time; where the machine is busy, only the ratio of the CPU figures says something. `generate` gets its best case: prompts
sorted by length, batches of the same size, no logits processors. Ours has to answer a queue in the order it came.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
import sctk_chat as chat
from sctk_core import Message, ModelRef, Request, Sampling
from sctk_nano import model_path
from sctk_nano.source import request_prompt, review_prompt
from sctk_transformers.backend import TransformersBackend

N_REQUESTS = int(os.environ.get("SCTK_BENCH_REQUESTS", "256"))
BATCH = 64
NEW_TOKENS = 96


def requests() -> list[Request]:
    """Reviews and requests for help of held-out films and objects."""
    made: list[tuple[Message, ...]] = [
        (review_prompt if number % 2 else request_prompt)("held-out", 0, number).messages
        for number in range(N_REQUESTS)
    ]
    sampling = Sampling(max_new_tokens=NEW_TOKENS)
    return [Request(messages=m, sampling=sampling, seed=number, key=str(number)) for number, m in enumerate(made)]


def timed(benchmark: Any, name: str, answer: Callable[[], int]) -> None:
    """Runs `answer`, which returns the number of completion tokens, and prints its rates."""

    def once() -> tuple[int, float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        n_tokens = answer()
        return n_tokens, time.perf_counter() - wall, time.process_time() - cpu

    n_tokens, wall, cpu = benchmark.pedantic(once, rounds=1, warmup_rounds=1)
    assert n_tokens > N_REQUESTS
    rates = f"{n_tokens / wall:.0f} tokens/s of wall time, {n_tokens / cpu:.0f} of CPU time"
    print(f"\n{name}: {n_tokens} tokens, {rates}, load {os.getloadavg()[0]:.1f}")


@pytest.mark.benchmark(group="nano, batch 64")
def test_sctk(benchmark: Any) -> None:
    config = TransformersBackend.Config(dtype="float32", device="cpu", max_batch=BATCH, n_threads=1)
    made = TransformersBackend(config, model=ModelRef(path=str(model_path())))
    loop = asyncio.new_event_loop()

    def answer() -> int:
        replies: Any = loop.run_until_complete(made.generate(requests()))
        return sum(reply.usage.n_completion_tokens for reply in replies)

    timed(benchmark, "sctk-transformers", answer)
    loop.run_until_complete(made.aclose())
    loop.close()


@pytest.mark.benchmark(group="nano, batch 64")
def test_generate(benchmark: Any) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(model_path())
    model = AutoModelForCausalLM.from_pretrained(model_path(), dtype=torch.float32).eval()
    end = chat.end_of_turn(tokenizer)

    def answer() -> int:
        prompts = sorted((chat.render(tokenizer, request.messages) for request in requests()), key=len)
        n_tokens = 0
        for start in range(0, len(prompts), BATCH):
            batch = prompts[start : start + BATCH]
            longest = max(map(len, batch))
            ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in batch])
            mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in batch])
            out = model.generate(
                ids, attention_mask=mask, do_sample=True, top_k=0, max_new_tokens=NEW_TOKENS, pad_token_id=0
            )
            n_tokens += sum(row.index(end) + 1 if end in row else len(row) for row in out[:, longest:].tolist())
        return n_tokens

    timed(benchmark, "model.generate", answer)
