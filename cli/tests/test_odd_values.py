"""Values that nobody thinks of, on the command line: a message and the right exit code, and no control character in any help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from sctk_cli.main import cli, main
from sctk_core import ConfigError
from sctk_core.recipe import from_assignments, read_toml

LONG, DEEP = "9" * 5000, "[" * 50_000


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", ".", "--rows", "-1"],
        ["show", ".", "--rows", "9" * 30],
        ["verify", "dsc", "--seeds", "9" * 12],
        ["verify", "dsc", "--set", f"run.limit={LONG}"],
        ["verify", "dsc", "--set", f"run.limit={DEEP}"],
    ],
    ids=range(5),
)
def test_a_value_that_nobody_can_use_is_told(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capfd.readouterr().err
    assert "fault of sctk" not in said
    assert len(said) < 4500


def test_what_is_no_toml_is_a_text() -> None:
    given = [f"run.limit={LONG}", f"run.limit={DEEP}", "run.limit=1\nother=2"]
    assert [from_assignments([one])["run"]["limit"] for one in given] == [LONG, DEEP, "1\nother=2"]


@pytest.mark.parametrize("value", [LONG, DEEP])
def test_a_recipe_of_such_values_is_told(value: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(f"[run]\nlimit = {value}")
    with pytest.raises(ConfigError, match=r"recipe\.toml: got invalid TOML"):
        read_toml(tmp_path / "recipe.toml")


def helps(command: click.Command, name: str = "sctk") -> list[str]:
    """The help of a command and of all below it."""
    with click.Context(command, info_name=name) as context:
        found = [command.get_help(context)]
        below = command.list_commands(context) if isinstance(command, click.Group) else []
        commands = [command.get_command(context, one) for one in below]  # type: ignore[attr-defined]
        return found + [text for one in commands if one for text in helps(one)]


def test_no_help_has_a_control_character() -> None:
    found = helps(cli)
    assert len(found) > 15
    assert [text for text in found if any(ord(letter) < 32 and letter != "\n" for letter in text)] == []


def test_a_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    line = f'rmdir {tmp_path / "gone"}; exec "$@"'
    command = ["bash", "-c", line, "bash", sys.executable, "-m", "sctk_cli.main", "show", "."]
    done = subprocess.run(command, cwd=tmp_path / "gone", capture_output=True, text=True, check=False)
    assert done.returncode in (2, 6)
    assert "fault of sctk" not in done.stderr


@pytest.mark.parametrize("limit", ["-n 5", "-n 4"])
def test_a_process_that_may_open_nothing_ends_without_a_traceback(limit: str, tmp_path: Path) -> None:
    command = ["bash", "-c", f'ulimit {limit}; exec "$@"', "bash", sys.executable, "-m", "sctk_cli.main", "show", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "sctk_cli" not in done.stderr or "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "value", ["1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "[[1979-05-27]]", "{a = 07:32:00}"]
)
def test_a_date_is_no_setting(value: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither a recipe as resolved nor a fingerprint can hold one."""
    assert main(["config", "--plugin", "dsc", "--set", f"template.variables.x={value}", "--json"]) == 2
    assert "--set: template.variables.x" in capfd.readouterr().err


def test_a_setting_that_is_no_number_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--plugin", "dsc", "--set", "template.variables.x=[nan, -inf]", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["sections"]["template"]["variables"]["x"] == ["nan", "-inf"]
