"""The source `file`: prompts, or prompts with what was made of them elsewhere, from JSON, JSONL or Parquet.

Training and held-out prompts are split by the digest of their group (a column, or the prompt's own text), never by row: two
rows that ask the same fall on one side, and a longer file keeps every prompt where it was. All rows are read once when the
source is made, so that a bad row is known before anything is paid for; after that JSONL and Parquet are streamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sctk_core.builtin.columns import Columns, prompt_of
from sctk_core.builtin.rows import Format, rows_of
from sctk_core.config import setting
from sctk_core.errors import ConfigError
from sctk_core.identity import content_id, file_digest, uniform
from sctk_core.records import Prompt


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
        self._elsewhere = self._groups_of_held_out_file()
        self.n_prompts = sum(1 for _ in self.prompts())
        if not self.n_prompts:
            raise ConfigError(
                f"{self.path}: got no prompt to train on, wanted at least one: all are held out",
                hint="lower source.held_out_share, or give held_out a file of its own",
            )

    def digest(self) -> str:
        """32 hex digits over the bytes of the file, and of the held-out file: what of them can change a run."""
        other = file_digest(self.held_out_path) if self.held_out_path else ""
        return content_id("file", file_digest(self.path), other)

    def prompts(self) -> Iterator[Prompt]:
        """The prompts of training in the order of the file; a prompt that is seen again carries the number of its occurrence."""
        return _counted(self._training())

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation, each once: a repeated prompt would count as evidence that it is not."""
        rows = self._read(self.held_out_path or self.path)
        chosen = (prompt for _, prompt in rows if self.held_out_path or self._is_held_out(prompt))
        return (prompt for prompt in _counted(chosen) if prompt.occurrence == 0)

    def _training(self) -> Iterator[Prompt]:
        for where, prompt in self._read(self.path):
            if self._elsewhere and group_of(prompt) in self._elsewhere:
                raise ConfigError(
                    f"{where}: got a prompt that {self.held_out_path} holds out, wanted it in one file only",
                    hint="take it out of one of the files, or leave held_out away and use held_out_share",
                )
            if not self._is_held_out(prompt):
                yield prompt

    def _read(self, path: Path) -> Iterator[tuple[str, Prompt]]:
        """Every row's place and prompt."""
        for row in rows_of(path, self.config.format):
            yield row.where, prompt_of(row, self.config.columns, trim=self.config.trim)

    def _is_held_out(self, prompt: Prompt) -> bool:
        return not self.held_out_path and uniform("held out", group_of(prompt)) < self.config.held_out_share

    def _groups_of_held_out_file(self) -> frozenset[str]:
        if self.held_out_path is None:
            return frozenset()
        return frozenset(group_of(prompt) for _, prompt in self._read(self.held_out_path))


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
