"""A run from end to end in the toy world: what it makes, what breaks it, what kills it, and that it goes on as if nothing was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from outcomes import stage, tables
from sctk_core.errors import BackendDown, ConfigError, NothingAccepted, PluginError, StoreError
from sctk_core.explain import why
from sctk_core.ledger import OUTCOMES
from sctk_core.run import RunResult, read_result
from sctk_core.store.reader import RunReader
from toy_run import toy_assembly, toy_run

RUNNER = Path(__file__).with_name("toy_run.py")


def measured(result: RunResult, arm: str, metric: str) -> float:
    return next(row.value for row in result.metrics if (row.arm, row.metric) == (arm, metric))


@pytest.mark.parametrize("method", ["dsc", "rdpo"])
def test_a_method_goes_from_prompts_to_an_evaluated_model(tmp_path: Path, method: str) -> None:
    result = toy_run(tmp_path, {}, method)
    assert result.state == "done"
    assert all(count.asked == sum(getattr(count, name) for name in OUTCOMES) for count in result.ledger)
    assert stage(result, "chains.draft").answered == 12
    assert measured(result, "base", "truth") == 0.0
    assert measured(result, "student", "truth") == measured(result, "student-base", "truth") == 1.0
    assert (result.run / "model" / "skill").read_text() == "better "
    assert json.loads((result.run / "metrics.json").read_text())[0]["arm"] == "base"


def test_the_same_line_again_asks_nothing_and_says_the_same(tmp_path: Path) -> None:
    first = toy_run(tmp_path, {})
    before = tables(first.run)
    again = toy_run(tmp_path, {"run": {"concurrency": 3}})
    assert (again.metrics, again.ledger, again.state) == (first.metrics, first.ledger, "done")
    assert tables(first.run) == before


@pytest.mark.parametrize("concurrency", [1, 8, 50])
def test_tables_do_not_depend_on_how_many_chains_are_in_flight(tmp_path: Path, concurrency: int) -> None:
    reference = tables(toy_run(tmp_path / "reference", {}).run)
    assert tables(toy_run(tmp_path / "other", {"run": {"concurrency": concurrency}}).run) == reference


KILLS = [
    ("backend", "generate", 3),
    ("backend", "generate", 40),
    ("critic", "critique", 4),
    ("critic", "revise", 7),
    ("reward", "score", 1),
    ("trainer", "train", 0),
    ("baseline", "train", 0),
    ("evaluator", "evaluate", 1),
]


@pytest.mark.parametrize(("section", "at", "after"), KILLS)
def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path, section: str, at: str, after: int) -> None:
    whole = toy_run(tmp_path / "whole", _trouble(section, at, "kill", after, tmp_path / "whole" / "base"))
    flag = tmp_path / "struck"
    changes = _trouble(section, at, "kill", after, flag)
    line = [sys.executable, str(RUNNER), str(tmp_path / "killed"), json.dumps(changes)]
    assert subprocess.run(line, check=False).returncode == -9
    assert flag.exists()
    assert subprocess.run(line, check=False).returncode == 0
    assert tables(tmp_path / "killed" / "runs" / "run") == tables(whole.run)


def _trouble(section: str, at: str, how: str, after: int = 0, flag: Path | None = None) -> dict[str, Any]:
    trouble = {"use": "toy", "at": at, "how": how, "after": after, "flag": str(flag) if flag else ""}
    return {section: [trouble] if section == "evaluator" else trouble}


@pytest.mark.parametrize("how", ["raise", "hang", "nan", "few", "reorder"])
def test_a_reward_in_trouble_leaves_a_balanced_ledger(tmp_path: Path, how: str) -> None:
    changes = _trouble("reward", "score", how, after=2) | {"run": {"timeout_s": 0.5, "concurrency": 2}}
    result = toy_run(tmp_path, changes)
    failed = sum(count.failed for count in result.ledger if count.stage.startswith("chains.score"))
    assert failed > 0 or how == "hang"  # where two hung together each is asked again by itself, and both are answered
    assert result.state == "done"
    assert all(count.asked == sum(getattr(count, name) for name in OUTCOMES) for count in result.ledger)
    assert how == "hang" or {reason for count in result.ledger for reason in count.reasons}


def test_a_reward_or_an_evaluator_that_hangs_is_told_with_its_seconds(tmp_path: Path) -> None:
    changes = _trouble("reward", "score", "hang", after=2) | {"run": {"timeout_s": 0.5, "concurrency": 1}}
    result = toy_run(tmp_path, changes | _trouble("evaluator", "evaluate", "hang"))
    told = {reason for count in result.ledger for reason in count.reasons}
    assert told == {"timeout: no answer within 0.5 s"}


def test_with_one_reply_hung_all_other_chains_finish(tmp_path: Path) -> None:
    changes = _trouble("critic", "critique", "hang", after=3) | {"run": {"timeout_s": 1.0, "concurrency": 4}}
    result = toy_run(tmp_path, changes)
    critiques = stage(result, "chains.critique.1")
    assert (critiques.answered, critiques.failed) == (11, 1)
    assert "timeout" in next(iter(critiques.reasons))


def test_another_setting_of_the_method_buys_no_reply_again(tmp_path: Path) -> None:
    first = toy_run(tmp_path, {}, "rdpo", out="first")
    n_replies = _n_replies(first.run)
    second = toy_run(tmp_path, {"method": {"temperature": 2.0}}, "rdpo", out="second")
    assert second.run != first.run
    assert _n_replies(second.run) == n_replies


def read_result_of(root: Path) -> RunResult:
    reader = RunReader(root / "runs" / "run")
    return read_result(reader.layout, reader.manifest)


def _n_replies(run: Path) -> int:
    import sqlite3

    with sqlite3.connect(run.parent / "replies.sqlite") as database:
        return int(database.execute("SELECT count(*) FROM exchange").fetchone()[0])


def test_a_torn_shard_is_seen_and_made_again(tmp_path: Path) -> None:
    result = toy_run(tmp_path, {})
    before = tables(result.run)
    torn = result.run / "chains" / "samples" / "00001.parquet"
    torn.write_bytes(torn.read_bytes()[:-20])
    assert toy_run(tmp_path, {}).state == "done"
    assert tables(result.run) == before


def test_a_directory_that_holds_another_run_is_refused(tmp_path: Path) -> None:
    toy_run(tmp_path, {})
    with pytest.raises(ConfigError, match="fingerprint") as caught:
        toy_run(tmp_path, {"run": {"seed": 1}})
    assert "they differ in run.seed (got 1, the directory has 0)" in caught.value.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": {"n": 13}}, "they differ in source.n (got 13, the directory has 12)"),
        ({"sampling": {"temperature": 0.5}}, "sampling.temperature (got 0.5, the directory has 1.0)"),
        ({"rule": {"use": "metropolis", "temperature": 2.0}}, "rule.use (got 'metropolis', the directory has 'toy')"),
        ({"run": {"limit": 3, "concurrency": 1}}, "they differ in run.limit (got 3, the directory has 0)\n"),
    ],
)
def test_a_directory_of_another_recipe_is_refused_with_the_settings_that_differ(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    toy_run(tmp_path, {})
    with pytest.raises(ConfigError) as caught:
        toy_run(tmp_path, changes)
    assert words in str(caught.value)


def test_a_changed_file_is_what_differs_where_no_setting_does(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    changes = {"source": {"use": "file", "path": str(file), "held_out_share": 0.0}, "evaluator": []}
    file.write_text('{"prompt": "a"}\n')
    toy_run(tmp_path, changes)
    file.write_text('{"prompt": "b"}\n')
    with pytest.raises(ConfigError, match="a file that the source reads was changed"):
        toy_run(tmp_path, changes)


def test_a_run_directory_in_use_is_refused(tmp_path: Path) -> None:
    import fcntl

    (tmp_path / "runs" / "run").mkdir(parents=True)
    with (tmp_path / "runs" / "run" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="in use"):
            toy_run(tmp_path, {})


FEW = "got too few or too many answers, wanted one per item"


def test_nothing_accepted_is_said_with_its_own_exit_code(tmp_path: Path) -> None:
    with pytest.raises(NothingAccepted, match="0 rows") as caught:
        toy_run(tmp_path, {"critic": {"at": "critique", "how": "few"}})
    assert caught.value.exit_code == 5
    failed = next(count for count in read_result_of(tmp_path).ledger if count.stage == "chains.critique.1")
    assert (failed.failed, failed.reasons) == (12, {f"contract: {FEW}": 12})


def test_a_trainer_that_fails_keeps_the_tables(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"the trainer .toy. of"):
        toy_run(tmp_path, {"trainer": {"at": "train", "how": "raise"}})
    assert RunReader(tmp_path / "runs" / "run").n_rows()["chains/train"] == 12


def test_given_scores_that_end_before_the_chain_are_refused_before_anything_is_asked(tmp_path: Path) -> None:
    rows = [
        {"prompt": f"question {i}", "draft": "one", "revision": "better", "draft_score": 1, "revision_score": 9}
        for i in range(6)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"use": "file", "path": str(tmp_path / "rows.jsonl"), "held_out_share": 0.0}
    with pytest.raises(ConfigError, match="got 2 given scores, wanted 3") as caught:
        toy_run(tmp_path, {"source": source, "method": {"sweeps": 2}})
    assert "sweeps = 1" in caught.value.hint
    assert _n_replies(tmp_path / "runs" / "run") == 0
    assert stage(toy_run(tmp_path, {"source": source}, out="one"), "chains.score.1").answered == 6


def test_a_section_that_the_method_does_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not read"):
        toy_assembly(tmp_path, {"rule": {"use": "toy"}}, "rdpo")


def test_why_walks_from_a_training_row_back_to_everything(tmp_path: Path) -> None:
    result = toy_run(tmp_path, {}, "rdpo")
    _, pair = RunReader(result.run).find("", column="chosen_id")[0]
    passages = why(result.run, pair["id"])
    assert [passage.table for passage in passages] == [
        "prompts/rows", "chains/samples", "chains/critiques", "chains/samples", "chains/scores", "chains/scores",
        "chains/train", "made by",
    ]  # fmt: skip
    draft = passages[1]
    assert draft.texts["text"] == pair["rejected"][-1]["content"]
    assert {"seed", "sampling", "model", "backend", "role", "stage"} <= set(draft.facts)


def test_a_backend_that_is_down_stops_the_run_with_its_exit_code(tmp_path: Path) -> None:
    assembly = toy_assembly(tmp_path, {})
    (tmp_path / "base" / "skill").unlink()
    from sctk_core.run import execute

    with pytest.raises((BackendDown, NothingAccepted)):
        execute(assembly, out=tmp_path / "runs" / "run")


def test_a_watcher_that_is_named_sees_the_run_and_one_that_breaks_does_not_stop_it(tmp_path: Path) -> None:
    log = tmp_path / "runs" / "run" / "logs" / "events.jsonl"
    (log.parent / "nowhere").mkdir(parents=True)
    watchers = [{"use": "event-log", "path": name} for name in ("events.jsonl", "nowhere")]
    result = toy_run(tmp_path, {"watcher": watchers})
    assert result.state == "done"
    names = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert (names[0], names[-1]) == ("RunStarted", "RunFinished")
    assert names.count("ItemFinished") == 12 + 3 * 10


@pytest.mark.parametrize("name", ["/tmp/elsewhere", "../events", "a/b", "..", "", "~/.profile/x", "a\0b"])
def test_a_recipe_writes_nothing_outside_of_its_run(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="wanted a name without a folder"):
        toy_run(tmp_path, {"watcher": [{"use": "event-log", "path": name}]})
    assert not (tmp_path / "runs").exists()


def test_the_log_of_a_recipe_follows_no_link(tmp_path: Path) -> None:
    precious, logs = tmp_path / "precious", tmp_path / "runs" / "run" / "logs"
    precious.write_text("precious")
    logs.mkdir(parents=True)
    (logs / "events").symlink_to(precious)
    assert toy_run(tmp_path, {"watcher": [{"use": "event-log", "path": "events"}]}).state == "done"
    assert precious.read_text() == "precious"


def test_a_full_disk_is_said_and_with_room_made_the_run_goes_on(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mount.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mount.stderr.decode().strip()}")
    changes = {"source": {"n": 200}}
    try:
        with pytest.raises(StoreError, match="full"):
            toy_run(small, changes)
        subprocess.run(["mount", "-o", "remount,size=50m", str(small)], check=True)
        result = toy_run(small, changes)
        assert tables(result.run) == tables(toy_run(tmp_path / "whole", changes).run)
    finally:
        subprocess.run(["umount", str(small)], check=True)
