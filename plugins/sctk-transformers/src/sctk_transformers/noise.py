"""Random numbers that belong to a request: a counter-based generator over (seed, step, token id), the same in every batch.

A token is drawn by an exponential race: argmax(logit / T - log E), E ~ Exp(1), which is Gumbel-max (Gumbel 1954; Maddison et
al., arXiv 1411.0030). E of a token is a hash of the row's key and the token's id, so no generator state is shared between rows
and nothing depends on who else is in the batch. Integer arithmetic only up to the last step: equal on CPU and GPU.
"""

from __future__ import annotations

import torch

M64 = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
ODD, MIX_1, MIX_2 = -1640531527, 0x7FEB352D, 0x846CA68B - (1 << 32)


def step_key(seed: int, step: int) -> tuple[int, int]:
    """Two signed 32-bit words for one request's draw of one token (splitmix64 of the mixed seed and the step).

    >>> step_key(7, 0) != step_key(7, 1), step_key(7, 1) != step_key(8, 1)
    (True, True)
    """
    word = _splitmix(_splitmix(seed & M64) + step * GOLDEN)
    return _signed(word >> 32), _signed(word & 0xFFFFFFFF)


def log_exponential(keys_R2: torch.Tensor, n_vocab: int) -> torch.Tensor:
    """log E for every row and token, float32 [R, V]: E ~ Exp(1) in steps of 2^-32, hashed from int32 keys [R, 2].

    Two rounds of a 32-bit finaliser, the second keyed anew, so that rows whose first words lie close share nothing.
    """
    counter_V = torch.arange(n_vocab, dtype=torch.int32, device=keys_R2.device) * ODD
    x_RV = counter_V + keys_R2[:, :1]
    spare_RV = torch.empty_like(x_RV)
    _mix(x_RV, spare_RV, 16, MIX_1)
    _mix(x_RV, spare_RV, 15, MIX_2)
    x_RV.bitwise_xor_(keys_R2[:, 1:])
    _mix(x_RV, spare_RV, 16, MIX_1)
    _mix(x_RV, spare_RV, 15, MIX_2)
    _mix(x_RV, spare_RV, 16, 1)
    x_RV.bitwise_and_(0x7FFFFFFF)
    # log1p(-v) keeps the small v exact that decide a race; v = 1 (rounding) gives E = inf, which never wins.
    return x_RV.float().add_(0.5).mul_(-(2.0**-31)).log1p_().neg_().log_()


def _mix(x: torch.Tensor, spare: torch.Tensor, shift: int, factor: int) -> None:
    """x = (x ^ (x >>> shift)) * factor in place; the logical shift of a signed word is an arithmetic one, masked."""
    torch.bitwise_right_shift(x, shift, out=spare)
    spare.bitwise_and_((1 << (32 - shift)) - 1)
    x.bitwise_xor_(spare)
    if factor != 1:
        x.mul_(factor)


def _splitmix(word: int) -> int:
    word = (word + GOLDEN) & M64
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & M64
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & M64
    return word ^ (word >> 31)


def _signed(word: int) -> int:
    return word - (1 << 32) if word >= 1 << 31 else word
