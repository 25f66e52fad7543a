"""What became of a run: its tables byte for byte, a stage of its ledger, and whether that balances."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sctk_core.ledger import OUTCOMES, StageCount
from sctk_core.run import RunResult


def tables(run: Path) -> dict[str, bytes]:
    """Every table of a run, byte for byte."""
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in sorted(run.rglob("*.parquet"))}


def stage(result: RunResult, name: str) -> StageCount:
    """The stage of that name."""
    return next(count for count in result.ledger if count.stage == name)


def balanced(ledger: Iterable[StageCount]) -> bool:
    """Whether every stage's asked is what was answered, failed and declined."""
    return all(count.asked == sum(getattr(count, name) for name in OUTCOMES) for count in ledger)
