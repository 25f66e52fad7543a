"""What becomes of rows in a table: they are written as columns and read again, and must be the same records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sctk_core.boundary import told
from sctk_core.store.rows import frame, parents_of, record_from, schema, whole


def stored(kind: type, rows: Sequence[Any]) -> tuple[list[Any], str]:
    """The rows as a later pass reads them, and what is wrong with them ("": nothing); a row that broke is as it was."""
    try:
        kinds = schema(kind, full=True)
        table = frame(kinds, [whole(row) for row in rows]).to_dicts()
        read = [record_from(kind, row, parents_of(row)) for row in table]
    except Exception as error:  # noqa: BLE001 - a record type of a method's own is a component's code
        return list(rows), f"a row of {kind.__name__} cannot be stored and read again: {told(error)}"
    for row, again in zip(rows, read, strict=True):
        if row != again:
            return read, f"a row of {kind.__name__} is another when it is read again: {again!r:.200}"
    return read, ""
