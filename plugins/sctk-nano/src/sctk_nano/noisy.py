"""A reward of known errors: the truth of the world, turned in a share of texts.

For experiments that ask how much noise in its reward a method bears. What it learns from the truth itself says nothing of rewards
that must find it out, so no recipe has it by default. Whether a text's score is turned depends on prompt and text alone: the same
text is scored alike in every run, sweep and arm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sctk_core import Failure, Sample, Scale, Score, seed_from, setting

from sctk_nano.truth import truth


class NoisyTruth:
    """Scores 1 a text that does what its prompt called for, else 0; a share `noise` of texts the other way round."""

    scale = Scale(
        low=0.0,
        high=1.0,
        unit="from a text that does not do what its prompt called for to one that does",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """How often it is wrong."""

        noise: float = setting(0.0, help="share of texts whose score is turned", unit="share", low=0.0, high=1.0)
        seed: int = setting(0, help="another seed turns others", low=0)

    def __init__(self, config: Config) -> None:
        self.config = config

    async def score(self, samples: Sequence[Sample]) -> list[Score | Failure]:
        """One score per sample, in order; a prompt of another world has no truth, which is a failure."""
        return [self._score(sample) for sample in samples]

    def _score(self, sample: Sample) -> Score | Failure:
        value = truth(sample.prompt, sample.text)
        if value is None:
            reason = "its prompt is not of this world"
            return Failure(of=sample.id, stage="score", component="nano-noisy-truth", kind="parse", reason=reason)
        drawn = seed_from("noise", self.config.seed, sample.prompt.id, sample.text)
        turned = drawn < self.config.noise * (1 << 63)
        return Score(sample=sample, name="nano-noisy-truth", value=1.0 - value if turned else value, scale="0 or 1")
