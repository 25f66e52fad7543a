"""The holes that the ledger had, each as a test: what is asked is known beforehand, and whatever is lost or added is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hole_run import World
from outcomes import balanced, stage
from sctk_core.errors import CheckFailed, NothingAccepted
from sctk_core.explain import why
from sctk_core.identity import file_digest
from sctk_core.ledger import complaints_of
from sctk_core.plan import Step
from sctk_core.run import RunResult, read_result
from sctk_core.store.manifest import load_manifest
from sctk_core.store.reader import RunReader


def stages(result: RunResult) -> list[str]:
    return [count.stage for count in result.ledger]


def rewrite(run: Path, part: str, change: Any, table: str = "ledger") -> None:
    """Changes the rows of a sealed table, with its digest in the list of shards as if it had been written so."""
    path = next((run / part / table).glob("*.parquet"))
    change(pl.read_parquet(path)).write_parquet(path, compression="zstd", statistics=True)
    lines = run / part / "shards.jsonl"
    shards = [json.loads(line) for line in lines.read_text().splitlines()]
    for shard in shards:
        for name in shard["files"]:
            shard["files"][name] = file_digest(run / name)
    lines.write_text("\n".join(json.dumps(shard, sort_keys=True) for shard in shards))


ROWS = [
    {
        "number": at,
        "stage": f"p.{step}",
        "id": f"{item}/0",
        "of": item,
        "outcome": "answered",
        "record": f"{step}{item}",
    }
    for at, item in enumerate("ab")
    for step in ("draft", "critique.1", "make.train")
]
ASKED = [(f"{item}/0", [Step("draft"), Step("critique.1")]) for item in "ab"]


def test_a_balanced_ledger_has_no_complaints() -> None:
    assert list(complaints_of(ROWS, ASKED, ["train"], "p")) == []


@pytest.mark.parametrize("lost", range(len(ROWS)))
def test_each_line_that_is_lost_is_told(lost: int) -> None:
    assert list(complaints_of([row for at, row in enumerate(ROWS) if at != lost], ASKED, ["train"], "p"))


@pytest.mark.parametrize("twice", [0, 1, 3, 4])
def test_each_line_that_is_there_twice_is_told(twice: int) -> None:
    assert list(complaints_of(sorted([*ROWS, ROWS[twice]], key=lambda row: row["id"]), ASKED, ["train"], "p"))


def test_items_out_of_order_left_out_or_added_are_told() -> None:
    assert list(complaints_of([*ROWS[3:], *ROWS[:3]], ASKED, ["train"], "p"))
    assert list(complaints_of(ROWS[:3], ASKED, ["train"], "p")) == ["b/0: asked, and never answered"]
    assert list(complaints_of(ROWS, ASKED[:1], ["train"], "p")) == ["b/0: answered, and never asked"]
    assert list(complaints_of(ROWS, [ASKED[0], ASKED[0], ASKED[1]], ["train"], "p"))


def test_a_critique_is_not_optional(world: World) -> None:
    """A line of a critique taken out of a sealed ledger is told, and before anything is trained."""
    _told_before_training(
        world, lambda rows: rows.filter((pl.col("stage") != "chains.critique.1") | (pl.col("id") != rows["id"][0]))
    )


@pytest.mark.parametrize("what", ["lost", "twice", "another outcome", "an item"])
def test_a_ledger_that_was_changed_is_told_before_anything_is_trained(world: World, what: str) -> None:
    changes = {
        "lost": lambda rows: rows[1:],
        "twice": lambda rows: pl.concat([rows[:1], rows]),
        "another outcome": lambda rows: rows.with_columns(outcome=pl.lit("well")),
        "an item": lambda rows: rows.filter(pl.col("id") != rows["id"][0]),
    }
    _told_before_training(world, changes[what])


@pytest.mark.parametrize("table", ["train", "drafts"])
def test_a_training_row_too_many_is_told_before_anything_is_trained(world: World, table: str) -> None:
    _told_before_training(world, lambda rows: pl.concat([rows, rows]), table)


def _told_before_training(world: World, change: Any, table: str = "ledger") -> None:
    first = world.run({"run": {"shard_rows": 100, "eval_limit": 3}})
    rewrite(first.run, "chains", change, table)
    manifest = load_manifest(first.run / "manifest.json")
    assert manifest
    manifest.state, manifest.arms, manifest.parts["chains"].total = "running", {}, None
    for part in [name for name in manifest.parts if name.startswith(("trained/", "evaluation"))]:
        del manifest.parts[part]
    manifest.save(first.run / "manifest.json")
    world.forget()
    with pytest.raises(CheckFailed, match="the ledger of chains does not balance") as caught:
        world.run({"run": {"shard_rows": 100, "eval_limit": 3}})
    assert not world.notes("trained")
    assert "--redo chains" in caught.value.hint
    assert world.run({"run": {"shard_rows": 100, "eval_limit": 3}}, redo=["chains"]).state == "done"


def test_an_evaluator_that_answers_nothing_is_a_failure_of_every_sample(world: World) -> None:
    result = world.run({"evaluator": [{"use": "noted-evaluator", "knows": "nobody says this"}]})
    for arm in ("base", "sft", "student"):
        count = stage(result, f"{arm}.measure.noted-evaluator")
        assert (count.asked, count.failed, count.reasons) == (3, 3, {"contract: it measured nothing": 3})
    assert balanced(result.ledger)


def test_an_evaluator_that_answers_for_one_arm_only_fails_the_others(world: World) -> None:
    result = world.run({"evaluator": [{"use": "noted-evaluator", "knows": "small"}]})
    assert stage(result, "base.measure.measured").answered == 3
    for arm in ("sft", "student"):
        assert (stage(result, f"{arm}.measure.measured").failed, balanced(result.ledger)) == (3, True)
    assert not [one for one in result.metrics if one.metric == "measured" and one.arm != "base"]


def test_a_line_of_measuring_that_is_lost_is_told(world: World) -> None:
    """Measuring is balanced by the same code as a pass."""
    rows = [
        {"number": at, "stage": "base.measure.truth", "id": item, "of": item, "outcome": "answered", "record": ""}
        for at, item in enumerate("ab")
    ]
    asked = [(item, [Step("measure.truth"), Step("measure.reward")]) for item in "ab"]
    assert list(complaints_of(rows, asked, [], "base")) == [
        "a: finished without asking measure.reward", "b: finished without asking measure.reward",
    ]  # fmt: skip


def test_two_evaluators_of_one_name_stay_two(world: World) -> None:
    rows = [{"use": "noted-evaluator", "metric": "one"}, {"use": "noted-evaluator", "metric": "two"}]
    result = world.run({"evaluator": rows})
    assert len(world.notes("evaluated", metric="one")) == len(world.notes("evaluated", metric="two")) == 3
    measures = [name for name in stages(result) if name.startswith("base.measure.")]
    assert len(measures) == 3
    components = RunReader(result.run).manifest.components
    assert {components[name]["settings"]["metric"] for name in components if name.startswith("evaluator.")} == {
        "one",
        "two",
    }


def test_one_evaluator_named_twice_with_the_same_metric_is_told_apart(world: World) -> None:
    result = world.run({"evaluator": [{"use": "noted-evaluator"}, {"use": "noted-evaluator", "knows": "small"}]})
    assert {"base.measure.measured", "base.measure.measured-2"} <= set(stages(result))


def test_two_metrics_of_one_name_are_refused_with_both_who_measure_it(world: World) -> None:
    with pytest.raises(CheckFailed, match="'reward'") as caught:
        world.run({"evaluator": [{"use": "noted-evaluator", "metric": "reward"}]})
    assert "'noted-evaluator'" in caught.value.message
    assert "'noted-judge'" in caught.value.message


def test_five_hundred_unreadable_judgements_are_one_reason(world: World) -> None:
    changes = {
        "source": {"n": 250},
        "run": {"shard_rows": 100, "eval_limit": 1, "max_failed": 1.0},
        "reward": {"unreadable": True},
    }
    try:
        world.run(changes)
    except Exception as error:  # noqa: BLE001 - nothing is left to train on
        assert "0 rows" in str(error)  # noqa: PT017
    reader = RunReader(world.root / "runs" / "run")
    ledger = pl.read_parquet(reader.tables()["chains/ledger"])
    failed = ledger.filter(pl.col("outcome") == "failed")
    assert failed.height == 500
    assert failed["reason"].unique().to_list() == ["parse: no number in the reply"]
    failures = pl.read_parquet(reader.tables()["chains/failures"])
    assert failures["detail"].n_unique() > 100
    one = failures.row(0, named=True)
    shown = next(passage for passage in why(reader.path, one["id"]) if passage.id == one["id"])
    assert shown.texts["detail"] == one["detail"]


def test_two_arms_that_answer_alike_have_samples_of_their_own(world: World) -> None:
    """Greedy arms of one model: the texts are equal, and the ids are not."""
    from toy_run import toy_run

    result = toy_run(world.root, {"critic": {"use": "toy"}, "source": {"n": 2}, "trainer": {"at": "never"}}, "passes")
    found = {
        arm: pl.read_parquet(result.run / "evaluation" / arm / "answers" / "*.parquet") for arm in ("base", "student")
    }
    assert found["base"]["prompt_id"].to_list() == found["student"]["prompt_id"].to_list()
    assert not set(found["base"]["id"]) & set(found["student"]["id"])


def test_why_goes_from_a_training_row_to_the_judges_words(world: World) -> None:
    result = world.run({})
    reader = RunReader(result.run)
    pair = pl.read_parquet(reader.tables()["chains/train"]).row(0, named=True)
    scores = [passage for passage in why(result.run, pair["id"]) if passage.table == "chains/scores"]
    assert len(scores) == 2
    for passage in scores:
        assert passage.texts["said"].startswith("small ")
        assert passage.texts["asked, user 0"].startswith("judge small ")
        assert passage.facts["role"] == "judge"


def test_why_goes_from_a_measured_value_to_the_judges_words(world: World) -> None:
    result = world.run({})
    value = (
        pl.read_parquet(result.run / "evaluation" / "values" / "*.parquet")
        .filter(pl.col("metric") == "reward")
        .row(0, named=True)
    )
    passage = next(one for one in why(result.run, value["id"]) if one.id == value["id"])
    assert passage.texts["said"].startswith("small ")
    assert passage.texts["asked, user 0"].startswith("judge ")


def test_usage_of_recalled_replies_is_counted_as_of_asked_ones(world: World) -> None:
    first, second = world.run({}), world.run({}, out="again")
    assert [one.tokens_written for one in first.usage] == [one.tokens_written for one in second.usage]
    assert all(one.recalled == one.requests for one in second.usage if one.part == "chains")


def test_a_row_that_a_walk_makes_twice_is_a_bug_of_its_item(world: World) -> None:
    """Rows of one id could not be told apart by whoever reads the table, and no later part would ever balance."""
    with pytest.raises(NothingAccepted):
        world.run({"method": {"twice": True}}, "passes")
    reader = RunReader(world.root / "runs" / "run")
    walk = stage(read_result(reader.layout, reader.manifest), "first.walk")
    assert walk.reasons == {"bug: made the same row twice for 'texts', wanted each once": 4}
