"""Arms that one method has and another has not, and those that only answer: who speaks, what they learn from, by which loss."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from sctk_core import ConfigError, Generate, Message, Prompt, Sample, Train
from sctk_core.plan import Arm, Evaluate, Made
from sctk_core.plan_rules import complaints_of
from sctk_core.run import RunResult, execute
from sctk_core.run.units import units_of
from sctk_core.store.reader import RunReader
from sctk_core.untrained import prompted
from toy_run import toy_assembly

COUNTED = Path(__file__).with_name("counted_world.py")


def counted(root: Path, arms: list[str], name: str, **changes: Any) -> RunResult:
    """A run with a teacher that is another model: it says "taught " where the student says nothing before its digits."""
    (root / "teacher").mkdir()
    (root / "teacher" / "skill").write_text("taught ")
    changes = {"backend": {"use": "counted"}} | changes | {"method": {"arms": arms} | changes.get("method", {})}
    changes |= {"roles": {"teacher": {"model": str(root / "teacher")}}}
    return execute(toy_assembly(root, changes, name, also=[COUNTED]), out=root / "run")


def rows(result: RunResult, table: str) -> pl.DataFrame:
    return pl.read_parquet(result.run / f"{table}/*.parquet")


@pytest.fixture(scope="module")
def rdpo(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return counted(tmp_path_factory.mktemp("rdpo"), ["all"], "rdpo")


@pytest.fixture(scope="module")
def dsc(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return counted(tmp_path_factory.mktemp("dsc"), ["all"], "dsc", method={"sweeps": 2})


@pytest.mark.parametrize("method", ["rdpo", "dsc"])
def test_the_teacher_makes_the_data_and_the_student_its_own_answers(
    method: str, request: pytest.FixtureRequest
) -> None:
    result: RunResult = request.getfixturevalue(method)
    asked = rows(result, "chains/ledger").filter(pl.col("requests") > 0)
    assert set(asked["role"]) == {"teacher"}
    assert rows(result, "chains/samples")["text"].str.contains("taught").all()
    answered = rows(result, "evaluation/self-refine/ledger")
    own = answered.filter(pl.col("requests") > 0)
    assert set(own["role"]) == {"student"}
    sweeps = (1, 2) if method == "dsc" else (1,)
    steps = ["evaluate", *(f"{step}.{sweep}" for sweep in sweeps for step in ("critique", "revise"))]
    assert set(own["stage"]) == {f"self-refine.{step}" for step in steps}
    assert not rows(result, "evaluation/self-refine/samples")["text"].str.contains("taught").any()
    assert rows(result, "evaluation/self-refine/answers")["text"].str.starts_with("better").all()


EXACT = {"critic": {"use": "constitution"}, "rule": {"use": "metropolis"}, "sampling": {"max_new_tokens": 8}}


@pytest.mark.parametrize(
    ("how", "steps"),
    [
        ({"proposal": "suffix"}, {"draft", "redraw.1"}),
        ({"exact": True}, {"draft", "critique.1", "revise.1", "logprobs.1"}),
    ],
)
def test_exact_chains_are_the_teachers_too(how: dict[str, Any], steps: set[str], tmp_path: Path) -> None:
    """Drafts, critiques, revisions, suffixes and log-probabilities are the teacher's, and so are the revisions all taken."""
    changes = {"backend": {"use": "telling"}, "method": how} | ({} if "proposal" in how else EXACT)
    result = counted(tmp_path, ["no-acceptance"], "dsc", **changes)
    for part, known in (("chains", steps), ("taken", steps - {"logprobs.1"})):
        asked = rows(result, f"{part}/ledger").filter(pl.col("requests") > 0)
        assert set(asked["role"]) == {"teacher"}
        assert set(asked["stage"]) == {f"{part}.{step}" for step in known}
        assert rows(result, f"{part}/samples")["text"].str.contains("taught").all()


class Listener:
    """A student that gives back what it was shown."""

    async def draft(self, prompt: Prompt, step: str, *, shown: Sequence[Message]) -> Sample:
        return Sample(prompt=prompt, text="\n".join(f"{one.role}: {one.content}" for one in shown))


@pytest.mark.parametrize("before", [(), (Message(role="system", content="Be short."),)])
def test_a_system_prompt_stands_before_the_question_and_behind_what_was_there(before: tuple[Message, ...]) -> None:
    prompt = Prompt(messages=(*before, Message(role="user", content="Hello")))
    walk = prompted("Be kind.").walk
    assert walk is not None
    answer = asyncio.run(_awaited(walk(prompt, SimpleNamespace(student=Listener()))))["answers"]
    assert answer.prompt == prompt  # what was asked of all arms
    assert answer.text == ("system: Be short.\n\nBe kind.\nuser: Hello" if before else "system: Be kind.\nuser: Hello")


async def _awaited(made: Awaitable[Made]) -> Made:
    return await made


def test_preference_arms_take_the_teacher_at_its_word(rdpo: RunResult) -> None:
    soft, trusted, agreed = (rows(rdpo, name) for name in ("chains/train", "word/pairs", "word/agreed"))
    assert set(trusted["probability"]) == set(agreed["probability"]) == {1.0}
    assert (soft["probability"] < 1).all()
    assert trusted["margin"].to_list() == soft["margin"].to_list()
    assert 0 < len(agreed) < len(trusted)
    assert len(agreed) == (soft["margin"] > 0).sum()
    noise = {arm: (rdpo.run / "arms" / arm / "noise").read_text() for arm in ("dpo", "cdpo", "robust-dpo")}
    assert noise == {"dpo": "none 0.0", "cdpo": "conservative 0.1", "robust-dpo": "robust 0.1"}


@pytest.mark.parametrize("method", ["rdpo", "dsc"])
def test_the_data_of_a_run_is_the_students_whatever_arms_are_trained_after_it(
    method: str, request: pytest.FixtureRequest
) -> None:
    result: RunResult = request.getfixturevalue(method)
    assert RunReader(result.run).training_tables() == ["chains/train"]


def test_dsc_is_an_arm_of_rdpo_on_the_states_of_its_chains(rdpo: RunResult) -> None:
    """Every chain has a state: its revision where that scores no less, and of the others a share near exp(loss / T)."""
    states, drafts = rows(rdpo, "states/states"), rows(rdpo, "chains/drafts")
    scored = {
        name: dict(rows(rdpo, f"revised/{name}").select("item", "value").iter_rows()) for name in ("drafted", "scored")
    }
    assert len(states) == len(drafts)
    moved = dict(states.select("item", pl.col("sweep") > 0).iter_rows())
    loss = {one: scored["drafted"][one] - scored["scored"][one] for one in moved}
    assert all(moved[one] for one in moved if loss[one] <= 0)
    assert not all(moved.values())
    assert {usage.part: usage.requests - usage.recalled for usage in rdpo.usage}["states"] == 0


def test_without_acceptance_every_last_revision_is_learned(dsc: RunResult) -> None:
    taken, states = rows(dsc, "taken/revisions"), rows(dsc, "chains/train")
    assert set(taken["sweep"]) == {2}
    assert set(states["sweep"]) > {2}  # the rule refused some
    ledger = rows(dsc, "taken/ledger")
    assert not ledger["stage"].str.contains("score|accept").any()
    recalled = {usage.part: usage.recalled for usage in dsc.usage}
    assert recalled["taken"] >= 3 * len(taken)  # draft and first sweep are the chains' own, not paid for again


def test_a_trainer_that_knows_no_noise_makes_no_robust_arm(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"changed for the arm 'robust-dpo'.*unknown key 'noise'") as caught:
        toy_assembly(tmp_path, {"method": {"arms": ["robust-dpo"]}, "trainer": {"use": "sft"}}, "rdpo")
    assert "leave robust-dpo out of method.arms" in caught.value.hint


def test_a_system_prompt_without_a_text_is_refused_or_left_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="got system-prompt without a text"):
        toy_assembly(tmp_path, {"method": {"arms": ["system-prompt"]}}, "rdpo")
    plan = toy_assembly(tmp_path, {"method": {"arms": ["all"]}}, "rdpo").plan
    arms = next([arm.name for arm in one.arms] for one in plan if isinstance(one, Evaluate))
    assert "system-prompt" not in arms
    assert "self-refine" in arms


def test_a_text_that_comes_later_adds_an_arm_and_redoes_nothing(tmp_path: Path) -> None:
    first = toy_assembly(tmp_path, {"method": {"arms": ["self-refine"]}}, "rdpo")
    told = {"arms": ["self-refine", "system-prompt"], "system_prompt": "Be kind."}
    later = toy_assembly(tmp_path, {"method": told}, "rdpo")
    before, after = ({unit.part: unit.fingerprint for unit in units_of(one)} for one in (first, later))
    changed = {part for part in after if after[part] != before.get(part)}
    assert changed == {"evaluation/system-prompt", "evaluation"}


async def _nothing(*_: Any) -> Any:
    return {}


def test_changes_that_are_no_settings_are_told() -> None:
    made = Generate("a", _nothing, makes={"rows": Sample})
    wrong: Any = {1: 2}
    found = complaints_of((made, Train("student", on="a.rows", changes=wrong), Evaluate(Arm("base"))))
    assert "Train.changes" in found[0]
