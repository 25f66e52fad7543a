"""The backend `vllm`: vLLM's asynchronous engine behind sctk's protocol.

Prompts are token ids made by `sctk_transformers.chat`, the same as for every other backend; text is decoded there too. Every
request carries its own seed, and the engine owns batching, prefix cache and concurrency. vLLM's seeds are torch generators of
each request, so a reply does not depend on who else is asked; its kernels' arithmetic may (chunked prefill, cached prefixes,
split attention), so the backend declares itself `batch_dependent`, whatever the dtype.

Token ids are exactly the sampled ones, end of turn included; what a stop string cut is stored as in `sctk_transformers.backend`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sctk_core import BackendDown, Failure, Message, ModelRef, Reply, Request, SctkError, Usage, boundary, setting
from sctk_transformers import chat
from sctk_transformers.loading import check_path, load_tokenizer
from sctk_transformers.stops import cut, ids_before

from sctk_vllm.engine import check_installed, start

NAME = "vllm"


class VLLMBackend:
    """Continues conversations with vLLM. The engine starts when the first request comes."""

    batch_dependent = True

    @dataclass(frozen=True, kw_only=True, slots=True)
    class Config:
        """How the engine is started."""

        dtype: Literal["auto", "float32", "bfloat16", "float16"] = setting("auto", help="arithmetic; auto: as stored")
        max_model_len: int = setting(0, help="longest prompt and reply; 0: as the model says", unit="tokens", low=0)
        max_batch: int = setting(256, help="conversations in one batch", unit="rows", low=1, identity=False)
        gpu_memory_utilization: float = setting(
            0.9, help="share of a GPU's memory that vLLM takes", low=0.05, high=1.0, identity=False
        )
        tensor_parallel_size: int = setting(1, help="GPUs that share one model", unit="GPUs", low=1)
        cpu_cache_gib: int = setting(1, help="memory for keys and values on a CPU", unit="GiB", low=1, identity=False)
        prefix_caching: bool = setting(True, help="read what prompts have in common once")
        eager: Literal["auto", "always", "never"] = setting("auto", help="skip compilation; auto: on a CPU only")

    def __init__(self, config: VLLMBackend.Config, *, model: ModelRef) -> None:
        check_installed()
        check_path(model)
        self.config = config
        self.model = model
        self._starting: asyncio.Future[_Running] | None = None
        self._closed = False

    @staticmethod
    def template_digest(model: ModelRef) -> str:
        """The digest of the chat template, for a hub model's digest; loads the tokenizer, not the weights."""
        return chat.template_digest(load_tokenizer(model))

    async def generate(self, requests: Sequence[Request]) -> Sequence[Reply | Failure]:
        """One reply or failure per request, in order. Cancelling the call aborts its requests in the engine."""
        running = await self._running()
        return await asyncio.gather(*(self._reply(running, request) for request in requests))

    async def logprobs(self, conversations: Sequence[tuple[tuple[Message, ...], str]]) -> Sequence[float | Failure]:
        """log p(text | messages) in nats, summed over the text's tokens and the end of the turn."""
        running = await self._running()
        return await asyncio.gather(*(self._logprob(running, messages, text) for messages, text in conversations))

    async def aclose(self) -> None:
        """Ends the engine and its processes; what is in flight fails."""
        self._closed = True
        starting, self._starting = self._starting, None
        if starting is not None:
            try:
                running = await starting
            except SctkError:
                return
            await running.close()

    async def _running(self) -> _Running:
        if self._closed:
            raise BackendDown("backend vllm: got a request after it was closed", hint="build a new one")
        if self._starting is None:
            self._starting = asyncio.ensure_future(asyncio.to_thread(_Running.start, self.config, self.model))
        return await asyncio.shield(self._starting)

    async def _reply(self, running: _Running, request: Request) -> Reply | Failure:
        try:
            prompt = chat.render(running.tokenizer, request.messages)
            room = running.context - len(prompt)
            if room <= 0:
                return _too_long(request.of, len(prompt), running.context)
            out = await running.ask(prompt, running.sampling(request, room))
        except Exception as error:  # noqa: BLE001 - this is the boundary of one request
            return boundary(_known(error), of=request.of, stage="", component=NAME)
        return running.answer(request, prompt, out)

    async def _logprob(self, running: _Running, messages: tuple[Message, ...], text: str) -> float | Failure:
        from vllm import SamplingParams

        try:
            prompt = chat.render(running.tokenizer, messages)
            ids = chat.completion_ids(running.tokenizer, text, messages)
            if len(prompt) + len(ids) >= running.context:
                return _too_long("", len(prompt) + len(ids), running.context)
            params = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False)
            out = await running.ask([*prompt, *ids], params)
        except Exception as error:  # noqa: BLE001 - this is the boundary of one request
            return boundary(_known(error), of="", stage="", component=NAME)
        places = out.prompt_logprobs[len(prompt) :]
        return float(sum(place[number].logprob for place, number in zip(places, ids, strict=True)))


class _Running:
    """A started engine with what is known of its model."""

    def __init__(self, engine: Any, tokenizer: Any) -> None:
        self.engine = engine
        self.tokenizer = tokenizer
        self.digest = chat.tokenizer_digest(tokenizer)
        self.context = int(engine.model_config.max_model_len)
        self.ends = _ends(engine, tokenizer)
        self.in_flight: set[str] = set()
        self._numbers = itertools.count()

    @classmethod
    def start(cls, config: VLLMBackend.Config, model: ModelRef) -> _Running:
        """Starts the engine; blocks."""
        return cls(start(config, model), load_tokenizer(model))

    async def ask(self, prompt: list[int], params: Any) -> Any:
        """The engine's last word on one prompt; raises where it is closed meanwhile."""
        from vllm.inputs import TokensPrompt

        name, last = f"sctk-{next(self._numbers)}", None
        self.in_flight.add(name)
        try:
            async for out in self.engine.generate(TokensPrompt(prompt_token_ids=prompt), params, name):
                last = out
        finally:
            self.in_flight.discard(name)
        if last is None or last.outputs[0].finish_reason == "abort":
            raise BackendDown("backend vllm: closed while the request was in flight")
        return last

    async def close(self) -> None:
        """Aborts what is in flight, then ends the engine and its processes."""
        if self.in_flight:
            await self.engine.abort(list(self.in_flight))
        engine, self.engine = self.engine, None
        await asyncio.to_thread(engine.shutdown, 20.0)

    def sampling(self, request: Request, room: int) -> Any:
        """The request's sampling in vLLM's words."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        asked = request.sampling
        return SamplingParams(
            temperature=asked.temperature,
            top_p=asked.top_p,
            max_tokens=min(room, asked.max_new_tokens),
            stop=[stop for stop in asked.stop if stop],
            stop_token_ids=sorted(self.ends),
            seed=request.seed,
            detokenize=bool(asked.stop),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )

    def answer(self, request: Request, prompt: Sequence[int], out: Any) -> Reply:
        """The reply that the engine's last word makes."""
        made = out.outputs[0]
        sampled = list(made.token_ids)
        said = sampled[:-1] if sampled and sampled[-1] in self.ends else sampled
        text = chat.decode(self.tokenizer, said)
        shorter = cut(text, request.sampling.stop)
        ids = (
            tuple(sampled)
            if shorter is None
            else ids_before(said, shorter, lambda ids: chat.decode(self.tokenizer, ids))
        )
        return Reply(
            key=request.key,
            text=text if shorter is None else shorter,
            token_ids=ids,
            tokenizer=self.digest,
            prompt_tokens=chat.tokens_digest(prompt),
            finish="length" if made.finish_reason == "length" and shorter is None else "stop",
            usage=Usage(n_prompt_tokens=len(prompt), n_completion_tokens=len(sampled)),
            backend=NAME,
        )


def _ends(engine: Any, tokenizer: Any) -> frozenset[int]:
    """The template's end of turn, the tokenizer's eos, and those that the model's own generation settings name."""
    named = engine.model_config.try_get_generation_config().get("eos_token_id")
    listed = named if isinstance(named, list) else [named]
    return frozenset(
        number for number in (chat.end_of_turn(tokenizer), tokenizer.eos_token_id, *listed) if number is not None
    )


def _too_long(of: str, n_tokens: int, context: int) -> Failure:
    reason = f"longer than {context - 1} tokens, the model's context less one for the reply"
    return Failure(of=of, stage="", component=NAME, kind="budget", reason=reason, detail=f"{n_tokens} tokens")


def _known(error: Exception) -> Exception:
    """A dead engine is a backend that is down, not a bug."""
    from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

    if isinstance(error, (EngineDeadError, EngineGenerateError)):
        return BackendDown(
            f"vLLM's engine gave up: {type(error.__cause__ or error).__name__}: {error.__cause__ or error}"
        )
    return error
