"""Files of every form, dressed as people have them and damaged as disks and downloads do: rows, or an error that names the file.

What is whole comes out as it went in. What is damaged gives rows and faults, one of the two for each row, or a ConfigError; any
other exception fails. `pytest -m sweep core/tests/test_reading_fuzz.py` takes ten minutes; SCTK_FUZZ_SEED is its first seed.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from backports import zstd
from hypothesis import HealthCheck, assume, example, given, seed, settings
from hypothesis import strategies as st
from sctk_core import ConfigError
from sctk_core.reading import Fault, Form, Input, Table, TextLayout, chunks_of, objects, rows_of

usual = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
MINUTES = 10
TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    [
        "",
        "007",
        " ",
        'a "quoted" one',
        "a,b",
        "a\nb",
        "a\r\nb",
        "\ufeff",
        "\0",
        "\u2028",
        "\x85",
        "é",
        "e\u0301",
        "🎬",
        "x" * 70_000,
    ]
)
NAMES = st.lists(st.sampled_from(["text", "id", "a b", "é", 'q"', "c,d", "x\ny"]), min_size=1, max_size=4, unique=True)
PACKINGS: list[Callable[[bytes], bytes]] = [
    bytes,
    gzip.compress,
    zstd.compress,
    lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]),
    lambda data: zstd.compress(data[:5]) + zstd.compress(data[5:]),
]
Rows = list[dict[str, Any]]


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Rows with the same columns; those of one column have one type."""
    names = draw(NAMES)
    kinds = [
        TEXT,
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.booleans(),
        st.lists(TEXT, max_size=2),
    ]
    row = st.fixed_dictionaries({name: draw(st.sampled_from(kinds)) for name in names})
    return draw(st.lists(row, min_size=1, max_size=5))


def as_jsonl(rows: Rows, end: str) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + end for row in rows).encode()


def as_csv(rows: Rows, end: str, delimiter: str = ",") -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=end, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(rows[0])
    writer.writerows([[row[name] for name in rows[0]] for row in rows])
    return file.getvalue().encode()


def into(write: str) -> Callable[[Rows, str], bytes]:
    def written(rows: Rows, end: str) -> bytes:
        file = io.BytesIO()
        getattr(pl.DataFrame(rows, infer_schema_length=None), write)(file)
        return file.getvalue()

    return written


WRITERS: dict[Form, Callable[[Rows, str], bytes]] = {
    "jsonl": as_jsonl,
    "json": lambda rows, end: json.dumps(rows, indent=1).replace("\n", end).encode(),
    "csv": as_csv,
    "tsv": lambda rows, end: as_csv(rows, end, "\t"),
    "parquet": into("write_parquet"),
    "arrow": into("write_ipc_stream"),
}


def read(path: Path, form: Form, faults: list[Fault]) -> Rows:
    """All rows in small chunks; what is wrong with others goes to `faults`."""
    found: Rows = []
    for chunk, _ in chunks_of(Input.at(path, form), n_bytes=50):
        if isinstance(chunk, Table):
            found += chunk.frame.to_dicts()
        else:
            found += [row for _, row in objects(chunk, faults.append)]
    return found


@usual
@given(
    rows=tables(), form=st.sampled_from(sorted(WRITERS)), end=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(), pack=st.sampled_from(PACKINGS),
)  # fmt: skip
def test_what_is_whole_comes_out_as_it_went_in(
    rows: Rows, form: Form, end: str, mark: bool, pack: Any, tmp_path: Path
) -> None:
    if form in ("csv", "tsv"):
        rows = [{name: str(value) for name, value in row.items()} for row in rows]
    data = WRITERS[form](rows, end)
    (tmp_path / "a").write_bytes(pack((b"\xef\xbb\xbf" if mark and form not in ("parquet", "arrow") else b"") + data))
    faults: list[Fault] = []
    wanted = [{name: value or None for name, value in row.items()} for row in rows] if form in ("csv", "tsv") else rows
    assert read(tmp_path / "a", form, faults) == wanted
    assert [row.values for row in rows_of(Input.at(tmp_path / "a", form))] == wanted
    assert not faults


@st.composite
def damages(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """One thing that happens to files: cut, bytes changed, put in, taken out, written twice."""
    at, n = draw(st.floats(0, 1)), draw(st.integers(1, 9))
    what = draw(st.sampled_from(["cut", "change", "put in", "take out", "twice", "zeros", "end"]))
    more = draw(
        st.binary(min_size=n, max_size=n)
        | st.sampled_from([b'"', b"\n", b"\r", b"\xff", b"\0", b"{", b"]", b",", b"\xe9"])
    )

    def damage(data: bytes) -> bytes:
        place = int(at * len(data))
        before, after = data[:place], data[place:]
        return {
            "cut": before, "change": before + more + after[len(more) :], "put in": before + more + after,
            "take out": before + after[n:], "twice": before + after + after,
            "zeros": before + bytes(len(after)), "end": data + more,
        }[what]  # fmt: skip

    return damage


@usual
@given(
    rows=tables(), form=st.sampled_from(sorted(WRITERS)), pack=st.sampled_from(PACKINGS[:3]), damage=damages(),
    outside=st.booleans(), as_form=st.none() | st.sampled_from(sorted(WRITERS)),
)  # fmt: skip
def test_what_is_damaged_is_rows_and_faults_or_an_error(
    rows: Rows, form: Form, pack: Any, damage: Any, outside: bool, as_form: Form | None, tmp_path: Path
) -> None:
    data = WRITERS[form](rows, "\n")
    data = damage(pack(data)) if outside else pack(damage(data))
    (tmp_path / "a").write_bytes(data)
    said = None
    try:
        found = read(tmp_path / "a", as_form or form, [])
    except ConfigError as error:
        found, said = [], error
    assert all(isinstance(row, dict) for row in found)
    assert said is None or (str(tmp_path / "a") in said.message and said.hint)


@usual
@given(
    lines=st.lists(
        st.binary(max_size=12) | TEXT.map(str.encode) | tables().map(lambda rows: as_jsonl(rows[:1], "")), max_size=9
    )
)
@example(lines=[b"\xef\xbb\xbf", b"{}"])
@example(lines=[b"", b"\r", b" \t"])
@example(lines=[b"[" * 100_000])
def test_every_line_of_jsonl_is_a_row_a_fault_or_blank(lines: list[bytes], tmp_path: Path) -> None:
    data = b"\n".join(lines)
    assume(not data.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")))
    (tmp_path / "a").write_bytes(data)
    faults: list[Fault] = []
    found = read(tmp_path / "a", "jsonl", faults)
    plain = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert len(found) + len(faults) == sum(bool(line.strip()) for line in plain)
    told = [int(fault.where.rpartition(":")[2]) for fault in faults]
    assert told == sorted(set(told))
    assert all(plain[number - 1].strip() for number in told)


@usual
@given(
    widths=st.lists(st.integers(1, 5), max_size=9), cells=st.lists(TEXT, min_size=45, max_size=45),
    names=NAMES, delimiter=st.sampled_from([",", ";", "\t", "|"]), end=st.sampled_from(["\n", "\r\n", "\r"]),
)  # fmt: skip
def test_of_csv_exactly_the_rows_of_another_width_are_faults(
    widths: list[int], cells: list[str], names: list[str], delimiter: str, end: str, tmp_path: Path
) -> None:
    file, left = io.StringIO(), iter(cells)
    rows = [[next(left) for _ in range(width)] for width in widths]
    csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    (tmp_path / "a").write_bytes(file.getvalue().encode())
    source = Input.at(tmp_path / "a", "csv", layout=TextLayout(delimiter=delimiter))
    faults: list[Fault] = []
    found: Rows = []
    for chunk, _ in chunks_of(source, n_bytes=50):
        assert not isinstance(chunk, Table)
        found += [row for _, row in objects(chunk, faults.append)]
    names = [name.strip() for name in names]
    assert found == [
        {name: cell or None for name, cell in zip(names, row, strict=True)} for row in rows if len(row) == len(names)
    ]
    assert len(faults) == sum(len(row) != len(names) for row in rows)


FUZZED = (
    test_what_is_whole_comes_out_as_it_went_in,
    test_what_is_damaged_is_rows_and_faults_or_an_error,
    test_every_line_of_jsonl_is_a_row_a_fault_or_blank,
    test_of_csv_exactly_the_rows_of_another_width_are_faults,
)


@pytest.mark.sweep
@pytest.mark.timeout(MINUTES * 60 + 300)
@pytest.mark.parametrize("fuzzed", FUZZED, ids=lambda one: one.__name__)
def test_ten_minutes_of_it(fuzzed: Any, tmp_path: Path) -> None:
    until, rounds = time.monotonic() + MINUTES * 60 / len(FUZZED), 0
    first = int(os.environ.get("SCTK_FUZZ_SEED", "0"))
    while time.monotonic() < until:
        seed(first + rounds)(fuzzed)(tmp_path=tmp_path)
        rounds += 1
    print(f"{rounds} rounds of {usual.max_examples}")
    assert rounds
