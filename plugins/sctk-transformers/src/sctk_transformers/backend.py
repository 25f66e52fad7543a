"""The backend `transformers`: any causal model or encoder-decoder of transformers, in this process, continuously batched.

All `generate` calls in flight share one queue and one batch (`engine.py`). A reply depends on its request and the model
only: seeds drive a counter-based generator by row (`noise.py`). Where arithmetic itself depends on the batch (bfloat16 and
float16), the backend says so with `batch_dependent`.

Stored token ids are exactly the sampled ones, with the token that ended the turn where one did (`finish` "stop"), because
that is what is trained on (`sctk_chat.spoken`).

An answer may begin with given ids (`Request.prefix_ids`, `sctk_chat.chat`). Noise is keyed by the seed and the place in the
answer, so the seed that drew an answer draws the same rest again; another rest wants another seed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sctk_chat import (
    Chat,
    KnownByFiles,
    Opening,
    StopWatch,
    check_path,
    stored_context,
    stored_dtype,
)
from sctk_core import BackendDown, Failure, LogProb, Message, ModelRef, Reply, Request, SctkError, boundary, setting

from sctk_transformers.contrast import Contrast, contrast_notes
from sctk_transformers.loading import Loaded, load, refuse_overflow

if TYPE_CHECKING:
    from sctk_transformers.early import EarlyExits
    from sctk_transformers.engine import Row
    from sctk_transformers.worker import Worker

NAME = "transformers"


class TransformersBackend(KnownByFiles):
    """Continues conversations with a transformers model. The model is loaded when the first request comes."""

    continues = True

    @dataclass(frozen=True, kw_only=True, slots=True)
    class Config:
        """How the model is loaded and batched."""

        dtype: Literal["auto", "float32", "bfloat16", "float16"] = setting(
            "auto", help="arithmetic; auto: as the weights are stored; float32 replies do not depend on the batch"
        )
        device: str = setting("auto", help="auto: a GPU where there is one; else cpu, cuda:1 and so on")
        attention: Literal["auto", "sdpa", "eager", "flash_attention_2"] = setting(
            "auto", help="auto: flat continuous batches where they prove equal; others: padded static batches"
        )
        max_batch: int = setting(64, help="conversations in one batch", unit="rows", low=1, high=4096, identity=False)
        prefill_tokens: int = setting(4096, help="prompt tokens read in one step", unit="tokens", low=1, identity=False)
        max_context: int = setting(0, help="longest prompt and reply; 0: as the model says", unit="tokens", low=0)
        n_threads: int = setting(0, help="CPU threads; 0: as torch decides", unit="threads", low=0, identity=False)
        dola: Contrast = setting(
            Contrast(),
            help="decoding by contrasting layers (arXiv 2309.03883)",
            came_later=True,
        )

    def __init__(self, config: TransformersBackend.Config, *, model: ModelRef) -> None:
        check_path(model)
        refuse_overflow(model, config.dtype)
        contrast_notes(config.dola, model)
        self.config = config
        self.model = model
        self._worker: Worker | None = None
        self._ready: Future[_Ready] | None = None
        self._closed = False

    @staticmethod
    def model_notes(config: TransformersBackend.Config, model: ModelRef) -> list[str]:
        """What to know of the model under these settings; raises where its early layers cannot be contrasted, or it overflows."""
        refuse_overflow(model, config.dtype)
        return contrast_notes(config.dola, model)

    @staticmethod
    def depends_on_batch(config: TransformersBackend.Config, model: ModelRef) -> str:
        """Why a reply depends on what else is in the batch: only float32 replies do not."""
        dtype = (stored_dtype(model) or "unknown") if config.dtype == "auto" else config.dtype
        return "" if dtype == "float32" else f"{dtype} arithmetic; dtype = float32 avoids it, at up to twice the time"

    @staticmethod
    def context_of(config: TransformersBackend.Config, model: ModelRef) -> int:
        """The tokens that a prompt and its reply may have, read from a directory's files; 0: not known."""
        return min(filter(None, (stored_context(model), config.max_context)), default=0)

    @property
    def batch_dependent(self) -> bool:
        """Whether a reply may change with what else is in the batch: float32 replies do not, shorter floats' may."""
        if self.config.dtype == "auto" and self._ready is not None and self._ready.done():
            return str(self._ready.result().loaded.model.dtype) != "torch.float32"
        return self.config.dtype != "float32"

    @property
    def last_step(self) -> float:
        """When the model last went on, by `time.monotonic()`."""
        return -math.inf if self._worker is None else self._worker.last_step

    async def generate(self, requests: Sequence[Request]) -> Sequence[Reply | Failure]:
        """One reply or failure per request, in order. A prompt that leaves no room in the context is a "budget" failure."""
        ready = await self._loaded()
        admitted = [ready.admit(request) for request in requests]
        rows = [flight.row for flight in admitted if isinstance(flight, _Flight)]
        self._running().call(lambda: ready.queue(rows))
        try:
            await asyncio.gather(*(asyncio.wrap_future(row.done) for row in rows), return_exceptions=True)
        finally:
            for row in rows:
                row.done.cancel()
        return [
            ready.answer(request, outcome) if isinstance(outcome, _Flight) else outcome
            for request, outcome in zip(requests, admitted, strict=True)
        ]

    async def logprobs(
        self, conversations: Sequence[tuple[tuple[Message, ...], str | tuple[int, ...]]]
    ) -> Sequence[float | Failure]:
        """log p(text | messages) in nats, summed in float32 over the text's tokens and the end of the turn."""
        ready = await self._loaded()
        job = self._running().call(lambda: ready.score(conversations))
        return await asyncio.wrap_future(job)

    async def aclose(self) -> None:
        """Ends the worker after the step that it is in; what is in flight is cancelled."""
        self._closed = True
        worker, self._worker = self._worker, None
        if worker is not None:
            await asyncio.to_thread(worker.close)

    def _running(self) -> Worker:
        if self._closed:
            raise BackendDown("backend transformers: got a request after it was closed", hint="build a new one")
        if self._worker is None:
            from sctk_transformers.worker import Worker

            self._worker = Worker()
        return self._worker

    async def _loaded(self) -> _Ready:
        worker = self._running()
        if self._ready is None:
            self._ready = worker.call(lambda: _Ready.load(self.config, self.model, worker))
        return await asyncio.shield(asyncio.wrap_future(self._ready))


@dataclass(frozen=True, slots=True)
class _Flight:
    """A request's row in the engine, and the opening that it began with."""

    opening: Opening
    row: Row


class _Ready:
    """A loaded model with its engine: requests to rows, rows to replies."""

    def __init__(
        self, loaded: Loaded, worker: Worker, config: TransformersBackend.Config, flat: bool, exits: EarlyExits | None
    ) -> None:
        from sctk_transformers.early import ContrastedMemory
        from sctk_transformers.encoded import EncodedMemory
        from sctk_transformers.engine import Engine, Limits, Memory
        from sctk_transformers.flat import FlatMemory
        from sctk_transformers.padded import PaddedMemory

        self.loaded = loaded
        self.config = config
        self.flat = flat
        made = EncodedMemory if loaded.two_texts else FlatMemory if flat else PaddedMemory
        memory: Memory = made(loaded.model)
        if exits is not None:
            memory = ContrastedMemory(memory, exits, config.dola)
        limits = Limits(max_batch=config.max_batch, prefill_tokens=config.prefill_tokens)
        self.engine = worker.engine = Engine(memory, limits, loaded.ends)
        n_vocab = int(loaded.model.config.get_text_config().vocab_size)
        self.chat = Chat(
            NAME,
            loaded.tokenizer,
            context=loaded.context,
            n_vocab=n_vocab,
            ends=loaded.ends,
            variables=loaded.variables,
            two_texts=loaded.two_texts,
            begun=loaded.begun,
        )
        self._watches: dict[tuple[str, ...], StopWatch] = {}

    @classmethod
    def load(cls, config: TransformersBackend.Config, model: ModelRef, worker: Worker) -> _Ready:
        """Loads the model on the worker's thread."""
        import torch

        from sctk_transformers.early import EarlyExits
        from sctk_transformers.flat import install

        if config.n_threads:
            torch.set_num_threads(config.n_threads)
        loaded = load(
            model,
            dtype=config.dtype,
            device=config.device,
            attention=config.attention,
            max_context=config.max_context,
        )
        exits = EarlyExits(loaded.model, config.dola) if config.dola.on else None
        flat = config.attention == "auto" and not loaded.two_texts and install(loaded.model)
        return cls(loaded, worker, config, flat=flat, exits=exits)

    def admit(self, request: Request) -> _Flight | Reply | Failure:
        """The request as a row for the engine, or the outcome where there is nothing to sample."""
        from sctk_transformers.encoded import Source
        from sctk_transformers.engine import Read, Row

        try:
            opening = self.chat.opening(request)
        except SctkError as error:
            return boundary(error, of=request.of, stage="", component=NAME)
        if isinstance(opening, Failure):
            return opening
        if opening.finished:
            return self.chat.finished(request, opening)
        stops = request.sampling.stop
        if stops not in self._watches:
            self._watches[stops] = StopWatch(stops, self.chat.decode)
        read: Read = opening.read
        if self.loaded.two_texts:
            read = Source(ids=tuple(opening.prompt), begun=(self.loaded.start, *opening.given))
        row = Row(
            read=read,
            sampling=request.sampling,
            seed=request.seed,
            limit=opening.limit,
            watch=self._watches[stops],
            ids=list(opening.given),
            n_given=len(opening.given),
        )
        return _Flight(opening, row)

    def queue(self, rows: Sequence[Row]) -> None:
        """Hands rows to the engine; runs on the worker's thread."""
        self.engine.waiting.extend(rows)

    def answer(self, request: Request, flight: _Flight) -> Reply | Failure:
        """The reply of a finished row."""
        row = flight.row
        if row.done.cancelled():
            down = BackendDown("backend transformers: closed while the request was in flight")
            return boundary(down, of=request.of, stage="", component=NAME)
        error = row.done.exception()
        if error is not None:
            return self._step_failed(request.of, error)
        ended = row.done.result()
        if ended == "nan":
            reason = f"the model's scores were not finite ({self.config.dtype} arithmetic)"
            detail = f"after {len(row.ids)} tokens"
            return Failure(of=request.of, stage="", component=NAME, kind="backend", reason=reason, detail=detail)
        return self.chat.reply(request, flight.opening, row.ids, at_limit=ended == "length")

    def score(
        self, conversations: Sequence[tuple[tuple[Message, ...], str | tuple[int, ...]]]
    ) -> list[float | Failure]:
        """Summed log-probabilities; runs on the worker's thread."""
        from sctk_transformers.encoded import score_answers
        from sctk_transformers.scoring import score

        outcomes: list[float | Failure | None] = [None] * len(conversations)
        pairs, places = [], []
        for place, (messages, text) in enumerate(conversations):
            try:
                pair = self.chat.to_score(messages, text)
            except SctkError as error:
                outcomes[place] = boundary(error, of="", stage="", component=NAME)
                continue
            if isinstance(pair, Failure):
                outcomes[place] = pair
                continue
            pairs.append(pair)
            places.append(place)
        n_tokens = self.config.prefill_tokens
        if self.loaded.two_texts:
            found = score_answers(self.loaded.model, pairs, self.loaded.start, n_tokens)
        else:
            found = score(self.loaded.model, pairs, flat=self.flat, n_tokens=n_tokens)
        for place, value, pair in zip(places, found, pairs, strict=True):
            outcomes[place] = LogProb(value, n_tokens=sum(map(len, pair)))
        return [outcome for outcome in outcomes if outcome is not None]

    def _step_failed(self, of: str, error: BaseException) -> Failure:
        import torch

        if isinstance(error, torch.OutOfMemoryError):
            error = BackendDown(f"out of memory with backend.max_batch = {self.config.max_batch}; set it lower")
        assert isinstance(error, Exception)
        return boundary(error, of=of, stage="", component=NAME)
