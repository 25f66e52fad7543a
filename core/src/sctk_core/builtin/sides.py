"""On which side of the split each question of a file falls: an exact number is held out, and what belongs together stays so.

Questions belong together that share a group, open with the same turn, or are near duplicates (which the Rust core finds, where
`sctk-rs` is installed). Such clusters are held out in the order of their digests, whatever the order of the rows. Near duplicates
in a cluster too large to be held out are one template, and are parted.
"""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from importlib import import_module
from typing import Any

from sctk_core.config import setting
from sctk_core.identity import content_id
from sctk_core.records import Prompt

MOST_COMPARED = 1_000_000
"""Of more questions near duplicates are not looked for: all texts would have to be held in memory."""
SHINGLE = 5
"""How many characters are compared at a time."""


@dataclass(frozen=True, kw_only=True)
class Apart:
    """What falls on one side of the split, and how many questions are held out at least."""

    least: int = setting(
        6, help="held out at least, where half stay: of fewer pairs no difference is told", unit="questions", low=0
    )
    near: float = setting(
        0.7, help="questions at least so alike (Jaccard, 5 characters at a time) fall on one side; 0: not looked for",
        low=0.0, high=1.0,
    )  # fmt: skip
    opening: bool = setting(True, help="conversations that open with the same turn fall on one side")


class Questions:
    """What the rows of a file ask, in order, and what links it. About 200 bytes and the text of each question are held."""

    def __init__(self, apart: Apart) -> None:
        self.keys = array("Q")
        self._apart = apart
        self._texts: dict[int, str] = {}
        self._openings: dict[int, int] = {}
        self._links = _Links()

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, prompt: Prompt) -> int:
        """Takes in a row; the key of its group, or else of what it asks."""
        turns = [_plain(turn.content) for turn in prompt.messages if turn.role == "user"]
        text = " ".join(turns)
        key = _key("question", text)
        self._texts.setdefault(key, text if self._apart.near and len(self._texts) < MOST_COMPARED else "")
        self.keys.append(key)
        if len(turns) > 1:
            self._openings[key] = _key("question", turns[0])
            if self._apart.opening:
                self._links.unite(key, self._openings[key])
        if "group" not in prompt.meta:
            return key
        group = _key("group", _plain(prompt.meta["group"]))
        self._links.unite(key, group)
        return group

    def split(self, share: float) -> tuple[set[int], str]:
        """The keys of the questions that are held out, and a line about them for the user."""
        n = len(self)
        floor = min(self._apart.least, n // 2) if share else 0
        wanted = max(min(max(round(share * n), floor), n - 1), 0)
        near = _Near(self._texts, self._apart.near)
        for cluster in near.clusters:
            for key in cluster if len(cluster) <= wanted else ():
                self._links.unite(cluster[0], key)
        held = self._drawn(wanted, floor)
        raised = f", raised by source.apart.least = {self._apart.least}" if wanted > round(share * n) else ""
        line = f"held out: {len(held):,} of {n:,} questions (held_out_share = {share:g}{raised}); {self._overlap(held, near)}"
        templates = [len(cluster) for cluster in near.clusters if len(cluster) > wanted]
        clusters = f"in clusters too large to be held out ({len(templates):,})"
        parted = f"{sum(templates):,} near duplicates, {clusters}, were parted"
        return held, f"{line}; {parted}" if templates else line

    def overlap(self, held: Collection[int]) -> str:
        """What the sides share where they are given: questions of both in all."""
        return self._overlap(held, _Near(self._texts, self._apart.near))

    def _drawn(self, wanted: int, floor: int) -> set[int]:
        """The questions of the clusters that come first and fit; where too few do, of the smallest ones up to the floor."""
        clusters, singles = self._clusters()
        mixed = sorted((_key("cluster", str(min(cluster))), cluster) for cluster in clusters)
        held = set[int]()
        for _, cluster in merge(mixed, ((key, [key]) for key in sorted(singles))):
            if len(held) + len(cluster) <= wanted:
                held.update(cluster)
            if len(held) == wanted:
                break
        for cluster in sorted((one for _, one in mixed), key=len):
            if len(held) < floor and cluster[0] not in held and len(held) + len(cluster) <= len(self) // 2:
                held.update(cluster)
        return held

    def _clusters(self) -> tuple[list[list[int]], list[int]]:
        """The questions that belong together, and those that stand alone."""
        linked, clusters, singles = self._links.roots(), dict[int, list[int]](), list[int]()
        for key in self._texts:
            root = self._links.root(key)
            if root in linked:
                clusters.setdefault(root, []).append(key)
            else:
                singles.append(key)
        return list(clusters.values()), singles

    def _overlap(self, held: Collection[int], near: _Near) -> str:
        """How many held-out questions have something in training that is all but the same."""
        trained = {self._openings.get(key, key) for key in self._texts if key not in held}
        opened = sum(self._openings.get(key, key) in trained for key in held)
        return f"in training too: {opened:,} by their opening turn, {near.told(held)}"


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _key(kind: str, text: str) -> int:
    """64 bits that name a question, an opening turn or a group."""
    return int(content_id(kind, text)[:16], 16)


class _Links:
    """Union and find over keys; a key that was never united takes no room."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}

    def root(self, key: int) -> int:
        while (above := self._parents.get(key, key)) != key:
            self._parents[key] = self._parents.get(above, above)
            key = above
        return key

    def unite(self, one: int, other: int) -> None:
        one, other = self.root(one), self.root(other)
        if one != other:
            self._parents[max(one, other)] = min(one, other)

    def roots(self) -> set[int]:
        """Those that others hang from."""
        return {self.root(key) for key in list(self._parents)}


class _Near:
    """The near duplicates among some questions, or why they were not looked for."""

    def __init__(self, texts: dict[int, str], threshold: float) -> None:
        self.clusters: list[list[int]] = []
        self._pairs: Sequence[tuple[int, int]] = ()
        self._why_not = _why_not(len(texts), threshold)
        if not self._why_not:
            keys = list(texts)
            found = _dedup().near(
                list(texts.values()),
                threshold=threshold,
                shingle="char",
                n=SHINGLE,
                threads=len(os.sched_getaffinity(0)),
            )
            self.clusters = [[keys[row] for row in cluster] for cluster in _clusters(memoryview(found.labels))]
            sides = (memoryview(found.pairs[side]) for side in ("left", "right"))
            self._pairs = [(keys[left], keys[right]) for left, right in zip(*sides, strict=True)]

    def told(self, held: Collection[int]) -> str:
        """How many held-out questions have a near duplicate on the other side."""
        if self._why_not:
            return self._why_not
        split = {pair for pair in self._pairs if (pair[0] in held) != (pair[1] in held)}
        return f"{len({key for pair in split for key in pair if key in held}):,} as near duplicates"


def _clusters(labels: Sequence[int]) -> Iterator[list[int]]:
    """The rows of each cluster of more than one."""
    sizes, found = Counter(labels), dict[int, list[int]]()
    for row, label in enumerate(labels):
        if sizes[label] > 1:
            found.setdefault(label, []).append(row)
    return iter(found.values())


def _dedup() -> Any:
    """The Rust core's deduplication; None where it is not installed."""
    try:
        return import_module("sctk_rs.dedup")
    except ImportError:
        return None


def _why_not(n_questions: int, threshold: float) -> str:
    if not threshold:
        return "near duplicates were not looked for (source.apart.near = 0)"
    if n_questions > MOST_COMPARED:
        return f"near duplicates were not looked for among more than {MOST_COMPARED:,} questions"
    return "" if _dedup() else "near duplicates were not looked for (pip install sctk-rs finds them)"
