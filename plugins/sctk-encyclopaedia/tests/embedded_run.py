"""Runs `knowledge` on the embedded world once, small: `python embedded_run.py ROOT '{"method": ...}' EVENT STAGE N`.

With an event it is killed there: EVENT (a class of sctk_core.pipeline.events) of STAGE or a step of it, for the N-th time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute

SMALL: dict[str, dict[str, Any]] = {
    "method": {
        "use": "knowledge",
        "questions": {"n": 2, "n_exam": 1},
        "detection": {"n_samples": 2, "thresholds": {"tau_k": 0.3}},
        "answers": {"examples": 2},
        "arms": ["no-filtering", "dola"],
    },
    "source": {"n_articles": 8, "n_held_out": 6},
    "run": {"shard_rows": 5, "concurrency": 4, "eval_limit": 12},
}


def embedded_run(root: Path, changes: dict[str, Any], observers: Sequence[Callable[[object], None]] = ()) -> RunResult:
    """Runs to the end in `root/runs/run`."""
    known = catalogue([])
    layers = [Layer(origin="test", sections=SMALL), Layer(origin="changes", sections=changes)]
    return execute(assemble(with_defaults(layers, known), known), out=root / "runs" / "run", observers=observers)


class Killer:
    """An observer that kills its process at the n-th event of a kind and a stage."""

    def __init__(self, event: str, stage: str, n: int) -> None:
        self._event, self._stage, self._left = event, stage, n

    def __call__(self, event: object) -> None:
        """Takes one event in."""
        if type(event).__name__ == self._event and f"{getattr(event, 'stage', '')}.".startswith(f"{self._stage}."):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    struck = [Killer(sys.argv[3], sys.argv[4], int(sys.argv[5]))] if len(sys.argv) > 3 else []
    embedded_run(Path(sys.argv[1]), json.loads(sys.argv[2]), struck)
