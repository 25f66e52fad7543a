"""Rewards and comparers that are measured by themselves may do anything: failures that are told, an exit code that says whose."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sctk_cli.main import main
from sctk_cli.terminal import put_json
from sctk_core import CheckFailed

COMPONENT = '''
import asyncio, os, sys, time
from dataclasses import dataclass
from sctk_core import Component, Score, hookimpl

def scores(items):
    return [Score(sample=one, name="odd", value=float(len(one.text)), scale="0 up") for one in items]

def compared(items):
    return [Score(sample=one, against=other, name="odd", value=1.0, scale="0 up") for one, other in items]

class Silent(Exception):
    def __str__(self):
        raise ValueError

class Odd:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""
    def __init__(self, config):
        INIT
    async def score(self, items):
        BODY
        return scores(items)
    async def compare(self, items):
        BODY
        return compared(items)

@hookimpl
def sctk_rewards():
    return [Component(name="odd", target=f"{__name__}:Odd", summary="does anything")]

@hookimpl
def sctk_comparers():
    return [Component(name="odd", target=f"{__name__}:Odd", summary="does anything")]
'''
ROWS = [{"prompt": f"p{n}", "reply": "a" * n, "label": n, "first": "a", "second": "b"} for n in range(5)]
COMMANDS = (["reward", "check"], ["judge", "position"])


def line(tmp_path: Path, command: list[str], body: str, init: str = "pass") -> list[str]:
    (tmp_path / "odd.py").write_text(COMPONENT.replace("BODY", body).replace("INIT", init))
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return [*command, "odd", str(tmp_path / "rows.jsonl"), "--load", str(tmp_path / "odd.py"), "--json"]


@pytest.mark.parametrize("command", COMMANDS, ids=["reward", "position"])
@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ("sys.exit(0)", 3, "bug: SystemExit"),
        ("raise Silent()", 3, "its text cannot be read"),
        ("raise BaseException('\\ud800\\x1b')", 3, "bug: BaseException (BaseException: \\ud800\\x1b)"),
        ("raise asyncio.CancelledError", 3, "bug: CancelledError"),
        ("asyncio.current_task().cancel(); await asyncio.sleep(9)", 3, "cancelled its own work"),
        ("return None", 3, "contract: got a NoneType, wanted a list"),
        ("items.clear()", 3, "contract: got too few or too many answers"),
        ("object.__setattr__(items[0][0] if type(items[0]) is tuple else items[0], 'text', 'x')", 3, "changed what it was given"),
        ("await asyncio.sleep(99)", 4, "timeout: no answer within 0.2 s"),
        ("raise ConnectionError('gone')", 4, "backend: ConnectionError (ConnectionError: gone)"),
        ("asyncio.get_running_loop().stop()", 0, ""),
        ("print('a word')", 0, ""),
    ],
)  # fmt: skip
def test_what_a_component_does_is_told(
    command: list[str], body: str, code: int, told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*line(tmp_path, command, body), "--timeout", "0.2" if code == 4 else "60"]) == code
    out, err = capfd.readouterr()
    assert "fault of sctk" not in err
    assert "Traceback" not in err
    assert told in err
    assert not told or ("odd.py" in err and "answered none of" in err)
    found = json.loads(out)  # one object, whatever is printed beside
    assert found.get("pairs", 5) == 5


@pytest.mark.parametrize(
    ("body", "init", "code", "told"),
    [
        ("sys.exit(0)", "pass", 1, "score(): raised 'SystemExit: 0'"),
        ("raise Silent()", "pass", 1, "its text cannot be read"),
        ("raise asyncio.CancelledError", "pass", 1, "raised 'CancelledError'"),
        ("pass", "sys.exit(0)", 3, "raised SystemExit: 0"),
        ("pass", "time.sleep(99)", 3, "held the run's thread for 0.2 s"),
        ("pass", "raise Silent()", 3, "its text cannot be read"),
    ],
)
def test_a_check_outlives_what_it_checks(
    body: str, init: str, code: int, told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line(tmp_path, [], body, init)
    assert main(["plugin", "check", str(tmp_path / "odd.py"), "--timeout", "0.2"]) == code
    out, err = capfd.readouterr()
    assert told in out
    assert "fault of sctk" not in err
    assert out.count("of file odd.py") >= 2  # the comparer too, though the reward does not pass


@pytest.mark.parametrize(
    "text", ["[project", "project = 5", "[project]", "[project]\nname = [1]", "a = " + "[" * 50_000]
)
def test_a_project_of_anything_is_told(text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert main(["plugin", "check", str(tmp_path)]) == 2
    assert "pyproject.toml: got " in capfd.readouterr().err


@pytest.mark.parametrize(
    "options", [["--within", "nan"], ["--at-most", "nan"], ["--timeout", "nan"], ["--timeout", "inf"], ["--set", "a"]]
)
def test_no_number_is_no_bound(options: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """NaN is neither above nor below: as a bound it would let everything pass."""
    assert main([*line(tmp_path, COMMANDS[0], "pass"), *options]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "it.a" not in err


@pytest.mark.parametrize("label", ["NaN", "1e999", "9" * 400, '"nan"', "[1]", "null"])
def test_a_label_that_is_no_number_is_told(label: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It would be counted as right: nothing is further from NaN than it may be."""
    command = line(tmp_path, COMMANDS[0], "pass")
    (tmp_path / "rows.jsonl").write_text(f'{{"prompt": "p", "reply": "a", "label": {label}}}\n')
    assert main(command) == 2
    assert "rows.jsonl:1: got " in capfd.readouterr().err


def test_one_that_never_comes_to_be_is_broken_into(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    command = line(tmp_path, COMMANDS[0], "pass", init="time.sleep(99)")
    assert main([*command, "--timeout", "0.2"]) == 3
    assert "odd.py" in capfd.readouterr().err


@pytest.mark.parametrize("command", COMMANDS, ids=["reward", "position"])
def test_one_that_forks_is_asked_once(command: list[str], tmp_path: Path) -> None:
    """The other process, which comes back from the component too, ends there: it prints nothing, and keeps no pipe open."""
    line_ = [sys.executable, "-m", "sctk_cli.main", *line(tmp_path, command, "os.fork()")]
    done = subprocess.run(line_, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    json.loads(done.stdout)


def test_numbers_that_cannot_be_added_are_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each is a float; their mean with its interval would be none."""
    command = line(tmp_path, COMMANDS[0], "return [Score(sample=one, name='odd', value=-1.7e308) for one in items]")
    assert main([*command, "--calibrate"]) == 3
    assert "value: got a number beyond 10^100, wanted a finite number" in capfd.readouterr().err


def test_json_holds_no_number_that_is_none() -> None:
    with pytest.raises(CheckFailed, match="a result that is not finite"):
        put_json({"value": float("inf")})
