"""`sctk verify`: verdicts, every seed, what is fixed beforehand, going on, a seed that fails, files and exit codes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sctk_cli.main import main

TOY = Path(__file__).parents[2] / "core" / "tests" / "toy_world.py"
CLAIMED = Path(__file__).with_name("claimed_world.py")
Told = tuple[int, str, str]


def verified(
    folder: Path, capfd: pytest.CaptureFixture[str], *more: str, method: str = "claimed", out: str = "out"
) -> Told:
    """(exit code, standard output, standard error) of one `sctk verify` in the toy world."""
    if not (folder / "model").exists():
        (folder / "model").mkdir(parents=True)
        (folder / "model" / "skill").write_text("")
    loads = ["--load", str(TOY), "--load", str(CLAIMED), "--set", f"model.path={folder / 'model'}"]
    capfd.readouterr()
    code = main(["verify", method, *loads, "--out", str(folder / out), *more])
    return code, *capfd.readouterr()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verify")


def claims_in(text: str) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in json.loads(text)["claims"]}


def times_of(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("manifest.json")}


def test_each_claim_has_its_seeds_and_the_verdict_that_they_bear(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = verified(folder, capfd, "--seeds", "3", "--json")
    found = claims_in(out)
    assert code == 1  # not all are supported
    assert {name: one["verdict"] for name, one in found.items()} == {
        "holds": "supported", "rule": "supported", "same": "not supported", "open": "undecided",
    }  # fmt: skip
    assert [seed["value"] for seed in found["holds"]["seeds"]] == [1.0, 1.0, 1.0]
    assert [(seed["seed"], seed["n"]) for seed in found["holds"]["seeds"]] == [(0, 10), (1, 10), (2, 10)]
    assert found["same"]["found"]["value"] == 0.0
    assert found["same"]["found"]["high"] < 0.5
    assert found["holds"]["at_temperature_0"]["value"] == 1.0
    assert "run 6 of 6: experiment refused, seed 2" in err
    assert any("run 6 of 6" in line and line.endswith(" left") for line in err.splitlines())


def test_what_each_arm_cost_stands_with_its_experiment(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = verified(folder, capfd, "--seeds", "3", "--json")
    one = {each["name"]: each for each in json.loads(out)["experiments"]}
    assert one["refused"]["sections"] == {"rule": {"use": "refuse-all"}}
    assert [arm["arm"] for arm in one["main"]["arms"]] == ["base", "sft", "student"]
    assert [arm["means"]["truth"] for arm in one["main"]["arms"]] == [0.0, 0.0, 1.0]
    assert {arm["arm"]: arm["n_rows"] for arm in one["main"]["arms"]}["student"] == 12


def test_the_same_line_again_makes_nothing_and_says_the_same(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, first, _ = verified(folder, capfd, "--seeds", "3", "--json")
    before = times_of(folder)
    _, again, err = verified(folder, capfd, "--seeds", "3", "--json")
    assert times_of(folder) == before
    assert len(before) == 6
    assert again == first
    assert " left" not in err  # what was finished before tells nothing of how long a run lasts


def test_the_files_hold_what_the_command_says(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = verified(folder, capfd, "--seeds", "3", "--json")
    assert json.loads((folder / "out" / "claims.json").read_text()) == json.loads(out)
    page = (folder / "out" / "claims.md").read_text()
    found = claims_in(out)
    assert all(one["digest"] in page for one in found.values())
    assert "revisions \\| help" in page
    assert "| holds | student (main) over base (main) by truth | +0.5 | +1.000 [+0.800, +1.000] |" in page
    plot = ElementTree.fromstring((folder / "out" / "claims.svg").read_text())
    texts = [one.text for one in plot.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text in found] == list(found)
    assert len(list(plot.iter("{http://www.w3.org/2000/svg}circle"))) == 12


def test_the_report_tells_every_seed_and_where_its_files_lie(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = verified(folder, capfd, "--claims", "holds,rule", "--seeds", "3")
    assert code == 0
    assert "holds  SUPPORTED\n" in out
    assert "seeds: 0: +1.000 (n 10), 1: +1.000 (n 10), 2: +1.000 (n 10)" in out
    assert f"report   {folder / 'out' / 'claims.md'}" in out
    assert "open  " not in out
    assert "not as the method states it" in out  # the model was set


def test_seeds_that_are_added_later_are_told(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    verified(tmp_path, capfd, "--claims", "holds", "--seeds", "1")
    code, out, _ = verified(tmp_path, capfd, "--claims", "holds", "--seeds", "2")
    assert "holds  UNDECIDED (fewer than 3 seeds)" in out
    assert "the number of seeds was changed after runs had begun: 1, then 2" in out
    assert code == 1


def test_claims_that_are_chosen_need_no_other_arms_and_those_that_come_later_are_added(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def arms(*more: str) -> list[str]:
        _, out, _ = verified(tmp_path, capfd, "--seeds", "1", "--json", *more, method="armed")
        return [arm["arm"] for arm in json.loads(out)["experiments"][0]["arms"]]

    assert arms("--claims", "above-base") == ["base", "sft", "student"]
    assert arms("--claims", "above-no-acceptance") == ["base", "sft", "no-acceptance", "student"]
    assert arms() == []  # all arms: among them some at equal tokens, and the toy counts none
    assert "arms at equal tokens" in verified(tmp_path, capfd, "--seeds", "1", method="armed")[2]


def test_what_was_claimed_cannot_be_changed_unseen(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    verified(folder, capfd, "--seeds", "3", "--json")
    path = folder / "out" / "registered.json"
    noted = json.loads(path.read_text())
    try:
        path.write_text(json.dumps(noted | {"claims": noted["claims"] | {"holds": "0" * 16}}))
        code, _, err = verified(folder, capfd, "--seeds", "3")
        assert code == 2
        assert "claim holds" in err
        assert "changed after runs began" in err
        assert verified(folder, capfd, "--seeds", "3", "--set", "run.limit=6")[0] == 2
        assert verified(folder, capfd, method="unmeasured")[0] == 2
        path.write_text("{")
        assert verified(folder, capfd, "--seeds", "3")[0] == 6
    finally:
        path.write_text(json.dumps(noted))


NOTED = '{"method": "claimed", "settings": {}, '
STRANGE = ["{", "[]", "[" * 100_000, "NaN", "", '{"method": "claimed", "seeds": 5}']
STRANGE += [NOTED + '"claims": [], "seeds": [1]}', NOTED + '"claims": {}, "seeds": ["a"]}']


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_what_was_noted_may_be_anything(text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "registered.json").write_text(text)
    code, _, err = verified(tmp_path, capfd, "--seeds", "1")
    assert (code, "registered.json: got " in err, "wanted what was claimed" in err) == (6, True, True)


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "out" / "registered.json")
    assert verified(tmp_path, capfd, "--seeds", "1")[0] == 6
    verified(folder, capfd, "--seeds", "3")
    shutil.copytree(folder / "out", folder / "linked")
    (folder / "linked" / "claims.json").unlink()
    (folder / "precious").write_text("precious")
    (folder / "linked" / "claims.json").symlink_to(folder / "precious")
    (folder / "linked" / "claims.md").unlink()
    os.mkfifo(folder / "linked" / "claims.md")
    assert verified(folder, capfd, "--seeds", "3", out="linked")[0] == 1
    assert (folder / "precious").read_text() == "precious"
    assert (folder / "linked" / "claims.md").is_file()


def strange_parents(run: Path, text: str) -> None:
    """Puts a text in the place of the prompts that the answers of a run hold, as a stranger does, all digests right."""
    import polars as pl
    from sctk_core.identity import content_id, file_digest

    table, shards = run / "evaluation/base/answers/00000.parquet", run / "evaluation/base/shards.jsonl"
    frame = pl.read_parquet(table)
    parents = pl.Series([text.replace("ID", name) for name in frame["prompt_id"]])
    frame.with_columns(parents.alias("parents")).write_parquet(table)
    line = json.loads(shards.read_text())
    line["files"]["evaluation/base/answers/00000.parquet"] = file_digest(table)
    shards.write_text(json.dumps(line, sort_keys=True))
    manifest = json.loads((run / "manifest.json").read_text())
    del manifest["digest"]
    manifest["parts"]["evaluation/base"]["digest"] = file_digest(shards)
    (run / "manifest.json").write_text(json.dumps(manifest | {"digest": content_id("manifest", manifest)}))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"ID": 5}', '{"ID": {"meta": "["}}', '{"ID": {"meta": "[1]"}}'])
def test_a_table_of_a_stranger_is_told(text: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    verified(folder, capfd, "--seeds", "3")
    shutil.rmtree(folder / "strange", ignore_errors=True)
    shutil.copytree(folder / "out", folder / "strange")
    strange_parents(folder / "strange" / "main-0", text)
    code, out, err = verified(folder, capfd, "--claims", "holds", "--seeds", "3", "--json", out="strange")
    assert code == 6
    assert "failed: main, seed 0: " in err
    assert "evaluation/base/answers" in err
    assert [seed["value"] for seed in claims_in(out)["holds"]["seeds"]] == [None, 1.0, 1.0]
    shutil.rmtree(folder / "strange" / "main-0" / "evaluation" / "base")
    assert verified(folder, capfd, "--claims", "holds", "--seeds", "3", out="strange")[0] == 0  # as the hint says


def test_a_seed_that_fails_is_told_and_does_not_lose_the_others(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    verified(folder, capfd, "--seeds", "3")
    shutil.copytree(folder / "out", folder / "torn")
    shutil.rmtree(folder / "torn" / "main-1")
    (folder / "torn" / "main-1").write_text("in the way")
    line = ("--claims", "holds", "--seeds", "4", "--json")
    code, out, err = verified(folder, capfd, *line, out="torn")
    found = claims_in(out)["holds"]
    assert code == 6
    assert "failed: main, seed 1: " in err
    assert [seed["value"] for seed in found["seeds"]] == [1.0, None, 1.0, 1.0]
    assert found["seeds"][1]["why"] == "main failed"
    assert (found["verdict"], found["found"]["seeds"]) == ("supported", 3)
    (folder / "torn" / "main-1").unlink()
    code, out, _ = verified(folder, capfd, *line, out="torn")
    assert (code, claims_in(out)["holds"]["found"]["seeds"]) == (0, 4)


def test_replies_are_shared_by_experiments(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The two experiments of a seed differ by their rule alone: their drafts, critiques and revisions are asked once."""
    verified(folder, capfd, "--seeds", "3")
    manifest = json.loads((folder / "out" / "refused-0" / "manifest.json").read_text())
    assert manifest["parts"]["chains"]["usage"] == {"teacher": {"asked": 0, "recalled": 36}}


@pytest.mark.parametrize(
    ("method", "more", "told"),
    [
        ("misnamed", (), "'nobody'"),
        ("claimed", ("--claims", "hold"), "'holds'"),
        ("claimed", ("--set", "rule.use=toy"), "rule.use"),
        ("claimed", ("--set", "run.seed=4"), "--seeds"),
        ("claimed", ("--set", "method.sweep=2"), "sweeps"),
        ("arms-without-claims", (), "arms-without-claims"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_anything_runs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], method: str, more: tuple[str, ...], told: str
) -> None:
    code, out, err = verified(tmp_path, capfd, *more, method=method)
    assert code in (2, 3)
    assert told in err
    assert out == ""
    assert not (tmp_path / "out").exists()


def test_a_metric_that_nobody_measures_leaves_the_claim_undecided(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = verified(tmp_path, capfd, "--seeds", "1", method="unmeasured")
    assert code == 1
    assert "metric  UNDECIDED (main: no value of beauty for student)" in out


def test_a_method_tells_its_claims(capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    for method in ("dsc", "rdpo"):
        assert main(["describe", "method", method]) == 0
        assert f"sctk verify {method}" in capfd.readouterr().out
        assert main(["describe", "method", method, "--json"]) == 0
        assert all(one["digest"] for one in json.loads(capfd.readouterr().out)["claims"])


def test_the_environment_changes_no_experiment(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first, _ = verified(folder, capfd, "--seeds", "3", "--json")
    monkeypatch.setitem(os.environ, "SCTK_RUN_LIMIT", "3")
    assert verified(folder, capfd, "--seeds", "3", "--json")[1] == first
