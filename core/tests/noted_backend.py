"""The toy's backend, which writes down the key of each request that it is asked: to the file that NOTED names.

It goes on after given tokens too: each digit of a text is one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sctk_core import Component, ModelRef, Reply, Request, hookimpl
from toy_world import ToyBackend, Trouble


class NotedBackend:
    Config, continues = Trouble, True

    def __init__(self, config: Trouble, *, model: ModelRef) -> None:
        self._toy = ToyBackend(config, model=model)

    async def generate(self, requests: Sequence[Request]) -> list[Reply]:
        note("".join(f"{request.key}\n" for request in requests))
        replies = await self._toy.generate(requests)
        return [spelt(*pair) for pair in zip(requests, replies, strict=True)]


def spelt(request: Request, reply: Reply) -> Reply:
    """The reply of the toy, a token a digit: those that were given, then its own."""
    skill = reply.text.rstrip("0123456789")
    ids = (*request.prefix_ids, *(int(digit) for digit in str(request.seed)[len(request.prefix_ids) : 6]))
    return replace(reply, text=skill + "".join(map(str, ids)), token_ids=ids)


def note(keys: str) -> None:
    with Path(os.environ["NOTED"]).open("a") as file:
        file.write(keys)


@hookimpl
def sctk_backends() -> list[Component]:
    return [Component(name="noted", target=f"{__name__}:NotedBackend", summary="a toy that keeps count")]
