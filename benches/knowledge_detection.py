"""How well each scorer tells what the model does not know, and what each tau_K keeps, on the embedded encyclopaedia.

    sctk verify knowledge --out OUT && uv run python benches/knowledge_detection.py OUT

Reads the runs OUT/main-SEED: every question's reference and its answers without the document (the pass `unfiltered`, so no
threshold has left one out), and asks each scorer of the method. The truth is the checker's, in two senses: whether the model was
taught the answer, and whether most of its own answers without the document are false. Areas are within seeds; their mean is
over seeds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
from sctk_core import Failure, Message, ModelRef, Prompt, Request, Sample, Sampling, Score, seed_from
from sctk_core.statistics.areas import rank_agreement
from sctk_core.statistics.estimate import Estimate
from sctk_core.statistics.seeds import over_seeds
from sctk_encyclopaedia.nli import EncyclopaediaNli
from sctk_encyclopaedia.truth import is_taught, verdict
from sctk_knowledge.entropy import SemanticEntropy
from sctk_knowledge.lexical import Lexical
from sctk_knowledge.reflection import BsDetector, PTrue
from sctk_knowledge.scorers import Contradiction, Posed, Scorer
from sctk_knowledge.settings import Scoring
from sctk_nano.backend import NanoBackend

AGREES = EncyclopaediaNli(EncyclopaediaNli.Config(gives="agreement", reads="whole", batch_size=32))
ENTAILS = EncyclopaediaNli(EncyclopaediaNli.Config(gives="agreement", reads="whole", neutral="counted", batch_size=32))
CONTRADICTS = EncyclopaediaNli(EncyclopaediaNli.Config(batch_size=32))
SCORERS: Mapping[str, tuple[Scorer, Any]] = {
    "contradiction, NLI": (Contradiction(), CONTRADICTS),
    "contradiction, lexical": (Contradiction(), Lexical(Lexical.Config())),
    "BSDetector": (BsDetector(Scoring()), AGREES),
    "BSDetector without reflection": (BsDetector(Scoring(observed_weight=1.0)), AGREES),
    "semantic entropy, discrete": (SemanticEntropy(Scoring()), ENTAILS),
    "semantic entropy, likelihood": (SemanticEntropy(Scoring(entropy="likelihood")), ENTAILS),
    "semantic entropy, discrete, neutral left out": (SemanticEntropy(Scoring()), AGREES),
    "semantic entropy, likelihood, neutral left out": (SemanticEntropy(Scoring(entropy="likelihood")), AGREES),
    "p(True)": (PTrue(), None),
}
TRUTHS = ("not taught", "mostly wrong")
TAUS = (None, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question of a run with its reference and its answers without the document."""

    prompt: Prompt
    reference: Sample
    answers: tuple[Sample, ...]

    @property
    def asked(self) -> str:
        """Its text."""
        return self.prompt.messages[-1].content

    def truth(self, sense: str) -> bool:
        """Whether it is unknown, in one of two senses."""
        if sense == "not taught":
            return not is_taught(self.asked)
        true = [verdict(self.asked, one.text).word == "true" for one in self.answers]
        return 2 * sum(true) < len(true)


def questions(run: Path) -> list[Question]:
    """The questions of a run that the checker can judge."""
    rows = table(run / "questions" / "asked").iter_rows(named=True)
    said = table(run / "unfiltered" / "samples")
    found = []
    for row in rows:
        if is_taught(row["messages"][-1]["content"]) is None:
            continue
        turns = tuple(Message(role=one["role"], content=one["content"]) for one in row["messages"])
        prompt = Prompt(messages=turns, document=row["document"], meta=json.loads(row["meta"]))
        own = said.filter(pl.col("prompt_id") == row["id"])
        texts = {step: own.filter(pl.col("step") == f"unfiltered.{step}") for step in ("reference", "without")}
        samples = {step: tuple(_sample(prompt, one) for one in texts[step].iter_rows(named=True)) for step in texts}
        answers = tuple(one for one in samples["without"] if one.text.strip())
        if samples["reference"] and answers:
            found.append(Question(prompt=prompt, reference=samples["reference"][0], answers=answers))
    return found


def _sample(prompt: Prompt, row: Mapping[str, Any]) -> Sample:
    return Sample(prompt=prompt, text=row["text"], token_ids=tuple(row["token_ids"]), rank=row["rank"], backend="bench")


def table(place: Path) -> pl.DataFrame:
    """A table of a run."""
    return pl.read_parquet(sorted(place.glob("*.parquet")))


class Crew:
    """Whom scorers ask, without a run: the tuned model of a run and a comparer. `unread` counts replies that are no choice."""

    def __init__(self, backend: NanoBackend, comparer: Any) -> None:
        self._backend, self._comparer = backend, comparer
        self.comparer = SimpleNamespace(compare=self._compare)
        self.student = SimpleNamespace(logprobs=self._logprobs, draft=self._draft, sampling=Sampling())
        self.notes = SimpleNamespace(read=self._read)
        self.unread = 0

    async def _compare(self, first: Sample, others: Sequence[Sample], step: str) -> list[Score]:
        return list(await self._comparer.compare([(first, one) for one in others]))

    async def _logprobs(self, told: Any, step: str, about: object) -> list[float]:
        found = await self._backend.logprobs([(tuple(messages), text) for messages, text in told])
        return [one for one in found if isinstance(one, float)]

    async def _draft(
        self, question: Prompt, step: str, *, shown: Any, sampling: Sampling, about: Sample, **how: object
    ) -> Sample:
        seed = seed_from(0, step, about.id)
        greedy = Sampling(temperature=0.0, max_new_tokens=sampling.max_new_tokens)
        (reply,) = await self._backend.generate(
            [Request(messages=tuple(shown), sampling=greedy, seed=seed, key=about.id)]
        )
        return Sample(prompt=question, text="" if isinstance(reply, Failure) else reply.text, backend="bench")

    def _read(self, step: str, said: Sample, read: Callable[..., Any]) -> Any:
        value = read(said.text) if not isinstance(read, type) else None
        self.unread += isinstance(value, Failure)
        return None if isinstance(value, Failure) else value


async def values(run: Path, name: str, asked: Sequence[Question]) -> list[float | None]:
    """S_K of every question by one scorer; None: it says nothing."""
    scorer, comparer = SCORERS[name]
    backend = NanoBackend(NanoBackend.Config(), model=ModelRef(path=str(run / "arms" / "sft")))
    crew = Crew(backend, comparer)

    async def one(question: Question) -> float | None:
        posed = Posed(question=question.prompt, shown=question.prompt.messages)
        judged = await scorer.against(question.reference, question.answers, "knowledge", posed, crew)
        return None if judged is None else judged.value

    try:
        return list(await asyncio.gather(*(one(question) for question in asked)))
    finally:
        await backend.aclose()


def areas(runs: Mapping[Path, Sequence[Question]]) -> Iterator[str]:
    """A table of areas under the ROC curve: the mean of the seeds, the least, the most, and each seed's own with its interval."""
    yield "| scorer | truth | AUROC, mean of seeds | least to most | seed by seed [95 %] | questions |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name in SCORERS:
        told = [(asked, asyncio.run(values(run, name, asked))) for run, asked in runs.items()]
        for sense in TRUTHS:
            found = [area(asked, said, sense) for asked, said in told]
            each = "; ".join(f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in found)
            own = [one.value for one in found]
            mean, low, high = sum(own) / len(own), min(own), max(own)
            yield f"| {name} | {sense} | {mean:.3f} | {low:.3f} to {high:.3f} | {each} | {sum(one.n for one in found)} |"


def area(asked: Sequence[Question], said: Sequence[float | None], sense: str) -> Estimate:
    """The area of one scorer and seed; questions about one thing are one group."""
    rows = [
        (value, one.truth(sense), one.prompt.meta["group"])
        for one, value in zip(asked, said, strict=True)
        if value is not None
    ]
    scores, truths, groups = (list(column) for column in zip(*rows, strict=True))
    return rank_agreement(scores, truths, groups)


def kept(runs: Mapping[Path, Sequence[Question]]) -> Iterator[str]:
    """The form of the paper's Table 3 out of the runs' own detection, and how much of what is kept was not taught."""
    yield "| tau_K | kept, of all questions | not taught, of those kept | kept, of those not taught |"
    yield "| --- | --- | --- | --- |"
    for tau in TAUS:
        shares: list[list[list[float]]] = [[], [], []]
        for run in runs:
            rows = [
                (reliable and (tau is None or s_k > tau), is_taught(row["prompt"][-1]["content"]))
                for row in table(run / "detect" / "detected").iter_rows(named=True)
                for s_l, s_k in [(row["inconsistency"], row["ignorance"])]
                for reliable in [s_l is not None and s_k is not None and s_l < 0.5]
            ]
            shares[0].append([float(keep) for keep, _ in rows])
            shares[1].append([float(not taught) for keep, taught in rows if keep and taught is not None])
            shares[2].append([float(keep) for keep, taught in rows if taught is False])
        told = " | ".join(cell(over_seeds(one)) for one in shares)
        yield f"| {'S_L < 0.5 alone' if tau is None else tau} | {told} |"


def cell(found: Estimate) -> str:
    """A share with its interval over seeds."""
    if found.low is None or found.high is None:
        return f"{found.value:.3f}"
    return f"{found.value:.3f} [{max(found.low, 0.0):.3f}, {min(found.high, 1.0):.3f}]"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description="Areas under the ROC curve of every scorer, and the shares that each tau_K keeps."
    )
    parser.add_argument("out", type=Path, help="what `sctk verify knowledge --out` wrote")
    arguments = parser.parse_args()
    done = [one for one in sorted(arguments.out.glob("main-*")) if (one / "metrics.json").is_file()]
    runs = {run: questions(run) for run in done}
    for line in (*kept(runs), "", *areas(runs)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
