"""How often the NLI model is right: `python -m sctk_encyclopaedia.skill_nli --model DIR --write`.

Its pairs are about the encyclopaedia's own things, none of which it was trained on; the label of each is what both texts say.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from sctk_nano.skill import Figure, figure
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from sctk_encyclopaedia.pairs import LABELS, Pair, pairs
from sctk_encyclopaedia.skill import tell
from sctk_encyclopaedia.world.language import claims


def measure(model: Path, n: int, seed: int = 0) -> dict[str, Figure]:
    """Figures by name, over `n` pairs."""
    found = list(pairs(n, seed, own=True))
    said = predicted(model, found)
    told = [(one, label == one.label) for one, label in zip(found, said, strict=True)]
    of_articles = [right for one, right in told if len(claims(one.premise)) > 1]
    alone = [right for one, right in told if len(claims(one.premise)) == 1]
    rows = {"all": figure([right for _, right in told])}
    rows |= {label: figure([right for one, right in told if one.label == label]) for label in LABELS}
    rows |= {"first text is a sentence": figure(alone), "first text is an article": figure(of_articles)}
    clear = [(one, label) for one, label in zip(found, said, strict=True) if one.label != "neutral"]
    rows["contradiction or not, of pairs that are not neutral"] = figure(
        [(label == "contradiction") == (one.label == "contradiction") for one, label in clear]
    )
    return rows


def predicted(model: Path, found: Sequence[Pair], batch: int = 64) -> list[str]:
    """The likeliest label of each pair."""
    model_class: Any = AutoModelForSequenceClassification
    classifier = model_class.from_pretrained(model, dtype=torch.float32).eval()
    tok: Any = AutoTokenizer.from_pretrained(model)
    labels: list[str] = []
    for start in range(0, len(found), batch):
        texts = [[one.premise, one.hypothesis] for one in found[start : start + batch]]
        inputs = tok(texts, padding=True, truncation=True, return_tensors="pt", split_special_tokens=True)
        with torch.no_grad():
            best_b = classifier(**inputs).logits.argmax(-1).tolist()
        labels += [classifier.config.id2label[best] for best in best_b]
    return labels


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure how often the encyclopaedia's NLI model is right.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--n", type=int, default=3_000, help="pairs")
    parser.add_argument("--write", action="store_true", help="write skill.json and the model card beside the weights")
    arguments = parser.parse_args()
    tell(measure(arguments.model, arguments.n), arguments.model, write=arguments.write)


if __name__ == "__main__":
    main()
