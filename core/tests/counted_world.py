"""Beside the toy world: a backend that counts tokens, and methods whose fits are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from sctk_core import (
    Arm,
    Component,
    Evaluate,
    Fit,
    Generate,
    Made,
    ModelRef,
    Plan,
    Prompt,
    Reply,
    Request,
    Sample,
    Speaker,
    Train,
    Usage,
    hookimpl,
    setting,
    spoken,
)

DRAFT, OTHER = 4, 3
"""Tokens of a draft, and of a critique or a revision: a chain writes 10, as much as two and a half drafts."""


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No settings."""


class CountedBackend:
    """As the toy's: a reply is the seed's last digits."""

    Config = Nothing

    def __init__(self, config: Nothing, *, model: ModelRef) -> None:
        self._skill = (Path(model.path) / "skill").read_text()

    async def generate(self, requests: Sequence[Request]) -> list[Reply]:
        return [self._reply(request) for request in requests]

    def _reply(self, request: Request) -> Reply:
        chained = request.messages[-1].content.startswith(("critique", "revise"))
        usage = Usage(n_prompt_tokens=7, n_completion_tokens=OTHER if chained else DRAFT)
        return Reply(
            key=request.key, text=f"{self._skill}{'1' * (1 + request.seed % 7)}", backend="counted", usage=usage
        )


class Telling(CountedBackend):
    """The same; it goes on after given tokens, and tells log-probabilities."""

    continues = True

    def _reply(self, request: Request) -> Reply:
        ids = (*request.prefix_ids, *range(request.seed % 90, request.seed % 90 + DRAFT))
        return replace(super()._reply(request), token_ids=ids, tokenizer=self._skill)

    async def logprobs(self, conversations: Sequence[Any]) -> list[float]:
        return [-float(len(said)) for _, said in conversations]


@dataclass(frozen=True, kw_only=True)
class Drafters:
    teacher: Speaker


class Fitted:
    """Drafts, a fit of their number and tokens, and a pass that writes as many more as the fit says."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        gives: str = setting("number", help="number, nan, text, nothing, raise")

    Crew = Drafters
    recipe: ClassVar[str] = ""

    def __init__(self, config: Config) -> None:
        self._gives = config.gives

    def plan(self) -> Plan:
        makes = {"rows": Sample}
        return (
            Generate("first", self.draft, steps=("draft",), makes=makes),
            Fit("size", "first.rows", self.size),
            Generate("second", self.again, steps=self.more, makes=makes, fit="size"),
            Train("student", on="second.rows"),
            Evaluate(Arm("base"), Arm("student")),
        )

    def more(self, prompt: Prompt, numbers: Mapping[str, float]) -> Sequence[str]:
        return ("more",) if numbers["n"] else ()

    def size(self, rows: Sequence[Sample], spent: Mapping[str, Any]) -> Any:
        if self._gives == "raise":
            raise RuntimeError("no")
        n = {"nan": float("nan"), "text": "many"}.get(self._gives, len(rows))
        return {} if self._gives == "nothing" else {"n": n, "written": spent["draft"].tokens_written}

    async def draft(self, prompt: Prompt, crew: Drafters) -> Made:
        return {"rows": spoken(await crew.teacher.draft(prompt))}

    async def again(self, prompt: Prompt, crew: Drafters, numbers: Mapping[str, float]) -> Made:
        return {"rows": spoken(await crew.teacher.draft(prompt, "more"))}


@hookimpl
def sctk_backends() -> list[Component]:
    return [
        Component(name="counted", target=f"{__name__}:CountedBackend", summary="counts tokens"),
        Component(name="telling", target=f"{__name__}:Telling", summary="counts tokens, and tells log-probabilities"),
    ]


@hookimpl
def sctk_methods() -> list[Component]:
    return [Component(name="fitted", target=f"{__name__}:Fitted", summary="fits")]
