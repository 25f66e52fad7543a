"""`sctk data pack` from outside: no token lost or moved into its neighbour, against plain Python; and what it refuses."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_cli.main import main


def told(capfd: pytest.CaptureFixture[str], *arguments: str | Path | int) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of one command."""
    capfd.readouterr()
    code = main(["data", "pack", *map(str, arguments)])
    return code, *capfd.readouterr()


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def some_rows(n: int, most: int = 20) -> list[dict[str, Any]]:
    """Rows whose tokens say which row they are of and where they stand in it."""
    pick = random.Random(n)
    rows = []
    for row in range(n):
        ids = [row * 100 + at for at in range(pick.randint(1, most))]
        rows.append(
            {"id": f"r{row}", "input_ids": ids, "labels": [-one for one in ids], "weight": [one / 2 for one in ids]}
        )
    return rows


def sequences(bins: list[dict[str, Any]], name: str = "input_ids") -> list[list[list[int]]]:
    """Every bin's sequences, cut at its boundaries, which must agree with one another."""
    found = []
    for one in bins:
        cuts = one["cu_seqlens"]
        assert cuts == list(accumulate(one["seq_lengths"], initial=0))
        assert one["position_ids"] == [at for length in one["seq_lengths"] for at in range(length)]
        assert len(one[name]) == cuts[-1]
        found.append([one[name][a:b] for a, b in pairwise(cuts)])
    return found


def next_fit(rows: list[list[int]], capacity: int) -> list[list[list[int]]]:
    bins: list[list[list[int]]] = []
    for row in rows:
        if not bins or sum(map(len, bins[-1])) + len(row) > capacity:
            bins.append([])
        bins[-1].append(row)
    return bins


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
@pytest.mark.parametrize("strategy", ["best-fit", "next-fit", "wrapped"])
def test_every_token_lies_in_one_bin_beside_its_own(
    form: str, strategy: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows, capacity = some_rows(150), 32
    file, out = tmp_path / f"in.{form}", tmp_path / "out.parquet"
    if form == "jsonl":
        written(file, rows)
    else:
        pl.DataFrame(rows).cast({"input_ids": pl.List(pl.Int32)}).write_parquet(file, row_group_size=40)
    options = ["--capacity", capacity, "--strategy", strategy, "--json", "--window", 60]
    code, summary, _ = told(capfd, file, *options, "--out", out)
    assert code == 0
    frame = pl.read_parquet(out)
    assert frame.columns == ["input_ids", "labels", "weight", "position_ids", "seq_lengths", "cu_seqlens"]
    assert frame.schema["input_ids"] == (pl.List(pl.Int64) if form == "jsonl" else pl.List(pl.Int32))
    bins = frame.to_dicts()
    found, want = sequences(bins), [row["input_ids"] for row in rows]
    assert all(len(one["input_ids"]) <= capacity for one in bins)
    for one in bins:
        assert one["labels"] == [-token for token in one["input_ids"]]
        assert one["weight"] == [token / 2 for token in one["input_ids"]]
    if strategy == "wrapped":
        assert [token for one in bins for token in one["input_ids"]] == [token for row in want for token in row]
    else:
        assert sorted(row for one in found for row in one) == sorted(want)
    windows = [want[at : at + 60] for at in range(0, 150, 60)]
    if strategy == "next-fit":
        assert found == [one for window in windows for one in next_fit(window, capacity)]
    n_tokens = sum(map(len, want))
    told_ = json.loads(summary)
    assert (told_["rows"], told_["bins"], told_["tokens"], told_["tokens_lost"]) == (150, len(bins), n_tokens, 0)
    assert told_["fill"] == n_tokens / (len(bins) * capacity)
    assert told_["left_out"] == ["id"]


def test_the_bytes_do_not_depend_on_threads_or_files_and_do_on_the_seed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = some_rows(300)
    written(tmp_path / "all.jsonl", rows)
    written(tmp_path / "a.jsonl", rows[:77])
    written(tmp_path / "b.jsonl", rows[77:])
    found = {}
    for name, files, more in (
        ("one", ["all.jsonl"], ["--threads", 1]),
        ("two", ["a.jsonl", "b.jsonl"], ["--threads", 3]),
        ("seed", ["all.jsonl"], ["--seed", 5]),
    ):
        out = tmp_path / f"{name}.parquet"
        paths = [tmp_path / file for file in files]
        assert told(capfd, *paths, "--capacity", 64, "--window", 100, "--out", out, *more)[0] == 0
        found[name] = out.read_bytes()
    assert found["one"] == found["two"]
    ordinary, shuffled = (
        sequences(pl.read_parquet(tmp_path / f"{name}.parquet").to_dicts()) for name in ("one", "seed")
    )
    assert ordinary != shuffled
    assert sorted(row for one in ordinary for row in one) == sorted(row for one in shuffled for row in one)


@pytest.mark.parametrize(
    ("overflow", "lost", "words"),
    [
        ("truncate", 30 - 8, "1 rows truncated"),
        ("drop", 30, "1 rows dropped"),
        ("split", 0, "1 rows split"),
    ],
)
def test_what_a_long_row_costs_is_told(
    overflow: str, lost: int, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"input_ids": [1, 2, 3]}, {"input_ids": list(range(30))}, {"input_ids": []}]
    file = written(tmp_path / "in.jsonl", rows)
    code, out, err = told(capfd, file, "--capacity", 8, "--overflow", overflow)
    assert code == 0
    kept = sum(len(json.loads(line)["input_ids"]) for line in out.splitlines())
    assert kept == 33 - lost
    assert f"tokens lost: {lost}" in err
    assert words in err
    assert "1 rows without tokens" in err
    code, out, err = told(capfd, file, "--capacity", 8)
    assert (code, out) == (2, "")
    assert f"{file}:2: got 30 tokens, wanted at most the capacity, 8" in err
    assert "hint: --overflow" in err


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_the_sides_of_a_pair_lie_in_one_bin(form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pick = random.Random(4)
    rows = []
    for row in range(90):
        a, b = (list(range(start, start + pick.randint(1, 9))) for start in (row * 100, row * 100 + 50))
        sides = {
            "chosen_input_ids": a,
            "rejected_input_ids": b,
            "chosen_mask": [1] * len(a),
            "rejected_mask": [0] * len(b),
        }
        rows.append({"prompt_ids": [5], **sides})
    file = tmp_path / f"in.{form}"
    if form == "jsonl":
        written(file, rows)
    else:
        pl.DataFrame(rows).write_parquet(file)
    code, out, err = told(capfd, file, "--capacity", 24, "--pairs", "--window", 40)
    assert code == 0, err
    bins = [json.loads(line) for line in out.splitlines()]
    assert list(bins[0]) == ["input_ids", "mask", "position_ids", "seq_lengths", "cu_seqlens"]
    pairs = []
    for one in sequences(bins):
        assert sum(map(len, one)) <= 24
        pairs += list(zip(one[::2], one[1::2], strict=True))
    assert sorted(pairs) == sorted((row["chosen_input_ids"], row["rejected_input_ids"]) for row in rows)
    for one in bins:
        assert one["mask"] == [int(token % 100 < 50) for token in one["input_ids"]]
    assert "columns packed: input_ids, mask" in err
    assert "columns left out: prompt_ids" in err


BAD = [
    {"input_ids": [1, 2], "labels": [1]},
    {"input_ids": [1, None], "labels": [1, 2]},
    {"input_ids": None, "labels": [1]},
    {"labels": [1]},
    {"input_ids": ["x"], "labels": [1]},
    {"input_ids": [True], "labels": [1]},
    {"input_ids": [1 << 70], "labels": [1]},
]


def test_a_bad_row_is_told_with_its_place_or_skipped_and_counted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good = {"input_ids": [7, 8], "labels": [7, 8]}
    for row in BAD:
        file = written(tmp_path / "in.jsonl", [good, row])
        code, out, err = told(capfd, file, "--capacity", 4)
        assert (code, out) == (2, ""), row
        assert f"{file}:2: got " in err
        assert "--skip-bad" in err
    rows = [good, *BAD]
    code, out, err = told(capfd, written(tmp_path / "in.jsonl", rows), "--capacity", 4, "--skip-bad")
    assert code == 0
    assert [json.loads(line)["input_ids"] for line in out.splitlines()] == [[7, 8]]
    assert "bad rows left out: 7, the first at " in err
    pl.DataFrame({"input_ids": [[1], None, [2, None], [3, 4]], "labels": [[1], [1], [1, 2], [3]]}).write_parquet(
        tmp_path / "in.parquet"
    )
    code, out, err = told(capfd, tmp_path / "in.parquet", "--capacity", 4, "--skip-bad")
    assert (code, json.loads(out)["input_ids"]) == (0, [1])
    assert "1 x lists of different lengths" in err
    assert "2 x null among its tokens" in err
    assert "row 2: got null" in told(capfd, tmp_path / "in.parquet", "--capacity", 4)[2]


@pytest.mark.parametrize("rows", [[[1, None, 3]], [[1], [2, None]]])
def test_a_null_among_the_tokens_is_named_with_its_row(
    rows: list[Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "in.jsonl", [{"input_ids": row} for row in rows])
    code, _, err = told(capfd, file, "--capacity", 4)
    assert code == 2
    assert f"in.jsonl:{len(rows)}: got " in err
    assert "(input_ids[1] is null)" in err


def test_tokens_in_csv_are_lists_that_are_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text('input_ids,n\n"[1, 2]",a\n"[3]",b\n')
    code, out, _ = told(capfd, tmp_path / "in.csv", "--capacity", 4)
    assert (code, json.loads(out)["input_ids"]) == (0, [1, 2, 3])


@pytest.mark.parametrize(
    ("value", "held"), [([True], "list '[True]'"), ([[1], [2]], "list '[[1], [2]]'"), ("a b", "str 'a b'")]
)
def test_what_is_called_tokens_and_holds_none_is_told(
    value: Any, held: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = told(capfd, written(tmp_path / "in.jsonl", [{"input_ids": value}]), "--capacity", 4)
    assert (code, f"hint: 'input_ids' holds {held}, and no list of whole numbers" in err) == (2, True), err


def test_the_first_rows_show_whether_a_column_holds_fractions(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"ids": [1], "weight": [1]}, {"ids": [2], "weight": [0.5]}]
    code, out, _ = told(capfd, written(tmp_path / "in.jsonl", rows), "--capacity", 4)
    assert (code, json.loads(out)["weight"], json.loads(out)["ids"]) == (0, [1.0, 0.5], [1, 2])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["text.jsonl", "--capacity", "8"], ["no column to pack (columns: text)", "tokenise"]),
        (["in.jsonl"], ["--capacity"]),
        (["in.jsonl", "--capacity", "0"], ["--capacity"]),
        (["in.jsonl", "--capacity", "8", "--column", "inputids"], ["'inputids'", "did you mean 'input_ids'?"]),
        (["in.jsonl", "--capacity", "8", "--pairs"], ["chosen_NAME and rejected_NAME"]),
        (["in.jsonl", "--capacity", "8", "--pairs", "--strategy", "wrapped"], ["sides whole"]),
        (["a.parquet", "b.parquet", "--capacity", "8"], ["b.parquet", "wanted List(Int64) as in the first file"]),
    ],
)
def test_what_cannot_be_packed_is_told(
    arguments: list[str],
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    written(Path("in.jsonl"), [{"input_ids": [1]}])
    written(Path("text.jsonl"), [{"text": "a"}])
    pl.DataFrame({"input_ids": [[1]]}).write_parquet("a.parquet")
    pl.DataFrame({"input_ids": [[1]]}, schema={"input_ids": pl.List(pl.Int32)}).write_parquet("b.parquet")
    before = sorted(tmp_path.iterdir())
    code, out, err = told(capfd, *arguments, "--out", "out.parquet")
    assert (code, out) == (2, "")
    for word in words:
        assert word in err
    assert sorted(tmp_path.iterdir()) == before


def test_boundaries_that_are_there_already_are_made_anew(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = written(
        tmp_path / "in.jsonl", [{"position_ids": [9], "input_ids": [1]}, {"position_ids": [9], "input_ids": [2]}]
    )
    code, out, err = told(capfd, file, "--capacity", 2)
    assert (code, json.loads(out)["position_ids"]) == (0, [0, 0])
    assert "columns left out: position_ids" in err


@pytest.mark.parametrize("how", ["interrupted", "full"])
def test_a_parquet_file_that_is_not_finished_is_not_there(how: str, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    command = [sys.executable, "-m", "sctk_cli.main", "data", "pack", "-", "--capacity", "64", "--window", "50"]
    limit = ["bash", "-c", 'ulimit -f 60; trap "" XFSZ; exec "$@"', "-"] if how == "full" else []
    running = subprocess.Popen([*limit, *command, "--out", str(out)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdin is not None
    pick = random.Random(1)
    lines = "".join(json.dumps({"input_ids": [pick.randrange(1 << 40) for _ in range(60)]}) + "\n" for _ in range(9000))
    if how == "full":
        _, err = running.communicate(lines.encode(), timeout=60)
        assert running.returncode == 6, err
        assert b"cannot write" in err
    else:
        running.stdin.write(lines.encode())
        running.stdin.flush()
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".out*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        assert running.returncode == 130, err
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def packed_of(folder: Path, rows: list[dict[str, Any]], form: str) -> list[str | Path]:
    """The arguments that pack these rows."""
    file = folder / f"in.{form}"
    if form == "jsonl":
        written(file, rows)
    else:
        pl.DataFrame(rows).write_parquet(file)
    return [file, "--capacity", "16", "--out", folder / "out.jsonl", "--force"]


BESIDE: list[tuple[str, list[Any]]] = [
    ("scores", [[0.5], [0.1, 0.2, 0.3, 0.4, 0.5], [0.5]]),
    ("embedding", [[0.5] * 7] * 3),
    ("boxes", [[1, 2, 3, 4], [], [1, 2]]),
    ("by_chance", [[7, 8, 9], [1], [2]]),
]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
@pytest.mark.parametrize(("name", "lists"), BESIDE, ids=[name for name, _ in BESIDE])
def test_lists_that_are_not_of_tokens_are_left_out_and_named(
    name: str, lists: list[Any], form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ids = [[1, 2, 3], [4, 5], [6, 7, 8, 9]]
    rows = [{name: other, "input_ids": one, "labels": one} for one, other in zip(ids, lists, strict=True)]
    arguments = packed_of(tmp_path, rows, form)
    code, _, err = told(capfd, *arguments)
    assert code == 0, err
    assert f"lists of other lengths than input_ids are not of tokens: {name}" in err
    assert "columns packed: input_ids, labels" in err
    (made,) = [json.loads(line) for line in (tmp_path / "out.jsonl").open()]
    assert sorted(made["input_ids"]) == list(range(1, 10))
    assert name not in made
    code, _, err = told(capfd, *arguments, "--column", "input_ids", "--column", name)  # the user's word is taken
    assert code == 2
    assert f"lists of different lengths in 'input_ids' and {name!r}" in err


def test_messages_beside_the_tokens_are_left_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"input_ids": [1, 2], "messages": [{"role": "user", "content": "a"}], "source": "x", "tags": ["a"]}] * 2
    code, _, err = told(capfd, *packed_of(tmp_path, rows, "jsonl"))
    assert code == 0
    assert "columns left out: messages, source, tags" in err


def test_labels_that_do_not_fit_are_the_rows_fault(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"input_ids": [1, 2, 3], "labels": [1, 2]}] * 3
    code, _, err = told(capfd, *packed_of(tmp_path, rows, "jsonl"))
    assert code == 2
    assert "in.jsonl:1: got lists of different lengths in 'input_ids' and 'labels' (3 and 2; --column names" in err


def test_a_list_that_fits_at_first_is_named_where_it_no_longer_does(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"input_ids": [1, 2], "weights": [0.5, 0.5]}] * 3 + [{"input_ids": [1, 2], "weights": [0.5]}]
    arguments = packed_of(tmp_path, rows, "jsonl")
    code, _, err = told(capfd, *arguments)
    assert code == 2
    assert "in.jsonl:4: got lists of different lengths in 'input_ids' and 'weights' (2 and 1" in err
    assert told(capfd, *arguments, "--column", "input_ids")[0] == 0


def test_without_ids_lists_of_different_lengths_are_a_question(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = packed_of(tmp_path, [{"tokens": [1, 2, 3], "scores": [0.5]}] * 3, "jsonl")
    code, _, err = told(capfd, *arguments)
    assert code == 2
    assert "got lists of different lengths in 'tokens' and 'scores', wanted one length, or input_ids" in err
    assert "hint: say which are of tokens, like --column tokens" in err
    assert told(capfd, *arguments, "--column", "tokens")[0] == 0


def test_of_pairs_each_side_has_its_own_length(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sides = {"chosen_input_ids": [1, 2, 3], "rejected_input_ids": [4], "chosen_logits": [0.5], "rejected_logits": [0.5]}
    code, _, err = told(capfd, *packed_of(tmp_path, [sides] * 3, "jsonl"), "--pairs")
    assert code == 0, err
    assert "columns packed: input_ids" in err
    assert "not of tokens: chosen_logits" in err


def test_a_shard_with_empty_lists_alone_has_no_tokens_and_is_no_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for n, lists in enumerate(([[5, 6], [7]], [[], []], [[8]])):
        pl.DataFrame({"input_ids": lists, "labels": lists}).write_parquet(tmp_path / f"{n}.parquet")
    assert pl.read_parquet_schema(tmp_path / "1.parquet")["input_ids"] == pl.List(pl.Null)
    out, names = tmp_path / "out.jsonl", [str(tmp_path / f"{n}.parquet") for n in range(3)]
    assert main(["data", "pack", *names, "--capacity", "2", "--out", str(out)]) == 0
    assert "2 rows without tokens" in capfd.readouterr().err
    assert sorted(json.loads(line)["input_ids"] for line in out.read_text().splitlines()) == [[5, 6], [7, 8]]
