"""Clocks that go back: a day lost between two reads, files from the future; the run ends, and its tables are the same."""

from __future__ import annotations

import itertools
import os
import re
import time
from pathlib import Path

import pytest
from outcomes import tables
from toy_run import toy_run

CHANGES = {"source": {"n": 6}, "run": {"shard_rows": 2}}


def test_a_wall_clock_that_goes_back_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = tables(toy_run(tmp_path / "sound", CHANGES, "rdpo").run)
    seconds = itertools.count(2e9, -86_400.5)
    monkeypatch.setattr(time, "time", lambda: next(seconds))
    monkeypatch.setattr(time, "time_ns", lambda: int(next(seconds) * 1e9))
    log = {"use": "event-log", "path": "events.jsonl"}
    result = toy_run(tmp_path / "back", CHANGES | {"watcher": [log]}, "rdpo")
    assert (result.state, tables(result.run)) == ("done", wanted)
    told = next((result.run / "logs").iterdir()).read_text()
    spans = [float(found) for found in re.findall(r'"seconds": (-?[\d.e-]+)', told)]
    assert len(spans) > 5
    assert min(spans) >= 0


@pytest.mark.parametrize("when", [0.0, 4e9])
def test_files_of_another_time_are_gone_on_with(when: float, tmp_path: Path) -> None:
    first = toy_run(tmp_path, CHANGES, "rdpo")
    wanted = tables(first.run)
    for path in (first.run.parent).rglob("*"):
        os.utime(path, (when, when))
    (first.run / "metrics.json").unlink()
    again = toy_run(tmp_path, CHANGES, "rdpo")
    assert (again.state, tables(again.run)) == ("done", wanted)
