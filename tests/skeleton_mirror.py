"""Mind's Mirror (arXiv 2311.09214) as a skeleton, written from its dossier alone, with fakes: one file for `--load`.

The teacher writes n rationales for each question and m evaluations of each rationale; an evaluator is trained on the evaluations
("predict" the verdict, "explain" it), and the student goes on from the evaluator and is trained on the rationales in the same way.

The fakes are obviously right. A model is a directory with a file `skill`: the share of questions, in percent, that it solves and
that it judges. A question says in words what a teacher does wrong with it, whatever the seed is, so counts are worked out by hand.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from sctk_core import (
    Arm,
    Component,
    Declined,
    Evaluate,
    Failure,
    Generate,
    Made,
    Message,
    ModelRef,
    Notebook,
    Plan,
    Prompt,
    Reply,
    Request,
    Sample,
    Speaker,
    Step,
    Train,
    TrainingData,
    TrainReport,
    asked,
    content_id,
    hookimpl,
    setting,
    together,
)

# --- the method ---------------------------------------------------------------------------------------------------------------

RECIPE = """
[backend]
use = "small-mirror"
[source]
use = "small-mirror"
[trainer]
use = "small-mirror"
[stage1]
use = "small-mirror"
[[evaluator]]
use = "small-mirror"
"""
VERDICTS = ("correct", "wrong", "uncertain")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rationale:
    """A way to an answer: the teacher's text, and the answer that was read in it."""

    sample: Sample
    answer: str
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", content_id("rationale", self.sample.id, self.answer))


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One evaluation of a rationale, and the word on its last line."""

    rationale: Rationale
    evaluation: Sample
    word: str
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", content_id("verdict", self.rationale.id, self.evaluation.id, self.word))


@dataclass(frozen=True, kw_only=True, slots=True)
class Majority:
    """What most evaluations say of a rationale; `votes` count the words that were read, in the order of `VERDICTS`."""

    rationale: Rationale
    word: str
    votes: tuple[int, ...]
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", content_id("majority", self.rationale.id, self.word, list(self.votes)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """What the student says to a question, several times; `votes`: by how many verdicts each text is called correct."""

    question: Prompt
    texts: tuple[str, ...]
    votes: tuple[int, ...] = ()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", content_id("pool", self.question.id, list(self.texts), list(self.votes)))


@dataclass(frozen=True, kw_only=True)
class MirrorConfig:
    """Settings of the method."""

    n: int = setting(5, help="rationales for each question", low=1)
    m: int = setting(3, help="evaluations of each rationale", low=1)
    least: int = setting(3, help="rationales that a question must have, drawn and readable", low=1)
    k: int = setting(5, help="rationales that the self-consistency vote draws", low=1)


@dataclass(frozen=True, kw_only=True)
class MirrorCrew:
    """[roles.teacher] writes and evaluates; the student, whichever arm plays it, answers; `notes` files what is read."""

    teacher: Speaker
    student: Speaker
    notes: Notebook


@dataclass(frozen=True, kw_only=True)
class ArmCrew:
    """One arm alone, in whatever part it speaks."""

    arm: Speaker = asked(role="student")
    notes: Notebook


class MindsMirror:
    """The method `small-mirror`."""

    Config = MirrorConfig
    Crew = MirrorCrew
    recipe: ClassVar[str] = RECIPE

    def __init__(self, config: MirrorConfig) -> None:
        self._config = config

    def plan(self) -> Plan:
        """Rationales, evaluations of each; the evaluator, then the student from there; and how they answer."""
        n, m, k = self._config.n, self._config.m, self._config.k
        candidates = (Step("candidate", times=k), Step("read", of="candidate"))
        return (
            Generate(
                "rationales",
                self.reason,
                steps=(Step("rationale", times=n), Step("answer", of="rationale")),
                makes={"kept": Rationale, "labels": Sample},
            ),
            Generate(
                "evaluations",
                self.evaluate,
                over="rationales.kept",
                steps=(Step("evaluation", times=m), Step("verdict", of="evaluation")),
                makes={"verdicts": Verdict, "reasons": Sample, "majorities": Majority},
            ),
            Train(
                "evaluator", on={"predict": "evaluations.verdicts", "explain": "evaluations.reasons"}, section="stage1"
            ),
            Train("student", on={"predict": "rationales.labels", "explain": "rationales.kept"}, start="evaluator"),
            Evaluate(
                Arm("base"),
                Arm("evaluator"),
                Arm("student"),
                Arm("vote", model="student", walk=self.vote, steps=candidates),
            ),
            Generate(
                "pools",
                self.pool,
                over="held-out",
                steps=(Step("draw", times=k),),
                makes={"drawn": Pool},
                student="student",
                crew=ArmCrew,
            ),
            Generate(
                "judged",
                self.judge,
                over="pools.drawn",
                steps=(Step("evaluation", times=k * m), Step("verdict", of="evaluation")),
                makes={"pools": Pool},
                student="evaluator",
                crew=ArmCrew,
            ),
            Evaluate(
                Arm("first", model="student", walk=self.first),
                Arm("reranked", model="student", walk=self.best),
                over="judged.pools",
                name="reranking",
            ),
        )

    async def reason(self, question: Prompt, crew: MirrorCrew) -> Made:
        """n rationales; those whose answer can be read are kept, and each teaches its answer and its words."""
        config = self._config
        texts = await crew.teacher.drafts(question, config.n, "rationale", least=config.least, shown=solving(question))
        read = [(text, crew.notes.read("answer", text, last_answer)) for text in texts]
        kept = [Rationale(sample=text, answer=answer) for text, answer in read if answer is not None]
        if len(kept) < config.least:
            declined = Declined(reason="too few rationales with an answer", detail=f"{len(kept)} of {config.n}")
            return {"kept": declined, "labels": declined}
        return {"kept": kept, "labels": [retold(one.sample, one.answer) for one in kept]}

    async def evaluate(self, rationale: Rationale, crew: MirrorCrew) -> Made:
        """m evaluations of one rationale, the verdict of each, and what most of them say."""
        question, shown = rationale.sample.prompt, judging(rationale.sample.prompt, rationale.sample.text)
        texts = await crew.teacher.drafts(question, self._config.m, "evaluation", shown=shown, about=rationale)
        read = [(text, crew.notes.read("verdict", text, last_verdict)) for text in texts]
        verdicts = [Verdict(rationale=rationale, evaluation=text, word=word) for text, word in read if word is not None]
        asked = Prompt(messages=shown)
        reasons = [retold(one.evaluation, without_last_line(one.evaluation.text), asked) for one in verdicts]
        if not verdicts:
            declined = Declined(reason="no verdict could be read")
            return {"verdicts": declined, "reasons": declined, "majorities": declined}
        return {"verdicts": verdicts, "reasons": reasons, "majorities": majority(rationale, verdicts)}

    async def vote(self, question: Prompt, crew: MirrorCrew) -> Made:
        """k rationales and the answer that most of them come to; where none can be read, the first as it is."""
        found = await crew.student.drafts(question, self._config.k, "candidate", shown=solving(question))
        answers = [crew.notes.read("read", one, last_answer) for one in found]
        readable = [one for one in answers if one is not None]
        winner = Counter(readable).most_common(1)[0][0] if readable else None
        return {"answers": found[answers.index(winner)]}

    async def pool(self, question: Prompt, crew: ArmCrew) -> Made:
        """k rationales of the student, in one row, for a row is all that the next pass sees."""
        found = await crew.arm.drafts(question, self._config.k, "draw", shown=solving(question))
        return {"drawn": Pool(question=question, texts=tuple(one.text for one in found))}

    async def judge(self, pool: Pool, crew: ArmCrew) -> Made:
        """m verdicts of the evaluator on each text of a pool, which is what two arms in one walk would do at once."""
        m = self._config.m
        ranks = range(m * len(pool.texts))
        found = await together(*(self._judged(pool, rank, crew) for rank in ranks))
        votes = [
            sum(word == "correct" for word in found[place * m : (place + 1) * m]) for place in range(len(pool.texts))
        ]
        return {"pools": replace(pool, votes=tuple(votes))}

    async def _judged(self, pool: Pool, rank: int, crew: ArmCrew) -> str | None:
        shown = judging(pool.question, pool.texts[rank // self._config.m])
        text = await crew.arm.draft(pool.question, "evaluation", shown=shown, about=pool, rank=rank)
        return crew.notes.read("verdict", text, last_verdict)

    async def first(self, pool: Pool, crew: MirrorCrew) -> Made:
        """The first text of a pool."""
        return {"answers": Sample(prompt=pool.question, text=pool.texts[0])}

    async def best(self, pool: Pool, crew: MirrorCrew) -> Made:
        """The text of a pool that most verdicts call correct; the first of several."""
        best = max(range(len(pool.texts)), key=lambda place: pool.votes[place])
        return {"answers": Sample(prompt=pool.question, text=pool.texts[best], rank=best)}


def majority(rationale: Rationale, verdicts: Sequence[Verdict]) -> Majority:
    """The word that more than half of the verdicts have, else "uncertain"."""
    counts = Counter(verdict.word for verdict in verdicts)
    (word, votes), *_ = counts.most_common(1)
    chosen = word if 2 * votes > len(verdicts) else "uncertain"
    return Majority(rationale=rationale, word=chosen, votes=tuple(counts[known] for known in VERDICTS))


def retold(sample: Sample, text: str, prompt: Prompt | None = None) -> Sample:
    """A part of what a sample says, as a text of its own; the tokens of the whole are not its tokens."""
    return replace(
        sample, prompt=prompt or sample.prompt, text=text, token_ids=None, tokenizer=None, prompt_tokens=None, logprob=None,
        step=f"{sample.step}.part",
    )  # fmt: skip


def last_answer(text: str) -> str | Failure:
    """What the last "answer is ..." of a rationale says."""
    found = re.findall(r"answer is (-?\d+)", text)
    return found[-1] if found else unread("no answer is stated", text)


def last_verdict(text: str) -> str | Failure:
    """The verdict on the last line of an evaluation."""
    found = re.search(r"the given answer is (correct|wrong|uncertain)\.?\Z", text.strip().rpartition("\n")[2])
    return found[1] if found else unread("no verdict on the last line", text)


def unread(reason: str, text: str) -> Failure:
    """What a parser gives for a text that does not say."""
    return Failure(of="", stage="", component="small-mirror", kind="parse", reason=reason, detail=text[-80:])


def without_last_line(text: str) -> str:
    """An evaluation without its verdict."""
    return text.rpartition("\n")[0]


def solving(question: Prompt) -> tuple[Message, ...]:
    """The conversation that asks for a rationale."""
    return (Message(role="system", content="Solve step by step."), *question.messages)


def judging(question: Prompt, rationale: str) -> tuple[Message, ...]:
    """The conversation that asks for an evaluation; the question stands before the rationale."""
    shown = f"{question.messages[-1].content}\n{rationale}"
    return (Message(role="system", content="Check the given answer."), Message(role="user", content=shown))


# --- the fakes ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No settings."""


@dataclass(frozen=True, kw_only=True)
class Kill:
    """When the process is killed: at the call of this name, after so many went well, unless the file `flag` exists."""

    at: str = setting(
        "", help="MODEL.rationale, MODEL.evaluation, MODEL.answer, or MODEL where it is trained", identity=False
    )
    after: int = setting(0, help="so many calls go well first", identity=False)
    flag: str = setting("", help="a file that is made before the kill", identity=False)


@dataclass(frozen=True, kw_only=True)
class BackendConfig(Kill):
    """The backend's settings."""

    backwards: bool = setting(False, help="requests that wait together are answered last first", identity=False)


class Killer:
    """Kills the process when its time has come; calls are counted over all engines of the process."""

    calls: ClassVar[Counter[str]] = Counter()

    def __init__(self, kill: Kill) -> None:
        self._kill = kill

    def pass_by(self, name: str) -> None:
        """One call of this name."""
        kill = self._kill
        if name != kill.at or Path(kill.flag).exists():
            return
        self.calls[name] += 1
        if self.calls[name] > kill.after:
            Path(kill.flag).touch()
            os.kill(os.getpid(), 9)


class MirrorBackend:
    """A model that adds two numbers, or checks a sum, and does wrong what the question says it does wrong."""

    Config = BackendConfig

    def __init__(self, config: BackendConfig, *, model: ModelRef) -> None:
        self._skill: Mapping[str, int] = json.loads((Path(model.path) / "skill").read_text())
        self._name, self._killer = Path(model.path).name, Killer(config)
        self._turn = Backwards() if config.backwards else None

    async def generate(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        if self._turn:
            await self._turn.comes()
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Reply | Failure:
        asked = request.messages[-1].content
        kind = {"Solve step by step.": "rationale", "Check the given answer.": "evaluation"}.get(
            request.messages[0].content, "answer"
        )
        self._killer.pass_by(f"{self._name}.{kind}")
        habit, rank = asked.partition(":")[0], request.rank
        if kind == "rationale" and (habit, rank) in {("silent", 2), ("silent", 3), ("silent", 4), ("shy", 4)}:
            return Failure(of=request.of, stage="", component="small-mirror", kind="blocked", reason="refused")
        if kind == "rationale" and (habit == "puzzled" or (habit, rank) == ("mute", 0)):
            return _reply(request, "I do not know.")
        if kind == "evaluation" and (habit, rank) == ("vague", 0):
            return _reply(request, "The sum looks odd.\nI would rather not say.")
        if kind == "evaluation":
            return _reply(request, f"I add again.\nEvaluation: the given answer is {self._judged(request, asked)}.")
        right = sum_of(asked) + (
            0 if request.seed % 100 < self._skill["solve"] and (habit, rank) != ("hasty", 1) else 1
        )
        return _reply(request, f"One after the other. The answer is {right}.")

    def _judged(self, request: Request, asked: str) -> str:
        if request.seed % 100 >= self._skill["judge"]:
            return "uncertain"
        return "correct" if last_answer(asked) == str(sum_of(asked)) else "wrong"


def _reply(request: Request, text: str) -> Reply:
    return Reply(key=request.key, text=text, token_ids=tuple(text.encode()), backend="small-mirror")


def sum_of(question: str) -> int:
    """The true answer of a question."""
    one, two = re.findall(r"(\d+) and (\d+)", question)[0]
    return int(one) + int(two)


class Backwards:
    """Those who wait together go on last first."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Event] = []

    async def comes(self) -> None:
        """Waits for one's turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(0.02, self._release)
        turn = asyncio.Event()
        self._waiting.append(turn)
        await turn.wait()

    def _release(self) -> None:
        for turn in reversed(self._waiting):
            turn.set()
        self._waiting.clear()


HABITS = (*["plain"] * 6, "silent", "shy", "mute", "vague", "puzzled", "hasty")


class MirrorSource:
    """Twelve questions that say what their teacher does wrong, and twenty held out ones that say nothing."""

    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        pass

    def prompts(self) -> Iterator[Prompt]:
        return (_question(habit, number, number + 1) for number, habit in enumerate(HABITS))

    def held_out(self) -> Iterator[Prompt]:
        return (_question("plain", 100 + number, number) for number in range(20))


def _question(habit: str, one: int, two: int) -> Prompt:
    text = f"{habit}: Tom has {one} and {two} marbles. How many are there?"
    return Prompt(messages=(Message(role="user", content=text),), reference=str(one + two))


class MirrorTrainer:
    """Writes down its lessons in order; whoever learns from verdicts can judge then, and from rationales solve."""

    Config = Kill

    def __init__(self, config: Kill) -> None:
        self._killer = Killer(config)

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        assert isinstance(data, Mapping)
        out.mkdir(parents=True)
        rows = {name: [lesson(row) for row in table] for name, table in data.items()}
        (out / "lessons").write_text(json.dumps(rows, indent=1))
        self._killer.pass_by(out.name)
        skill = json.loads((Path(model.path) / "skill").read_text())
        learnt = "judge" if any(isinstance(row, Verdict) for row in data["predict"]) else "solve"
        (out / "skill").write_text(json.dumps(skill | {learnt: 60}))
        n_rows = sum(len(table) for table in data.values())
        return TrainReport(
            model=ModelRef(path=str(out)), n_rows=n_rows, n_tokens=0, n_steps=1, n_retokenised=0, losses=(1.0, 0.5)
        )


def lesson(row: Any) -> list[str]:
    """(what is shown, what is to be said) of a row."""
    if isinstance(row, Verdict):
        return [judging(row.rationale.sample.prompt, row.rationale.sample.text)[-1].content, row.word]
    sample = row.sample if isinstance(row, Rationale) else row
    return [sample.prompt.messages[-1].content, sample.text]


class MirrorEvaluator:
    """Whether the answer is the reference; a text that states none is wrong."""

    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        pass

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | None]]:
        return {"accuracy": [float(last_answer(one.text) == one.prompt.reference) for one in samples]}


def _one(target: str) -> list[Component]:
    return [Component(name="small-mirror", target=f"{__name__}:{target}", summary="Mind's Mirror in small")]


@hookimpl
def sctk_methods() -> list[Component]:
    return _one("MindsMirror")


@hookimpl
def sctk_backends() -> list[Component]:
    return _one("MirrorBackend")


@hookimpl
def sctk_sources() -> list[Component]:
    return _one("MirrorSource")


@hookimpl
def sctk_trainers() -> list[Component]:
    return _one("MirrorTrainer")


@hookimpl
def sctk_evaluators() -> list[Component]:
    return _one("MirrorEvaluator")
