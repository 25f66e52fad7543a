"""Engines: one for each model and backend, however many roles speak through it; started at the first request, ended in time."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sctk_core.assembly import Role
from sctk_core.assembly.blame import who_is
from sctk_core.boundary import from_outside, told
from sctk_core.errors import SctkError
from sctk_core.identity import canonical
from sctk_core.pipeline.asking import CannotStart
from sctk_core.pipeline.recording import RecordingBackend
from sctk_core.pipeline.threads import in_time
from sctk_core.plugins import Catalogue
from sctk_core.records import ModelRef
from sctk_core.store.replies import Replies

CLOSE_S = 30.0
"""How long a backend may take to end, if one ask may not take less."""
log = logging.getLogger("sctk")


@dataclass
class Engine:
    """A backend that is started when it is first needed; `roles` are the proxies that the roles hold."""

    role: Role
    model: ModelRef
    catalogue: Catalogue
    roles: dict[str, RecordingBackend] = field(default_factory=dict)
    backend: Any = None
    close_s: float = CLOSE_S
    unwatched: Callable[[], AbstractContextManager[None]] = nullcontext

    def started(self) -> Any:
        """The backend."""
        if self.backend is None:
            try:
                with self.unwatched():
                    self.backend = self.role.backend.built(self.catalogue, {"model": self.model})
            except SctkError as error:
                raise CannotStart(error) from error
        return self.backend

    def pulse(self) -> float:
        """When the backend last went on; long ago where it does not say."""
        try:
            return float(getattr(self.backend, "last_step", -math.inf))
        except Exception:  # noqa: BLE001 - a stranger's property, asked by the loop's timer: then its time is as usual
            return -math.inf

    async def aclose(self) -> None:
        """Ends the backend, if it was ever started; what goes wrong with that is told, for nothing hangs on it."""
        backend, self.backend = self.backend, None
        if backend is None or not hasattr(backend, "aclose"):
            return
        try:
            await in_time(backend.aclose, self.close_s, who_is(self.role.backend))
        except BaseException as error:
            if from_outside(error):
                raise
            log.warning("%s: aclose() failed: %s", who_is(self.role.backend), told(error))


def key_of(role: Role, model: ModelRef) -> str:
    """What tells engines apart: the model, and the backend that runs it."""
    return canonical([model.digest, role.backend.facts, dict(model.variables)])


class Engines:
    """All engines of a run."""

    def __init__(
        self,
        catalogue: Catalogue,
        replies: Replies,
        run_seed: int,
        longest: int,
        timeout_s: float,
        unwatched: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._catalogue, self._replies, self._run_seed = catalogue, replies, run_seed
        self._longest, self._unwatched, self._close_s = longest, unwatched, min(timeout_s, CLOSE_S)
        self._known: dict[str, Engine] = {}

    def proxy(self, name: str, role: Role, model: ModelRef) -> RecordingBackend:
        """What the role `name`, as `role` plays it with `model`, asks."""
        key = key_of(role, model)
        made = Engine(
            role=role, model=model, catalogue=self._catalogue, unwatched=self._unwatched, close_s=self._close_s
        )
        engine = self._known.setdefault(key, made)
        if name not in engine.roles:
            about = {"model": model.digest, "backend": role.backend.facts["settings"] | {"name": role.backend.name}}
            about |= {"template": dict(model.variables)} if model.variables else {}
            engine.roles[name] = RecordingBackend(
                engine.started, self._replies, about=about, run_seed=self._run_seed, name=role.backend.name,
                thoughts=role.thoughts,
                longest=self._longest, tells_logprobs=hasattr(role.backend.target, "logprobs"),
                pulse=engine.pulse,
            )  # fmt: skip
        return engine.roles[name]

    def usage(self) -> dict[str, dict[str, int]]:
        """Requests since the last call, asked and recalled, by role."""
        found: dict[str, dict[str, int]] = {}
        for engine in self._known.values():
            for name, proxy in engine.roles.items():
                counts = found.setdefault(name, {"asked": 0, "recalled": 0})
                counts["asked"] += proxy.n_asked
                counts["recalled"] += proxy.n_recalled
                proxy.n_asked = proxy.n_recalled = 0
        return {name: counts for name, counts in found.items() if any(counts.values())}

    async def close_but(self, wanted: Collection[str] = ()) -> None:
        """Ends all that were started, save those of some keys."""
        for key, engine in self._known.items():
            if key not in wanted:
                await engine.aclose()
