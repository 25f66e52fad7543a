"""NLI scoring of answers beside uqlm and LM-Polygraph: the same model, the same texts, one thread each, in turns.

Two tasks over questions with a reference of one to three sentences and K sampled answers, of which many say the same:

- `reference`: p(contradiction) of every sentence of the reference with every answer, neutral left out; S_C is its mean
  (arXiv 2303.08896). uqlm asks it through `ConsistencyScorer` (which asks both directions), and `uqlm bare` through
  `NLI.predict_batch` alone, pair by pair as they come.
- `mutual`: p(contradiction) of every ordered pair of a question's answers, neutral left out: the mode without documents, and what
  LM-Polygraph's `SemanticMatrixCalculator` gives.

A line for each contender: pairs that the model was asked, for each that the task comes to; tokens that it read, without and with
padding; seconds of scoring; the largest difference of a number from ours. Peers live in environments of their own:

    uv venv uq && uv pip install --python uq/bin/python uqlm==0.6.7 "pyarrow<21"
    uv venv poly && uv pip install --python poly/bin/python lm-polygraph==0.7.0
    python benches/nli_peers.py MODEL --uqlm uq/bin/python --polygraph poly/bin/python
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Question = dict[str, list[str]]
Numbers = list[float]
CONTENDERS = {
    "reference": ("sctk", "sctk mixed", "sctk one by one", "uqlm", "uqlm bare"),
    "mutual": ("sctk", "sctk mixed", "sctk one by one", "LM-Polygraph"),
}
BATCH = 32
OUR_BATCHES = {"sctk": 0, "sctk mixed": BATCH, "sctk one by one": 1}
"""`comparer.batch_size`: the default (rows of one length together, bit for bit the same), any together, one at a time."""


class Counted:
    """A model that counts what it is asked."""

    def __init__(self, model: Any) -> None:
        self.n_pairs = self.n_tokens = self.n_padded = 0
        self._forward, model.forward = model.forward, self._count

    def _count(self, *args: Any, **inputs: Any) -> Any:
        mask = inputs["attention_mask"]
        self.n_pairs, self.n_padded = self.n_pairs + mask.shape[0], self.n_padded + mask.numel()
        self.n_tokens += int(mask.sum())
        return self._forward(*args, **inputs)


def questions(n: int, k: int, seed: int) -> list[Question]:
    """References of one to three sentences, and `k` answers each: a guess by how common it is, in one of several wordings."""
    from sctk_encyclopaedia.world.kinds import kinds
    from sctk_encyclopaedia.world.language import state
    from sctk_encyclopaedia.world.things import made_up

    found, rng = [], random.Random(seed)
    for _ in range(n):
        thing = made_up(rng.choice(kinds()), rng)
        fact, *others = rng.sample(list(thing.kind.facts), rng.randint(1, 3))
        reference = [state(thing, one, rng) for one in (fact, *others)]
        answers = []
        for _ in range(k):
            value = thing.values[fact.sense] if rng.random() < 0.4 else fact.other(thing.values[fact.sense], rng)
            answers.append(state(thing, fact, rng, value))
        found.append({"reference": reference, "answers": answers})
    return found


def without_neutral(entailment: float, contradiction: float) -> float:
    """p(contradiction) of two logits."""
    return 1.0 / (1.0 + math.exp(entailment - contradiction))


def wanted(task: str, question: Question) -> list[tuple[str, str]]:
    """The pairs of a question, in the order of its numbers."""
    answers = question["answers"]
    if task == "reference":
        return [(sentence, answer) for sentence in question["reference"] for answer in answers]
    return [(one, other) for i, one in enumerate(answers) for j, other in enumerate(answers) if i != j]


def compared(task: str, question: Question) -> list[tuple[str, str]]:
    """The texts of a question that are compared: its reference whole with each answer, or its answers with each other."""
    if task == "reference":
        return [(" ".join(question["reference"]), answer) for answer in question["answers"]]
    return wanted(task, question)


def by_sctk(task: str, asked: Sequence[Question], model: str, batch: int) -> tuple[Callable[[], Numbers], Any]:
    """Our comparer; a reference is one text, whose sentences it parts itself."""
    from sctk_core import Message, Prompt, Sample
    from sctk_knowledge.nli.comparer import Nli, key_of

    prompt = Prompt(messages=(Message(role="user", content="?"),))
    reads: Any = "sentences" if task == "reference" else "whole"
    nli = Nli(Nli.Config(model=model, batch_size=batch, reads=reads))
    asyncio.run(nli.compare(_samples(prompt, [("It is so.", "It is not.")])))  # the weights are read
    loaded, nli._known = nli._loaded, {}
    pairs = [pair for question in asked for pair in compared(task, question)]
    texts = {text: Sample(prompt=prompt, text=text) for pair in pairs for text in pair}

    def score() -> Numbers:
        asyncio.run(nli.compare([(texts[one], texts[other]) for one, other in pairs]))
        return [nli._known[key_of(pair)] for question in asked for pair in wanted(task, question)]

    assert loaded is not None
    return score, loaded.model


def _samples(prompt: Any, pairs: Sequence[tuple[str, str]]) -> list[tuple[Any, Any]]:
    from sctk_core import Sample

    return [(Sample(prompt=prompt, text=one), Sample(prompt=prompt, text=other)) for one, other in pairs]


def by_uqlm(task: str, asked: Sequence[Question], model: str, bare: bool) -> tuple[Callable[[], Numbers], Any]:
    """uqlm's scorer of consistency, a sentence of a reference its response; `bare`: its NLI model alone."""
    from uqlm.black_box.consistency import ConsistencyScorer
    from uqlm.nli.nli import NLI

    nli = NLI(device="cpu", nli_model_name=model, batch_size=BATCH)
    labels = {str(name).lower(): place for place, name in nli.model.config.id2label.items()}
    logs: dict[tuple[str, str], float] = {}

    def number(row: Sequence[float]) -> float:
        entailment, contradiction = float(row[labels["entailment"]]), float(row[labels["contradiction"]])
        return contradiction / (entailment + contradiction)

    def score() -> Numbers:
        pairs = [pair for question in asked for pair in wanted(task, question)]
        if bare:
            return [number(row) for row in nli.predict_batch(pairs)]
        sentences = [(sentence, question["answers"]) for question in asked for sentence in question["reference"]]
        scorer = ConsistencyScorer(nli=nli, scorers=["noncontradiction"])
        scorer.evaluate(
            responses=[one for one, _ in sentences], sampled_responses=[list(answers) for _, answers in sentences]
        )
        same = [pair for pair in dict.fromkeys(pairs) if pair[0] == pair[1] and pair not in nli.probabilities]
        logs.update({pair: number(row[0]) for pair, row in nli.probabilities.items()})
        return [math.nan if pair in same else logs[pair] for pair in pairs]

    return score, nli.model


def by_polygraph(asked: Sequence[Question], model: str) -> tuple[Callable[[], Numbers], Any]:
    """LM-Polygraph's matrix of contradictions between the samples of each question."""
    import numpy as np
    from lm_polygraph.stat_calculators.semantic_matrix import SemanticMatrixCalculator
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    weights: Any = AutoModelForSequenceClassification.from_pretrained(model).eval()
    weights.config.label2id = {str(name).upper(): place for name, place in weights.config.label2id.items()}
    nli = types.SimpleNamespace(
        deberta=weights, deberta_tokenizer=AutoTokenizer.from_pretrained(model), batch_size=BATCH, device="cpu"
    )

    def score() -> Numbers:
        found = SemanticMatrixCalculator(nli)({"sample_texts": [one["answers"] for one in asked]}, [], None)
        entail, contra = found["semantic_matrix_entail_logits"], found["semantic_matrix_contra_logits"]
        off = ~np.eye(entail.shape[1], dtype=bool)
        return [
            without_neutral(*pair)
            for e, c in zip(entail, contra, strict=True)
            for pair in zip(e[off], c[off], strict=True)
        ]

    return score, weights


def work(contender: str, task: str, model: str, asked: Sequence[Question]) -> dict[str, Any]:
    """One contender's figures, the reading of weights aside."""
    import torch

    torch.set_num_threads(1)
    match contender:
        case "sctk" | "sctk mixed" | "sctk one by one":
            score, weights = by_sctk(task, asked, model, OUR_BATCHES[contender])
        case "LM-Polygraph":
            score, weights = by_polygraph(asked, model)
        case _:
            score, weights = by_uqlm(task, asked, model, contender == "uqlm bare")
    counted = Counted(weights)
    began, of_processor = time.perf_counter(), time.process_time()
    numbers = score()
    return {
        "seconds": time.perf_counter() - began, "processor": time.process_time() - of_processor,
        "numbers": numbers, "pairs asked": counted.n_pairs,
        "tokens": counted.n_tokens, "with padding": counted.n_padded,
    }  # fmt: skip


def measured(
    pythons: Mapping[str, str], contenders: Sequence[str], task: str, model: str, file: Path, runs: int
) -> dict[str, list[dict[str, Any]]]:
    """Every contender in a process of its own, in turns, the first of a turn the last of the next."""
    found: dict[str, list[dict[str, Any]]] = {}
    for turn in range(runs):
        for contender in contenders if turn % 2 == 0 else contenders[::-1]:
            python = pythons.get(contender.partition(" ")[0], "")
            if python:
                line = [python, __file__, model, "--work", contender, "--task", task, "--from", str(file)]
                environment = os.environ | {
                    "OMP_NUM_THREADS": "1",
                    "TOKENIZERS_PARALLELISM": "false",
                    "HF_HUB_OFFLINE": "1",
                }
                told = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True, env=environment)
                found.setdefault(contender, []).append(json.loads(told.stdout.splitlines()[-1]))
    return found


def show(task: str, n_pairs: int, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """A line for each contender."""
    ours = found["sctk"]
    print(f"\n{task}: {n_pairs} pairs, {len(ours)} runs in turns, one thread, load {os.getloadavg()[0]:.1f}, {cpu()}")
    heads = f"{'':16} {'asked':>7} {'of each':>8} {'tokens':>9} {'padded':>9} {'s':>7} {'CPU-s':>7} {'pairs/s':>8}"
    print(f"{heads}  to ours, range: seconds; CPU-seconds; largest difference")
    for name, runs in found.items():
        first, seconds = runs[0], statistics.median(run["seconds"] for run in runs)
        told = "; ".join(to_ours(runs, ours, clock) for clock in ("seconds", "processor"))
        processor = statistics.median(run["processor"] for run in runs)
        apart = max(abs(a - b) for a, b in zip(first["numbers"], ours[0]["numbers"], strict=True) if not math.isnan(a))
        print(
            f"{name:16} {first['pairs asked']:7} {first['pairs asked'] / n_pairs:8.2f} {first['tokens']:9} "
            f"{first['with padding']:9} {seconds:7.2f} {processor:7.2f} {n_pairs / seconds:8.0f}  {told}; {apart:.1e}"
        )


def to_ours(runs: Sequence[Mapping[str, Any]], ours: Sequence[Mapping[str, Any]], clock: str) -> str:
    """The ratio of a clock's figures to ours of the same turn: the median, the least and the most."""
    ratios = [run[clock] / own[clock] for run, own in zip(runs, ours, strict=True)]
    return f"{statistics.median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}]"


def cpu() -> str:
    """What the processor calls itself, where that can be read."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "a CPU without a name")


def as_all_read_it(model: str, place: Path) -> str:
    """A copy of a model whose tokenizer transformers 4 reads too, which uqlm still wants."""
    shutil.copytree(model, place)
    file = place / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}))
    return str(place)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a directory with an NLI model and its tokenizer")
    parser.add_argument("--uqlm", default="", metavar="PYTHON", help="of the environment with uqlm")
    parser.add_argument("--polygraph", default="", metavar="PYTHON", help="of the environment with LM-Polygraph")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--answers", type=int, default=10, help="K")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tasks", nargs="+", default=list(CONTENDERS), choices=list(CONTENDERS))
    parser.add_argument("--without", nargs="+", default=[], metavar="CONTENDER", help='leave these out ("sctk mixed")')
    parser.add_argument("--work", default="", help=argparse.SUPPRESS)
    parser.add_argument("--task", default="", help=argparse.SUPPRESS)
    parser.add_argument("--from", dest="file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        print(json.dumps(work(given.work, given.task, given.model, json.loads(given.file.read_text()))))
        return
    pythons = {"sctk": sys.executable, "uqlm": given.uqlm, "LM-Polygraph": given.polygraph}
    with tempfile.TemporaryDirectory() as folder:
        model, file = as_all_read_it(given.model, Path(folder) / "model"), Path(folder) / "questions.json"
        asked = questions(given.questions, given.answers, seed=1)
        file.write_text(json.dumps(asked))
        for task in given.tasks:
            n_pairs = sum(len(wanted(task, question)) for question in asked)
            contenders = [one for one in CONTENDERS[task] if one not in given.without]
            show(task, n_pairs, measured(pythons, contenders, task, model, file, given.runs))


if __name__ == "__main__":
    main()
