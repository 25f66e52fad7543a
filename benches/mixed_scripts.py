"""How fast words are read in other scripts beside ASCII: `python benches/mixed_scripts.py [megabytes]` prints two tables.

Texts of the first are made: words of random letters of one script, as long as words are (1 to 9 letters), parted by spaces or,
where the script has none, written together. Those of the second have the words of sentences as people write them (`prose`), with
their accents, marks and punctuation, by chance one behind another. `mixed` takes all scripts by turns, as many bytes as each of
them has, so that all lie in the same cache. The ratio is to ASCII, by turns with each script, in bytes of UTF-8 a second of CPU
time.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

from prose import PROSE
from sctk_rs import consistency, dedup
from sctk_rs.text import words

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


def made(script: str) -> tuple[list[str], str]:
    """5,000 words of random letters, and what stands between two."""
    pick = random.Random(5)
    letters, space = SCRIPTS[script]
    return ["".join(pick.choices(letters, k=pick.randint(1, 9))) for _ in range(5000)], space


def written(language: str) -> tuple[list[str], str]:
    """The words of the sentences with what stands behind each (nothing between two where the language has no spaces)."""
    text = PROSE[language]
    if len(text.split(" ")) > 15:
        return text.split(" "), " "
    found, at = [], 0
    for word in words(text):
        place = text.find(word, at)
        if place > at:
            found.append(text[at:place])
            at = place
    return found, ""


def texts(vocabulary: list[str], space: str, n_bytes: int) -> list[str]:
    """Rows of about 400 characters, K of them alike, `n_bytes` in all."""
    pick = random.Random(5)
    per_row = ROW * len(vocabulary) // sum(len(word) + 1 for word in vocabulary)
    rows: list[str] = []
    size = 0
    while size < n_bytes:
        base = pick.choices(vocabulary, k=per_row)
        for _ in range(K):
            row = space.join(word if pick.random() < 0.8 else pick.choice(vocabulary) for word in base)
            rows.append(row)
            size += len(row.encode())
    return rows


def rates(job: Callable[[list[str]], object], rows: list[str], beside: list[str]) -> tuple[float, float]:
    """Megabytes a second of CPU time of both, by turns, the best of as many as fit into 0.4 seconds, of five at least."""
    best, spent, n = [float("inf")] * 2, 0.0, 0
    while n < 5 or spent < 0.4:
        for which, texts in enumerate((rows, beside)):
            start = time.process_time()
            job(texts)
            took = time.process_time() - start
            best[which], spent = min(best[which], took), spent + took
        n += 1
    mine, other = (sum(len(row.encode()) for row in texts) / 1e6 for texts in (rows, beside))
    return mine / best[0], other / best[1]


HELD_OUT = [" ".join(str(n) for n in range(start, start + 40)) for start in range(0, 4000, 40)]
"""Texts of which no row has anything."""
JOBS: dict[str, Callable[[list[str]], object]] = {
    "equal words": lambda rows: dedup.exact(rows, normalised=True),
    "near": lambda rows: dedup.near(rows, threshold=0.8),
    "held out": lambda rows: dedup.decontaminate(rows, HELD_OUT),
    "found": lambda rows: dedup.decontaminate(rows, rows[: 8 * K : K]),
    "ROUGE-L": lambda rows: consistency.rouge_l(rows, K),
    "Jaccard": lambda rows: consistency.jaccard(rows, K),
    "vote": lambda rows: consistency.vote(rows, K),
}


def table(title: str, corpora: dict[str, list[str]]) -> None:
    """Prints a line for each script, ASCII first: MB/s of each job, and the ratio to ASCII."""
    others = [rows for script, rows in corpora.items() if script != "ASCII"]
    groups = [rows[at : at + K] for at in range(0, min(map(len, others)) // len(others), K) for rows in others]
    corpora = {**corpora, "mixed": [row for group in groups for row in group]}
    print(f"| {title} |", " | ".join(f"{name}, MB/s (to ASCII)" for name in JOBS), "|")
    print("| --- |", " | ".join("---" for _ in JOBS), "|")
    for script, rows in corpora.items():
        found = [rates(job, rows, corpora["ASCII"]) for job in JOBS.values()]
        print(f"| {script} |", " | ".join(f"{x:.0f} ({x / beside:.2f})" for x, beside in found), "|", flush=True)


def main(megabytes: float) -> None:
    """Prints the table of made words, and the one of people's."""
    n_bytes = int(megabytes * 1e6)
    table("letters", {script: texts(*made(script), n_bytes) for script in SCRIPTS})
    print()
    table("prose", {language: texts(*written(language), n_bytes) for language in PROSE})


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4)
