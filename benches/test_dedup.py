"""Deduplication for pytest-benchmark: our own times and their quality; `bench_dedup.py --candidate` gives the ratios.

uv run pytest benches/test_dedup.py --benchmark-only
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sctk_rs import dedup

N = 10_000


def _planted() -> ModuleType:
    path = Path(__file__).parent / "planted.py"
    spec = importlib.util.spec_from_file_location("planted_for_benches", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows() -> list[str]:
    texts: list[str] = _planted().planted(N, 7).texts
    return texts


@pytest.mark.parametrize("form", ["arrow", "list"])
@pytest.mark.parametrize("simd", dedup.simd_levels())
def test_near(benchmark: Any, rows: list[str], form: str, simd: str) -> None:
    given = pa.array(rows, pa.large_string()) if form == "arrow" else rows
    found = benchmark(dedup.near, given, simd=simd)
    assert 0.6 * N < np.asarray(found.keep).sum() < 0.95 * N


@pytest.mark.parametrize("normalised", [False, True])
def test_exact(benchmark: Any, rows: list[str], normalised: bool) -> None:
    first = benchmark(dedup.exact, pa.array(rows, pa.large_string()), normalised=normalised)
    assert len(first) == N


def test_sketch(benchmark: Any) -> None:
    hashes = np.random.default_rng(1).integers(0, 1 << 63, 335 * N, dtype=np.uint64)
    flat = benchmark(dedup.sketch, hashes, np.arange(0, len(hashes) + 1, 335))
    assert len(flat) == N * dedup.SLOTS


def test_decontaminate(benchmark: Any, rows: list[str]) -> None:
    column = pa.array(rows, pa.large_string())
    found = benchmark(dedup.decontaminate, column, rows[:500])
    assert len(found.overlaps) >= 400
