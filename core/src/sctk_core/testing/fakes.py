"""Fakes of every kind: functions from request to answer with just enough around them to satisfy the Protocol.

They are slow or hang only where a rule says so. A fake has no `Config`: it is made in Python, not named in a recipe.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sctk_core.plan import Curation, Declined
from sctk_core.records import (
    Critique,
    Decision,
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
    Usage,
)


class ScriptedBackend:
    """A backend whose text is a function of the request. What the function raises, `generate` raises.

    A request for which `hangs` is true is never answered; `delay_s` seconds pass before the others are. `seen` holds all
    requests in the order in which they came. Token ids are the UTF-8 bytes of the text.
    """

    def __init__(
        self,
        answer: Callable[[Request], str | Failure],
        *,
        delay_s: Callable[[Request], float] = lambda request: 0.0,
        hangs: Callable[[Request], bool] = lambda request: False,
    ) -> None:
        self.answer, self.delay_s, self.hangs = answer, delay_s, hangs
        self.seen: list[Request] = []

    async def generate(self, requests: Sequence[Request]) -> Sequence[Reply | Failure]:
        """All replies of one call, asked at once."""
        self.seen += requests
        return await asyncio.gather(*(self._one(request) for request in requests))

    async def _one(self, request: Request) -> Reply | Failure:
        if self.hangs(request):
            await asyncio.Event().wait()
        await asyncio.sleep(self.delay_s(request))
        text = self.answer(request)
        if isinstance(text, Failure):
            return text
        ids = tuple(text.encode())
        usage = Usage(n_prompt_tokens=sum(len(m.content) for m in request.messages), n_completion_tokens=len(ids))
        return Reply(key=request.key, text=text, token_ids=ids, tokenizer="bytes", usage=usage, backend="scripted")


class FunctionReward:
    """A reward whose value is a function of the sample; a Failure that the function returns is passed on."""

    def __init__(self, value: Callable[[Sample], float | Failure], *, name: str = "function") -> None:
        self.value, self.name = value, name

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score per sample."""
        return [self._one(sample) for sample in samples]

    def _one(self, sample: Sample) -> Score | Failure:
        value = self.value(sample)
        return value if isinstance(value, Failure) else Score(sample=sample, name=self.name, value=value)


class FunctionComparer:
    """A comparer whose value is a function of the ordered pair; a Failure that the function returns is passed on."""

    def __init__(self, value: Callable[[Sample, Sample], float | Failure], *, name: str = "function") -> None:
        self.value, self.name = value, name

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
        """One score per pair."""
        return [self._one(first, second) for first, second in pairs]

    def _one(self, first: Sample, second: Sample) -> Score | Failure:
        value = self.value(first, second)
        if isinstance(value, Failure):
            return value
        return Score(sample=first, name=self.name, value=value, against=second)


class FunctionCritic:
    """A critic that says `remark(sample)` of every sample ("" means keep) and writes `rewrite(critique)`.

    It asks nobody; the conversations that it shows are what it would ask.
    """

    def __init__(self, remark: Callable[[Sample], str], rewrite: Callable[[Critique], str]) -> None:
        self.remark, self.rewrite = remark, rewrite

    async def critique(self, samples: Sequence[Sample]) -> Sequence[Critique | Failure]:
        """One critique per sample."""
        return [self._critique(sample) for sample in samples]

    def _critique(self, sample: Sample) -> Critique:
        text = self.remark(sample)
        return Critique(sample=sample, text=text, verdict="revise" if text else "keep", sweep=sample.sweep + 1)

    async def revise(self, critiques: Sequence[Critique]) -> Sequence[Sample | Failure]:
        """One revision per critique."""
        return [
            Sample(
                prompt=critique.sample.prompt,
                text=self.rewrite(critique),
                chain=critique.sample.chain,
                sweep=critique.sweep,
                critique=critique.id,
            )
            for critique in critiques
        ]

    def asking(self, sample: Sample) -> tuple[Message, ...]:
        """The conversation that asks for a critique."""
        asked = Message(role="user", content="What is wrong with it?")
        return (*sample.prompt.messages, Message(role="assistant", content=sample.text), asked)

    def revising(self, critique: Critique) -> tuple[Message, ...]:
        """The conversation that asks for a revision."""
        said = Message(role="assistant", content=critique.text)
        return (*self.asking(critique.sample), said, Message(role="user", content="Write it anew."))


class FunctionRule:
    """An acceptance rule that accepts where `accept(round)` is true."""

    def __init__(self, accept: Callable[[Round], bool]) -> None:
        self.accept = accept

    def decide(self, rounds: Sequence[Round]) -> Sequence[Decision]:
        """One decision per round."""
        return [self._one(one) for one in rounds]

    def _one(self, one: Round) -> Decision:
        accepted = self.accept(one)
        state, proposal = one.current.sample, one.proposal.sample
        return Decision(
            kept=proposal if accepted else state,
            dropped=state if accepted else proposal,
            accepted=accepted,
            log_alpha=None,
            reason="accepted" if accepted else "refused",
            sweep=one.sweep,
        )


class FunctionEvaluator:
    """An evaluator whose metrics are functions of one sample; None means that it cannot be measured."""

    def __init__(self, metrics: Mapping[str, Callable[[Sample], float | None]]) -> None:
        self.metrics = metrics

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | None]]:
        """metric -> one value or None per sample."""
        return {name: [metric(sample) for sample in samples] for name, metric in self.metrics.items()}


class FunctionCurator:
    """A curator that leaves out the rows of which `decline(row)` gives a reason; "" keeps a row."""

    def __init__(self, decline: Callable[[Prompt | Sample | Pair], str]) -> None:
        self.decline = decline

    def curate(
        self, rows: Sequence[Prompt] | Sequence[Sample] | Sequence[Pair], held_out: Sequence[Prompt]
    ) -> Curation:
        """One verdict per row."""
        reasons = [self.decline(row) for row in rows]
        return Curation(verdicts=[Declined(reason=reason) if reason else None for reason in reasons])


class ListSource:
    """A source that holds its prompts; equal ones are given the number of their occurrence."""

    def __init__(self, prompts: Sequence[Prompt], held_out: Sequence[Prompt] = ()) -> None:
        self._prompts, self._held_out = _counted(prompts), _counted(held_out)

    def prompts(self) -> Iterator[Prompt]:
        """The prompts, in order."""
        return iter(self._prompts)

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation, in order."""
        return iter(self._held_out)


def _counted(prompts: Sequence[Prompt]) -> list[Prompt]:
    seen: dict[str, int] = {}
    found = []
    for prompt in prompts:
        first = dataclasses.replace(prompt, occurrence=0).id
        found.append(dataclasses.replace(prompt, occurrence=seen.get(first, 0)))
        seen[first] = seen.get(first, 0) + 1
    return found


class FakeTrainer:
    """A trainer whose model is a file with the ids that it was shown, by table: equal data, equal bytes."""

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """Writes `out/model.txt` and reports one row per datum, with a loss that falls."""
        out.mkdir(parents=True, exist_ok=True)
        tables = data if isinstance(data, Mapping) else {"": data}
        ids = [f"{name} {row.id}".lstrip() for name, table in tables.items() for row in table]
        text = "\n".join([model.path, *ids])
        (out / "model.txt").write_text(text)
        digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return TrainReport(
            model=ModelRef(path=str(out), digest=digest),
            n_rows=len(ids),
            n_tokens=len(text),
            n_steps=len(ids),
            n_retokenised=0,
            losses=tuple(1 / (step + 1) for step in range(len(ids))),
        )
