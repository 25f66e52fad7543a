"""Runs the world that takes notes: the toy recipe with its components, and what was written down."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from sctk_core.run import RunResult
from toy_run import PLUGINS, toy_run

for name in ("kill_plan.py", "hole_world.py"):
    if Path(__file__).with_name(name) not in PLUGINS:
        PLUGINS.append(Path(__file__).with_name(name))


class World:
    """One folder with runs, notes and faults."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        monkeypatch.setenv("HOLE_DIR", str(root))

    def model(self, name: str) -> str:
        """The directory of a model of that name."""
        path = self.root / name
        path.mkdir(exist_ok=True)
        (path / "skill").write_text(name)
        return str(path)

    def fault(self, name: str, *, on: bool = True) -> None:
        """Begins a fault, or ends it."""
        (self.root / name).touch() if on else (self.root / name).unlink()

    def run(
        self, changes: dict[str, Any] | None = None, method: str = "rdpo", redo: Collection[str] = (), out: str = "run"
    ) -> RunResult:
        """The recipe with changes, run to its end."""
        sections: dict[str, Any] = {
            "backend": {"use": "noted"}, "critic": {"use": "noted-critic"}, "reward": {"use": "noted-judge"},
            "trainer": {"use": "noted-trainer"}, "baseline": {"use": "noted-trainer"}, "source": {"n": 4},
            "model": {"path": self.model("small")}, "evaluator": [{"use": "noted-evaluator"}],
            "run": {"shard_rows": 3, "eval_limit": 3, "timeout_s": 20.0},
        }  # fmt: skip
        for name, values in (changes or {}).items():
            merged = isinstance(values, dict) and name != "roles" and "path" not in values
            sections[name] = sections.get(name, {}) | values if merged else values
        return toy_run(self.root, sections, method, out, redo)

    def notes(self, event: str, **facts: Any) -> list[dict[str, Any]]:
        """What was written down of one kind, since the last `forget`."""
        path = self.root / "log.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [row for row in rows if row["event"] == event and facts.items() <= row.items()]

    def forget(self) -> None:
        """Takes the notes away."""
        (self.root / "log.jsonl").unlink(missing_ok=True)
