"""A corpus with planted near duplicates in many scripts, and every pair of it that is truly one.

Documents are drawn from seven invented languages (Latin with and without accents, Cyrillic, Greek, Turkish with its dotted
and dotless i, Chinese, Japanese). About half of each document comes from a bank of stock phrases that are used by a few to
many hundreds of documents, so shingles of middling frequency abound, as in real crawls. A third of the documents are
variants of an earlier one: other case and punctuation only, or words replaced until a wanted similarity is left.
`true_pairs` finds all pairs at or above a threshold by the prefix filter (Bayardo and others, WWW 2007), which misses
none; `words` and `shingles` are the plain definition that the Rust core is held to.

    python benches/planted.py --n 20000 --seed 7      prints how right sctk_rs.dedup is on it
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

ALONE = (
    (0x0E01, 0x0E3A), (0x0E40, 0x0E4E), (0x0E81, 0x0ECE), (0x0EDC, 0x0EDF), (0x1000, 0x103F), (0x1050, 0x108F),
    (0x109A, 0x109D), (0x1780, 0x17D3), (0x17D7, 0x17D7), (0x17DC, 0x17DD),
    (0x3005, 0x3007), (0x3021, 0x3029), (0x3031, 0x3035), (0x3038, 0x303C), (0x3041, 0x30FF), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x1AFF0, 0x1B16F), (0x20000, 0x3FFFF),
)  # fmt: skip

ALPHABETS = (
    "etaoinshrdlucmfwypvbgkjqxz",
    "eaéiouàèüößäñçstrnldmp",
    "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэф",
    "αειοτνσρκπυμλγδθηάέίόύώω",
    "aeıiknrldtmsuüoöyğşçzbh",
    "".join(chr(c) for c in range(0x4E00, 0x4E00 + 700)),
    "".join(chr(c) for c in itertools.chain(range(0x3042, 0x3094), range(0x30A2, 0x30F4), range(0x5B57, 0x5BC0))),
)
SPACELESS = (5, 6)


@dataclass(frozen=True, kw_only=True)
class Planted:
    """`texts`, and for every variant (row of its base, row of itself, what was done to it)."""

    texts: list[str]
    variants: list[tuple[int, int, str]]


def is_alone(c: str) -> bool:
    """Whether a word character is a word by itself."""
    return any(first <= ord(c) <= last for first, last in ALONE)


def folded(text: str) -> str:
    """NFKC and full case folding until nothing changes; a digit of any script is 0 to 9, a spacing accent a space."""
    normal = unicodedata.normalize
    text = "".join(" " if not c.isascii() and normal("NFKD", c).startswith(" ") else c for c in text)
    while (again := normal("NFKC", normal("NFKC", text).casefold())) != text:
        text = again
    return "".join(str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in text)


def words(text: str) -> list[str]:
    """The words that sctk_rs.dedup compares, in plain Python, of a text without signs that mean something."""
    found, open_word = [], ""
    for c in folded(text):
        kind = unicodedata.category(c)
        is_word = kind[0] in "LN" or kind in ("Mn", "Mc") or c == "_"
        if is_word and not is_alone(c):
            open_word += c
            continue
        if open_word:
            found.append(open_word)
            open_word = ""
        if is_word:
            found.append(c)
    return [*found, open_word] if open_word else found


def shingles(text: str, n: int = 5) -> frozenset[tuple[str, ...]]:
    """The set of runs of n words; the whole text where it has fewer; nothing where it has none."""
    w = words(text)
    if not w:
        return frozenset()
    return frozenset(tuple(w[i : i + n]) for i in range(max(1, len(w) - n + 1)))


def jaccard(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    """|a and b| / |a or b|; 0 where both are empty."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if a or b else 0.0


def true_pairs(texts: list[str], threshold: float = 0.8, n: int = 5) -> dict[tuple[int, int], float]:
    """Every pair (i < j) of texts with words whose similarity reaches the threshold, and the similarity."""
    sets = [shingles(text, n) for text in texts]
    frequency = Counter(itertools.chain.from_iterable(sets))
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    pairs = {}
    for j, grams in enumerate(sets):
        rarest = sorted(grams, key=lambda gram: (frequency[gram], gram))
        prefix = rarest[: len(rarest) - int(-(-threshold * len(rarest) // 1)) + 1]
        partners = set(itertools.chain.from_iterable(holders[gram] for gram in prefix))
        for i in partners:
            similarity = jaccard(sets[i], grams)
            if similarity >= threshold:
                pairs[i, j] = similarity
        for gram in prefix:
            holders[gram].append(j)
    return pairs


class Language:
    """Words, phrases and documents of one invented language."""

    def __init__(self, rng: random.Random, number: int) -> None:
        self.rng = rng
        self.spaceless = number in SPACELESS
        letters = ALPHABETS[number]
        longest = 1 if self.spaceless else 9
        count = len(letters) if self.spaceless else 4000
        drawn = ("".join(rng.choices(letters, k=rng.randint(1, longest))) for _ in range(count))
        # a sigma that ends a word must be a final one, or shouting the word would change it
        self.vocabulary = [word.upper().lower() if "σ" in word or "ς" in word else word for word in drawn]
        self.weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self.vocabulary))))
        self.phrases = [self.draw(rng.randint(8, 30)) for _ in range(400)]
        self.phrase_weights = list(itertools.accumulate(1 / (rank + 1) ** 0.8 for rank in range(400)))

    def draw(self, n: int) -> list[str]:
        return self.rng.choices(self.vocabulary, cum_weights=self.weights, k=n)

    def document(self) -> list[str]:
        """Words, about half of them from stock phrases."""
        out: list[str] = []
        wanted = int(min(900, max(12, self.rng.lognormvariate(4.8, 0.8))))
        while len(out) < wanted:
            if self.rng.random() < 0.35:
                out += self.rng.choices(self.phrases, cum_weights=self.phrase_weights)[0]
            else:
                out += self.draw(self.rng.randint(6, 24))
        return out

    def render(self, tokens: list[str]) -> str:
        """Text with case and punctuation at random."""
        parts, upper = [], True
        for token in tokens:
            form = self.rng.random()
            parts.append(token.capitalize() if upper and token.capitalize().lower() == token else token)
            stop = ". " if form < 0.06 else ", " if form < 0.13 else "\n\n" if form < 0.14 else " "
            if self.spaceless:
                stop = {". ": "。", ", ": "、", "\n\n": "\n"}.get(stop, "")
            parts.append(stop)
            upper = form < 0.06
        return "".join(parts)

    def edited(self, tokens: list[str], similarity: float) -> list[str]:
        """The tokens with so many replaced, dropped or added that about `similarity` of the 5-grams is left."""
        survive = (2 * similarity / (1 + similarity)) ** (1 / 5)
        out: list[str] = []
        for token in tokens:
            kind = self.rng.random() if self.rng.random() > survive else 1.0
            if kind == 1.0:
                out.append(token)
            elif kind < 0.7:
                out += self.draw(1)
            elif kind < 0.85:
                out += [token, *self.draw(1)]
        return out


def shouted(text: str) -> str:
    """Upper case wherever lower-casing brings the same text back, other punctuation."""
    upper = "".join(c.upper() if c.upper().lower() == c and len(c.upper()) == 1 else c for c in text)
    return ("¡" + upper.replace(". ", " -- ").replace(", ", "; ") + "!!") if upper else upper


def _rows(rng: random.Random, n: int) -> Iterator[tuple[str, int | None, str]]:
    """(text, the base's row in order of making, what was done)."""
    languages = [Language(rng, number) for number in range(len(ALPHABETS))]
    bases: list[tuple[int, Language, list[str], str]] = []
    for row in range(n):
        if bases and rng.random() < 0.33:
            base, language, tokens, text = rng.choice(bases[-2000:])
            kind = rng.choice(["equal", "case", "0.95", "0.9", "0.85", "0.82", "0.8", "0.78", "0.7", "0.5"])
            if kind == "equal":
                yield text, base, kind
            elif kind == "case":
                yield shouted(text), base, kind
            else:
                yield language.render(language.edited(tokens, float(kind))), base, kind
        else:
            language = rng.choice(languages)
            tokens = language.document()
            text = language.render(tokens)
            bases.append((row, language, tokens, text))
            yield text, None, "new"


def planted(n: int, seed: int) -> Planted:
    """n documents; the same for the same n and seed."""
    rng = random.Random(seed)
    texts, variants = [], []
    for row, (text, base, kind) in enumerate(_rows(rng, n)):
        texts.append(text)
        if base is not None:
            variants.append((base, row, kind))
    return Planted(texts=texts, variants=variants)


def report(n: int, seed: int) -> dict[str, object]:
    """How right near-duplicate detection is on n documents of this seed, judged by the plain oracle.

    Recall counts rows: of those whose best earlier partner truly reaches 0.8, how many are flagged; precision: of those
    flagged, how many have such a partner. The pairs reported are judged one by one.
    """
    import numpy as np
    from sctk_rs import dedup

    made = planted(n, seed)
    found = dedup.near(made.texts, threads=2)
    labels = np.asarray(found.labels)
    left, right, claimed = (np.asarray(found.pairs[name]) for name in ("left", "right", "jaccard"))
    sets = [shingles(text) for text in made.texts]
    exact = [jaccard(sets[a], sets[b]) for a, b in zip(left, right, strict=True)]
    truth = true_pairs(made.texts)
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
