"""Runs the skeleton of Mind's Mirror once: `python skeleton_mirror_run.py ROOT '{"run": {...}}'`; a process that can be killed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute

PLUGIN = Path(__file__).with_name("skeleton_mirror.py")


def mirror_run(root: Path, changes: dict[str, Any] | None = None, plugin: Path = PLUGIN) -> RunResult:
    """Runs the skeleton to its end in `root/runs/run`, with some keys of its sections changed."""
    sections: dict[str, Any] = {
        "method": {"use": "small-mirror"},
        "model": {"path": str(_model(root / "student", solve=10, judge=0))},
        "roles": {"teacher": {"model": str(_model(root / "teacher", solve=100, judge=100))}},
        "run": {"shard_rows": 5, "timeout_s": 20.0},
    }
    for name, values in (changes or {}).items():
        sections[name] = sections.get(name, {}) | values
    known = catalogue([plugin])
    recipe = with_defaults([Layer(origin="test", sections=sections)], known)
    return execute(assemble(recipe, known), out=root / "runs" / "run")


def _model(path: Path, **skill: int) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "skill").write_text(json.dumps(skill))
    return path


if __name__ == "__main__":
    mirror_run(Path(sys.argv[1]), json.loads(sys.argv[2]))
