"""Columns by name: which there are, which is meant, which are no text, and what is said of one that is missing."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence

from sctk_core.config import suggestion
from sctk_core.errors import ConfigError

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
"""A number as it is written where a form has no values but text."""
_SHOWN = 12
_LONGEST_NAME = 5
"""Words that the name of a column has at most."""
_ID = re.compile(r"(.*[_-])?(id|ids|uid|uuid|guid|idx|index|hash|sha1|sha256|md5)|[a-z]+Id", re.DOTALL)

KIND = ("kind", "category", "type", "subject", "source")
"""Columns that say what a row is one of."""
_ABOUT = (
    *KIND,
    "meta",
    "metadata",
    "model",
    "language",
    "lang",
    "split",
    "dataset",
    "domain",
    "topic",
    "level",
    "difficulty",
    "label",
    "license",
    "url",
    "uri",
    "link",
    "path",
    "file",
    "filename",
    "date",
    "time",
    "timestamp",
    "created",
    "created_at",
    "updated_at",
    "author",
    "user",
    "username",
    "version",
    "status",
    "tags",
    "labels",
    "keywords",
    "categories",
    "topics",
)


def listed(names: Sequence[str]) -> str:
    """Column names as a complaint lists them.

    >>> listed([]), listed(["a", "b"])
    ('none', 'a, b')
    """
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown or "none"


def named_usually(usual: Sequence[str], names: Container[str]) -> list[str]:
    """Those of the usual names that are there, the most usual first."""
    return [name for name in usual if name in names]


def is_id(name: str) -> bool:
    """Whether a column is called as identifiers are: such a column is never the text.

    >>> [is_id(name) for name in ("id", "ID", "prompt_id", "exampleId", "idea", "paid")]
    [True, True, True, True, False, False]
    """
    return bool(_ID.fullmatch(name) or _ID.fullmatch(name.lower()))


def is_about(name: str) -> bool:
    """Whether a column is called as what only tells of a row: such a column is the text only where it is named.

    >>> is_about("category"), is_about("prompt_id"), is_about("story")
    (True, True, False)
    """
    return name.lower() in _ABOUT or is_id(name)


def holds_text(value: object) -> bool:
    """Whether there is a text in a value, however deep.

    >>> holds_text({"a": [1, "x"]}), holds_text([1, None, " "])
    (True, False)
    """
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, dict):
        return any(map(holds_text, value.values()))
    return isinstance(value, list) and any(map(holds_text, value))


def is_bare(cell: object) -> bool:
    """Whether a cell of a table of text holds a number, or true or false, which any other form would not hold as text.

    >>> [is_bare(cell) for cell in ("-1.5e3", "TRUE", "1a", "", 7)]
    [True, True, False, False, False]
    """
    return isinstance(cell, str) and (NUMBER.fullmatch(cell) is not None or cell.strip().lower() in ("true", "false"))


def truth_in(cell: object) -> object:
    """A cell of a table of text that holds true or false in any capitals, as the truth value that other forms have; else itself.

    >>> [truth_in(cell) for cell in ("True", "FALSE", "Truth", "1")]
    [True, False, 'Truth', '1']
    """
    low = cell.strip().lower() if isinstance(cell, str) else ""
    return low == "true" if low in ("true", "false") else cell


def headless(names: Iterable[str]) -> str:
    """What to do where the names of a table of text are texts themselves; "": they are none.

    >>> headless(["How are you?", "fine"])[:27], headless(["Frage", "Antwort 1"])
    ('if that line is no header, ', '')
    """
    if not any(len(name.split()) > _LONGEST_NAME or name.rstrip().endswith(tuple("?.!")) for name in names):
        return ""
    return "if that line is no header, say so (source.layout.header = false, --no-header), and name column_1, column_2, ..."


def no_column(
    where: str, name: str, names: Iterable[str], *, wanted: str = "", hint: str = "name a column that is there"
) -> ConfigError:
    """What is said of a column that was named and is not there; `wanted` says what for, `hint` where nothing is near."""
    there = list(names)
    purpose = f", wanted it for {wanted}" if wanted else ""
    return ConfigError(
        f"{where}: got no column {name!r} (columns: {listed(there)}){purpose}", hint=suggestion(name, there) or hint
    )
