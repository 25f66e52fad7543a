"""Mind's Mirror (arXiv 2311.09214) as a plan: a teacher's rationales, its evaluations of them, and a student that learns both.

The teacher writes n rationales a question and m evaluations of each. A student learns to judge rationales ("predict: " the verdict,
"explain: " its reasons), goes on from there to questions ("predict: " the answer, "explain: " the rationale), and is compared with
students that had the same number of rows without. At inference the evaluator can choose among rationales, or be silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, ClassVar

from sctk_core import ANSWERS, Arm, ConfigError, Evaluate, Fit, Generate, Made, Plan, Prompt, Setup, Train
from sctk_core.claims import Claim
from sctk_core.rivals import Nobody

from sctk_mirror.choosing import VOTE_EQUAL, Pooling, at_equal_tokens
from sctk_mirror.claims import CLAIMS
from sctk_mirror.crews import Answerers, Drawers, Judges, Teachers
from sctk_mirror.lengths import length_of
from sctk_mirror.lessons import Lessons
from sctk_mirror.prompts import PREDICT, prefixed, wording
from sctk_mirror.records import Decided, Judged, Pool
from sctk_mirror.risk import areas
from sctk_mirror.settings import CHOOSING, TRAINED, MirrorConfig
from sctk_mirror.task import digest_of_task, task_of
from sctk_mirror.teaching import Reasoning

RECIPE = """
[method]
schedule = { epochs = 8.0 } # the embedded student has few weights
[backend]
use = "word-problems"
[roles.teacher]
backend = { use = "word-problems-teacher" }
[source]
use = "word-problems"
[sampling]
max_new_tokens = 128
[trainer]
use = "multi-task"
[[evaluator]]
use = "solved"
[brought.method]
schedule = { epochs = 60.0 } # of the paper's README
[brought.sampling]
max_new_tokens = 256
"""
"""On the embedded word problems; `brought`: where a user names other questions."""
PRESETS = ("paper",)
TASKS = {
    "svamp": "equations, compared by their values: word problems",
    "cqa": "one of several choices, by its words or its letter: name your questions with --prompts",
    "anli1": "entailment, neutral or contradiction: name your questions with --prompts",
}
"""The built-in tasks, as `--task` names them; one's own is a file: method.task."""
VALIDATION, POOLS = "validation", "pools.pools"
COMPARED = (
    ("vote", "first"), ("reranked", "vote"), ("weighted", "vote"), ("reranked", "vote-equal"), ("weighted", "vote-equal"),
    ("abstaining", "vote-equal"),
)  # fmt: skip
"""What is compared at inference: rules with the evaluator against a plain vote, of as many rationales and of as many tokens."""
OF_LESSONS = ("task", "student")
OF_VERDICTS = ("task", "student", "evaluator")


class MindsMirror:
    """A teacher writes n rationales a question and m evaluations of each. The student learns to judge rationales, and from there to
    answer and to explain; arms without self-evaluation, or with one rationale, see as many rows. At inference it can choose.
    """

    Config = MirrorConfig
    Crew = Teachers
    recipe: ClassVar[str] = RECIPE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    shared: ClassVar[tuple[str, ...]] = ("task",)
    prompts_by: ClassVar[str] = "rationales"
    tasks: ClassVar[Mapping[str, str]] = {
        name: f'# {says}\n[method]\ntask = "{name}"\n' for name, says in TASKS.items()
    }
    presets: ClassVar[Mapping[str, str]] = {
        name: files("sctk_mirror").joinpath(f"presets/{name}.toml").read_text("utf-8") for name in PRESETS
    }

    @staticmethod
    def digest_of(config: MirrorConfig) -> str:
        """The task's file, or its name."""
        return digest_of_task(config.task)

    @staticmethod
    def reading(config: MirrorConfig) -> str:
        """What a user should know of how the paper was read."""
        shown = "question and rationale" if config.evaluator.shown != "rationale" else "a rationale alone, as published"
        seen = "as many rows as the others" if config.schedule.compute == "equal" else "the published epochs"
        return (
            f"mirror: an evaluator is shown {shown}; arms see {seen}; checkpoints are chosen on validation questions, never on "
            "those of evaluation (docs/methods.md)"
        )

    def __init__(self, config: MirrorConfig) -> None:
        self._config = config
        self._task = task_of(config.task)
        teacher = config.teacher
        self._wording = wording(teacher.ask, teacher.evaluate, self._task.form, config.evaluator.shown)
        self._pooling = Pooling(
            inference=config.inference, taught=config.student, wording=self._wording, task=self._task
        )

    def check(self, setup: Setup) -> None:
        """Refuses a source of another task."""
        source = setup.chosen.get("source")
        named = getattr(source.config, "task", getattr(source.target, "task", None)) if source else None
        if source is not None and named is not None and named != self._config.task:
            raise ConfigError(
                f"[method] mirror, task: got {self._config.task!r} and the source {source.name!r} of the task {named!r}, wanted "
                "one task",
                hint="name questions of the task (--prompts), and the task once: --task NAME, or method.task = a file of yours",
            )

    def plan(self) -> Plan:
        """The teacher; lessons; arms, each as long as the others; and the student at inference."""
        joint = self._config.evaluator.stage == "joint"
        return (
            self._teacher(),
            self._lessons("lessons", answers=True),
            *(self._joint() if joint else self._staged("student", "evaluator", "verdicts", "lessons")),
            *self._trained(),
            Evaluate(*self._arms()),
            *(self._inference("student" if joint else "evaluator") if self._chosen(CHOOSING) else ()),
        )

    def _has(self, arm: str) -> bool:
        return arm in self._config.arms or "all" in self._config.arms

    def _chosen(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if self._has(name)]

    def _teacher(self) -> Generate:
        teacher = self._config.teacher
        walk = Reasoning(n=teacher.n, m=teacher.m, task=self._task, wording=self._wording)
        return Generate("teacher", walk.walk, steps=walk.steps, makes={"judged": Judged}, settings=("task", "teacher"))

    def _making(self, *, branches: int = 0, answers: bool = False, verdicts: bool = False) -> Lessons:
        config = self._config
        return Lessons(
            taught=config.student, mirrored=config.evaluator, wording=self._wording, task=self._task,
            branches=branches, answers=answers, verdicts=verdicts,
        )  # fmt: skip

    def _lessons(self, name: str, *, branches: int = 0, answers: bool = False, verdicts: bool = False) -> Generate:
        """A pass that makes rows out of what the teacher said, and asks nobody."""
        making = self._making(branches=branches, answers=answers, verdicts=verdicts)
        return Generate(
            name, making.walk, over="teacher.judged", makes=making.makes, crew=Nobody,
            settings=OF_VERDICTS if verdicts else OF_LESSONS,
        )  # fmt: skip

    def _train(self, arm: str, table: str, *, start: str = "base", staged: bool = False, words: bool = True) -> Train:
        """An arm of the tables of one pass; without words it has the answers alone, the first term of eq. 4.1."""
        validation = [VALIDATION] if self._config.student.validation_share else []
        names = ["predict", *(["explain"] if words else []), *validation]
        length = length_of(arm, self._config.schedule, staged=staged, own=f"{table}.predict")
        on = {name: f"{table}.{name}" for name in names}
        return Train(arm, on=on, start=start, length=length, may_be_empty=tuple(validation))

    def _staged(self, arm: str, evaluator: str, verdicts: str, lessons: str, branches: int = 0) -> Plan:
        """Self-evaluation, then rationales from there."""
        return (
            self._lessons(verdicts, branches=branches, verdicts=True),
            self._train(evaluator, verdicts),
            self._train(arm, lessons, start=evaluator, staged=True),
        )

    def _joint(self) -> Plan:
        """Self-evaluation and rationales at once."""
        return self._lessons("joint", answers=True, verdicts=True), self._train("student", "joint")

    def _trained(self) -> Plan:
        """The arms that are trained to compare with."""
        wanted, found = self._chosen(TRAINED), list[Any]()
        if "fine-tuning" in wanted:
            making = self._making()
            found.append(Generate("gold", making.label, makes=making.makes, crew=Nobody, settings=("student",)))
            found.append(self._train("fine-tuning", "gold", words=False))
        if "distillation" in wanted:
            making = self._making()
            labels = Generate(
                "labels",
                making.teachers_label,
                over="teacher.judged",
                makes=making.makes,
                crew=Nobody,
                settings=("student",),
            )
            found += [labels, self._train("distillation", "labels", words=False)]
        if {"one-rationale", "one-evaluated"} & set(wanted):
            found.append(self._lessons("first-lessons", branches=1, answers=True))
        if "one-rationale" in wanted:
            found.append(self._train("one-rationale", "first-lessons"))
        if "one-evaluated" in wanted:
            found += self._staged("one-evaluated", "evaluator-one", "first-verdicts", "first-lessons", branches=1)
        if "all-rationales" in wanted:
            found.append(self._train("all-rationales", "lessons"))
        return tuple(found)

    def _arms(self) -> list[Arm]:
        """All arms answer once and greedily, behind the prefix that they were taught."""
        names = ["base", *self._chosen(TRAINED), "student"]
        return [Arm(name, walk=self.answer, steps=("evaluate",), crew=Answerers, settings=()) for name in names]

    def _inference(self, evaluator: str) -> Plan:
        """The student reasons several times, the evaluator believes it or not, and rules choose."""
        pooling, makes = self._pooling, {"pools": Pool, "decided": Decided}
        settings = ("task", "student", "evaluator", "inference")
        rules = self._chosen(CHOOSING)
        pools = Generate(
            "pools", pooling.draw, over="held-out", student="student", cast={"judge": evaluator}, steps=pooling.steps,
            makes={"pools": Pool}, crew=Judges, settings=settings,
        )  # fmt: skip
        equal = (
            Fit("equal", on=POOLS, by=at_equal_tokens, settings=()),
            Generate(
                "wider", pooling.widen, over=POOLS, student="student", steps=pooling.wider, makes=makes, crew=Drawers,
                settings=settings, fit="equal",
            ),
            Fit("risk-equal", on="wider.decided", by=areas, settings=()),
        )  # fmt: skip
        return (
            pools,
            Generate("choices", pooling.decide, over=POOLS, makes={"decided": Decided}, crew=Nobody, settings=settings),
            Fit("risk", on="choices.decided", by=areas, settings=()),
            *(equal if VOTE_EQUAL in rules else ()),
            Evaluate(
                *(self._choosing(rule) for rule in rules), over=POOLS, name="inference",
                differences=[pair for pair in COMPARED if set(pair) <= set(rules)],
            ),
        )  # fmt: skip

    def _choosing(self, rule: str) -> Arm:
        """An arm of the student that takes one of several rationales; the vote at equal tokens draws again what it drew."""
        pooling, settings = self._pooling, ("task", "student", "evaluator", "inference")
        if rule == VOTE_EQUAL:
            return Arm(
                rule,
                model="student",
                walk=pooling.vote_wider,
                steps=pooling.wider,
                crew=Drawers,
                settings=settings,
                fit="equal",
            )
        return Arm(rule, model="student", walk=pooling.taking(rule), crew=Nobody, settings=settings)

    async def answer(self, question: Prompt, crew: Answerers) -> Made:
        """The likeliest answer to a question."""
        asked = prefixed(question.messages, PREDICT)
        return {ANSWERS: await crew.student.draft(question, "evaluate", shown=asked, greedy=True)}
