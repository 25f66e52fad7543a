"""Curation in a run of the toy world: what is left out, that the ledger knows it, what breaks it, and that it goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from outcomes import stage, tables
from sctk_core.errors import NothingAccepted, PluginError
from sctk_core.explain import why
from sctk_core.ledger import OUTCOMES
from sctk_core.run import RunResult
from sctk_core.run.curating import complaints_of_sieve
from sctk_core.run.units import units_of
from toy_run import toy_assembly, toy_run

RUNNER = Path(__file__).with_name("toy_run.py")


def curate(**settings: Any) -> dict[str, Any]:
    """A recipe's change: one [[curate]] with these settings."""
    return {"curate": [{"use": "toy"} | settings]}


def stages(result: RunResult) -> list[str]:
    return [count.stage for count in result.ledger if ".measure." not in count.stage and ".evaluate" not in count.stage]


def texts(run: Path, table: str) -> list[str]:
    rows = pl.read_parquet(sorted((run / table).glob("*.parquet")))
    if "chosen" in rows.columns:
        return [turns[-1]["content"] for turns in rows["chosen"].to_list()]
    return rows["text"].to_list()


def odd(text: str) -> bool:
    return text[-1] in "13579"


@pytest.mark.parametrize("method", ["dsc", "rdpo"])
def test_the_trainer_sees_the_rows_that_stay_and_the_ledger_tells_of_the_others(tmp_path: Path, method: str) -> None:
    result = toy_run(tmp_path, curate(of="train"), method)
    before = texts(result.run, "chains/train")
    kept = [text for text in before if not odd(text)]
    assert 0 < len(kept) < len(before)
    assert (result.run / "model" / "texts").read_text().splitlines() == sorted(kept)
    assert texts(result.run, "curated/chains.train/rows") == kept
    count = stage(result, "chains.train.curate.toy")
    assert (count.asked, count.answered, count.reasons) == (12, len(kept), {"odd": 12 - len(kept)})
    assert stage(result, "student.train").asked == len(kept)
    assert stage(result, "sft.train").asked == 12
    assert all(count.asked == sum(getattr(count, name) for name in OUTCOMES) for count in result.ledger)
    assert result.state == "done"
    assert "chains.train.curate.toy: 10 held-out prompts were seen" in result.notes


def test_prompts_are_left_out_before_anything_is_asked_of_them(tmp_path: Path) -> None:
    result = toy_run(tmp_path, curate(of="prompts") | {"source": {"n": 11}})
    assert stages(result)[:2] == ["prompts.curate.toy", "chains.draft"]
    assert (stage(result, "prompts.curate.toy").asked, stage(result, "prompts.curate.toy").answered) == (11, 6)
    assert stage(result, "chains.draft").asked == 6
    kept = pl.read_parquet(result.run / "curated/prompts/rows/*.parquet")
    assert [turns[-1]["content"][9:] for turns in kept["messages"].to_list()] == ["0", "2", "4", "6", "8", "10"]


def test_curators_come_in_the_order_of_the_recipe_and_each_is_asked_of_what_the_last_one_kept(tmp_path: Path) -> None:
    twice = {"curate": [{"use": "toy"}, {"use": "toy", "of": ["train", "prompts"], "what": "none"}]}
    assembly = toy_assembly(tmp_path, twice)
    assert [unit.name for unit in units_of(assembly)] == [
        "held-out", "prompts", "curated/prompts", "chains", "curated/chains.drafts", "curated/chains.train",
        "evaluation/base", "sft", "student", "evaluation/sft", "evaluation/student", "evaluation",
    ]  # fmt: skip
    result = toy_run(tmp_path, twice)
    assert stage(result, "chains.train.curate.toy-2").asked == stage(result, "chains.train.curate.toy").answered < 12
    assert stage(result, "sft.train").asked == stage(result, "chains.drafts.curate.toy").answered < 12
    components = json.loads((result.run / "manifest.json").read_text())["components"]
    assert components["curate.toy"]["of"] == ["chains.drafts", "chains.train"]
    assert components["curate.toy-2"]["settings"]["what"] == "none"


def test_what_curation_says_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [{}, curate(), curate(of="train"), curate(what="all"), curate(after=3)]
    found = [toy_assembly(tmp_path, change).fingerprint for change in changes]
    assert len(set(found)) == 4
    assert found[4] == found[1]
    assert toy_assembly(tmp_path, curate(of=["train", "drafts"])).fingerprint == found[1]


def test_the_recipe_of_a_run_holds_its_curation(tmp_path: Path) -> None:
    result = toy_run(tmp_path, curate(of="train"))
    assert tomllib.loads((result.run / "recipe.toml").read_text())["curate"] == [{"use": "toy", "of": "train"}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"of": "trian"}, "did you mean 'train'"),
        ({"of": []}, "leave `of` out"),
        ({"of": 3}, "wanted 'prompts' or 'drafts' or 'train'"),
        ({"what": 3}, "what: got 3"),
        ({"wat": "all"}, "did you mean 'what'"),
        ({"use": "toi"}, "did you mean 'toy'"),
    ],
)
def test_a_bad_curate_is_refused_before_anything_is_asked(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(Exception, match="curat") as caught:
        toy_assembly(tmp_path, curate(**change))
    assert words in str(caught.value)


@pytest.mark.parametrize(("of", "table"), [("train", "chains.train"), ("prompts", "prompts")])
def test_where_nothing_stays_the_run_says_so_with_its_own_exit_code(tmp_path: Path, of: str, table: str) -> None:
    with pytest.raises(NothingAccepted, match=f"12 by {table}.curate.toy") as caught:
        toy_run(tmp_path, curate(of=of, what="all"))
    assert caught.value.exit_code == 5
    run = tmp_path / "runs" / "run"
    assert json.loads((run / "manifest.json").read_text())["state"] == "nothing-accepted"
    rows = pl.read_parquet(run / "curated" / table / "ledger" / "*.parquet")
    assert rows["outcome"].to_list() == ["declined"] * 12


@pytest.mark.parametrize("of", ["train", "prompts"])
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("raise", "RuntimeError: trouble"),
        ("hang", "no answer to 12 rows within 0.5 s"),
        ("few", "got 11 verdicts, wanted 12"),
        ("type", "got an int, wanted None, Declined or Failure"),
        ("list", "got a list, wanted a Curation"),
        ("sort", "AttributeError: 'tuple' object has no attribute 'sort'"),
    ],
)
def test_a_curator_in_trouble_ends_the_run_with_no_table_and_mended_it_goes_on(
    tmp_path: Path, of: str, how: str, words: str
) -> None:
    flag = tmp_path / "mended"
    changes = curate(of=of, at="curate", how=how, flag=str(flag)) | {"run": {"timeout_s": 0.5}}
    with pytest.raises(PluginError) as caught:
        toy_run(tmp_path, changes)
    assert "curate.toy: the curator 'toy' of file toy_world.py" in caught.value.message
    assert words in caught.value.message
    assert not (tmp_path / "runs/run/curated").exists()
    assert caught.value.exit_code == 3
    flag.touch()
    whole = toy_run(tmp_path / "whole", changes)
    assert tables(toy_run(tmp_path, changes).run) == tables(whole.run)


def test_a_row_that_the_curator_cannot_judge_is_failed_and_not_trained_on(tmp_path: Path) -> None:
    result = toy_run(tmp_path, curate(of="train", at="curate", how="fail", what="none"))
    count = stage(result, "chains.train.curate.toy")
    assert (count.answered, count.failed, count.reasons) == (11, 1, {"parse: cannot tell": 1})
    assert stage(result, "student.train").asked == 11
    failures = pl.read_parquet(result.run / "curated/chains.train/failures/*.parquet")
    assert failures.select("stage", "component", "kind").rows() == [("chains.train.curate.toy", "toy", "parse")]


KILLS = [
    ({"of": "train"}, {}),
    ({"of": "prompts"}, {}),
    ({}, {"trainer": "train"}),
    ({"of": "prompts"}, {"critic": "critique"}),
]


@pytest.mark.parametrize(("settings", "other"), KILLS)
def test_a_run_killed_at_its_curation_or_after_it_ends_as_if_it_had_not_been(
    tmp_path: Path, settings: dict[str, Any], other: dict[str, str]
) -> None:
    flag = tmp_path / "struck"
    kill = {"how": "kill", "flag": str(flag)}
    changes = curate(**settings) if other else curate(**settings, at="curate", **kill)
    changes |= {section: {"at": at} | kill for section, at in other.items()}
    line = [sys.executable, str(RUNNER), str(tmp_path / "killed"), json.dumps(changes)]
    assert subprocess.run(line, check=False).returncode == -9
    assert flag.exists()
    assert subprocess.run(line, check=False).returncode == 0
    whole = toy_run(tmp_path / "whole", changes)
    assert tables(tmp_path / "killed/runs/run") == tables(whole.run)
    notes = json.loads((tmp_path / "killed/runs/run/manifest.json").read_text())["notes"]
    assert notes == list(whole.notes)


@pytest.mark.parametrize(
    "torn", ["curated/chains.train/rows", "curated/chains.train/ledger", "curated/prompts/curations"]
)
def test_a_torn_shard_of_a_curated_table_is_made_again(tmp_path: Path, torn: str) -> None:
    changes = curate(of=["prompts", "train"]) | {"run": {"shard_rows": 3}}
    result = toy_run(tmp_path, changes)
    before = tables(result.run)
    file = sorted((result.run / torn).glob("*.parquet"))[-1]
    file.write_bytes(file.read_bytes()[:-9])
    assert toy_run(tmp_path, changes).state == "done"
    assert tables(result.run) == before


def test_why_tells_what_left_a_row_out_and_what_stands_for_it(tmp_path: Path) -> None:
    result = toy_run(tmp_path, curate(), "rdpo")
    gone = pl.read_parquet(result.run / "curated/chains.train/curations/*.parquet")
    passage = why(result.run, gone["row"][0])[-2]
    assert (passage.table, passage.id) == ("curated/chains.train/curations", gone["row"][0])
    assert passage.facts == {
        "stage": "chains.train.curate.toy", "reason": "odd", "because": gone["because"][0], "similarity": 0.5,
    }  # fmt: skip
    assert passage.texts["detail"] == "it ends in an odd digit"
    assert not odd(passage.texts["because of, chosen"])


def test_why_knows_a_prompt_that_was_never_asked(tmp_path: Path) -> None:
    result = toy_run(tmp_path, curate(of="prompts"))
    gone = pl.read_parquet(result.run / "curated/prompts/curations/*.parquet")["row"][0]
    found = why(result.run, gone)
    assert [passage.table for passage in found] == ["prompts/rows", "curated/prompts/curations", "made by"]
    assert found[1].texts["because of, user 0"] == "question 0"


def test_a_row_missing_from_a_curated_table_is_a_complaint() -> None:
    rows = [
        {"stage": stage, "id": name, "outcome": outcome}
        for stage, name, outcome in (
            ("one", "a", "answered"), ("one", "b", "declined"), ("two", "a", "answered"), ("two", "b", "answered"),
            ("three", "a", "answered"),
        )
    ]  # fmt: skip
    complaints, left = complaints_of_sieve(rows, ["a", "b", "c"], ["one", "two"])
    assert left == ["a", "b"]
    assert complaints == [
        "got an entry of three, wanted only ['one', 'two']",
        "one: its lines are not those of the 3 rows that it was asked of",
        "two: its lines are not those of the 1 rows that it was asked of",
    ]


def test_prompts_that_curation_keeps_otherwise_are_walked_anew(tmp_path: Path) -> None:
    """A curator that is not pure, and a torn table: whoever read what it said before reads what it says now."""
    flag = tmp_path / "mended"
    changes = curate(of="prompts", at="curate", how="fail", what="none", flag=str(flag))
    run = toy_run(tmp_path, changes).run
    flag.touch()  # from here on the curator keeps the last prompt too, which it must not
    torn = sorted((run / "curated/prompts/ledger").glob("*.parquet"))[-1]
    torn.unlink()
    result = toy_run(tmp_path, changes)
    assert stage(result, "prompts.curate.toy").answered == stage(result, "chains.draft").asked == 12
    assert stage(result, "student.train").asked == 12
