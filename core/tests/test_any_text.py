"""Any text that a component or a file can give, through terminal, JSON, tables and stores: the same again, or refused in words.

For ten minutes with a seed of the day: `SCTK_FUZZ_S=600 SCTK_SEED=$RANDOM pytest core/tests/test_any_text.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sctk_cli.report import ledger_lines, metric_lines
from sctk_cli.show import shorten
from sctk_cli.terminal import clean, in_json, put_json, table
from sctk_cli.why import lines_of
from sctk_core.errors import SctkError
from sctk_core.explain import Passage
from sctk_core.ledger import StageCount
from sctk_core.pipeline.contract import checked
from sctk_core.records import Failure, Measure, Message, Prompt, Reply, Request, Sample, Usage
from sctk_core.shown import cut, shown, told
from sctk_core.store.fitting import unfit
from sctk_core.store.manifest import Manifest, load_manifest
from sctk_core.store.replies import Replies
from sctk_core.store.rows import parents_of, record_from, schema, values_of, whole
from sctk_core.store.shards import read_shards, write_shard

SECONDS, SEED = float(os.environ.get("SCTK_FUZZ_S", "2")), int(os.environ.get("SCTK_SEED", "5"))
ACTS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What acts on a terminal, or on who prints; a line feed is the one that may stand."""
PIECES = [
    "", " ", "a", "\n", "\r\n", "\t", "\0", "\x1b[2J", "\x1b]0;t\x07", "\x9b31m", "\x7f", "\ud800", "\udfff", "\ud83d\ude00", "😀",
    "e\u0301", "\u202e", "\u2066", "\u2028", "\u061c", "\ufeff", "\ufffe", "\U0010ffff", "\u0130", "ß", "漢字", "<|im_end|>",
    "</s>", "```", "{", "}", '"', "'", "\\", "\\ud800", "\\u001b", "%s", "{0}", "[red]", "NaN", "null", "-0", "1e999", "=1+1",
    "../", "/", "~", "*", "?", "'; DROP TABLE x",
]  # fmt: skip


def a_text(rng: random.Random) -> str:
    """A text of pieces and random characters, mostly short, seldom long."""
    n = rng.choice([0, 1, 2, 3, 5, 8, 13, 200 if rng.random() < 0.05 else 4])
    found = [rng.choice(PIECES) if rng.random() < 0.7 else chr(rng.randrange(0x110000)) for _ in range(n)]
    return "".join(found) * (rng.choice([1, 1, 1, 1000]) if n < 5 and rng.random() < 0.05 else 1)


def is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def in_terminal(text: str, place: Path) -> None:
    failed = StageCount(stage=text, asked=1, answered=0, failed=1, declined=0, reasons={text: 1}, notes={text: 1})
    measure = Measure(arm=text, metric=text, value=0.5, low=0.1, high=0.9, n=3, verdict=text)
    passage = Passage(
        table="chains/samples", id="0" * 32, facts={text: text, "deep": {text: [text]}}, texts={text: text}
    )
    lines = [
        clean(text),
        clean(text, one_line=True),
        shorten(text, 40),
        *table(["name"], [[text]]),
        *ledger_lines([failed]),
    ]
    lines += [
        *metric_lines([measure]),
        *lines_of([passage]),
        clean(told(ValueError(text))),
        clean(cut(text, 100)),
        shown(text),
    ]
    assert not [line for line in lines if ACTS.search(line)]
    assert "\n" not in clean(text, one_line=True) + shorten(text, 40)


def joined(text: str) -> str:
    """The text as JSON gives it back: two halves beside each other are one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def in_an_object(text: str, place: Path) -> None:
    text = joined(text)
    value = {"text": text, text: [text, {"deep": text}]}
    for encoding in ("utf-8", "ascii"):
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        with contextlib.redirect_stdout(out):
            put_json(value)
            out.flush()
        said = out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
        assert json.loads(said) == value
        assert not ACTS.search(said)
    assert json.loads(in_json(json.dumps(text, ensure_ascii=False))) == text


def a_sample(text: str) -> Sample:
    prompt = Prompt(messages=(Message(role="user", content=text),), reference=text, meta={"group": text})
    return Sample(prompt=prompt, text=text, backend="toy")


def in_a_table(text: str, place: Path) -> None:
    kinds = schema(Sample, full=True)
    if not is_unicode(text):
        try:
            row = whole(a_sample(text))
        except (SctkError, UnicodeEncodeError):
            return
        assert unfit(kinds, row)
        return
    sample = a_sample(text)
    row = whole(sample)
    assert unfit(kinds, row) == ""
    write_shard(place / "rows.parquet", kinds, [row])
    (found,) = read_shards([place / "rows.parquet"])
    assert record_from(Sample, found, parents_of(found)) == sample
    assert values_of(sample)[0] == found["id"]


def in_the_store(text: str, place: Path) -> None:
    request = Request(
        messages=(Message(role="user", content=text),), of=text, seed=3, key=f"{abs(hash(text)):032x}"[:32]
    )
    reply = Reply(key=request.key, text=text, usage=Usage(n_prompt_tokens=1, n_completion_tokens=1), backend="toy")
    replies = Replies(place / "replies.sqlite")
    try:
        asyncio.run(replies.put([(request, reply)], {"model": "m"}))
        assert replies.get([request.key]) == [reply]
        asked, said = replies.exchange(request.key) or ({}, {})
        assert (asked["messages"][0]["content"], said["text"]) == (text, text)
    finally:
        replies.close()


def in_a_manifest(text: str, place: Path) -> None:
    manifest = Manifest(fingerprint="x", method="m", notes=[cut(text, 4000)])
    manifest.save(place / "manifest.json")
    read = load_manifest(place / "manifest.json")
    assert read
    assert read.notes == manifest.notes


def in_an_answer(text: str, place: Path) -> None:
    sample = a_sample("plain")
    answers = [Failure(kind="parse", reason=text, detail=text)]  # type: ignore[list-item]
    (failure,) = checked(answers, [sample], Sample, of=[sample.id], stage="s", component="c")
    assert isinstance(failure, Failure)
    assert is_unicode(failure.reason + failure.detail)
    assert unfit(schema(Failure), values_of(failure)) == ""


WAYS: list[Callable[[str, Path], Any]] = [
    in_terminal, in_an_object, in_a_table, in_the_store, in_a_manifest, in_an_answer,
]  # fmt: skip


@pytest.mark.timeout(2400)
def test_any_text_comes_through_or_is_refused(tmp_path: Path) -> None:
    rng, ends, n = random.Random(SEED), time.monotonic() + SECONDS, 0
    while time.monotonic() < ends:
        text = a_text(rng)
        for way in WAYS:
            try:
                way(text, tmp_path)
            except Exception as error:
                raise AssertionError(f"{way.__name__}: {text[:200]!r} ({len(text)} characters), seed {SEED}") from error
        (tmp_path / "replies.sqlite").unlink()
        n += 1
    print(f"{n} texts, seed {SEED}")
    assert n > 5
