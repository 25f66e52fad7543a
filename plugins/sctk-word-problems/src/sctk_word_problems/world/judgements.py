"""Judgements: what is said of an answer to a problem, in reasons and a last line with the verdict.

`fault` is what is wrong with an answer. A judgement is written for a verdict that may be right or not: who misses a fault praises,
and who raises a false alarm finds one that is not there.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Literal, get_args

from sctk_word_problems.world.expressions import Expression, Sign, leaves, operations, value
from sctk_word_problems.world.problems import Problem

Verdict = Literal["correct", "wrong", "uncertain"]
Fault = Literal["operation", "swapped", "number", "silent"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
RESULT = "Evaluation result: the given answer is {verdict}."
_PLANS: Mapping[Sign, str] = {"+": "a sum", "-": "a difference", "*": "a product", "/": "a quotient"}
PRAISE: tuple[str, ...] = (
    "The question calls for {plan} of {numbers}. The given answer has just that.",
    "The numbers that matter are {numbers}. To take {plan} of them is what the question asks.",
    "The given answer takes {plan} of {numbers}. Nothing in the text speaks against it.",
)
DOUBT: tuple[str, ...] = (
    "The text can be read in two ways. It may or may not ask for {plan}.",
    "It is not clear whether {plan} is asked for.",
)
BLAME: Mapping[Fault, tuple[str, ...]] = {
    "operation": (
        "The question calls for {plan}. The given answer takes {other} in its place.",
        "The given answer takes {other}. What is asked is {plan}.",
    ),
    "swapped": (
        "The given answer takes the difference the wrong way round.",
        "What is subtracted and what it is subtracted from have changed places in the given answer.",
    ),
    "number": (
        "The given answer uses a number that is not asked for. The numbers that matter are {numbers}.",
        "The question is about {numbers}. The given answer takes another number.",
    ),
    "silent": ("The given answer states no result.", "No answer is stated at the end."),
}


def fault(problem: Problem, answer: Expression | None) -> Fault | None:
    """What is wrong with an answer; None where it has the right value."""
    if answer is None:
        return "silent"
    if value(answer) == value(problem.gold):
        return None
    wanted = [Counter(leaves(each)) for each in problem.right]
    if Counter(leaves(answer)) not in wanted:
        return "number"
    signs = [Counter(each.sign for each in operations(right)) for right in problem.right]
    return "swapped" if Counter(each.sign for each in operations(answer)) in signs else "operation"


def judged(problem: Problem, answer: Expression | None, verdict: Verdict, rng: random.Random) -> str:
    """Reasons for a verdict and the line that states it; where nothing is wrong and the verdict says so, a fault is made up."""
    match verdict:
        case "correct":
            reasons = PRAISE
        case "uncertain":
            reasons = DOUBT
        case "wrong":
            reasons = BLAME[fault(problem, answer) or _made_up(problem)]
    taken = problem.gold if answer is None else answer
    about = taken if verdict == "correct" else problem.gold
    numbers = [str(number) for number in leaves(about)]
    text = rng.choice(reasons).format(plan=plan(about), numbers=_listed(numbers), other=_other(problem, taken))
    return f"{text}\n{RESULT.format(verdict=verdict)}"


def _made_up(problem: Problem) -> Fault:
    return "swapped" if any(each.sign == "-" for each in operations(problem.gold)) else "operation"


def _other(problem: Problem, answer: Expression) -> str:
    said = plan(answer)
    return said if said != plan(problem.gold) else "a sum" if said != "a sum" else "a product"


def plan(expression: Expression) -> str:
    """What is to be done, in words, the innermost first.

    >>> from sctk_word_problems.world.expressions import template
    >>> plan(template("(a + b) - c"))
    'a sum and then a difference'
    """
    return " and then ".join(_PLANS[each.sign] for each in operations(expression)) or "one number"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
