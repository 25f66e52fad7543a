"""Arms at equal tokens, the fits that they are made by, and what is said of a student that loses to one."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from counted_world import DRAFT, OTHER
from sctk_core import CheckFailed, Generate, Message, PluginError, Prompt, Sample, Train
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plan import Arm, Evaluate, Fit, Plan
from sctk_core.plan_rules import complaints_of
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.rivals import NAMES, n_drafts, rivals_of
from sctk_core.run import RunResult, execute
from sctk_core.run.evaluation import comparisons, losses
from sctk_core.run.measuring import Sheet
from sctk_core.statistics import Design
from toy_run import toy_assembly

COUNTED = Path(__file__).with_name("counted_world.py")
N_PROMPTS, N_HELD_OUT = 12, 10
PREFERENCES = ("dpo", "filtered-dpo", "cdpo", "robust-dpo")
OF_CHAINS = ("dsc", *PREFERENCES)


def counted(root: Path, arms: list[str], method: str = "rdpo", **changes: Any) -> RunResult:
    changes |= {
        "backend": {"use": "counted"},
        "method": {"arms": arms, "system_prompt": "Be kind."} | changes.get("method", {}),
    }
    return execute(toy_assembly(root, changes, method, also=[COUNTED]), out=root / "run")


def rows(result: RunResult, table: str) -> pl.DataFrame:
    return pl.read_parquet(result.run / f"{table}/*.parquet")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return counted(tmp_path_factory.mktemp("rivals"), ["all"])


def test_a_prompt_has_as_many_drafts_as_its_chains_tokens_write(result: RunResult) -> None:
    """A chain writes 10 tokens and a draft 4: two drafts or three, two and a half on the mean."""
    ledger = rows(result, "tries/ledger").filter(pl.col("stage") == "tries.draft")
    per_prompt = Counter(ledger["id"].to_list())
    assert rows(result, "budget/rows").rows() == [("n", (DRAFT + 2 * OTHER) / DRAFT)]
    assert set(per_prompt.values()) == {2, 3}
    assert len(per_prompt) == N_PROMPTS


def test_the_mean_of_the_drafts_is_the_budget() -> None:
    prompts = [Prompt(messages=(Message(role="user", content=f"question {n}"),)) for n in range(4000)]
    counts = [n_drafts(prompt, {"n": 2.3}) for prompt in prompts]
    assert set(counts) == {2, 3}
    assert sum(counts) / len(counts) == pytest.approx(2.3, abs=0.03)
    assert {n_drafts(prompt, {"n": 2.0}) for prompt in prompts} == {2}


def test_each_arm_learns_from_what_it_is_named_for(result: RunResult) -> None:
    scores = {row["sample_id"]: row["value"] for row in rows(result, "tries/scores").iter_rows(named=True)}
    drafts = rows(result, "tries/drafts")
    by_prompt: dict[str, list[str]] = {}
    for row in drafts.iter_rows(named=True):
        by_prompt.setdefault(row["prompt_id"], []).append(row["id"])
    for row in rows(result, "tries/best").iter_rows(named=True):
        assert scores[row["id"]] == max(scores[one] for one in by_prompt[row["prompt_id"]])
    level = sum(scores.values()) / len(scores)
    assert set(rows(result, "passing/accepted")["id"]) == {one for one, value in scores.items() if value >= level}
    revised = rows(result, "revisions/accepted")
    assert revised["text"].str.starts_with("better").all()
    assert set(rows(result, "chains/drafts")["id"]) < set(drafts["id"])  # the first of them is the chain's own


def test_what_each_arm_cost_is_told(result: RunResult) -> None:
    costs = {one.arm: one for one in result.costs}
    assert list(costs) == ["base", "sft", *NAMES, *OF_CHAINS, "student"]
    chain, n_tries = DRAFT + 2 * OTHER, len(rows(result, "tries/drafts"))
    written = {name: cost.tokens_written for name, cost in costs.items()}
    expected = dict.fromkeys(("base", "best-of-n", "system-prompt", "self-refine"), 0) | {"sft": DRAFT * N_PROMPTS}
    expected |= dict.fromkeys(("student", "sft-revisions", *OF_CHAINS), chain * N_PROMPTS)
    assert written == expected | dict.fromkeys(("sft-drafts", "sft-best", "sft-filtered"), DRAFT * n_tries)
    assert abs(DRAFT * n_tries - chain * N_PROMPTS) <= DRAFT * N_PROMPTS / 2
    assert costs["student"].written_per_answer == costs["system-prompt"].written_per_answer == DRAFT
    assert costs["self-refine"].written_per_answer == chain
    assert 2 * DRAFT <= costs["best-of-n"].written_per_answer <= 3 * DRAFT
    assert (costs["sft"].n_rows, costs["sft-drafts"].n_rows) == (N_PROMPTS, n_tries)


def test_arms_that_are_added_redo_nothing(tmp_path: Path) -> None:
    first = counted(tmp_path, [])
    drafts = sorted((first.run / "chains").rglob("*.parquet"))
    before = [file.stat().st_mtime_ns for file in drafts]
    again = counted(tmp_path, ["sft-best"])
    assert [file.stat().st_mtime_ns for file in drafts] == before
    assert [cost.arm for cost in again.costs] == ["base", "sft", "sft-best", "student"]
    told = {usage.part: (usage.requests, usage.recalled) for usage in again.usage}
    assert told["tries"][1] == N_PROMPTS  # the chain's own drafts are not paid for again


def test_dsc_has_the_same_arms(tmp_path: Path) -> None:
    done = counted(tmp_path, ["sft-revisions", "best-of-n"], method="dsc")
    assert set(rows(done, "moved/accepted")["sweep"]) == {1}
    assert [cost.arm for cost in done.costs] == ["base", "sft", "sft-revisions", "best-of-n", "student"]


def test_tokens_that_nobody_counted_make_no_equal_arms(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="drafts without a count of tokens"):
        execute(toy_assembly(tmp_path, {"method": {"arms": ["best-of-n"]}}, "rdpo"), out=tmp_path / "run")


def fitted(root: Path, gives: str) -> RunResult:
    (root / "base").mkdir()
    (root / "base" / "skill").write_text("")
    toy = {"use": "toy"}
    sections: dict[str, Any] = {"source": toy, "trainer": toy, "evaluator": [toy], "backend": {"use": "counted"}}
    sections |= {"model": {"path": str(root / "base")}, "method": {"use": "fitted", "gives": gives}}
    known = catalogue([Path(__file__).with_name("toy_world.py"), COUNTED])
    recipe = with_defaults([Layer(origin="test", sections=sections)], known)
    return execute(assemble(recipe, known), out=root / "run")


def test_a_fit_is_made_of_rows_and_of_what_they_cost(tmp_path: Path) -> None:
    done = fitted(tmp_path, "number")
    assert rows(done, "size/rows").rows() == [("n", N_PROMPTS), ("written", DRAFT * N_PROMPTS)]
    assert len(rows(done, "second/rows")) == N_PROMPTS
    assert fitted_again(tmp_path).state == "done"


def fitted_again(root: Path) -> RunResult:
    shutil.rmtree(root / "base")
    return fitted(root, "number")


@pytest.mark.parametrize("gives", ["nan", "text", "nothing", "raise"])
def test_a_fit_that_gives_no_numbers_is_its_methods_fault(tmp_path: Path, gives: str) -> None:
    with pytest.raises(PluginError, match=r"'fitted'.*the fit 'size'"):
        fitted(tmp_path, gives)


async def _nothing(*_: Any) -> Any:
    return {}


def _plan(*more: Any) -> Plan:
    return (
        Generate("a", _nothing, makes={"rows": Sample}),
        *more,
        Train("student", on="a.rows"),
        Evaluate(Arm("base")),
    )


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (_plan(Fit("f", "a.rows", _nothing), Generate("b", _nothing, makes={"rows": Sample}, fit="f")), ""),
        (_plan(Generate("b", _nothing, makes={"rows": Sample}, fit="f")), "b: walks by the fit 'f'"),
        (_plan(Fit("f", "b.rows", _nothing)), "f: is made of 'b.rows'"),
        (_plan(Fit("a", "a.rows", _nothing)), "got the name 'a' again"),
        (_plan(Fit("f", "prompts", _nothing)), "f: is made of 'prompts'"),
        (
            _plan(Generate("b", _nothing, makes={"rows": Sample}, rests_on={"other": ("draft",)})),
            "b: says what 'other'",
        ),
        ((*_plan(), Evaluate(Arm("base", fit="f"), name="more")), "base: walks by the fit 'f'"),
    ],
)
def test_fits_keep_to_the_rules_of_plans(plan: Plan, said: str) -> None:
    found = complaints_of(plan)
    assert (found[0] if found else "")[: len(said) or None] == said


def test_the_names_of_rivals_are_made_only_where_they_are_wanted() -> None:
    revisions = (Generate("moved", _nothing, over="chains.train", makes={"accepted": Sample}),)
    assert rivals_of([], drafts="chains.drafts", revisions=revisions).plan == ()
    only = rivals_of(["sft-revisions"], drafts="chains.drafts", revisions=revisions)
    assert [type(one).__name__ for one in only.plan] == ["Generate", "Train"]


def test_an_arm_that_loses_is_said_to() -> None:
    asked = [Prompt(messages=(Message(role="user", content=f"question {n}"),)) for n in range(N_PROMPTS)]
    arms = {arm: [Sample(prompt=one, text=f"{arm} {one.id}") for one in asked] for arm in ("sft-best", "student")}
    sheet = Sheet()
    for metric in ("truth", "words"):
        column = sheet.metric(metric, metric)
        for arm, samples in arms.items():
            column |= {(arm, sample.id): float(arm == "sft-best") for sample in samples}
    found = comparisons(sheet, arms, Design(differences=[("student", "sft-best")]), {"truth"})
    told = {one.metric: one.verdict for one in found if one.arm == "student-sft-best" and "." not in one.metric}
    assert told == {"truth": "below zero: student loses to sft-best", "words": "below zero"}
    assert [line.partition(":")[0] for line in losses(found)] == ["student loses to sft-best, by truth"]
