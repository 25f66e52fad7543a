"""Ours in the contract of the peer benchmarks: `bench_dedup.py --candidate candidates:dedup`, and so on.

Every function has the input form in its name where it is not Arrow: the `_from_list` ones start from the same
`list[str]` as the text peers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sctk_rs import dedup as dedup_api


def dedup(
    task: str,
    texts: list[str] | None,
    arrow: Any,
    hashes: Any,
    offsets: Any,
    params: dict[str, Any],
    *,
    threads: int = 1,
    simd: str | None = None,
) -> Any:
    """What `task` asks of us, from Arrow: cluster labels, (n, 128) sketches, or the first occurrences."""
    if task == "sketch":
        flat = dedup_api.sketch(hashes, offsets, threads=threads, simd=simd)
        return np.asarray(flat).reshape(-1, dedup_api.SLOTS)
    if task == "exact":
        first = dedup_api.exact(arrow, threads=threads)
        return np.asarray(dedup_api.keep(first)).view(bool)
    found = dedup_api.near(arrow, threshold=params["threshold"], n=params["ngram"], threads=threads, simd=simd)
    return np.asarray(found.labels)


def dedup_from_list(task: str, texts: Any, arrow: Any, *rest: Any) -> Any:
    """The same from `list[str]`, read in place."""
    return dedup(task, None, texts, *rest)


def dedup_two_threads(*given: Any) -> Any:
    """From Arrow, on two threads (give the peer two as well)."""
    return dedup(*given, threads=2)


def dedup_avx2(*given: Any) -> Any:
    """From Arrow, without AVX-512."""
    return dedup(*given, simd="avx2")


def dedup_scalar(*given: Any) -> Any:
    """From Arrow, without vector instructions beyond SSE2."""
    return dedup(*given, simd="scalar")
