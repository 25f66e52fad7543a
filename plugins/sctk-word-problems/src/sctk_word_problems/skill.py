"""What the start model can do, and what ordinary training makes of it: `python -m sctk_word_problems.skill --write`.

The model as it came answers held-out problems and judges rationales for them; then it learns gold expressions, all weights in plain
torch, and answers the same problems. The figures go into `skill.json` and the model card beside the weights, and a test holds the
shipped model to the first ones.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from sctk_core import Failure
from sctk_mirror.prompts import PREDICT
from sctk_mirror.tasks.svamp import conclude, equal
from sctk_nano.skill import Figure, figure, publish

from sctk_word_problems import model_path, training
from sctk_word_problems.build import loaded
from sctk_word_problems.card import card
from sctk_word_problems.training import Pair, Schedule
from sctk_word_problems.world.problems import Problem, distinct
from sctk_word_problems.world.reasons import possible, reasoned

TAUGHT, EPOCHS, HELD_OUT = 3_000, 5, 400
SCHEDULE = Schedule(batch=16, learning_rate=2e-3)
"""Ordinary training: problems, passes over them, and how fast; and how many held-out problems are asked about."""
PROBLEM_SEED = 1_000
"""Other problems than those of a run with default settings."""


def measure(model: Path, taught: Sequence[int] = (TAUGHT,), n: int = HELD_OUT) -> dict[str, Figure]:
    """name -> figure: of the model as it came, and after ordinary training on each of `taught` gold problems."""
    torch.set_num_threads(1)
    problems = list(islice(distinct("held-out", PROBLEM_SEED), n))
    student, tok = loaded(model)
    found = {f"as it came: {name}": row for name, row in as_it_came(student, tok, problems).items()}
    for n_taught in taught:
        student, tok = loaded(model)
        learn(student, tok, n_taught)
        found |= {f"{n_taught:,} gold problems: {name}": row for name, row in solving(student, tok, problems).items()}
    return found


def as_it_came(student: Any, tok: Any, problems: Sequence[Problem]) -> dict[str, Figure]:
    """How it answers, and how it judges."""
    return solving(student, tok, problems) | judging(student, tok, problems)


def learn(student: Any, tok: Any, n: int, epochs: int = EPOCHS, schedule: Schedule = SCHEDULE) -> None:
    """Teaches gold expressions of `n` problems, in place."""
    problems = islice(distinct("prompts", PROBLEM_SEED), n)
    rows = training.encoded(tok, [Pair(PREDICT + problem.text, str(problem.gold)) for problem in problems])
    order: list[training.Row] = []
    for epoch in range(epochs):
        order += random.Random(epoch).sample(rows, len(rows))  # noqa: S311 (an order, not a secret)
    training.fit(student, order, schedule, 0)


def solving(student: Any, tok: Any, problems: Sequence[Problem]) -> dict[str, Figure]:
    """Shares of answers that can be read, whose numbers are the problem's own, and that are right."""
    texts = training.answers(student, tok, [PREDICT + problem.text for problem in problems])
    answers = [conclude(text) for text in texts]
    right = [
        not isinstance(said, Failure) and equal(said, str(each.gold))
        for said, each in zip(answers, problems, strict=True)
    ]
    own = [not isinstance(said, Failure) and _own(said, each) for said, each in zip(answers, problems, strict=True)]
    found = {
        "an answer is an expression": figure([not isinstance(said, Failure) for said in answers]),
        "its numbers are the problem's": figure(own),
        "it is right": figure(right),
    }
    sides: list[tuple[str, Callable[[Problem], bool]]] = [
        ("one step", lambda each: each.kind != "two-step"),
        ("two steps", lambda each: each.kind == "two-step"),
    ]
    for name, holds in sides:
        of_side = [one for one, each in zip(right, problems, strict=True) if holds(each)]
        found |= {f"it is right ({name})": figure(of_side)} if of_side else {}
    return found


def judging(student: Any, tok: Any, problems: Sequence[Problem]) -> dict[str, Figure]:
    """The share of rationales, half of them wrong, that it calls what they are."""
    asked, wanted = [], []
    for number, problem in enumerate(problems):
        rng = random.Random(f"skill/{number}")  # noqa: S311
        error = rng.choice(sorted(possible(problem) - {"slip", "silent"})) if number % 2 else None
        asked.append(f"{PREDICT}{problem.text}\n{reasoned(problem, rng, error).text}")
        wanted.append("wrong" if error else "correct")
    said = training.answers(student, tok, asked, 4)
    return {
        "a verdict is one of the three": figure([one.strip() in ("correct", "wrong", "uncertain") for one in said]),
        "a verdict is right": figure([one.strip() == other for one, other in zip(said, wanted, strict=True)]),
    }


def _own(answer: str, problem: Problem) -> bool:
    return set(re.findall(r"\d+", answer)) <= {*map(str, problem.numbers.values()), "1"}


def stated(model: Path) -> dict[str, Figure]:
    """The figures that the model was shipped with."""
    kept = json.loads((model / "skill.json").read_text(encoding="utf-8"))
    return {name: Figure(**row) for name, row in kept.items()}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure what the start model of the word problems can do and learn.")
    parser.add_argument("--model", type=Path, default=model_path())
    parser.add_argument(
        "--taught", type=int, nargs="*", default=[TAUGHT], help="gold problems to learn from, each by itself"
    )
    parser.add_argument("--write", action="store_true", help="write skill.json and the model card beside the weights")
    arguments = parser.parse_args()
    rows = {name: asdict(row) for name, row in measure(arguments.model, arguments.taught).items()}
    publish(rows, arguments.model, lambda build: card(build, rows, EPOCHS, SCHEDULE), write=arguments.write)


if __name__ == "__main__":
    main()
