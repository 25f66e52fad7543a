"""Choosing among given answers: how likely each of them is as a model's whole answer, so that no words have to be read.

It is what constrained decoding aims at, without drawing anything: every backend that tells log-probabilities can do it, and the
probabilities are those of the model as it is. So they also say where the model would have answered something else altogether: a
choice among unlikely answers is no judgement, and is a failure here. Questions of a test (`[[test]]`) carry their choices in
`meta`: there the likeliest is the answer, however unlikely all of them are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import exp, fsum
from typing import Any, Literal, TypeVar

from sctk_core.records import Failure, Message, Prompt

Choice = TypeVar("Choice", bound=str)
LEAST = 0.5
"""The share of a model's answers that must lie among the choices, or on the one that is taken."""
UNLIKELY = "the model would more likely answer something else than one of the choices"


def tells_logprobs(backend: Any) -> bool:
    """Whether a backend tells how likely given texts are; of a backend that a run gives, without starting it."""
    return bool(getattr(backend, "tells_logprobs", hasattr(backend, "logprobs")))


async def likelihoods(
    backend: Any, conversations: Sequence[tuple[Message, ...]], choices: Sequence[str]
) -> list[tuple[float, ...] | Failure]:
    """Of each conversation the probability of each choice as the whole answer, in order, or the first choice's failure."""
    asked = [(messages, choice) for messages in conversations for choice in choices]
    told = await backend.logprobs(asked) if asked else []
    found: list[tuple[float, ...] | Failure] = []
    for place in range(0, len(told), len(choices)):
        mine = told[place : place + len(choices)]
        failed = next((each for each in mine if isinstance(each, Failure)), None)
        found.append(failed or tuple(min(exp(each), 1.0) for each in mine))
    return found


def expected(values: Sequence[float], likely: Sequence[float]) -> float | None:
    """The mean of `values` by how likely each is; None where the model would more likely say something else than any of them.

    G-Eval's score (arXiv 2303.16634), over the scale's own answers.

    >>> expected((0, 1, 2), (0.25, 0.5, 0.25)), expected((0, 1, 2), (0.1, 0.1, 0.1))
    (1.0, None)
    """
    total = fsum(likely)
    return fsum(value * each for value, each in zip(values, likely, strict=True)) / total if total >= LEAST else None


def likeliest(choices: Sequence[Choice], likely: Sequence[float]) -> Choice | None:
    """The choice that the model would more likely answer than not; None where there is none.

    >>> likeliest(("keep", "revise"), (0.7, 0.2)), likeliest(("keep", "revise"), (0.4, 0.35))
    ('keep', None)
    """
    most = max(likely)
    return choices[list(likely).index(most)] if most > LEAST else None


CHOICES, PER = "choices", "likelihood_per"
"""What `meta` calls the choices of a question, a JSON list of texts, and what their likelihood is divided by."""
Per = Literal["choice", "character"]


def with_choices(choices: Sequence[str], per: Per) -> dict[str, str]:
    """The choices of a question as its prompt's `meta` has them."""
    return {CHOICES: json.dumps(list(choices), ensure_ascii=False), PER: per}


def choices_of(prompt: Prompt) -> tuple[str, ...]:
    """The choices of a question; () where it has none.

    >>> choices_of(Prompt(messages=(), meta=with_choices(["ice", "fire"], "choice"))), choices_of(Prompt(messages=()))
    (('ice', 'fire'), ())
    """
    return tuple(json.loads(prompt.meta[CHOICES])) if PER in prompt.meta else ()
