"""From records to token rows: what trains, token by token, and what is declined, with the reason.

Law 9 of the design lives here. The completion of a row is `Sample.token_ids` where they were made by this very tokenizer
(equal digests); otherwise the text is tokenised again, and counted. The prompt comes from the one renderer of chat
templates: behind it stands what was sampled behind it. An answer without the thought that it was sampled with is taught where
the template has an answer, so never inside of a thought. A finished answer ends in an end-of-turn token, which is taught; an
answer cut off at its length limit is taught without one. Nothing is cut to fit: a row longer than `max_length` is declined.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from sctk_core import ConfigError, Pair, Prompt, Sample, TrainingData, Weighted


@dataclass(frozen=True, kw_only=True)
class CompletionRow:
    """One answer as token ids; `length` counts all of its tokens, and the batches are grouped by it."""

    prompt_ids: list[int]
    completion_ids: list[int]
    length: int


@dataclass(frozen=True, kw_only=True)
class PairRow:
    """Two answers to one prompt as token ids, with the probability `tau` that `chosen` is the better."""

    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]
    tau: float
    length: int


INSIDE_A_THOUGHT = "one answer stands inside of a thought that the prompt begins, the other does not"
R = TypeVar("R", CompletionRow, PairRow)


@dataclass(frozen=True, kw_only=True)
class Table(Generic[R]):
    """Rows that train, in the order of the data; `declined` maps the id of each other record to the reason."""

    rows: list[R]
    declined: dict[str, str]
    n_retokenised: int
    n_tokens: int

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows as a dataset wants them."""
        return [asdict(row) for row in self.rows]


@dataclass(frozen=True, kw_only=True)
class Taught:
    """An answer as ids: what is `read` before it, the `ids` that are taught, whether these were `sampled` as they are.

    `behind_prompt`: they were sampled behind the prompt as it is rendered, and stand there.
    """

    read: list[int]
    ids: list[int]
    sampled: bool
    behind_prompt: bool


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """How texts become token ids for one tokenizer: the only door between records and numbers.

    `render` gives a prompt's ids up to where the assistant speaks, `encode` what is read before a sample's text as the template
    has it, and the ids that it trains as, its end of turn included where it was finished; `answer` the sampled ids behind the
    sample's thought (None: it ends inside of a token); `text` shows ids, control tokens and all. `digest` names the tokenizer;
    `ends` are the tokens that end a turn, `end` the one that is taught.
    """

    render: Callable[[Prompt], list[int]]
    encode: Callable[[Sample], tuple[list[int], list[int]]]
    answer: Callable[[Sample], list[int] | None]
    text: Callable[[Sequence[int]], str]
    digest: str
    end: int
    ends: frozenset[int]
    max_length: int

    def taught(self, sample: Sample) -> Taught:
        """What is read and what is taught of a sample."""
        own = sample.token_ids is not None and sample.tokenizer == self.digest
        alone = bool(sample.thought) and not sample.teach_thought
        ids = self.answer(sample) if own and alone else list(sample.token_ids or ()) if own else None
        if ids is None:
            read, ids = self.encode(sample)
            return Taught(read=read, ids=ids, sampled=False, behind_prompt=False)
        ended = bool(ids) and ids[-1] in self.ends
        ids = ids if ended or sample.finish == "length" else [*ids, self.end]
        read = self.encode(sample)[0] if alone else self.render(sample.prompt)
        return Taught(read=read, ids=ids, sampled=True, behind_prompt=not alone)

    def taught_pair(self, pair: Pair) -> tuple[Taught, Taught] | None:
        """What is taught of both answers behind the same ids; None: one stands inside of a thought, and the other does not.

        Of one sampled without a thought and one with, the first is taught where the second is, if that goes on from the prompt.
        """
        samples = (pair.chosen, pair.rejected)
        sides = [self.taught(sample) for sample in samples]
        longest = max((side.read for side in sides), key=len)
        sides = [
            replace(side, read=longest) if _goes_on(side, sample, longest) else side
            for side, sample in zip(sides, samples, strict=True)
        ]
        shared = _n_shared(sides[0].read, sides[1].read)
        if any(self.text(side.read[shared:]).strip() for side in sides):
            return None
        first, second = (replace(side, read=side.read[:shared], ids=[*side.read[shared:], *side.ids]) for side in sides)
        return first, second


def _goes_on(side: Taught, sample: Sample, read: list[int]) -> bool:
    """Whether an answer that was sampled without a thought may be taught behind `read`, which goes on from its prompt."""
    return side.behind_prompt and not sample.thought and read[: len(side.read)] == side.read


def _n_shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many ids two rows begin with alike."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def completion_table(data: TrainingData, tokens: Tokens) -> Table[CompletionRow]:
    """The rows of a table of samples."""
    rows: list[CompletionRow] = []
    declined: dict[str, str] = {}
    n_retokenised = 0
    for sample in _only(Sample, data, trainer="sft", other="preference"):
        taught = tokens.taught(sample)
        length = len(taught.read) + len(taught.ids)
        reason = "empty answer" if not sample.text.strip() else _too_long(length, tokens.max_length)
        if reason:
            declined[sample.id] = reason
            continue
        n_retokenised += not taught.sampled
        rows.append(CompletionRow(prompt_ids=taught.read, completion_ids=taught.ids, length=length))
    n_tokens = sum(len(row.completion_ids) for row in rows)
    return Table(rows=rows, declined=declined, n_retokenised=n_retokenised, n_tokens=n_tokens)


def pair_table(data: TrainingData, tokens: Tokens) -> Table[PairRow]:
    """The rows of a table of pairs; pairs of equal texts carry no preference and are declined."""
    rows: list[PairRow] = []
    declined: dict[str, str] = {}
    n_retokenised = 0
    for pair in _only(Pair, data, trainer="preference", other="sft"):
        sides = tokens.taught_pair(pair)
        if sides is None:
            declined[pair.id] = INSIDE_A_THOUGHT
            continue
        chosen, rejected = sides
        length = len(chosen.read) + max(len(chosen.ids), len(rejected.ids))
        reason = _no_preference(pair, chosen.ids, rejected.ids) or _too_long(length, tokens.max_length)
        if reason:
            declined[pair.id] = reason
            continue
        n_retokenised += (not chosen.sampled) + (not rejected.sampled)
        rows.append(
            PairRow(
                prompt_ids=chosen.read, chosen_ids=chosen.ids, rejected_ids=rejected.ids, tau=pair.probability, length=length,
            )
        )  # fmt: skip
    n_tokens = sum(len(row.chosen_ids) + len(row.rejected_ids) for row in rows)
    return Table(rows=rows, declined=declined, n_retokenised=n_retokenised, n_tokens=n_tokens)


def counts_by_reason(declined: Mapping[str, str]) -> dict[str, int]:
    """How many records each kind of reason (what stands before its colon) left out.

    >>> counts_by_reason({"a": "too long: 9 tokens", "b": "equal texts", "c": "too long: 8 tokens"})
    {'too long': 2, 'equal texts': 1}
    """
    found: dict[str, int] = {}
    for reason in declined.values():
        kind = reason.partition(":")[0]
        found[kind] = found.get(kind, 0) + 1
    return found


T = TypeVar("T", Sample, Pair)


def _only(kind: type[T], data: TrainingData, *, trainer: str, other: str) -> Sequence[T]:
    if isinstance(data, Mapping):
        raise ConfigError(
            f"trainer {trainer!r}: got the tables {', '.join(data)}, wanted one table of {kind.__name__} records",
            hint="this trainer learns from one table: the method names another trainer for several",
        )
    found: list[T] = []
    for record in data:
        if not isinstance(record, kind):
            raise ConfigError(
                f"trainer {trainer!r}: got a {type(record).__name__} ({record.id}), wanted {kind.__name__} records only",
                hint=f"samples train with trainer 'sft', pairs with 'preference', weighted samples with 'multi-task': set `use = "
                f'"{"multi-task" if isinstance(record, Weighted) else other}"`',
            )
        found.append(record)
    return found


def _no_preference(pair: Pair, chosen: list[int], rejected: list[int]) -> str:
    if pair.chosen.text.strip() == pair.rejected.text.strip():
        return "equal texts"
    if not chosen or not rejected:
        return "empty answer"
    return "equal tokens" if chosen == rejected else ""


def _too_long(length: int, max_length: int) -> str:
    return f"too long: {length} tokens, max_length is {max_length}" if length > max_length else ""
