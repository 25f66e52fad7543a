"""What a user can set of the method; the paper's values are the defaults where it tells them, and what differs is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sctk_core import setting

from sctk_mirror.prompts import EVALUATION, RATIONALE, EvaluatorInput
from sctk_mirror.task import HELP

MirrorArm = Literal[
    "all", "fine-tuning", "distillation", "one-rationale", "one-evaluated", "all-rationales", "first", "vote", "vote-equal",
    "reranked", "weighted", "abstaining",
]  # fmt: skip
TRAINED: tuple[MirrorArm, ...] = ("fine-tuning", "distillation", "one-rationale", "one-evaluated", "all-rationales")
CHOOSING: tuple[MirrorArm, ...] = ("first", "vote", "vote-equal", "reranked", "weighted", "abstaining")
ARMS = (
    "more arms. Trained for as many rows as the student: fine-tuning (gold answers alone), distillation (the teacher's answers "
    "alone), one-rationale, one-evaluated (with self-evaluation), all-rationales (without it). The student at inference, k "
    "rationales a question: first, vote (self-consistency), vote-equal (at the tokens that the evaluator costs), reranked (by the "
    "evaluator), weighted (a vote by its beliefs), abstaining (reranked, silent below a belief); or all"
)


@dataclass(frozen=True, kw_only=True)
class Teaching:
    """What the teacher is asked."""

    n: int = setting(5, help="rationales of each question", low=1, high=64)
    m: int = setting(5, help="evaluations of each rationale", low=1, high=64)
    ask: str = setting(RATIONALE, help="how it is asked for a rationale; shows {question}, may show {form}")
    evaluate: str = setting(EVALUATION, help="how for an evaluation; shows {rationale}, may show {question}")


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What the student is taught of a rationale."""

    labels: Literal["gold", "teacher"] = setting(
        "gold", help='behind "predict: ": the gold answer, or that of the rationale'
    )
    words: Literal["whole", "reasons"] = setting(
        "whole",
        help='behind "explain: ": the whole rationale, so that one can be voted on; reasons: without its answer, as published',
    )
    validation_share: float = setting(
        0.1, help="share of questions that are kept to choose the best checkpoint by", low=0.0, high=0.5
    )


@dataclass(frozen=True, kw_only=True)
class Mirrored:
    """How self-evaluation is learned, and what is done about false verdicts."""

    stage: Literal["first", "joint"] = setting(
        "first", help="first: evaluations, then rationales from there (the paper); joint: both at once"
    )
    shown: EvaluatorInput = setting(
        "question and rationale", help="what an evaluator is shown; the published data have the rationale alone"
    )
    noise: Literal["none", "majority", "weight", "agreement"] = setting(
        "none",
        help="none: every verdict is taught; majority: those that more than half of a rationale's verdicts say; weight: each by "
        "its share among them; agreement: those that fit the gold answer",
    )


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long is trained, in rows seen."""

    epochs: float = setting(
        60.0, help="passes over all rationales, for every arm as many rows", unit="epochs", low=0.01
    )
    evaluator_share: float = setting(
        0.4, help="share of these rows that self-evaluation gets, where it comes first", low=0.01, high=0.99
    )
    compute: Literal["equal", "published"] = setting(
        "equal", help="published: the epochs of the paper's README, where arms with self-evaluation see more rows"
    )


@dataclass(frozen=True, kw_only=True)
class Inference:
    """How the student answers with several rationales, and how it is judged."""

    k: int = setting(5, help="rationales of each question", low=1, high=64)
    temperature: float | None = setting(
        0.7, help="at which rationales and verdicts are drawn; nothing: as [sampling] has it", low=0.0, high=10.0
    )
    beliefs: Literal["auto", "drawn"] = setting(
        "auto",
        help='auto: the evaluator\'s probability of "correct" where its backend tells it, else drawn; drawn: m verdicts',
    )
    m: int = setting(5, help="verdicts that are drawn of each rationale", low=1, high=64)
    threshold: float = setting(0.5, help="the arm abstaining answers from this belief on", low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class MirrorConfig:
    """Settings of the method."""

    preset: str = setting(
        "",
        help="paper: lengths, optimisation and stages as published, where your recipe does not say otherwise",
        identity=False,
    )
    task: str = setting("svamp", help=HELP)
    teacher: Teaching = setting(Teaching(), help="rationales and evaluations")
    student: Taught = setting(Taught(), help="what is taught of them")
    evaluator: Mirrored = setting(Mirrored(), help="self-evaluation")
    schedule: Schedule = setting(Schedule(), help="how long is trained")
    inference: Inference = setting(Inference(), help="answers out of several rationales")
    arms: tuple[MirrorArm, ...] = setting((), help=ARMS, identity=False)
