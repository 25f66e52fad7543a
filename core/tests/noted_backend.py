"""The toy's backend, which writes down the key of each request that it is asked: to the file that NOTED names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sctk_core import Component, ModelRef, Reply, Request, hookimpl
from toy_world import ToyBackend, Trouble


class NotedBackend:
    Config = Trouble

    def __init__(self, config: Trouble, *, model: ModelRef) -> None:
        self._toy = ToyBackend(config, model=model)

    async def generate(self, requests: Sequence[Request]) -> list[Reply]:
        note("".join(f"{request.key}\n" for request in requests))
        return await self._toy.generate(requests)


def note(keys: str) -> None:
    with Path(os.environ["NOTED"]).open("a") as file:
        file.write(keys)


@hookimpl
def sctk_backends() -> list[Component]:
    return [Component(name="noted", target=f"{__name__}:NotedBackend", summary="a toy that keeps count")]
