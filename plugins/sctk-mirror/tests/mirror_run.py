"""Runs the method `mirror` once with fakes: `python mirror_run.py ROOT '{"run": {...}}'`; a process that can be killed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute

WORLD = Path(__file__).with_name("mirror_world.py")


def mirror_run(root: Path, changes: dict[str, Any] | None = None, out: str = "run") -> RunResult:
    """Runs the method to its end in `root/runs/run`, with some keys of its sections changed."""
    sections: dict[str, Any] = {
        "method": {"use": "mirror", "teacher": {"n": 3, "m": 3}, "schedule": {"epochs": 6.0}},
        "model": {"path": str(_model(root / "student", solve=10, judge=0))},
        "roles": {"teacher": {"model": str(_model(root / "teacher", solve=100, judge=100))}},
        "backend": {"use": "telling"},
        "source": {"use": "sums"},
        "trainer": {"use": "lessons"},
        "run": {"shard_rows": 5, "timeout_s": 60.0},
    }
    for name, values in (changes or {}).items():
        sections[name] = sections.get(name, {}) | values
    known = catalogue([WORLD])
    recipe = with_defaults([Layer(origin="test", sections=sections)], known)
    return execute(assemble(recipe, known), out=root / "runs" / out)


def _model(path: Path, **skill: int) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "skill").write_text(json.dumps(skill))
    return path


if __name__ == "__main__":
    mirror_run(Path(sys.argv[1]), json.loads(sys.argv[2]))
