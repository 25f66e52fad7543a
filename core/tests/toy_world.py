"""A toy world as one plugin file: a backend that echoes its seed, a critic, a reward, a trainer that writes a file.

Everything is obviously right: a reply is the seed's last digits, a revision adds "better", the reward counts that word.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sctk_core import (
    Component,
    Critique,
    Curation,
    Decision,
    Declined,
    Failure,
    Message,
    ModelRef,
    Pair,
    Prompt,
    Reply,
    Request,
    Round,
    Sample,
    Score,
    TrainingData,
    TrainReport,
    hookimpl,
    setting,
)


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No settings."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What goes wrong, and when: `at` names the step, `how` what happens there."""

    at: str = setting("", help="critique, score, train, ...")
    how: str = setting("", help="raise, hang, nan, few, reorder, kill")
    after: int = setting(0, help="how many calls go well first", identity=False)
    flag: str = setting("", help="a file; trouble strikes only while it does not exist", identity=False)


class Striker:
    """Counts calls and makes trouble when its time has come."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble, self._calls = trouble, 0

    async def strike(self, step: str) -> str:
        trouble = self._trouble
        if trouble.at != step or (trouble.flag and Path(trouble.flag).exists()):
            return ""
        self._calls += 1
        if self._calls <= trouble.after:
            return ""
        if trouble.how == "kill":
            Path(trouble.flag).touch()
            os.kill(os.getpid(), 9)
        if trouble.how == "raise":
            raise RuntimeError("trouble")
        if trouble.how == "hang" and self._calls == trouble.after + 1:
            await asyncio.sleep(3600)
        return trouble.how


class ToyBackend:
    Config = Trouble

    def __init__(self, config: Trouble, *, model: ModelRef) -> None:
        self._model, self._striker = Path(model.path), Striker(config)

    async def generate(self, requests: Sequence[Request]) -> list[Reply]:
        await self._striker.strike("generate")
        skill = (self._model / "skill").read_text()
        return [
            Reply(key=r.key, text=f"{skill}{r.seed % 1000}", token_ids=(r.seed % 1000,), backend="toy")
            for r in requests
        ]


class ToyCritic:
    Config = Trouble

    def __init__(self, config: Trouble, *, backend: ToyBackend) -> None:
        self._backend, self._striker = backend, Striker(config)

    async def critique(self, samples: Sequence[Sample]) -> list[Critique]:
        how = await self._striker.strike("critique")
        requests = [Request(messages=(Message(role="user", content="critique " + s.text),), of=s.id) for s in samples]
        replies = await self._backend.generate(requests)
        pairs = zip(samples, replies, strict=True)
        answers = [Critique(sample=s, text=r.text, verdict="revise", reply=r.key) for s, r in pairs]
        return answers[:-1] if how == "few" else answers

    async def revise(self, critiques: Sequence[Critique]) -> list[Sample]:
        await self._striker.strike("revise")
        requests = [Request(messages=(Message(role="user", content="revise " + c.text),), of=c.id) for c in critiques]
        replies = await self._backend.generate(requests)
        return [
            replace(Sample.of(r, prompt=c.sample.prompt, sweep=c.sweep, critique=c.id), text=f"better {r.text}")
            for c, r in zip(critiques, replies, strict=True)
        ]


class ToyReward:
    Config = Trouble

    def __init__(self, config: Trouble) -> None:
        self._striker = Striker(config)

    async def score(self, samples: Sequence[Sample]) -> list[Score]:
        how = await self._striker.strike("score")
        value = float("nan") if how == "nan" else 0.0
        scores = [Score(sample=s, name="toy", value=value + s.text.count("better") + len(s.text) % 3) for s in samples]
        if how == "reorder":
            return scores[::-1] if len(scores) > 1 else [replace(scores[0], sample=replace(samples[0], text="other"))]
        return scores[:-1] if how == "few" else scores


class ToyRule:
    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        pass

    def decide(self, rounds: Sequence[Round]) -> list[Decision]:
        return [self._one(r) for r in rounds]

    def _one(self, r: Round) -> Decision:
        old, new = r.current.sample, r.proposal.sample
        if r.proposal.value > r.current.value:
            return Decision(kept=new, dropped=old, accepted=True, log_alpha=None, reason="better")
        return Decision(kept=old, dropped=new, accepted=False, log_alpha=None, reason="not better")


@dataclass(frozen=True, kw_only=True)
class Noise:
    """As the trainer `preference` has it."""

    assume: str = setting("none", help="none, conservative, robust")
    eps: float = setting(0.0, help="share")


class ToyTrainer:
    @dataclass(frozen=True, kw_only=True)
    class Config(Trouble):
        noise: Noise = setting(Noise(), help="label noise")

    def __init__(self, config: Config) -> None:
        self._striker, self._noise = Striker(config), config.noise

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        asyncio.run(self._striker.strike("train"))
        out.mkdir(parents=True)
        texts = sorted(row.chosen.text if isinstance(row, Pair) else row.text for row in data)
        better = sum("better" in text for text in texts) * 2 > len(texts)
        (out / "skill").write_text("better " if better else "")
        (out / "texts").write_text("\n".join(texts))
        (out / "noise").write_text(f"{self._noise.assume} {self._noise.eps}")
        return TrainReport(
            model=ModelRef(path=str(out)), n_rows=len(data), n_tokens=0, n_steps=1, n_retokenised=0, losses=(1.0, 0.5)
        )


class ToyEvaluator:
    Config = Trouble

    def __init__(self, config: Trouble) -> None:
        self._striker = Striker(config)

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | None]]:
        await self._striker.strike("evaluate")
        return {"truth": [float("better" in s.text) for s in samples]}


class ToyCurator:
    """Leaves out the rows whose text ends in an odd digit, for the sake of the first row that stays."""

    @dataclass(frozen=True, kw_only=True)
    class Config(Trouble):
        what: str = setting("odd", help="odd, all or none are left out")

    def __init__(self, config: Config) -> None:
        self._what, self._striker = config.what, Striker(config)

    def curate(self, rows: Sequence[Any], held_out: Sequence[Prompt]) -> Any:
        how = asyncio.run(self._striker.strike("curate"))
        if how == "sort":
            rows.sort(key=lambda row: row.id)  # type: ignore[attr-defined]
        stays = [row for row in rows if not self._declines(row)]
        because = stays[0].id if stays else ""
        verdicts: list[Any] = [
            Declined(reason="odd", because=because, similarity=0.5, detail="it ends in an odd digit")
            if self._declines(row)
            else None
            for row in rows
        ]
        if how == "fail":
            verdicts[-1] = Failure(of="", stage="", component="", kind="parse", reason="cannot tell")
        if how == "type":
            verdicts[-1] = 1
        if how == "list":
            return verdicts
        notes = (f"{len(held_out)} held-out prompts were seen",)
        return Curation(verdicts=verdicts[:-1] if how == "few" else verdicts, notes=notes)

    def _declines(self, row: Any) -> bool:
        text = row.messages[-1].content if isinstance(row, Prompt) else getattr(row, "chosen", row).text
        return self._what == "all" or (self._what == "odd" and text[-1] in "13579")


@dataclass(frozen=True, kw_only=True)
class Size:
    n: int = setting(12, help="prompts")
    held: int = setting(10, help="prompts of evaluation")


class ToySource:
    Config = Size

    def __init__(self, config: Size) -> None:
        self._n, self._held = config.n, config.held

    def prompts(self) -> Iterator[Prompt]:
        return (self._prompt(f"question {i}") for i in range(self._n))

    def held_out(self) -> Iterator[Prompt]:
        return (self._prompt(f"held out {i}") for i in range(self._held))

    def _prompt(self, text: str) -> Prompt:
        return Prompt(messages=(Message(role="user", content=text),))


def _one(name: str, target: str) -> list[Component]:
    return [Component(name=name, target=f"{__name__}:{target}", summary="a toy")]


@hookimpl
def sctk_backends() -> list[Component]:
    return _one("toy", "ToyBackend")


@hookimpl
def sctk_critics() -> list[Component]:
    return _one("toy", "ToyCritic")


@hookimpl
def sctk_curators() -> list[Component]:
    return _one("toy", "ToyCurator")


@hookimpl
def sctk_rewards() -> list[Component]:
    return _one("toy", "ToyReward")


@hookimpl
def sctk_acceptance_rules() -> list[Component]:
    return _one("toy", "ToyRule")


@hookimpl
def sctk_trainers() -> list[Component]:
    return _one("toy", "ToyTrainer")


@hookimpl
def sctk_evaluators() -> list[Component]:
    return _one("toy", "ToyEvaluator")


@hookimpl
def sctk_sources() -> list[Component]:
    return _one("toy", "ToySource")
