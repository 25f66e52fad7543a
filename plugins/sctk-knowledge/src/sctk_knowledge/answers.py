"""The rows of the SFT stage: some answers by the teacher, who reads the document, the others by the base from its own head.

A row of the teacher has the document in its prompt (reading comprehension), a row of the base has not. Whose a question is, its
content decides, so that it is the same however many questions there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from sctk_core import Declined, Made, Prompt, Sample, Step, seed_from, spoken

from sctk_knowledge.crews import Annotators
from sctk_knowledge.prompts import Wording, drawn, recalling
from sctk_knowledge.quality import checked
from sctk_knowledge.settings import Answers

TEACHER_CUT_OFF = Declined(reason="the teacher's answer runs to the limit of its tokens")


@dataclass(frozen=True, kw_only=True)
class Annotating:
    """A pass that answers questions."""

    settings: Answers
    wording: Wording

    def steps(self, question: Prompt) -> tuple[Step, ...]:
        """One answer of the teacher, or draws of the base, each of which is checked."""
        if self.is_grounded(question):
            return (Step("grounded"),)
        return Step("recalled", most=self.settings.tries), Step("check", of="recalled")

    def is_grounded(self, question: Prompt) -> bool:
        """Whether the teacher answers."""
        return seed_from("annotation", question.id) < self.settings.teacher_share * (1 << 63)

    async def walk(self, question: Prompt, crew: Annotators) -> Made:
        """A row to learn from."""
        answer = self._grounded if self.is_grounded(question) else self._recalled
        return {"answers": await answer(question, crew)}

    async def _grounded(self, question: Prompt, crew: Annotators) -> Sample | Declined:
        """The teacher's answer; the student will be asked in its own wording, with the document."""
        row = replace(question, messages=self.wording.reading(question))
        return taught(await crew.teacher.draft(row, "grounded", shown=self.wording.teaching(question)), self.settings)

    async def _recalled(self, question: Prompt, crew: Annotators) -> Sample | Declined:
        """The first draw of the base that passes the checks."""
        settings = self.settings
        shown = recalling(question, drawn(settings.examples, question.id))
        sampling = replace(crew.student.sampling, temperature=settings.temperature)
        for rank in range(settings.tries):
            sample = await crew.student.draft(
                question, "recalled", shown=shown, sampling=sampling, rank=rank, or_none=True
            )
            if sample is None:
                continue
            check = partial(checked, sample, settings.checks, sampling.max_new_tokens)
            if crew.notes.read("check", sample, check) is not None:
                return sample
        return Declined(reason=f"no answer in {settings.tries} tries passed the checks")


def taught(sample: Sample, settings: Answers) -> Sample | Declined:
    """A teacher's answer as a row to learn from: it says something, and it was not cut off."""
    if settings.cut_off == "refused" and sample.finish == "length" and sample.text.strip():
        return TEACHER_CUT_OFF
    return spoken(sample)
