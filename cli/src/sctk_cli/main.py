"""The command `sctk`: finds the subcommand, imports only that one, and turns what goes wrong into a message and an exit code.

`sctk --help` imports click and this file. A traceback is shown only where SCTK_DEBUG=1.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sctk_cli.commands import COMMANDS
from sctk_cli.ending import ended
from sctk_cli.open_group import OpenGroup
from sctk_cli.streams import ReaderGone, Refused, unheard
from sctk_cli.terminal import clean, put, say

if TYPE_CHECKING:
    from sctk_core.errors import SctkError

LONGEST, CODES = 4000, range(1, 7)
"""Characters of a message at most, and the exit codes of errors."""
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
    sys.unraisablehook, threading.excepthook = _unraisable, _of_a_thread
    code: object = 0
    try:
        code = cli.main(args=None if arguments is None else list(arguments), standalone_mode=False)
        sys.stdout.flush()
    except ReaderGone:  # `sctk show RUN | head`: no error, as all commands have it
        pass
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(file=shown)
        _tell(clean(shown.getvalue().rstrip("\n")))
        return 2
    except (KeyboardInterrupt, click.Abort) as stop:
        return _interrupted(str(stop) or str(stop.__cause__ or ""))  # click raises an Abort from what interrupted it
    except BaseException as error:  # noqa: BLE001 - the last line of defence: a message, never a traceback
        return _failed(error)
    return code if isinstance(code, int) else 0


def _interrupted(word: str) -> int:
    _tell(f"interrupted: {clean(word) or 'what was answered is kept'}; run the same line again to go on")
    return 130


def _is_of_interrupt(error: BaseException) -> bool:
    """Whether it came of an interrupt, which becomes an error of Python's own in the midst of a lock or of a class that is made."""
    seen = set[int]()
    before: BaseException | None = error
    while before is not None and id(before) not in seen:
        if isinstance(before, KeyboardInterrupt):
            return True
        seen.add(id(before))
        before = BaseException.__context__.__get__(before)  # type: ignore[union-attr]
    return False


def _tell(line: str) -> None:
    """What ends the command, in words: on standard error, and where nobody takes that on standard output."""
    say(line)
    if unheard():
        with contextlib.suppress(OSError):
            put(line)
            sys.stdout.flush()


def _unraisable(what: Any) -> None:
    """What Python could not raise (an object that fails as it is thrown away), in one line."""
    _aside("ignored", what.exc_value)


def _of_a_thread(what: Any) -> None:
    """What ended a thread that a component began, in one line."""
    if what.exc_type is not SystemExit:
        _aside(f"the thread {what.thread.name if what.thread else ''} ended", what.exc_value)


def _aside(what: str, error: BaseException | None) -> None:
    """One line for each kind of error, however often it comes."""
    from sctk_core.shown import name_of, told

    kind = name_of(type(error))
    if kind not in _TOLD:
        _TOLD.add(kind)
        said = clean(told(error), one_line=True) if error else "nothing is known"
        say(f"warning: {clean(what, one_line=True)}: {said} (others of this kind are not told)")


_TOLD: set[str] = set()


def _failed(error: BaseException) -> int:
    """The exit code of an error, told in words: what, and on a line of its own what to do."""
    from sctk_core.errors import PluginError, SctkError, StoreError  # not before they are needed: `--help` is quick
    from sctk_core.refusals import of_system, out_of
    from sctk_core.shown import told

    if os.environ.get("SCTK_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    error = out_of(error) or error
    if isinstance(error, Refused):
        error = StoreError(
            str(error), hint="give it a reader or a disk with room; a run is kept, and `sctk show` shows it"
        )
    elif cli.called is not None and not isinstance(error, SctkError):
        from sctk_core.plugins import blamed

        error = blamed(error, cli.called, f"running the command of {cli.called.module}")
    if _is_of_interrupt(error) and (isinstance(error, PluginError) or not isinstance(error, SctkError)):
        return _interrupted("")  # a disk that is full while an interrupted run is left is told as such
    error = of_system(error) or error
    if isinstance(error, SctkError):
        return _told(error)
    _tell(f"error: a fault of sctk: {clean(told(error), one_line=True)}{_place(error)}")
    _tell("hint: set SCTK_DEBUG=1 to see the traceback, and please report it")
    return 1


def _told(error: SctkError) -> int:
    """The exit code of an error of ours, told; a component may have raised one of a kind of its own."""
    from sctk_core.secrets import unpasted
    from sctk_core.shown import cut

    _tell(f"error: {clean(unpasted(cut(error.message, LONGEST)))}")
    if error.hint:
        _tell(f"hint: {clean(unpasted(cut(error.hint, LONGEST)))}")
    code = error.exit_code
    return code if type(code) is int and code in CODES else 1


def _place(error: BaseException) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return "" if last is None else f" ({last.tb_frame.f_code.co_filename}, line {last.tb_lineno})"


def console() -> NoReturn:
    """The command as a process: what `sctk` on a command line runs."""
    ended(main)


if __name__ == "__main__":
    console()
