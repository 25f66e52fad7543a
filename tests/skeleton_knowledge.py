"""Self-training by knowledge detection (arXiv 2406.11275) as a plan over a world of fakes, all in one plugin file.

The world: a document tells one truth for each of its three questions. A model that is shown the document, or that has learnt the
answer, or whose topic begins with "known", tells that truth in two sentences; any other model guesses. How far a text contradicts
the truth is looked up in a table, which for the guesses is that of papers.md 5.3. Preference training teaches the first half of
its rows. Every call of a fake has a place
("sft/without 1 Guess 1 at ..."), where trouble may strike.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from sctk_core import (
    Arm,
    AskedComparer,
    Component,
    Declined,
    Evaluate,
    Failure,
    Generate,
    Made,
    Message,
    ModelRef,
    Notebook,
    Pair,
    Plan,
    Prompt,
    Reply,
    Request,
    Sample,
    Score,
    Speaker,
    Step,
    Train,
    TrainingData,
    TrainReport,
    Usage,
    asked,
    content_id,
    hookimpl,
    setting,
    spoken,
)

RECIPE = """
[backend]
use = "skeleton-model"
[source]
use = "skeleton-documents"
[contradiction]
use = "skeleton-nli"
[sft]
use = "skeleton-trainer"
[dpo]
use = "skeleton-trainer"
[[evaluator]]
use = "skeleton-truth"
[[pairwise]]
use = "skeleton-judge"
"""


@dataclass(frozen=True, kw_only=True)
class KnowledgeConfig:
    """Settings of the method."""

    iterations: int = setting(1, help="how often detection and training follow each other", low=1, identity=False)
    n_questions: int = setting(5, help="questions that are asked for each document (N)", low=1)
    n_samples: int = setting(3, help="answers with, and without, the document (K)", low=1)
    tau_consistency: float = setting(0.5, help="tau_L: at most so far do answers with the document contradict", low=0.0)
    tau_knowledge: float = setting(0.5, help="tau_K: more than so far do answers without it contradict", low=0.0)


ASKING = ("n_questions",)
"""The settings that matter to the passes that ask questions."""


@dataclass(frozen=True, kw_only=True)
class Detected:
    """What was detected of a question: S_L (eq. 1) and S_K (eq. 2; None: not asked, for the reference cannot be trusted)."""

    prompt: Prompt
    inconsistency: float
    ignorance: float | None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", content_id("detected", self.prompt.id, self.inconsistency, self.ignorance))


@dataclass(frozen=True, kw_only=True)
class QuestionCrew:
    """[roles.teacher] writes questions; what it wrote is read on the item's page."""

    teacher: Speaker
    notes: Notebook


@dataclass(frozen=True, kw_only=True)
class AnnotationCrew:
    """[roles.teacher] answers with the document, the student from its own head."""

    teacher: Speaker
    student: Speaker


@dataclass(frozen=True, kw_only=True)
class DetectionCrew:
    """The student answers; [contradiction] tells how far one text contradicts another."""

    student: Speaker
    nli: AskedComparer = asked(section="contradiction")


@dataclass(frozen=True, kw_only=True)
class AnswerCrew:
    """The student answers."""

    student: Speaker


class KnowledgeDetection:
    """The method `skeleton-knowledge`."""

    Config = KnowledgeConfig
    recipe: ClassVar[str] = RECIPE
    reading: ClassVar[str] = "borders as in the paper's code: kept where S_L <= tau_L and S_K > tau_K"

    def __init__(self, config: KnowledgeConfig) -> None:
        self._config = config

    def plan(self) -> Plan:
        """Questions, annotations, SFT; detection and DPO as often as wanted; an exam on questions about unseen documents."""
        config = self._config
        asking = (Step("question", config.n_questions), Step("read", of="question"))
        iterations = range(1, config.iterations + 1)
        arms = ["sft", *(f"student-{i}" for i in iterations)]
        detections = ((f"detect-{i}", start, arm) for i, start, arm in zip(iterations, arms, arms[1:], strict=False))
        return (
            Generate("questions", self.ask, steps=asking, makes={"asked": Prompt}, crew=QuestionCrew, settings=ASKING),
            Generate(
                "exam", self.ask, over="held-out", steps=asking, makes={"asked": Prompt}, crew=QuestionCrew, settings=ASKING,
            ),
            Generate(
                "annotations", self.annotate, over="questions.asked", steps=self.annotating,
                makes={"answers": Sample}, crew=AnnotationCrew, settings=(),
            ),
            Train("sft", on="annotations.answers", section="sft"),
            *(one for name, start, arm in detections for one in self._iteration(name, start, arm)),
            Evaluate(
                Arm("base"), Arm("sft"),
                Arm("rag", model="sft", walk=self.look_up, steps=("evaluate",), crew=AnswerCrew, settings=()),
                Arm(arms[-1]),
                over="exam.asked",
                differences=((arms[-1], "base"), (arms[-1], "sft"), ("rag", arms[-1])),
            ),
            Evaluate(Arm("sft"), Arm(arms[-1]), over="detect-1.known", name="forgotten"),
        )  # fmt: skip

    def _iteration(self, name: str, start: str, arm: str) -> tuple[Generate, Train]:
        k = self._config.n_samples
        steps = ("reference", Step("with", k), Step("consistency", k), Step("without", k), Step("knowledge", k))
        makes = {"pairs": Pair, "known": Prompt, "detected": Detected}
        return (
            Generate(name, self.detect, "questions.asked", steps, makes, student=start, crew=DetectionCrew),
            Train(arm, on=f"{name}.pairs", start=start, section="dpo"),
        )

    async def ask(self, document: Prompt, crew: QuestionCrew) -> Made:
        """N questions about a document: those that can be read, each once."""
        written = await crew.teacher.drafts(document, self._config.n_questions, "question", shown=_asking(document))
        read = [crew.notes.read("read", sample, _question) for sample in written]
        questions = [text for text in read if text is not None]
        return {"asked": [_about(document, text, questions.index(text), n) for n, text in enumerate(questions)]}

    def annotating(self, question: Prompt) -> tuple[str, ...]:
        """Every third question is answered by the teacher, who sees the document."""
        return ("grounded",) if int(question.meta["number"]) % 3 == 0 else ("recalled",)

    async def annotate(self, question: Prompt, crew: AnnotationCrew) -> Made:
        """A row for SFT: with the document in its prompt where the teacher answers, without where the base model does."""
        if self.annotating(question) == ("grounded",):
            shown = replace(question, messages=_with_document(question))
            return {"answers": spoken(await crew.teacher.draft(shown, "grounded"))}
        return {"answers": spoken(await crew.student.draft(question, "recalled"))}

    async def detect(self, question: Prompt, crew: DetectionCrew) -> Made:
        """Algorithm 1: is the reference consistent (eq. 1), and is it unknown (eq. 2)? Then eq. 7 makes the pair."""
        k, shown = self._config.n_samples, _with_document(question)
        reference = await crew.student.draft(question, "reference", shown=shown, greedy=True)
        chosen = await crew.student.drafts(question, k, "with", shown=shown)
        s_l = _mean(await crew.nli.compare(reference, chosen, step="consistency"))
        if s_l > self._config.tau_consistency:
            return _detected(question, s_l, None, Declined(reason="the reference is not consistent"))
        rejected = await crew.student.drafts(question, k, "without")
        scores = await crew.nli.compare(reference, rejected, step="knowledge")
        s_k = _mean(scores)
        if s_k <= self._config.tau_knowledge:
            return _detected(question, s_l, s_k, Declined(reason="the answer is known"))
        worst, _ = max(zip(rejected, scores, strict=True), key=lambda both: both[1].value)
        pair = Pair(prompt=question, chosen=reference, rejected=worst, margin=s_k, probability=1.0)
        return _detected(question, s_l, s_k, pair)

    async def look_up(self, question: Prompt, crew: AnswerCrew) -> Made:
        """The arm `rag`: it answers with the document before its eyes."""
        return {"answers": await crew.student.draft(question, "evaluate", shown=_with_document(question))}


def _detected(question: Prompt, s_l: float, s_k: float | None, pair: Pair | Declined) -> Made:
    """The rows of one question; what is known is kept, to see later whether it is forgotten."""
    known = question if s_k is not None and isinstance(pair, Declined) else Declined(reason="not known")
    return {"pairs": pair, "known": known, "detected": Detected(prompt=question, inconsistency=s_l, ignorance=s_k)}


def _mean(scores: Sequence[Score]) -> float:
    return sum(score.value for score in scores) / len(scores)


def _asking(document: Prompt) -> tuple[Message, ...]:
    return (Message(role="user", content=f"Ask a question about: {document.document}"),)


def _with_document(question: Prompt) -> tuple[Message, ...]:
    text = f"Read: {question.document}\n{question.messages[-1].content}"
    return (*question.messages[:-1], Message(role="user", content=text))


def _question(text: str) -> str | Failure:
    """The question in a text; one that speaks of its document is none."""
    if text.endswith("?") and "document" not in text:
        return text
    return Failure(of="", stage="", component="", kind="parse", reason="no question of its own", detail=text)


def _about(document: Prompt, text: str, first: int, number: int) -> Prompt | Declined:
    """A question as a prompt of its own, unless an earlier one of the same document is the same."""
    if first < number:
        return Declined(reason="asked twice", detail=text)
    turns = (Message(role="user", content=text),)
    meta = {"group": document.meta["group"], "number": str(number)}
    return Prompt(messages=turns, document=document.document, meta=meta)


# ---- the world of fakes ----


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What goes wrong, and where: `at` is a place, `how` a kind of failure, "kill", "raise" or "hang"."""

    at: str = setting("", help="a regular expression that a place must match", identity=False)
    how: str = setting("", help="kill, raise, hang, or the kind of the Failure that is returned", identity=False)
    after: int = setting(0, help="how many calls at that place go well first", identity=False)
    flag: str = setting("", help="a file; trouble strikes only while it does not exist", identity=False)


class Striker:
    """Makes trouble when its place has come."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble, self._calls = trouble, 0

    async def strike(self, place: str) -> Failure | None:
        """The failure to return; or it does not return at all."""
        trouble = self._trouble
        if not trouble.at or not re.fullmatch(trouble.at, place) or (trouble.flag and Path(trouble.flag).exists()):
            return None
        self._calls += 1
        if self._calls <= trouble.after:
            return None
        if trouble.how == "kill":
            Path(trouble.flag).touch()
            os.kill(os.getpid(), 9)
        if trouble.how == "raise":
            raise RuntimeError("trouble")
        if trouble.how == "hang":
            await asyncio.sleep(3600)
        kind: Any = trouble.how
        return Failure(of="", stage="", component="", kind=kind, reason="trouble", detail=place)


def truth(topic: str) -> str:
    """What a document says, in two sentences."""
    return f"First of {topic}. Second of {topic}."


TOPIC = re.compile(r"(?:un)?(?:known|reliable)-\d+")
QUESTION = re.compile(r"What is (\S+)\?")


class FakeModel:
    """A model is a directory with two files: `name`, and `knows`, the topics whose truth it has learnt."""

    Config = Trouble

    def __init__(self, config: Trouble, *, model: ModelRef) -> None:
        self._model, self._striker = Path(model.path), Striker(config)

    async def generate(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """One reply to each."""
        return [await self._one(request) for request in requests]

    async def _one(self, request: Request) -> Reply | Failure:
        seen = request.messages[-1].content
        verb, text = self._answer(request, seen)
        trouble = await self._striker.strike(f"{(self._model / 'name').read_text()}/{verb} {request.rank} {text}")
        ids, usage = tuple(text.encode()), Usage(n_prompt_tokens=len(seen), n_completion_tokens=len(text))
        return trouble or Reply(key=request.key, text=text, token_ids=ids, tokenizer="utf-8", usage=usage)

    def _answer(self, request: Request, seen: str) -> tuple[str, str]:
        """What is asked of the model, and what it says: the third question speaks of its document, the fifth repeats the first."""
        if seen.startswith("Ask"):
            topic = TOPIC.search(seen)
            assert topic
            number = {0: "a", 1: "b", 2: "the document", 3: "c"}.get(request.rank, "a")
            return "ask", f"What is {topic[0]}/{number}?"
        question = QUESTION.search(seen)
        assert question
        topic_of, shown = question[1], seen.startswith("Read")
        if not shown and not self._knows(topic_of):
            return "without", f"Guess {request.rank} at {topic_of}."
        if shown and request.sampling.temperature == 0:
            return "reference", truth(topic_of)
        return "with" if shown else "without", truth(topic_of)

    def _knows(self, topic: str) -> bool:
        return topic.startswith("known") or topic in (self._model / "knows").read_text().split()


GUESSES = {"First": (0.9, 0.2, 0.4), "Second": (0.7, 0.0, 0.6)}
"""The contradiction of each sentence of the truth with the guess of rank 0, 1 and 2 (papers.md 5.3)."""


class FakeNli:
    """How far a text contradicts the sentences of another: a guess as the table has it, the truth never but where unreliable."""

    @dataclass(frozen=True, kw_only=True)
    class Config(Trouble):
        """Trouble, and what tells one encoder from another."""

        called: str = setting("contradiction", help="what its numbers are called")

    def __init__(self, config: Config) -> None:
        self._called, self._striker = config.called, Striker(config)

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> list[Score | Failure]:
        """S_C of every pair."""
        return [await self._one(one, other) for one, other in pairs]

    async def _one(self, one: Sample, other: Sample) -> Score | Failure:
        trouble = await self._striker.strike(f"nli {other.rank} {other.text}")
        sentences = re.findall(r"(First|Second) of", one.text)
        value = sum(self._contradiction(sentence, other.text) for sentence in sentences) / len(sentences)
        return trouble or Score(sample=one, against=other, name=self._called, value=value)

    def _contradiction(self, sentence: str, text: str) -> float:
        guess = re.match(r"Guess (\d)", text)
        return GUESSES[sentence][int(guess[1])] if guess else 0.75 * ("unreliable" in text)


class FakeJudge:
    """1 where the first text is the better, and where both are as good: it loves what stands first."""

    Config = Trouble

    def __init__(self, config: Trouble) -> None:
        self._striker = Striker(config)

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> list[Score | Failure]:
        """Whether the first of each pair is the better."""
        return [
            await self._striker.strike("judge")
            or Score(sample=one, against=other, name="judge", value=float(_true(one) >= _true(other)))
            for one, other in pairs
        ]


def _true(sample: Sample) -> bool:
    return sample.text.startswith("First")


class FakeTruth:
    """1 where a text is the truth."""

    Config = Trouble

    def __init__(self, config: Trouble) -> None:
        self._striker = Striker(config)

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float]]:
        """`truth`."""
        await self._striker.strike("truth")
        return {"truth": [float(_true(sample)) for sample in samples]}


class FakeTrainer:
    """Writes a model that has the arm's name; preferences teach it the topics of their first half."""

    @dataclass(frozen=True, kw_only=True)
    class Config(Trouble):
        """Trouble, and what tells one trainer from another."""

        called: str = setting("usual", help="a name for its settings")

    def __init__(self, config: Config) -> None:
        self._striker = Striker(config)

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """A directory with `name`, `knows`, and `rows`, all that was learnt from."""
        asyncio.run(self._striker.strike(out.name))
        assert not isinstance(data, Mapping)
        rows = list(data)
        pairs = [row for row in rows if isinstance(row, Pair)]
        learnt = [match[1] for row in pairs[: len(pairs) // 2] if (match := QUESTION.search(_asked_of(row)))]
        out.mkdir(parents=True)
        (out / "name").write_text(out.name)
        (out / "knows").write_text("\n".join([*(Path(model.path) / "knows").read_text().split(), *learnt]))
        (out / "rows").write_text("\n---\n".join(_asked_of(row) + "\n" + _told_by(row) for row in rows))
        return TrainReport(
            model=ModelRef(path=str(out)), n_rows=len(rows), n_tokens=0, n_steps=1, n_retokenised=0, losses=(1.0,)
        )


def _asked_of(row: Sample | Pair) -> str:
    return row.prompt.messages[-1].content


def _told_by(row: Sample | Pair) -> str:
    return f"{row.chosen.text} > {row.rejected.text}" if isinstance(row, Pair) else row.text


class FakeDocuments:
    """Four documents, and two that nobody learns from."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """No settings."""

    def __init__(self, config: Config) -> None:
        pass

    def prompts(self) -> Iterator[Prompt]:
        """What the student learns about."""
        return (self._document(topic) for topic in ("unknown-0", "known-1", "unreliable-2", "unknown-3"))

    def held_out(self) -> Iterator[Prompt]:
        """What it is examined on."""
        return (self._document(topic) for topic in ("known-8", "unknown-9"))

    def _document(self, topic: str) -> Prompt:
        turns = (Message(role="user", content=topic),)
        return Prompt(messages=turns, document=f"All about {topic}.", meta={"group": topic})


def _one(name: str, target: str) -> list[Component]:
    return [Component(name=name, target=f"{__name__}:{target}", summary="a fake")]


@hookimpl
def sctk_methods() -> list[Component]:
    return _one("skeleton-knowledge", "KnowledgeDetection")


@hookimpl
def sctk_backends() -> list[Component]:
    return _one("skeleton-model", "FakeModel")


@hookimpl
def sctk_comparers() -> list[Component]:
    return _one("skeleton-nli", "FakeNli") + _one("skeleton-judge", "FakeJudge")


@hookimpl
def sctk_evaluators() -> list[Component]:
    return _one("skeleton-truth", "FakeTruth")


@hookimpl
def sctk_trainers() -> list[Component]:
    return _one("skeleton-trainer", "FakeTrainer")


@hookimpl
def sctk_sources() -> list[Component]:
    return _one("skeleton-documents", "FakeDocuments")
