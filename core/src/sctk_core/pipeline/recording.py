"""The recording proxy: what a component receives in place of a backend.

It stamps seed and key on every request, answers from replies that were paid for, checks what the backend answers, and commits
a reply before anybody sees it. A component cannot forget any of this, because it never holds the backend itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any, Protocol

from sctk_core.identity import content_id, seed_from
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.position import Position, here
from sctk_core.protocols import Backend
from sctk_core.records import Failure, Reply, Request

ABOUT = "sctk-reply-1"


class ReplyStore(Protocol):
    """What the proxy needs of the store."""

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        """The known reply of each key, or None."""
        ...

    def put(self, answered: Iterable[tuple[Request, Reply]], about: dict[str, Any]) -> None:
        """Commits replies with their requests."""
        ...


class RecordingBackend:
    """A backend that remembers. `about` is what else decides a reply: model digest, backend and its settings.

    `start` builds the backend at the first request that no stored reply answers, so a run whose replies are all there
    never loads a model.
    """

    def __init__(
        self, start: Callable[[], Backend], replies: ReplyStore, *, about: dict[str, Any], run_seed: int, name: str
    ) -> None:
        self._start, self._replies, self._about = start, replies, about
        self._run_seed, self._name = run_seed, name
        self._backend: Backend | None = None
        self.n_asked = self.n_recalled = 0

    async def generate(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """One reply or failure per request, in order; replies are on disk when this returns."""
        position = here()
        stamped = [self._stamp(request, position) for request in requests]
        known = self._replies.get([request.key for request in stamped])
        missing = [request for request, reply in zip(stamped, known, strict=True) if reply is None]
        self.n_recalled += len(stamped) - len(missing)
        fresh = iter(await self._ask(missing, position.stage) if missing else [])
        return [next(fresh) if reply is None else reply for reply in known]

    def _stamp(self, request: Request, position: Position) -> Request:
        of = request.of or position.of
        seed = seed_from(self._run_seed, position.stage, of, position.chain, position.sweep, request.rank)
        turns = [[message.role, message.content] for message in request.messages]
        key = content_id(ABOUT, self._about, asdict(request.sampling), seed, turns)
        return replace(request, of=of, seed=seed, key=key)

    async def _ask(self, missing: list[Request], stage: str) -> list[Reply | Failure]:
        if self._backend is None:
            self._backend = self._start()
        self.n_asked += len(missing)
        answers = await self._backend.generate(missing)
        of = [request.of for request in missing]
        sound = checked(answers, missing, Reply, of=of, stage=stage, component=self._name)
        pairs = zip(missing, sound, strict=True)
        self._replies.put([(request, reply) for request, reply in pairs if isinstance(reply, Reply)], self._about)
        return sound

    async def aclose(self) -> None:
        """Ends the backend, if it was ever started."""
        backend, self._backend = self._backend, None
        if backend is not None and hasattr(backend, "aclose"):
            await backend.aclose()
