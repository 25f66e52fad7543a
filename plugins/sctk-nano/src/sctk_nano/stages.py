"""Training in stages, each of which is stored when it is done: what was interrupted goes on from the last one, to the same bytes.

A stage is a pure function of what the one before it stored. It is written beside its place and moved there whole, so a place that
exists is a stage that is done.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sctk_core import ConfigError

logger = logging.getLogger(__name__)
Learn = Callable[[int, Path | None, Path], float]
"""(number, what the stage before stored or None, where to store this one) -> its final loss."""


def in_stages(learn: Learn, n: int, plan: Mapping[str, Any], out: Path) -> tuple[Path, list[float]]:
    """Goes through `n` stages below `out`; returns where the last one stands, and the losses of all in nats."""
    kept = out / "stages"
    kept.mkdir(parents=True, exist_ok=True)
    _same_plan(kept / "plan.json", plan)
    losses: list[float] = []
    before: Path | None = None
    for number in range(n):
        place = kept / f"{number:02d}"
        if not place.exists():
            _stored(learn, number, before, place)
        losses.append(float((place / "loss").read_text(encoding="utf-8")))
        logger.info("stage %d of %d: loss %.4f", number + 1, n, losses[-1])
        before = place
    if before is None:
        raise ConfigError("a plan of training: got no stage, wanted one or more")
    return before, losses


def noted(out: Path, **facts: Any) -> None:
    """Writes what is to be known of a build beside its model."""
    (out / "build.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def command(told: str, build: Callable[[Path], Any]) -> None:
    """The command of a module that builds: `--out DIR`, and progress on standard error."""
    parser = argparse.ArgumentParser(description=told)
    parser.add_argument("--out", type=Path, required=True, help="directory to write the model to")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    build(arguments.out)


def _stored(learn: Learn, number: int, before: Path | None, place: Path) -> None:
    part = place.with_name("part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    loss = learn(number, before, part)
    (part / "loss").write_text(repr(round(loss, 4)), encoding="utf-8")
    part.rename(place)


def _same_plan(note: Path, plan: Mapping[str, Any]) -> None:
    text = json.dumps(plan, indent=2) + "\n"
    if not note.exists():
        note.write_text(text, encoding="utf-8")
    elif note.read_text(encoding="utf-8") != text:
        raise ConfigError(
            f"{note.parent}: got stages of another plan, wanted those of this one",
            hint="build into an empty directory",
        )
