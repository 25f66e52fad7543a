"""Random rows in files of every form, through every command: `python core/tests/readers_fuzz.py SECONDS [SEED]`.

A case is drawn from a seed of its own: rows of a form of the field with odd columns beside them, a file of JSON, JSONL, CSV, TSV,
Parquet or Arrow, packed or not, a directory of shards or of save_to_disk, or standard input, and what reads it: a run's source,
`sctk data` dedup, decontaminate, consistency, pack. What was read is what was written, each row and each column of text that is
left out is told; what is damaged gives an error with a hint, or rows of which each is read or counted. Nothing panics.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import math
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd
from rows_world import a_row
from sctk_cli.main import main as sctk
from sctk_core import ConfigError
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
from sctk_core.reading import holds_text, is_bare, is_id
from test_rows_at_random import check_seed

Rows = list[dict[str, Any]]
Prompts = list[tuple[list[tuple[str, str]], tuple[str, ...]]]
WORDS = (
    "river", "Ada", "12", "-5.0", "x > 3", "é", "e\u0301", "你好", "ไทยดี", '"q"', "a,b", "a;b", "a\tb", "line\nbreak",
    '{"a": 1}', "007", "true", "None", "NaN", "=1+1", "  pad  ", "\u200b", "\\n", "<|im_end|>", "A", "1e5", "\u2028",
    "['a', 'b']", "[1, 2]", "null", "#hash", "Human: hi", "/", "हिन्दी", "مُحَمَّد", "🎬",
)  # fmt: skip


# rows


def text(draw: Random) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(draw.choice((1, 1, 2, 5)))) + draw.choice(("", ".", "?"))


def turns(draw: Random, user: str, assistant: str, who: str, said: str) -> list[dict[str, str]]:
    return [{who: (user, assistant)[n % 2], said: text(draw)} for n in range(draw.choice((1, 2, 3, 4)))]


def a_reply(draw: Random, asked: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": text(draw)}]


def a_pair(draw: Random) -> dict[str, Any]:
    asked = text(draw)
    return {"prompt": asked, "chosen": a_reply(draw, asked), "rejected": a_reply(draw, asked)}


def a_call(draw: Random) -> list[dict[str, Any]]:
    function = {"name": "find", "arguments": json.dumps({"x": text(draw)})}
    calls = [{"id": "1", "type": "function", "function": function}]
    return [
        {"role": "user", "content": text(draw)},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "1", "content": text(draw)},
    ]


FORMS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "prompts": lambda draw: {"id": "7", "prompt": text(draw)},
    "messages": lambda draw: {"messages": turns(draw, "user", "assistant", "role", "content")},
    "messages as JSON text": lambda draw: {"messages": json.dumps(turns(draw, "user", "assistant", "role", "content"))},
    "text parts": lambda draw: {"messages": [{"role": "user", "content": [{"type": "text", "text": text(draw)}]}]},
    "turns of tools": lambda draw: {"messages": a_call(draw)},
    "ShareGPT": lambda draw: {"conversations": turns(draw, "human", "gpt", "from", "value")},
    "Alpaca": lambda draw: {
        "instruction": text(draw), "input": draw.choice(("", text(draw))), "output": text(draw),
    },
    "Dolly": lambda draw: {
        "instruction": text(draw), "context": draw.choice(("", text(draw))), "response": text(draw), "category": "open_qa",
    },
    "SQuAD": lambda draw: {
        "context": text(draw), "question": text(draw), "answers": {"text": [text(draw)], "answer_start": [1]},
    },
    "several contexts": lambda draw: {"question": text(draw), "contexts": [text(draw), text(draw)], "answer": text(draw)},
    "titles": lambda draw: {
        "question": text(draw), "context": {"title": ["A", "B"], "sentences": [[text(draw)], [text(draw)]]},
        "answer": text(draw),
    },
    "several answers": lambda draw: {"question": text(draw), "answer": [text(draw), text(draw)]},
    "aliases": lambda draw: {"question": text(draw), "answer": {"value": text(draw), "aliases": [text(draw)]}},
    "true or false": lambda draw: {"question": text(draw), "passage": text(draw), "answer": draw.random() < 0.5},
    "numbers": lambda draw: {"question": text(draw), "answer": draw.choice((1, 2, 300))},
    "problems": lambda draw: {"problem": text(draw), "solution": text(draw)},
    "preference rows": lambda draw: {"prompt": text(draw), "chosen": text(draw), "rejected": text(draw)},
    "preferred turns": a_pair,
    "transcripts": lambda draw: {
        "chosen": f"\n\nHuman: {draw.choice(('Why', 'Who'))}?\n\nAssistant: {draw.randrange(9)}",
        "rejected": "\n\nHuman: Why?\n\nAssistant: No",
    },
    "several completions": lambda draw: {
        "instruction": text(draw), "completions": [{"model": one, "response": text(draw)} for one in "ab"],
    },
    "KTO": lambda draw: {"prompt": text(draw), "completion": text(draw), "label": draw.random() < 0.5},
    "options": lambda draw: {
        "question": text(draw), "choices": [text(draw) + "1", text(draw) + "2"], "answer": draw.choice((0, 1)),
    },
    "options with labels": lambda draw: {
        "question": text(draw), "choices": {"text": [text(draw) + "1", text(draw) + "2"], "label": ["A", "B"]},
        "answerKey": draw.choice("AB"),
    },
}  # fmt: skip
BESIDE: dict[str, Callable[[Random, int], Any]] = {
    "id": lambda draw, n: n,
    "uuid": lambda draw, n: f"{n}-{text(draw)}",
    "notes": lambda draw, n: text(draw),
    "meta": lambda draw, n: {"source": text(draw), "n": n},
    "category": lambda draw, n: draw.choice(("a", "b")),
    "score": lambda draw, n: n / 4,
    "nothing": lambda draw, n: None,
    "maybe": lambda draw, n: None if n % 2 else text(draw),
    "a b": lambda draw, n: [text(draw), str(n)],
    "é": lambda draw, n: n % 2 == 0,
}
"""Columns that rows may have besides."""


def some_rows(draw: Random, form: str, n: int) -> Rows:
    """Rows of one form, with columns beside it, the same in all."""
    first = FORMS[form](draw)
    beside = [name for name in BESIDE if name not in first and draw.random() < 0.15]
    rows = [FORMS[form](draw) for _ in range(n)]
    return [row | {name: BESIDE[name](draw, at) for name in beside} for at, row in enumerate(rows)]


# files


def cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def table(rows: Rows, delimiter: str, quoting: int = csv.QUOTE_ALL, end: str = "\r\n") -> bytes:
    file, names = io.StringIO(), list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerows([names, *([cell(row.get(name)) for name in names] for row in rows)])
    return file.getvalue().encode()


def parquet(rows: Rows) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def arrow(rows: Rows) -> bytes:
    file = io.BytesIO()
    found = pa.Table.from_pylist(rows)
    with pa.ipc.new_stream(file, found.schema) as writer:
        writer.write_table(found)
    return file.getvalue()


def lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


FILES: dict[str, Callable[[Rows], bytes]] = {
    "json": lambda rows: json.dumps(rows).encode(),
    "csv": lambda rows: table(rows, ","),
    "tsv": lambda rows: table(rows, "\t"),
    "parquet": parquet,
    "arrow": arrow,
    "jsonl": lines,
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}
TYPED, WRITTEN = ("parquet", "arrow"), ("csv", "tsv")


def bytes_of(rows: Rows, form: str, draw: Random) -> bytes:
    """A file of that form, as one of those who write it does."""
    end, mark = draw.choice(("\n", "\r\n")), draw.choice((b"", b"", b"\xef\xbb\xbf"))
    if form in WRITTEN:
        several = len({name for row in rows for name in row}) > 1  # else the header shows no delimiter
        delimiter = "\t" if form == "tsv" else draw.choice(",;|") if several else ","
        return mark + table(rows, delimiter, draw.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)), end)
    if form == "json":
        return mark + json.dumps(rows, ensure_ascii=draw.random() < 0.5, indent=draw.choice((None, 1))).encode()
    if form == "jsonl":
        written = [json.dumps(row, ensure_ascii=draw.random() < 0.5) for row in rows]
        return mark + (draw.choice((end, end * 2)).join(written) + draw.choice(("", end))).encode()
    return FILES[form](rows)


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a command is told to read: a name, and for standard input its form and bytes. `rows` are what is in it."""

    name: str
    rows: Rows
    forms: tuple[str, ...]
    data: bytes = b""

    @property
    def options(self) -> list[str]:
        return ["--format", self.forms[0]] if self.name == "-" else []


def as_read(rows: Rows, form: str) -> Rows:
    """Rows as a file of that form holds them: text alone in CSV, one type in each column of a table."""
    if form in WRITTEN:
        names = list(dict.fromkeys(name for row in rows for name in row))
        return [{name: cell(row.get(name)) or None for name in names} for row in rows if names]
    return pa.Table.from_pylist(rows).to_pylist() if form in TYPED else rows


def put(rows: Rows, folder: Path, draw: Random, forms: Sequence[str] = tuple(FILES)) -> Place:
    """The rows in a file, a directory, or standard input."""
    form, kind = draw.choice(forms), draw.choice(("file", "file", "file", "shards", "saved", "stdin"))
    packing = draw.choice(list(PACKINGS))
    if kind == "stdin":
        return Place(
            name="-", rows=as_read(rows, form), forms=(form,), data=PACKINGS[packing](bytes_of(rows, form, draw))
        )
    if kind == "file" or (kind == "saved" and "arrow" not in forms):
        name = draw.choice(("rows", "a[1]*?", "~b", "é ü")) + f".{form}{packing}"
        (folder / name).write_bytes(PACKINGS[packing](bytes_of(rows, form, draw)))
        return Place(name=str(folder / name), rows=as_read(rows, form), forms=(form,))
    place, cuts = folder / kind, sorted({0, draw.randrange(len(rows)), len(rows)})
    parts = [rows[a:b] for a, b in itertools.pairwise(cuts)]
    place.mkdir()
    if kind == "shards":
        kinds = [form if draw.random() < 0.7 or form in TYPED else draw.choice(forms) for _ in parts]
        for n, (part, own) in enumerate(zip(parts, kinds, strict=True)):
            (place / f"part-{n}.{own}{packing}").write_bytes(PACKINGS[packing](bytes_of(part, own, draw)))
        (place / "README.md").write_text("# rows\n")
        read = [row for part, own in zip(parts, kinds, strict=True) for row in as_read(part, own)]
        return Place(name=str(place), rows=read, forms=tuple(kinds))
    save(pa.Table.from_pylist(rows), [len(part) for part in parts], place)
    return Place(name=str(place), rows=as_read(rows, "arrow"), forms=("arrow",))


def save(rows: pa.Table, sizes: list[int], place: Path) -> None:
    """As `save_to_disk` of Hugging Face datasets writes it."""
    names, begin = [f"data-{n:05d}-of-{len(sizes):05d}.arrow" for n in range(len(sizes))], 0
    for name, size in zip(names, sizes, strict=True):
        with pa.ipc.new_stream(str(place / name), rows.schema) as writer:
            writer.write_table(rows.slice(begin, size))
        begin += size
    state = {"_data_files": [{"filename": name} for name in names], "_fingerprint": "x", "_split": None}
    (place / "state.json").write_text(json.dumps(state))
    (place / "dataset_info.json").write_text("{}")


# commands

POLARS = "panicked at crates/polars"
"""Of a damaged Parquet file polars' own panic may stand before the error, which nobody can take back."""


@contextmanager
def standard_input(data: bytes) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(data)))  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.stdin = before


@contextmanager
def terminal(folder: Path) -> Iterator[Callable[[], str]]:
    """What is written to standard error by anybody, the core's panics among it."""
    before, path = os.dup(2), folder / "said"
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield lambda: path.read_text(errors="replace")
        finally:
            os.dup2(before, 2)
            os.close(before)


def run(place: Place, words: Sequence[str], folder: Path) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of `sctk data`."""
    out, told = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True), io.StringIO()
    with terminal(folder) as below, standard_input(place.data), redirect_stdout(out), redirect_stderr(told):
        code = sctk(["data", words[0], place.name, *words[1:], *place.options])
        said = told.getvalue() + below()
    if code == 130:  # the command took Ctrl-C
        raise KeyboardInterrupt
    assert code in (0, 2), (code, said)
    assert "Traceback" not in said, said
    assert "panicked" not in said.replace(POLARS, ""), said
    assert code == 0 or ("error: " in said and "hint: " in said), said
    assert code == 2 or POLARS not in said, said
    return code, out.buffer.getvalue().decode(), said  # type: ignore[attr-defined]


def summary_of(place: Place, words: Sequence[str], folder: Path) -> dict[str, Any]:
    code, out, said = run(place, [*words, "--json", "--force"], folder)
    assert code == 0, said
    found: dict[str, Any] = json.loads(out)
    assert not found.get("bad_rows"), found
    return found


def plain(rows: Any) -> Any:
    """Rows as JSON has them."""
    return json.loads(json.dumps(rows))


def finite(value: Any, place: Place) -> Any:
    """JSON has no number that is none, and none that is infinite: out of a table they are null."""
    if isinstance(value, dict):
        return {name: finite(one, place) for name, one in value.items()}
    if isinstance(value, list):
        return [finite(one, place) for one in value]
    none = isinstance(value, float) and not math.isfinite(value) and not {*place.forms}.isdisjoint(TYPED)
    return None if none else value


def written_to(path: Path) -> Rows:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def check_told(summary: dict[str, Any], place: Place, of: str = "") -> None:
    """Each column that holds text was read, or is named as unread; those that differ in capitals alone are named both."""
    told = [*(summary[f"{of}column"] or "").split(" + "), *summary[f"{of}unread"]]
    times = Counter(name.lower() for name in told)
    bare: Callable[[Any], bool] = is_bare if set(WRITTEN) & set(place.forms) else lambda value: False
    for row in place.rows:
        held = [name for name, value in row.items() if holds_text(value) and not bare(value) and not is_id(name)]
        for name in held:
            n = sum(name.lower() == other.lower() for other in held)
            is_told = times[name.lower()] >= n or any(one.startswith((f"{name}.", f"{name}[")) for one in told)
            assert is_told, (name, row[name], told)


def check_split(summary: dict[str, Any], place: Place, out: Path, removed: Path) -> None:
    """Kept and removed rows are together those that were read, in their order, as they were."""
    kept, gone = written_to(out), written_to(removed)
    assert (summary["kept"], summary["removed"], summary["rows"]) == (len(kept), len(gone), len(place.rows)), summary
    rows = plain(place.rows)
    wanted, left = iter(rows), [one["row"] for one in gone]
    for at, row in enumerate(wanted):
        stays = bool(kept) and alike(row, plain(kept[0]), exactly=out.suffix == ".jsonl")
        stays = stays and not (left and left[0] == row and row in rows[:at])  # of equal rows the first stays
        assert stays or (left and left[0] == row), (row, kept[:1], left[:1])
        (kept if stays else left).pop(0)
    assert not kept, kept
    assert not left, left
    for one in gone:
        assert one["file"] in (place.name, "stdin") or one["file"].startswith(place.name), one


def alike(value: Any, got: Any, *, exactly: bool) -> bool:
    """Whether a value came out as it was; of a table (not `exactly`) in the column's type: as text, with fields that are null."""
    if exactly or got == value:
        return bool(got == value)
    if isinstance(value, dict) and isinstance(got, dict):
        return all(alike(value.get(name), got.get(name), exactly=False) for name in (*value, *got))
    if isinstance(value, list) and isinstance(got, list):
        return len(value) == len(got) and all(alike(a, b, exactly=False) for a, b in zip(value, got, strict=True))
    return isinstance(got, str) and not isinstance(value, str) and json.loads(got) == value


def dedup(draw: Random, folder: Path) -> str:
    form = draw.choice(list(FORMS))
    rows = some_rows(draw, form, draw.choice((1, 2, 5, 12)))
    rows += [dict(draw.choice(rows)) for _ in range(draw.choice((0, 0, 1, 4)))]
    place = put(rows, folder, draw)
    out, removed = folder / draw.choice(("o.jsonl", "o.jsonl", "o.parquet")), folder / "r.jsonl"
    mode = draw.choice((["--exact"], ["--normalised"], ["--near", "--n", str(draw.choice((1, 2, 5)))]))
    words = ["dedup", *mode, "--out", str(out), "--removed", str(removed)]
    if out.suffix == ".parquet" and len({one in TYPED for one in place.forms}) > 1:
        return "dedup, two forms"
    code, told, said = run(place, [*words, "--json"], folder)
    if code:
        assert out.suffix == ".parquet", said
        assert "got files whose columns differ" in said, said  # a shard's column has no value, and so no type
        return "dedup, columns that differ"
    summary = json.loads(told)
    check_told(summary, place)
    check_split(summary, place, out, removed)
    n_different = len({json.dumps(row, sort_keys=True) for row in place.rows})
    assert summary["kept"] <= n_different, summary
    return f"dedup {mode[0]}"


def decontaminate(draw: Random, folder: Path) -> str:
    form = draw.choice(list(FORMS))
    rows = some_rows(draw, form, draw.choice((1, 2, 5, 12)))
    held = folder / "held.jsonl"
    held.write_bytes(lines([*draw.sample(rows, draw.choice((0, 1))), *some_rows(draw, form, 2)]))
    place = put(rows, folder, draw)
    out, removed = folder / "o.jsonl", folder / "r.jsonl"
    words = ["decontaminate", "--against", str(held), "--n", str(draw.choice((1, 3, 13)))]
    summary = summary_of(place, [*words, "--out", str(out), "--removed", str(removed)], folder)
    check_split(summary, place, out, removed)
    return "decontaminate"


SCORES = ("rouge-l", "rouge-1", "jaccard", "word-edit", "char-edit", "selfcheck", "vote", "entropy")


def consistency(draw: Random, folder: Path) -> str:
    n, alone = draw.choice((1, 2, 5)), draw.random() < 0.4
    rows: Rows = [{"question": f"{at % 3} {draw.choice('ab')}", "answer": text(draw)} for at in range(n)]
    if not alone:
        rows = [
            {"question": text(draw), "answers": [text(draw) for _ in range(draw.choice((1, 2, 4)))]} for _ in range(n)
        ]
    place = put(rows, folder, draw)
    out, score = folder / "o.jsonl", draw.choice(SCORES)
    more = ["--group-by", "question", "--column", "answer"] if alone else ["--column", "answers"]
    summary = summary_of(place, ["consistency", *more, "--score", score, "--out", str(out)], folder)
    found = written_to(out)
    assert [{name: row[name] for name in one} for row, one in zip(found, plain(place.rows), strict=True)] == plain(
        place.rows
    )
    assert all(len(row) > len(one) for row, one in zip(found, place.rows, strict=True)), found
    n_questions = len({row["question"] for row in rows}) if alone else n
    n_answers = n if alone else sum(len(row["answers"]) for row in rows)
    assert (summary["questions"], summary["answers"]) == (n_questions, n_answers), summary
    return f"consistency{', grouped' * alone}"


def pack(draw: Random, folder: Path) -> str:
    sizes = [draw.choice((0, 1, 3, 8, 20)) for _ in range(draw.choice((1, 2, 5, 12)))]
    sizes[0] = sizes[0] or 2
    rows: Rows = [{"input_ids": [draw.randrange(99) for _ in range(n)], "text": text(draw)} for n in sizes]
    if draw.random() < 0.6:
        rows = [row | {"labels": [-100] * len(row["input_ids"])} for row in rows]
    if draw.random() < 0.4:
        rows = [row | {"scores": [0.5] * (len(row["input_ids"]) + 3)} for row in rows]
    place = put(rows, folder, draw, draw.choice((("jsonl", "json"), ("parquet",), ("arrow",))))
    capacity, overflow = draw.choice((4, 8, 20, 64)), draw.choice(("truncate", "drop", "split"))
    out = folder / draw.choice(("o.jsonl", "o.parquet"))
    words = ["pack", "--capacity", str(capacity), "--overflow", overflow, "--out", str(out)]
    summary = summary_of(place, words, folder)
    cut = {"truncate": lambda ids: [ids[:capacity]], "drop": lambda ids: [ids] if len(ids) <= capacity else []}
    cut["split"] = lambda ids: [ids[at : at + capacity] for at in range(0, len(ids), capacity)]
    wanted = [tuple(part) for row in rows for part in cut[overflow](row["input_ids"]) if part]
    found, n_tokens = [], sum(sizes)
    for packed in written_to(out):
        begin = 0
        assert len(packed["input_ids"]) <= capacity
        for n in packed["seq_lengths"]:
            found.append(tuple(packed["input_ids"][begin : begin + n]))
            begin += n
        assert begin == len(packed["input_ids"]) == len(packed.get("labels", packed["input_ids"]))
    assert Counter(found) == Counter(wanted)
    assert summary["tokens"] == sum(map(len, wanted))
    assert summary["tokens"] + summary["tokens_lost"] == n_tokens, summary
    assert "scores" not in rows[0] or "scores" in summary["of_other_lengths"], summary
    return f"pack, {overflow}"


def read(name: str | Path, told: list[str], **more: Any) -> Prompts:
    """The prompts of a run's source; what is told of it goes to `told`."""
    options = {"path": str(name), "held_out_share": 0.0, **more}
    source = FileSource(parse(FileSource.Config, options, where="[source]"))
    told += source.notes
    return [([(turn.role, turn.text) for turn in one.messages], one.references) for one in source.prompts()]


def read_or_refused(name: str | Path, told: list[str] | None = None, **more: Any) -> Prompts | None:
    """The prompts, or None where they are refused with the name of the file and a hint."""
    try:
        return read(name, [] if told is None else told, **more)
    except ConfigError as error:
        refusal = error
    assert ("stdin" if str(name) == "-" else str(name)) in refusal.message, refusal
    assert refusal.hint, refusal
    return None


def source(draw: Random, folder: Path) -> str:
    """The prompts of rows are the same in every file; each column that holds text is read, or told."""
    form = draw.choice(list(FORMS))
    rows = some_rows(draw, form, draw.choice((1, 2, 3)))
    (folder / "base.jsonl").write_bytes(lines(rows))
    wanted = read_or_refused(folder / "base.jsonl")
    assert wanted is None or len(wanted) == len(rows)
    place = put(rows, folder, draw, [one for one in FILES if one not in WRITTEN or not looks_typed(rows)])
    notes: list[str] = []
    with standard_input(place.data):
        found = read_or_refused(place.name, notes, **({"format": place.forms[0]} if place.name == "-" else {}))
    assert found == wanted, (place.name, found, wanted)
    if found is None:
        return "source refused"
    told = " ".join(notes)
    for name, value in (item for row in place.rows for item in row.items()):
        held = holds_text(value) and not (set(WRITTEN) & set(place.forms) and is_bare(value))
        assert not held or is_id(name) or name in told, (name, value, told)
    return f"source, {form}"


def looks_typed(value: Any) -> bool:
    """Whether a text among values would be read as another value where there is nothing but text."""
    if isinstance(value, dict):
        return any(map(looks_typed, value.values()))
    if isinstance(value, list):
        return any(map(looks_typed, value))
    return isinstance(value, str) and value.strip()[:1] in ("[", "{", "", '"') and value != ""


# damage


def damaged(data: bytes, draw: Random) -> bytes:
    """One thing that happens to files."""
    at, kind = draw.randrange(len(data) + 1), draw.randrange(7)
    before, after = data[:at], data[at:]
    odd = (b'"', b"{", b"}", b"[", b"]", b",", b"\n", b"\r", b"\xff", b"\\", b":", b"[" * 5000, b"\t", b"\xe9", b"\0")
    return (
        before, before + bytes(draw.choice((1, 3, 512))) + after, data + data, b"\xef\xbb\xbf" + data,
        before + bytes([draw.randrange(256)]) + after[1:], before + draw.choice(odd) + after, before + after[draw.randrange(9) :],
    )[kind]  # fmt: skip


def changed(row: dict[str, Any], draw: Random) -> dict[str, Any]:
    """A row with one value of another kind, a column more or less, or its names in capitals."""
    name, deep = draw.choice(list(row)), [1]
    for _ in range(draw.choice((3, 60))):
        deep = [deep]  # type: ignore[list-item]
    value = draw.choice((None, 5, [], deep, False, {}, "", "\ud83d", {"content": row[name]}, 10**30, float("nan")))
    kind = draw.randrange(4)
    if kind == 0:
        return {one: row[one] for one in row if one != name}
    if kind == 1:
        return {one.upper(): row[one] for one in row}
    return row | {name if kind == 2 else "zz": value}


ENCODED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")


def damage(draw: Random, folder: Path) -> str:
    """Damaged files, and rows of other kinds, through any command and a run's source."""
    form, ending, packing = draw.choice(list(FORMS)), draw.choice(list(FILES)), draw.choice(list(PACKINGS))
    rows = [changed(row, draw) if draw.random() < 0.4 else row for row in some_rows(draw, form, draw.choice((1, 3, 6)))]
    inside, outside = (draw.random() < 0.4 for _ in range(2))
    try:
        data = FILES[ending](rows)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):  # no table holds them
        ending, data = "jsonl", json.dumps(rows[0]).encode()
    data = damaged(data, draw) if inside else data
    packed = PACKINGS[packing](data)
    packed = damaged(packed, draw) if outside else packed
    path = folder / f"d.{ending}{packing}"
    path.write_bytes(packed)
    place = Place(name=str(path), rows=[], forms=(ending,))
    with terminal(folder) as below:
        prompts = read_or_refused(path)
        assert "panicked" not in below().replace(POLARS, "")
    held = folder / "held.jsonl"
    held.write_bytes(lines(some_rows(draw, form, 1)))
    words = draw.choice((["dedup", "--exact"], ["dedup"], ["decontaminate", "--against", str(held)], ["consistency"],
                         ["pack", "--capacity", "64"]))  # fmt: skip
    out = folder / draw.choice(("o.jsonl", "o.parquet"))
    skip = draw.random() < 0.6
    code, told, said = run(place, [*words, "--out", str(out), "--json", *(["--skip-bad"] * skip)], folder)
    assert out.exists() == (code == 0), said
    if ending == "jsonl" and not outside and not data.startswith(ENCODED):
        n_lines = sum(bool(line.strip()) for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
        assert prompts is None or len(prompts) == n_lines
        if code == 0 and words[0] != "pack":
            summary = json.loads(told)
            n_read = summary["questions" if words[0] == "consistency" else "rows"]
            n_bad = summary["bad_rows"]
            assert n_read + n_bad == n_lines, (summary, n_lines)
            assert n_bad == sum(summary["bad_reasons"].values())
    return f"damaged, {'refused' if code else 'read'}"


def odd(draw: Random, folder: Path) -> str:
    """Rows of the forms of the field with columns lost, renamed, added and of any value, through dedup and a run's source."""
    seed = draw.randrange(10**12)
    check_seed(seed, folder)
    rows = [a_row(draw) for _ in range(draw.choice((1, 2, 4)))]
    try:
        parquet(rows)
        place = put(rows, folder, draw)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):  # no table holds them
        shutil.rmtree(folder / "shards", ignore_errors=True)
        place = put(rows, folder, draw, ("jsonl", "json"))
    out, removed = folder / "o.jsonl", folder / "r.jsonl"
    words = ["dedup", "--exact", "--skip-bad", "--out", str(out), "--removed", str(removed), "--json", "--force"]
    code, told, _ = run(place, words, folder)
    if code:
        return "odd refused"
    summary = json.loads(told)
    check_told(summary, place)
    assert summary["rows"] + summary["bad_rows"] == len(place.rows)
    assert len(written_to(out)) + len(written_to(removed)) == summary["rows"]
    left = [json.dumps(row) for row in finite(plain(place.rows), place)]
    for row in (*written_to(out), *(one["row"] for one in written_to(removed))):
        left.remove(json.dumps(row))
    assert len(left) == summary["bad_rows"]
    return "odd"


KINDS = (source, source, dedup, dedup, decontaminate, consistency, pack, damage, damage, damage, odd)


def case(seed: int, folder: Path) -> str:
    """One case in an empty folder; says what it was."""
    draw = Random(seed)
    return draw.choice(KINDS)(draw, folder)


def main(seconds: float, seed: int = 1) -> int:
    """Cases until the CPU time is spent, or Ctrl-C: 1 where some failed, each with its seed."""
    n, kinds, failed = 0, Counter[str](), 0
    folder = Path(tempfile.mkdtemp(prefix="readers-fuzz-"))
    with suppress(KeyboardInterrupt):
        while time.process_time() < seconds:
            number, own = seed * 10**9 + n, folder / "case"
            own.mkdir()
            n += 1
            try:
                kinds[case(number, own).partition(",")[0]] += 1
            except Exception:  # noqa: BLE001 - whatever it is, it is a finding
                failed += 1
                print(f"case {number} failed", file=sys.stderr)
                traceback.print_exc(limit=-3)
            shutil.rmtree(own)
    shutil.rmtree(folder)
    print(f"{n} cases, {dict(kinds)}, {failed} failed, in {time.process_time():.0f} s of CPU")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), *map(int, sys.argv[2:])))
