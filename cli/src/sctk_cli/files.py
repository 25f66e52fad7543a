"""The rows of what a command is given: files of every form, directories, standard input; what was made of them is a note."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sctk_cli.terminal import clean, say

if TYPE_CHECKING:
    from sctk_core.reading import Input, Row


def rows_in(name: str) -> Iterator[Row]:
    """All rows in order; a stream is kept in a temporary directory while they are read. What is no row is a ConfigError."""
    from sctk_core.reading import rows_of

    with tempfile.TemporaryDirectory(prefix="sctk-") as place:
        for source in _sources(name, Path(place)):
            yield from rows_of(source)


def _sources(name: str, place: Path) -> list[Input]:
    from sctk_core.reading import TextLayout, Wanted, form_of, inputs_at, is_stream, spooled
    from sctk_core.refusals import no_room

    if not is_stream(name):
        return inputs_at(name, Wanted(), lambda text: say(f"note: {clean(text, one_line=True)}"))
    try:
        return [spooled(place / "stream", form_of(name) or "jsonl", TextLayout(), name)]
    except OSError as error:
        raise no_room(error, f"a place for {name}, which is kept below {tempfile.gettempdir()}") or error from error
