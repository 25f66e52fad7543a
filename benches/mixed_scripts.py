"""How fast words are read in other scripts beside ASCII: `python benches/mixed_scripts.py [megabytes]` prints a table.

Texts are made: words of random letters of one script, as long as words are (1 to 9 letters), parted by spaces or, where the script
has none, written together. `mixed` takes all scripts by turns. The ratio is to ASCII, in bytes of UTF-8 a second of CPU time.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

from sctk_rs import consistency, dedup

SCRIPTS = {
    "ASCII": ("etaoinshrdlucmfwypvbgkjqxz", " "),
    "Latin": ("etaoinshrdluéèàüößçñ", " "),
    "Greek": ("αβγδεζηθικλμνξοπρστυφχψως", " "),
    "Cyrillic": ("абвгдежзиклмнопрстуфхцчшщыьэюя", " "),
    "Hebrew": ("אבגדהוזחטיכלמנסעפצקרשת", " "),
    "Arabic": ("ابتثجحدذرزسشصطعفقكلمنهوي", " "),
    "Devanagari": ("कखगचजटडतदनपबमयरलवशसहािीुेो", " "),
    "Bengali": ("কখগচজটডতদনপবমযরলশসহািীুে", " "),
    "Tamil": ("கசடதநபமயரலவளனாிீுெே", " "),
    "Hangul": ("가나다라마바사아자차카타파하고노도로", " "),
    "Han": ("的一是不了人我在有他这中大来上国", ""),
    "kana": ("あいうえおかきくけこさしすせそたちつてと", ""),
    "Thai": ("กขคงจชดตทนบปพมยรลวสหอาเแโใไ", ""),
    "Khmer": ("កខគងចឆជដតទនបពមយរលវសហអាិីុ", ""),
}
ROW = 400
K = 8


def texts(script: str, n_bytes: int) -> list[str]:
    """Rows of about 400 characters, K of them alike, `n_bytes` in all."""
    pick = random.Random(5)
    letters, space = SCRIPTS[script]
    vocabulary = ["".join(pick.choices(letters, k=pick.randint(1, 9))) for _ in range(5000)]
    rows: list[str] = []
    size = 0
    while size < n_bytes:
        base = pick.choices(vocabulary, k=ROW // 6)
        for _ in range(K):
            row = space.join(word if pick.random() < 0.8 else pick.choice(vocabulary) for word in base)
            rows.append(row)
            size += len(row.encode())
    return rows


def rate(job: Callable[[list[str]], object], rows: list[str]) -> float:
    """Megabytes a second of CPU time, the best of five."""
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        job(rows)
        best = min(best, time.process_time() - start)
    return sum(len(row.encode()) for row in rows) / best / 1e6


JOBS: dict[str, Callable[[list[str]], object]] = {
    "equal words": lambda rows: dedup.exact(rows, normalised=True),
    "near": lambda rows: dedup.near(rows, threshold=0.8),
    "ROUGE-L": lambda rows: consistency.rouge_l(rows, K),
    "vote": lambda rows: consistency.vote(rows, K),
}


def main(megabytes: float) -> None:
    """Prints a line for each script: MB/s of each job, and the ratio to ASCII."""
    corpora = {script: texts(script, int(megabytes * 1e6)) for script in SCRIPTS}
    others = [rows for script, rows in corpora.items() if script != "ASCII"]
    groups = [rows[at : at + K] for at in range(0, min(map(len, others)), K) for rows in others]
    corpora["mixed"] = [row for group in groups for row in group]
    ascii_rates = {name: rate(job, corpora["ASCII"]) for name, job in JOBS.items()}
    print("| script |", " | ".join(f"{name}, MB/s (to ASCII)" for name in JOBS), "|")
    print("| --- |", " | ".join("---" for _ in JOBS), "|")
    for script, rows in corpora.items():
        found = {name: rate(job, rows) for name, job in JOBS.items()}
        print(
            f"| {script} |",
            " | ".join(f"{x:.0f} ({x / ascii_rates[name]:.2f})" for name, x in found.items()),
            "|",
            flush=True,
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4)
