"""Runs the toy world once: `python toy_run.py ROOT '{"method": ..., ...}'`; a process of its own, so that it can be killed."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from sctk_core.assembly import Assembly, assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute

TOY = {"use": "toy"}
PLUGINS = [Path(__file__).with_name("toy_world.py")]


def toy_assembly(root: Path, changes: dict[str, Any], method: str = "dsc", also: Sequence[Path] = ()) -> Assembly:
    """The toy recipe in `root` with some sections changed; `also` are more plugin files."""
    base = root / "base"
    if not base.exists():
        base.mkdir(parents=True)
        (base / "skill").write_text("")
    sections: dict[str, Any] = {
        name: dict(TOY) for name in ("backend", "source", "critic", "reward", "trainer", "baseline")
    }
    sections |= {"model": {"path": str(base)}, "run": {"shard_rows": 5, "timeout_s": 5.0}}
    sections |= {"method": {"use": method}, "evaluator": [dict(TOY)]}
    if method == "dsc":
        sections["rule"] = dict(TOY)
    for name, values in changes.items():
        sections[name] = values if isinstance(values, list) else sections.get(name, {}) | values
    known = catalogue([*PLUGINS, *also])
    return assemble(with_defaults([Layer(origin="test", sections=sections)], known), known)


def toy_run(
    root: Path, changes: dict[str, Any], method: str = "dsc", out: str = "run", redo: Collection[str] = ()
) -> RunResult:
    """Runs the toy recipe to its end in `root/runs/OUT`."""
    return execute(toy_assembly(root, changes, method), out=root / "runs" / out, redo=redo)


if __name__ == "__main__":
    toy_run(Path(sys.argv[1]), json.loads(sys.argv[2]))
