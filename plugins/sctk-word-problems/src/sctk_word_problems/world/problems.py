"""Word problems: drawn from a seed, and read back from their text.

The two splits differ in combinations: of the three tellings of a scene, each wording of a question meets one in held-out problems
only. So no problem of one split is in the other, and every sentence of the held-out problems has a like in others.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal

from sctk_nano.world.grammar import sentences

from sctk_word_problems.world.expressions import Expression, Operation, filled, leaves, operations, value
from sctk_word_problems.world.scenes import Question, Scene, world

Split = Literal["prompts", "held-out"]
NUMBERS = frozenset("abcdx")
LARGEST = 999
IDLE = 0.4
"""How often a problem has a sentence with a number that no question needs."""
_SLOT = re.compile(r"\{(\w+)\}")
_NAMES = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A problem: its text, whose last sentence asks, and what it was made of. `slots` are the words and digits by slot."""

    text: str
    scene: Scene = field(repr=False)
    question: Question = field(repr=False)
    slots: Mapping[str, str]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The numbers by letter, the idle one (`x`) too."""
        return {slot: int(text) for slot, text in self.slots.items() if slot in NUMBERS}

    @cached_property
    def gold(self) -> Expression:
        """The expression that answers it."""
        return filled(self.question.gold, self.numbers)

    @cached_property
    def right(self) -> tuple[Expression, ...]:
        """All expressions that answer it, the gold one first."""
        return tuple(dict.fromkeys(filled(each, self.numbers) for each in self.question.right))

    @property
    def asked(self) -> str:
        """Its last sentence, the question."""
        return sentences(self.text)[-1]

    @property
    def has_spare_numbers(self) -> bool:
        """Whether it has a number that the gold answer does not need."""
        needed = leaves(self.gold)
        return any(number not in needed for number in self.numbers.values())

    @property
    def kind(self) -> str:
        """add, subtract, multiply, divide, or two-step."""
        signs = [each.sign for each in operations(self.gold)]
        return _NAMES[signs[0]] if len(signs) == 1 else "two-step"

    @property
    def is_turned(self) -> bool:
        """Whether a number is to be subtracted that stands before the one it is subtracted from."""
        places = {int(found[0]): found.start() for found in re.finditer(r"\d+", self.text)}
        return any(
            places[each.right] < places[each.left]
            for each in operations(self.gold)
            if each.sign == "-" and each.left in places and each.right in places
        )


def drawn(split: Split, rng: random.Random) -> Problem:
    """One problem of a split."""
    scene = rng.choice(world().scenes)
    question = rng.choice(scene.questions)
    ask = rng.randrange(len(question.asks))
    telling = rng.choice(
        [one for one in range(len(scene.told)) if is_held_out(question, one, ask) == (split == "held-out")]
    )
    slots = _words(rng) | {letter: str(number) for letter, number in _numbers(scene, question, rng).items()}
    told = [*scene.told[telling], question.asks[ask]]
    text = [said(sentence, slots) for sentence in told]
    used = {slot.lower() for sentence in told for slot in _SLOT.findall(sentence)}
    if rng.random() < IDLE:
        idle = _idle(slots, rng)
        text.insert(rng.randrange(len(text)), said(rng.choice(world().idle), idle))
        slots, used = slots | {"x": idle["x"]}, used | {"x"}
    kept = {slot: word for slot, word in slots.items() if slot in used}
    return Problem(text=" ".join(text), scene=scene, question=question, slots=kept)


def is_held_out(question: Question, telling: int, ask: int) -> bool:
    """Whether this wording of the question meets this telling (of three) in held-out problems only."""
    shift = sum(map(ord, question.name))
    return (telling + ask + shift) % 3 == 0


def distinct(split: Split, seed: int) -> Iterator[Problem]:
    """Problems of a split without end, no text twice; another seed gives others of the same splits."""
    seen: set[str] = set()
    number = 0
    while True:
        problem = drawn(split, random.Random(f"word problems/{split}/{seed}/{number}"))  # noqa: S311 (a world, not a secret)
        number += 1
        if problem.text not in seen:
            seen.add(problem.text)
            yield problem


def _words(rng: random.Random) -> dict[str, str]:
    words = world().words
    sex = rng.choice(("she", "he"))
    drawn = {slot: rng.choice(choices) for slot, choices in words.items()}
    return drawn | {"name": drawn[sex], "he": sex}


def _idle(slots: Mapping[str, str], rng: random.Random) -> dict[str, str]:
    other = rng.choice([name for name in world().words["other"] if name != slots["other"]])
    taken = {text for slot, text in slots.items() if slot in NUMBERS}
    number = rng.choice([each for each in range(2, 100) if str(each) not in taken])
    return {"other": other, "relative": slots["relative"], "x": str(number)}


def _numbers(scene: Scene, question: Question, rng: random.Random) -> dict[str, int]:
    """A number for each letter, all different, so that the story is possible and each step's value a whole number above 0."""
    letters = sorted({slot for told in scene.told for text in told for slot in _SLOT.findall(text) if slot in NUMBERS})
    letters += [question.new] if question.new else []
    low_ones = scene.small | {"d"}
    while True:
        numbers = {letter: _number(rng, letter in low_ones) for letter in letters}
        if len(set(numbers.values())) == len(numbers) and _possible(scene, question, numbers):
            return numbers


def _number(rng: random.Random, small: bool) -> int:
    if small:
        return rng.randrange(2, 13)
    return rng.randrange(100, LARGEST + 1) if rng.random() < 0.2 else rng.randrange(2, 100)


def _possible(scene: Scene, question: Question, numbers: Mapping[str, int]) -> bool:
    if any(numbers[one] >= numbers[other] for one, other in scene.less):
        return False
    for right in question.right:
        for each in operations(filled(right, numbers)):
            found = value(each)
            if found is None or found.denominator != 1 or not 0 < found <= LARGEST:
                return False
    return True


def said(sentence: str, slots: Mapping[str, str]) -> str:
    """A sentence of the world's file with its slots filled."""
    return _SLOT.sub(lambda slot: slots["he"].capitalize() if slot[1] == "He" else slots[slot[1]], sentence)


def read(text: str) -> Problem | None:
    """The last problem that stands in a text, whatever is before and after it; None where there is none.

    Reading takes time that grows with the length of the text and no faster.
    """
    spoken = sentences(text)
    for end in range(len(spoken) - 1, -1, -1):
        for scene, question, slots in _asked(spoken[end]):
            found = _told(scene, question, slots, spoken[:end])
            if found is not None:
                told, all_slots = found
                return Problem(text=" ".join([*told, spoken[end]]), scene=scene, question=question, slots=all_slots)
    return None


def _asked(sentence: str) -> Iterator[tuple[Scene, Question, dict[str, str]]]:
    for scene in world().scenes:
        for question in scene.questions:
            for ask in question.asks:
                if match := _pattern(ask).fullmatch(sentence):
                    yield scene, question, _slots(match)


def _told(
    scene: Scene, question: Question, slots: dict[str, str], before: Sequence[str]
) -> tuple[list[str], dict[str, str]] | None:
    """The sentences that tell the scene, right before a question, and all slots; None where none of its tellings is there."""
    for telling in scene.told:
        found = _matched(telling, dict(slots), before)
        if found is not None and _letters(question.gold) <= found[1].keys():
            return found
    return None


def _matched(
    telling: Sequence[str], slots: dict[str, str], before: Sequence[str]
) -> tuple[list[str], dict[str, str]] | None:
    owed, left = list(telling), list(before)
    told: list[str] = []
    while left:
        sentence = left.pop()
        match = _pattern(owed[-1]).fullmatch(sentence) if owed else None
        idle = None if match or "x" in slots else _idly(sentence)
        if match is None and idle is None:
            break
        new = _slots(match) if match else {"x": str(idle)}
        if any(slots.get(slot, word) != word for slot, word in new.items()):
            return None
        slots |= new
        told.insert(0, sentence)
        if match:
            owed.pop()
    return None if owed else (told, slots)


def _idly(sentence: str) -> str | None:
    for idle in world().idle:
        if match := _pattern(idle).fullmatch(sentence):
            return match["x"]
    return None


def _slots(match: re.Match[str]) -> dict[str, str]:
    found = match.groupdict()
    return {slot.lower(): word.lower() if slot == "He" else word for slot, word in found.items()}


def _letters(expression: Expression) -> set[str]:
    if isinstance(expression, Operation):
        return _letters(expression.left) | _letters(expression.right)
    return {expression} if isinstance(expression, str) else set()


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    words = world().words
    shapes = {slot: "|".join(choices) for slot, choices in words.items()}
    shapes |= dict.fromkeys(NUMBERS, r"\d{1,3}")
    shapes |= {"name": f"{shapes['she']}|{shapes['he']}", "he": "she|he", "He": "She|He"}
    seen: set[str] = set()
    parts = []
    for number, piece in enumerate(_SLOT.split(sentence)):
        if number % 2 == 0:
            parts.append(re.escape(piece))
        else:
            parts.append(f"(?P={piece})" if piece in seen else f"(?P<{piece}>{shapes[piece]})")
            seen.add(piece)
    return re.compile("".join(parts))
