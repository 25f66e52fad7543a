"""One part of a run on disk: its items by number in input order, gathered until a range is whole, then sealed as a shard.

A shard exists when the part's list of shards (`shards.jsonl`, one line each, only ever appended to) names it. It is written
before its line, and its items are forgotten after it: killed in between, the range is known to be sealed when the part is opened
again. What is torn (a digest that does not fit) is made again from the replies.
"""

from __future__ import annotations

import bisect
import heapq
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sctk_core.errors import StoreError
from sctk_core.identity import file_digest
from sctk_core.store.columns import unlike
from sctk_core.store.failures import writing
from sctk_core.store.layout import Layout
from sctk_core.store.progress import Progress, TableRows
from sctk_core.store.shards import columns_at, read_shards, write_shard
from sctk_core.store.whole import bytes_of, through_no_link, write_whole

_SHARD = re.compile(r"(?!\.\.?/)[^/\x00]+/\d{5,}\.parquet")
Kinds = Mapping[str, Mapping[str, str]]
"""table -> column -> kind of its values."""


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One sealed range of items (first..stop-1): its files by table, with the digest of their bytes."""

    first: int
    stop: int
    files: Mapping[str, str]


def shards_of(layout: Layout, part: str) -> list[Shard]:
    """The sealed shards of a part in input order, as its list names them; a line that was torn off names nothing."""
    path = layout.place / part / "shards.jsonl"
    found: dict[int, Shard] = {}
    for line in bytes_of(path).splitlines() if path.is_file() else []:
        shard = _shard_in(line, part)
        if shard is not None:
            found[shard.first] = shard
    return [found[first] for first in sorted(found)]


def _shard_in(line: bytes, part: str) -> Shard | None:
    """The shard that a line names, None where the line is torn or names files that are not the part's."""
    try:
        shard = Shard(**json.loads(line))
        numbers = (type(shard.first), type(shard.stop)) == (int, int) and 0 <= shard.first < shard.stop
        theirs = [
            name
            for name in shard.files
            if not (name.startswith(f"{part}/") and _SHARD.fullmatch(name.removeprefix(f"{part}/")))
        ]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return shard if numbers and not theirs else None


def files_of(layout: Layout, shards: Sequence[Shard], table: str) -> list[Path]:
    """The files of one table of a part, in the order of its shards."""
    return [layout.place / name for shard in shards for name in shard.files if Path(name).parent.name == table]


def is_whole(layout: Layout, shard: Shard, types: Mapping[str, str]) -> bool:
    """Whether all files of a shard are there and hold what was written; `types` are those of the part's tables."""
    return all(
        _is_as_written(layout.place / name, digest, types.get(Path(name).parent.name))
        for name, digest in shard.files.items()
    )


def _is_as_written(file: Path, digest: str, kind: str | None) -> bool:
    if not file.is_file() or file_digest(file) != digest:
        return False
    try:
        return kind is None or not unlike(columns_at(file), kind)
    except StoreError:  # a stranger's, whose digest is right: no table at all
        return False


def list_digest(layout: Layout, part: str) -> str:
    """The digest of a part's list of shards; "" where there is none."""
    path = layout.place / part / "shards.jsonl"
    return file_digest(path) if path.is_file() else ""


class StoredPart:
    """A part that is being written, or is complete."""

    def __init__(
        self, layout: Layout, name: str, tables: Kinds, progress: Progress, shard_rows: int,
        types: Mapping[str, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.name, self.tables, self._types = name, tables, types
        self._layout, self._progress, self._shard_rows = layout, progress, shard_rows
        self.shards = self._whole_shards()
        self._counts: Counter[int] = Counter()
        self._full: set[int] = set()
        self._total: int | None = None
        progress.mend(name)
        for shard in self.shards:
            progress.drop(name, shard.first, shard.stop)
        self._sealed = {shard.first // shard_rows for shard in self.shards}
        for number in progress.finished(name):
            self._counts[number // shard_rows] += 1

    def _whole_shards(self) -> list[Shard]:
        shards = shards_of(self._layout, self.name)
        whole = [shard for shard in shards if is_whole(self._layout, shard, self._types)]
        if len(whole) < len(shards):
            self._list(whole)
        return whole

    def finished(self) -> Iterator[int]:
        """The numbers of the finished items, rising."""
        sealed = (number for shard in list(self.shards) for number in range(shard.first, shard.stop))
        return heapq.merge(sealed, self._progress.finished(self.name))

    def finish(self, number: int, rows: TableRows) -> Any:
        """Keeps a finished item, and seals its range when that was the last one missing; done when it is on disk."""
        block = number // self._shard_rows

        def committed() -> None:
            self._counts[block] += 1
            if self._counts[block] == self._shard_rows:
                self._full.add(block)

        return self._progress.scribe.written(self._progress.put(self.name, number, rows, committed))

    def seal(self) -> None:
        """Seals what is whole; runs in the thread that writes."""
        while self._full:
            block = self._full.pop()
            first = block * self._shard_rows
            self._seal(block, first, first + self._shard_rows)
        if self._total is not None:
            for block in range(-(-self._total // self._shard_rows)):
                first = block * self._shard_rows
                self._seal(block, first, min(first + self._shard_rows, self._total))

    def _seal(self, block: int, first: int, stop: int) -> None:
        if block in self._sealed or self._progress.count(self.name, first, stop) < stop - first:
            return
        self._write(first, stop, self._progress.take(self.name, first, stop))
        self._progress.drop(self.name, first, stop)
        self._counts.pop(block, None)

    def end(self, total: int) -> None:
        """Seals what is left; afterwards the part holds `total` items, or a StoreError says how many it lacks."""
        self._total = total
        self._progress.scribe.write(lambda _: None)
        held = sum(shard.stop - shard.first for shard in self.shards)
        if held != total:
            raise StoreError(f"{self._layout.root}: {self.name}: {total - held} items are missing", hint="run again")
        self._total = None
        self._list(self.shards)

    def seal_all(self, items: Iterator[TableRows]) -> int:
        """Seals what is made all at once, and could be made again: shard by shard, without keeping single items."""
        total, block = 0, list[TableRows]()
        for item in items:
            block.append(item)
            total += 1
            if len(block) == self._shard_rows:
                self._write(total - len(block), total, block)
                block = []
        if block:
            self._write(total - len(block), total, block)
        self._list(self.shards)
        return total

    def _write(self, first: int, stop: int, items: Any) -> None:
        """One shard, named in the list when its files are there."""
        block = first // self._shard_rows
        if block in self._sealed:
            return
        gathered: dict[str, list[Any]] = {table: [] for table in self.tables}
        for rows in items:
            for table, found in rows.items():
                gathered[table] += found
        files = {}
        for table, kinds in self.tables.items():
            name = self._layout.shard(self.name, table, block)
            files[name] = write_shard(self._layout.place / name, kinds, gathered[table])
        self._append(Shard(first=first, stop=stop, files=files))
        self._sealed.add(block)

    def _append(self, shard: Shard) -> None:
        path = self._layout.place / self.name / "shards.jsonl"
        with writing(path), open(path, "ab", opener=through_no_link) as file:
            start = b"\n" if file.tell() else b""
            file.write(start + json.dumps(asdict(shard), sort_keys=True).encode())
            file.flush()
            os.fsync(file.fileno())
        bisect.insort(self.shards, shard, key=lambda one: one.first)

    def _list(self, shards: Sequence[Shard]) -> None:
        """Writes the list of shards anew."""
        path = self._layout.place / self.name / "shards.jsonl"
        write_whole(path, "\n".join(json.dumps(asdict(shard), sort_keys=True) for shard in shards))

    @property
    def digest(self) -> str:
        """The digest of the list of shards."""
        return list_digest(self._layout, self.name)

    def files(self, table: str) -> list[Path]:
        """The sealed shards of a table, in input order."""
        return files_of(self._layout, self.shards, table)

    def rows(self, table: str, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """All sealed rows of a table, in input order, or some of their columns."""
        return read_shards(self.files(table), columns)

    def forget(self) -> None:
        """Takes the part away, to be made anew."""
        self._progress.drop(self.name)
        for table in self.tables:
            folder = self._layout.place / self.name / table
            with writing(folder):
                if folder.exists():
                    shutil.rmtree(folder)
        if self.shards:
            self._list([])
        self.shards, self._sealed, self._counts = [], set(), Counter()
        self._full, self._total = set(), None
