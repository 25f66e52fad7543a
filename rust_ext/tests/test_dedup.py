"""Deduplication against an oracle in plain Python, its determinism, its quality on planted corpora, its errors."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import tempfile
import unicodedata
from array import array
from collections import defaultdict
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_rs import dedup


def _planted() -> ModuleType:
    """The corpus generator and the plain definition of words and shingles, which lie beside the benchmarks."""
    path = Path(__file__).parents[2] / "benches" / "planted.py"
    spec = importlib.util.spec_from_file_location("planted_for_tests", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


oracle = _planted()

SIGNS = set("#%*+-/<=>^.\u2044\u2212")


def _is_plain(c: str) -> bool:
    """Whether the oracle knows the character: it becomes no sign, is not ignored, and is in no script that dictionaries cut."""
    form = unicodedata.normalize("NFKD", c)
    filler = c in "\u115f\u1160\u3164\uffa0"
    by_dictionary = any(first <= ord(c) <= last for first, last in ((0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF)))
    return not (SIGNS & set(form) or filler or by_dictionary or any(unicodedata.category(f) == "Sm" for f in form))


letters = st.characters(categories=["L", "Nd", "Nl", "P", "Sc", "Sk", "So", "Z", "Cc"]).filter(_is_plain)
snippets = st.sampled_from(
    [
        "a",
        "B",
        "the",
        "ΑΣ ",
        "σας",
        "İx",
        "\u212a9",
        "漢字",
        "カナ",
        " ",
        ", ",
        "\u0301",
        "x_1",
        "🙂",
        "ß",
        "e\u0327\u0301",
        "é\u0327",
        "ｶﾞ",
        "한",
        "\u1112\u1161",
    ]
)
texts = st.lists(st.one_of(snippets, st.text(letters, max_size=6)), max_size=12).map("".join)


def columns(batch: Any) -> dict[str, list[Any]]:
    return {name: np.asarray(batch[name]).tolist() for name in batch.column_names}


def pairs_of(found: dedup.Duplicates) -> dict[tuple[int, int], float]:
    got = columns(found.pairs)
    return {(a, b): j for a, b, j in zip(got["left"], got["right"], got["jaccard"], strict=True)}


def bytes_of(found: dedup.Duplicates) -> tuple[bytes, ...]:
    """Everything in the result, as bytes."""
    pairs = [bytes(memoryview(found.pairs[name])) for name in found.pairs.column_names]
    counts = repr((found.n_equal_rows, found.n_candidates, found.n_checked)).encode()
    return (bytes(memoryview(found.labels)), bytes(memoryview(found.keep)), *pairs, counts)


def closure(n: int, pairs: Any) -> list[int]:
    """The smallest row of each row's component."""
    label = list(range(n))
    changed = True
    while changed:
        changed = False
        for a, b in pairs:
            least = min(label[a], label[b])
            changed |= label[a] != least or label[b] != least
            label[a] = label[b] = least
    return label


# ---------------------------------------------------------------- words and hashes
MASK = (1 << 64) - 1
GOLDEN, ROOT_TWO, EULER = 0x9E3779B97F4A7C15, 0x6A09E667F3BCC909, 0xB7E151628AED2A6B


def fold(a: int, b: int) -> int:
    return (a * b & MASK) ^ (a * b >> 64)


def word_hash(word: bytes) -> int:
    """A word's hash, written from its definition."""
    blocks = [word[i : i + 16].ljust(16, b"\0") for i in range(0, max(1, len(word)), 16)]
    halves = [(int.from_bytes(b[:8], "little"), int.from_bytes(b[8:], "little")) for b in blocks]
    if len(word) <= 16:
        low, high = halves[0]
        return fold(low ^ GOLDEN, high ^ ROOT_TWO ^ len(word))
    state = EULER ^ len(word)
    for low, high in halves:
        state = fold(low ^ state ^ GOLDEN, high ^ ROOT_TWO)
    return state


@given(st.binary(max_size=70))
def test_the_word_hash_is_its_definition(word: bytes) -> None:
    assert dedup.HASH_VERSION == 3
    assert dedup.word_hash(word) == word_hash(word)


def test_the_word_hash_does_not_change() -> None:
    """Stored sketches rest on these: a change needs a new version."""
    known = {
        b"": 0x864B_F3A5_2FFA_9138,
        b"a": 0xC2BE_FAFE_DBB6_BF0C,
        b"the": 0xCFD0_C0CC_D592_1A4C,
        b"abcdefghijklmnopqrstuvwxyz0123456789": 0xFBFE_BD35_9DCA_0F6D,
    }
    assert {word: dedup.word_hash(word) for word in known} == known


@settings(max_examples=300, deadline=None)
@given(texts, texts)
def test_equal_words_make_equal_rows(a: str, b: str) -> None:
    """Normalised equality is equality of the oracle's words; without any word, of the text."""
    for pair in ((a, b), (a, oracle.shouted(a)), (a, f"  {a}..."), (a, a + " " + b)):
        want = [oracle.words(text) or text for text in pair]
        labels = list(memoryview(dedup.exact(list(pair), normalised=True)))
        assert labels == [0, 0 if want[0] == want[1] else 1], pair


# ---------------------------------------------------------------- exact
@settings(deadline=None)
@given(st.lists(st.one_of(texts, st.sampled_from(["", "a", "A"])), max_size=30))
def test_exact_is_the_first_row_with_the_same_text(rows: list[str]) -> None:
    first: dict[str, int] = {}
    want = [first.setdefault(text, i) for i, text in enumerate(rows)]
    for form in (rows, pa.array(rows, pa.string()), pa.array(rows, pa.large_string())):
        got = dedup.exact(form, threads=2)
        assert list(memoryview(got)) == want
        assert list(memoryview(dedup.keep(got))) == [int(i == label) for i, label in enumerate(want)]


# ---------------------------------------------------------------- near
short = st.lists(st.sampled_from(["a", "b", "c", "the", "Ü", "漢", "٣", "_"]), max_size=9).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(short, max_size=25),
    st.sampled_from([0.3, 0.5, 0.8, 1.0]),
    st.integers(1, 6),
)
def test_what_is_reported_is_true_and_what_is_equal_is_found(rows: list[str], threshold: float, n: int) -> None:
    found = dedup.near(rows, threshold=threshold, n=n)
    sets = [oracle.shingles(text, n) for text in rows]
    pairs = pairs_of(found)
    for (a, b), similarity in pairs.items():
        assert a < b
        if sets[a] or sets[b]:
            assert similarity == oracle.jaccard(sets[a], sets[b]) >= threshold
        else:
            assert (similarity, rows[a]) == (1.0, rows[b]), "without words, the bytes decide"
    labels = list(memoryview(found.labels))
    assert labels == closure(len(rows), pairs)
    for a, b in itertools.combinations(range(len(rows)), 2):
        if sets[a] and sets[a] == sets[b]:
            assert labels[a] == labels[b], (rows[a], rows[b])


@settings(max_examples=100, deadline=None)
@given(st.lists(texts, max_size=12), st.integers(1, 4))
def test_character_shingles_are_those_of_the_oracle(rows: list[str], n: int) -> None:
    def shingles(text: str) -> frozenset[tuple[str, ...]]:
        spaced: list[str] = []
        for c in unicodedata.normalize("NFD", " ".join(joined(text))):
            if "\u0300" <= c <= "\u036f" and spaced and spaced[-1] != " ":
                spaced[-1] += c
            elif "\u1100" <= c <= "\u11ff" or c in "\u3099\u309a":
                return frozenset()
            else:
                spaced.append(c)
        return (
            frozenset(tuple(spaced[i : i + n]) for i in range(max(1, len(spaced) - n + 1))) if spaced else frozenset()
        )

    def joined(text: str) -> list[str]:
        kinds = [(c, unicodedata.category(c)) for c in oracle.folded(text)]
        is_word = (kind[0] in "LN" or kind in ("Mn", "Mc") or c == "_" for c, kind in kinds)
        return "".join(c if word else " " for (c, _), word in zip(kinds, is_word, strict=True)).split()

    found = dedup.near(rows, threshold=0.4, shingle="char", n=n)
    sets = [shingles(text) for text in rows]
    for (a, b), similarity in pairs_of(found).items():
        if sets[a] and sets[b]:  # of Hangul and voiced kana, which stay composed, NFD says nothing
            assert similarity == len(sets[a] & sets[b]) / len(sets[a] | sets[b])


parted = st.lists(
    st.lists(st.sampled_from(["a b", "a b c", "the Ü 漢", "", "!", "٣ _ d e f g"]), max_size=4), max_size=14
)


@settings(max_examples=200, deadline=None)
@given(parted, st.sampled_from([0.3, 0.5, 0.8]), st.integers(1, 3), st.booleans())
def test_pairs_of_parts_are_those_whose_every_part_is_one(
    rows: list[list[str]], threshold: float, n: int, spilled: bool
) -> None:
    """Of the pairs of the whole texts, by the oracle's sets: parts beside one another, the empty ones left out."""
    texts = ["\n".join(parts) for parts in rows]
    ends, offsets = array("I"), array("Q", [0])
    for parts in rows:
        ends.extend(len("\n".join(parts[: at + 1]).encode()) for at in range(len(parts)))
        offsets.append(len(ends))
    spill = tempfile.gettempdir() if spilled else None
    whole = pairs_of(dedup.near(texts, threshold=threshold, n=n, spill_dir=spill))
    found = dedup.near(texts, threshold=threshold, n=n, parts=(ends, offsets), spill_dir=spill)

    def alike(a: str, b: str) -> bool:
        one, other = oracle.shingles(a, n), oracle.shingles(b, n)
        return a == b or (bool(one and other) and oracle.jaccard(one, other) >= threshold)

    def are(a: int, b: int) -> bool:
        one, other = ([part for part in rows[at] if part] for at in (a, b))
        is_one_text = not rows[a] or not rows[b]
        same_words = oracle.words(texts[a]) == oracle.words(texts[b])
        return is_one_text or same_words or (len(one) == len(other) and all(map(alike, one, other)))

    assert pairs_of(found) == {pair: jaccard for pair, jaccard in whole.items() if are(*pair)}
    assert found.n_apart == len(whole) - len(pairs_of(found))


def test_parts_that_are_no_parts_are_refused() -> None:
    texts = ["one two", "three"]
    for ends, offsets in (
        ([3, 7], [0, 2]),
        ([3, 8], [0, 2, 2]),
        ([7, 3], [0, 2, 2]),
        ([3], [0, 1, 2]),
        ([3], [1, 1, 1]),
    ):
        with pytest.raises(ValueError, match=r"parts|offsets"):
            dedup.near(texts, parts=(array("I", ends), array("Q", offsets)))
    with pytest.raises(TypeError, match="uint32"):
        dedup.near(texts, parts=([3], array("Q", [0, 1, 1])))
    with pytest.raises(ValueError, match="UTF-8"):
        dedup.near(
            ["é" * 60 + " a b c", "é" * 60 + " a b c d"],
            parts=(array("I", [1, 126, 1, 128]), array("Q", [0, 2, 4])),
            n=1,
        )
    assert list(memoryview(dedup.near(texts, parts=(array("I"), array("Q", [0, 0, 0]))).labels)) == [0, 1]


@cache
def corpus(n: int, seed: int) -> Any:
    return oracle.planted(n, seed)


def test_the_result_does_not_depend_on_threads_chunks_vectors_or_spilling(tmp_path: Path) -> None:
    rows = corpus(3000, 5).texts
    want = bytes_of(dedup.near(rows))
    column = pa.array(rows, pa.string())
    for threads in (2, 8):
        assert bytes_of(dedup.near(rows, threads=threads)) == want
        assert bytes_of(dedup.near(rows, threads=threads, spill_dir=tmp_path)) == want
    for simd in dedup.simd_levels():
        assert bytes_of(dedup.near(column, simd=simd, threads=2)) == want
    for cuts in ([0, 1, 2, 1500, 3000], [0, 1024, 1025, 2999, 3000]):
        chunks = [column.slice(a, b - a) for a, b in itertools.pairwise(cuts)]
        assert bytes_of(dedup.near(pa.chunked_array(chunks), threads=2)) == want
    assert bytes_of(dedup.near(column.cast(pa.string_view()))) == want
    assert list(tmp_path.iterdir()) == [], "the spill is gone"


@pytest.mark.parametrize(("n", "seed"), [(1500, 11), pytest.param(4000, 12, marks=pytest.mark.slow)])
def test_quality_on_planted_corpora(n: int, seed: int) -> None:
    """Every pair is right, the rows flagged are right, nearly all true ones are found, in seven scripts."""
    made = corpus(n, seed)
    rows = made.texts
    truth = oracle.true_pairs(rows)
    found = dedup.near(rows)
    labels = np.asarray(found.labels)
    for (a, b), similarity in pairs_of(found).items():
        assert similarity == oracle.jaccard(oracle.shingles(rows[a]), oracle.shingles(rows[b])) >= 0.8
    flagged = set(np.flatnonzero(labels != np.arange(len(rows))).tolist())
    best: dict[int, float] = defaultdict(float)
    for (_, later), similarity in truth.items():
        best[later] = max(best[later], similarity)
    assert len(best) > n / 8
    assert len(flagged & best.keys()) >= 0.995 * len(best)
    assert len(flagged & best.keys()) >= 0.999 * len(flagged)
    for base, variant, kind in made.variants:
        if kind in ("equal", "case"):
            assert labels[base] == labels[variant], kind


def test_short_texts_at_the_threshold_are_found() -> None:
    """Nine shingles of ten shared, in texts of 14 words: few slots of a sketch are filled there."""
    rng = np.random.default_rng(3)
    rows, n_pairs = [], 400
    for i in range(n_pairs):
        base = [f"w{i}x{k}" for k in range(14)]
        rows += [" ".join(base), " ".join([*base[:-1], f"other{rng.integers(1 << 30)}"])]
    labels = np.asarray(dedup.near(rows, threshold=0.8).labels)
    assert (labels[1::2] == labels[::2]).mean() >= 0.99
    assert (labels[::2] == np.arange(0, 2 * n_pairs, 2)).all()


def test_a_crowd_of_equal_bands_stays_linear() -> None:
    """20,000 rows in one cluster: a few candidates a row, all joined."""
    rows = [f"{'same words here again and again with one tail ' * 3} tail{i}" for i in range(20_000)]
    found = dedup.near(rows, threads=2)
    assert set(memoryview(found.labels)) == {0}
    assert found.n_candidates < 40 * len(rows)


# ---------------------------------------------------------------- sketches
def test_equal_slots_estimate_jaccard() -> None:
    rng = np.random.default_rng(1)
    sets = [rng.integers(0, 1 << 63, 400, dtype=np.uint64) for _ in range(100)]
    others = [np.concatenate([s[:200], rng.integers(0, 1 << 63, 200, dtype=np.uint64)]) for s in sets]
    hashes = np.concatenate([*sets, *others])
    offsets = np.arange(0, len(hashes) + 1, 400)
    want = np.asarray(dedup.sketch(hashes, offsets)).reshape(-1, dedup.SLOTS)
    assert want.shape == (200, 128)
    assert abs((want[:100] == want[100:]).mean() - 1 / 3) < 0.02
    for simd in dedup.simd_levels():
        got = dedup.sketch(hashes, offsets.astype(np.uint64), threads=2, simd=simd)
        assert bytes(memoryview(got)) == want.tobytes()


def mixed(x: int) -> int:
    """Any 64-bit number spread over 64 bits, written from its definition."""
    y = (x ^ x >> 31) * EULER % 2**64
    y ^= y >> 27
    y = (y ^ y >> 32) * GOLDEN % 2**64
    return y ^ y >> 29


def sketch_steps() -> list[int]:
    """1 to 127, shuffled by the mixed numbers 127 to 2: where an empty slot looks for a value."""
    steps = list(range(1, 128))
    for i in range(127, 1, -1):
        j = mixed(i) % i
        steps[i - 1], steps[j] = steps[j], steps[i - 1]
    return steps


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=40) | st.integers(0, 500).map(lambda n: list(range(n))))
def test_the_sketch_is_its_definition(hashes: list[int]) -> None:
    """The high 7 bits of a mixed hash choose the slot, the least of its low 32 stays; empty slots ask around."""
    kept = [2**32 - 1] * 128
    for hash_ in map(mixed, hashes):
        kept[hash_ >> 57] = min(kept[hash_ >> 57], hash_ % 2**32)
    empty = kept.count(2**32 - 1)
    want = list(kept)
    for slot in range(128 if empty else 0):
        asked = (kept[(slot + step) % 128] for step in [0, *sketch_steps()])
        want[slot] = next((value for value in asked if value < 2**32 - 1), 2**32 - 1)
    for simd in dedup.simd_levels():
        got = dedup.sketch(np.array(hashes, np.uint64), np.array([0, len(hashes)]), simd=simd)
        assert list(memoryview(got)) == want


@pytest.mark.parametrize("offsets", [[], [0, 5, 3], [0, 11], [-1, 4], [5, 0]])
def test_offsets_are_checked(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match=r"offsets.*\nhint: "):
        dedup.sketch(np.arange(10, dtype=np.uint64), np.array(offsets, np.int64))


# ---------------------------------------------------------------- decontamination
@settings(max_examples=200, deadline=None)
@given(st.lists(short, max_size=8), st.lists(short, max_size=5), st.integers(1, 4))
def test_overlaps_are_those_of_the_oracle(rows: list[str], held_out: list[str], n: int) -> None:
    found = dedup.decontaminate(rows, held_out, n=n, threads=2)
    want = []
    for i, text in enumerate(rows):
        grams = oracle.shingles(text, n) if len(oracle.words(text)) >= n else frozenset()
        for k, held in enumerate(held_out):
            others = oracle.shingles(held, n) if len(oracle.words(held)) >= n else frozenset()
            if grams & others:
                want.append((i, k, len(grams & others), len(grams & others) / len(others)))
    got = columns(found.overlaps)
    assert list(zip(got["row"], got["held_out"], got["n_shared"], got["share"], strict=True)) == want
    assert list(memoryview(found.too_short)) == [k for k, held in enumerate(held_out) if len(oracle.words(held)) < n]
    for i, k, begin, end in zip(got["row"], got["held_out"], got["begin"], got["end"], strict=True):
        span = rows[i].encode()[begin:end].decode()
        inside = oracle.shingles(span, n)
        assert len(oracle.words(span)) >= n
        assert inside <= oracle.shingles(held_out[k], n), "the whole span lies in the held-out text's n-grams"


def test_the_span_is_cut_from_the_text_as_it_stands() -> None:
    row = "Vorher. «Η ΟΔΌΣ, ΤΟΥ ΦΩΤΌΣ» — 漢字 nachher"
    found = columns(dedup.decontaminate([row], ["η οδός του φωτός 漢字 und noch mehr"], n=5).overlaps)
    assert row.encode()[found["begin"][0] : found["end"][0]].decode() == "Η ΟΔΌΣ, ΤΟΥ ΦΩΤΌΣ» — 漢字"
    assert dedup.decontaminate([row], ["η οδός του φωτός 漢字 und"], n=5, min_share=0.9).overlaps.__len__() == 0


def test_held_out_texts_are_indexed_once_for_many_batches() -> None:
    held_out = ["the quick brown fox jumps over", "too short", "pack my box with five"]
    rows = ["see the quick brown fox jumps", "nothing of the kind at all", "PACK my box, with five dozen jugs"] * 3
    whole = dedup.decontaminate(rows, held_out, n=4)
    grams = dedup.HeldOut(held_out, n=4)
    assert memoryview(grams.too_short).tolist() == memoryview(whole.too_short).tolist() == [1]
    batches = [columns(grams.overlaps(rows[at : at + 3], threads=2)) for at in (0, 3, 6)]
    joined = {name: [value for batch in batches for value in batch[name]] for name in batches[0]}
    joined["row"] = [row + 3 * k for k, batch in enumerate(batches) for row in batch["row"]]
    assert joined == {name: list(values) for name, values in columns(whole.overlaps).items()}


# ---------------------------------------------------------------- what is malformed or large
def test_nothing_is_nothing() -> None:
    found = dedup.near([])
    assert (len(found.labels), len(found.keep), len(found.pairs)) == (0, 0, 0)
    assert len(dedup.exact([])) == len(dedup.decontaminate([], []).overlaps) == 0


def test_rows_without_words_are_duplicates_only_of_themselves() -> None:
    rows = ["", "🙂", "!!!", "", "🙃", "!!!"]
    assert list(memoryview(dedup.near(rows).labels)) == [0, 1, 2, 0, 4, 2]


def test_one_giant_row() -> None:
    words = [f"w{i % 50_000}" for i in range(600_000)]
    rows = ["small", " ".join(words), " ".join(words).upper(), "x" * 3_000_000, "X" * 3_000_000, "漢" * 500_000]
    assert list(memoryview(dedup.near(rows, threads=2).labels)) == [0, 1, 1, 3, 3, 5]


def test_errors_name_the_row() -> None:
    with pytest.raises(ValueError, match=r"(?s)row 1.*surrogate.*\nhint: "):
        dedup.near(["fine", "\ud800"])
    with pytest.raises((TypeError, ValueError), match=r"(?s)row 1.*\nhint: "):
        dedup.near(pa.array(["fine", None]))
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(np.array([0, 2, 4], np.int32)), pa.py_buffer(b"ok\xff\xfe")]
    )
    with pytest.raises(ValueError, match=r"(?s)row 1: not UTF-8 from byte 0 on\nhint: "):
        dedup.near(broken, threads=2)
    assert list(memoryview(dedup.exact(broken))) == [0, 1], "bytes are bytes"


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"threshold": 1.1}, "threshold"),
        ({"n": 0}, "n: got 0"),
        ({"shingle": "line"}, "shingle"),
        ({"threads": 0}, "threads"),
        ({"simd": "mmx"}, "simd"),
    ],
)
def test_settings_out_of_range_are_refused(setting: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=rf"(?s){name}.*\nhint: "):
        dedup.near(["a"], **setting)


def test_a_spill_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"(?s)cannot spill to .*\nhint: "):
        dedup.near(["a b c d e f"], spill_dir=tmp_path / "missing")


def test_progress_can_stop_it() -> None:
    rows = corpus(3000, 5).texts * 20

    def stop(done: int, total: int) -> None:
        raise InterruptedError(f"{done} of {total}")

    with pytest.raises(InterruptedError):
        dedup.near(rows, threads=2, progress=stop)
