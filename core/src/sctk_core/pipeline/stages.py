"""A method's plan, as data: the steps that each prompt's chain walks by itself, then what is done with all chains.

A step's name is its row in the ledger. Steps of one chain run as soon as that chain's last reply is there; `Collect`,
`Train` and `EvaluateStage` follow when all chains are done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sctk_core.records import Critique, Decision, Failure, Pair, Prompt, Sample, Score


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """What one chain has gathered so far. `samples[k]` is the draft (0) or the proposal of sweep k; `state` is where it stands."""

    prompt: Prompt
    number: int = 0
    samples: tuple[Sample, ...] = ()
    critiques: tuple[Critique, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    state: Sample | None = None

    def score_of(self, sample: Sample) -> Score:
        """The score that this chain has for one of its samples."""
        return self.scores[sample.id]


@dataclass(frozen=True, kw_only=True, slots=True)
class Declined:
    """A row that our own rule leaves out. The ledger counts rows by `reason`, so it is one of few short phrases.

    What differs from row to row stands beside it, for `sctk why`: `because` is the id of the row or held-out prompt for whose
    sake this one is left out, `similarity` how like the two are in [0, 1] (None: not measured), `detail` untrusted text.
    """

    reason: str
    because: str = ""
    similarity: float | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftStep:
    """The model answers the prompt. Steps that are `seeded_as` the same draw alike: arms of an evaluation, say."""

    name: str = "draft"
    seeded_as: str = "draft"
    sweep: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CritiqueStep:
    """The critic finds fault with the chain's state."""

    sweep: int = 1

    @property
    def name(self) -> str:
        return f"critique.{self.sweep}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviseStep:
    """The critic writes the state anew. With `respect_keep`, a verdict "keep" ends the chain here, declined."""

    sweep: int = 1
    respect_keep: bool = False

    @property
    def name(self) -> str:
        return f"revise.{self.sweep}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreStep:
    """The reward scores the sample of one sweep."""

    sweep: int = 0

    @property
    def name(self) -> str:
        return f"score.{self.sweep}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptStep:
    """The acceptance rule decides whether the proposal of this sweep becomes the chain's state."""

    sweep: int = 1

    @property
    def name(self) -> str:
        return f"accept.{self.sweep}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Curation:
    """What a curator says of a table: for each row in order None (it stays), Declined or Failure; and what a user should know."""

    verdicts: Sequence[Declined | Failure | None]
    notes: tuple[str, ...] = ()


Step = DraftStep | CritiqueStep | ReviseStep | ScoreStep | AcceptStep
Row = Sample | Pair


@dataclass(frozen=True, kw_only=True, slots=True)
class Collect:
    """A training table: for each finished chain one row, or the reason why there is none. `build` is pure."""

    table: str
    rows: Literal["samples", "pairs"]
    build: Callable[[Chain], Row | Declined]

    @property
    def name(self) -> str:
        return f"collect.{self.table}"

    @property
    def folder(self) -> str:
        """Where its shards lie: the table's name and what its rows are."""
        return f"{self.table}-{self.rows}"


def draft_of(chain: Chain) -> Row | Declined:
    """The draft, for the table that arm "sft" learns from; an empty text is declined."""
    draft = chain.samples[0]
    return draft if draft.text.strip() else Declined(reason="the text is empty")


@dataclass(frozen=True, kw_only=True, slots=True)
class Train:
    """Trains the base model on a table with the trainer of recipe section `section`; the result is an arm of evaluation."""

    arm: str
    table: str
    section: str = "trainer"

    @property
    def name(self) -> str:
        return f"train.{self.arm}"


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluateStage:
    """Every arm answers the held-out prompts; differences are paired by prompt."""

    arms: tuple[str, ...] = ("base", "sft", "student")
    differences: tuple[tuple[str, str], ...] = (("student", "base"), ("student", "sft"))
    name: str = "evaluate"


Stage = Step | Collect | Train | EvaluateStage
