"""`sctk knowledge kept`: how many questions each tau_L and each tau_K would keep, and with labels how many are unknown indeed.

S_L and S_K of every question lie in the run (table `detect/detected`), so no model is asked. Without labels it is the paper's
Table 3; with them the curve from which a threshold is read for this model and scorer. A run with another one recalls its replies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from sctk_cli.finite import Finite
from sctk_cli.terminal import put, put_json, say, table
from sctk_cli.verifying.readings import settings_in
from sctk_core import ConfigError, mean_with_interval
from sctk_core.reading import Wanted, inputs_at, rows_of

from sctk_knowledge.settings import Thresholds
from sctk_knowledge.spread import before, quarters, spread_of

USUAL = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
EPILOG = """\\b
Examples:
  sctk knowledge kept runs/first
  sctk knowledge kept runs/first --tau-k 0.5 --tau-k 0.8 --json
  sctk knowledge kept runs/first --labels known.jsonl
\\b
By tau_L, of the questions that have an S_L; then by tau_K, of all of them, at --tau-l. Left out, --tau-l and the borders are the
run's own. Above the run's own tau_L a count by tau_K is a lower bound: what the run refused has no S_K.
A row of --labels has `question` (its text) or `id` (of the question), and `known`: true where the model knows the answer."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question as it was detected; None: not measured, or not labelled."""

    s_l: float | None
    s_k: float | None
    known: bool | None = None


@click.group()
def knowledge() -> None:
    """Look at what a run of the method `knowledge` detected."""


@knowledge.command(epilog=EPILOG)
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--of", "name", default="detect", show_default=True, help="The iteration: detect, detect-2, ...")
@click.option("--tau-l", type=Finite(), help="Kept are questions with S_L below it; else the run's own.")
@click.option("--tau-k", "taus", type=Finite(), multiple=True, help="Kept are those with S_K above it; repeatable.")
@click.option("--labels", type=click.Path(path_type=Path), help="A file that says which answers the model knows.")
@click.option("--json", "json_", is_flag=True, help="Print one object for each threshold on standard output.")
def kept(run: Path, name: str, tau_l: float | None, taus: tuple[float, ...], labels: Path | None, json_: bool) -> None:
    """Show how many questions each threshold would keep."""
    questions = list(_questions(run / name / "detected", labels))
    own = _own(run)
    limits = own or Thresholds()
    limits = limits if tau_l is None else replace(limits, tau_l=tau_l)
    by_l = _by_tau_l([one.s_l for one in questions if one.s_l is not None], limits)
    wanted = taus or _among(USUAL, [one.s_k for one in questions if one.s_k is not None], limits.tau_k)
    by_k = [_row(questions, replace(limits, tau_k=tau)) for tau in wanted]
    for row in [*by_l, *by_k] if json_ else ():
        put_json(row)
    for place, rows in enumerate(() if json_ else filter(None, (by_l, by_k))):
        for line in ["", *_told(rows)][place == 0 :]:
            put(line)
    _say_limits(limits, own)
    _say_more(questions, limits, own)


def _own(run: Path) -> Thresholds | None:
    """The thresholds that a run has detected by; None: it does not say."""
    found = settings_in(run, "method").get("detection", {}).get("thresholds")
    return Thresholds(**found) if found else None


def _say_limits(limits: Thresholds, own: Thresholds | None) -> None:
    """Which tau_L the counts by tau_K are at, where it is from, and what becomes of S_L = tau_L."""
    border = "<=" if limits.borders == "code" else "<"
    whose = "--tau-l"
    if own is None:
        whose = "the default: the run does not say what it had"
    elif limits.tau_l == own.tau_l:
        whose = f"the run's own, which kept S_K > {own.tau_k:g}"
    else:
        whose = f"--tau-l; the run's own is {own.tau_l:g}"
    say(f"by tau_K kept is S_L {border} {limits.tau_l:g} ({whose})")


def _told(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows as a table."""
    known = ("tau_l", "tau_k", "kept", "share", "unknown among kept", "kept among unknown")
    heads = [head for head in known if head in rows[0]]
    return list(table(heads, [[_cell(row[head]) for head in heads] for row in rows], right=[0, 1]))


def _say_more(questions: Sequence[Question], limits: Thresholds, own: Thresholds | None) -> None:
    """What stands beside the tables: how the scores lie, and which questions have none."""
    for line in spread_of((one.s_l, one.s_k) for one in questions):
        say(line)
    asked = [one for one in questions if one.s_l is not None or one.s_k is not None]
    reliable = [one for one in asked if one.s_l is None or limits.is_reliable(one.s_l)]
    say(
        f"{len(questions)} questions; {len(reliable)} of them reliable"
        + "".join(f"; {line}" for line in before((one.s_l, one.s_k) for one in questions))
    )
    refused = [one for one in reliable if one.s_k is None and one.s_l is not None]
    by_run = sum(one.s_l is not None and own is not None and not own.is_reliable(one.s_l) for one in refused)
    if by_run:
        say(
            f"{by_run} of these the run's own tau_L refused, so they have no S_K: what is kept by tau_K is a lower bound, and at "
            f"most {by_run} more. A run with --set method.detection.thresholds.tau_l={limits.tau_l:g} asks them, and recalls its "
            "replies"
        )
    if len(refused) > by_run:
        why = "no answer said anything" if own else "the run's own tau_L refused them, or no answer said anything"
        say(f"{len(refused) - by_run} of these have no S_K and count as not kept by tau_K: {why}")


def _among(usual: Sequence[float], scores: Sequence[float], own: float) -> list[float]:
    """The usual thresholds, the run's own, and the quarters of the scores, which may lie close together, or above 1."""
    return sorted({*usual, own, *(round(one, 3) for one in quarters(scores))})


def _by_tau_l(scores: Sequence[float], limits: Thresholds) -> list[dict[str, Any]]:
    """What each tau_L keeps of the questions that have an S_L, whatever S_K says."""
    taus = _among((*USUAL[1:], 1.0), scores, limits.tau_l) if scores else []
    rows = [(tau, [replace(limits, tau_l=tau).is_reliable(score) for score in scores]) for tau in taus]
    return [{"tau_l": tau, "kept": sum(keeps), "share": _share(keeps)} for tau, keeps in rows]


def _questions(place: Path, labels: Path | None) -> Iterator[Question]:
    """The questions of an iteration, with their labels."""
    if not place.is_dir():
        raise ConfigError(
            f"{place}: got no such table, wanted what an iteration detected",
            hint="--of detect-2 names another iteration",
        )
    told = _labels(labels) if labels else {}
    n_found = 0
    for row in _rows(place):
        known = told.get(row["prompt_id"], told.get(row["prompt"][-1]["content"].strip()))
        n_found += known is not None
        yield Question(s_l=row["inconsistency"], s_k=row["ignorance"], known=known)
    if labels and not n_found:
        raise ConfigError(
            f"{labels}: got no label of a question of {place}", hint="`question` is its text, `id` its prompt's id"
        )


def _labels(file: Path) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for place, row in enumerate(_rows(file)):
        name, known = row.get("id") or row.get("question"), row.get("known")
        if not isinstance(name, str) or not isinstance(known, bool):
            raise ConfigError(
                f"{file}, row {place}: got {row.get('known')!r}, wanted `known` (true or false) beside `question` or `id`",
                hint="known is true where the model knows the answer",
            )
        found[name.strip()] = known
    return found


def _rows(place: Path) -> Iterator[Mapping[str, Any]]:
    found = inputs_at(str(place), Wanted(of="rows"), lambda line: None)
    return (row.values for one in found for row in rows_of(one))


def _row(questions: Sequence[Question], limits: Thresholds) -> dict[str, Any]:
    """What one threshold keeps: a count, and shares with intervals."""
    keeps = [is_kept(one, limits) for one in questions]
    row: dict[str, Any] = {"tau_k": limits.tau_k, "kept": sum(keeps), "share": _share(keeps)}
    labelled = [(keep, one.known) for keep, one in zip(keeps, questions, strict=True) if one.known is not None]
    if labelled:
        row["unknown among kept"] = _share([not known for keep, known in labelled if keep])
        row["kept among unknown"] = _share([keep for keep, known in labelled if not known])
    return row


def is_kept(question: Question, limits: Thresholds) -> bool:
    """Whether a question is kept: S_L < tau_L (or none was measured; the code's borders: or S_L = tau_L) and S_K > tau_K.

    >>> is_kept(Question(s_l=0.1, s_k=0.6), Thresholds()), is_kept(Question(s_l=0.5, s_k=0.6), Thresholds())
    (True, False)
    """
    reliable = question.s_l is None or limits.is_reliable(question.s_l)
    return reliable and question.s_k is not None and limits.is_unknown(question.s_k)


def _share(values: Sequence[bool]) -> list[float | int | None]:
    """[share, low, high, n]; nothing but n where there is nothing to share."""
    if not values:
        return [None, None, None, 0]
    found = mean_with_interval([float(value) for value in values])
    return [found.value, found.low, found.high, found.n]


def _cell(value: Any) -> str:
    if not isinstance(value, list):
        return f"{value:g}"
    share, low, high, n = value
    told = "-" if share is None else f"{share:.3f}" if low is None else f"{share:.3f} [{low:.3f}, {high:.3f}]"
    return f"{told} of {n}"
