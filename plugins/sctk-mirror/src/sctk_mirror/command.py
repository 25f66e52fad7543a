"""`sctk mirror risk`: risk, coverage and the area under their curve of every rule of a run, with intervals, and no model asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from sctk_cli.terminal import put, put_json, say, table
from sctk_core import ConfigError, Message, Prompt
from sctk_core.reading import Wanted, inputs_at, rows_of

from sctk_mirror.records import Decided
from sctk_mirror.risk import Area, area, by_rule, curve, difference

PAIRS = (("reranked", "vote"), ("weighted", "vote"), ("reranked", "vote-equal"), ("weighted", "vote-equal"))
COVERAGES = (0.25, 0.5, 0.75, 1.0)
EPILOG = """\\b
Examples:
  sctk mirror risk runs/first
  sctk mirror risk runs/first --curve reranked
  sctk mirror risk runs/first --json
\\b
AURC is the mean risk over all coverages: 0 is best. A run has it with --arms vote,reranked or any other rule of inference."""


@click.group()
def mirror() -> None:
    """Look at what a run of the method `mirror` decided."""


@mirror.command(epilog=EPILOG)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--curve", "of", default="", help="Print the curve of this rule: threshold, coverage, risk.")
@click.option("--json", "json_", is_flag=True, help="Print one object for each row on standard output.")
def risk(run: Path, of: str, json_: bool) -> None:
    """Show how wrong each rule is among the answers that it is surest of."""
    wider = run / "wider" / "decided"
    rules = by_rule([*_decided(run / "choices" / "decided"), *(_decided(wider) if wider.is_dir() else ())])
    rules.pop("first", None)
    if not rules:
        raise ConfigError(
            f"{run}: got no decision on a question with a gold answer, wanted one or more",
            hint="--prompts with gold answers",
        )
    if of and of not in rules:
        raise ConfigError(f"--curve: got {of!r}, wanted one of {', '.join(rules)}", hint="the run has no such rule")
    rows = list(_curve(rules[of]) if of else _areas(rules))
    for row in rows if json_ else ():
        put_json(row)
    heads = list(rows[0])
    for line in () if json_ else table(heads, [[_cell(row.get(head)) for head in heads] for row in rows], right=[]):
        put(line)
    say(
        f"{max(map(len, rules.values()))} questions with a gold answer; intervals are 95 %, by 2,000 resamples of the questions"
    )


def _areas(rules: Mapping[str, Mapping[str, Decided]]) -> Iterator[dict[str, Any]]:
    """A row for each rule, and one for each pair of them."""
    for rule, decided in rules.items():
        taken = list(decided.values())
        confidences, right = [one.confidence for one in taken], [one.right or 0.0 for one in taken]
        points = curve(confidences, right)
        at = {f"risk at {share:.0%}": next(p.risk for p in points if p.coverage >= share) for share in COVERAGES}
        yield {"rule": rule, "AURC": _numbers(area(confidences, right)), **at}
    for one, other in PAIRS:
        if one in rules and other in rules and (found := difference(rules[one], rules[other])):
            yield {"rule": f"{one} less {other}", "AURC": _numbers(found)}


def _curve(decided: Mapping[str, Decided]) -> Iterator[dict[str, Any]]:
    taken = list(decided.values())
    for point in curve([one.confidence for one in taken], [one.right or 0.0 for one in taken]):
        yield {"threshold": point.threshold, "answered": point.n, "coverage": point.coverage, "risk": point.risk}


def _numbers(found: Area) -> list[float | int | None]:
    """[area, low, high, questions]"""
    return [found.value, found.low, found.high, found.n]


def _cell(value: Any) -> str:
    if isinstance(value, list):
        told, low, high, n = value
        return f"{told:.4f} of {n}" if low is None else f"{told:.4f} [{low:.4f}, {high:.4f}] of {n}"
    return "" if value is None else value if isinstance(value, str) else f"{value:.3f}".rstrip("0").rstrip(".")


def _decided(place: Path) -> Iterator[Decided]:
    if not place.is_dir():
        raise ConfigError(
            f"{place}: got no such table, wanted what the rules of inference decided",
            hint="--arms vote,reranked runs them; the same line again asks nothing anew that is paid for",
        )
    found = inputs_at(str(place), Wanted(of="rows"), lambda line: None)
    for row in (row.values for one in found for row in rows_of(one)):
        name = str(row["question_id"])
        question = Prompt(messages=(Message(role="user", content=name),), meta={"id": name})
        said = {name: row[name] for name in ("rule", "text", "answer", "confidence", "right")}
        yield Decided(question=question, **said)
