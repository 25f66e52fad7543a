"""The one preference loss: L(h, tau) = tau f(h) + (1 - tau) f(-h), with a probability tau for each pair.

h = beta * {[log pi(y_w|q) - log ref(y_w|q)] - [log pi(y_l|q) - log ref(y_l|q)]}, log-probabilities SUMMED over the tokens
of a response. The link f is logistic, f(h) = -log sigma(h), or squared, f(h) = (h - 1/2)^2 / beta^2. Exact cases:

- DPO: logistic, tau = 1.  cDPO: logistic, tau = 1 - eps.  IPO: squared, tau = 1 (its loss in summed log-probabilities).
- refined DPO (arXiv 2402.08005) as the README reads it: logistic, tau from the reward's scores.
- robust DPO (Chowdhury et al.): logistic, tau' = (tau - eps) / (1 - 2 eps), outside [0, 1] by intent, so mapped here.

The gradient is dL/dh = sigma(h) - tau (logistic): it vanishes at h = logit(tau), where L is the entropy H(tau), not 0.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Link = Literal["logistic", "squared"]
NoiseModel = Literal["none", "conservative", "robust"]


def log_ratio_difference(policy_2B: Tensor, reference_2B: Tensor, beta: float) -> Tensor:
    """h of B pairs, float32 or better, from summed log-probabilities in nats: B chosen responses, then their B rejected."""
    ratio_2B = at_least_float32(policy_2B) - at_least_float32(reference_2B)
    chosen_B, rejected_B = ratio_2B.chunk(2)
    return beta * (chosen_B - rejected_B)


def pair_loss(h_B: Tensor, tau_B: Tensor, *, link: Link = "logistic", beta: float = 1.0) -> Tensor:
    """The loss of each of B pairs, float32 or better (papers: 2.1 and the squared link). `beta` scales the squared link only.

    >>> pair_loss(torch.tensor([0.5]), torch.tensor([0.9]))
    tensor([0.5241])
    """
    h_B = at_least_float32(h_B)
    tau_B = tau_B.to(h_B)
    if link == "logistic":
        # Not softplus(h) - tau * h, which cancels for large h.
        return -tau_B * functional.logsigmoid(h_B) - (1 - tau_B) * functional.logsigmoid(-h_B)
    return (tau_B * (h_B - 0.5) ** 2 + (1 - tau_B) * (h_B + 0.5) ** 2) / beta**2


def probability_under_noise(tau_B: Tensor, noise: NoiseModel, eps: float) -> Tensor:
    """The tau that is trained on when labels are taken to be flipped with rate `eps` in [0, 1/2).

    Conservative: eps + (1 - 2 eps) tau, what a flipped label would leave of tau (cDPO at tau = 1). Robust: the unbiased
    inverse (tau - eps) / (1 - 2 eps), which may lie outside [0, 1].

    >>> probability_under_noise(torch.tensor([1.0]), "robust", 0.1)
    tensor([1.1250])
    """
    if noise == "conservative":
        return eps + (1 - 2 * eps) * tau_B
    if noise == "robust":
        return (tau_B - eps) / (1 - 2 * eps)
    return tau_B


def loss_floor(tau_B: Tensor, *, link: Link = "logistic", beta: float = 1.0) -> Tensor:
    """The least loss that any h reaches: H(tau) in nats (logistic), tau (1 - tau) / beta^2 (squared).

    Where tau is outside [0, 1] the logistic loss has no floor: -inf.

    >>> loss_floor(torch.tensor([0.5, 1.0, 1.125]))
    tensor([0.6931, 0.0000,   -inf])
    """
    tau_B = at_least_float32(tau_B)
    if link == "squared":
        return tau_B * (1 - tau_B) / beta**2
    inside = (tau_B >= 0) & (tau_B <= 1)
    p_B = tau_B.clamp(0, 1)
    entropy_B = -torch.xlogy(p_B, p_B) - torch.xlogy(1 - p_B, 1 - p_B)
    return torch.where(inside, entropy_B.abs(), torch.full_like(entropy_B, -torch.inf))


def at_least_float32(values: Tensor) -> Tensor:
    """Half precisions become float32 (sigma saturates in them); float64 stays."""
    return values if values.dtype == torch.float64 else values.float()
