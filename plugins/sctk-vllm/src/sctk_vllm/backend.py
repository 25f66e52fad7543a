"""The backend `vllm`: vLLM's asynchronous engine behind sctk's protocol.

Prompts are token ids made by `sctk_chat`, the same as for every other backend; text is decoded there too. Every request carries
its own seed, and the engine owns batching, prefix cache and concurrency. vLLM's seeds are torch generators of each request, so
a reply does not depend on who else is asked; its kernels' arithmetic may (chunked prefill, cached prefixes, split attention),
so the backend declares itself `batch_dependent`, whatever the dtype.

Token ids are exactly the sampled ones, end of turn included; what a stop string cut is stored as `sctk_chat.spoken` has it.
An answer may begin with given ids (`Request.prefix_ids`, `sctk_chat.chat`): vLLM reads them behind the prompt, looks for stop
strings in what it samples only, and one that straddles the border is found when the reply is made. A request's generator
starts anew behind the given ids, so the seed that drew an answer draws another rest.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sctk_chat import (
    Chat,
    KnownByFiles,
    Opening,
    check_path,
    end_ids,
    load_tokenizer,
    stored_context,
)
from sctk_core import BackendDown, Failure, LogProb, Message, ModelRef, Reply, Request, SctkError, boundary

from sctk_vllm.engine import EngineConfig, check_installed, refuse_encoder_decoder, start, unlogged

NAME = "vllm"


class VLLMBackend(KnownByFiles):
    """Continues conversations with vLLM. The engine starts when the first request comes."""

    Config = EngineConfig
    batch_dependent = True
    continues = True

    def __init__(self, config: EngineConfig, *, model: ModelRef) -> None:
        check_installed()
        check_path(model)
        refuse_encoder_decoder(model)
        self.config = config
        self.model = model
        self._starting: asyncio.Future[_Running] | None = None
        self._closed = False
        self.last_step = -math.inf
        """When the engine last answered anybody, by `time.monotonic()`."""

    @staticmethod
    def context_of(config: EngineConfig, model: ModelRef) -> int:
        """The tokens that a prompt and its reply may have, read from a directory's files; 0: not known."""
        return min(filter(None, (stored_context(model), config.max_model_len)), default=0)

    @staticmethod
    def depends_on_batch(config: EngineConfig, model: ModelRef) -> str:
        """Why a reply depends on what else is in the batch."""
        return "vLLM's kernels, whatever the precision"

    @staticmethod
    def template_notes(model: ModelRef) -> list[str]:
        """What to know of how conversations are rendered; raises for a model that vLLM does not serve."""
        refuse_encoder_decoder(model)
        return KnownByFiles.template_notes(model)

    async def generate(self, requests: Sequence[Request]) -> Sequence[Reply | Failure]:
        """One reply or failure per request, in order. Cancelling the call aborts its requests in the engine."""
        running = await self._running()
        return await asyncio.gather(*(self._reply(running, request) for request in requests))

    async def logprobs(
        self, conversations: Sequence[tuple[tuple[Message, ...], str | tuple[int, ...]]]
    ) -> Sequence[float | Failure]:
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
            opening = running.chat.opening(request)
            if isinstance(opening, Failure):
                return opening
            if opening.finished:
                return running.chat.finished(request, opening)
            out = await running.ask(opening.read, running.sampling(request, opening))
            self.last_step = time.monotonic()
        except Exception as error:  # noqa: BLE001 - this is the boundary of one request
            return boundary(_known(error), of=request.of, stage="", component=NAME)
        made = out.outputs[0]
        ids = [*opening.given, *made.token_ids]
        return running.chat.reply(request, opening, ids, at_limit=made.finish_reason == "length")

    async def _logprob(
        self, running: _Running, messages: tuple[Message, ...], text: str | tuple[int, ...]
    ) -> float | Failure:
        from vllm import SamplingParams

        try:
            pair = running.chat.to_score(messages, text, n_more=1)
            if isinstance(pair, Failure):
                return pair
            prompt, ids = pair
            # vLLM scores what it reads and cannot stop there: one token is sampled behind it, and dropped.
            params = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False)
            out = await running.ask([*prompt, *ids], params)
            self.last_step = time.monotonic()
        except Exception as error:  # noqa: BLE001 - this is the boundary of one request
            return boundary(_known(error), of="", stage="", component=NAME)
        places = out.prompt_logprobs[len(prompt) :]
        told = sum(place[number].logprob for place, number in zip(places, ids, strict=True))
        return LogProb(told, n_tokens=len(prompt) + len(ids))


class _Running:
    """A started engine with what is known of its model."""

    def __init__(self, engine: Any, tokenizer: Any, variables: Mapping[str, Any]) -> None:
        self.engine = engine
        known = engine.model_config
        self.chat = Chat(
            NAME,
            tokenizer,
            context=int(known.max_model_len),
            n_vocab=int(known.get_vocab_size()),
            ends=end_ids(tokenizer, known.try_get_generation_config().get("eos_token_id"), variables),
            variables=variables,
        )
        self.in_flight: set[str] = set()
        self._numbers = itertools.count()

    @classmethod
    def start(cls, config: EngineConfig, model: ModelRef) -> _Running:
        """Starts the engine; blocks."""
        return cls(start(config, model), load_tokenizer(model), model.variables)

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
        with unlogged("vllm.v1.engine.async_llm"):  # to its reader the end is a fault, with a traceback
            await asyncio.to_thread(engine.shutdown, 20.0)
            if engine.output_handler is not None:
                await asyncio.wait([engine.output_handler], timeout=5.0)

    def sampling(self, request: Request, opening: Opening) -> Any:
        """The request's sampling in vLLM's words."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        asked = request.sampling
        return SamplingParams(
            temperature=asked.temperature,
            top_p=asked.top_p,
            max_tokens=opening.limit - len(opening.given),
            stop=[stop for stop in asked.stop if stop],
            stop_token_ids=sorted(self.chat.ends),
            seed=request.seed,
            detokenize=bool(asked.stop),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )


def _known(error: Exception) -> Exception:
    """A dead engine is a backend that is down, not a bug."""
    from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

    if isinstance(error, (EngineDeadError, EngineGenerateError)):
        return BackendDown(
            f"vLLM's engine gave up: {type(error.__cause__ or error).__name__}: {error.__cause__ or error}"
        )
    return error
