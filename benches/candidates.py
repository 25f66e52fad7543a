"""Ours in the contract of the peer benchmarks: `bench_dedup.py --candidate candidates:dedup`, and so on.

Every function has the input form in its name where it is not Arrow: the `_from_list` ones start from the same
`list[str]` as the text peers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sctk_rs import consistency as consistency_api
from sctk_rs import dedup as dedup_api
from sctk_rs import packing as packing_api
from sctk_rs.consistency import How

SINGLE = How(dtype="float32")


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


def consistency(
    task: str,
    texts: Any,
    arrow: Any,
    k: int,
    extra: dict[str, Any],
    *,
    how: How = SINGLE,
) -> Any:
    """What `task` asks of us, by the published definitions, from Arrow: (n, K, K) scores, or numbers by answer or question."""
    if task == "entropy":
        labels = consistency_api.clusters(extra["entail"], above=0.5, how=how)
        logs = extra["loglik"].reshape(-1)
        return np.asarray(
            consistency_api.semantic_entropy(labels, k, log_likelihoods=logs, estimator="sample_mean", how=how)
        )
    if task == "vote":
        return np.asarray(consistency_api.vote(extra["arrow_final"], k, compare="squad", how=how).winners)
    if task == "selfcheck":
        return np.asarray(consistency_api.selfcheck(arrow, k, words="rouge", how=how).mean).reshape(-1, k)
    if task == "edit":
        scores = consistency_api.char_edit(arrow, k, how=how)
    else:
        pairwise = {
            "rougeL": consistency_api.rouge_l,
            "rouge2": consistency_api.rouge_n,
            "jaccard": consistency_api.jaccard,
        }
        scores = pairwise[task](arrow, k, words="rouge", how=how)
    return np.asarray(scores.values).reshape(-1, k, k)


def consistency_from_list(task: str, texts: Any, arrow: Any, k: int, extra: dict[str, Any]) -> Any:
    """The same from `list[str]`, read in place."""
    return consistency(task, None, texts, k, {**extra, "arrow_final": extra["final"]})


def consistency_two_threads(*given: Any) -> Any:
    """From Arrow, on two threads."""
    return consistency(*given, how=How(dtype="float32", threads=2))


def consistency_avx2(*given: Any) -> Any:
    """From Arrow, without AVX-512."""
    return consistency(*given, how=How(dtype="float32", simd="avx2"))


def consistency_scalar(*given: Any) -> Any:
    """From Arrow, without vector instructions beyond SSE2."""
    return consistency(*given, how=How(dtype="float32", simd="scalar"))


_PACKERS: dict[tuple[object, ...], packing_api.Packer] = {}


def packing(
    task: str,
    table: Any,
    lengths: Any,
    seq_len: int,
    strategy: str,
    *,
    reuse: bool = False,
    threads: int = 1,
    positions: bool = True,
    store: str | None = None,
) -> Any:
    """What `task` asks of us: a plan of the lengths, or the packed table; fresh memory, as every call of a peer takes.

    Wrapped rows are lent, not copied, and get no position ids: the peer writes none either. What comes back are Arrow arrays,
    as the peer's result has them; who wants NumPy makes `numpy.asarray` of them, which copies nothing.
    """
    ours = {"wrapped": "wrapped", "bfd_split": "best-fit"}.get(strategy, "best-fit")
    if task == "plan":
        plan = packing_api.plan(lengths, seq_len, ours)
        return np.asarray(plan.order), np.asarray(plan.bin_offsets)
    key = (seq_len, strategy, reuse, threads, positions, store)
    if key not in _PACKERS:
        _PACKERS[key] = packing_api.Packer(
            seq_len,
            ours,
            overflow="split" if strategy == "bfd_split" else "truncate",
            how=packing_api.How(
                position_ids=positions and ours != "wrapped", threads=threads, reuse=reuse, store=store
            ),
        )
    batch = _PACKERS[key].pack(table).table
    ids, seqs = batch["input_ids"], batch["seq_lengths"]
    return {
        "input_ids": ids.values,
        "labels": batch["labels"].values,
        "position_ids": batch["position_ids"].values if positions and ours != "wrapped" else None,
        "offsets": ids.offsets,
        "seq_lengths": seqs.values,
        "seq_offsets": seqs.offsets,
    }


def packing_reuse(*given: Any) -> Any:
    """Into memory that the last result left (a loader's ring of buffers)."""
    return packing(*given, reuse=True)


def packing_without_positions(*given: Any) -> Any:
    """Ids and labels alone, which is what TRL writes."""
    return packing(*given, positions=False)


def packing_two_threads(*given: Any) -> Any:
    """On two threads (give the peer two as well)."""
    return packing(*given, threads=2)


def packing_reuse_plain(*given: Any) -> Any:
    """Reused memory by plain stores: what streaming stores gain."""
    return packing(*given, reuse=True, store="plain")


def packing_reuse_avx2(*given: Any) -> Any:
    """Reused memory without AVX-512."""
    return packing(*given, reuse=True, store="avx2")


def packing_reuse_scalar(*given: Any) -> Any:
    """Reused memory without vector instructions beyond SSE2."""
    return packing(*given, reuse=True, store="scalar")


def packing_avx2(*given: Any) -> Any:
    """Fresh memory without AVX-512."""
    return packing(*given, store="avx2")


def packing_reuse_two_threads(*given: Any) -> Any:
    """Reused memory on two threads (give the peer two as well)."""
    return packing(*given, reuse=True, threads=2)
