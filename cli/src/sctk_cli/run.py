"""`sctk run`: a recipe or a method by name, flags laid on top, progress while it goes on, a table or one object at its end."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.loading import catalogue_with
from sctk_cli.streams import ReaderGone, unheard
from sctk_cli.terminal import clean, hear_warnings, put, put_json, reserved_stdout, say

if TYPE_CHECKING:
    from sctk_core.plugins import Catalogue
    from sctk_core.recipe import Layer, Recipe

DOCUMENTS_SOURCE = "documents"
EPILOG = """\b
Examples:
  sctk run --plugin rdpo
  sctk run --plugin dsc --limit 50 --out runs/small
  sctk run --plugin dsc --task safety
  sctk run --plugin dsc --arms all
  sctk run --plugin rdpo --model DIR --backend transformers --prompts prompts.jsonl
  sctk run --plugin knowledge --model DIR --backend transformers --teacher ORG/LARGER --documents notes/
  sctk run recipe.toml --set method.temperature=0.5 --json
  sctk run recipe.toml --load ./my_reward.py --set reward.use=mine
  sctk run --plugin rdpo --model DIR --teacher ORG/LARGER --prompts prompts.jsonl
  sctk run recipe.toml --out runs/first --set trainer.beta=0.2 --redo student

\b
The same line again goes on where it stopped, and finishes in seconds where all is answered."""


def recipe_options(command: Any) -> Any:
    """The options that make a recipe, for `run`, `check` and `config` alike."""
    options = (
        click.argument("recipe", type=click.Path(path_type=Path), required=False),
        click.option("--plugin", metavar="METHOD", help="The method to run, with its own default recipe."),
        click.option(
            "--task", metavar="NAME", help="One of the method's tasks; `sctk describe method METHOD` lists them."
        ),
        click.option("--model", metavar="DIR|NAME", help="A model directory or hub name; else the backend's own."),
        click.option("--backend", metavar="NAME", help="What continues conversations: nano, transformers, vllm, ..."),
        click.option(
            "--teacher", metavar="DIR|NAME", help="The model of the role teacher; else the student as it came."
        ),
        click.option("--judge", metavar="DIR|NAME", help="The model of the role judge; else the student as it came."),
        click.option(
            "--prompts",
            metavar="PATH",
            multiple=True,
            help="Prompts: a file (JSON, JSONL, CSV, TSV, Parquet, Arrow; .gz, .zst), a directory, or -; repeatable.",
        ),
        click.option(
            "--documents",
            metavar="PATH",
            multiple=True,
            help="Documents for methods about them: a folder of .txt and .md, JSONL, Parquet, a dataset; repeatable.",
        ),
        click.option("--limit", type=click.IntRange(min=0), help="Walk at most so many prompts (0: all)."),
        click.option(
            "--arms",
            metavar="A,B|all",
            help="More arms to compare with; sctk describe method NAME lists them.",
        ),
        click.option("--set", "assignments", metavar="A.B=VALUE", multiple=True, help="One setting; repeatable."),
        click.option(
            "--watch",
            "watchers",
            metavar="'NAME KEY=VALUE ...'",
            multiple=True,
            help="A watcher that sees every event, in place of the recipe's; repeatable.",
        ),
        click.option(
            "--load",
            "files",
            type=click.Path(path_type=Path),
            multiple=True,
            help="A plugin from a .py file, or all of a folder.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog=EPILOG)
@recipe_options
@click.option("--out", type=click.Path(path_type=Path), help="The run's directory; else runs/METHOD-FINGERPRINT.")
@click.option(
    "--redo", metavar="PART", multiple=True, help="Make a finished part anew, and what follows from it; repeatable."
)
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output instead of the table.")
def run(out: Path | None, redo: tuple[str, ...], json_: bool, **given: Any) -> int:
    """Run a method start to finish, or go on with a run."""
    from sctk_core.assembly import assemble
    from sctk_core.run import execute

    from sctk_cli.limits import ask_for_room
    from sctk_cli.progress import progress
    from sctk_cli.report import as_object, lines_of
    from sctk_cli.show import a_training_row

    ask_for_room()
    hear_warnings()
    with reserved_stdout():
        recipe, among = resolved(given)
        assembly = assemble(recipe, among)
        for note in assembly.notes:
            say(f"note: {clean(note, one_line=True)}")
        with progress() as observer:
            result = execute(assembly, out=out, observers=[observer], redo=redo)
    with contextlib.suppress(ReaderGone):  # the run is done, whoever reads of it
        if json_:
            put_json(as_object(result))
        for line in () if json_ else (*lines_of(result, a_training_row(result.run)), *_unsaid()):
            put(line)
        sys.stdout.flush()
    return result.exit_code


def _unsaid() -> Iterator[str]:
    """That nobody took what was said on standard error, on a terminal or in a file that gets the report."""
    why = unheard()
    if why:
        yield f"note: standard error took not all that was said there ({clean(why, one_line=True)})"


def resolved(given: Mapping[str, Any]) -> tuple[Recipe, Catalogue]:
    """The recipe that these options, the environment and the recipe file make, and the plugins to find it in."""
    from sctk_core.assembly import with_defaults

    with reserved_stdout():
        among = catalogue_with(given["files"])
        return with_defaults(layers(given, os.environ), among), among


def layers(given: Mapping[str, Any], environ: Mapping[str, str]) -> list[Layer]:
    """Recipe file, environment, flags, `--set`: each on top of the last."""
    from sctk_core.recipe import ENVIRONMENT, FLAG, Layer, from_assignments, from_environment, read_toml

    found = []
    if given["recipe"] is not None:
        found.append(Layer(origin=str(given["recipe"]), sections=read_toml(given["recipe"])))
    found.append(Layer(origin=ENVIRONMENT, sections=from_environment(environ)))
    found.append(Layer(origin=FLAG, sections=_flags(given)))
    return [*found, *_assigned(given["assignments"], Layer, from_assignments)]


def _assigned(assignments: Sequence[str], layer: Any, read: Any) -> list[Any]:
    return [layer(origin="--set", sections=read(assignments))] if assignments else []


def _flags(given: Mapping[str, Any]) -> dict[str, Any]:
    """The short flags as sections of a recipe."""
    sections: dict[str, Any] = {}
    if given["plugin"]:
        sections["method"] = {"use": given["plugin"]}
    if given["arms"]:
        sections.setdefault("method", {})["arms"] = [name.strip() for name in given["arms"].split(",")]
    if given["model"]:
        sections["model"] = {"path": given["model"]}
    if given["backend"]:
        sections["backend"] = {"use": given["backend"]}
    for role in ("teacher", "judge"):
        if given[role]:
            sections.setdefault("roles", {})[role] = {"model": given[role]}
    if given["prompts"] and given["documents"]:
        raise click.UsageError("got --prompts and --documents, wanted one of them: a run has one source")
    from sctk_core.recipe import PROMPTS_SOURCE

    for name, source in (("prompts", PROMPTS_SOURCE), ("documents", DOCUMENTS_SOURCE)):
        if paths := list(given[name]):
            sections["source"] = {"use": source, "path": paths[0] if len(paths) == 1 else paths}
    run = {name: given[name] for name in ("task", "limit") if given[name] is not None}
    if run:
        sections["run"] = run
    if given["watchers"]:
        sections["watcher"] = [_watcher(text) for text in given["watchers"]]
    return sections


def _watcher(text: str) -> dict[str, Any]:
    """`event-log path=events.jsonl` as a row of [[watcher]]."""
    from sctk_core.recipe import from_assignments

    name, *assignments = shlex.split(text) or [""]
    settings: dict[str, Any] = from_assignments([f"watcher.{one}" for one in assignments]).get("watcher", {})
    return {"use": name} | settings
