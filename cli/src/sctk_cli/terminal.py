"""What may reach a terminal: data on standard output, everything else on standard error, and no text can act on either.

A model's or a user's text is shown with its control characters spelled out, so that it can move no cursor, set no title,
hide no line and write no markup.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO

_BIDI = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_IN_JSON = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What JSON lets stand and a terminal, or whoever prints what was read, should not be given. It stands in strings alone."""


def clean(text: str, *, one_line: bool = False) -> str:
    r"""The text with control characters, direction marks and lone surrogates spelled out; newlines stay unless `one_line`.

    >>> print(clean("a\x1b[31mb\r\x9bc\u202ed"))
    a\x1b[31mb\r\x9bc\u202ed
    >>> clean("two\nlines", one_line=True)
    'two\\nlines'
    """
    secrets = sys.modules.get("sctk_core.secrets")  # nothing is revealed where nobody imported it
    text = secrets.masked(text) if secrets else text
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter, one_line) for letter in text)


def _shown(letter: str, one_line: bool) -> str:
    code = ord(letter)
    if letter == "\n" and not one_line:
        return letter
    if code < 0x20 or 0x7F <= code < 0xA0 or code in _BIDI or 0xD800 <= code < 0xE000 or code in (0x2028, 0x2029):
        return letter.encode("unicode_escape").decode("ascii")
    return letter


def in_json(text: str) -> str:
    r"""A text of JSON that holds the same values, with no character in it that acts on a terminal.

    >>> print(in_json('{"a": "b\u202e\x9bc"}'))
    {"a": "b\u202e\u009bc"}
    """
    return (
        text if text.isascii() and "\x7f" not in text else _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    )


def put_json(value: Any) -> None:
    """One object of data in one line; where standard output is no Unicode, all of it in ASCII."""
    is_unicode = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "").startswith("utf")
    try:
        text = json.dumps(value, ensure_ascii=not is_unicode, allow_nan=False)
    except ValueError as error:
        from sctk_core.errors import CheckFailed  # not before it is needed: `--help` is quick

        raise CheckFailed(
            "got a result that is not finite, wanted numbers that JSON can hold",
            hint="values of more than 10^100, say, cannot be added and squared: scale them",
        ) from error
    put(in_json(text))


def say(line: str) -> None:
    """One line on standard error; a component may have taken that away, or closed it."""
    if place := heard():
        print(line, file=place, flush=True)


def heard() -> TextIO | None:
    """Standard error, or what it was when the process began; None: there is none."""
    return next((one for one in (sys.stderr, sys.__stderr__) if one is not None and not one.closed), None)


def put(line: str = "", *, end: str = "\n") -> None:
    """One line of data on standard output."""
    print(line, end=end)


@contextmanager
def reserved_stdout() -> Iterator[None]:
    """While this holds, whatever prints to standard output (engines, their children) prints to standard error instead."""
    sys.stdout.flush()
    kept, told, own = os.dup(1), sys.stderr, os.getpid()
    os.dup2(2, 1)
    try:
        with redirect_stdout(told):
            yield
    finally:
        if os.getpid() != own:  # a component forked, and came back as another process: nothing here is that one's
            os._exit(1)
        sys.stderr = told
        if place := heard():
            place.flush()
        os.dup2(kept, 1)
        os.close(kept)


class Warnings(logging.Handler):
    """Log records of sctk as one line each on standard error; of an exception its type and message, no traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        """Says the record."""
        from sctk_core.shown import told  # not before it is needed: `--help` is quick

        error = record.exc_info[1] if record.exc_info else None
        cause = "" if error is None else f" ({told(error)})"
        say(f"{record.levelname.lower()}: {clean(record.getMessage() + cause, one_line=True)}")


def hear_warnings() -> None:
    """From now on what core logs is said as lines of ours."""
    log = logging.getLogger("sctk")
    if not any(isinstance(one, Warnings) for one in log.handlers):
        log.addHandler(Warnings())


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Aligned lines under a header; the columns numbered in `right` are numbers. Cells are cleaned to one line.

    >>> print(*table(["stage", "n"], [["draft", "10"], ["why", "2"]], right=[1]), sep="|")
    stage   n|draft  10|why     2
    """
    cells = [list(header), *([clean(cell, one_line=True) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return ["  ".join(_padded(row[n], widths[n], n in right) for n in range(len(row))).rstrip() for row in cells]


def _padded(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)


def shorten(text: str, width: int) -> str:
    """The text in one line of at most `width` characters.

    >>> shorten("a long story", 8)
    'a long …'
    """
    line = clean(text, one_line=True)
    return line if len(line) <= width else line[: width - 1] + "…"
