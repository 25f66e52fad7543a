"""What a training needs to go on: beside the model's directory, in OUT.resume, until the model is there.

A checkpoint is all that the next steps depend on: trained weights, moments, schedule, random state, position in the data, losses
so far. It has its name only when it is whole. What a directory was made of is written in it; another model, row, setting or
version begins anew. The reference's log-probabilities lie there from before the first step.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import Trainer, TrainerCallback
from transformers.trainer import TRAINER_STATE_NAME

from sctk_trl.settings import Keeping, Settings

log = logging.getLogger("sctk_trl")
MADE_OF, REFERENCE, WEIGHTS, EXTRA = "made-of.json", "reference.safetensors", "weights.safetensors", "extra.pt"
LIBRARIES = ("sctk-trl", "torch", "transformers", "trl", "peft", "accelerate")


class Listed(Protocol):
    """Rows that can be told as plain values."""

    def as_dicts(self) -> list[dict[str, Any]]: ...


class Kept(Protocol):
    """What goes into a checkpoint beside the trainer's own state."""

    def state(self) -> dict[str, Any]: ...

    def restore(self, found: Mapping[str, Any]) -> None: ...


def made_of(config: Settings, table: Listed, model: str) -> dict[str, Any]:
    """All that a training's steps depend on, as JSON; `model` is the digest of the weights that it starts from."""
    rows = json.dumps(table.as_dicts()).encode()
    settings = asdict(config)
    settings["compute"] = {
        name: value for name, value in settings["compute"].items() if name not in ("keep", "log_every")
    }
    return {
        "settings": json.loads(json.dumps(settings)),
        "rows": hashlib.blake2b(rows, digest_size=16).hexdigest(),
        "model": model,
        "versions": {name: version(name) for name in LIBRARIES},
    }


class Checkpoints:
    """The directory OUT.resume of one training."""

    def __init__(self, out: Path, made: Mapping[str, Any]) -> None:
        self._path = out.with_name(out.name + ".resume")
        if self._path.exists() and self._read_made() != made:
            log.info("%s is of another training (rows, model, settings or versions): it begins anew", self._path)
            self.remove()
        if not self._path.exists():
            with whole(self._path) as part:
                (part / MADE_OF).write_text(json.dumps(made))

    def _read_made(self) -> Any:
        try:
            return json.loads((self._path / MADE_OF).read_text())
        except (OSError, ValueError):
            return None

    @property
    def last(self) -> Path | None:
        """The newest checkpoint that is whole, or None."""
        found = [path for path in self._path.glob("step-*") if not path.name.endswith(".part")]
        return max(found, key=lambda path: int(path.name.removeprefix("step-")), default=None)

    def reference(self) -> Tensor | None:
        """What `keep_reference` kept, or None."""
        path = self._path / REFERENCE
        return load_file(path)["logps"] if path.exists() else None

    def keep_reference(self, logps: Tensor) -> None:
        """Keeps the reference's log-probabilities."""
        part = self._path / (REFERENCE + ".part")
        save_file({"logps": logps}, part)
        _to_disk(part)
        part.replace(self._path / REFERENCE)

    def save(self, trainer: Trainer, extra: Mapping[str, Any]) -> None:
        """The state of `trainer` after a step, in place of the older ones."""
        path = self._path / f"step-{trainer.state.global_step}"
        with whole(path) as part:
            weights = {name: value.detach().contiguous() for name, value in _trained(trainer)}
            save_file(weights, part / WEIGHTS)
            trainer._save_optimizer_and_scheduler(str(part))
            trainer._save_rng_state(str(part))
            trainer.state.save_to_json(str(part / TRAINER_STATE_NAME))
            torch.save(dict(extra), part / EXTRA)
        for old in self._path.glob("step-*"):
            if old != path:
                shutil.rmtree(old, ignore_errors=True)

    def remove(self) -> None:
        """Takes the directory away: the model is there, or it is of no use."""
        shutil.rmtree(self._path, ignore_errors=True)


def load_weights(trainer: Any, checkpoint: Path) -> None:
    """Puts a checkpoint's weights into the trainer's model."""
    found = load_file(checkpoint / WEIGHTS)
    with torch.no_grad():
        for name, value in _trained(trainer):
            value.copy_(found[name])


def load_extra(checkpoint: Path) -> dict[str, Any]:
    """What was saved beside the trainer's own state."""
    found: dict[str, Any] = torch.load(checkpoint / EXTRA, weights_only=True)
    return found


def _trained(trainer: Any) -> Iterator[tuple[str, torch.nn.Parameter]]:
    model = trainer.accelerator.unwrap_model(trainer.model)
    return ((name, value) for name, value in model.named_parameters() if value.requires_grad)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A fresh directory that takes the name `path`, on disk with all its files, when the block ends well."""
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        for file in part.iterdir():
            _to_disk(file)
        part.replace(path)
        _to_disk(path.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Keeper(TrainerCallback):
    """Saves a checkpoint every so many steps or minutes, and when the user interrupts; then the training stops.

    The order of an epoch's rows is drawn when the epoch begins, so the random state of that moment is kept as well, and set
    again before a training goes on within that epoch.
    """

    def __init__(
        self, checkpoints: Checkpoints, keeping: Keeping, losses: list[float], kept: Mapping[str, Kept] | None = None
    ) -> None:
        self.checkpoints, self._keeping, self._losses, self._kept = checkpoints, keeping, losses, kept or {}
        self._saved = time.monotonic()
        self._epoch_began: Tensor | None = None
        self._to_go_on: Tensor | None = None
        self.trainer: Trainer | None = None
        self.interrupted = False
        self.kept_step = 0

    def resume(self, checkpoint: Path) -> None:
        """Takes up what a checkpoint holds beside the trainer's own state."""
        extra = load_extra(checkpoint)
        self._losses[:] = extra["losses"]
        self._to_go_on = extra["epoch_began"]
        for name, one in self._kept.items():
            one.restore(extra[name])
        self.kept_step = len(self._losses)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._to_go_on is not None:
            torch.set_rng_state(self._to_go_on)
            self._to_go_on = None
        self._epoch_began = torch.get_rng_state()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.interrupted or (state.global_step < state.max_steps and self._is_due(state.global_step)):
            self._save(state)
        control.should_training_stop |= self.interrupted

    def _is_due(self, step: int) -> bool:
        every, minutes = self._keeping.every_steps, self._keeping.every_minutes
        by_time = minutes > 0 and time.monotonic() - self._saved >= 60 * minutes
        return by_time or (every > 0 and step % every == 0)

    def _save(self, state: Any) -> None:
        assert self.trainer is not None
        # At the end of an epoch the next one begins with the state that there is now.
        began = torch.get_rng_state() if float(state.epoch).is_integer() else self._epoch_began
        more = {name: one.state() for name, one in self._kept.items()}
        self.checkpoints.save(self.trainer, {"losses": self._losses, "epoch_began": began, **more})
        self._saved, self.kept_step = time.monotonic(), state.global_step

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """The first interrupt (Ctrl-C) ends the step and keeps it; a second one stops at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)

        def strike(number: int, frame: FrameType | None) -> None:
            self.interrupted = True
            signal.signal(signal.SIGINT, before)
            log.warning("interrupted: this step is finished and kept; interrupt again to stop at once")

        signal.signal(signal.SIGINT, strike)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
