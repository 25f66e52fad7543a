"""A backend for the toy world that tells how likely texts are: first short ones are, once it is trained those in capitals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sctk_core import Component, Message, ModelRef, Reply, Request, hookimpl, setting


class Likely:
    """Replies "iron", once trained "OAK"; log p is minus the length, once trained plus 100 for capitals."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        log: str = setting("", help="a file that every call is written to", identity=False)

    def __init__(self, config: Config, *, model: ModelRef) -> None:
        self._config, self._model = config, Path(model.path)

    async def generate(self, requests: Sequence[Request]) -> list[Reply]:
        text = "OAK" if self._trained else "iron"
        return [Reply(key=r.key, text=text, backend="likely") for r in requests]

    async def logprobs(self, conversations: Sequence[tuple[tuple[Message, ...], Any]]) -> list[float]:
        self._note(len(conversations))
        return [-float(len(text)) + 100.0 * (self._trained and text.isupper()) for _, text in conversations]

    def _note(self, n: int) -> None:
        if self._config.log:
            with Path(self._config.log).open("a") as file:
                file.write(f"{n}\n")

    @property
    def _trained(self) -> bool:
        return "better" in (self._model / "skill").read_text()


@hookimpl
def sctk_backends() -> list[Component]:
    return [Component(name="likely", target=f"{__name__}:Likely", summary="tells how likely texts are")]
