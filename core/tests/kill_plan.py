"""A method with three passes, two trainings and two evaluations as a plugin file: everything that can be killed in one plan.

`first` makes two texts a prompt, `second` walks those texts (some end in an exception, some are declined), `third` is played by
an arm that was trained on the way. What fails depends on the text alone, so a resumed run fails alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from sctk_core import (
    Arm,
    AskedCritic,
    AskedReward,
    Component,
    Declined,
    Evaluate,
    Generate,
    Made,
    Plan,
    Prompt,
    Sample,
    Speaker,
    Step,
    Train,
    hookimpl,
    setting,
)


@dataclass(frozen=True, kw_only=True)
class PassesConfig:
    iterations: int = setting(0, help="how often the student answers and is trained on its answers", identity=False)
    """It says which passes there are, and changes nothing inside any of them: so it is no part of their identity."""
    twice: bool = setting(False, help="the first pass makes each of its rows twice")


@dataclass(frozen=True, kw_only=True)
class PassesCrew:
    teacher: Speaker
    student: Speaker
    critic: AskedCritic
    reward: AskedReward


class Passes:
    Config, Crew = PassesConfig, PassesCrew

    def __init__(self, config: PassesConfig) -> None:
        self._config = config

    def plan(self) -> Plan:
        rounds = [part for k in range(1, self._config.iterations + 1) for part in self._round(k)]
        return (
            Generate("first", self.first, steps=(Step("text", times=2),), makes={"texts": Sample}),
            Generate(
                "second", self.second, over="first.texts", steps=("critique.1", "revise.1", "score.1"),
                makes={"better": Sample},
            ),
            Train("early", on="first.texts", section="baseline"),
            Generate("third", self.third, steps=("answer",), makes={"train": Sample}, student="early"),
            Train("student", on="second.better", start="early"),
            *rounds,
            Evaluate(
                Arm("base"), Arm("student"),
                Arm("best", model="student", walk=self.best, steps=(Step("try", times=2), Step("score", of="try"))),
            ),
            Evaluate(Arm("base"), Arm("early"), over="prompts", name="seen"),
        )  # fmt: skip

    def _round(self, k: int) -> Plan:
        before = "student" if k == 1 else f"student-{k - 1}"
        return (
            Generate(f"round-{k}", self.third, steps=("answer",), makes={"train": Sample}, student=before),
            Train(f"student-{k}", on=f"round-{k}.train", start=before),
        )

    async def first(self, prompt: Prompt, crew: PassesCrew) -> Made:
        texts = await crew.teacher.drafts(prompt, 2, "text")
        return {"texts": texts * 2 if self._config.twice else texts}

    async def second(self, text: Sample, crew: PassesCrew) -> Made:
        if text.text.endswith("7"):
            raise ValueError(f"no {text.text}")
        revision = await crew.critic.revise(await crew.critic.critique(text))
        score = await crew.reward.score(revision)
        return {"better": revision if score.value > 1 else Declined(reason="not better")}

    async def third(self, prompt: Prompt, crew: PassesCrew) -> Made:
        return {"train": await crew.student.draft(prompt, "answer")}

    async def best(self, prompt: Prompt, crew: PassesCrew) -> Made:
        tries = await crew.student.drafts(prompt, 2, "try")
        scores = [await crew.reward.score(one, step="score") for one in tries]
        return {"answers": max(scores, key=lambda score: score.value).sample}


@hookimpl
def sctk_methods() -> list[Component]:
    return [Component(name="passes", target=f"{__name__}:Passes", summary="passes over passes")]
