"""Deduplication beside its peers, in one run: `uv run --group peers pytest benches/test_dedup.py --benchmark-only`.

A peer that is not installed is skipped and says so. The published ratios come from paired runs in processes of their own
(docs/performance-dedup.md); these here are for a quick look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import peers
import planted
import polars as pl
import pyarrow as pa
import pytest
from sctk_rs import dedup

N = 10_000
SET = 335


@pytest.fixture(scope="module")
def rows() -> list[str]:
    return planted.planted(N, 7).texts


@pytest.mark.benchmark(group="near")
@pytest.mark.parametrize("form", ["arrow", "list"])
@pytest.mark.parametrize("simd", dedup.simd_levels())
def test_near(benchmark: Any, rows: list[str], form: str, simd: str) -> None:
    given = pa.array(rows, pa.large_string()) if form == "arrow" else rows
    found = benchmark(dedup.near, given, simd=simd)
    assert 0.6 * N < np.asarray(found.keep).sum() < 0.95 * N


@pytest.mark.benchmark(group="near")
def test_near_gaoya(benchmark: Any, rows: list[str]) -> None:
    assert len(benchmark(peers.gaoya_near, rows)) == N


@pytest.mark.benchmark(group="near")
@pytest.mark.parametrize("form", ["arrow", "list"])
def test_near_rensa(benchmark: Any, rows: list[str], form: str) -> None:
    """Flags, not clusters; a run of Chinese or Japanese characters is one word to it, so it has less to do."""
    assert len(benchmark(peers.rensa_near, pl.Series(rows) if form == "arrow" else rows)) == N


@pytest.mark.benchmark(group="exact")
@pytest.mark.parametrize("normalised", [False, True])
def test_exact(benchmark: Any, rows: list[str], normalised: bool) -> None:
    first = benchmark(dedup.exact, pa.array(rows, pa.large_string()), normalised=normalised)
    assert len(first) == N


@pytest.mark.benchmark(group="exact")
def test_exact_polars(benchmark: Any, rows: list[str]) -> None:
    column = pl.Series(rows)
    first = benchmark(peers.polars_exact, column)
    np.testing.assert_array_equal(first, np.asarray(dedup.keep(dedup.exact(column))).view(bool))


@pytest.fixture(scope="module")
def sets() -> tuple[np.ndarray, np.ndarray]:
    """Hashes and offsets of N sets."""
    hashes = np.random.default_rng(1).integers(0, 1 << 63, SET * N, dtype=np.uint64)
    return hashes, np.arange(0, len(hashes) + 1, SET).astype(np.uint64)


@pytest.mark.benchmark(group="sketch")
def test_sketch(benchmark: Any, sets: tuple[np.ndarray, np.ndarray]) -> None:
    flat = benchmark(dedup.sketch, *sets)
    assert len(flat) == N * dedup.SLOTS


@pytest.mark.benchmark(group="sketch")
@pytest.mark.parametrize("peer", [peers.rensa_sketch, peers.rensa_rho])
def test_sketch_rensa(benchmark: Any, sets: tuple[np.ndarray, np.ndarray], peer: Callable[..., Any]) -> None:
    assert benchmark(peer, *sets) is not None


def test_decontaminate(benchmark: Any, rows: list[str]) -> None:
    column = pa.array(rows, pa.large_string())
    found = benchmark(dedup.decontaminate, column, rows[:500])
    assert len(found.overlaps) >= 400
