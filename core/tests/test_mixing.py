"""How well chains mix: on traces whose autocorrelation is known, and on the decisions of a run."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars
import pytest
from sctk_core.run.chains import Chain, Mixing, measures_of_chains, told_of_chains
from sctk_core.statistics import effective_size, lag_one, r_hat
from toy_run import toy_run


def autoregressive(phi: float, n_chains: int, n: int, seed: int = 0) -> np.ndarray:
    """Stationary chains with x' = phi x + noise, of variance 1."""
    noise = np.random.default_rng(seed).normal(size=(n_chains, n))
    found = noise.copy()
    for place in range(1, n):
        found[:, place] = phi * found[:, place - 1] + math.sqrt(1 - phi**2) * noise[:, place]
    return found


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_chains_of_known_autocorrelation(phi: float) -> None:
    """n independent draws are worth n; of an autoregressive chain n (1 - phi) / (1 + phi)."""
    trace = autoregressive(phi, 4, 4000)
    assert lag_one(trace) == pytest.approx(phi, abs=0.03)
    assert effective_size(trace) == pytest.approx(16_000 * (1 - phi) / (1 + phi), rel=0.2)
    assert r_hat(trace) == pytest.approx(1.0, abs=0.01)


def test_chains_that_can_be_told_apart() -> None:
    trace = autoregressive(0.0, 4, 200)
    moved = trace + np.array([[0.0], [0.0], [0.0], [2.0]])
    assert r_hat(moved) > 1.2
    assert effective_size(moved) < 30
    wider = trace * np.array([[1.0], [1.0], [1.0], [5.0]])
    assert r_hat(wider) > 1.1, "the folded ranks see chains of another spread"
    drifting = trace + np.linspace(0, 4, 200)
    assert r_hat(drifting) > 1.2, "halves of one chain are told apart"


def test_r_hat_reads_ranks_alone_and_few_states_are_enough() -> None:
    trace = autoregressive(0.3, 3, 50)
    assert effective_size(np.exp(5 * trace)) == pytest.approx(effective_size(trace))
    assert r_hat(np.array([[0.0, 1.0, 0.5, 1.5], [0.2, 1.1, 0.4, 1.2]])) > 0


def test_a_trace_that_never_changes_says_nothing() -> None:
    still = np.zeros((3, 8))
    assert math.isnan(lag_one(still))
    assert math.isnan(effective_size(still))
    assert math.isnan(r_hat(still))
    stuck = np.array([[0.0] * 8, [1.0] * 8])
    assert math.isinf(r_hat(stuck))


def test_a_run_tells_how_its_chains_went(tmp_path: Path) -> None:
    """Two chains of five sweeps a prompt: accepted by sweep with its count, and R-hat where scores change."""
    result = toy_run(tmp_path, {"method": {"sweeps": 5}, "run": {"chains": 2}})
    rows = {one.metric: one for one in result.metrics if one.arm == "chains"}
    accepted = [rows[f"accepted at sweep {sweep}"] for sweep in range(1, 6)]
    decisions = polars.read_parquet(tmp_path / "runs/run/chains/decisions/*.parquet")
    by_sweep = {sweep: part["accepted"] for (sweep,), part in decisions.group_by("sweep")}
    assert [one.value for one in accepted] == [pytest.approx(by_sweep[sweep].mean()) for sweep in range(1, 6)]
    assert all(one.low is not None and one.low <= one.value for one in accepted)
    assert {one.n for one in accepted} == {len(by_sweep[1])}
    (line,) = [note for note in result.notes if note.startswith("chains: accepted ")]
    assert f"(sweep 5) of {accepted[0].n} chains" in line
    assert {"autocorrelation, median", "effective sample size, median", "R-hat, median"} <= set(rows)


def test_how_far_a_shortcut_was_is_told_where_the_ratio_is_known() -> None:
    """Two steps by hand: the scores alone accept 1 and 1/2, with the ratio 1/4 and 1/8."""
    steps = [
        {"sweep": 1, "accepted": True, "log_gain": 0.5, "log_proposal_ratio": math.log(0.25) - 0.5},
        {"sweep": 2, "accepted": False, "log_gain": math.log(0.5), "log_proposal_ratio": math.log(0.25)},
    ]
    mixing = Mixing()
    mixing.add([Chain(prompt="p", decisions=steps, scores=[0.0, 1.0, 1.0])])
    lines = told_of_chains({"chains": mixing})
    assert lines[0] == "chains: accepted 1.000 (sweep 1), 0.000 (sweep 2) of 1 chains"
    assert (
        "the scores alone would accept 0.750, with the ratio 0.188, and 0.562 of the steps would be decided otherwise"
        in lines[1]
    )
    rows = {one.metric: (one.value, one.n) for one in measures_of_chains({"chains": mixing})}
    assert rows["acceptance by scores alone"] == (pytest.approx(0.75), 2)
    assert rows["acceptance with the proposal ratio"] == (pytest.approx(0.1875), 2)
    assert rows["decided otherwise with the ratio"] == (pytest.approx(0.5625), 2)
    assert len(lines) == 2, "three states of one chain say nothing of mixing"
