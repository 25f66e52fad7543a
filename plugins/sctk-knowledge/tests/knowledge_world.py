"""A toy world for the method: towns with rivers, mayors and moods, models that are small files, trainers that take notes.

A document tells facts, "The river of Avon is Frome." A model that is shown a fact, or has learnt it, or is asked of a town that
begins with K, tells it; any other model guesses, in other words each time. Of moods nobody tells the same twice, with a document
or without. Every fifth question that the teacher writes gives its document away, every fifth is none. What a call of the model is
about is a place ("sft/without 1 river of Avon"), where trouble may strike: the process is killed there, once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sctk_core import (
    Component,
    Failure,
    ModelRef,
    Pair,
    Reply,
    Request,
    Sample,
    TrainingData,
    TrainReport,
    Usage,
    hookimpl,
    setting,
)

FACT = re.compile(r"The (\w+) of (\w+) is (\w+)\.")
QUESTION = re.compile(r"What is the (\w+) of (\w+)\?")
MOODS = ("Sunny", "Rather grey", "Nobody can tell", "It changes often")
RIVERS = ("Frome", "Tamar", "Exe", "Wye", "Usk", "Taff", "Dee", "Tees")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Where the process is killed, once: `at` is a pattern of places, `flag` a file that tells that it was."""

    at: str = setting("", help="a regular expression that a place must match", identity=False)
    after: int = setting(0, help="how many calls at that place go well first", identity=False)
    flag: str = setting("", help="a file; trouble strikes only while it does not exist", identity=False)


class Striker:
    """Makes trouble when its place has come."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble, self._calls = trouble, 0

    def strike(self, place: str) -> None:
        """Ends the process, or does nothing."""
        trouble = self._trouble
        if not trouble.at or not re.fullmatch(trouble.at, place) or Path(trouble.flag).exists():
            return
        self._calls += 1
        if self._calls > trouble.after:
            Path(trouble.flag).touch()
            os.kill(os.getpid(), 9)


def town(name: str) -> str:
    """A document about a town."""
    river, mayor = RIVERS[len(name) % len(RIVERS)], f"M{name[::-1].lower()}"
    return (
        f"{name} is a town that lies between hills, and many people go there in spring. The river of {name} is {river}. "
        f"The mayor of {name} is {mayor}. Everybody who was there will tell of it. The mood of {name} is Fine."
    )


class ToyModel:
    """A model is a directory with two files: `name`, and `knows`, the facts that it has learnt."""

    Config = Trouble

    def __init__(self, config: Trouble, *, model: ModelRef) -> None:
        self._model, self._striker = Path(model.path), Striker(config)

    async def generate(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """One reply to each."""
        return [self._one(request) for request in requests]

    async def logprobs(self, conversations: Any) -> list[float | Failure]:
        """The texts that it finds likely are short."""
        return [-0.1 * len(text) for _, text in conversations]

    def _one(self, request: Request) -> Reply:
        verb, about, text = self._answer(request, request.messages[-1].content)
        self._striker.strike(f"{(self._model / 'name').read_text()}/{verb} {request.rank} {about}")
        usage = Usage(n_prompt_tokens=len(request.messages[-1].content), n_completion_tokens=len(text))
        return Reply(key=request.key, text=text, token_ids=tuple(text.encode()), tokenizer="utf-8", usage=usage)

    def _answer(self, request: Request, seen: str) -> tuple[str, str, str]:
        """What is asked, about what, and what it says."""
        if seen.startswith("Read this"):
            return "ask", "", _question(seen, request.rank)
        if "(A)" in seen:
            return "reflect", "", "(A)" if "Perhaps" not in seen else "(B)"
        asked = QUESTION.findall(seen)[-1]
        about = f"{asked[0]} of {asked[1]}"
        told = {fact[:2]: fact[2] for fact in FACT.findall(seen)}
        verb = "with" if told else "without"
        if asked[0] == "mood":
            return verb, about, f"{MOODS[request.rank % len(MOODS)]}."
        if asked in told:
            return verb, about, f"The {asked[0]} of {asked[1]} is {told[asked]}."
        if asked[1].startswith("K") or about in (self._model / "knows").read_text().split("\n"):
            return verb, about, _truth(*asked)
        return verb, about, f"Perhaps {'no' * (request.rank + 1)}, who knows."


def _question(seen: str, rank: int) -> str:
    """A question about one of the facts in sight; every fifth gives the document away, every fifth is none."""
    facts = FACT.findall(seen.rpartition("Read this about")[2])
    if rank % 5 == 0 or not facts:
        return "What does the text say?"
    if rank % 5 == 1:
        return "There is much to say."
    what, of, _ = facts[rank % len(facts)]
    return f"Question: What is the {what} of {of}?"


def _truth(what: str, of: str) -> str:
    return next(fact[0] for fact in re.finditer(FACT, town(of)) if fact[1] == what)


class ToyTruth:
    """1 where a text is the truth about its question."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """No settings."""

    def __init__(self, config: Config) -> None:
        pass

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float]]:
        """`truth`."""
        return {"truth": [float(_is_true(sample)) for sample in samples]}


def _is_true(sample: Sample) -> bool:
    found = QUESTION.search(sample.prompt.messages[-1].content)
    return bool(found) and sample.text == _truth(*found.groups())  # type: ignore[union-attr]


class ToyTrainer:
    """Writes a model that has the arm's name, and knows what the first half of its preferences is about."""

    Config = Trouble

    def __init__(self, config: Trouble) -> None:
        self._striker = Striker(config)

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """A directory with `name`, `knows`, and `rows`, all that was learnt from."""
        self._striker.strike(out.name)
        rows = list(data)
        pairs = [row.prompt.messages[-1].content for row in rows if isinstance(row, Pair)]
        learnt = [" of ".join(QUESTION.findall(asked)[0]) for asked in pairs[: (len(pairs) + 1) // 2]]
        out.mkdir(parents=True)
        (out / "name").write_text(out.name)
        (out / "knows").write_text("\n".join([(Path(model.path) / "knows").read_text(), *learnt]))
        (out / "rows").write_text("\n---\n".join(map(_told, rows)))
        return TrainReport(
            model=ModelRef(path=str(out)), n_rows=len(rows), n_tokens=0, n_steps=1, n_retokenised=0, losses=(1.0,)
        )


def _told(row: Sample | Pair) -> str:
    asked = row.prompt.messages[-1].content
    said = f"{row.chosen.text} > {row.rejected.text} @ {row.probability:.3f}" if isinstance(row, Pair) else row.text
    return f"{asked}\n{said}"


def _one(name: str, target: str) -> list[Component]:
    return [Component(name=name, target=f"{__name__}:{target}", summary="a toy")]


@hookimpl
def sctk_backends() -> list[Component]:
    return _one("toy-model", "ToyModel")


@hookimpl
def sctk_evaluators() -> list[Component]:
    return _one("toy-truth", "ToyTruth")


@hookimpl
def sctk_trainers() -> list[Component]:
    return _one("toy-trainer", "ToyTrainer")
