"""The command `sctk`: finds the subcommand, imports only that one, and turns what goes wrong into a message and an exit code.

`sctk --help` imports click and this file. A traceback is shown only where SCTK_DEBUG=1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from sctk_cli.commands import COMMANDS
from sctk_cli.open_group import OpenGroup
from sctk_cli.terminal import clean, say

EPILOG = """\b
Examples:
  sctk run --plugin rdpo
  sctk run --plugin dsc --model DIR --backend transformers --prompts prompts.jsonl
  sctk show runs/first
  sctk why runs/first ID
  sctk data dedup rows.jsonl --out kept.jsonl
\b
Exit codes: 0 done, 1 a check failed, 2 usage or configuration, 3 a plugin is broken,
4 a backend is down, 5 nothing was accepted, 6 the store cannot be written, 130 interrupted."""


@click.group(
    cls=OpenGroup,
    table=COMMANDS,
    epilog=EPILOG,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="sctk-cli", prog_name="sctk")
def cli() -> None:
    """Align language models with data that the models write and criticise themselves."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code; nothing but SCTK_DEBUG=1 shows a traceback."""
    try:
        code = cli.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return 2
    except (KeyboardInterrupt, click.Abort) as stop:
        word = str(stop) or str(stop.__cause__ or "")  # click raises an Abort from what interrupted it
        say(f"interrupted: {clean(word) or 'what was answered is kept'}; run the same line again to go on")
        return 130
    except Exception as error:  # noqa: BLE001 - the last line of defence: a message, never a traceback
        return _failed(error)
    return code if isinstance(code, int) else 0


def _failed(error: Exception) -> int:
    """The exit code of an error, told in words: what, and on a line of its own what to do."""
    from sctk_core.errors import SctkError  # not before it is needed: `--help` is quick

    if os.environ.get("SCTK_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    if cli.called is not None and not isinstance(error, SctkError):
        from sctk_core.plugins import blamed

        error = blamed(error, cli.called, f"running the command of {cli.called.module}")
    if isinstance(error, SctkError):
        say(f"error: {clean(error.message)}")
        if error.hint:
            say(f"hint: {clean(error.hint)}")
        return error.exit_code
    say(f"error: a fault of sctk: {type(error).__name__}: {clean(str(error))}{_place(error)}")
    say("hint: set SCTK_DEBUG=1 to see the traceback, and please report it")
    return 1


def _place(error: BaseException) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return "" if last is None else f" ({last.tb_frame.f_code.co_filename}, line {last.tb_lineno})"


if __name__ == "__main__":
    sys.exit(main())
