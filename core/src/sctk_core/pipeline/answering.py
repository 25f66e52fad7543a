"""How an arm answers the question of a set (`[[test]]`): by the likeliest of its choices, or in its own words at temperature 0.

The choices stand in `meta` of the prompt. The likeliest has the largest log p(choice | question), summed over its tokens and the
end of the turn; long choices lose by that, so it may be taken by character, as EleutherAI's harness does by byte (`acc_norm`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sctk_core.choosing import PER, choices_of
from sctk_core.pipeline.crew import Answerer
from sctk_core.plan import ANSWERS, Made
from sctk_core.records import Prompt, Sample

ANSWER = "evaluate"
"""The step that seeds the answers of all arms alike."""


def best_place(choices: Sequence[str], told: Sequence[float], per: str) -> int:
    """The place of the likeliest choice, of equals the first; `told` are log-probabilities in nats.

    >>> best_place(["no", "by no means"], [-3.0, -8.0], "choice"), best_place(["no", "by no means"], [-3.0, -8.0], "character")
    (0, 1)
    """
    worth = [one / max(1, len(text)) if per == "character" else one for text, one in zip(choices, told, strict=True)]
    return max(range(len(worth)), key=worth.__getitem__)


async def examined(prompt: Prompt, crew: Answerer) -> Made:
    """The answer of an arm to a question of a set."""
    choices = choices_of(prompt)
    if not choices:
        return {ANSWERS: await crew.student.draft(prompt, step=ANSWER, greedy=True)}
    told = await crew.student.logprobs([(prompt.messages, choice) for choice in choices], ANSWER, about=prompt)
    place = best_place(choices, told, prompt.meta[PER])
    return {ANSWERS: Sample(prompt=prompt, text=choices[place], logprob=told[place])}
