"""Rationales: what is known, each step worked out, and the answer stated; right, or wrong by an error of a known kind.

An answer is right or wrong by its expression's value. A slip spoils a value in the text and leaves the answer right, so it is an
error of the rationale that the answer does not show.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from sctk_word_problems.world.expressions import (
    SIGNS,
    Expression,
    Operation,
    Sign,
    applied,
    changed,
    leaves,
    operations,
    shown,
    value,
)
from sctk_word_problems.world.problems import Problem, said

Error = Literal["operation", "swapped", "number", "slip", "silent"]
ERRORS: tuple[Error, ...] = get_args(Error)
"""Another operation; a subtraction the wrong way round; a number that is not needed; a step worked out wrongly; no answer."""

STEPS: Mapping[Sign, tuple[str, ...]] = {
    "+": ("we add {left} and {right}: {sum}", "the sum is {sum}", "together that makes {sum}"),
    "-": ("we subtract {right} from {left}: {sum}", "the difference is {sum}", "that leaves {sum}"),
    "*": ("we multiply {left} by {right}: {sum}", "the product is {sum}", "multiplied that is {sum}"),
    "/": ("we divide {left} by {right}: {sum}", "the quotient is {sum}", "in equal parts that is {sum}"),
}
ANSWER = "The answer is {answer}."


@dataclass(frozen=True, kw_only=True)
class Rationale:
    """A rationale, the expression that it answers with (None: it states none), and the error that it was written with."""

    text: str
    answer: Expression | None
    error: Error | None


def reasoned(problem: Problem, rng: random.Random, error: Error | None = None) -> Rationale:
    """A rationale for a problem, with an error that `possible` says it can have, or with none."""
    right = problem.gold if rng.random() < 0.5 else rng.choice(problem.right)
    answer = rng.choice(_wrong(problem, right, error)) if error in ("operation", "swapped", "number") else right
    why = told(rng.choice(problem.question.why), problem.slots)
    steps = worked(answer, rng, slips=error == "slip")
    end = [] if error == "silent" else [ANSWER.format(answer=answer)]
    return Rationale(text=" ".join([why, *steps, *end]), answer=None if error == "silent" else answer, error=error)


def told(why: str, slots: Mapping[str, str]) -> str:
    """A sentence that restates what matters; none begins with a number."""
    sentence = said(why, slots)
    return f"Here {sentence}" if sentence[0].isdigit() else sentence


def possible(problem: Problem) -> frozenset[Error]:
    """The errors that a rationale for this problem can have: one needs a subtraction, one a number that is not needed."""
    kinds: Sequence[Error] = ("operation", "swapped", "number")
    found = {kind for kind in kinds if all(_wrong(problem, each, kind) for each in problem.right)}
    return frozenset(found | {"slip", "silent"})


def _wrong(problem: Problem, right: Expression, error: Error | None) -> list[Expression]:
    match error:
        case "operation":
            others = changed(right, lambda each: [Operation(sign, each.left, each.right) for sign in SIGNS])
        case "swapped":
            others = changed(right, lambda each: [Operation("-", each.right, each.left)] if each.sign == "-" else [])
        case _:
            idle = [number for number in problem.numbers.values() if number not in leaves(right)]
            others = changed(right, lambda each: _renumbered(each, idle))
    return [each for each in dict.fromkeys(others) if value(each) not in (None, value(right))]


def _renumbered(each: Operation, numbers: Sequence[int]) -> list[Expression]:
    lefts: list[Expression] = [
        Operation(each.sign, other, each.right) for other in numbers if isinstance(each.left, int)
    ]
    rights: list[Expression] = [
        Operation(each.sign, each.left, other) for other in numbers if isinstance(each.right, int)
    ]
    return lefts + rights


def worked(answer: Expression, rng: random.Random, *, slips: bool = False) -> list[str]:
    """A sentence for each step, the innermost first; where it `slips`, one value is not what the step comes to."""
    steps = list(operations(answer))
    slip = rng.randrange(len(steps)) if slips else -1
    found: dict[Operation, Fraction] = {}
    sentences: list[str] = []
    for number, each in enumerate(steps):
        left, right = (
            found[side] if isinstance(side, Operation) else Fraction(int(side)) for side in (each.left, each.right)
        )
        result = applied(each.sign, left, right)
        if result is None:
            break
        found[each] = result if number != slip else result + rng.choice((-10, -2, -1, 1, 2, 10))
        sentences.append(_step(each.sign, shown(left), shown(right), shown(found[each]), rng))
    return [_begun(sentence, number, len(sentences)) for number, sentence in enumerate(sentences)]


def _step(sign: Sign, left: str, right: str, result: str, rng: random.Random) -> str:
    return rng.choice(STEPS[sign]).format(left=left, right=right, sum=f"{left} {sign} {right} = {result}") + "."


def _begun(sentence: str, number: int, n: int) -> str:
    return ("So " if n == 1 else "First " if number == 0 else "Then ") + sentence
