"""Self-training by knowledge detection (arXiv 2406.11275) as a plan: questions about documents, SFT, detection, preferences.

A teacher asks about documents; the base is tuned on answers; the tuned model answers each question with the document and without,
and learns to prefer what it says with the document, but only where that is reliable and where it does not know it without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import pairwise
from typing import Any, ClassVar

from sctk_core import Arm, Evaluate, Generate, Made, Plan, Prompt, Sample, Setup, Train
from sctk_core.claims import Claim

from sctk_knowledge.answers import Annotating, taught
from sctk_knowledge.checks import complain, want_room
from sctk_knowledge.claims import CLAIMS
from sctk_knowledge.crews import Annotators, Answerers, Askers, Teachers
from sctk_knowledge.detection import Detecting
from sctk_knowledge.entropy import SemanticEntropy
from sctk_knowledge.prompts import wording
from sctk_knowledge.questions import Asking
from sctk_knowledge.reflection import BsDetector, PTrue
from sctk_knowledge.scorers import Contradiction, Scorer
from sctk_knowledge.settings import DOLA, KnowledgeConfig
from sctk_knowledge.spread import why_none

RECIPE = """
[backend]
use = "encyclopaedia"
[source]
use = "encyclopaedia"
exam = "same" # whether what was missing has been learned
[method.questions]
n = 5
limits = { document_words = 20 } # an article has some 50
[comparer]
use = "encyclopaedia-nli"
[baseline]
use = "sft"
[trainer]
use = "preference"
[[evaluator]]
use = "length"
[[pairwise]]
use = "encyclopaedia-checker" # which of two answers is true: the checker, and no judge

[brought]
pairwise = []
[brought.backend]
use = "nano"
[brought.method.questions]
n = 8
limits = { document_words = 512 }
[brought.comparer]
use = "lexical"
[brought.trainer]
beta = 0.3
"""
"""On the embedded world; `brought`: where a user names other documents."""
ASKED, PAIRS = "questions.asked", "pairs"
PRESETS = ("paper", "paper-code")


class KnowledgeDetection:
    """The method `knowledge`."""

    Config = KnowledgeConfig
    Crew = Annotators
    recipe: ClassVar[str] = RECIPE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    presets: ClassVar[Mapping[str, str]] = {
        name: files("sctk_knowledge").joinpath(f"presets/{name}.toml").read_text("utf-8") for name in PRESETS
    }

    @staticmethod
    def reading(config: KnowledgeConfig) -> str:
        """What a user should know of how the paper was read."""
        borders = "S_L < tau_L and S_K > tau_K, as Algorithm 1 has it"
        if config.detection.thresholds.borders == "code":
            borders = "S_L <= tau_L and S_K > tau_K, as the paper's code has it"
        return (
            f"knowledge: a question is kept where {borders}; consistent is not true, so a reference that is wrong in the same way "
            "each time passes (docs/methods.md)"
        )

    def __init__(self, config: KnowledgeConfig) -> None:
        self._config = config
        self._wording = wording(config.wording.ask, config.wording.read, config.wording.teach)

    def check(self, setup: Setup) -> None:
        """Refuses what the scorer cannot come right with, and documents for which a model's context is too short."""
        complain(setup, self._config.detection)
        want_room(setup, self._config, self._wording)

    def why_empty(self, table: str, made: Mapping[str, Iterable[Any]], run: str) -> str:
        """How S_L and S_K lie of questions that made no preference."""
        scores = ((one.inconsistency, one.ignorance) for one in made.get("detected", ()))
        return why_none(scores, self._config.detection.thresholds, run) if table.endswith(f".{PAIRS}") else ""

    def plan(self) -> Plan:
        """Questions, answers, SFT; detection and preferences as often as wanted; the exam, and what was known before.

        All arms are examined at temperature 0, as the paper's code has it.
        """
        config = self._config
        given = config.sft == "given"
        start = "base" if given else "sft"
        arms = [start, *students(config.iterations)]
        return (
            self._asking("questions", config.questions.n),
            self._asking("exam", config.questions.n_exam, over="held-out"),
            *(() if given else self._tuning()),
            *(one for n, (begin, arm) in enumerate(pairwise(arms)) for one in self._round(n, begin, arm)),
            *(self._unfiltered(start) if self._has("no-filtering") else ()),
            *(self._distilled(start) if self._has("distilled") else ()),
            self._examining(start, arms),
            Evaluate(Arm(start), Arm(arms[-1]), over="detect.known", name="forgotten", greedy=True),
        )

    def _has(self, arm: str) -> bool:
        return arm in self._config.arms or "all" in self._config.arms

    def _asking(self, name: str, n: int, over: str = "prompts") -> Generate:
        asking = Asking(n=n, settings=self._config.questions, wording=self._wording)
        return Generate(
            name, asking.walk, over=over, steps=asking.steps, makes={"asked": Prompt}, crew=Askers,
            settings=("questions", "wording"),
        )  # fmt: skip

    def _tuning(self) -> Plan:
        """The SFT stage."""
        annotating = Annotating(settings=self._config.answers, wording=self._wording)
        answers = Generate(
            "answers", annotating.walk, over=ASKED, steps=annotating.steps, makes={"answers": Sample}, crew=Annotators,
            settings=("answers", "wording"),
        )  # fmt: skip
        return answers, Train("sft", on="answers.answers", section="baseline")

    def _round(self, number: int, start: str, arm: str) -> Plan:
        """One iteration: detection by the arm `start`, and the arm that learns from it."""
        name = "detect" if number == 0 else f"detect-{number + 1}"
        return self._detecting(name, start), Train(arm, on=f"{name}.{PAIRS}", start=start)

    def _unfiltered(self, start: str) -> Plan:
        """Preferences of every question: the same reference and the same answers, whatever S_L and S_K say."""
        return (
            self._detecting("unfiltered", start, filters=False),
            Train("no-filtering", on=f"unfiltered.{PAIRS}", start=start),
        )

    def _distilled(self, start: str) -> Plan:
        """Context distillation: the teacher reads the document, and the student learns its answer to the question alone."""
        distillation = Generate(
            "distillation", self.distil, over=ASKED, steps=("distil",), makes={"answers": Sample}, crew=Teachers,
            settings=("answers", "wording"),
        )  # fmt: skip
        return distillation, Train("distilled", on="distillation.answers", start=start, section="baseline")

    def _detecting(self, name: str, start: str, *, filters: bool = True) -> Generate:
        scorer = self._scorer()
        detecting = Detecting(settings=self._config.detection, wording=self._wording, scorer=scorer, filters=filters)
        return Generate(
            name, detecting.walk, over=ASKED, steps=detecting.steps, makes=detecting.makes, student=start,
            crew=scorer.crew, settings=("detection", "wording"),
        )  # fmt: skip

    def _scorer(self) -> Scorer:
        detection = self._config.detection
        known: dict[str, Scorer] = {
            "contradiction": Contradiction(),
            "bsdetector": BsDetector(detection.scoring),
            "semantic-entropy": SemanticEntropy(detection.scoring),
            "p-true": PTrue(),
        }
        return known[detection.scorer]

    def _examining(self, start: str, arms: list[str]) -> Evaluate:
        """The student beside every other arm, and each rival beside the tuned model too, as the paper's Table 2 has it."""
        found = self._arms(start, arms)
        rivals = [arm.name for arm in found[:-1] if arm.name not in ("base", start)]
        beside = [*((arms[-1], arm.name) for arm in found[:-1]), *((rival, start) for rival in rivals)]
        return Evaluate(*found, over="exam.asked", greedy=True, differences=beside)

    @property
    def _dola(self) -> bool:
        return "dola" in self._config.arms

    def _arms(self, start: str, arms: list[str]) -> list[Arm]:
        """The base, the tuned model, its rivals, the student of the last iteration."""
        looked_up = Arm(
            "document", model=start, walk=self.look_up, steps=("evaluate",), crew=Answerers, settings=("wording",)
        )
        return [
            *(Arm(name) for name in dict.fromkeys(["base", start])),
            *(Arm(name) for name in ("no-filtering", "distilled") if self._has(name)),
            *([looked_up] if self._has("document") else []),
            *([Arm("dola", model=start, backend=DOLA)] if self._dola else []),
            Arm(arms[-1]),
        ]

    async def distil(self, question: Prompt, crew: Teachers) -> Made:
        """The teacher's answer with the document, as an answer to the question."""
        said = await crew.teacher.draft(question, "distil", shown=self._wording.teaching(question))
        return {"answers": taught(said, self._config.answers)}

    async def look_up(self, question: Prompt, crew: Answerers) -> Made:
        """The arm `document`: it answers with the document before its eyes."""
        shown = self._wording.reading(question)
        return {"answers": await crew.student.draft(question, "evaluate", shown=shown, greedy=True)}


def students(iterations: int) -> list[str]:
    """The arms that the iterations make; the first keeps its name where there are more.

    >>> students(3)
    ['student', 'student-2', 'student-3']
    """
    return ["student", *(f"student-{number}" for number in range(2, iterations + 1))]
