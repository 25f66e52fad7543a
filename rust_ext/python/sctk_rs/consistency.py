"""How far K answers to each of N questions agree: pairwise scores, clusters, semantic entropy, majority votes.

Answers come in groups, one group for each question: as a list of lists of str, as an Arrow list column of strings, or
as flat texts (list of str, Arrow column) with `groups`, the size of every group or the offsets of all (n + 1 integers).
Words are those of every script (`sctk_rs.text`), or with `words="rouge"` those of rouge_score: `[a-z0-9]+` of the lower-cased text,
which has none of Hindi, and takes -5 for 5. Where an answer has no words there is no score, and every score with it is NaN
(with `words="rouge"` 0, as in rouge_score).

Results are arrays that NumPy, pyarrow and polars read in place. Pairwise scores are one K x K block for each group:
`numpy.asarray(scores.values).reshape(-1, K, K)` where all groups have K answers, else a list column.
The result is the same, bit for bit, for any number of threads and on every processor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from sctk_rs import _native
from sctk_rs._native import Array

# Arrays of NumPy have no type that Python 3.11 could name, so what takes them takes any object.
Groups = object
Progress = Callable[[int, int], object]
Float = Literal["float32", "float64"]
Words = Literal["every-script", "rouge"]


@dataclass(frozen=True, kw_only=True)
class How:
    """How to compute: the type of scores, the number of threads, and who hears of progress as (done, total) chunks.

    `simd` names one of `sctk_rs.dedup.simd_levels()` instead of the best one: for measurements, the result is the same.
    """

    dtype: Float = "float64"
    threads: int = 1
    progress: Progress | None = None
    simd: str | None = None

    def _run(self) -> tuple[int, str | None, Progress | None]:
        return self.threads, self.simd, self.progress


PLAIN = How()


@dataclass(frozen=True, kw_only=True)
class SelfCheck:
    """For each answer the mean and the largest -ln p of its n-grams; NaN where an answer has no words."""

    mean: Array
    max: Array


@dataclass(frozen=True, kw_only=True)
class Votes:
    """For each group the winner (its first answer, counted from 0; -1: no answers) and its votes; labels by answer."""

    winners: Array
    votes: Array
    labels: Array


def rouge_l(texts: object, groups: Groups | None = None, *, words: Words = "every-script", how: How = PLAIN) -> Array:
    """ROUGE-L F1 of all pairs: with `words="rouge"` that of rouge_score without its stemmer.

    >>> import struct
    >>> blocks = rouge_l([["a b c", "A b, d"]])
    >>> [round(x, 3) for x in struct.unpack("4d", memoryview(blocks.values))]
    [1.0, 0.667, 0.667, 1.0]
    """
    return _pairs(("rouge_l", 1, 0.0), texts, groups, words, how)


def rouge_n(
    texts: object, groups: Groups | None = None, *, n: int = 2, words: Words = "every-script", how: How = PLAIN
) -> Array:
    """ROUGE-N F1 of all pairs: the runs of n words in common, each as often as both have it; NaN with fewer than n words."""
    return _pairs(("rouge_n", n, 0.0), texts, groups, words, how)


def jaccard(texts: object, groups: Groups | None = None, *, words: Words = "every-script", how: How = PLAIN) -> Array:
    """Words in common of all words of both, for all pairs."""
    return _pairs(("jaccard", 1, 0.0), texts, groups, words, how)


def word_edit(
    texts: object,
    groups: Groups | None = None,
    *,
    cut_off: float = 0.0,
    words: Words = "every-script",
    how: How = PLAIN,
) -> Array:
    """1 - Levenshtein distance / length of the longer one, over words, for all pairs; 0 where that is below `cut_off`."""
    return _pairs(("word_edit", 1, cut_off), texts, groups, words, how)


def char_edit(texts: object, groups: Groups | None = None, *, cut_off: float = 0.0, how: How = PLAIN) -> Array:
    """As `word_edit`, over characters (code points), as they stand."""
    return _pairs(("char_edit", 1, cut_off), texts, groups, "every-script", how)


def _pairs(score: tuple[str, int, float], texts: object, groups: Groups | None, words: Words, how: How) -> Array:
    if how.dtype not in ("float32", "float64"):
        raise ValueError(f"dtype: got {how.dtype!r}\nhint: wanted 'float32' or 'float64'")
    return _native.consistency_similarity(texts, groups, score, words, how.dtype == "float32", how._run())


def selfcheck(
    texts: object,
    groups: Groups | None = None,
    *,
    n: int = 1,
    smoothing: float = 0.0,
    words: Words = "every-script",
    how: How = PLAIN,
) -> SelfCheck:
    """The SelfCheckGPT n-gram score (arXiv 2303.08896), higher where an answer says what the others of its group do not.

    -ln p of an answer's n-grams, p counted over all answers of the group, itself included; `smoothing` is added to every
    count, and once for what was never seen. An answer is one sentence. For the paper's
    scores by sentence (its section 5.3 averages over the words of a sentence, or takes their largest) give the sentences of
    the answer and the samples as one group: with n=1 the counts are the same, and each sentence has its mean and its max.
    """
    mean, most = _native.consistency_selfcheck(texts, groups, n, smoothing, words, how._run())
    return SelfCheck(mean=mean, max=most)


def clusters(
    matrix: object,
    groups: Groups | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
    linkage: Literal["greedy", "connected"] = "greedy",
    how: How = PLAIN,
) -> Array:
    """The cluster of each answer (int32, numbered within its group in order of first members), from pairwise scores.

    Two answers are linked when each scores `above` the limit towards the other (similarities, entailment probabilities)
    or each `below` it (distances, contradiction probabilities). Greedy: an answer joins the first cluster whose first
    member it is linked to (arXiv 2302.09664). Connected: what a path of links connects. `matrix` has shape (groups, K, K),
    or is flat, block after block, with `groups`; or it is what a pairwise score of this module yields.
    """
    if (above is None) == (below is None):
        raise ValueError("clusters: got both limits or none\nhint: give one of above= and below=")
    limit = above if above is not None else below
    values = matrix
    if isinstance(matrix, Array) and matrix.type.endswith("list"):
        values = matrix.values
        groups = _sizes(matrix) if groups is None else groups
    assert limit is not None
    return _native.consistency_clusters(values, groups, (limit, below is not None), linkage, how._run())


def _sizes(blocks: Array) -> list[int]:
    """Offsets of groups whose K x K blocks these are."""
    ends = memoryview(blocks.offsets).tolist()
    offsets = [0]
    for start, end in pairwise(ends):
        offsets.append(offsets[-1] + round((end - start) ** 0.5))
    return offsets


def semantic_entropy(
    labels: object,
    groups: Groups,
    *,
    log_likelihoods: object | None = None,
    estimator: Literal["discrete", "likelihood", "class_mean", "sample_mean"] = "discrete",
    how: How = PLAIN,
) -> Array:
    """How uncertain each question is, in nats, from the clusters of its answers (arXiv 2302.09664); NaN without answers.

    `discrete`: -sum p ln p, p being a cluster's share of the answers. The others need `log_likelihoods` of the answers and
    add them up by cluster, log p = log-sum-exp. `likelihood`: -sum p ln p with p normalised. `class_mean`: -mean of log p
    over clusters (the authors' code). `sample_mean`: -mean over answers (LM-Polygraph). The last two are not normalised.

    >>> memoryview(semantic_entropy([0, 0, 0, 0, 0, 1, 1, 1, 2, 2], 10)).tolist()
    [1.0296530140645737]
    """
    return _native.consistency_entropy(labels, groups, estimator, log_likelihoods, how._run())


def vote(
    texts: object,
    groups: Groups | None = None,
    *,
    compare: Literal["answers", "squad"] = "answers",
    how: How = PLAIN,
) -> Votes:
    """The answer that most answers of a group give; a tie goes to the first.

    Answers are one where `sctk_rs.text.comparable` is: numbers by value, other answers by their words and the signs that mean
    something. With `compare="squad"` where SQuAD's normalisation is: lower case, without ASCII punctuation and the words a, an,
    the, so that -5 is 5. An answer of which nothing is left still votes.

    >>> memoryview(vote([["Paris.", "Rome", "the paris"], ["5", "-5", "$5.00"]]).labels).tolist()
    [0, 1, 0, 0, 1, 0]
    """
    winners, votes, labels = _native.consistency_vote(texts, groups, compare, how._run())
    return Votes(winners=winners, votes=votes, labels=labels)
