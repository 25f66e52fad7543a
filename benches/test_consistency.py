"""Consistency beside its peers: pytest-benchmark over 200 questions of 10 answers (off by default).

`uv run pytest benches/test_consistency.py` times ours and the fastest way to use each public package that we know,
from `list[str]` on both sides. The paired ratios of docs/performance-consistency.md come from the peers' own scripts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import peers
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from rapidfuzz import process
from rapidfuzz.distance import LCSseq, Levenshtein
from sctk_rs import consistency
from sctk_rs.consistency import How

N, K = 200, 10
HOW = How(dtype="float32")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Answers of about 55 words, variations of one answer for each question."""
    rng = np.random.default_rng(20240607)
    words = np.array(["".join(rng.choice(list("etaoinshrdlu"), rng.integers(1, 9))) for _ in range(5000)])
    rows = []
    for _ in range(N):
        base = rng.choice(words, int(rng.lognormal(3.8, 0.6)) + 5)
        for _ in range(K):
            changed = rng.random(len(base)) < rng.uniform(0.02, 0.35)
            rows.append(" ".join(np.where(changed, rng.choice(words, len(base)), base)) + ".")
    return rows


def groups(texts: list[str]) -> list[list[str]]:
    return [texts[at : at + K] for at in range(0, len(texts), K)]


def rapidfuzz_rouge_l(texts: list[str]) -> np.ndarray:
    out = np.empty((N, K, K), np.float32)
    for block, group in zip(out, groups(texts), strict=True):
        tokens = [peers.WORDS(text.lower()) for text in group]
        sizes = np.array([len(row) for row in tokens], np.float32)
        common = process.cdist(tokens, tokens, scorer=LCSseq.similarity, workers=1, dtype=np.int32)
        block[:] = 2 * common / np.maximum(sizes[:, None] + sizes, 1)
    return out


def rapidfuzz_edit(texts: list[str], cut_off: float | None = None) -> np.ndarray:
    out = np.empty((N, K, K), np.float32)
    for block, group in zip(out, groups(texts), strict=True):
        block[:] = process.cdist(
            group,
            group,
            scorer=Levenshtein.normalized_similarity,
            workers=1,
            dtype=np.float32,
            score_cutoff=cut_off,
        )
    return out


def by_question(score: Callable[[list[str]], Any], texts: list[str]) -> np.ndarray:
    return np.array([score(group) for group in groups(texts)])


def ours(score: Any, texts: list[str], **settings: Any) -> np.ndarray:
    return np.asarray(score(texts, K, how=HOW, **settings).values).reshape(N, K, K)


@pytest.mark.parametrize("who", ["ours", "rapidfuzz"])
def test_rouge_l(benchmark: BenchmarkFixture, texts: list[str], who: str) -> None:
    run = rapidfuzz_rouge_l if who == "rapidfuzz" else lambda rows: ours(consistency.rouge_l, rows, words="rouge")
    np.testing.assert_allclose(benchmark(run, texts), ours(consistency.rouge_l, texts), atol=1e-6)


@pytest.mark.parametrize("who", ["ours", "rapidfuzz"])
def test_char_edit(benchmark: BenchmarkFixture, texts: list[str], who: str) -> None:
    run = rapidfuzz_edit if who == "rapidfuzz" else lambda rows: ours(consistency.char_edit, rows)
    np.testing.assert_allclose(benchmark(run, texts), ours(consistency.char_edit, texts), atol=1e-6)


@pytest.mark.parametrize("who", ["ours", "rapidfuzz"])
def test_char_edit_with_a_cut_off(benchmark: BenchmarkFixture, texts: list[str], who: str) -> None:
    def mine(rows: list[str]) -> np.ndarray:
        return ours(consistency.char_edit, rows, cut_off=0.8)

    def theirs(rows: list[str]) -> np.ndarray:
        return rapidfuzz_edit(rows, 0.8)

    found = benchmark(theirs if who == "rapidfuzz" else mine, texts)
    full = ours(consistency.char_edit, texts)
    clear = np.abs(full - 0.8) > 1e-6  # at the very limit rapidfuzz rounds the other way
    np.testing.assert_allclose(found[clear], np.where(full >= 0.8, full, 0)[clear], atol=1e-6)


@pytest.mark.parametrize("who", ["ours", "numpy"])
def test_rouge_2(benchmark: BenchmarkFixture, texts: list[str], who: str) -> None:
    mine = partial(ours, consistency.rouge_n, words="rouge")
    found = benchmark(mine if who == "ours" else partial(by_question, peers.numpy_rouge_2), texts)
    np.testing.assert_allclose(found, mine(texts), atol=1e-6)


@pytest.mark.parametrize("who", ["ours", "numpy"])
def test_jaccard(benchmark: BenchmarkFixture, texts: list[str], who: str) -> None:
    mine = partial(ours, consistency.jaccard, words="rouge")
    found = benchmark(mine if who == "ours" else partial(by_question, peers.numpy_jaccard), texts)
    np.testing.assert_allclose(found, mine(texts), atol=1e-6)


@pytest.mark.parametrize("who", ["ours", "counters"])
def test_selfcheck(benchmark: BenchmarkFixture, texts: list[str], who: str) -> None:
    def mine(rows: list[str]) -> np.ndarray:
        return np.asarray(consistency.selfcheck(rows, K, words="rouge").mean).reshape(N, K)

    found = benchmark(mine if who == "ours" else partial(by_question, peers.counted_selfcheck), texts)
    np.testing.assert_allclose(found, mine(texts), atol=1e-9)


@pytest.mark.parametrize("who", ["ours", "counters"])
def test_vote(benchmark: BenchmarkFixture, texts: list[str], who: str) -> None:
    """Over the first two words of each answer, so that some agree."""
    short = [" ".join(text.split()[:2]) for text in texts]

    def mine(rows: list[str]) -> np.ndarray:
        return np.asarray(consistency.vote(rows, K, compare="squad").winners)

    found = benchmark(mine if who == "ours" else partial(by_question, peers.counted_vote), short)
    np.testing.assert_array_equal(found, mine(short))
