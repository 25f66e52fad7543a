"""What a file is, by its ending, and how a table of text is laid out. Who reads or writes files says which endings it takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sctk_core.errors import ConfigError

Form = Literal["json", "jsonl", "csv", "tsv", "parquet", "arrow"]
FORMS: tuple[Form, ...] = ("json", "jsonl", "csv", "tsv", "parquet", "arrow")
ENDINGS: dict[str, Form] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
}
PACKINGS = (".gz", ".zst")
"""Endings of packed files, after that of what is packed."""
TYPED: frozenset[Form] = frozenset(("parquet", "arrow"))
"""Forms whose columns have types: they come as frames, the others as lines."""

WRITTEN: frozenset[Form] = frozenset(("csv", "tsv"))
"""Forms that have text alone: lists and objects are written in it."""


@dataclass(frozen=True, kw_only=True)
class TextLayout:
    """How CSV and TSV are laid out; `delimiter` "": by the ending and the header. Without a header: column_1, column_2, ..."""

    delimiter: str = ""
    header: bool = True
    quotes: bool = True

    def __post_init__(self) -> None:
        if len(self.delimiter) > 1 or self.delimiter in tuple('\r\n"'):
            raise ConfigError(
                f"the delimiter: got {self.delimiter!r}, wanted one character, and no quote or line end",
                hint="like , or ; or a tab",
            )


USUAL_LAYOUT = TextLayout()


def form_of(name: str, among: Iterable[str] = tuple(ENDINGS), *, packed: bool = True) -> Form | None:
    """What the ending of a file's name says it is, packed or (`packed`) not; None where it is none of those.

    >>> form_of("rows.JSONL.gz"), form_of("rows.csv.zst", packed=False), form_of("a.csv", [".jsonl", ".parquet"])
    ('jsonl', None, None)
    """
    plain = name.lower()
    for packing in PACKINGS if packed else ():
        plain = plain.removesuffix(packing)
    return next((ENDINGS[ending] for ending in among if plain.endswith(ending)), None)


def endings() -> str:
    """The endings that are read, as a complaint lists them."""
    return f"{', '.join(ENDINGS)}, each also {' or '.join(PACKINGS)}"
