"""The backend `transformers` asked by itself, for tests: made, asked, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sctk_core import Failure, ModelRef, Reply, Request
from sctk_transformers.backend import TransformersBackend


def backend(path: Path, **settings: Any) -> TransformersBackend:
    config = TransformersBackend.Config(
        **{"n_threads": 1, **settings}
    )  # for such small models a second thread only waits
    return TransformersBackend(config, model=ModelRef(path=str(path)))


def answers(path: Path, requests: Sequence[Request], **settings: Any) -> list[Reply | Failure]:
    async def run() -> list[Reply | Failure]:
        made = backend(path, **settings)
        try:
            return list(await made.generate(requests))
        finally:
            await made.aclose()

    return asyncio.run(run())


def replies(path: Path, requests: Sequence[Request], **settings: Any) -> list[Reply]:
    found = answers(path, requests, **settings)
    assert all(isinstance(reply, Reply) for reply in found), found
    return [reply for reply in found if isinstance(reply, Reply)]
