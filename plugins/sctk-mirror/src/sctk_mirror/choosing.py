"""The student at inference: k rationales, what the evaluator believes of each, and rules that take one answer out of them.

Rules are functions of a pool. A vote counts answers by the task's own equality, so (3 + 4) and (4 + 3) are one; what cannot be
read has no vote, but is counted in how sure a vote is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, fsum
from typing import Any

from sctk_core import (
    ANSWERS,
    CheckFailed,
    Declined,
    Failure,
    Made,
    Prompt,
    Sample,
    Sampling,
    Speaker,
    Step,
    together,
)  # fmt: skip
from sctk_core.rivals import Nobody, n_drafts

from sctk_mirror.crews import Drawers, Judges
from sctk_mirror.prompts import ANSWERING, EXPLAIN, PREDICT, VERDICTS, Wording, prefixed, question_of
from sctk_mirror.records import Decided, Pool
from sctk_mirror.settings import Inference, Taught
from sctk_mirror.task import Task
from sctk_mirror.teaching import is_right

VOTE_EQUAL, ABSTAINING = "vote-equal", "abstaining"
UNSURE = Declined(reason="the evaluator does not believe it enough")
Taken = tuple[int, float]
"""The place of the text that a rule takes, and how sure it is of it, in [0, 1]."""


@dataclass(frozen=True, kw_only=True)
class Pooling:
    """Walks that draw pools, widen them, and take answers out of them."""

    inference: Inference
    taught: Taught
    wording: Wording
    task: Task

    @property
    def steps(self) -> Sequence[Step]:
        """What a question has asked of student and evaluator."""
        judged = (
            Step("belief", most=1, of="candidate"),
            Step("judgement", most=self.inference.m, of="candidate"),
            Step("verdict", of="judgement"),
        )
        return (*self._drawn(self.inference.k), *judged)

    def wider(self, pool: Pool, numbers: Mapping[str, float]) -> Sequence[Step]:
        """What is asked for a vote at the tokens of a judged pool."""
        return self._drawn(n_drafts(pool.question, numbers))

    def _drawn(self, k: int) -> Sequence[Step]:
        labels = (Step("label", times=k),) if self.taught.words == "reasons" else ()
        return (Step("candidate", times=k), *labels, Step("read", of="label" if labels else "candidate"))

    async def draw(self, question: Prompt, crew: Judges) -> Made:
        """k rationales of the student, and how sure the evaluator is of each."""
        drawn = await self._candidates(question, self.inference.k, crew)
        beliefs = await together(
            *(self._belief(question, sample, answer, text, crew) for sample, text, answer in drawn)
        )
        texts, answers = tuple(text for _, text, _ in drawn), tuple(answer for _, _, answer in drawn)
        return {"pools": Pool(question=question, texts=texts, answers=answers, beliefs=tuple(beliefs))}

    async def decide(self, pool: Pool, crew: Nobody) -> Made:
        """What every rule takes out of a pool, and how sure it is of it."""
        return {"decided": [self._decided(rule, pool) for rule in RULES]}

    async def widen(self, pool: Pool, crew: Drawers, numbers: Mapping[str, float]) -> Made:
        """The vote at equal tokens: as many rationales as drawing and judging the pool's would have paid for, the pool's first."""
        drawn = await self._candidates(pool.question, n_drafts(pool.question, numbers), crew)
        more = Pool(
            question=pool.question,
            texts=tuple(text for _, text, _ in drawn),
            answers=tuple(answer for *_, answer in drawn),
        )
        return {"pools": more, "decided": self._decided(VOTE_EQUAL, more)}

    async def vote_wider(self, pool: Pool, crew: Drawers, numbers: Mapping[str, float]) -> Made:
        """The walk of the arm `vote-equal`: the rationales of `widen`, recalled, and the vote of them."""
        made = await self.widen(pool, crew, numbers)
        return {ANSWERS: self._taken(made["pools"], VOTE_EQUAL)}

    async def _candidates(self, question: Prompt, k: int, crew: Judges | Drawers) -> list[tuple[Sample, str, str]]:
        """Of each candidate the sample, the text that states its answer, and the answer, "" where none can be read."""
        shown = prefixed(question.messages, EXPLAIN)
        sampling = self._sampling(crew.student)
        found = await crew.student.drafts(question, k, "candidate", least=1, shown=shown, sampling=sampling)
        if self.taught.words == "whole":
            return [(one, one.text, self._read(question, one, crew)) for one in found]
        asked = prefixed(question.messages, PREDICT)
        labels = await crew.student.drafts(question, k, "label", least=1, shown=asked, sampling=sampling)
        by_rank = {one.rank: (one, self._read(question, one, crew)) for one in labels}
        both = [(one, *by_rank[one.rank]) for one in found if one.rank in by_rank]
        return [(one, f"{one.text} {ANSWERING.format(answer=label.text)}", answer) for one, label, answer in both]

    def _sampling(self, who: Speaker) -> Sampling:
        """How somebody's texts are drawn here."""
        temperature = self.inference.temperature
        return who.sampling if temperature is None else replace(who.sampling, temperature=temperature)

    def _read(self, question: Prompt, sample: Sample, crew: Judges | Drawers) -> str:
        """The answer of a text; a student that states none has no vote, which is its own affair and no failure of the run."""

        def conclude(text: str) -> str | Declined:
            found = self.task.conclude(text, question_of(question))
            return Declined(reason=found.reason, detail=found.detail) if isinstance(found, Failure) else found

        return crew.notes.read("read", sample, conclude) or ""

    async def _belief(self, question: Prompt, sample: Sample, answer: str, text: str, crew: Judges) -> float:
        """How sure the evaluator is that a text is right: P("correct"), or the share of drawn verdicts that say so."""
        if not answer:
            return 0.0
        shown = prefixed(self.wording.mirrored(question, text), PREDICT)
        if crew.judge.tells_logprobs and self.inference.beliefs == "auto":
            (told,) = await crew.judge.logprobs([(shown, VERDICTS[0])], "belief", about=sample)
            return min(exp(told), 1.0)
        asks = (
            crew.judge.draft(
                question,
                "judgement",
                shown=shown,
                about=sample,
                rank=rank,
                or_none=True,
                sampling=self._sampling(crew.judge),
            )
            for rank in range(self.inference.m)
        )
        said = [one for one in await together(*asks) if one is not None]
        words = [word for one in said if (word := crew.notes.read("verdict", one, word_of)) is not None]
        return words.count(VERDICTS[0]) / len(words) if words else 0.0

    def _decided(self, rule: str, pool: Pool) -> Decided:
        place, confidence = ALL_RULES[rule](pool, self.task)
        answer = pool.answers[place]
        right = is_right(self.task, answer, pool.question)
        return Decided(
            question=pool.question, rule=rule, text=pool.texts[place], answer=answer, confidence=confidence,
            right=None if right is None else float(right),
        )  # fmt: skip

    def _taken(self, pool: Pool, rule: str) -> Sample:
        """The text that a rule takes, as an answer to the question."""
        place, _ = ALL_RULES[rule](pool, self.task)
        return Sample(prompt=pool.question, text=pool.texts[place], rank=place, step="taken")

    def taking(self, rule: str) -> Callable[[Decided, Nobody], Any]:
        """The walk of an arm: the text that a rule takes; the abstaining one is silent where it is not sure."""

        async def take(pool: Pool, crew: Nobody) -> Made:
            if rule == ABSTAINING and reranked(pool, self.task)[1] < self.inference.threshold:
                return {ANSWERS: UNSURE}
            return {ANSWERS: self._taken(pool, rule)}

        return take  # type: ignore[return-value]


def word_of(text: str) -> str | Declined:
    """The verdict that an evaluator's answer is.

    >>> word_of(" Correct."), word_of("It is correct").reason
    ('correct', 'no verdict')
    """
    word = text.strip().strip("\"'.*! ").lower()
    return word if word in VERDICTS else Declined(reason="no verdict", detail=text[-80:])


def groups(pool: Pool, task: Task) -> list[list[int]]:
    """The places of texts with equal answers, in the order of their first ones; those without an answer are in none."""
    found: list[list[int]] = []
    for place, answer in enumerate(pool.answers):
        if answer:
            known = next((one for one in found if task.equal(pool.answers[one[0]], answer)), None)
            if known is None:
                found.append([place])
            else:
                known.append(place)
    return found


def first(pool: Pool, task: Task) -> Taken:
    """The first text; it does not say how sure it is."""
    return 0, 1.0


def vote(pool: Pool, task: Task) -> Taken:
    """The answer that most texts come to (self-consistency, arXiv 2203.11171), the earliest of equals; the share that do."""
    found = groups(pool, task)
    most = max(found, key=len, default=[0])
    return most[0], len(most) / len(pool.texts) if found else 0.0


def reranked(pool: Pool, task: Task) -> Taken:
    """The text that the evaluator believes most, the first of equals."""
    best = max(range(len(pool.texts)), key=lambda place: (bool(pool.answers[place]), pool.beliefs[place], -place))
    return best, pool.beliefs[best]


def weighted(pool: Pool, task: Task) -> Taken:
    """The answer whose texts are believed most in sum, over the number of all texts; of it the text that is believed most."""
    found = groups(pool, task)
    if not found:
        return 0, 0.0
    sums = [fsum(pool.beliefs[place] for place in one) for one in found]
    most = found[sums.index(max(sums))]
    return max(most, key=lambda place: (pool.beliefs[place], -place)), max(sums) / len(pool.texts)


RULES: Mapping[str, Callable[[Pool, Task], Taken]] = {
    "first": first, "vote": vote, "reranked": reranked, "weighted": weighted,
}  # fmt: skip
"""What takes one text out of a pool as it was drawn."""
ALL_RULES = {**RULES, VOTE_EQUAL: vote, ABSTAINING: reranked}


def at_equal_tokens(pools: Sequence[Pool], spent: Mapping[str, Any]) -> Mapping[str, float]:
    """`n`: the rationales that a plain vote can draw for the tokens, read and written, that drawing and judging k of them took.

    A belief by likelihood reads what its candidate read and wrote once more; an engine does not tell that, so it is counted so.
    """
    drawing = [spent[step] for step in ("candidate", "label") if step in spent]
    drawn = sum(one.tokens_read + one.tokens_written for one in drawing)
    n_drawn = spent["candidate"].requests if "candidate" in spent else 0
    if not drawn or not n_drawn:
        raise CheckFailed(
            "a vote at equal tokens: got rationales without a count of tokens, wanted a backend that tells them",
            hint="leave vote-equal out of method.arms",
        )
    judged = sum(spent[step].tokens_read + spent[step].tokens_written for step in ("judgement",) if step in spent)
    read_again = spent["belief"].requests * drawn / n_drawn if "belief" in spent and not judged else 0.0
    k = n_drawn / max(1, len(pools))
    return {"n": max(1.0, k * (drawn + judged + read_again) / drawn)}
