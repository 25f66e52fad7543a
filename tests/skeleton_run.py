"""Runs the skeleton once: `python skeleton_run.py ROOT '{"method": ..., ...}'`; a process of its own, so that it can be killed."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sctk_core.assembly import Assembly, assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute

PLUGIN = Path(__file__).with_name("skeleton_knowledge.py")


def skeleton_assembly(root: Path, changes: dict[str, Any], plugin: Path = PLUGIN) -> Assembly:
    """The method's own recipe with two models in `root`, and with some sections changed."""
    for name in ("base", "teacher"):
        if not (root / name).exists():
            (root / name).mkdir(parents=True)
            (root / name / "name").write_text(name)
            (root / name / "knows").write_text("")
    sections: dict[str, Any] = {
        "method": {"use": "skeleton-knowledge", "iterations": 2, "tau_knowledge": 0.4},
        "model": {"path": str(root / "base")},
        "roles": {"teacher": {"model": str(root / "teacher")}},
        "run": {"shard_rows": 5, "timeout_s": 5.0},
    }
    for name, values in changes.items():
        sections[name] = values if isinstance(values, list) else sections.get(name, {}) | values
    known = catalogue([plugin])
    return assemble(with_defaults([Layer(origin="test", sections=sections)], known), known)


def skeleton_run(
    root: Path, changes: dict[str, Any], *, redo: Collection[str] = (), plugin: Path = PLUGIN
) -> RunResult:
    """Runs the skeleton to its end in `root/runs/run`."""
    return execute(skeleton_assembly(root, changes, plugin), out=root / "runs" / "run", redo=redo)


if __name__ == "__main__":
    skeleton_run(Path(sys.argv[1]), json.loads(sys.argv[2]))
