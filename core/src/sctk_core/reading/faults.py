"""What is wrong with a row, in two voices: a reason to count rows by, with a detail, and the error of who needs every row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from shlex import quote

from sctk_core.errors import ConfigError
from sctk_core.shown import kind_of

_UNPACKED = {".gz": "gunzip -c", ".zst": "zstd -dc"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Why the row at `where` cannot be read: one of few short reasons, and what differs from row to row.

    `of_file` is the hint where the whole file is written in another way, so that leaving out rows would help nobody.
    """

    where: str
    reason: str
    detail: str = ""
    message: str = ""
    hint: str = "mend the row"
    of_file: str = ""

    def error(self) -> ConfigError:
        """The same as an error."""
        detail = f" ({self.detail})" if self.detail else ""
        return ConfigError(self.message or f"{self.where}: got {self.reason}{detail}", hint=self.of_file or self.hint)


def encoded_otherwise(name: str, data: bytes) -> str:
    """What to do with a file with such bytes: the encoding that they may be of, and the command; "": they are torn UTF-8.

    >>> encoded_otherwise("rows.csv", b"caf\\xe9"), encoded_otherwise("rows.csv", b"caf\\xe9 \\xc3\\xa9")
    ('is it CP1252 (Latin-1)? iconv -f CP1252 -t UTF-8 rows.csv > NEW_FILE', '')
    """
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return ""
    if not data.decode("utf-8", "ignore").isascii():
        return ""
    unpack = next((command for ending, command in _UNPACKED.items() if name.lower().endswith(ending)), "")
    change = "iconv -f CP1252 -t UTF-8"
    told = f"{unpack} {quote(name)} | {change}" if unpack else f"{change} {quote(name)}"
    return f"is it CP1252 (Latin-1)? {told} > NEW_FILE"


def no_json(name: str, line: int, error: Exception) -> Fault:
    """The line of the file is no JSON."""
    where = f"{name}:{line}"
    known = isinstance(error, json.JSONDecodeError)
    why, column = (error.msg, f"column {error.colno}") if isinstance(error, json.JSONDecodeError) else (str(error), "")
    return Fault(
        where=where,
        reason="no valid JSON",
        detail=f"{why}, {column}" if known else why,
        message=f"{where}{', ' * known}{column}: got no valid JSON ({why})",
        hint="one object per line, or one array of objects",
        of_file=_otherwise(error, line) if isinstance(error, json.JSONDecodeError) else "",
    )


def _otherwise(error: json.JSONDecodeError, line: int) -> str:
    """What to do with a file of objects that are not one to a line; "": it is none."""
    if line == 1 and error.doc.strip() in ("{", "["):
        return "JSON over several lines is read from a file with the ending .json; or jq -c . FILE > rows.jsonl"
    rest = error.doc[error.pos :].strip() if error.msg == "Extra data" and error.doc.startswith("{") else ""
    if rest.startswith("{"):
        return "objects behind one another in a line: jq -c . FILE > rows.jsonl"
    if rest == ",":
        return "lines that end in commas: sed 's/,[[:space:]]*$//' FILE > rows.jsonl"
    if error.doc.startswith(("{'", "[{'")):
        return f"rows as Python writes them, not JSON: python3 -c '{_FROM_PYTHON}' < FILE > rows.jsonl"
    return ""


_FROM_PYTHON = (
    "import ast, json, sys; [print(json.dumps(ast.literal_eval(line))) for line in sys.stdin if line.strip()]"
)


def no_utf8(name: str, line: int, error: UnicodeDecodeError, start: int) -> Fault:
    """The line of the file is no text; `start` is where in the file the bytes begin of which `error` tells."""
    where, byte = f"{name}:{line}", f"0x{error.object[error.start]:02x}"
    return Fault(
        where=where,
        reason="bytes that are not UTF-8",
        detail=f"byte {byte} at position {error.start}",
        message=f"{where}: got the byte {byte} at position {start + error.start}, wanted UTF-8",
        hint="save the file as UTF-8",
        of_file=encoded_otherwise(name, error.object),
    )


def no_object(where: str, value: object) -> Fault:
    """The row is JSON, and has no columns."""
    shown = "a list" if isinstance(value, list) else f"the value {json.dumps(value)[:60]}"
    return Fault(
        where=where,
        reason=f"no object but {kind_of(value)}",
        message=f"{where}: got {shown}, wanted an object with named columns",
        hint='like {"prompt": "..."}',
        of_file="texts without a column: jq -c '(.[]? // .) | {prompt: .}' FILE > rows.jsonl"
        if isinstance(value, str)
        else "",
    )
