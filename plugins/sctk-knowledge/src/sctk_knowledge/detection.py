"""Detection: is the reference reliable (S_L), is it unknown (S_K), and what is preferred to what (arXiv 2406.11275, Algorithm 1).

    S_L = mean over K answers with the document of S_C(reference, answer)        (eq. 1)    kept where S_L < tau_L
    S_K = mean over K answers without it of S_C(reference, answer)               (eq. 2)    kept where S_K > tau_K
    chosen is the reference, rejected the answer without the document that contradicts it most (eq. 7)

The text of the paper and its Algorithm 1 are strict on both borders; its code keeps S_L = tau_L as well. An answer that was cut off
at the limit of its tokens is never chosen (`thresholds.cut_off`): a student that prefers it learns to break off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sctk_core import Declined, Made, Pair, Prompt, Sample, Step, name_by

from sctk_knowledge.prompts import Wording
from sctk_knowledge.scorers import Judged, Posed, Scorer
from sctk_knowledge.settings import Detection

UNRELIABLE = Declined(reason="the reference is not reliable")
KNOWN = Declined(reason="the answer is known")
NO_REFERENCE = Declined(reason="the reference is empty")
CUT_OFF = Declined(reason="the reference runs to the limit of its tokens")
ALL_CUT_OFF = Declined(reason="every answer runs to the limit of its tokens")
NOTHING_SAID = Declined(reason="no answer says anything")
NOT_JUDGED = Declined(reason="the answers cannot be judged")
ALIKE = Declined(reason="the answers are all alike")


@dataclass(frozen=True, kw_only=True)
class Detected:
    """What was found of a question: S_L and S_K. None: not asked, for the question was left out before; or no reference was."""

    prompt: Prompt
    inconsistency: float | None
    ignorance: float | None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        name_by(self, self.prompt.id, self.inconsistency, self.ignorance)


@dataclass(frozen=True, kw_only=True)
class Detecting:
    """A pass that detects. `filters` false: every question makes its preferences, and S_L is not asked."""

    settings: Detection
    wording: Wording
    scorer: Scorer
    filters: bool = True

    @property
    def steps(self) -> tuple[Step, ...]:
        """What a question asks that is kept to the end."""
        k, scorer = self.settings.n_samples, self.scorer
        if not self.settings.documents:
            return Step("without", times=k), *scorer.steps("knowledge", k, alone=True)
        reliable = (Step("with", times=k), *scorer.steps("consistency", k)) if self.filters else ()
        return Step("reference"), *reliable, Step("without", times=k), *scorer.steps("knowledge", k)

    @property
    def makes(self) -> dict[str, type]:
        """Preferences; what the model knows, to see later whether it is forgotten; and the numbers."""
        return {"pairs": Pair, "known": Prompt, "detected": Detected} if self.filters else {"pairs": Pair}

    async def walk(self, question: Prompt, crew: Any) -> Made:
        """One question."""
        found = await (self._by_document(question, crew) if self.settings.documents else self._alone(question, crew))
        return found.made(question) if self.filters else {"pairs": found.pairs}

    async def _by_document(self, question: Prompt, crew: Any) -> Found:
        """Algorithm 1 and eq. 7."""
        shown = self.wording.reading(question)
        posed = Posed(question=question, shown=shown)
        reference = await crew.student.draft(question, "reference", shown=shown, greedy=True)
        if not reference.text.strip():
            return Found(pairs=NO_REFERENCE)
        if not self.settings.thresholds.is_whole(reference):
            return Found(pairs=CUT_OFF)
        grounded, s_l = [], None
        if self.filters:
            grounded = await self._drawn(question, "with", crew, shown=shown)
            s_l = await self._judged(reference, grounded, "consistency", posed, crew)
            if s_l is None:
                return Found(pairs=NOT_JUDGED if grounded else NOTHING_SAID)
            if not self.settings.thresholds.is_reliable(s_l.value):
                return Found(pairs=UNRELIABLE, s_l=s_l.value)
        recalled = await self._drawn(question, "without", crew)
        s_k = await self._judged(
            reference, recalled, "knowledge", Posed(question=question, shown=question.messages), crew
        )
        return self._preferred(question, reference, (grounded, s_l), (recalled, s_k))

    def _preferred(
        self,
        question: Prompt,
        reference: Sample,
        grounded: tuple[Sequence[Sample], Judged | None],
        recalled: tuple[Sequence[Sample], Judged | None],
    ) -> Found:
        """The preferences of a question whose reference is reliable."""
        s_l, s_k = grounded[1], recalled[1]
        value = None if s_l is None else s_l.value
        if s_k is None:
            return Found(pairs=NOT_JUDGED if recalled[0] else NOTHING_SAID, s_l=value)
        if self.filters and not self.settings.thresholds.is_unknown(s_k.value):
            return Found(pairs=KNOWN, s_l=value, s_k=s_k.value)
        chosen = [(reference, 0.0), *(self._also_chosen(grounded[0], s_l) if s_l else ())]
        rejected = self._rejected(recalled[0], s_k, len(chosen))
        pairs = [self._pair(question, *two, s_k.value) for two in zip(chosen, rejected, strict=False)]
        return Found(pairs=[one for one in pairs if one] or ALIKE, s_l=value, s_k=s_k.value)

    async def _alone(self, question: Prompt, crew: Any) -> Found:
        """Without documents: the answer that the others contradict least against the one that they contradict most."""
        posed = Posed(question=question, shown=question.messages)
        answers = await self._drawn(question, "without", crew)
        judged = await self.scorer.among(answers, "knowledge", posed, crew) if answers else None
        if judged is None:
            return Found(pairs=NOT_JUDGED if answers else NOTHING_SAID)
        if self.filters and not self.settings.thresholds.is_unknown(judged.value):
            return Found(pairs=KNOWN, s_k=judged.value)
        ranked = ranking(answers, judged)
        count = min(self.settings.pairs, len(ranked) // 2)
        chosen = self._whole(ranked[: len(ranked) - count])[:count]
        pairs = [
            self._pair(question, *two, judged.value) for two in zip(chosen, ranked[: -1 - count : -1], strict=False)
        ]
        none = ALL_CUT_OFF if count and not chosen else ALIKE
        return Found(pairs=[one for one in pairs if one] or none, s_k=judged.value)

    def _whole(self, ranked: Sequence[tuple[Sample, float]]) -> list[tuple[Sample, float]]:
        """Those of some answers that may be preferred."""
        return [one for one in ranked if self.settings.thresholds.is_whole(one[0])]

    async def _drawn(self, question: Prompt, step: str, crew: Any, **how: Any) -> list[Sample]:
        """K answers; those that say nothing are left out."""
        draws = self.settings.draws
        temperature = draws.with_document if step == "with" else draws.without
        sampling = replace(crew.student.sampling, temperature=temperature, top_p=draws.top_p)
        found = await crew.student.drafts(question, self.settings.n_samples, step, sampling=sampling, **how)
        return [sample for sample in found if sample.text.strip()]

    async def _judged(
        self, reference: Sample, answers: Sequence[Sample], step: str, posed: Posed, crew: Any
    ) -> Judged | None:
        return await self.scorer.against(reference, answers, step, posed, crew) if answers else None

    def _also_chosen(self, grounded: Sequence[Sample], s_l: Judged) -> list[tuple[Sample, float]]:
        """The answers with the document that are reliable too, the best first: for more than one preference (the paper's code)."""
        ranked = self._whole(ranking(grounded, s_l))
        good = [one for one in ranked if one[1] < self.settings.thresholds.tau_l]
        return good[: self.settings.pairs - 1]

    def _rejected(self, recalled: Sequence[Sample], s_k: Judged, most: int) -> list[tuple[Sample, float]]:
        """Of the answers that are contradicted most (eq. 7, the first of equals) `most`; of several those above tau_K, rising."""
        ranked = sorted(ranking(recalled, s_k), key=lambda one: -one[1])[:most]
        bad = [one for one in ranked if self.settings.thresholds.is_unknown(one[1])]
        return bad[::-1] or ranked[:1]

    def _pair(
        self, question: Prompt, chosen: tuple[Sample, float], rejected: tuple[Sample, float], s_k: float
    ) -> Pair | None:
        """A preference: certain, by the method's word, or as likely as S_K says. None: the texts are one."""
        if chosen[0].text.strip() == rejected[0].text.strip():
            return None
        sides: dict[str, Any] = {"prompt": question, "chosen": chosen[0], "rejected": rejected[0]}
        if self.settings.label == "hard":
            return Pair(**sides, margin=None, probability=1.0)
        return Pair(**sides, margin=rejected[1] - chosen[1], probability=min(max((1.0 + s_k) / 2.0, 0.0), 1.0))


def ranking(answers: Sequence[Sample], judged: Judged) -> list[tuple[Sample, float]]:
    """Those answers of which something can be said, the best first, equals in their order."""
    told = [one for one in zip(answers, judged.each, strict=True) if not math.isnan(one[1])]
    return sorted(told, key=lambda one: one[1])


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a question came to."""

    pairs: list[Pair] | Declined
    s_l: float | None = None
    s_k: float | None = None

    def made(self, question: Prompt) -> Made:
        """The rows of its tables."""
        known = question if self.pairs is KNOWN else Declined(reason="not known")
        return {
            "pairs": self.pairs,
            "known": known,
            "detected": Detected(prompt=question, inconsistency=self.s_l, ignorance=self.s_k),
        }
