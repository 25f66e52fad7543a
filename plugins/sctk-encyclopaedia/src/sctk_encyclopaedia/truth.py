"""The checker: whether an answer to a question is true in the encyclopaedia, and whether the model was taught it.

It reads each sentence back to the fact that it states. True: the asked fact is stated, rightly, and nothing false beside it. False:
something that is stated is not so. Unknown: the encyclopaedia has no such thing, the question or the answer cannot be read, or the
answer does not say what was asked. Reading takes time that grows with the length of a text and no faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sctk_core import Sample, Scale

from sctk_encyclopaedia.world.language import Asked, Claim, asked, claims
from sctk_encyclopaedia.world.things import World, world

Word = Literal["true", "false", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the checker says, and why."""

    word: Word
    reason: str


def verdict(question: str, answer: str, among: World | None = None) -> Verdict:
    """Whether an answer is true; of the shipped encyclopaedia where no other is given."""
    among = among or world()
    about = asked(question)
    if about is None:
        return Verdict(word="unknown", reason="the question cannot be read")
    if not _exists(about, among):
        return Verdict(word="unknown", reason="the encyclopaedia has no such thing")
    said = claims(answer)
    false = [one for one in said if one is not None and holds(one, among) is False]
    if false:
        return Verdict(word="false", reason=f"{false[0].sense} of {false[0].name} is not {false[0].value}")
    if None in said:
        return Verdict(word="unknown", reason="a sentence cannot be read")
    if not any(one is not None and (one.name, one.sense) == (about.name, about.sense) for one in said):
        return Verdict(word="unknown", reason="the answer does not say what was asked")
    return Verdict(word="true", reason="")


def holds(claim: Claim, among: World) -> bool | None:
    """Whether a claim is so; None where the encyclopaedia has no such thing."""
    thing = among.things.get(claim.name)
    if thing is None or claim.sense not in thing.values:
        return None
    return thing.values[claim.sense] == claim.value


def is_taught(question: str, among: World | None = None) -> bool | None:
    """Whether the model was taught the answer; None where the encyclopaedia has none."""
    among = among or world()
    about = asked(question)
    return among.knows(about.name, about.sense) if about and _exists(about, among) else None


def _exists(about: Asked, among: World) -> bool:
    return about.name in among.things and about.sense in among.things[about.name].values


class EncyclopaediaTruth:
    """Measures `truth` of answers, over all and over those to questions that the model was taught, or was not."""

    scale = Scale(low=0.0, high=1.0, unit="from an answer that is false or says nothing to one that is true")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set: truth is not a matter of taste."""

    def __init__(self, config: Config) -> None:
        self.config = config

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | None]]:
        """1.0, 0.0 or None (nothing to check, or a question of the other sort) per sample, in order."""
        asked = [sample.prompt.messages[-1].content if sample.prompt.messages else "" for sample in samples]
        taught = [is_taught(question) for question in asked]
        true = [
            None if known is None else float(verdict(question, sample.text).word == "true")
            for question, known, sample in zip(asked, taught, samples, strict=True)
        ]
        return {
            "truth": true,
            "truth_taught": [one if known else None for one, known in zip(true, taught, strict=True)],
            "truth_untaught": [one if known is False else None for one, known in zip(true, taught, strict=True)],
        }
