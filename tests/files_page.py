"""The part of docs/data.md on files, made by giving every kind of file to every command: `python tests/files_page.py` writes it."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import polars as pl
from backports import zstd
from sctk_cli.main import main as sctk
from sctk_core import ConfigError
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse

PAGE = Path(__file__).parents[1] / "docs/data.md"
BEGIN, END = "<!-- files: made by tests/files_page.py -->", "<!-- end of files -->"
ROWS = [{"prompt": f"Question {n}?", "answers": ["a", "b"], "input_ids": [n, n]} for n in (1, 2)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
FRAME = pl.DataFrame(ROWS)
CSV = FRAME.select("prompt", pl.lit("007").alias("id")).write_csv
COMMANDS: dict[str, list[str]] = {
    "`dedup`": ["dedup", "--exact", "--column", "prompt"],
    "`decontaminate`": ["decontaminate", "--against", "held.jsonl", "--column", "prompt"],
    "`consistency`": ["consistency", "--column", "answers"],
    "`pack`": ["pack", "--capacity", "8", "--column", "input_ids"],
}


def _into(write: Callable[[Any], Any]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def _saved(path: Path) -> None:
    """As `save_to_disk` of Hugging Face datasets writes it."""
    path.mkdir(parents=True)
    FRAME.write_ipc_stream(path / "data-00000-of-00001.arrow")
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": None}
    (path / "state.json").write_text(json.dumps(state))
    (path / "dataset_info.json").write_text("{}")


def _splits(path: Path) -> None:
    for split in ("train", "test"):
        _saved(path / split)
    (path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')


def _shards(path: Path) -> None:
    path.mkdir()
    (path / "0.jsonl.gz").write_bytes(gzip.compress(LINES))
    FRAME.write_parquet(path / "1.parquet")
    (path / "README.md").write_text("")


ARRAY, PARQUET, ARROW = json.dumps(ROWS).encode(), _into(FRAME.write_parquet), _into(FRAME.write_ipc_stream)
FILES: dict[str, bytes | Callable[[Path], Any]] = {
    "a.jsonl": LINES, "a.ndjson": LINES, "a.json": ARRAY, "lines.json": LINES, "a.csv": _into(CSV),
    "semicolons.csv": _into(lambda file: CSV(file, separator=";")), "a.tsv": _into(lambda file: CSV(file, separator="\t")),
    "a.parquet": PARQUET, "a.pq": PARQUET, "a.arrow": ARROW,
    "a.jsonl.gz": gzip.compress(LINES), "a.json.zst": zstd.compress(ARRAY), "a.csv.gz": gzip.compress(_into(CSV)),
    "two.jsonl.zst": zstd.compress(LINES[:9]) + zstd.compress(LINES[9:]), "a.parquet.zst": zstd.compress(PARQUET),
    "a.arrow.gz": gzip.compress(ARROW), "no-longer-packed.jsonl.gz": LINES, "a[1]*?.jsonl": LINES, "~a.jsonl": LINES,
    "shards": _shards, "saved": _saved, "splits": _splits, "-": LINES,
    "a.txt": LINES, "a.jsonl.xz": b"", "a.xlsx": b"", "pipe.jsonl": os.mkfifo, "utf-16.jsonl": LINES.decode().encode("utf-16"),
    "cut.jsonl.gz": gzip.compress(LINES)[:-9], "cut.parquet": PARQUET[:-9], "ragged.csv": b"prompt,id\na,b,c\n",
    "open-quote.csv": b'prompt,id\n"a,b\nc,d\n', "twice.csv": b"id,id\na,b\n", "empty.jsonl": b"", "nowhere.jsonl": os.fspath,
}  # fmt: skip
"""The name of a file: its bytes, or what makes it."""


def part() -> str:
    """The whole part, its marks included."""
    with tempfile.TemporaryDirectory() as folder, _inside(folder):
        Path("held.jsonl").write_bytes(LINES.replace(b"Question 2", b"Another one of quite some length"))
        rows = [_row(name) for name in FILES]
    head = ["a file", "`sctk run`", *(f"`sctk data` {name}" for name in COMMANDS), "what is said"]
    return "\n".join([BEGIN, "", _line(head), _line("---" for _ in head), *map(_line, rows), END]) + "\n"


@contextmanager
def _inside(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _row(name: str) -> list[str]:
    """What each command makes of a file: rows read, or that it is refused; and what is said, each thing once."""
    content = FILES[name]
    if not isinstance(content, bytes):
        content(Path(name))
    elif name != "-":
        Path(name).write_bytes(content)
    found = [_run(name), *(_data(name, words) for words in COMMANDS.values())]
    said = dict.fromkeys(line for _, lines in found for line in lines)
    return [f"`{name}{'/' if Path(name).is_dir() else ''}`", *(cell for cell, _ in found), "; ".join(said)]


@contextmanager
def _standard_input(name: str) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(LINES if name == "-" else b"")))  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.stdin = before


def _run(name: str) -> tuple[str, list[str]]:
    options = {"path": name, "held_out_share": 0.0}
    try:
        with _standard_input(name):
            source = FileSource(parse(FileSource.Config, options, where="[source]"))
    except ConfigError as error:
        return "refused", [error.message, *([f"hint: {error.hint}"] if error.hint else [])]
    of_files = [note for note in source.notes if "read as shards" in note or "save_to_disk" in note]
    return f"{source.n_prompts} prompts", of_files


def _data(name: str, words: list[str]) -> tuple[str, list[str]]:
    command, *options = words
    said = io.StringIO()
    with _standard_input(name), redirect_stderr(said):
        code = sctk(["data", command, name, *options, "--out", "out.jsonl", "--force"])
    lines = said.getvalue().splitlines()
    if code:
        told = [line.removeprefix("error: ") for line in lines if line.startswith(("error: ", "hint: "))]
        return "refused", [line for line in told if "--skip-bad" not in line]
    n_rows = next(found[1] for line in lines if (found := re.match(r"(\d+) (?:rows|questions)\b", line)))
    return f"{n_rows} rows", [line.removeprefix("note: ") for line in lines if line.startswith("note: ")]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    """Puts the part into its page."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(before + part() + rest.partition(END + "\n")[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
