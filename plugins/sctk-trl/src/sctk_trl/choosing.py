"""The weights that are kept: those of the epoch with the least loss on rows that were not trained on, or the last.

The rows are read at the end of every epoch, before a checkpoint of that step is written, so a training that goes on after a kill
has chosen among the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import TrainerCallback

log = logging.getLogger("sctk_trl")


class Chooser(TrainerCallback):
    """Reads the validation rows after each epoch of `n_steps` steps; keeps the best weights where it is to keep `best`."""

    def __init__(self, loss_of: Callable[[Any], float], n_steps: int, *, best: bool) -> None:
        self._loss_of, self._n_steps, self._best = loss_of, n_steps, best
        self.losses: list[float] = []
        self._weights: dict[str, Tensor] = {}

    @property
    def kept(self) -> int:
        """The epoch (from 1) whose weights are kept."""
        return self.losses.index(min(self.losses)) + 1 if self._best else len(self.losses)

    def on_step_end(self, args: Any, state: Any, control: Any, *, model: Any = None, **_: Any) -> None:
        if state.global_step % self._n_steps and state.global_step < state.max_steps:
            return
        loss = self._loss_of(model)
        least = min(self.losses, default=float("inf"))
        self.losses.append(loss)
        log.info("multi-task: epoch %d, validation loss %.4f", len(self.losses), loss)
        if self._best and loss < least:
            self._weights = {name: value.detach().cpu().clone() for name, value in _trained(model)}

    def put_back(self, model: Any) -> None:
        """Puts the kept weights into the model."""
        with torch.no_grad():
            for name, value in _trained(model) if self._weights else ():
                value.copy_(self._weights[name])

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold of this."""
        return {"losses": self.losses, "weights": self._weights}

    def restore(self, found: Mapping[str, Any]) -> None:
        """Takes up what a checkpoint held."""
        self.losses, self._weights = list(found["losses"]), dict(found["weights"])


def _trained(model: Any) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]
