"""A method for arms with walks of their own, and a comparer, as one plugin file beside the toy world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sctk_core import (
    Arm,
    AskedCritic,
    AskedReward,
    Component,
    Evaluate,
    Failure,
    Generate,
    Made,
    Message,
    Plan,
    Prompt,
    Sample,
    Score,
    Speaker,
    Step,
    Train,
    asked,
    hookimpl,
    spoken,
    together,
)


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No settings."""


@dataclass(frozen=True, kw_only=True)
class Crew:
    """The teacher drafts; the student answers, and may criticise itself."""

    teacher: Speaker
    student: Speaker
    reward: AskedReward
    critic: AskedCritic
    own_critic: AskedCritic = asked(section="critic", role="student")


class Arms:
    """Drafts by the teacher train the student; four arms answer."""

    Config, Crew = Nothing, Crew
    recipe: ClassVar[str] = ""

    def __init__(self, config: Nothing) -> None:
        pass

    def plan(self) -> Plan:
        """One pass, one training, arms of every shape."""
        best = (Step("answer", times=4), Step("score.0", of="answer"))
        refined = ("evaluate", "critique.1", "revise.1")
        return (
            Generate("chains", self.walk, steps=("draft", "critique.1", "revise.1"), makes={"train": Sample}),
            Train("student", on="chains.train"),
            Evaluate(
                Arm("base"),
                Arm("prompted", model="base", walk=self.prompted, steps=("evaluate",)),
                Arm("best-of-4", model="base", walk=self.best_of, steps=best),
                Arm("refined", model="student", walk=self.refined, steps=refined),
                Arm("student"),
                differences=(("student", "base"), ("best-of-4", "base")),
            ),
        )

    async def walk(self, prompt: Prompt, crew: Crew) -> Made:
        """A revised draft of the teacher's."""
        return {"train": spoken(await crew.critic.revise(await crew.critic.critique(await crew.teacher.draft(prompt))))}

    async def prompted(self, prompt: Prompt, crew: Crew) -> Made:
        """A system prompt before the question."""
        shown = (Message(role="system", content="Be better."), *prompt.messages)
        return {"answers": await crew.student.draft(prompt, "evaluate", shown=shown)}

    async def best_of(self, prompt: Prompt, crew: Crew) -> Made:
        """The best of four by the reward."""
        drafts = await crew.student.drafts(prompt, 4, "answer")
        scores = await together(*(crew.reward.score(draft) for draft in drafts))
        return {"answers": max(scores, key=lambda score: score.value).sample}

    async def refined(self, prompt: Prompt, crew: Crew) -> Made:
        """Self-Refine at inference: the student in its own words, three times."""
        draft = await crew.student.draft(prompt, "evaluate")
        return {"answers": await crew.own_critic.revise(await crew.own_critic.critique(draft))}


class Longer:
    """How much longer the first text is, as a preference; it leans to the first place by 0.25."""

    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        pass

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> list[Score]:
        """One preference per pair."""
        return [self._one(first, second) for first, second in pairs]

    def _one(self, first: Sample, second: Sample) -> Score:
        ahead = float((len(first.text) > len(second.text)) - (len(first.text) < len(second.text)))
        return Score(sample=first, against=second, name="longer", value=ahead + 0.25)


class Picky(Longer):
    """The same, and nothing of prompts that end in 3."""

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> list[Score | Failure]:  # type: ignore[override]
        """One preference per pair, or a failure."""
        failed = Failure(kind="parse", reason="it ends in 3")
        return [failed if one.prompt.question.endswith("3") else self._one(one, other) for one, other in pairs]


@hookimpl
def sctk_methods() -> list[Component]:
    return [Component(name="arms", target=f"{__name__}:Arms", summary="arms of every shape")]


@hookimpl
def sctk_comparers() -> list[Component]:
    return [
        Component(name="longer", target=f"{__name__}:Longer", summary="prefers the longer text"),
        Component(name="picky", target=f"{__name__}:Picky", summary="prefers the longer text, if it likes the prompt"),
    ]
