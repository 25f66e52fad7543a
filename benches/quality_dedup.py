"""How right near-duplicate detection is on a planted corpus in seven scripts, judged by the plain oracle.

    python benches/quality_dedup.py --n 20000 --seed 7

Recall counts rows: of those whose best earlier partner truly reaches 0.8, how many are flagged; precision: of those
flagged, how many have such a partner. The pairs reported are judged one by one.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict

import numpy as np
import planted
from sctk_rs import dedup


def report(n: int, seed: int) -> dict[str, object]:
    """The figures for n documents of this seed."""
    made = planted.planted(n, seed)
    found = dedup.near(made.texts, threads=2)
    labels = np.asarray(found.labels)
    left, right, claimed = (np.asarray(found.pairs[name]) for name in ("left", "right", "jaccard"))
    sets = [planted.shingles(text) for text in made.texts]
    exact = [planted.jaccard(sets[a], sets[b]) for a, b in zip(left, right, strict=True)]
    truth = planted.true_pairs(made.texts)
    best: dict[int, float] = defaultdict(float)
    for (_, later), similarity in truth.items():
        best[later] = max(best[later], similarity)
    flagged = set(np.flatnonzero(labels != np.arange(n)).tolist())
    at_the_edge = {row for row, similarity in best.items() if similarity < 0.82}
    same = [labels[a] == labels[b] for a, b, kind in made.variants if kind in ("equal", "case")]
    frequency = Counter(gram for grams in sets for gram in grams)
    return {
        "n": n,
        "seed": seed,
        "not ascii": sum(not text.isascii() for text in made.texts),
        "shingles in 10 rows or more": round(sum(f for f in frequency.values() if f >= 10) / frequency.total(), 3),
        "candidates": found.n_candidates,
        "checked": found.n_checked,
        "pairs reported": len(exact),
        "pairs wrong": int(np.sum(np.array(exact) != claimed) + np.sum(np.array(exact) < 0.8)),
        "true pairs": len(truth),
        "rows truly duplicates": len(best),
        "precision": round(len(flagged & best.keys()) / max(1, len(flagged)), 5),
        "recall": round(len(flagged & best.keys()) / max(1, len(best)), 5),
        "rows at 0.80-0.82": len(at_the_edge),
        "recall at 0.80-0.82": round(len(flagged & at_the_edge) / max(1, len(at_the_edge)), 5),
        "equal or case and punctuation only": len(same),
        "of these found": int(sum(same)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    print(json.dumps(report(args.n, args.seed), indent=1))


if __name__ == "__main__":
    main()
