"""`sctk verify METHOD`: the claims that a method states, run over seeds, each with a verdict.

What counts as holding is part of the claim and was fixed by the method's author; nothing here can be tuned to a wanted answer. The
environment's settings are not read, for the same reason.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.loading import catalogue_with
from sctk_cli.streams import ReaderGone
from sctk_cli.terminal import clean, hear_warnings, put, put_json, reserved_stdout, say

if TYPE_CHECKING:
    from sctk_cli.verifying.report import Outcome
    from sctk_cli.verifying.trials import Protocol

EPILOG = """\b
Examples:
  sctk verify dsc
  sctk verify rdpo --claims above-base,above-dpo --seeds 3 --out runs/verify
  sctk verify dsc --set model.path=DIR --set backend.use=transformers --set trainer.lora.rank=8
  sctk verify mine --load ./my_method.py --json

\b
The claims themselves: sctk describe method METHOD. The same line again goes on where it stopped. Exit code
0: every claim is supported; 1: one is not, or is undecided; a run that failed gives its own code."""


@click.command(epilog=EPILOG)
@click.argument("method")
@click.option("--claims", metavar="A,B", help="These claims alone; else all that the method states.")
@click.option("--seeds", type=click.IntRange(1, 1000), default=5, show_default=True, help="Runs of each experiment.")
@click.option("--out", type=click.Path(path_type=Path), help="The runs and the report; else runs/verify-METHOD.")
@click.option(
    "--set", "assignments", metavar="A.B=VALUE", multiple=True, help="A setting of every experiment; repeatable."
)
@click.option(
    "--load", "files", type=click.Path(path_type=Path), multiple=True, help="A plugin from a .py file, or a folder."
)
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output instead of the report.")
def verify(method: str, claims: str | None, json_: bool, **given: Any) -> int:
    """Run a method's claims as experiments over seeds, each with a verdict."""
    from sctk_cli.limits import ask_for_room
    from sctk_cli.verifying.report import as_object, lines_of

    ask_for_room()
    hear_warnings()
    with reserved_stdout():
        outcome = _verified(_protocol(method, claims, given))
    with contextlib.suppress(ReaderGone):  # all is judged and written, whoever reads of it
        if json_:
            put_json(as_object(outcome))
        else:
            for line in lines_of(outcome):
                put(line)
            put(f"report   {outcome.protocol.out / 'claims.md'} (beside it claims.svg, claims.json)")
        sys.stdout.flush()
    return exit_code(outcome)


def _protocol(method: str, claims: str | None, given: dict[str, Any]) -> Protocol:
    """What is to be run, checked as far as that can be done before anything is asked."""
    from sctk_core.claims import claims_of
    from sctk_core.plugins import load, target_of
    from sctk_core.recipe import from_assignments

    from sctk_cli.verifying.trials import Protocol, refuse_what_cannot_be_judged

    among = catalogue_with(given["files"])
    stated = claims_of(target_of(load("method", method, among=among)), method)
    wanted = _chosen(method, [one.id for one in stated], claims)
    protocol = Protocol(
        method=method, claims=[one for one in stated if one.id in wanted], n_seeds=given["seeds"],
        out=given["out"] or Path("runs") / f"verify-{method.rpartition('/')[2]}", among=among,
        changes=from_assignments(given["assignments"]), some=len(wanted) < len(stated),
    )  # fmt: skip
    refuse_what_cannot_be_judged(protocol)
    return protocol


def _chosen(method: str, stated: Sequence[str], claims: str | None) -> list[str]:
    from sctk_core import ConfigError, suggestion

    if not stated:
        raise ConfigError(
            f"the method {method!r}: got no claims, wanted some to verify",
            hint="a method class states them in `claims` (docs/verify.md)",
        )
    wanted = list(stated) if claims is None else [one.strip() for one in claims.split(",")]
    for one in wanted:
        if one not in stated:
            raise ConfigError(
                f"--claims {one}: got no such claim of {method!r}, wanted some of {', '.join(stated)}",
                hint=suggestion(one, stated) or "sctk describe method shows them",
            )
    return wanted


def _verified(protocol: Protocol) -> Outcome:
    """All runs, and what they say."""
    from sctk_cli.verifying.findings import judge
    from sctk_cli.verifying.page import write
    from sctk_cli.verifying.readings import with_readings
    from sctk_cli.verifying.register import register
    from sctk_cli.verifying.report import Outcome
    from sctk_cli.verifying.trials import run_all

    registered = register(protocol)
    for claim in protocol.claims:
        say(f"claim {claim.id} ({claim.digest}): {clean(claim.told, one_line=True)}")
    trials, readings = with_readings(run_all(protocol))
    findings = [judge(claim, readings, protocol.n_seeds) for claim in protocol.claims]
    outcome = Outcome(protocol=protocol, registered=registered, trials=trials, readings=readings, findings=findings)
    write(outcome)
    return outcome


def exit_code(outcome: Outcome) -> int:
    """0 where every claim is supported, else 1; of a run that failed its own, which says what to do."""
    from sctk_core.statistics.verdicts import SUPPORTED

    failed = [one.exit_code for one in outcome.trials if one.error]
    return failed[0] if failed else int(any(one.verdict != SUPPORTED for one in outcome.findings))
