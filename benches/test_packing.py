"""Packing beside its peers, in one run and on one core: `pytest benches/test_packing.py --benchmark-only`.

Off by default (benches/ is not in testpaths). The same rows go to both; a peer that is not installed is skipped and
says so. Each test also checks that our answer is right, so that no ratio can come from a wrong one. The published
ratios come from paired runs in separate processes (docs/performance-packing.md); these here are for a quick look.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sctk_rs import packing

CAPACITY = 4096
N_ROWS = int(os.environ.get("SCTK_BENCH_ROWS", "20000"))


@pytest.fixture(scope="module", autouse=True)
def one_core() -> Iterator[None]:
    """Pins the process to one core and prints how busy the machine is: other load is not cancelled."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    print(f"\nload {os.getloadavg()[0]:.1f}, {N_ROWS} rows, one of {len(before)} cores")
    yield
    os.sched_setaffinity(0, before)


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Rows of log-normal length, mean 400, as tokenised chats have."""
    random = np.random.default_rng(20240607)
    lengths = random.lognormal(5.5, 1.0, N_ROWS).astype(np.int64).clip(8, 16384)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    ids = random.integers(0, 128_000, lengths.sum(), np.int32)
    columns = {"input_ids": ids, "labels": np.where(ids % 5 == 0, -100, ids).astype(np.int32)}
    lists = {name: pa.ListArray.from_arrays(offsets, pa.array(values)) for name, values in columns.items()}
    return pa.table(lists)


@pytest.fixture(scope="module")
def lengths(table: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    offsets = table["input_ids"].chunk(0).offsets.to_numpy()
    return np.minimum(np.diff(offsets).astype(np.int64), CAPACITY)


def bound(lengths: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    return -(-int(lengths.sum()) // CAPACITY)


@pytest.mark.benchmark(group="plan")
def test_plan(benchmark: Any, lengths: np.ndarray[Any, np.dtype[np.int64]]) -> None:
    plan = benchmark(packing.plan, lengths, CAPACITY)
    order = np.asarray(plan.order)
    assert (np.bincount(order, minlength=len(lengths)) == 1).all()
    assert np.add.reduceat(lengths[order], np.asarray(plan.bin_offsets)[:-1]).max() <= CAPACITY
    assert len(plan) <= 1.001 * bound(lengths) + 1


@pytest.mark.benchmark(group="plan")
def test_plan_llamafactory(benchmark: Any, lengths: np.ndarray[Any, np.dtype[np.int64]]) -> None:
    """Its fastest form: the whole list at once (quadratic, but with tiny constants)."""
    peer = pytest.importorskip("llamafactory.data.processor.processor_utils", reason="llamafactory is not installed")
    rows = lengths.tolist()
    bins = benchmark(lambda: peer.greedy_knapsack(list(rows), CAPACITY))
    assert sum(map(len, bins)) == len(rows)


@pytest.mark.benchmark(group="plan")
def test_plan_seqpack(benchmark: Any, lengths: np.ndarray[Any, np.dtype[np.int64]]) -> None:
    peer = pytest.importorskip("seqpack", reason="seqpack is not installed")
    rows = lengths.tolist()
    bins = benchmark(peer.heap_pack_sequences, rows, CAPACITY)
    assert sum(map(len, bins)) == len(rows)


def tokens(batch: Any) -> int:
    return len(np.asarray(batch["input_ids"].values))


@pytest.mark.benchmark(group="pack")
def test_pack_into_fresh_memory(benchmark: Any, table: pa.Table, lengths: np.ndarray[Any, Any]) -> None:
    packed = benchmark(packing.pack, table, CAPACITY, overflow="truncate")
    assert tokens(packed.table) == lengths.sum()


@pytest.mark.benchmark(group="pack")
def test_pack_into_used_memory(benchmark: Any, table: pa.Table, lengths: np.ndarray[Any, Any]) -> None:
    packer = packing.Packer(CAPACITY, overflow="truncate", how=packing.How(reuse=True))
    n_tokens = benchmark(lambda: tokens(packer.pack(table).table))
    assert n_tokens == lengths.sum()


@pytest.mark.benchmark(group="wrapped")
def test_wrap(benchmark: Any, table: pa.Table) -> None:
    """Offsets only: the tokens stay where they are."""
    packed = benchmark(packing.pack, table, CAPACITY, "wrapped", how=packing.How(position_ids=False))
    assert tokens(packed.table) == len(table["input_ids"].chunk(0).values)


@pytest.mark.benchmark(group="pack")
def test_pack_trl(benchmark: Any, table: pa.Table, lengths: np.ndarray[Any, Any]) -> None:
    pytest.importorskip("trl", reason="trl is not installed")
    result = benchmark.pedantic(lambda: trl_pack(table, "bfd"), rounds=5, warmup_rounds=1)
    assert sum(map(len, result["input_ids"])) == lengths.sum()


@pytest.mark.benchmark(group="wrapped")
def test_wrap_trl(benchmark: Any, table: pa.Table) -> None:
    pytest.importorskip("trl", reason="trl is not installed")
    result = benchmark.pedantic(lambda: trl_pack(table, "wrapped"), rounds=5, warmup_rounds=1)
    assert sum(map(len, result["input_ids"])) == len(table["input_ids"].chunk(0).values)


def trl_pack(table: pa.Table, strategy: str) -> Any:
    """As its SFT trainer calls it: batches of 1000 rows."""
    import datasets
    import trl

    datasets.disable_progress_bars()
    map_kwargs = {"keep_in_memory": True, "load_from_cache_file": False}
    return trl.pack_dataset(datasets.Dataset(table), CAPACITY, strategy, map_kwargs=map_kwargs)
