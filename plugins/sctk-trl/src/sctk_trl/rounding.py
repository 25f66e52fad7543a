"""Rounding that loses nothing on average, and the AdamW that trains weights of 16 bits with it.

A step of a fine learning rate is a small part of the gap between two neighbouring bfloat16 numbers, and rounding to the nearest
throws it away: the weights stay where they were. Rounded up with the probability that is its part of the gap, a step survives
as an expectation (stochastic rounding; Gupta et al. 2015, arXiv 1502.02551; for bfloat16 weights arXiv 2010.06192).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

DROPPED_BITS = {torch.bfloat16: 16, torch.float16: 13}
"""Bits of a float32's fraction that a shorter type has no room for."""


def stochastically(values: Tensor, dtype: torch.dtype, generator: torch.Generator | None = None) -> Tensor:
    """float32 `values` in a shorter `dtype`, each up or down to a neighbour so that the mean is right; exact ones stay.

    >>> stochastically(torch.tensor([1.0, -0.5]), torch.bfloat16).tolist()
    [1.0, -0.5]
    """
    values = values.contiguous()
    if dtype not in DROPPED_BITS:
        return values.to(dtype)
    n_bits = DROPPED_BITS[dtype]
    noise = torch.randint(0, 1 << n_bits, values.shape, dtype=torch.int32, device=values.device, generator=generator)
    bits = noise.add_(values.view(torch.int32)).bitwise_and_(-(1 << n_bits))
    return bits.view(torch.float32).to(dtype)


class RoundedAdamW(torch.optim.Optimizer):
    """AdamW for bfloat16 weights: each step is computed in float32, and weights and moments are rounded stochastically.

    6 bytes a weight beside its gradient, where float32 needs 12. The second moment moves by 0.1 % of itself in a step, less
    than a bfloat16 can tell, so rounding it to the nearest would freeze it. Draws come from torch's own generator.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step of all weights that have a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, group)

    def _move(self, weight: Tensor, group: dict[str, Any]) -> None:
        """One step of one tensor (arXiv 1711.05101, algorithm 2)."""
        state = self.state[weight]
        if not state:
            state["step"] = 0
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(weight), torch.zeros_like(weight)
        state["step"] += 1
        (beta1, beta2), rate, gradient = group["betas"], group["lr"], weight.grad.float()  # type: ignore[union-attr]
        first = state["exp_avg"].float().lerp_(gradient, 1 - beta1)
        second = state["exp_avg_sq"].float().mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        scale = (second / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
        moved = weight.float().mul_(1 - rate * group["weight_decay"])
        moved.addcdiv_(first, scale, value=-rate / (1 - beta1 ** state["step"]))
        for kept, value in ((state["exp_avg"], first), (state["exp_avg_sq"], second), (weight, moved)):
            kept.copy_(stochastically(value, weight.dtype))
