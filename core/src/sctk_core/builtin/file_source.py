"""The source `file`: prompts, or prompts with what was made of them elsewhere, from files of every form that is read.

Training and held-out prompts are split by what they ask, never by row: what belongs together falls on one side (`sides.py`). All
rows are read once when the source is made, so that a bad row is known before anything is paid for, and on which side each falls is
remembered (a byte a row). After that they are streamed (a JSON array is held); a file that was written to in between is an error.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any, Literal

from sctk_core.builtin.columns import Columns, NoPrompt, as_usual, prompt_of
from sctk_core.builtin.filters import Counted, Filter
from sctk_core.builtin.looked import Account, Looked
from sctk_core.builtin.own_tables import no_prompts, run_of
from sctk_core.builtin.sides import Apart, Questions
from sctk_core.builtin.wrapping import Wrapping, templates_in
from sctk_core.config import setting
from sctk_core.conversation import has_unusual_turns, tools_defined
from sctk_core.errors import ConfigError
from sctk_core.identity import content_id, file_digest
from sctk_core.reading import (
    STDIN,
    Form,
    Input,
    Row,
    TextLayout,
    Wanted,
    form_of,
    inputs_at,
    is_stream,
    rows_of,
    spooled,
)
from sctk_core.records import Message, Prompt
from sctk_core.refusals import no_room

Format = Literal["auto", Form]
Paths = str | tuple[str, ...]
_TRAIN, _HELD = 0, 1
MOST_SHAPES = 64
"""Orders of roles of which the longest conversation is kept, to try chat templates on."""


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """How CSV and TSV are laid out."""

    delimiter: str = setting("", help="what parts the fields; else a tab in .tsv, and what the header shows in .csv")
    header: bool = setting(True, help="the first row names the columns; else they are column_1, column_2, ...")
    quotes: bool = setting(True, help='"..." holds delimiters and line feeds; false: quotes are plain text')


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Which rows are prompts, and what is made of them."""

    keep: Mapping[str, Any] | None = setting(
        None,
        help='rows that are prompts: column = "pattern", a regular expression that must be found there, all of them',
    )
    drop: Mapping[str, Any] | None = setting(None, help="rows that are none: as keep, and none of them may be found")
    templates: tuple[str, ...] = setting(
        (), help="texts that prompts are put into; {prompt}, or [INSERT PROMPT HERE], is where; every prompt gets one"
    )
    templates_file: str = setting("", help="a file of more templates (a column `template`)", identity=False)
    held_out_templates: str = setting(
        "", help="a file of those that held-out prompts get in their place (out of distribution)", identity=False
    )
    trim: bool = setting(False, help="take white space off both ends of given drafts and revisions")


class FileSource:
    """Prompts out of files, held-out prompts out of a share of them or out of others."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which files, which columns, and what is held out."""

        path: Paths = setting(
            help="a file, a list of files, a directory of shards or of save_to_disk; - is standard input",
            identity=False,
        )
        columns: Columns = setting(Columns(), help="which column is what; usual names are recognised")
        held_out_share: float = setting(
            0.1, help="share of questions that are kept for evaluation, where held_out names no file", low=0.0, high=0.9
        )
        apart: Apart = setting(Apart(), help="what falls on one side of the split, and how many are held out at least")
        held_out: Paths = setting("", help="another file, with the prompts of evaluation", identity=False)
        format: Format = setting(
            "auto", help="json, jsonl, csv, tsv, parquet or arrow; auto: by the ending, - is jsonl"
        )
        layout: TextTable = setting(TextTable(), help="how CSV and TSV are laid out")
        rows: Rows = setting(Rows(), help="which rows are prompts, and the templates that they are put into")

    def __init__(self, config: Config) -> None:
        self.config = config
        self.name = ", ".join(_names(config.path))
        self._spool = tempfile.TemporaryDirectory(prefix="sctk-")  # empty, save for standard input; goes when this does
        self._found: list[str] = []
        self._files = self._inputs(config.path)
        self._held_files = self._inputs(config.held_out) if config.held_out else []
        self.notes: tuple[str, ...] = ()
        self._n_unusual = 0
        self._longest: dict[tuple[str, ...], tuple[int, str, tuple[Message, ...]]] = {}
        self._filter = Filter(config.rows.keep, config.rows.drop)
        shared = Wrapping((*config.rows.templates, *self._templates(config.rows.templates_file)))
        own = Wrapping(self._templates(config.rows.held_out_templates), config.rows.held_out_templates)
        self._wraps = {_TRAIN: shared, _HELD: own if own.templates else shared}
        self._sides = self._checked()
        self.n_prompts = self._sides.count(_TRAIN)

    def _inputs(self, paths: Paths) -> list[Input]:
        """The files of prompts; a ConfigError where there is none, or nothing in one."""
        given, layout = self.config.format, self.config.layout
        wanted = Wanted(
            form=None if given == "auto" else given,
            layout=TextLayout(delimiter=layout.delimiter, header=layout.header, quotes=layout.quotes),
            of="prompts",
            option='source.format = "jsonl"',
            dash="--prompts -",
        )
        found = [one for name in _names(paths) for one in self._inputs_at(name, wanted)]
        for one in found:
            if not one.size:
                raise ConfigError(
                    f"{one.name}: got an empty file, wanted at least one row", hint="was it written to its end?"
                )
        return found

    def _templates(self, name: str) -> tuple[str, ...]:
        """The templates of a file; none where no file is named."""
        found = self._inputs_at(name, Wanted(of="templates")) if name else []
        return tuple(template for one in found for template in templates_in(rows_of(one)))

    def _inputs_at(self, name: str, wanted: Wanted) -> list[Input]:
        if not is_stream(name):
            run = run_of(Path(name)) if Path(name).is_dir() else None
            if run and not any(Path(name).glob("*.parquet")):
                raise no_prompts(name, "a directory without a table", run)
            return inputs_at(name, wanted, self._found.append)
        place = Path(self._spool.name, content_id("stream", name))
        if place.exists():
            raise ConfigError(f"source: got the stream {name} twice, wanted it once", hint="name it once")
        try:
            return [spooled(place, wanted.form or form_of(name) or "jsonl", wanted.layout, name)]
        except OSError as error:
            told = "standard input" if name == STDIN else name
            raise no_room(error, f"a place for {told}, which is kept below {tempfile.gettempdir()}") or error from error

    def _checked(self) -> bytearray:
        """The side on which each row falls: the one reading in which every row of every file is found to be good."""
        questions, account, held = Questions(self.config.apart), Account(), Account()
        other = ", ".join(_names(self.config.held_out))
        kept, kept_held = Counted(self._filter, self.name), Counted(self._filter, other)
        elsewhere = {questions.add(prompt) for _, prompt in self._read(self._held_files, held, kept_held)}
        given, n_given, n_rows = set(questions.keys), len(questions.keys), 0
        is_split = bool(self._held_files or self.config.held_out_share)
        for where, prompt in self._read(self._files, account, kept):
            n_rows += 1
            if is_split and questions.add(prompt) in elsewhere:
                raise ConfigError(
                    f"{where}: got a prompt that {other} holds out, wanted it in one file only",
                    hint="take it out of one of the files, or leave held_out away and use held_out_share",
                )
        counts = (*kept.notes(), *kept_held.notes())
        self.notes = (*self._found, *counts, *account.notes(self.name), *held.notes(other))
        if self._held_files:
            self.notes += (f"{other}: {len(given):,} questions; {questions.overlap(given)}",)
        if self._held_files or not is_split:
            return bytearray(n_rows)
        held_keys, line = questions.split(self.config.held_out_share)
        self.notes += (f"{self.name}: {line}",)
        return bytearray(_HELD if key in held_keys else _TRAIN for key in questions.keys[n_given:])

    def _read(self, files: Sequence[Input], account: Account, rows: Filter | Counted) -> Iterator[tuple[str, Prompt]]:
        """(place, prompt) of every row of the files that is one; `account` is told how each was read."""
        for one in files:
            for row in map(self._as_usual, rows.through(rows_of(one))):
                prompt, looked = self._first_read(row, one)
                account.add(row, looked)
                self._n_unusual += _is_unusual(prompt.messages)
                for wrap in dict.fromkeys(self._wraps.values()):
                    self._note_shape(row.where, wrap.around(prompt).messages)
                yield row.where, prompt

    def _note_shape(self, where: str, turns: tuple[Message, ...]) -> None:
        """Keeps a conversation that is the longest yet of its roles in their order, of the first so many such orders."""
        shape, size = tuple(turn.role for turn in turns), sum(len(turn.content) for turn in turns)
        known = self._longest.get(shape)
        if (known is None and len(self._longest) < MOST_SHAPES) or (known is not None and known[0] < size):
            self._longest[shape] = (size, where, turns)

    def _first_read(self, row: Row, source: Input) -> tuple[Prompt, Looked]:
        """As `prompt_of`; of a table of a run that has no prompts it is said which tables have."""
        try:
            prompt, looked = prompt_of(row, self.config.columns, trim=self.config.rows.trim)
        except NoPrompt as error:
            run = run_of(source.path) if source.path else None
            raise (no_prompts(source.name, "a table", run) if run else error) from None
        if prompt.given is not None and any(wrap.templates for wrap in self._wraps.values()):
            raise ConfigError(
                f"{row.where}: got source.rows.templates and a draft that answers the bare prompt, wanted one of them",
                hint="take the templates out, or the columns of drafts",
            )
        return prompt, looked

    def digest(self) -> str:
        """32 hex digits over the bytes of all files (templates as read), and how they were split: what can change a run."""
        sides = hashlib.blake2b(self._sides, digest_size=16).hexdigest()
        wraps = [wrap.digest for wrap in self._wraps.values() if wrap.templates]
        return content_id("file", _digest(self._files), _digest(self._held_files), sides, *wraps)

    def prompts(self) -> Iterator[Prompt]:
        """The prompts of training in the order of the file; a prompt that is seen again carries the number of its occurrence."""
        return _counted(map(self._wraps[_TRAIN].around, self._again(self._files, _TRAIN)))

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation, each once: a repeated prompt would count as evidence that it is not."""
        files, side = (self._held_files, None) if self._held_files else (self._files, _HELD)
        prompts = map(self._wraps[_HELD].around, self._again(files, side))
        return (prompt for prompt in _counted(prompts) if prompt.occurrence == 0)

    def unusual(self) -> Iterator[tuple[str, tuple[Message, ...]]]:
        """(place, turns) of the conversations with turns that not every chat template takes, or with tools that may be called; read
        again, where there are any.
        """
        if self._n_unusual:
            read = self._read([*self._files, *self._held_files], Account(), self._filter)
            yield from ((where, prompt.messages) for where, prompt in read if _is_unusual(prompt.messages))

    def longest(self) -> Iterator[tuple[str, tuple[Message, ...]]]:
        """(place, turns) of the longest conversation of each order of roles: what a template may cut, or drop turns of."""
        return ((where, turns) for _, where, turns in self._longest.values() if not _is_unusual(turns))

    def _again(self, files: Sequence[Input], side: int | None) -> Iterator[Prompt]:
        """The prompts of one side (None: of all rows), out of the files as they were when they were checked."""
        for one in files:
            one.check_unchanged()
        rows = map(self._as_usual, self._filter.through(_rows(files)))
        for row in rows if side is None else compress(rows, (one == side for one in self._sides)):
            yield self._prompt(row)
        for one in files:
            one.check_unchanged()

    def _as_usual(self, row: Row) -> Row:
        return as_usual(row, self.config.columns)

    def _prompt(self, row: Row) -> Prompt:
        return prompt_of(row, self.config.columns, trim=self.config.rows.trim)[0]


def _is_unusual(messages: tuple[Message, ...]) -> bool:
    return has_unusual_turns(messages) or bool(tools_defined(messages))


def _names(paths: Paths) -> tuple[str, ...]:
    return (paths,) if isinstance(paths, str) else paths


def _rows(files: Sequence[Input]) -> Iterator[Row]:
    return (row for one in files for row in rows_of(one))


def _digest(files: Sequence[Input]) -> str:
    """Over the bytes of all files in order; of one file its own, of none nothing."""
    digests = [file_digest(one.path) for one in files if one.path]
    return content_id("files", *digests) if len(digests) > 1 else "".join(digests)


def _counted(prompts: Iterator[Prompt]) -> Iterator[Prompt]:
    """The same prompts, equal ones told apart by their occurrence; about 100 bytes are kept for each different prompt."""
    seen: dict[int, int] = {}
    for prompt in prompts:
        key = int(prompt.id[:16], 16)
        occurrence = seen.get(key, 0)
        seen[key] = occurrence + 1
        yield replace(prompt, occurrence=occurrence) if occurrence else prompt
