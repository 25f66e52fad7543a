"""Rows at random, near to those of the field: known forms with columns lost, renamed and added, and values of every other shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from rows_page import ANSWERS, CONTEXTS, CONVERSATIONS, ROWS

NAMES = sorted(
    {name for row in ROWS for name in row} | {"text", "content", "system", "group", "reference", "uuid", "a.b", "x["}
)
TEXTS = (
    "", " ", "Why?", "été 🎬", "[{", '[{"role": "user"', '{"a": 1}', "\n\nHuman:", "\n\nAssistant: b", "\x00", "a\u2028b", "nan",
)  # fmt: skip
ROLES = ("user", "assistant", "system", "human", "gpt", "tool", "developer", "narrator", None, 7)
PATHS = (
    "prompt", "messages[0].content", "messages[-1]", "answers.text", "completions[*].response", "a.b", "x[", "[0]", "..",
)  # fmt: skip


def a_row(random: Random) -> dict[str, Any]:
    """A known row with up to four changes."""
    row = {name: renamed(random, value) for name, value in random.choice(ROWS).items()}
    for _ in range(random.randrange(5)):
        name = random.choice(NAMES)
        change = random.randrange(4)
        if change == 0 and row:
            row.pop(random.choice(list(row)))
        elif change == 1 and row:
            row[name] = row.pop(random.choice(list(row)))
        else:
            row[random.choice(list(row)) if change == 2 and row else name] = a_value(random)
    return row


def renamed(random: Random, value: Any) -> Any:
    """The same shape with other texts."""
    if isinstance(value, str):
        return random.choice((value, f"{value} {random.randrange(9)}"))
    if isinstance(value, list):
        return [renamed(random, one) for one in value]
    return value


def a_value(random: Random, depth: int = 0) -> Any:
    """A value of any shape that JSON has, the known shapes of conversations, answers and contexts among them."""
    makers: list[Callable[[], Any]] = [
        lambda: random.choice(TEXTS), lambda: random.choice(TEXTS), lambda: None, lambda: random.random() < 0.5,
        lambda: random.choice((0, -1, 10**30, 2.5, 1e308, float("nan"), float("inf"))),
        lambda: random.choice((*ANSWERS, *CONTEXTS, *CONVERSATIONS)),
        lambda: [a_turn(random) for _ in range(random.randrange(4))],
        lambda: json.dumps([a_turn(random) for _ in range(random.randrange(3))]),
    ]  # fmt: skip
    if depth < 3:
        makers.append(lambda: [a_value(random, depth + 1) for _ in range(random.randrange(4))])
        makers.append(lambda: {random.choice(NAMES): a_value(random, depth + 1) for _ in range(random.randrange(4))})
    return random.choice(makers)()


def a_turn(random: Random) -> dict[str, Any]:
    """A turn, whole or not."""
    text: Any = random.choice(TEXTS)
    if random.random() < 0.2:
        text = [{"type": random.choice(("text", "image_url")), "text": text}, random.choice(TEXTS)]
    turn = {random.choice(("role", "from")): random.choice(ROLES), random.choice(("content", "value")): text}
    return turn | ({"tool_calls": [{"name": "f"}]} if random.random() < 0.1 else {})


def some_columns(random: Random) -> dict[str, Any]:
    """What a recipe names, most often nothing."""
    if random.random() < 0.7:
        return {}
    roles = ("prompt", "system", "reference", "document", "group")
    found: dict[str, Any] = {random.choice(roles): random.choice(PATHS) for _ in range(2)}
    if random.random() < 0.3:
        found["prompt"] = random.sample(PATHS, 2)
    if random.random() < 0.3:
        found["texts"] = random.sample((*PATHS, "chosen", "rejected"), 2)
    return found
