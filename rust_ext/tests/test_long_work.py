"""Long work from Python: other threads run, Ctrl-C ends it, a progress callback may refuse, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sctk_rs import consistency, dedup, packing
from sctk_rs.consistency import How

Job = Callable[..., Any]


@pytest.fixture(scope="module")
def answers() -> list[str]:
    """Of 400 words each, variations of one; the groups of some tests are far larger than any chunk of work."""
    rng = np.random.default_rng(3)
    words = np.array([f"w{i}" for i in range(2000)])
    base = rng.choice(words, 400)
    return [" ".join(np.where(rng.random(400) < 0.1, rng.choice(words, 400), base)) for _ in range(4000)]


@pytest.fixture(scope="module")
def jobs(answers: list[str]) -> dict[str, Job]:
    """Every long function, as work of a tenth of a second or more on one core; each takes `threads` and `progress`."""
    rng = np.random.default_rng(4)
    texts = pa.array(answers)
    many = pa.concat_arrays([texts] * 10)
    different = pc.binary_join_element_wise(many, pa.array(range(len(many))).cast("string"), " ")
    finals = pa.concat_arrays([pa.array(["The answer is 42, of course."] * 100_000)] * 60)
    matrix = np.tile(rng.random((1000, 20, 20), np.float32), (300, 1, 1))
    labels, logs = np.zeros(10_000_000, "i4"), np.full(10_000_000, -1.0)
    hashes = np.tile(rng.integers(0, 2**63, 1_000_000, np.uint64), 40)
    ends = pa.array(np.arange(0, 80_000_001, 100))
    tokens = pa.table({"input_ids": pa.LargeListArray.from_arrays(ends, pa.array(np.zeros(80_000_000, "i4")))})

    def score(call: Any, *given: Any, **settings: Any) -> Job:
        return lambda threads, progress: call(*given, how=How(threads=threads, progress=progress), **settings)

    def with_both(call: Any, *given: Any, **settings: Any) -> Job:
        return lambda threads, progress: call(*given, threads=threads, progress=progress, **settings)

    return {
        "rouge_l": score(consistency.rouge_l, texts[:1500], 1500),
        "rouge_n": score(consistency.rouge_n, texts[:600], 600, n=2),
        "jaccard": score(consistency.jaccard, texts, 4000),
        "word_edit": score(consistency.word_edit, texts[:1000], 1000),
        "char_edit": score(consistency.char_edit, texts[:150], 150),
        "char_edit, cut": score(consistency.char_edit, texts[:500], 500, cut_off=0.9),
        "selfcheck": score(consistency.selfcheck, many, 10, n=3),
        "vote": score(consistency.vote, finals, 10),
        "clusters": score(consistency.clusters, matrix, above=0.5),
        "entropy": score(consistency.semantic_entropy, labels, 10, log_likelihoods=logs, estimator="likelihood"),
        "near": with_both(dedup.near, different),
        "exact": with_both(dedup.exact, finals),
        "normalised": with_both(dedup.exact, pa.chunked_array([many] * 10), normalised=True),
        "sketch": with_both(dedup.sketch, hashes, np.arange(0, len(hashes) + 1, 100)),
        "decontaminate": with_both(dedup.decontaminate, many, answers[:2], n=8),
        "held out": lambda threads, progress: dedup.HeldOut(pa.chunked_array([many] * 4), n=8, progress=progress),
        "pack": lambda threads, progress: packing.Packer(4096, how=packing.How(threads=threads)).pack(
            tokens, progress=progress
        ),
    }


NAMES = [
    "rouge_l", "rouge_n", "jaccard", "word_edit", "char_edit", "char_edit, cut", "selfcheck", "vote", "clusters",
    "entropy", "near", "exact", "normalised", "sketch", "decontaminate", "held out", "pack",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_ctrl_c_raises(jobs: dict[str, Job], name: str, threads: int, ctrl_c: None) -> None:
    """That work stops early where somebody asks is the next test's; the same look at Python sees signals."""
    timer = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        timer.start()
        try:
            jobs[name](threads, None)
        finally:
            timer.join()  # so a signal that comes late lands here, not in another test


class Enough(Exception):
    """Raised by callbacks."""


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_a_progress_that_raises_ends_it_in_the_middle(jobs: dict[str, Job], name: str, threads: int) -> None:
    """Even inside one large group (0 of 1 chunks are done then)."""
    refused = 0

    def refuse(done: int, total: int) -> None:
        nonlocal refused
        if done < total:  # the end of a short pass before the long one is no middle
            refused += 1
            raise Enough

    with pytest.raises(Enough):
        jobs[name](threads, refuse)
    assert refused == 1, "whoever refused is not asked again"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_other_threads_run_meanwhile(jobs: dict[str, Job], name: str) -> None:
    """A thread that needs the GIL a thousand times a second gets it while the work is under way."""
    moments: list[float] = []
    stop = threading.Event()

    def count() -> None:
        while not stop.is_set():
            moments.append(time.perf_counter())
            time.sleep(0.001)

    began = time.perf_counter()

    def refuse_later(done: int, total: int) -> None:
        if time.perf_counter() - began > 0.6:
            raise Enough

    thread = threading.Thread(target=count)
    thread.start()
    try:
        jobs[name](1, refuse_later)
    except Enough:
        pass
    finally:
        stop.set()
        thread.join()
    ended = time.perf_counter()
    inside = [m for m in moments if began < m < ended]
    assert len(inside) > 20 * (ended - began)  # held, it would have run at the ends only


def test_a_list_that_changes_meanwhile_changes_nothing() -> None:
    """The callback empties the very list that is being read; the strings it held live until the work is done."""
    texts = [f"one two three four five six {i % 300} {i % 7} é" for i in range(30_000)]
    wanted = np.asarray(dedup.near(list(texts)).labels).tolist()

    def empty(done: int, total: int) -> None:
        texts.clear()
        texts.extend(["x"] * 5)

    assert np.asarray(dedup.near(texts, progress=empty).labels).tolist() == wanted
    groups = [[f"a b {i}", f"a {i} c é"] for i in range(20_000)]
    scores = bytes(memoryview(consistency.rouge_l([list(g) for g in groups]).values))

    def empty_groups(done: int, total: int) -> None:
        for group in groups:
            group.clear()
        groups.clear()

    assert bytes(memoryview(consistency.rouge_l(groups, how=How(progress=empty_groups)).values)) == scores


def test_a_list_that_another_thread_changes_is_read_as_it_was_at_one_moment() -> None:
    texts = [str(i) for i in range(2000)]
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            texts[:] = [str(i) for i in range(1000)]
            texts[:] = [f"{i} more" for i in range(2000)]

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(200):
            assert len(dedup.exact(texts)) in (1000, 2000)
            assert len(consistency.vote(texts, 10).labels) in (1000, 2000)
    finally:
        stop.set()
        thread.join()


def test_a_progress_that_calls_back_into_the_core_works() -> None:
    inner: list[int] = []

    def again(done: int, total: int) -> None:
        inner.append(len(dedup.exact(["a", "b", "a"])))

    texts = [f"text number {i}" for i in range(5000)]
    assert len(dedup.near(texts, threads=2, progress=again).labels) == 5000
    assert set(inner) == {3}


def test_what_was_stopped_leaves_nothing_behind(tmp_path: Path) -> None:
    """Spilled files are removed and a packer packs on, after a callback that raised."""
    texts = [f"one two three four five six {i}" for i in range(50_000)]

    def refuse(done: int, total: int) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        dedup.near(texts, spill_dir=tmp_path, progress=refuse)
    assert list(tmp_path.iterdir()) == []
    table = pa.table({"input_ids": [[1, 2, 3], [4], [5, 6]]})
    packer = packing.Packer(4, how=packing.How(reuse=True))
    with pytest.raises(LookupError, match="enough"):
        packer.pack(table, progress=refuse)
    assert pa.table(packer.pack(table).table)["input_ids"].to_pylist() == [[1, 2, 3, 4], [5, 6]]


@pytest.mark.parametrize(
    "run",
    [
        partial(dedup.near, ["a b c", "a b c"]),
        partial(dedup.exact, ["a", "a"]),
        lambda progress: consistency.rouge_l([["a"]], how=How(progress=progress)),
    ],
)
def test_what_is_no_callback_is_an_error(run: Job) -> None:
    with pytest.raises(TypeError, match="not callable"):
        run(progress=3)
