"""How well each scorer tells what the model does not know, and what each tau_K keeps: `python benches/knowledge_detection.py OUT`.

On the embedded encyclopaedia, over seeds: which articles, every draw, the order of training. No threshold leaves a question out, so
every scorer says something of every question; the truth is the checker's, in two senses: whether the model was taught the answer,
and whether most of its own answers without the document are false. Runs below OUT share replies with `sctk verify knowledge --out
OUT`: the same line again goes on, and ends in seconds where all is done.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import execute
from sctk_core.statistics.areas import rank_agreement
from sctk_core.statistics.seeds import over_seeds
from sctk_encyclopaedia.truth import is_taught, verdict

AGREES = {"use": "encyclopaedia-nli", "gives": "agreement"}
SCORERS: Mapping[str, dict[str, Any]] = {
    "contradiction, NLI": {"scorer": "contradiction"},
    "contradiction, lexical": {"scorer": "contradiction", "comparer": {"use": "lexical"}},
    "BSDetector": {"scorer": "bsdetector", "comparer": AGREES},
    "semantic entropy, discrete": {"scorer": "semantic-entropy", "comparer": AGREES | {"reads": "whole"}},
    "semantic entropy, likelihood": {
        "scorer": "semantic-entropy", "scoring": {"entropy": "likelihood"}, "comparer": AGREES | {"reads": "whole"},
    },
    "p(True)": {"scorer": "p-true"},
}  # fmt: skip
EVERYTHING = {"tau_l": 1e9, "tau_k": -1e9}
TAUS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def detected(out: Path, name: str, seed: int, n_articles: int) -> pl.DataFrame:
    """S_L and S_K of every question of one scorer and seed, from a run that trains next to nothing behind it."""
    how = dict(SCORERS[name])
    comparer = how.pop("comparer", {"use": "encyclopaedia-nli"})
    sections: dict[str, Any] = {
        "method": {"use": "knowledge", "detection": how | {"thresholds": EVERYTHING}},
        "comparer": comparer,
        "source": {"seed": seed, "n_articles": n_articles, "n_held_out": 2},
        "trainer": {"optimiser": {"epochs": 0.05}},
        "run": {"seed": seed},
    }
    known = catalogue([])
    recipe = with_defaults([Layer(origin="bench", sections=sections)], known)
    words = "".join(letter if letter.isalnum() else "-" for letter in name)
    result = execute(assemble(recipe, known), out=out / f"scorer-{words}-{seed}")
    return pl.read_parquet(sorted((result.run / "detect" / "detected").glob("*.parquet")))


def samples(out: Path, seed: int) -> dict[str, list[bool]]:
    """Prompt id -> whether each answer without the document is true; the same answers in the runs of all scorers."""
    run = out / f"scorer-contradiction--NLI-{seed}"
    found: dict[str, list[bool]] = defaultdict(list)
    rows = pl.read_parquet(sorted((run / "detect" / "samples").glob("*.parquet")))
    for row in rows.filter(pl.col("step") == "detect.without").iter_rows(named=True):
        found[row["prompt_id"]].append(verdict(row["prompt"][-1]["content"], row["text"]).word == "true")
    return found


def areas(out: Path, seeds: int, n_articles: int) -> Iterator[str]:
    """A table of areas under the ROC curve, over seeds: the mean, the least and the most, and each seed's own interval."""
    yield "| scorer | truth | AUROC, mean of seeds | least to most | seed by seed [95 %] | questions |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name in SCORERS:
        tables = [detected(out, name, seed, n_articles) for seed in range(seeds)]
        for truth in ("not taught", "mostly wrong"):
            found = [area(table, truth, samples(out, seed)) for seed, table in enumerate(tables)]
            values = [one.value for one in found]
            each = "; ".join(f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in found)
            yield (
                f"| {name} | {truth} | {sum(values) / len(values):.3f} | {min(values):.3f} to {max(values):.3f} | {each} | "
                f"{sum(one.n for one in found)} |"
            )


def area(table: pl.DataFrame, truth: str, told: Mapping[str, list[bool]]) -> Any:
    """The area of one scorer and seed; questions of one thing are one group. Those that cannot be judged are left out."""
    rows = []
    for row in table.filter(pl.col("ignorance").is_not_null()).iter_rows(named=True):
        taught = is_taught(row["prompt"][-1]["content"])
        answers = told.get(row["prompt_id"], [])
        if taught is None or not answers:
            continue
        wrong = sum(answers) * 2 < len(answers)
        group = json.loads(json.loads(row["parents"])[row["prompt_id"]]["meta"])["group"]
        rows.append((row["ignorance"], wrong if truth == "mostly wrong" else not taught, group))
    scores, truths, groups = (list(column) for column in zip(*rows, strict=True))
    return rank_agreement(scores, truths, groups)


def kept(out: Path, seeds: int, n_articles: int) -> Iterator[str]:
    """The form of the paper's Table 3, and how much of what is kept was not taught."""
    yield "| tau_K | kept, of all questions | not taught, of those kept | kept, of those not taught |"
    yield "| --- | --- | --- | --- |"
    for tau in (None, *TAUS):
        shares: tuple[list[list[float]], ...] = ([], [], [])
        for seed in range(seeds):
            table = detected(out, "contradiction, NLI", seed, n_articles)
            rows = [
                (
                    row["inconsistency"] < 0.5 and (tau is None or row["ignorance"] > tau),
                    is_taught(row["prompt"][-1]["content"]),
                )
                for row in table.iter_rows(named=True)
                if row["inconsistency"] is not None and row["ignorance"] is not None
            ]
            shares[0].append([float(keep) for keep, _ in rows])
            shares[1].append([float(taught is False) for keep, taught in rows if keep and taught is not None])
            shares[2].append([float(keep) for keep, taught in rows if taught is False])
        cells = [over_seeds(one) for one in shares]
        told = " | ".join(f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in cells)
        yield f"| {'S_L < 0.5 alone' if tau is None else tau} | {told} |"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description="Areas under the ROC curve of every scorer, and the shares that each tau_K keeps."
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--articles", type=int, default=60)
    arguments = parser.parse_args()
    for line in (
        *areas(arguments.out, arguments.seeds, arguments.articles),
        "",
        *kept(arguments.out, arguments.seeds, arguments.articles),
    ):
        print(line)


if __name__ == "__main__":
    main()
