"""A watcher that keeps events: one JSON line each, for dashboards and for looking at a night's run in the morning."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from sctk_core.config import setting
from sctk_core.errors import ConfigError
from sctk_core.pipeline.events import Event


class EventLog:
    """Appends to a file; what the disk refuses is the observers' affair, and the run goes on.

    A recipe, which may be a stranger's, names a file in the run's `logs`; what is typed at the command line may lie anywhere.
    """

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Where to write."""

        path: str = setting(
            help="a file that lines are appended to: in the run's logs/, or with --watch anywhere", identity=False
        )

    def __init__(self, config: Config, *, folder: Path | None = None) -> None:
        self._path = Path(config.path) if folder is None else _inside(folder, config.path)
        self._folder = folder

    def notify(self, event: Event) -> None:
        """One line: the event's name, seconds since 1970, its fields."""
        line = {"event": type(event).__name__, "time_s": round(time.time(), 3)} | asdict(event)
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        with open(self._path, "a", encoding="utf-8", opener=self._opened) as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _opened(self, path: str, flags: int) -> int:
        """The file; in the run's folder no link is followed that was left there."""
        return os.open(path, flags | (os.O_NOFOLLOW if self._folder is not None else 0), 0o644)


def _inside(folder: Path, name: str) -> Path:
    """The file of that name in a folder; a ConfigError for what is no plain name."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ConfigError(
            f"[[watcher]] event-log, path: got {name!r} in a recipe, wanted a name without a folder: it lies in the run's logs/",
            hint=f"to write it elsewhere, type it: --watch 'event-log path={name}'",
        )
    return folder / name
