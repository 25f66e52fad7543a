"""What a command says of the columns that it looked at: the form that rows were read as, and what holds text and was not read."""

from __future__ import annotations

from typing import Any

from sctk_core.reading import TextColumn, listed


def looked_at(column: TextColumn, *, of: str = "") -> dict[str, Any]:
    """The same for machines; `of` begins the keys ("against_")."""
    return {f"{of}column": column.name, f"{of}read_as": column.read_as, f"{of}unread": column.unread}


def read_as(column: TextColumn, *, of: str = "") -> list[str]:
    """The line that says what rows were read as, if they have a form; `of` says whose ("held-out rows ")."""
    return [f"{of}read as {' and '.join(column.read_as)}: {column.name}"] if column.read_as else []


def unread(column: TextColumn, *, of: str = "") -> list[str]:
    """The line that names what was not read, if there is such a column."""
    return [f"{of}not read, and holding text: {listed(column.unread)}"] if column.unread else []
