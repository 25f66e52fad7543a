"""Seeded draws follow the model's distribution, rows share nothing, and top-p keeps the nucleus."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_transformers.draw import NO_TOKEN, draw
from sctk_transformers.noise import log_exponential, step_key


def many(logits: list[float], n: int, *, temperature: float = 1.0, top_p: float = 1.0, seed: int = 0) -> list[int]:
    """n draws from one distribution, each with a seed of its own."""
    rows = torch.tensor([logits]).expand(n, -1)
    return draw(rows, [temperature] * n, [top_p] * n, range(seed, seed + n), [0] * n)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_softmax(temperature: float) -> None:
    logits, n = [2.0, 1.0, 0.0, -1.0, -3.0], 40_000
    counts = torch.tensor(many(logits, n, temperature=temperature)).bincount(minlength=5)
    expected = (torch.tensor(logits) / temperature).softmax(0) * n
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    assert chi2 < 18.47  # 4 degrees of freedom, p = 0.001; the draws are fixed


def test_draws_of_one_seed_at_successive_steps_follow_the_softmax_too() -> None:
    n = 20_000
    rows = torch.zeros(n, 4)
    counts = torch.tensor(draw(rows, [1.0] * n, [1.0] * n, [7] * n, range(n))).bincount(minlength=4)
    assert float(((counts - n / 4) ** 2 / (n / 4)).sum()) < 16.27  # 3 degrees of freedom, p = 0.001


def test_noise_is_exponential_and_rows_are_independent() -> None:
    keys = torch.tensor([step_key(seed, 0) for seed in range(64)], dtype=torch.int32)
    noise = log_exponential(keys, 4096).exp().double()
    assert float(noise.mean()) == pytest.approx(1.0, abs=0.01)
    assert float(noise.var()) == pytest.approx(1.0, abs=0.03)
    assert float((noise > 3).double().mean()) == pytest.approx(math.exp(-3), abs=0.002)
    correlation = torch.corrcoef(noise)
    off = correlation[~torch.eye(64, dtype=torch.bool)]
    assert float(off.abs().max()) < 5.5 / math.sqrt(4096)
    neighbours = torch.corrcoef(torch.stack([noise[:, :-1].flatten(), noise[:, 1:].flatten()]))[0, 1]
    assert abs(float(neighbours)) < 0.01


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=600), st.floats(0.05, 0.999), st.integers(0, 1 << 62))
def test_top_p_draws_from_the_nucleus_only(logits: list[float], top_p: float, seed: int) -> None:
    order = sorted(range(len(logits)), key=lambda token: -logits[token])
    probabilities = torch.tensor(logits, dtype=torch.float64).softmax(0)
    mass, nucleus = 0.0, set()
    for token in order:
        if mass >= top_p + 1e-6:
            break
        nucleus |= {other for other in order if logits[other] == logits[token]}
        mass += float(probabilities[token])
    assert set(many(logits, 20, top_p=top_p, seed=seed)) <= nucleus


def test_a_row_does_not_see_the_others() -> None:
    torch.manual_seed(0)
    logits = torch.randn(30, 50)
    temperatures = [0.0, 0.7, 1.0] * 10
    top_ps = [1.0, 0.9] * 15
    together = draw(logits, temperatures, top_ps, range(30), range(30))
    alone = [draw(logits[row : row + 1], [temperatures[row]], [top_ps[row]], [row], [row])[0] for row in range(30)]
    assert together == alone
    assert together[0] == int(logits[0].argmax())


def test_rows_without_finite_scores_draw_nothing() -> None:
    rows = torch.tensor([[0.0, 1.0], [math.nan, 0.0], [-math.inf, -math.inf]])
    assert draw(rows, [1.0] * 3, [1.0] * 3, [1] * 3, [0] * 3)[1:] == [NO_TOKEN, NO_TOKEN]
    assert draw(rows, [0.0] * 3, [1.0] * 3, [1] * 3, [0] * 3) == [1, NO_TOKEN, NO_TOKEN]
