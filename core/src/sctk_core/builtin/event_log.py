"""A watcher that keeps events: one JSON line each, for dashboards and for looking at a night's run in the morning."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from sctk_core.config import setting
from sctk_core.pipeline.events import Event


class EventLog:
    """Appends to a file; what the disk refuses is the observers' affair, and the run goes on."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Where to write."""

        path: str = setting(help="a file that lines are appended to", identity=False)

    def __init__(self, config: Config) -> None:
        self._path = Path(config.path)

    def notify(self, event: Event) -> None:
        """One line: the event's name, seconds since 1970, its fields."""
        line = {"event": type(event).__name__, "time_s": round(time.time(), 3)} | asdict(event)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
