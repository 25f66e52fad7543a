"""From records to token rows: what trains, token by token, and what is declined, with the reason.

Law 9 of the design lives here. The completion of a row is `Sample.token_ids` where they were made by this very tokenizer
(equal digests); otherwise the text is tokenised again, and counted. The prompt comes from the one renderer of chat
templates. A finished answer ends in an end-of-turn token, which is taught; an answer cut off at its length limit is taught
without one. Nothing is cut to fit: a row longer than `max_length` is declined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from sctk_core import ConfigError, Pair, Prompt, Sample, TrainingData


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
class Tokens:
    """How texts become token ids for one tokenizer: the only door between records and numbers.

    `render` gives a prompt's ids up to where the assistant speaks, `encode` the ids that a sample's text trains as, its end
    of turn included where it was finished; `digest` names the tokenizer; `ends` are the tokens that end a turn, `end` the
    one that is taught.
    """

    render: Callable[[Prompt], list[int]]
    encode: Callable[[Sample], list[int]]
    digest: str
    end: int
    ends: frozenset[int]
    max_length: int

    def completion(self, sample: Sample) -> tuple[list[int], bool]:
        """The ids that are taught for an answer, and whether its text had to be tokenised again."""
        if sample.token_ids is None or sample.tokenizer != self.digest:
            return self.encode(sample), True
        ids = list(sample.token_ids)
        ended = bool(ids) and ids[-1] in self.ends
        return (ids if ended or sample.finish == "length" else [*ids, self.end]), False


def completion_table(data: TrainingData, tokens: Tokens) -> Table[CompletionRow]:
    """The rows of a table of samples."""
    rows: list[CompletionRow] = []
    declined: dict[str, str] = {}
    n_retokenised = 0
    for sample in _only(Sample, data, trainer="sft", other="preference"):
        prompt_ids = tokens.render(sample.prompt)
        ids, again = tokens.completion(sample)
        length = len(prompt_ids) + len(ids)
        reason = "empty answer" if not sample.text.strip() else _too_long(length, tokens.max_length)
        if reason:
            declined[sample.id] = reason
            continue
        n_retokenised += again
        rows.append(CompletionRow(prompt_ids=prompt_ids, completion_ids=ids, length=length))
    n_tokens = sum(len(row.completion_ids) for row in rows)
    return Table(rows=rows, declined=declined, n_retokenised=n_retokenised, n_tokens=n_tokens)


def pair_table(data: TrainingData, tokens: Tokens) -> Table[PairRow]:
    """The rows of a table of pairs; pairs of equal texts carry no preference and are declined."""
    rows: list[PairRow] = []
    declined: dict[str, str] = {}
    n_retokenised = 0
    for pair in _only(Pair, data, trainer="preference", other="sft"):
        prompt_ids = tokens.render(pair.prompt)
        (chosen, again_c), (rejected, again_r) = tokens.completion(pair.chosen), tokens.completion(pair.rejected)
        length = len(prompt_ids) + max(len(chosen), len(rejected))
        reason = _no_preference(pair, chosen, rejected) or _too_long(length, tokens.max_length)
        if reason:
            declined[pair.id] = reason
            continue
        n_retokenised += again_c + again_r
        rows.append(
            PairRow(
                prompt_ids=prompt_ids, chosen_ids=chosen, rejected_ids=rejected, tau=pair.probability, length=length
            )
        )
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
                hint=f"samples train with trainer 'sft', pairs with 'preference': set `use = \"{other}\"`",
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
