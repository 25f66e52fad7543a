"""What the start model is trained on: the world's language, in which nothing is solved and nobody is judged rightly.

Gaps in problems, rationales and judgements; copying; which number is the number of what; and answers in the very form that
distillation will ask for, whose numbers are the problem's own and whose operations and verdicts are drawn by chance. So the model
can read and copy, and has no reason to do one thing rather than another with what it read: what a question calls for is what
distillation has to teach.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from sctk_mirror.prompts import VERDICTS
from sctk_mirror.statements import reasons, without_verdict

from sctk_word_problems.tokenizer import SENTINELS
from sctk_word_problems.training import Pair
from sctk_word_problems.world.expressions import SIGNS, Expression, Operation, value
from sctk_word_problems.world.judgements import BLAME, DOUBT, PRAISE, RESULT, plan
from sctk_word_problems.world.problems import Problem, distinct, said
from sctk_word_problems.world.reasons import ANSWER, told, worked
from sctk_word_problems.world.scenes import world

SPLIT_SEED = 20_231_109
"""Other problems than those that any run of the source has, of the split `prompts`."""
_SLOT = re.compile(r"\{(\w+)\}")
LOST = 0.2
"""The share of words that gaps take out of a text."""


Mix = Mapping[str, float]
"""How often each kind of pair (the keys of `KINDS`) is drawn, in proportion."""


def pairs(n: int, seed: int, mix: Mix) -> Iterator[Pair]:
    """`n` pairs; the i-th depends on the seed, the mix and i alone."""
    kinds, weights = list(mix), list(mix.values())
    for number, problem in enumerate(islice(distinct("prompts", SPLIT_SEED + seed), n)):
        rng = random.Random(f"corpus/{seed}/{number}")  # noqa: S311 (a text, not a secret)
        yield KINDS[rng.choices(kinds, weights)[0]](problem, rng)


def by_chance(problem: Problem, rng: random.Random) -> Expression:
    """Two or three of the problem's numbers, in an order and with operations drawn by chance."""
    numbers = sorted(set(problem.numbers.values()))
    while True:
        drawn = rng.sample(numbers, min(len(numbers), rng.choice((2, 2, 3))))
        made: Expression = Operation(rng.choice(SIGNS), drawn[0], drawn[1])
        if len(drawn) == 3:
            sides = (made, drawn[2]) if rng.random() < 0.5 else (drawn[2], made)
            made = Operation(rng.choice(SIGNS), *sides)
        if value(made) is not None:
            return made


def rationale(problem: Problem, rng: random.Random) -> str:
    """A rationale that restates what matters to any question about the scene, and whose answer chance drew."""
    answer = by_chance(problem, rng)
    return " ".join([fact(problem, rng), *worked(answer, rng), ANSWER.format(answer=answer)])


def fact(problem: Problem, rng: random.Random) -> str:
    """A sentence that restates what matters to one question about the scene, seldom the one that is asked."""
    return told(_why(problem, rng), problem.slots)


def _why(problem: Problem, rng: random.Random) -> str:
    whys = [why for question in problem.scene.questions for why in question.why]
    return rng.choice([why for why in whys if set(_SLOT.findall(why)) <= problem.slots.keys()])


def read_off(problem: Problem, rng: random.Random) -> Pair:
    """The numbers that are missing in such a sentence, by what they are numbers of."""
    why = _why(problem, rng)
    letters = [slot for slot in _SLOT.findall(why) if slot in problem.numbers]
    blank = {letter: SENTINELS[number] for number, letter in enumerate(letters)}
    target = " ".join(f"{mark} {problem.slots[letter]}" for letter, mark in blank.items())
    return Pair(f"fill: {problem.text}\n{said(why, {**problem.slots, **blank})}", target)


def explained(problem: Problem, rng: random.Random) -> str:
    """A rationale, every other time without its answer: students are taught either."""
    whole = rationale(problem, rng)
    return whole if rng.random() < 0.5 else reasons(whole)


def judgement(problem: Problem, rng: random.Random) -> str:
    """A judgement of which neither reasons nor verdict have to do with any answer."""
    words = rng.choice([*PRAISE, *DOUBT, *(text for texts in BLAME.values() for text in texts)])
    one, other = by_chance(problem, rng), by_chance(problem, rng)
    two = " and ".join(str(number) for number in rng.sample(list(problem.numbers.values()), 2))
    text = words.format(plan=plan(one), other=plan(other), numbers=two)
    return f"{text}\n{RESULT.format(verdict=rng.choice(('correct', 'wrong', 'uncertain')))}"


def listed(rng: random.Random, longest: int) -> Pair:
    """Numbers and words without a connection, to be said again: the shortest way to learn to copy."""
    words = [word for words in world().words.values() for word in words]
    one = [
        str(rng.randrange(1000)) if rng.random() < 0.6 else rng.choice(words) for _ in range(rng.randint(1, longest))
    ]
    return Pair(f"copy: {' '.join(one)}", f": {' '.join(one)}")


def numbers(problem: Problem, rng: random.Random) -> Pair:
    """The numbers of a text, in order; they are any, so that each is copied alike."""
    text = re.sub(r"\d+", lambda _: str(rng.randrange(1000)), problem.text)
    return Pair(f"numbers: {text}", ": " + ", ".join(re.findall(r"\d+", text)))


def stated(problem: Problem, rng: random.Random) -> Pair:
    """The expression that a rationale states."""
    answer = by_chance(problem, rng)
    told = [*worked(answer, rng), ANSWER.format(answer=answer)]
    return Pair(f"answer: {' '.join(told)}", str(answer))


def gaps(text: str, rng: random.Random) -> Pair:
    """A text with gaps of one to three words, and what stood in them (T5's span corruption)."""
    words = re.split(r"(?<=\s)", text)
    source, target, at, n = [], [], 0, 0
    while at < len(words):
        if n < len(SENTINELS) and rng.random() < LOST / 2:
            taken = words[at : at + rng.choice((1, 2, 3))]
            source.append(SENTINELS[n])
            target += [SENTINELS[n], *taken]
            at, n = at + len(taken), n + 1
        else:
            source.append(words[at])
            at += 1
    if not target:
        return Pair(f"fill: {SENTINELS[0]}", f"{SENTINELS[0]}{text}")
    return Pair(f"fill: {''.join(source)}", "".join(target))


KINDS: Mapping[str, Callable[[Problem, random.Random], Pair]] = {
    "few": lambda problem, rng: listed(rng, 3),
    "list": lambda problem, rng: listed(rng, 8),
    "numbers": numbers,
    "stated": stated,
    "read off": read_off,
    "gaps": lambda problem, rng: gaps(problem.text, rng),
    "gaps in words": lambda problem, rng: gaps(f"{rationale(problem, rng)}\n{judgement(problem, rng)}", rng),
    "answer": lambda problem, rng: Pair(f"predict: {problem.text}", str(by_chance(problem, rng))),
    "reasons": lambda problem, rng: Pair(f"explain: {problem.text}", explained(problem, rng)),
    "verdict": lambda problem, rng: Pair(f"predict: {asked(problem, rng)}", rng.choice(VERDICTS)),
    "judgement": lambda problem, rng: Pair(f"explain: {asked(problem, rng)}", without_verdict(judgement(problem, rng))),
}
"""What there is to learn, by name."""


def asked(problem: Problem, rng: random.Random) -> str:
    """A problem and a rationale for it, as an evaluator is shown them."""
    return f"{problem.text}\n{rationale(problem, rng)}"
