"""Arms of the base that nothing trains: told in a system prompt what is wanted, and Self-Refine at inference.

Both cost only at inference, where a run's costs count what each answer of them writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from sctk_core.pipeline.crew import Answerer, asked
from sctk_core.pipeline.members import AskedCritic
from sctk_core.pipeline.speaker import Speaker
from sctk_core.plan import ANSWERS, BASE, Arm, Made
from sctk_core.records import Message, Prompt

SYSTEM_PROMPT, SELF_REFINE = "system-prompt", "self-refine"


@dataclass(frozen=True, kw_only=True)
class SelfRefiners:
    """The base answers, and criticises and revises itself by the critic of the recipe."""

    student: Speaker
    itself: AskedCritic = asked(section="critic", role="student")


def prompted(system_prompt: str) -> Arm:
    """The base, told in a system prompt what is wanted."""
    walk = partial(_prompted, system_prompt=system_prompt)
    return Arm(SYSTEM_PROMPT, model=BASE, walk=walk, steps=("evaluate",), crew=Answerer, settings=("system_prompt",))


def self_refine(rounds: int = 1, settings: Sequence[str] = ()) -> Arm:
    """Self-Refine (arXiv 2303.17651): the base answers, criticises its answer and revises it, `rounds` times.

    `settings` are those of the method that `rounds` follow.
    """
    steps = ("evaluate", *(f"{step}.{n}" for n in range(1, rounds + 1) for step in ("critique", "revise")))
    walk = partial(_refined, rounds=rounds)
    return Arm(SELF_REFINE, model=BASE, walk=walk, steps=steps, crew=SelfRefiners, settings=settings)


def told(messages: Sequence[Message], system_prompt: str) -> tuple[Message, ...]:
    """The conversation with a system prompt, behind the one that it has.

    >>> [one.role for one in told([Message(role="user", content="Hello")], "Be kind.")]
    ['system', 'user']
    """
    if messages and messages[0].role == "system":
        first, *rest = messages
        return replace(first, content=f"{first.content}\n\n{system_prompt}"), *rest
    return Message(role="system", content=system_prompt), *messages


async def _prompted(prompt: Prompt, crew: Answerer, *, system_prompt: str) -> Made:
    return {ANSWERS: await crew.student.draft(prompt, "evaluate", shown=told(prompt.messages, system_prompt))}


async def _refined(prompt: Prompt, crew: SelfRefiners, *, rounds: int) -> Made:
    """The last revision; whether it is better nobody asks."""
    answer = await crew.student.draft(prompt, "evaluate")
    for sweep in range(1, rounds + 1):
        answer = await crew.itself.revise(await crew.itself.critique(answer, sweep))
    return {ANSWERS: answer}
