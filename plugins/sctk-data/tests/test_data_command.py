"""How `sctk data` is offered: listed with its own words, light until it works, and showing no text by itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import sctk_data
from sctk_cli.main import main
from sctk_data.command import data

FILES = sorted(Path(sctk_data.__file__).parent.rglob("*.py"))
HEAVY = {"rich", "polars", "sctk_rs"}


def test_the_list_of_commands_says_what_the_command_says(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    lines = [line.split(maxsplit=1) for line in capfd.readouterr().out.splitlines()]
    assert ["data", data.get_short_help_str(200)] in lines


def test_the_plugin_module_is_light() -> None:
    program = "import sys\nimport sctk_data.plugin\nprint(chr(10).join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & (HEAVY | {"click", "sctk_cli", "sctk_data.command"})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_heavy_is_imported_at_the_top_and_nothing_prints_by_itself(path: Path) -> None:
    tree = ast.parse(path.read_text())
    found = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    found |= {str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert not {name.partition(".")[0] for name in found} & HEAVY
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
