"""The ledger: for every stage, asked = answered + failed + declined, by id; and the check that it is so.

What was asked is not read off the answers: it is worked out from the prompts and the plan. A chain must have one entry for
each step in order, all answered but perhaps the last; every chain of every prompt must be there, once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OUTCOMES = ("answered", "failed", "declined")


@dataclass(frozen=True, kw_only=True, slots=True)
class StageCount:
    """One stage of the ledger: counts, and why items failed or were declined."""

    stage: str
    asked: int
    answered: int
    failed: int
    declined: int
    reasons: Mapping[str, int] = field(default_factory=dict)


def count(rows: Iterable[Mapping[str, Any]]) -> list[StageCount]:
    """The ledger by stage, in order of first appearance; each row has `stage`, `outcome` and `reason`."""
    outcomes: dict[str, Counter[str]] = {}
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        outcomes.setdefault(row["stage"], Counter())[row["outcome"]] += 1
        if row["outcome"] != "answered":
            reasons[row["stage"]][row["reason"]] += 1
    return [
        StageCount(
            stage=stage,
            asked=sum(found.values()),
            reasons=dict(reasons[stage].most_common()),
            **{outcome: found[outcome] for outcome in OUTCOMES},
        )
        for stage, found in outcomes.items()
    ]


def totals(stages: Sequence[StageCount]) -> dict[str, int]:
    """Asked, answered, failed and declined over all stages."""
    return {name: sum(getattr(stage, name) for stage in stages) for name in ("asked", *OUTCOMES)}


def complaints_of_chains(rows: Iterable[Mapping[str, Any]], chains: Sequence[str], plan: Sequence[str]) -> list[str]:
    """What does not balance in a leg: `chains` are the ids that were asked, `plan` the names of its steps and collections.

    Steps of one chain must follow the plan; a step may be left out only where the plan says so by a trailing `?`.

    >>> row = {"stage": "draft", "id": "a/0", "outcome": "answered"}
    >>> complaints_of_chains([row], ["a/0", "b/0"], ["draft"])
    ['b/0: asked, and never answered']
    """
    walked: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        walked[row["id"]].append((row["stage"], row["outcome"]))
    known = set(chains)
    found = [f"{name}: answered, and never asked" for name in walked if name not in known]
    for name in chains:
        if name not in walked:
            found.append(f"{name}: asked, and never answered")
        elif complaint := _off_plan(walked[name], plan):
            found.append(f"{name}: {complaint}")
    return found


def _off_plan(entries: Sequence[tuple[str, str]], plan: Sequence[str]) -> str:
    left = iter(plan)
    collecting = False
    for position, (stage, outcome) in enumerate(entries):
        for wanted in left:
            if wanted.rstrip("?") == stage:
                break
            if not wanted.endswith("?"):
                return f"got an entry of {stage}, wanted {wanted}"
        else:
            return f"got an entry of {stage}, wanted nothing more"
        collecting = stage.startswith("collect.")
        if outcome not in OUTCOMES:
            return f"got the outcome {outcome!r} at {stage}"
        if outcome != "answered" and not collecting:
            return "" if position == len(entries) - 1 else f"went on after {outcome} at {stage}"
    missing = [step for step in left if not step.endswith("?")]
    return f"ended before {missing[0]}" if missing else ""


def complaints_of_rows(stage: str, rows: Iterable[Mapping[str, Any]], asked: Sequence[str]) -> list[str]:
    """What does not balance in a stage that asks each id once (training, measuring)."""
    seen = Counter(row["id"] for row in rows if row["stage"] == stage)
    wanted = Counter(asked)
    missing = [f"{stage}: {name}: asked, and never answered" for name in wanted if wanted[name] > seen[name]]
    return missing + [f"{stage}: {name}: answered, and never asked" for name in seen if seen[name] > wanted[name]]


def complaints_of_sieve(
    rows: Sequence[Mapping[str, Any]], asked: Sequence[str], stages: Sequence[str]
) -> tuple[list[str], list[str]]:
    """(What does not balance, the ids that pass all stages): each stage is asked of what the one before it answered.

    >>> row = {"stage": "curate.a.train", "id": "x", "outcome": "answered"}
    >>> complaints_of_sieve([row], ["x", "y"], ["curate.a.train"])
    (['curate.a.train: y: asked, and never answered'], ['x'])
    """
    complaints = [
        f"got an entry of {row['stage']}, wanted only {list(stages)}" for row in rows if row["stage"] not in stages
    ]
    left = list(asked)
    for stage in stages:
        complaints += complaints_of_rows(stage, rows, left)
        passed = {row["id"] for row in rows if row["stage"] == stage and row["outcome"] == "answered"}
        left = [name for name in left if name in passed]
    return complaints, left
