"""Every score equals a slow oracle written plainly in Python, on any thread count and every SIMD level."""

from __future__ import annotations

import math
import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import LCSseq, Levenshtein
from rouge_score import rouge_scorer
from sctk_rs import _native, consistency, text
from sctk_rs.consistency import How

SPECIAL = "\u0130\u212aİKſß é日🙂_-.'\x1c\u00a0"
WORDS = ["the", "a", "An", "cat", "CATS", "x1", "42", "K", "internationalisation0", "Internationalisation1", "-", "é"]
TEXT = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=90).map(" ".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(st.sampled_from(list("ab AB.1" + SPECIAL)), max_size=150),
)
GROUPS = st.lists(st.lists(TEXT, max_size=11), max_size=4)
EXAMPLE = [["", "...", "\u212aelvin \u0130x", "kelvin ix", "a b", "a b"], [], ["x " * 200, "y x " * 150, "Y X"]]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def grams(tokens: list[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(tokens[i:] for i in range(n)), strict=False))


def blocks(scores: _native.Array) -> list[np.ndarray]:
    values, offsets = np.asarray(scores.values), np.asarray(scores.offsets)
    cut = [values[start:end] for start, end in pairwise(offsets)]
    return [block.reshape(round(len(block) ** 0.5), -1) if len(block) else np.zeros((0, 0)) for block in cut]


def check(scores: _native.Array, groups: list[list[str]], oracle: Callable[[str, str], float]) -> None:
    found = blocks(scores)
    assert [len(block) for block in found] == [len(group) for group in groups]
    for block, group in zip(found, groups, strict=True):
        wanted = [[oracle(a, b) for b in group] for a in group]
        np.testing.assert_allclose(block, np.reshape(wanted, block.shape), rtol=0, atol=1e-12)


@settings(deadline=None)
@given(GROUPS)
@example(EXAMPLE)
def test_rouge_equals_rouge_score(groups: list[list[str]]) -> None:
    scorer = rouge_scorer.RougeScorer(["rougeL", "rouge1", "rouge2", "rouge3"], use_stemmer=False)
    for name, got in [
        ("rougeL", consistency.rouge_l(groups, words="rouge")),
        *((f"rouge{n}", consistency.rouge_n(groups, n=n, words="rouge")) for n in (1, 2, 3)),
    ]:

        def oracle(a: str, b: str, name: str = name) -> float:
            return float(scorer.score(a, b)[name].fmeasure)

        check(got, groups, oracle)


@settings(deadline=None, max_examples=60)
@given(GROUPS)
@example(EXAMPLE)
@example(
    [["हाँ, सही है", "हाँ सही है।", "नहीं"], ["ดีมากครับ", "ดี มาก ครับ"], ["👍", "👍", "ok"], ["-5", "5", "x < 3", "x > 3"]]
)
def test_scores_of_every_script_are_those_of_its_words(groups: list[list[str]]) -> None:
    def of_words(score: Callable[[list[str], list[str]], float], least: int = 1) -> Callable[[str, str], float]:
        def scored(a: str, b: str) -> float:
            x, y = text.words(a), text.words(b)
            return score(x, y) if min(len(x), len(y)) >= least else math.nan

        return scored

    def f1(x: list[Any], y: list[Any], common: int) -> float:
        return 2 * common / (len(x) + len(y))

    def rouge_2(x: list[str], y: list[str]) -> float:
        return f1(grams(x, 2), grams(y, 2), (Counter(grams(x, 2)) & Counter(grams(y, 2))).total())

    rouge_l = of_words(lambda x, y: f1(x, y, LCSseq.similarity(x, y)))
    check(consistency.rouge_l(groups), groups, rouge_l)
    check(consistency.rouge_n(groups), groups, of_words(rouge_2, 2))
    jaccard = of_words(lambda x, y: len(set(x) & set(y)) / len(set(x) | set(y)))
    check(consistency.jaccard(groups), groups, jaccard)
    word_edit = of_words(lambda x, y: float(Levenshtein.normalized_similarity(x, y)))
    check(consistency.word_edit(groups), groups, word_edit)


@pytest.mark.parametrize(
    "answers",
    [
        ("Москва — столица.", "москва столица"),
        ("हाँ, यह सही है।", "हाँ यह सही है"),
        ("ฉันชอบกินข้าว", "ฉันชอบ กินข้าว!"),
        ("ខ្ញុំចូលចិត្តសៀវភៅ", "ខ្ញុំចូលចិត្តសៀវភៅ។"),
        ("東京は日本の首都です。", "東京は日本の首都です"),
        ("서울은 수도이다", unicodedata.normalize("NFD", "서울은 수도이다")),
        ("Élève café", unicodedata.normalize("NFD", "ÉLÈVE CAFÉ")),
        ("مدرسة ١٢", "مدرسة 12"),
        ("Straße", "STRASSE"),
        ("बाल\u200dक", "बालक"),
    ],
)
def test_the_same_words_agree_in_every_script(answers: tuple[str, str]) -> None:
    group = [[*answers, "quite another answer"]]
    for score in (consistency.rouge_l, consistency.jaccard, consistency.word_edit):
        assert blocks(score(group))[0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert np.asarray(consistency.vote(group).labels).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("answers", "labels"),
    [
        (["$1,000", "1000", "1,000.00", "-1000", "1001", "１０００", "1e3"], [0, 0, 0, 1, 2, 0, 0]),
        (["7", "-7", "−7", "7.", "+7"], [0, 1, 1, 0, 0]),
        (["2.71", "271", "2,71"], [0, 1, 2]),
        (["3/4", "34", "0.75", "¾"], [0, 1, 0, 0]),
        (["n >= 2", "n <= 2", "n ≥ 2", "n = 2", "n≠2"], [0, 1, 0, 2, 3]),
        (["F#", "F", "F++", "f#"], [0, 1, 2, 0]),
        (["a + b", "a - b", "a * b", "a + b."], [0, 1, 2, 0]),
        (["yes 👍", "👍", "👎", "Yes!"], [0, 1, 2, 0]),
    ],
)
def test_what_a_sign_says_is_kept_in_a_vote(answers: list[str], labels: list[int]) -> None:
    assert np.asarray(consistency.vote([answers]).labels).tolist() == labels


def test_only_two_code_points_lower_to_more_ascii_than_they_show() -> None:
    lower = [c for c in map(chr, range(128, sys.maxunicode + 1)) if words(c)]
    assert lower == ["\u0130", "\u212a"]


@settings(deadline=None, max_examples=50)
@given(GROUPS)
@example(EXAMPLE)
def test_jaccard_and_edits_equal_plain_code(groups: list[list[str]]) -> None:
    def jaccard(a: str, b: str) -> float:
        x, y = set(words(a)), set(words(b))
        return len(x & y) / max(len(x | y), 1)

    def word_edit(a: str, b: str, cut_off: float = 0.0) -> float:
        score = float(Levenshtein.normalized_similarity(words(a), words(b)))
        return score if score >= cut_off else 0.0

    def char_edit(a: str, b: str, cut_off: float = 0.0) -> float:
        score = float(Levenshtein.normalized_similarity(a, b))
        return score if score >= cut_off else 0.0

    check(consistency.jaccard(groups, words="rouge"), groups, jaccard)
    check(consistency.word_edit(groups, words="rouge"), groups, word_edit)
    check(consistency.char_edit(groups), groups, char_edit)
    for cut_off in (0.3, 0.8, 0.95):
        check(consistency.char_edit(groups, cut_off=cut_off), groups, partial(char_edit, cut_off=cut_off))
        scores = consistency.word_edit(groups, cut_off=cut_off, words="rouge")
        check(scores, groups, partial(word_edit, cut_off=cut_off))


@pytest.mark.parametrize("n_chars", [64, 65, 512, 700])
def test_long_answers_cross_words_and_strips(n_chars: int) -> None:
    base = ("the quick brown fox jumps over the lazy dog " * 30)[:n_chars]
    group = [base, base[7:] + "xyz", base[::-1], base.replace("o", "0"), "", base[: n_chars // 2]]
    spaced = [" ".join(text.replace(" ", "_")) for text in group]
    for cut_off in (0.0, 0.5, 0.9):

        def oracle(a: str, b: str, limit: float = cut_off) -> float:
            score = float(Levenshtein.normalized_similarity(a, b))
            return score if score >= limit else 0.0

        check(consistency.char_edit([group], cut_off=cut_off), [group], oracle)
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    scores = consistency.rouge_l([spaced], words="rouge")
    check(scores, [spaced], lambda a, b: scorer.score(a, b)["rougeL"].fmeasure)


@settings(deadline=None)
@given(GROUPS, st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0]), st.booleans())
@example(EXAMPLE, 2, 1.0, True)
@example(EXAMPLE, 2, 1.0, False)
def test_selfcheck_equals_plain_counters(groups: list[list[str]], n: int, smoothing: float, rouge: bool) -> None:
    got = consistency.selfcheck(groups, n=n, smoothing=smoothing, words="rouge" if rouge else "every-script")
    cut = words if rouge else text.words
    mean, most = [], []
    for group in groups:
        runs = [grams(["<s>"] * (n - 1) + cut(answer), n) if cut(answer) else [] for answer in group]
        counts = Counter(gram for answer in runs for gram in answer)
        total = counts.total() + smoothing * (len(counts) + 1)
        for answer in runs:
            logs = [-math.log((counts[gram] + smoothing) / total) for gram in answer]
            mean.append(sum(logs) / len(logs) if logs else math.nan)
            most.append(max(logs, default=math.nan))
    np.testing.assert_allclose(np.asarray(got.mean), mean, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.asarray(got.max), most, rtol=0, atol=1e-12)


def greedy(linked: np.ndarray) -> list[int]:
    firsts: list[int] = []
    labels = []
    for i in range(len(linked)):
        found = [c for c, first in enumerate(firsts) if linked[first, i]]
        labels.append(found[0] if found else len(firsts))
        firsts += [] if found else [i]
    return labels


def connected(linked: np.ndarray) -> list[int]:
    label = list(range(len(linked)))
    for _ in label:
        for i in range(len(linked)):
            label[i] = min([label[i]] + [label[j] for j in range(len(linked)) if linked[i, j]])
    order = sorted(set(label))
    return [order.index(x) for x in label]


@settings(deadline=None)
@given(st.lists(st.integers(0, 12), max_size=5), st.integers(0, 2**32), st.booleans(), st.booleans())
def test_clusters_equal_plain_code(sizes: list[int], seed: int, single: bool, below: bool) -> None:
    rng = np.random.default_rng(seed)
    matrices = [rng.random((k, k)).astype("f4" if single else "f8").round(1) for k in sizes]
    flat = np.concatenate([m.ravel() for m in matrices] or [np.zeros(0, "f4")])
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype("i8")
    limit = float(np.float32(0.5)) if single else 0.5
    limits: dict[str, Any] = {"below": limit} if below else {"above": limit}
    for linkage, oracle in (("greedy", greedy), ("connected", connected)):
        wanted = []
        for m in matrices:
            links = m < limit if below else m > limit
            wanted += oracle(links & links.T)
        got = consistency.clusters(flat, offsets, linkage=linkage, **limits)  # type: ignore[arg-type]
        assert np.asarray(got).tolist() == wanted


def test_ties_go_to_the_first_index() -> None:
    matrix = np.array([[[1, 0, 1], [0, 1, 1], [1, 1, 1]]], dtype="f4")
    assert np.asarray(consistency.clusters(matrix, above=0.5)).tolist() == [0, 1, 0]
    assert np.asarray(consistency.clusters(matrix, above=0.5, linkage="connected")).tolist() == [0, 0, 0]
    one_way = np.array([[[1, 1], [0, 1]]], dtype="f8")
    assert np.asarray(consistency.clusters(one_way, above=0.5)).tolist() == [0, 1]


def test_clusters_read_what_a_score_yields() -> None:
    groups = [["the cat sat", "The cat sat!", "dogs bark"], [], ["x"]]
    for how in (How(), How(dtype="float32")):
        got = consistency.clusters(consistency.rouge_l(groups, how=how), above=0.7)
        assert np.asarray(got).tolist() == [0, 0, 1, 0]


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.floats(-60, 0)), max_size=9), max_size=5))
def test_entropy_equals_plain_code(groups: list[list[tuple[int, float]]]) -> None:
    wanted: dict[str, list[float]] = {name: [] for name in ("discrete", "likelihood", "class_mean", "sample_mean")}
    labels: list[int] = []
    for group in groups:
        order = list(dict.fromkeys(label for label, _ in group))
        own = [order.index(label) for label, _ in group]
        labels += own
        share = [own.count(c) / len(own) for c in range(len(order))]
        p = [
            math.fsum(math.exp(log) for c, (_, log) in zip(own, group, strict=True) if c == i)
            for i in range(len(order))
        ]
        none = not group
        wanted["discrete"].append(math.nan if none else -sum(x * math.log(x) for x in share))
        wanted["likelihood"].append(
            math.nan if none else -sum(x / sum(p) * math.log(x / sum(p)) for x in p if x / sum(p))
        )
        wanted["class_mean"].append(math.nan if none else -sum(map(math.log, p)) / len(p))
        wanted["sample_mean"].append(math.nan if none else -sum(math.log(p[c]) for c in own) / len(own))
    offsets = np.cumsum([0, *map(len, groups)])
    logs = np.array([log for group in groups for _, log in group])
    for estimator, values in wanted.items():
        got = consistency.semantic_entropy(
            np.array(labels, "i4"),
            offsets,
            log_likelihoods=logs,
            estimator=estimator,  # type: ignore[arg-type]
        )
        np.testing.assert_allclose(np.asarray(got), values, rtol=1e-11, atol=1e-11)


def test_entropy_of_the_dossier() -> None:
    """10 samples in clusters of 5, 3 and 2: 1.02965 nats."""
    labels = np.array([0] * 5 + [1] * 3 + [2] * 2, "i4")
    assert np.asarray(consistency.semantic_entropy(labels, 10))[0] == pytest.approx(1.02965, abs=5e-6)


def normalise(text: str) -> str:
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(word for word in kept.split() if word not in ("a", "an", "the"))


@settings(deadline=None)
@given(GROUPS, st.booleans(), st.sampled_from(["answers", "squad"]))
@example([["The U.S.", "us", "x", "X!", "a x"], [], ["\u0130 \x1fA", "ΑΣ ΣΑΣ", "ας σας"]], True, "squad")
def test_vote_equals_plain_code(groups: list[list[str]], many: bool, compare: Literal["answers", "squad"]) -> None:
    groups = [group * 4 for group in groups] if many else groups
    got = consistency.vote(groups, compare=compare)
    labels: list[int] = []
    winners, votes = [], []
    for group in groups:
        plain = [normalise(answer) if compare == "squad" else text.comparable(answer) for answer in group]
        order = list(dict.fromkeys(plain))
        labels += map(order.index, plain)
        best, n = Counter(plain).most_common(1)[0] if plain else ("", 0)
        winners.append(plain.index(best) if plain else -1)
        votes.append(n)
    assert np.asarray(got.labels).tolist() == labels
    assert np.asarray(got.winners).tolist() == winners
    assert np.asarray(got.votes).tolist() == votes


@pytest.fixture(scope="module")
def many() -> list[list[str]]:
    """400 groups of 0 to 14 answers of 0 to 180 words, some of them not ASCII."""
    rng = np.random.default_rng(5)
    vocabulary = np.array([f"w{i}" for i in range(300)] + ["É", "The", "a", "\u212a", "averylongwordthatgoesonandon"])
    base = [rng.choice(vocabulary, rng.integers(0, 180)) for _ in range(400)]
    return [
        [
            " ".join(np.where(rng.random(len(b)) < 0.2, rng.choice(vocabulary, len(b)), b))
            for _ in range(rng.integers(0, 15))
        ]
        for b in base
    ]


@pytest.mark.parametrize("words", ["every-script", "rouge"])
def test_results_are_the_same_bytes_for_any_threads_and_level(many: list[list[str]], words: str) -> None:
    def all_scores(threads: int, level: str | None) -> list[bytes]:
        run = (threads, level, None)
        found = []
        for score, cut_off in (
            ("rouge_l", 0.0), ("rouge_n", 0.0), ("jaccard", 0.0), ("word_edit", 0.4), ("char_edit", 0.0), ("char_edit", 0.7),
        ):  # fmt: skip
            array = _native.consistency_similarity(many, None, (score, 2, cut_off), words, False, run)
            found += [bytes(memoryview(array.values)), bytes(memoryview(array.offsets))]
            if score == "rouge_l" and words == "rouge":
                sizes = np.cumsum([0, *map(len, many)])
                labels = _native.consistency_clusters(array.values, sizes, (0.5, False), "greedy", run)
                logs = np.linspace(-9, 0, sizes[-1])
                entropies = _native.consistency_entropy(labels, sizes, "likelihood", logs, run)
                found += [bytes(memoryview(labels)), bytes(memoryview(entropies))]
        for array in (
            *_native.consistency_selfcheck(many, None, 2, 0.5, words, run),
            *_native.consistency_vote(many, None, "answers" if words == "every-script" else "squad", run),
        ):
            found.append(bytes(memoryview(array)))
        return found

    wanted = all_scores(1, None)
    for threads in (2, 8):
        assert all_scores(threads, None) == wanted
    for level in _native.simd_levels():
        assert all_scores(1, level) == wanted, level


def test_every_form_of_input_agrees(many: list[list[str]]) -> None:
    flat = [text for group in many for text in group]
    sizes = np.cumsum([0, *map(len, many)])
    wanted = bytes(memoryview(consistency.rouge_l(many).values))
    columns = [pa.array(flat, kind) for kind in (pa.utf8(), pa.large_utf8(), pa.string_view())]
    chunked = pa.chunked_array([flat[:17], [], flat[17:]])
    for texts in (flat, tuple(flat), *columns, chunked):
        for groups in (sizes, sizes.astype("i4"), sizes.tolist()):
            assert bytes(memoryview(consistency.rouge_l(texts, groups).values)) == wanted
    assert bytes(memoryview(consistency.rouge_l(pa.array(many)).values)) == wanted
    even = consistency.vote(flat[:30], 10)
    assert (
        np.asarray(even.winners).tolist() == np.asarray(consistency.vote(flat[:30], [0, 10, 20, 30]).winners).tolist()
    )


def test_scores_are_an_arrow_column(many: list[list[str]]) -> None:
    column = pa.array(consistency.jaccard(many, how=How(dtype="float32")))
    assert isinstance(column.type, pa.LargeListType)
    assert column.type.value_type == pa.float32()
    assert [len(block) for block in column] == [len(group) ** 2 for group in many]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: consistency.rouge_l(["a", "b", "c"], 2), ValueError, "3 answers are no groups of 2"),
        (lambda: consistency.rouge_l(["a", "b"], 0), ValueError, "no groups of 0"),
        (lambda: consistency.rouge_l(["a", "b"], [0, 2, 1]), ValueError, "offset 2 is 1, wanted 2 or more"),
        (lambda: consistency.rouge_l(["a", "b"], [0, 1]), ValueError, "offset 1 is 1, wanted 2"),
        (lambda: consistency.rouge_l(["a", "b"], []), ValueError, "offset 0"),
        (lambda: consistency.rouge_l(["a", "b"], [0, -1, 2]), ValueError, "offset 1 is negative"),
        (lambda: consistency.rouge_l(["a", None], 1), TypeError, "row 1"),
        (lambda: consistency.rouge_l(pa.array(["a", None]), 1), ValueError, "null"),
        (lambda: consistency.rouge_l(["a", "\ud800"], 1), ValueError, "row 1: a lone surrogate"),
        (lambda: consistency.rouge_l([["a"], "bc"]), TypeError, "group 1"),
        (lambda: consistency.char_edit(["a"], 1, cut_off=math.nan), ValueError, "cut_off: got NaN"),
        (lambda: consistency.char_edit(["a"], 1, cut_off=1.5), ValueError, "cut_off: got 1.5"),
        (lambda: consistency.rouge_n(["a"], 1, n=0), ValueError, "n: got 0"),
        (lambda: consistency.selfcheck(["a"], 1, smoothing=-1.0), ValueError, "smoothing"),
        (lambda: consistency.rouge_l(["a"], 1, how=How(threads=0)), ValueError, "threads"),
        (lambda: consistency.rouge_l(["a"], 1, words="ascii"), ValueError, 'words: got "ascii"'),  # type: ignore[arg-type]
        (lambda: consistency.vote(["a"], 1, compare="exact"), ValueError, 'compare: got "exact"'),  # type: ignore[arg-type]
        (lambda: consistency.rouge_l(["a"], 1, how=How(simd="sse9")), ValueError, "no SIMD level"),
        (lambda: consistency.rouge_l(["a"] * 3_000_000, 3_000_000), MemoryError, "scores: 72000000000000 bytes"),
        (lambda: consistency.clusters(np.zeros(4), 2**32, above=0.5), ValueError, "matrix: got 4 values"),
        (lambda: consistency.clusters(np.zeros(4), [0, 2**62], above=0.5), ValueError, "matrix: got 4 values"),
        (lambda: consistency.semantic_entropy(["x"], 1), TypeError, "labels: got list"),
        (lambda: consistency.semantic_entropy([0], 1, log_likelihoods="x"), TypeError, "log_likelihoods"),
        (lambda: consistency.rouge_l(["a"], 1, how=How(dtype="f2")), ValueError, "dtype"),  # type: ignore[arg-type]
        (lambda: consistency.clusters(np.zeros((2, 3, 3)), 2, above=0.5), ValueError, "matrix"),
        (lambda: consistency.clusters(np.zeros((2, 3, 4)), above=0.5), ValueError, "shape"),
        (lambda: consistency.clusters(np.zeros((2, 3, 3), int), above=0.5), TypeError, "float32 or float64"),
        (lambda: consistency.clusters(np.full((1, 2, 2), np.nan), above=0.5), ValueError, "value 0 of group 0"),
        (lambda: consistency.clusters(np.zeros((1, 2, 2))), ValueError, "above"),
        (lambda: consistency.clusters(np.zeros((1, 2, 4))[:, :, ::2], above=0.1), ValueError, "contiguous"),
        (lambda: consistency.semantic_entropy([0, 2], 2), ValueError, "label 2"),
        (lambda: consistency.semantic_entropy([0, -1], 2), ValueError, "label -1"),
        (lambda: consistency.semantic_entropy([0], 1, estimator="likelihood"), ValueError, "log_likelihoods"),
        (
            lambda: consistency.semantic_entropy([0, 0], 2, estimator="likelihood", log_likelihoods=[0.0, math.nan]),
            ValueError,
            "value 1 of group 0",
        ),
    ],
)
def test_malformed_input_is_named(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_nothing_at_all_is_fine() -> None:
    assert len(consistency.rouge_l([])) == 0
    assert len(consistency.rouge_l([[], []])) == 2
    assert len(consistency.selfcheck([], 3).mean) == 0
    assert np.asarray(consistency.vote([[]]).winners).tolist() == [-1]
    assert len(consistency.clusters(np.zeros((0, 4, 4)), above=0.5)) == 0


def test_progress_is_heard_and_may_stop_the_work(many: list[list[str]]) -> None:
    heard: list[tuple[int, int]] = []
    consistency.char_edit(many, how=How(progress=lambda done, total: heard.append((done, total))))
    assert heard[-1][0] == heard[-1][1] > 0

    def refuse(done: int, total: int) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        consistency.char_edit(many, how=How(progress=refuse))
