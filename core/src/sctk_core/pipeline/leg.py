"""A leg of a run: every prompt's chain walked, a bounded number at a time, finished chains handed to the store.

Memory does not grow with the number of prompts: prompts are drawn when there is room, and a finished chain is rows on disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Protocol

from sctk_core.errors import ConfigError, boundary
from sctk_core.pipeline.chain import Crew, Entry, Walked, chain_id, entry_of, walk
from sctk_core.pipeline.events import ChainFinished, Event, ItemFinished
from sctk_core.pipeline.stages import Chain, Collect, Declined, ScoreStep, Step
from sctk_core.records import Failure, Prompt

Rows = dict[str, list[dict[str, Any]]]


class LegStore(Protocol):
    """What a leg needs of the store."""

    def is_done(self, number: int) -> bool:
        """Whether a chain needs no walking."""
        ...

    def finish(self, number: int, rows: Rows) -> None:
        """Keeps a finished chain."""
        ...

    def end(self, total: int) -> None:
        """Seals what is left."""
        ...


@dataclass(frozen=True, kw_only=True)
class Leg:
    """What is walked: the steps of each chain, the training tables, and how a record becomes a row."""

    steps: tuple[Step, ...]
    collects: tuple[Collect, ...]
    crew: Crew
    row_of: Callable[[Any], dict[str, Any]]
    chains_per_prompt: int = 1
    concurrency: int = 64


def one_scale(prompts: Iterable[Prompt], steps: Sequence[Step]) -> Iterator[Prompt]:
    """The prompts as they are; given scores that do not reach to a chain's last sample are refused.

    The rest would be the reward's, and an acceptance rule would weigh two scales against each other.
    """
    last = max((step.sweep for step in steps if isinstance(step, ScoreStep)), default=-1)
    for prompt in prompts:
        n_given = len(prompt.given.scores) if prompt.given else 0
        if 0 < n_given <= last:
            fewer = f"[method] sweeps = {n_given - 1}, or " if n_given > 1 else ""
            raise ConfigError(
                f"prompt {prompt.id}: got {n_given} given scores, wanted {last + 1}, one for each text that the method scores, "
                "or none: the reward's would be on another scale",
                hint=f"{fewer}name the score columns otherwise: the reward then scores all texts",
            )
        yield prompt


async def walk_all(
    leg: Leg, prompts: Iterable[Prompt], store: LegStore, n_prompts: int, notify: Callable[[Event], None]
) -> int:
    """Walks what the store does not hold, ends the store's leg, and gives the number of chains."""
    total = n_done = 0
    wanted = n_prompts * leg.chains_per_prompt
    room = asyncio.Semaphore(leg.concurrency)

    async def one(number: int, chain: Chain) -> None:
        nonlocal n_done
        try:
            walked = await walk(chain, leg.steps, leg.crew, lambda entry: notify(_item(entry)))
            store.finish(number, _rows(leg, walked))
        finally:
            room.release()
        n_done += 1
        notify(ChainFinished(n_done=n_done, n_chains=wanted))

    async with _first_error(asyncio.TaskGroup()) as group:
        for chain in _chains(prompts, leg.chains_per_prompt):
            number, total = total, total + 1
            if store.is_done(number):
                n_done += 1
                continue
            await room.acquire()
            group.create_task(one(number, chain))
    store.end(total)
    return total


class _first_error:  # noqa: N801 - reads as a verb in `async with`
    """A task group whose first error comes out by itself: a command shows one message, not a group of them."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group

    async def __aenter__(self) -> asyncio.TaskGroup:
        return await self._group.__aenter__()

    async def __aexit__(self, *raised: Any) -> None:
        try:
            await self._group.__aexit__(*raised)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None


def _chains(prompts: Iterable[Prompt], per_prompt: int) -> Iterator[Chain]:
    for prompt in prompts:
        for number in range(per_prompt):
            yield Chain(prompt=prompt, number=number)


def _item(entry: Entry) -> ItemFinished:
    return ItemFinished(stage=entry.stage, outcome=entry.outcome)


def _rows(leg: Leg, walked: Walked) -> Rows:
    """A finished chain as the rows of its tables."""
    chain, entries = walked.chain, list(walked.entries)
    records: dict[str, Sequence[Any]] = {
        "prompts": [chain.prompt] if chain.number == 0 else [],
        "samples": chain.samples,
        "critiques": chain.critiques,
        "scores": list(chain.scores.values()),
        "decisions": chain.decisions,
    }
    failures = [walked.failure] if walked.failure else []
    for collect in leg.collects if walked.complete else ():
        made = _collected(collect, chain)
        entries.append(entry_of(collect.name, chain, made, partial(getattr, made, "id")))
        if isinstance(made, Failure):
            failures.append(made)
        records[collect.folder] = [] if isinstance(made, Failure | Declined) else [made]
    rows = {table: [leg.row_of(record) for record in found] for table, found in records.items()}
    return rows | {
        "failures": [leg.row_of(failure) for failure in failures],
        "ledger": [asdict(entry) for entry in entries],
    }


def _collected(collect: Collect, chain: Chain) -> Any:
    try:
        return collect.build(chain)
    except Exception as error:  # noqa: BLE001 - a method's code is a component's code
        return boundary(error, of=chain_id(chain), stage=collect.name, component="method")
