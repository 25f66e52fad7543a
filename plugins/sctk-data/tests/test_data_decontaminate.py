"""`sctk data decontaminate` from outside: which rows go and what is told of them, against an oracle in plain Python."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_cli.main import main


def told(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of one command."""
    capfd.readouterr()
    code = main(["data", "decontaminate", *map(str, arguments)])
    return code, *capfd.readouterr()


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def grams(text: str, n: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def some_texts(n: int, seed: int) -> list[str]:
    """Texts of few words, so that some share runs; with case and punctuation that must not matter."""
    pick = random.Random(seed)
    words = ["a", "B,", "Ünd"]
    return [" ".join(pick.choices(words, k=pick.randint(0, 14))) for _ in range(n)]


@pytest.mark.parametrize("min_share", [0.0, 0.5])
def test_the_rows_that_go_are_those_of_the_oracle(
    min_share: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows, held, n = some_texts(60, 1), some_texts(12, 2), 4
    corpus = written(tmp_path / "corpus.jsonl", [{"text": text, "n": k} for k, text in enumerate(rows)])
    written(tmp_path / "a.jsonl", [{"question": text} for text in held[:7]])
    pl.DataFrame({"question": held[7:]}).write_parquet(tmp_path / "b.parquet")
    against = ["--against", tmp_path / "a.jsonl", "--against", tmp_path / "b.parquet"]
    want: dict[int, list[tuple[float, int]]] = {}
    for k, text in enumerate(rows):
        for m, other in enumerate(held):
            theirs = grams(other, n)
            share = len(grams(text, n) & theirs) / len(theirs) if theirs else 0.0
            if share > 0 and share >= min_share:
                want.setdefault(k, []).append((share, m))
    assert 3 < len(want) < 57
    out, gone = tmp_path / "clean.jsonl", tmp_path / "gone.jsonl"
    options = ["--n", n, "--min-share", min_share, "--out", out, "--removed", gone, "--json"]
    code, summary, _ = told(capfd, corpus, *against, *options)
    assert code == 0
    lines = corpus.read_text().splitlines(keepends=True)
    assert out.read_text() == "".join(line for k, line in enumerate(lines) if k not in want)
    removed = [json.loads(line) for line in gone.read_text().splitlines()]
    assert [one["row"]["n"] for one in removed] == sorted(want)
    for one, k in zip(removed, sorted(want), strict=True):
        share, m = max(want[k], key=lambda pair: (pair[0], -pair[1]))
        place = (str(tmp_path / "a.jsonl"), m + 1) if m < 7 else (str(tmp_path / "b.parquet"), m - 6)
        assert (one["file"], one["number"]) == (str(corpus), k + 1)
        assert (one["share"], one["held_out_file"], one["held_out_number"]) == (share, *place)
        assert one["held_out_rows"] == len(want[k])
        assert one["span"] in rows[k]
        assert grams(one["span"], n)
        assert grams(one["span"], n) <= grams(held[m], n)
    assert json.loads(summary) == {
        "column": "text", "read_as": [], "unread": [], "against_column": "question", "against_read_as": ["questions"],
        "against_unread": [], "rows": 60, "kept": 60 - len(want), "removed": len(want),
        "held_out": 12, "held_out_found": len({m for pairs in want.values() for _, m in pairs}),
        "held_out_too_short": sum(not grams(text, n) for text in held),
        "shares_with_most": sum(len(pairs) > 6 for pairs in want.values()), "bad_rows": 0, "bad_reasons": {},
    }  # fmt: skip


def test_chunks_change_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """76 rows of a tenth of a megabyte are read in two chunks."""
    filler = "lorem ipsum " * 8_000
    corpus, needle = tmp_path / "corpus.jsonl", "one two three four five"
    wanted = {3, 69, 75}
    with corpus.open("w") as file:
        for n in range(76):
            file.write(json.dumps({"n": n, "text": filler + needle if n in wanted else filler}) + "\n")
    held = written(tmp_path / "held.jsonl", [{"text": f"and {needle}"}, {"text": "too short"}])
    out = tmp_path / "out.jsonl"
    code, _, err = told(capfd, corpus, "--against", held, "--n", 4, "--out", out)
    assert code == 0
    with out.open() as file:
        assert [json.loads(line)["n"] for line in file] == [n for n in range(76) if n not in wanted]
    assert "76 rows: 73 kept, 3 removed (3.95 %)" in err
    assert "2 held-out rows: 1 found in the rows removed" in err
    assert "1 held-out rows have fewer than 4 words" in err


def test_a_parquet_corpus_may_be_held_against_jsonl(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    frame = pl.DataFrame({"text": ["one two three", "four five six", "seven eight nine"], "k": [1, 2, 3]})
    frame.write_parquet(tmp_path / "a.parquet")
    held = written(tmp_path / "held.jsonl", [{"text": "of four, FIVE, six"}])
    out = tmp_path / "out.parquet"
    assert told(capfd, tmp_path / "a.parquet", "--against", held, "--n", 3, "--out", out)[0] == 0
    assert pl.read_parquet(out).equals(frame.filter(pl.col("k") != 2))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.jsonl"], ["--against"]),
        (["a.jsonl", "--against", "a.jsonl"], ["as input and as held out"]),
        (["a.jsonl", "--against", "empty.jsonl"], ["no held-out row"]),
        (["a.jsonl", "--against", "b.jsonl", "--out", "b.jsonl", "--force"], ["an input as output"]),
        (["a.jsonl", "--against", "c.jsonl"], ["c.jsonl:1", "--against-column"]),
        (["a.jsonl", "--against", "b.jsonl", "--removed", "x.parquet"], ["--removed x.parquet", ".jsonl"]),
    ],
)
def test_what_cannot_be_done_is_told(
    arguments: list[str],
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    written(Path("a.jsonl"), [{"text": "a"}])
    written(Path("b.jsonl"), [{"text": "b"}])
    written(Path("c.jsonl"), [{"x": "b", "y": "c"}])
    Path("empty.jsonl").touch()
    before = sorted(tmp_path.iterdir())
    code, out, err = told(capfd, *arguments)
    assert (code, out) == (2, "")
    for word in words:
        assert word in err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_ctrl_c_in_the_middle_of_a_stream_leaves_nothing(ending: str, tmp_path: Path) -> None:
    held = written(tmp_path / "held.jsonl", [{"text": "b c"}])
    out = ["--out", str(tmp_path / f"out.{ending}")]
    command = [sys.executable, "-m", "sctk_cli.main", "data", "decontaminate", "-", "--against", str(held), *out]
    # a shell that began the tests in the background hands "ignore SIGINT" down
    running = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # type: ignore[func-returns-value]
    )
    assert running.stdin is not None
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".out*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    line = json.dumps({"text": "lorem ipsum " * 100_000}).encode() + b"\n"
    for _ in range(70):
        running.stdin.write(line)
    running.stdin.flush()
    while not any(path.stat().st_size for path in tmp_path.glob(".out*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert [path.name for path in tmp_path.iterdir()] == ["held.jsonl"]
