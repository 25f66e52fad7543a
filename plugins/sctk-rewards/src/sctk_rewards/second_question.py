"""The second, short question behind a judgement: for the score or the choice alone, in one of a few answers.

Which of them a backend tells by how likely each is (`sctk_core.choosing`); of one that cannot, the answer is read like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sctk_core import ConfigError, Message, Reply, Request

NUMBER_ALONE = "State your overall score again: one number from {:g} to {:g}, and nothing else."
MOST_STEPS = 21


@dataclass(frozen=True)
class Second:
    """The request for the answer alone, and the key of the judgement that it stands behind."""

    request: Request
    behind: str


def again(request: Request, reply: Reply, question: str) -> Request:
    """`question` behind the judgement that `reply` is."""
    turns = (Message(role="assistant", content=reply.text), Message(role="user", content=question))
    return replace(
        request,
        messages=request.messages + turns,
        rank=request.rank + 1,
        sampling=replace(request.sampling, max_new_tokens=16),
    )


def whole_numbers(low: float, high: float) -> tuple[int, ...]:
    """The whole numbers from `low` to `high`; none where these are no whole numbers, or too far apart to ask for each.

    >>> whole_numbers(1.0, 3.0), whole_numbers(0.0, 0.5), whole_numbers(0.0, 100.0)
    ((1, 2, 3), (), ())
    """
    few = low.is_integer() and high.is_integer() and high - low < MOST_STEPS
    return tuple(range(int(low), int(high) + 1)) if few else ()


def wanted_whole_numbers(low: float, high: float, reads: str) -> tuple[int, ...]:
    """The same; a ConfigError where there are none."""
    found = whole_numbers(low, high)
    if not found:
        raise ConfigError(
            f'[reward] judge, reads = "{reads}": got the scale {low:g} to {high:g}, wanted at most {MOST_STEPS} whole numbers',
            hint="set low and high to whole numbers, say 1 and 5",
        )
    return found
