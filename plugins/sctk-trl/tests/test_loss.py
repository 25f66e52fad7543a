"""The one preference loss: golden values, exact cases, invariants."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sctk_trl.loss import log_ratio_difference, loss_floor, pair_loss, probability_under_noise

GOLDEN = [  # beta, d, tau, loss, gradient in h (papers.md 2b.4)
    (0.1, 0.0, 0.7, 0.6931471805599453, -0.2),
    (0.1, 5.0, 1.0, 0.4740769841801067, -0.3775406687981454),
    (0.1, 5.0, 0.9, 0.5240769841801067, -0.27754066879814543),
    (0.1, 5.0, 0.5, 0.7240769841801067, 0.1224593312018546),
    (0.1, -5.0, 0.9, 0.9240769841801066, -0.5224593312018546),
    (0.3, 2.0, 0.9525741268224334, 0.46594347439242556, -0.30691782059663797),
]
numbers = st.floats(-30, 30)
shares = st.floats(0, 1)


def value_and_gradient(d: float, beta: float, tau: float, **case: object) -> tuple[float, float]:
    """The loss of one pair with log-ratio difference `d`, and its gradient in h, as float32 computes them."""
    policy = torch.tensor([d, 0.0], requires_grad=True)
    h = log_ratio_difference(policy, torch.zeros(2), beta)
    h.retain_grad()
    loss = pair_loss(h, torch.tensor([tau]), beta=beta, **case)  # type: ignore[arg-type]
    loss.sum().backward()
    assert h.grad is not None
    return loss.item(), h.grad.item()


@pytest.mark.parametrize(("beta", "d", "tau", "loss", "gradient"), GOLDEN)
def test_golden_values(beta: float, d: float, tau: float, loss: float, gradient: float) -> None:
    assert value_and_gradient(d, beta, tau) == pytest.approx((loss, gradient), abs=1e-6)


def shared_golden() -> dict[str, list[dict[str, float]]]:
    for folder in Path(__file__).resolve().parents:
        found = folder / "shared" / "data" / "golden_values.json"
        if found.exists():
            values: dict[str, list[dict[str, float]]] = json.loads(found.read_text())
            return values
    pytest.skip("shared/data/golden_values.json does not lie beside this checkout; the inline copies above were tested")


def test_shared_golden_values_of_the_logistic_link() -> None:
    rows = shared_golden()["pair_loss"]
    assert rows
    for row in rows:
        got = value_and_gradient(row["delta_logratio"], row["beta"], row["tau"])
        assert got == pytest.approx((row["loss"], row["grad_h"]), abs=1e-6)


def test_shared_golden_values_of_the_squared_link() -> None:
    rows = shared_golden()["squared_link"]
    assert rows
    for row in rows:
        got = value_and_gradient(row["delta_logratio"], row["beta"], row["tau"], link="squared")
        assert got == pytest.approx((row["loss"], row["grad_h"]), abs=1e-6, rel=1e-6)
        best_h = row["beta"] * row["optimal_delta"]
        at_best = pair_loss(torch.tensor([best_h]), torch.tensor([row["tau"]]), link="squared", beta=row["beta"])
        floor = loss_floor(torch.tensor([row["tau"]]), link="squared", beta=row["beta"])
        assert at_best.item() == pytest.approx(floor.item(), abs=1e-4)


def test_shared_golden_values_under_noise() -> None:
    for row in shared_golden()["noise_losses"]:
        eps = row["eps"]
        for name, noise in (("dpo", "none"), ("cdpo", "conservative"), ("robust", "robust")):
            tau = probability_under_noise(torch.tensor([1.0], dtype=torch.float64), noise, eps)  # type: ignore[arg-type]
            assert tau.item() == pytest.approx(row["tau_equivalent"][name])  # type: ignore[index]
            got = value_and_gradient(row["delta_logratio"], row["beta"], tau.item())
            assert got == pytest.approx((row[name], row["grad_h"][name]), abs=1e-6)  # type: ignore[index]


def test_noise_is_mapped_inside_the_loss() -> None:
    """cDPO and robust DPO at beta 0.1, d 5, eps 0.1 (papers.md 2b.4), from data whose tau is 1."""
    one = torch.tensor([1.0])
    cdpo = pair_loss(torch.tensor([0.5]), probability_under_noise(one, "conservative", 0.1))
    robust = pair_loss(torch.tensor([0.5]), probability_under_noise(one, "robust", 0.1))
    assert (cdpo.item(), robust.item()) == pytest.approx((0.5240769841801067, 0.41157698418010663), abs=1e-6)


def test_ipo_is_the_squared_link_at_tau_one() -> None:
    d, beta = 3.0, 0.2
    loss, _ = value_and_gradient(d, beta, 1.0, link="squared")
    assert loss == pytest.approx((d - 1 / (2 * beta)) ** 2, abs=1e-6)


@given(numbers)
def test_tau_one_is_minus_logsigmoid_bit_for_bit(h: float) -> None:
    ours, plain = torch.tensor([h], requires_grad=True), torch.tensor([h], requires_grad=True)
    loss, expected = pair_loss(ours, torch.ones(1)), -torch.nn.functional.logsigmoid(plain)
    loss.sum().backward()
    expected.sum().backward()
    assert torch.equal(loss, expected)
    assert ours.grad is not None
    assert plain.grad is not None
    assert torch.equal(ours.grad, plain.grad)


@given(numbers, shares, st.sampled_from(["logistic", "squared"]))
def test_swapping_the_sides_swaps_the_probability(h: float, tau: float, link: str) -> None:
    tau_B = torch.tensor([tau], dtype=torch.float64)
    there = pair_loss(torch.tensor([h], dtype=torch.float64), tau_B, link=link)  # type: ignore[arg-type]
    back = pair_loss(torch.tensor([-h], dtype=torch.float64), 1 - tau_B, link=link)  # type: ignore[arg-type]
    assert there.item() == pytest.approx(back.item(), rel=1e-12, abs=1e-12)


@given(st.floats(0.01, 0.99))
def test_the_gradient_vanishes_at_logit_tau_where_the_loss_is_the_entropy(tau: float) -> None:
    tau_B = torch.tensor([tau], dtype=torch.float64)
    h = torch.logit(tau_B).requires_grad_()
    loss = pair_loss(h, tau_B)
    loss.sum().backward()
    assert h.grad is not None
    assert h.grad.item() == pytest.approx(0.0, abs=1e-12)
    assert loss.item() == pytest.approx(loss_floor(tau_B).item(), abs=1e-12)


def test_large_h_in_low_precision_stays_exact() -> None:
    h = torch.tensor([60.0, -60.0], dtype=torch.bfloat16)
    loss = pair_loss(h, torch.tensor([0.25, 0.25]))
    assert loss.dtype == torch.float32
    assert loss.tolist() == pytest.approx([45.0, 15.0])


def test_only_the_difference_of_summed_log_ratios_counts() -> None:
    """[2B]: B chosen rows, then B rejected rows."""
    policy, reference = torch.tensor([-10.0, -20.0, -12.0, -15.0]), torch.tensor([-11.0, -20.0, -12.0, -18.0])
    assert log_ratio_difference(policy, reference, 0.5).tolist() == [0.5, -1.5]


def test_robust_noise_has_no_floor() -> None:
    tau = probability_under_noise(torch.tensor([1.0]), "robust", 0.1)
    assert math.isinf(loss_floor(tau).item())
