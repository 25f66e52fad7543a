"""What is no file: pipes of a shell are read, devices and files without end are refused before they fill the memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sctk_core import ConfigError
from sctk_core.builtin.file_source import FileSource
from sctk_core.reading import Wanted, inputs_at, rows_of
from sctk_core.recipe import read_toml

ROWS = "".join(json.dumps({"prompt": f"question {n}"}) + "\n" for n in range(30))


@contextmanager
def piped(text: str) -> Iterator[str]:
    """The name of a pipe as a shell gives it for `<(...)`, and somebody who writes to it."""
    reader, writer = os.pipe()

    def write() -> None:
        with open(writer, "w") as file:
            file.write(text)

    threading.Thread(target=write, daemon=True).start()
    yield f"/dev/fd/{reader}"
    os.close(reader)


def test_a_pipe_of_the_shell_is_read_like_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file.jsonl"
    file.write_text(ROWS)
    with piped(ROWS) as name:
        streamed, plain = (FileSource(FileSource.Config(path=path)) for path in (name, str(file)))
    assert list(streamed.prompts()) == list(plain.prompts())
    assert list(streamed.held_out()) == list(plain.held_out())
    assert streamed.digest() == plain.digest()


def test_a_pipe_in_a_folder_is_refused_for_nobody_may_ever_write_to_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="got no regular file"):
        FileSource(FileSource.Config(path=str(tmp_path / "pipe")))


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null"])
def test_a_device_is_no_file_of_rows(device: str) -> None:
    with pytest.raises(ConfigError, match="got no regular file"):
        FileSource(FileSource.Config(path=device))


def test_a_pipe_in_a_directory_is_no_shard(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jsonl")  # nobody writes to it: to open it would wait for ever
    (tmp_path / "b.jsonl").write_text(ROWS)
    assert [one.name for one in inputs_at(str(tmp_path), Wanted(), print)] == [str(tmp_path / "b.jsonl")]


@pytest.mark.parametrize(("device", "ends"), [("/dev/zero", False), ("/dev/null", True)])
def test_a_device_as_standard_input(device: str, ends: bool) -> None:
    program = "from sctk_core.reading import check_ends; check_ends()"
    with open(device) as stdin:
        done = subprocess.run([sys.executable, "-c", program], stdin=stdin, capture_output=True, check=False)
    assert (done.returncode == 0) == ends
    assert (b"got a device, wanted rows that come to an end" in done.stderr) != ends


def test_a_line_without_end_fills_no_memory(tmp_path: Path) -> None:
    with (tmp_path / "rows.jsonl").open("wb") as file:
        file.write(ROWS.encode())
        file.truncate(1 << 33)
    (source,) = inputs_at(str(tmp_path / "rows.jsonl"), Wanted(), print)
    with pytest.raises(ConfigError, match="a line of more than 64 MB"):
        list(rows_of(source))


def test_a_recipe_without_end_fills_no_memory(tmp_path: Path) -> None:
    with (tmp_path / "recipe.toml").open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(ConfigError, match="more than 16 MB"):
        read_toml(tmp_path / "recipe.toml")
