"""The source `file`: prompts, or prompts with what was made of them elsewhere, from JSON, JSONL or Parquet.

Training and held-out prompts are split by the digest of their group (a column, or the prompt's own text), never by row: two
rows that ask the same fall on one side, and a longer file keeps every prompt where it was. All rows are read once when the
source is made, so that a bad row is known before anything is paid for, and on which side each falls is remembered (a byte a row).
After that JSONL and Parquet are streamed, and a file that was written to in between is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Literal

from sctk_core.builtin.columns import Columns, prompt_of
from sctk_core.config import setting
from sctk_core.errors import ConfigError
from sctk_core.identity import content_id, file_digest, uniform
from sctk_core.reading import Form, Input, Row, check_readable, form_of, rows_of
from sctk_core.records import Prompt

Format = Literal["auto", Form]
_TRAIN, _HELD = 0, 1
ENDINGS = (".json", ".jsonl", ".ndjson", ".parquet", ".pq")


class FileSource:
    """Prompts out of one file, held-out prompts out of a share of it or out of another file."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which file, which columns, and what is held out."""

        path: str = setting(help="a JSON (array), JSONL or Parquet file", identity=False)
        columns: Columns = setting(Columns(), help="which column is what; usual names are recognised")
        held_out_share: float = setting(
            0.1, help="share of groups that are kept for evaluation, where held_out names no file", low=0.0, high=0.9
        )
        held_out: str = setting("", help="another file, with the prompts of evaluation", identity=False)
        format: Format = setting("auto", help="json, jsonl or parquet; auto: by the ending")
        trim: bool = setting(False, help="take white space off both ends of given drafts and revisions")

    def __init__(self, config: Config) -> None:
        self.config = config
        self.path = Path(config.path).expanduser()
        self.held_out_path = Path(config.held_out).expanduser() if config.held_out else None
        self._rows = _input(self.path, config.format)
        self._held_rows = _input(self.held_out_path, config.format) if self.held_out_path else self._rows
        self._sides = self._checked()
        self.n_prompts = self._sides.count(_TRAIN)
        if not self.n_prompts:
            raise ConfigError(
                f"{self.path}: got no prompt to train on, wanted at least one: all are held out",
                hint="lower source.held_out_share, or give held_out a file of its own",
            )

    def _checked(self) -> bytearray:
        """The side on which each row falls: the one reading in which every row of every file is found to be good."""
        elsewhere: set[str] = set()
        if self.held_out_path:
            elsewhere = {group_of(self._prompt(row)) for row in rows_of(self._held_rows)}
        sides = bytearray()
        for row in rows_of(self._rows):
            group = group_of(self._prompt(row))
            if group in elsewhere:
                raise ConfigError(
                    f"{row.where}: got a prompt that {self.held_out_path} holds out, wanted it in one file only",
                    hint="take it out of one of the files, or leave held_out away and use held_out_share",
                )
            shared = not self.held_out_path and uniform("held out", group) < self.config.held_out_share
            sides.append(_HELD if shared else _TRAIN)
        return sides

    def digest(self) -> str:
        """32 hex digits over the bytes of the file, and of the held-out file: what of them can change a run."""
        other = file_digest(self.held_out_path) if self.held_out_path else ""
        return content_id("file", file_digest(self.path), other)

    def prompts(self) -> Iterator[Prompt]:
        """The prompts of training in the order of the file; a prompt that is seen again carries the number of its occurrence."""
        return _counted(self._again(self._rows, _TRAIN))

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation, each once: a repeated prompt would count as evidence that it is not."""
        side = None if self.held_out_path else _HELD
        return (prompt for prompt in _counted(self._again(self._held_rows, side)) if prompt.occurrence == 0)

    def _again(self, source: Input, side: int | None) -> Iterator[Prompt]:
        """The prompts of one side (None: of the whole file), out of the file as it was when it was checked."""
        source.check_unchanged()
        rows = rows_of(source)
        for row in rows if side is None else compress(rows, (one == side for one in self._sides)):
            yield self._prompt(row)
        source.check_unchanged()

    def _prompt(self, row: Row) -> Prompt:
        return prompt_of(row, self.config.columns, trim=self.config.trim)


def _input(path: Path, format: Format) -> Input:  # noqa: A002 - the setting's own name
    """The file of prompts; a ConfigError where there is none, or nothing in it, or its ending says nothing."""
    if path.is_dir():
        raise ConfigError(f"{path}: got a directory, wanted a file", hint="name one JSON, JSONL or Parquet file")
    check_readable(str(path), of="prompts")
    form = form_of(path.name, ENDINGS) if format == "auto" else format
    found = Input.at(path, form or "jsonl")
    if not found.size:
        raise ConfigError(f"{path}: got an empty file, wanted at least one row", hint="was it written to its end?")
    if form is None:
        raise ConfigError(
            f"{path}: got the ending {path.suffix!r}, wanted {', '.join(ENDINGS)}",
            hint='rename it, or say what it is with source.format = "jsonl"',
        )
    return found


def group_of(prompt: Prompt) -> str:
    """The digest of what a prompt is about: its group, or else what it asks, apart from case and white space."""
    about = prompt.meta.get("group") or "\n".join(
        message.content for message in prompt.messages if message.role == "user"
    )
    return content_id("group", " ".join(about.split()).casefold())


def _counted(prompts: Iterator[Prompt]) -> Iterator[Prompt]:
    """The same prompts, equal ones told apart by their occurrence; about 100 bytes are kept for each different prompt."""
    seen: dict[int, int] = {}
    for prompt in prompts:
        key = int(prompt.id[:16], 16)
        occurrence = seen.get(key, 0)
        seen[key] = occurrence + 1
        yield replace(prompt, occurrence=occurrence) if occurrence else prompt
