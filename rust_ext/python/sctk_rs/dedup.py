"""Duplicates in a corpus, and what it shares with held-out texts.

Texts are a `list[str]` or any Arrow column of strings (polars, pyarrow, datasets), read in place. Two texts are equal
but for case and punctuation when they have the same words (`sctk_rs.text`): signs that mean something are words or belong
to them, so `12 + 4` is not `12 - 4`. Near duplicates are texts whose sets of n-word (or n-character) shingles have a Jaccard
similarity at or above a threshold, computed exactly for every pair that is reported; in shingles every character of a script
without spaces (Han, kana, Thai, Lao, Khmer, Burmese) is a word. Results are the same for any number of threads, on every
processor, spilled or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import dataclass
from os import PathLike
from typing import Literal

from sctk_rs._native import (
    HASH_VERSION,
    Array,
    Batch,
    HeldOut,
    dedup_exact,
    dedup_keep,
    dedup_near,
    dedup_sketch,
    simd_levels,
    word_hash,
)

__all__ = [
    "HASH_VERSION",
    "SLOTS",
    "Contamination",
    "Duplicates",
    "HeldOut",
    "Progress",
    "decontaminate",
    "exact",
    "keep",
    "near",
    "simd_levels",
    "sketch",
    "word_hash",
]

SLOTS = 128
Progress = Callable[[int, int], object]


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """The clusters of n rows and the pairs that they stand on.

    `labels` (uint32, n) is the smallest row of each row's cluster; `keep` (uint8, n) is 1 for that row and 0 for
    the others. `pairs` has the columns left < right and jaccard; rows with equal words are paired with the first
    of them, at 1. A row can be joined to a cluster through another, so it need not reach the threshold with
    the row that is kept. `n_apart` pairs are alike as whole texts but not in some part, and are no pairs.
    """

    labels: Array
    keep: Array
    pairs: Batch
    n_equal_rows: int
    n_candidates: int
    n_checked: int
    n_apart: int


@dataclass(frozen=True, kw_only=True)
class Contamination:
    """What texts share with held-out ones.

    `overlaps` has the columns row, held_out, n_shared (different n-grams in both), share (of the held-out row's
    different n-grams, in (0, 1]), begin and end (the UTF-8 bytes of the row's longest run of words all of whose n-grams
    are shared). `too_short` are held-out rows with fewer than n words: of them nothing could be found.
    """

    overlaps: Batch
    too_short: Array


def exact(texts: object, *, normalised: bool = False, threads: int = 1, progress: Progress | None = None) -> Array:
    """The first row (uint32, n) with the same bytes as each row; with the same words where `normalised`.

    >>> list(memoryview(exact(["a b", "A, b!", "a b"])))
    [0, 1, 0]
    >>> list(memoryview(exact(["a b", "A, b!", "a b"], normalised=True)))
    [0, 0, 0]
    """
    return dedup_exact(texts, normalised=normalised, threads=threads, progress=progress)


def near(
    texts: object,
    *,
    threshold: float = 0.8,
    shingle: Literal["word", "char"] = "word",
    n: int = 5,
    parts: tuple[Sized, object] | None = None,
    threads: int = 1,
    spill_dir: str | PathLike[str] | None = None,
    simd: str | None = None,
    progress: Progress | None = None,
) -> Duplicates:
    """The near duplicates among `texts`: pairs of exact Jaccard similarity >= `threshold`, and their clusters.

    Where `spill_dir` is given, the band keys (168 bytes a row at the usual threshold) go to files below it, which are
    removed in the end, and memory beside the texts falls from about 270 to 72 bytes a row. `progress(done, total)` is
    called on the calling thread, each pass counting from 0.

    `parts` says of what parts (turns, a context and a question) each text is made: text i of those that end at the bytes
    `ends[offsets[i]:offsets[i + 1]]` of its UTF-8, as (ends: uint32, offsets: uint64 or int64); without ends it is one text. Two
    texts of parts are near duplicates where each part is too, by itself: a long part that they share does not hide that the others
    differ. Empty parts do not count; with another number of parts they are none; texts with equal words always are.

    >>> found = near(["to be or not to be", "something else", "To be, or NOT to be!"])
    >>> list(memoryview(found.labels)), list(memoryview(found.keep))
    ([0, 1, 0], [1, 1, 0])
    >>> from array import array
    >>> story = " ".join(f"word{i}" for i in range(50))
    >>> texts, ends = [f"{story} who?", f"{story} why?"], array("I", [len(story), len(story) + 5] * 2)
    >>> [list(memoryview(near(texts, parts=parts).labels)) for parts in (None, (ends, array("Q", [0, 2, 4])))]
    [[0, 0], [0, 1]]
    """
    has_parts = parts is not None and len(parts[0]) > 0
    labels, pairs, counts = dedup_near(
        texts,
        threshold=threshold,
        shingle=shingle,
        n=n,
        parts=parts if has_parts else None,
        threads=threads,
        spill_dir=spill_dir,
        simd=simd,
        progress=progress,
    )
    equal, candidates, checked, apart = counts
    return Duplicates(
        labels=labels,
        keep=keep(labels),
        pairs=pairs,
        n_equal_rows=equal,
        n_candidates=candidates,
        n_checked=checked,
        n_apart=apart,
    )


def keep(labels: Array) -> Array:
    """1 (uint8) for every row that is the first of its cluster, else 0.

    >>> list(memoryview(keep(exact(["a", "b", "a"]))))
    [1, 1, 0]
    """
    return dedup_keep(labels)


def sketch(
    hashes: object,
    offsets: object,
    *,
    threads: int = 1,
    simd: str | None = None,
    progress: Progress | None = None,
) -> Array:
    """The MinHash sketches (uint32, 128 for each set, in one run) of sets of 64-bit hashes.

    Set i is `hashes[offsets[i]:offsets[i + 1]]` (uint64, and uint64 or int64); any numbers will do, counters too, since
    each is mixed before use. The share of equal slots of two sketches
    estimates the sets' Jaccard similarity; an empty set has 2**32 - 1 in every slot. Version `HASH_VERSION`: sketches
    may be stored.
    """
    return dedup_sketch(hashes, offsets, threads=threads, simd=simd, progress=progress)


def decontaminate(
    texts: object,
    held_out: object,
    *,
    n: int = 13,
    min_share: float = 0.0,
    threads: int = 1,
    progress: Progress | None = None,
) -> Contamination:
    """Every (row, held-out row) with a run of `n` words in common and at least `min_share` of the held-out n-grams.

    A corpus that comes in batches is held against the same texts with `HeldOut(held_out, n=n).overlaps(batch)`.

    >>> found = decontaminate(["so: To be, or not to be!"], ["to be or not"], n=4).overlaps
    >>> [memoryview(found[name])[0] for name in ("row", "held_out", "share", "begin", "end")]
    [0, 0, 1.0, 4, 17]
    """
    grams = HeldOut(held_out, n=n, progress=progress)
    overlaps = grams.overlaps(texts, min_share=min_share, threads=threads, progress=progress)
    return Contamination(overlaps=overlaps, too_short=grams.too_short)
