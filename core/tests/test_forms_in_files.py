"""Rows of the forms of the field at random, in a file of every form: the prompts are the same, whatever the file is."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from test_row_forms import made

WORDS = (
    "river", "Ada", "12", "-5.0", "x > 3", "é", "e\u0301", "你好", "ไทยดี", '"q"', "a,b", "a;b", "a\tb", "line\nbreak",
    '{"a": 1}', "007", "true", "None", "NaN", "=1+1", "  pad  ", "\u200b", "\\n", "<|im_end|>", "A", "1e5", "\u2028",
)  # fmt: skip
Rows = list[dict[str, Any]]


def text(draw: Random) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(draw.choice((1, 1, 2, 5)))) + draw.choice(("", ".", "?"))


def turns(draw: Random, user: str, assistant: str, who: str, said: str) -> list[dict[str, str]]:
    return [{who: (user, assistant)[n % 2], said: text(draw)} for n in range(draw.choice((1, 2, 3, 4)))]


FORMS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "prompts": lambda draw: {"id": "7", "prompt": text(draw)},
    "messages": lambda draw: {"messages": turns(draw, "user", "assistant", "role", "content")},
    "ShareGPT": lambda draw: {"conversations": turns(draw, "human", "gpt", "from", "value")},
    "Alpaca": lambda draw: {
        "instruction": text(draw), "input": draw.choice(("", text(draw))), "output": text(draw),
    },
    "SQuAD": lambda draw: {
        "context": text(draw), "question": text(draw), "answers": {"text": [text(draw)], "answer_start": [1]},
    },
    "several contexts": lambda draw: {"question": text(draw), "contexts": [text(draw), text(draw)], "answer": text(draw)},
    "several answers": lambda draw: {"question": text(draw), "answer": [text(draw), text(draw)]},
    "numbers": lambda draw: {"question": text(draw), "answer": draw.choice((1, 2, 300))},
    "preference rows": lambda draw: {"prompt": text(draw), "chosen": text(draw), "rejected": text(draw)},
    "options": lambda draw: {
        "question": text(draw), "choices": [text(draw) + "1", text(draw) + "2"], "answer": draw.choice((0, 1)),
    },
    "options with labels": lambda draw: {
        "question": text(draw), "choices": {"text": [text(draw) + "1", text(draw) + "2"], "label": ["A", "B"]},
        "answerKey": draw.choice("AB"),
    },
}  # fmt: skip


def cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def table(rows: Rows, delimiter: str) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([list(rows[0]), *([cell(value) for value in row.values()] for row in rows)])
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


FILES: dict[str, Callable[[Rows], bytes]] = {
    "json": lambda rows: json.dumps(rows).encode(),
    "csv": lambda rows: table(rows, ","),
    "tsv": lambda rows: table(rows, "\t"),
    "parquet": parquet,
    "arrow": arrow,
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}


@pytest.mark.parametrize("form", FORMS)
def test_a_row_is_the_same_prompt_in_every_file(form: str, tmp_path: Path) -> None:
    for seed in range(8):
        draw = Random(f"{form} {seed}")
        rows = [FORMS[form](draw) for _ in range(draw.choice((1, 2, 3)))]
        (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        wanted = read(tmp_path / "a.jsonl")
        assert len(wanted) == len(rows)
        for ending, write in FILES.items():
            packing = draw.choice(list(PACKINGS))
            path = tmp_path / f"b.{ending}{packing}"
            path.write_bytes(PACKINGS[packing](write(rows)))
            assert read(path) == wanted, (seed, ending, packing, rows)


def read(path: Path) -> list[tuple[list[tuple[str, str]], tuple[str, ...]]]:
    return [([(turn.role, turn.content) for turn in one.messages], one.references) for one in made(path).prompts()]
