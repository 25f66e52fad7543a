"""The weights that are kept: those of the epoch that does best on rows that were not trained on, or the last.

Best is by answers, as the published code of arXiv 2311.09214 has it (there on the test set): the share of the rows whose target
greedy decoding would write, and among equals the least loss. By loss alone an epoch would be taken in which few answers are right
yet: a student that is sure of its errors has a high loss, and may answer more. The rows are read at the end of every epoch, before
a checkpoint of that step is written, so a training that goes on after a kill has chosen among the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import TrainerCallback

log = logging.getLogger("sctk_trl")
Keep = Literal["best", "least-loss", "last"]


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What an epoch's weights do on the validation rows: loss in nats per token, and the share of targets written, in [0, 1]."""

    loss: float
    exact: float

    def rank(self, keep: Keep) -> tuple[float, ...]:
        """More is better."""
        return (self.exact, -self.loss) if keep == "best" else (-self.loss,)


class Chooser(TrainerCallback):
    """Reads the validation rows after each epoch of `n_steps` steps; keeps the weights of the one that `keep` says."""

    def __init__(self, read: Callable[[Any], Epoch], n_steps: int, *, keep: Keep) -> None:
        self._read, self._n_steps, self._keep = read, n_steps, keep
        self.epochs: list[Epoch] = []
        self._weights: dict[str, Tensor] = {}

    @property
    def kept(self) -> int:
        """The epoch (from 1) whose weights are kept; the earliest of equals."""
        if self._keep == "last":
            return len(self.epochs)
        ranks = [one.rank(self._keep) for one in self.epochs]
        return ranks.index(max(ranks)) + 1

    def on_step_end(self, args: Any, state: Any, control: Any, *, model: Any = None, **_: Any) -> None:
        if state.global_step % self._n_steps and state.global_step < state.max_steps:
            return
        found = self._read(model)
        self.epochs.append(found)
        n = len(self.epochs)
        log.info("multi-task: epoch %d, validation loss %.4f, %.1f %% exact", n, found.loss, 100 * found.exact)
        if self._keep != "last" and self.kept == n:
            self._weights = {name: value.detach().cpu().clone() for name, value in _trained(model)}

    def put_back(self, model: Any) -> None:
        """Puts the kept weights into the model."""
        with torch.no_grad():
            for name, value in _trained(model) if self._weights else ():
                value.copy_(self._weights[name])

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold of this."""
        return {"epochs": [asdict(one) for one in self.epochs], "weights": self._weights}

    def restore(self, found: Mapping[str, Any]) -> None:
        """Takes up what a checkpoint held."""
        self.epochs, self._weights = [Epoch(**one) for one in found["epochs"]], dict(found["weights"])


def _trained(model: Any) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]
