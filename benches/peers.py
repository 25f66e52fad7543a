"""The fastest ways to use public packages for the tasks of sctk_rs that we know, each from `list[str]` or NumPy arrays.

What a peer does and leaves out stands in its docstring, for a ratio means nothing without it. A peer's package is imported
when it is called, so that one that is missing skips its own test and no other: `uv run --group peers pytest benches`.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest

SLOTS, BANDS, THRESHOLD, GRAM, SEED = 128, 16, 0.8, 5, 42
WORDS = re.compile(r"[a-z0-9]+").findall
ARTICLES = frozenset(("a", "an", "the"))
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)

Texts = list[str]


def gaoya_near(texts: Texts) -> np.ndarray:
    """Labels by gaoya's index: word 5-grams, 16 bands of 8, its own estimate of J at 0.8; union in Python."""
    minhash = pytest.importorskip("gaoya").minhash
    index = minhash.MinHashStringIndex(
        32, THRESHOLD, BANDS, SLOTS // BANDS, None, "word", True, (GRAM, GRAM), "smallvec"
    )
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    labels = list(range(len(texts)))

    def root(row: int) -> int:
        while labels[row] != row:
            labels[row] = row = labels[labels[row]]
        return row

    for row, near in enumerate(index.par_bulk_query(texts)):
        for other in near:
            first, second = sorted((root(row), root(other)))
            labels[second] = first
    return np.array([root(row) for row in range(len(texts))])


def rensa_near(texts: Texts | pl.Series) -> np.ndarray:
    """Flags (has a near duplicate): words by polars, 5-grams rolled in NumPy, rensa's flat sketches; nothing is verified."""
    rensa = pytest.importorskip("rensa")
    words = pl.Series("text", texts).str.to_lowercase().str.extract_all(r"\w+")
    n_words = words.list.len().to_numpy().astype(np.int64)
    hashes = words.list.explode().hash(1).to_numpy()
    rolled = np.zeros_like(hashes)
    for step in range(GRAM):
        rolled[: len(hashes) - step] = rolled[: len(hashes) - step] * np.uint64(0x9E3779B97F4A7C15) + hashes[step:]
    n_grams = np.maximum(n_words - GRAM + 1, 1)
    begin = np.cumsum(n_words) - n_words
    offsets = np.concatenate([[0], np.cumsum(n_grams)])
    at = np.repeat(begin - offsets[:-1], n_grams) + np.arange(offsets[-1])
    sketches = rensa_sketch(rolled[at], offsets.astype(np.uint64))
    return np.array(rensa.RMinHashLSH(THRESHOLD, SLOTS, BANDS).query_duplicate_flags_matrix_one_shot(sketches), bool)


def rensa_sketch(hashes: np.ndarray, offsets: np.ndarray) -> Any:
    """Sketches of 128 slots over every hash of each set."""
    return pytest.importorskip("rensa").RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, SLOTS, SEED)


def rensa_rho(hashes: np.ndarray, offsets: np.ndarray) -> Any:
    """Sketches of 128 slots over a sample of each set's hashes."""
    return pytest.importorskip("rensa").RMinHash.digest_matrix_from_flat_token_hashes_rho(hashes, offsets, SLOTS, SEED)


def polars_exact(column: pl.Series) -> np.ndarray:
    """True for the first occurrence of each text."""
    kept = pl.DataFrame({"text": column}).with_row_index("row").unique(subset="text", keep="first", maintain_order=True)
    first = np.zeros(len(column), bool)
    first[kept["row"].to_numpy()] = True
    return first


def numpy_rouge_2(group: Texts) -> np.ndarray:
    """F1 of bigrams, (K, K), from a dense table of counts."""
    tables = [Counter(pairwise(WORDS(text.lower()))) for text in group]
    columns = {gram: column for column, gram in enumerate(dict.fromkeys(gram for table in tables for gram in table))}
    counts = np.zeros((len(group), len(columns)), np.int32)
    for row, table in zip(counts, tables, strict=True):
        row[[columns[gram] for gram in table]] = list(table.values())
    common = np.minimum(counts[:, None], counts).sum(-1)
    sizes = counts.sum(-1)
    return 2 * common / np.maximum(sizes[:, None] + sizes, 1)


def numpy_jaccard(group: Texts) -> np.ndarray:
    """Words in common of all words of both, (K, K), from a table of incidence."""
    sets = [set(WORDS(text.lower())) for text in group]
    columns = {word: column for column, word in enumerate(set().union(*sets))}
    incidence = np.zeros((len(group), len(columns)), np.float32)
    for row, words in zip(incidence, sets, strict=True):
        row[[columns[word] for word in words]] = 1
    common = incidence @ incidence.T
    sizes = common.diagonal()
    return common / np.maximum(sizes[:, None] + sizes - common, 1)


def counted_selfcheck(group: Texts) -> list[float]:
    """The mean -ln p of each answer's words under the counts of all of them."""
    tokens = [WORDS(text.lower()) for text in group]
    counts = Counter(word for answer in tokens for word in answer)
    total = counts.total()
    logs = {word: -math.log(count / total) for word, count in counts.items()}
    return [sum(map(logs.__getitem__, answer)) / max(1, len(answer)) for answer in tokens]


def counted_vote(group: Texts) -> int:
    """The first answer of those that most agree on, after SQuAD's normalisation."""
    plain = [
        " ".join([word for word in text.lower().translate(NO_PUNCTUATION).split() if word not in ARTICLES])
        for text in group
    ]
    return plain.index(Counter(plain).most_common(1)[0][0])
