"""From logits to the next token of every row: greedy, or a seeded draw after temperature and top-p."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from sctk_transformers.noise import log_exponential, step_key

NO_TOKEN = -1


def draw(
    logits_RV: torch.Tensor,
    temperatures: Sequence[float],
    top_ps: Sequence[float],
    seeds: Sequence[int],
    steps: Sequence[int],
) -> list[int]:
    """One token id per row; `NO_TOKEN` where the model gave no finite number.

    A row's token depends on its own logits, settings, seed and step only. Temperature 0 takes the most likely token.
    """
    scores_RV = logits_RV.float()
    hot = [row for row, temperature in enumerate(temperatures) if temperature > 0]
    if hot:
        device = scores_RV.device
        everything = len(hot) == len(temperatures)
        hot_R = torch.tensor(hot, device=device)
        warm_RV = scores_RV if everything else scores_RV[hot_R]
        warm_RV = warm_RV / torch.tensor([temperatures[row] for row in hot], device=device)[:, None]
        warm_RV = _nucleus(warm_RV, [top_ps[row] for row in hot])
        keys_R2 = torch.tensor([step_key(seeds[row], steps[row]) for row in hot], dtype=torch.int32, device=device)
        warm_RV = warm_RV - log_exponential(keys_R2, warm_RV.shape[1])
        scores_RV = warm_RV if everything else scores_RV.index_copy(0, hot_R, warm_RV)
    best_R, ids_R = scores_RV.max(dim=1)
    return torch.where(best_R.isfinite(), ids_R, NO_TOKEN).tolist()


def _nucleus(logits_RV: torch.Tensor, top_ps: Sequence[float]) -> torch.Tensor:
    """Logits with everything outside the smallest set of probability `top_p` at -inf (Holtzman et al., arXiv 1904.09751)."""
    cut = [row for row, top_p in enumerate(top_ps) if top_p < 1.0]
    if not cut:
        return logits_RV
    logits_RV = logits_RV.clone()
    for row in cut:
        logits_RV[row].masked_fill_(logits_RV[row] < _threshold(logits_RV[row], top_ps[row]), -torch.inf)
    return logits_RV


def _threshold(logits_V: torch.Tensor, top_p: float) -> torch.Tensor:
    """The smallest logit inside the nucleus; most nuclei lie within the first tokens, so those are sorted first."""
    total = logits_V.logsumexp(0)
    for count in (min(256, len(logits_V)), len(logits_V)):
        top_K = logits_V.topk(count).values
        mass_K = (top_K - total).exp().cumsum(0)
        if mass_K[-1] >= top_p or count == len(logits_V):
            inside = int((mass_K < top_p).sum())
            return top_K[min(inside, count - 1)]
    raise AssertionError("the second round looks at every token")
