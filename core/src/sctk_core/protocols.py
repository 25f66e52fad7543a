"""What a component of each kind must do, as typing Protocols: batch in, batch out, one answer or one Failure for each item.

No base classes: a component is any class with a `Config` and the verb of its kind. Core checks of every batch that it has
the same length and order and the right types (`sctk_core.pipeline.contract`), so a component that breaks its contract is a
counted `Failure` and never a wrong number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from sctk_core.records import (
    Critique,
    Decision,
    Failure,
    Message,
    ModelRef,
    Prompt,
    Reply,
    Request,
    Round,
    Rows,
    Sample,
    Score,
    TrainingData,
    TrainReport,
)

if TYPE_CHECKING:
    from sctk_core.plan import Curation, Plan


@runtime_checkable
class Backend(Protocol):
    """Continues conversations. It owns batching and concurrency: many `generate` calls may be in flight at once.

    Built as `Target(config, model=ModelRef)`. May offer `async aclose()`, which is called once when the run is done.
    The reply to a request depends on nothing but model, messages, sampling, seed and `prefix_ids`, or the class declares
    otherwise with `batch_dependent = True` (say, bf16 arithmetic). A class that goes on after given token ids of an answer
    (`Request.prefix_ids`) declares `continues = True`; its reply is the whole answer, the given ids first, and
    `max_new_tokens` bounds the whole. A static `model_notes(config, model)` gives what to know of this model under these settings
    (a list of lines), and raises a ConfigError where they do not go together, before anything is asked. A static
    `context_of(config, model)` gives how many tokens a prompt and its reply may have (0: not known), for methods that look at it.
    One that computes for many at once may tell with `last_step` when it last went on, by `time.monotonic()`: an ask is then late
    only where it did not go on for `run.timeout_s`.
    """

    async def generate(self, requests: Sequence[Request]) -> Sequence[Reply | Failure]:
        """One reply or failure per request, in order, each repeating its request's key."""
        ...


@runtime_checkable
class ScoringBackend(Backend, Protocol):
    """A backend that can also tell how likely given texts are."""

    async def logprobs(
        self, conversations: Sequence[tuple[tuple[Message, ...], str | tuple[int, ...]]]
    ) -> Sequence[float | Failure]:
        """log p(text | messages) in nats, summed over the text's tokens and the end of the turn, one per conversation.

        In place of a text may stand the token ids of an answer as it was sampled: then the sum over exactly these, the end of
        the turn only where it is among them. It is the model's own probability, at temperature 1 and without a cut. A `LogProb`
        in place of a float says how many tokens were read, for the ledger.
        """
        ...


@runtime_checkable
class Critic(Protocol):
    """Finds fault and writes anew. Built as `Target(config, backend=Backend)`."""

    async def critique(self, samples: Sequence[Sample]) -> Sequence[Critique | Failure]:
        """One critique or failure per sample, in order."""
        ...

    async def revise(self, critiques: Sequence[Critique]) -> Sequence[Sample | Failure]:
        """One revision (its `critique` the critique's id) or failure per critique, in order."""
        ...


@runtime_checkable
class Reward(Protocol):
    """Scores samples. Built as `Target(config)`, or with `backend=` where it declares that parameter.

    A class should state its `scale`: a `Scale` (its range, and what a difference of one means), or a static method of its
    Config that gives one. An evaluator that states one says of its metrics that higher is better.
    """

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One finite score or failure per sample, in order; higher is better."""
        ...


@runtime_checkable
class Comparer(Protocol):
    """Gives a number to an ordered pair of texts (contradiction, overlap, which is better). Built like a reward."""

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
        """One finite score per pair, in order, with `sample` its first and `against` its second."""
        ...


@runtime_checkable
class AcceptanceRule(Protocol):
    """Decides which of two samples a chain stands at next; pure: the coin comes with the round."""

    def decide(self, rounds: Sequence[Round]) -> Sequence[Decision]:
        """One decision per round, in order."""
        ...


class Progress(Protocol):
    """Told by a trainer after every step: which it is, of how many, and its numbers by name ("loss", "margin")."""

    def __call__(self, step: int, n_steps: int, numbers: Mapping[str, float], /) -> None:
        """Never raises."""
        ...


@runtime_checkable
class Trainer(Protocol):
    """Trains a model on samples or pairs. Deterministic for equal inputs on one machine.

    Built as `Target(config)`, or with `progress=` (a `Progress`) where it declares that parameter. A class may have
    `shared: tuple[str, ...]`: its settings that hold for the plan's other trainers too, where they do not say otherwise.
    """

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """Writes a model directory that transformers can load to `out` and reports.

        `data` is one table, or several by the names that the method gives them; a table has a length and can be gone
        through as often as is wanted. What a training needs to go on after a kill may lie in OUT.resume, beside `out`, until
        the model is there; nothing else is written elsewhere. A trainer that takes an interrupt (KeyboardInterrupt) may raise
        it again with a word on what is kept.
        """
        ...


@runtime_checkable
class Evaluator(Protocol):
    """Measures arms (base, sft, student) on the same held-out prompts; core adds the paired intervals.

    It returns per-sample values, by metric: a number, a `Score` where a model's words stand behind it, `None` where a sample
    cannot be measured (counted, never a zero), or a Failure.
    """

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | Score | Failure | None]]:
        """metric -> one value or None per sample, in order."""
        ...


@runtime_checkable
class Source(Protocol):
    """Where prompts come from.

    May offer `notes`, a sequence of lines: how it reads its files, and what of them it does not read. A user is told before
    anything is asked, and again beside the numbers.
    """

    def prompts(self) -> Iterator[Prompt]:
        """All prompts in a fixed order; a row that is seen again carries the number of its occurrence."""
        ...

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation, disjoint from `prompts()` by group."""
        ...


@runtime_checkable
class Curator(Protocol):
    """Says which rows of a whole table stay. Built as `Target(config)`; pure, and the same for equal inputs everywhere."""

    def curate(self, rows: Rows[Any], held_out: Rows[Prompt]) -> Curation:
        """One verdict per row, in order: None where it stays. `held_out` are the source's prompts of evaluation."""
        ...


@runtime_checkable
class Method(Protocol):
    """A paper as a plan over walks. Built as `Target(config)`, or with `sections=` (the recipe's settings by section) where it
    declares that parameter with a default: a plan may depend on what another component is set to.

    The class has a `Crew` (a frozen dataclass: who its walks may ask), a `recipe` (TOML: the default that runs) and may have a
    `reading` (what a user should know of how the paper was read: a line, or a static method of its Config that gives one).
    It may have `tasks` (by name, TOML that `[run] task = NAME` lays over the recipe; its first comment says what the task is),
    `presets` (the same for `[method] preset = NAME`) and `check(setup)`: given the `Setup` that a recipe came to, it raises a
    ConfigError for what its walks cannot do right with, before anything is asked; and `why_empty(table, made, run)`: of a table
    that is trained on and came out empty it says in a line what a user should know, from the rows of its pass's tables by name.
    """

    def plan(self) -> Plan:
        """Passes, trainings and evaluations, in order."""
        ...


@runtime_checkable
class Watcher(Protocol):
    """Sees what happens, one frozen event at a time; it can never alter a record, and what it throws is logged once."""

    def notify(self, event: Any) -> None:
        """Called in order, from the run's own thread."""
        ...
