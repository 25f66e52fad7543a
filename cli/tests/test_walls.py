"""The command knows core and its two libraries, no plugin, and shows no text of a stranger without `clean`."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
import sctk_cli

FILES = sorted(Path(sctk_cli.__file__).parent.rglob("*.py"))
ALLOWED = {"sctk_core", "sctk_cli", "click", "rich", "polars"} | set(sys.stdlib_module_names)


def imports(path: Path, *, top_only: bool) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_only else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module.partition(".")[0]}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_core_and_the_two_libraries_are_imported(path: Path) -> None:
    assert imports(path, top_only=False) <= ALLOWED
    assert not imports(path, top_only=True) & {"rich", "polars"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_prints_by_itself(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    prints = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    assert path.name == "terminal.py" or not prints
