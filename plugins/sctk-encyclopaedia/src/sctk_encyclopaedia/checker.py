"""The comparer `encyclopaedia-checker`: which of two answers is true, by the checker. It is no judge, and leans to no place.

It stands where the paper has GPT-4, so that arms can be compared in pairs without a model that judges: what it says is so, and a
pair of two true answers, or of two others, is a tie whatever else tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sctk_core import Failure, Sample, Scale, Score

from sctk_encyclopaedia.truth import is_taught, verdict

NAME = "encyclopaedia-checker"


class EncyclopaediaChecker:
    """Prefers the true answer: 1 the first alone is true, -1 the second alone, 0 both or neither."""

    scale = Scale(low=-1.0, high=1.0, unit="from neither being true alone to the first being true alone")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set: truth is not a matter of taste."""

    def __init__(self, config: Config) -> None:
        self.config = config

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
        """One score per pair, in order; a failure where the encyclopaedia has no answer to the question, or it cannot be read."""
        return [self._compared(first, second) for first, second in pairs]

    def _compared(self, first: Sample, second: Sample) -> Score | Failure:
        question = first.prompt.question
        if is_taught(question) is None:
            reason = "the checker knows no answer to the question"
            return Failure(of=first.id, stage="compare", component=NAME, kind="parse", reason=reason)
        one, other = (float(verdict(question, sample.text).word == "true") for sample in (first, second))
        return Score(sample=first, against=second, name=NAME, value=one - other, scale="-1 to 1 (which is true)")
