"""Edit similarities with a cut-off beside rapidfuzz, which computes every score, or is given the same cut-off.

    python benches/cut_off.py consistency-10000.arrow [runs]

The peers' scripts cannot judge this task (scores below the cut-off are 0 by intent), so it is timed here as they time:
one pinned core, ours and the peer by turns, medians and spread of the paired ratios, the load printed.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from sctk_rs import consistency
from sctk_rs.consistency import How

K, LIMIT = 10, 0.8
UPPER = np.triu_indices(K, 1)
Form = Callable[[], np.ndarray]


def theirs(texts: list[str], cut_off: float | None) -> np.ndarray:
    """rapidfuzz over all pairs at once, which is its fastest form."""
    at = [(q + i, q + j) for q in range(0, len(texts), K) for i, j in zip(*UPPER, strict=True)]
    left, right = [texts[i] for i, _ in at], [texts[j] for _, j in at]
    scores = process.cpdist(
        left, right, scorer=Levenshtein.normalized_similarity, workers=1, dtype=np.float32, score_cutoff=cut_off
    )
    out = np.ones((len(texts) // K, K, K), np.float32)
    out[:, UPPER[0], UPPER[1]] = out[:, UPPER[1], UPPER[0]] = scores.reshape(len(out), -1)
    return out


def ours(texts: Any) -> np.ndarray:
    scores = consistency.char_edit(texts, K, cut_off=LIMIT, how=How(dtype="float32"))
    return np.asarray(scores.values).reshape(-1, K, K)


def seconds(form: Form) -> float:
    began = time.perf_counter()
    form()
    return time.perf_counter() - began


def main(path: str, runs: int = 7) -> None:
    os.sched_setaffinity(0, {1})
    column = pa.ipc.open_file(path).read_all().combine_chunks()["text"].chunk(0)
    texts: list[str] = column.to_pylist()
    peers: dict[str, Form] = {"every score": lambda: theirs(texts, None), "same cut-off": lambda: theirs(texts, LIMIT)}
    forms: dict[str, Form] = {"Arrow": lambda: ours(column), "list": lambda: ours(texts)}
    full = peers["every score"]()
    clear = np.abs(full - LIMIT) > 1e-6  # at the very limit rapidfuzz rounds the other way
    np.testing.assert_allclose(ours(column)[clear], np.where(full >= LIMIT, full, 0)[clear], atol=1e-6)
    for name, peer in peers.items():
        times = [[seconds(form) for form in (peer, *forms.values())] for _ in range(runs)]
        for i, form in enumerate(forms, start=1):
            ratios = sorted(row[0] / row[i] for row in times)
            mine, other = (1e6 * K * statistics.median(row[j] for row in times) / len(texts) for j in (i, 0))
            print(
                f"{form:6} peer with {name:12} {other:7.1f} us per question, ours {mine:6.1f}; "
                f"{statistics.median(ratios):5.2f}x [{ratios[0]:.2f}, {ratios[-1]:.2f}] load {os.getloadavg()[0]:.1f}"
            )


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
