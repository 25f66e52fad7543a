"""The truth of the world: whether a text does what its prompt called for, 0 or 1.

It reads every sentence back to the frame of the world that says it, so it knows what a text means, not how it sounds,
and a text with a sentence that means nothing in this world is not good. It shares no code and no word list with any
reward. A prompt from elsewhere has no truth here: None, which is counted and never a zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sctk_core import Prompt, Sample, Scale

from sctk_nano.world import news, opinions, personas, requests, reviews

ARGUMENT = {"object", "town", "reasons", "source"}
"""What is told of an argument beside its plan."""


def truth(prompt: Prompt, text: str) -> float | None:
    """1.0 where the text is a good answer to the prompt, else 0.0; None where the prompt is not of this world."""
    meta = prompt.meta
    match meta.get("task"):
        case "sentiment" if "film" in meta and "aspects" in meta:
            return reviews.truth(text, meta["film"], meta["aspects"].split(", "))
        case "safety" if meta.get("act") in requests.ACT_BY_NAME and "object" in meta:
            return requests.truth(text, meta["act"], meta["object"])
        case "privacy" if meta.get("event") in news.EVENTS and {"object", "town"} <= set(meta):
            return news.truth(text, meta["event"], meta["object"], meta["town"])
        case "role-play" if meta.get("topic") in (*personas.PERSONAL, *personas.FACTS):
            return personas.truth(text, meta["topic"])
        case "sycophancy" if meta.get("plan") in opinions.PLANS and set(meta) >= ARGUMENT:
            asked = (meta["plan"], meta["object"], meta["town"], meta["reasons"], meta["source"])
            return opinions.truth(text, *asked)
    return None


class NanoTruth:
    """Measures `truth` of samples whose prompts come from the world's own sources."""

    scale = Scale(low=0.0, high=1.0, unit="from a text that does not do what its prompt called for to one that does")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set: truth is not a matter of taste."""

    def __init__(self, config: Config) -> None:
        self.config = config

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | None]]:
        """truth -> 1.0, 0.0 or None per sample, in order."""
        return {"truth": [truth(sample.prompt, sample.text) for sample in samples]}
