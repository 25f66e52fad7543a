"""The report of claims as files: a page with all tables, the plot that it shows, and the object that programs read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sctk_core.store.whole import write_whole

from sctk_cli.terminal import clean
from sctk_cli.verifying.findings import Finding
from sctk_cli.verifying.forest import forest
from sctk_cli.verifying.report import Outcome, arms_table, as_object, notes, told

COLUMNS = ["claim", "lead", "at least", "mean over seeds [95 %]", "at temperature 0", "seeds", "verdict"]


def markdown(outcome: Outcome) -> Iterator[str]:
    """The report as a page, with the plot beside it."""
    found = as_object(outcome)
    yield from [f"# The claims of {outcome.protocol.method}", ""]
    yield f"{outcome.protocol.n_seeds} seeds; digest of what was claimed before anything ran: `{found['digest']}`."
    yield from ["", "![every claim with its seeds](claims.svg)", ""]
    yield from _rows(COLUMNS, [_row(one) for one in outcome.findings])
    for one in outcome.findings:
        yield from [
            "",
            f"**{one.claim.id}** (`{one.claim.digest}`): {_cell(one.claim.says)} ({_cell(one.claim.source)})",
        ]
    yield from ["", *_rows(*arms_table(outcome)), ""]
    yield from (f"- {_cell(note)}" for note in notes(outcome))
    for experiment in outcome.protocol.experiments:
        sections = (
            json.dumps(dict(experiment.sections), sort_keys=True) if experiment.sections else "the default recipe"
        )
        yield f"- experiment {experiment.name}: `{sections}`"


def _row(one: Finding) -> list[str]:
    seeds = "; ".join("failed" if each.value is None else f"{each.value:+.3f}" for each in one.seeds)
    verdict = f"{one.verdict}{f': {one.why}' if one.why else ''}"
    lead = one.claim.told.partition(", at least")[0]
    return [one.claim.id, lead, f"{one.claim.least:+g}", told(one.found), told(one.at_zero), seeds, verdict]


def _rows(header: Sequence[str], rows: Sequence[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(text: str) -> str:
    """A text that no table takes for its own marks."""
    return clean(text, one_line=True).replace("|", "\\|")


def write(outcome: Outcome) -> None:
    """`claims.md`, `claims.svg` and `claims.json` below the directory of the runs."""
    texts = {
        "claims.json": json.dumps(as_object(outcome), indent=1) + "\n",
        "claims.md": "\n".join(markdown(outcome)) + "\n",
        "claims.svg": forest(outcome.findings),
    }
    for name, text in texts.items():
        write_whole(outcome.protocol.out / name, text)
