"""Standard streams that are closed, full, or left by who read them: a run goes on, and nothing ends in silence."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sctk_cli.streams import Data, ReaderGone, Refused, Said
from sctk_cli.terminal import in_json, put_json


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe's two ends, closed afterwards where they are still open."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            try:
                os.close(end)
            except OSError:
                continue


def sctk(*arguments: str, **how: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sctk_cli.main", *arguments]
    return subprocess.run(command, check=False, timeout=120, **how)  # type: ignore[call-overload,no-any-return]


def shell(line: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell in which `$@` is the command."""
    command = ["bash", "-c", line, "bash", sys.executable, "-m", "sctk_cli.main", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def test_what_is_said_to_nobody_is_lost_and_the_rest_of_the_process_writes_on() -> None:
    with pipe() as (reader, writer):
        os.close(reader)
        said = Said(writer, "w", closefd=False)
        assert said.write(b"a line") == 6
        assert said.lost is not None
        assert said.lost.errno == errno.EPIPE
        os.write(writer, b"a child of an engine")  # the descriptor leads nowhere now, and is no fault


def test_a_disk_that_has_room_again_is_written_to_again(tmp_path: Path) -> None:
    """What is lost of a log is lost, and what comes later stands there."""
    with open("/dev/full", "w") as full:
        said = Said(full.fileno(), "w", closefd=False)
        assert said.write(b"lost") == 4
        with (tmp_path / "log").open("w") as log:
            os.dup2(log.fileno(), full.fileno())
            said.write(b"kept")
    assert (tmp_path / "log").read_text() == "kept"


def test_data_is_refused_once_and_never_with_a_hole_in_it(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        data = Data(full.fileno(), "w", closefd=False)
        with pytest.raises(Refused, match="No space left on device"):
            data.write(b"first")
        with (tmp_path / "out").open("w") as out:
            os.dup2(out.fileno(), full.fileno())
            assert data.write(b"second") == 6
    assert (tmp_path / "out").read_text() == ""


def test_data_that_nobody_reads_is_no_fault_of_ours() -> None:
    with pipe() as (reader, writer):
        os.close(reader)
        with pytest.raises(ReaderGone):
            Data(writer, "w", closefd=False).write(b"first")


def test_a_descriptor_that_others_made_non_blocking_is_waited_for() -> None:
    with pipe() as (reader, writer):
        os.set_blocking(writer, False)
        data = os.urandom(300_000)  # more than a pipe holds
        found: list[bytes] = []

        def read() -> None:
            time.sleep(0.1)
            while len(b"".join(found)) < len(data):
                found.append(os.read(reader, 65536))

        thread = threading.Thread(target=read)
        thread.start()
        assert Data(writer, "w", closefd=False).write(data) == len(data)
        thread.join()
        assert b"".join(found) == data


@pytest.mark.parametrize("arguments", [["--help"], ["describe", "method", "nothing"]])
def test_closed_streams_end_with_the_right_code(arguments: list[str]) -> None:
    """Closed: nothing else gets the numbers of the streams, and what cannot be printed is exit code 6, what is wrong its own."""
    wanted = 6 if arguments[0] != "describe" else 3
    told = shell('"$@" >&-', *arguments)
    assert told.returncode == wanted
    assert "standard output: it is closed" in told.stderr or wanted == 3
    assert "Traceback" not in told.stderr
    assert shell('"$@" >&- 2>&- <&-', *arguments).returncode == wanted


def test_an_error_that_standard_error_does_not_take_is_told_on_standard_output() -> None:
    for line in ('"$@" 2>&-', '"$@" 2>/dev/full'):
        told = shell(line, "show", "nowhere")
        assert told.returncode == 2
        assert "got no manifest.json" in told.stdout


def test_a_full_standard_output_is_told_whatever_is_printed() -> None:
    told = shell('"$@" >/dev/full', "--help")
    assert told.returncode == 6
    assert told.stderr.startswith("error: cannot write standard output: No space left on device\nhint: ")


def test_a_run_outlives_who_read_what_it_says(toy: list[str]) -> None:
    """`sctk run ... 2>&1 >/dev/null | head -1`, with the result in a file; then the same line with nowhere to print it."""
    out = Path(toy[-1])
    out.parent.mkdir()
    told = shell(f'{{ "$@" 2>&1 >{out}.txt; echo "code $?" >{out}.code; }} | head -1', *toy)
    assert told.stdout.startswith("starting ")
    assert Path(f"{out}.code").read_text() == "code 0\n"
    assert json.loads((out / "manifest.json").read_text())["state"] == "done"
    assert "note: standard error took not all that was said there (Broken pipe)" in Path(f"{out}.txt").read_text()
    told = shell('"$@" >/dev/full', *toy)
    assert told.returncode == 6
    assert "sctk show" in told.stderr
    assert shell('"$@" | true; exit ${PIPESTATUS[0]}', *toy).returncode == 0


NASTY = "a\x7f\x80\x9b31m\u061c\u200e\u202e\u2028\u2066\u2069\ud800z\U0001f3ac é"


def test_json_holds_the_same_and_acts_on_no_terminal() -> None:
    told = in_json(json.dumps({NASTY: NASTY}, ensure_ascii=False))
    assert json.loads(told) == {NASTY: NASTY}
    assert "\U0001f3ac é" in told
    assert told.encode()
    assert {letter for letter in told if not letter.isascii() or not letter.isprintable()} == {"\U0001f3ac", "é"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "utf-16"])
def test_json_is_json_in_any_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace"))
    put_json({"text": NASTY})
    sys.stdout.flush()
    assert json.loads(raw.getvalue().decode(encoding)) == {"text": NASTY}


def test_a_terminal_of_ascii_is_given_ascii(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "é", "text": "Bewertung: schön 🎬"}) + "\n")
    for more in ([], ["--json"]):
        ascii_only = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
        told = sctk("judge", "read", str(rows), *more, env=ascii_only, capture_output=True)
        assert told.returncode == 0, told.stderr
        assert (told.stdout + told.stderr).isascii()
        assert b"Traceback" not in told.stderr
