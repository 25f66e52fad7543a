"""How S_L and S_K of many questions lie, in words: what a user needs who has to choose a threshold, or whose run kept nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import quantiles

from sctk_knowledge.settings import Thresholds

Scores = tuple[float | None, float | None]
"""S_L and S_K of one question; None: not measured."""


def spread_of(scores: Iterable[Scores]) -> list[str]:
    """A line on each score that some questions have.

    >>> spread_of([(0.5, None), (0.7, None), (0.9, None)])
    ['S_L of 3 questions: least 0.500, quarters 0.600, 0.700, 0.800, most 0.900']
    """
    pairs = list(scores)
    columns = {"S_L": [s_l for s_l, _ in pairs if s_l is not None], "S_K": [s_k for _, s_k in pairs if s_k is not None]}
    return [f"{name} of {len(found)} questions: {_told(found)}" for name, found in columns.items() if found]


def quarters(values: Sequence[float]) -> list[float]:
    """What a quarter, a half and three quarters of some numbers lie below; none of fewer than two."""
    return quantiles(values, n=4, method="inclusive") if len(values) > 1 else []


def _told(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.3f}"
    parts = ", ".join(f"{value:.3f}" for value in quarters(values))
    return f"least {min(values):.3f}, quarters {parts}, most {max(values):.3f}"


def before(scores: Iterable[Scores]) -> list[str]:
    """A line on the questions that have no score at all, if there are any.

    >>> before([(None, None), (0.5, None), (None, 0.5)])[0].partition(":")[0]
    '1 were left out before any score'
    """
    n = sum(s_l is None and s_k is None for s_l, s_k in scores)
    told = "sctk show tells why; where an answer runs to the limit of its tokens, raise sampling.max_new_tokens"
    return [f"{n} were left out before any score: {told}"] if n else []


def why_none(scores: Iterable[Scores], limits: Thresholds, run: str) -> str:
    """Where no question was kept: how the scores lie beside the thresholds, and the command that shows what others would keep."""
    pairs = list(scores)
    lines = spread_of(pairs)
    if not lines:
        return "; ".join(before(pairs))
    told = "; ".join([*lines, *before(pairs)])
    return (
        f"{told}; kept is S_L below {limits.tau_l:g} with S_K above {limits.tau_k:g}: sctk knowledge kept {run} shows "
        "what others would keep (method.detection.thresholds.tau_l and .tau_k; replies are recalled)"
    )
