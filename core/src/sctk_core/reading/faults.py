"""What is wrong with a row, in two voices: a reason to count rows by, with a detail, and the error of who needs every row."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sctk_core.errors import ConfigError


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Why the row at `where` cannot be read: one of few short reasons, and what differs from row to row."""

    where: str
    reason: str
    detail: str = ""
    message: str = ""
    hint: str = "mend the row"

    def error(self) -> ConfigError:
        """The same as an error."""
        detail = f" ({self.detail})" if self.detail else ""
        return ConfigError(self.message or f"{self.where}: got {self.reason}{detail}", hint=self.hint)


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
    )


def no_object(where: str, value: object) -> Fault:
    """The row is JSON, and has no columns."""
    shown = "a list" if isinstance(value, list) else f"the value {json.dumps(value)[:60]}"
    return Fault(
        where=where,
        reason=f"no object but a {type(value).__name__}",
        message=f"{where}: got {shown}, wanted an object with named columns",
        hint='like {"prompt": "..."}',
    )
