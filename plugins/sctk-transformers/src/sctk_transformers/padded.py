"""Static batches through the model's own cache, padded on the left: for models whose attention flat batching cannot stand for.

Rows join only when the batch is empty, and leave as they finish; sliding windows, sinks and recurrent states are the
model's own business.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch


class PaddedMemory:
    """What the rows of a padded batch have read so far (transformers' cache), and one step further."""

    joins, even, patient = False, False, False

    def __init__(self, model: Any) -> None:
        self.model = model
        self.accepted = set(inspect.signature(model.forward).parameters)
        self.cache: Any = None
        self.mask_RT = torch.zeros((0, 0), dtype=torch.long)

    def step(self, last_ids: Sequence[int], prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Logits [rows, V]: of new prompts, which come alone, or after one more token of every row."""
        if prompts:
            return self._forward(self._padded(prompts), 1)[:, -1]
        self.mask_RT = torch.cat([self.mask_RT, self.mask_RT.new_ones((len(last_ids), 1))], dim=1)
        return self._forward(torch.tensor([[number] for number in last_ids], device=self.model.device), 1)[:, -1]

    def read(self, texts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Logits [texts, longest, V] of whole texts, padded on the left."""
        return self._forward(self._padded(texts), 0)

    def keep(self, order: Sequence[int]) -> None:
        """The rows become those of `order` (old numbers)."""
        if not order:
            self.cache = None
        elif list(order) != list(range(len(self.mask_RT))):
            rows = torch.tensor(list(order), device=self.model.device)
            self.mask_RT = self.mask_RT[rows]
            self.cache.reorder_cache(rows)

    def fan(self, order: Sequence[int]) -> None:
        """The rows become those of `order`, which rises and names every row once or more."""
        self.keep(order)

    def _padded(self, texts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Ids [texts, longest], after forgetting what was read."""
        longest = max(map(len, texts))
        mask = [[0] * (longest - len(text)) + [1] * len(text) for text in texts]
        self.cache, self.mask_RT = None, torch.tensor(mask, device=self.model.device)
        ids = [[0] * (longest - len(text)) + list(text) for text in texts]
        return torch.tensor(ids, device=self.model.device)

    def _forward(self, ids_RT: torch.Tensor, n_logits: int) -> torch.Tensor:
        positions_RT = (self.mask_RT.cumsum(1) - 1).clamp(min=0)[:, -ids_RT.shape[1] :]
        known = {"position_ids": positions_RT, "logits_to_keep": n_logits}
        terms = {name: value for name, value in known.items() if name in self.accepted}
        out = self.model(
            input_ids=ids_RT, attention_mask=self.mask_RT, past_key_values=self.cache, use_cache=True, **terms
        )
        self.cache = out.past_key_values
        logits: torch.Tensor = out.logits
        return logits
