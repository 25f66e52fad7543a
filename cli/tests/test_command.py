"""The command from outside: exit codes, what goes to which stream, and that nothing it shows can act on a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sctk_cli.lazy import LazyGroup
from sctk_cli.main import COMMANDS, cli, main
from sctk_cli.recipe_sections import sections
from sctk_core.config import settings_of
from sctk_core.recipe import ALWAYS, FIXED, LISTS

TOY = Path(__file__).parents[2] / "core" / "tests" / "toy_world.py"
HEAVY = {"torch", "transformers", "vllm", "numpy", "trl", "polars", "sqlite3", "asyncio", "rich", "pluggy", "sctk_core"}


def told(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of one command."""
    capfd.readouterr()
    code = main(arguments)
    return code, *capfd.readouterr()


def finished(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sctk_cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)


def cpu_s(*arguments: str) -> float:
    """The least CPU time of several runs of a Python process."""
    found = []
    for _ in range(5):
        before = os.times()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        after = os.times()
        found.append(sum(after[2:4]) - sum(before[2:4]))
    return min(found)


def test_help_is_quick_and_brings_nothing_heavy() -> None:
    program = "import sys\nfrom sctk_cli.main import main\nmain(['--help'])\nprint(chr(10).join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Commands:" in done.stdout
    assert not set(done.stderr.split()) & HEAVY
    assert cpu_s("-m", "sctk_cli.main", "--help") - cpu_s("-c", "pass") <= 0.15


SUBCOMMANDS = {"plugin": ["check"], "judge": ["read"], "reward": ["check"]}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_the_list_says_and_gives_examples(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert isinstance(cli, LazyGroup)
    command = cli.commands.get(name) or cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.get_short_help_str(200).rstrip(".") == COMMANDS[name][1].rstrip(".")
    code, out, _ = told(capfd, name, *SUBCOMMANDS.get(name, ()), "--help")
    assert code == 0
    assert f"  sctk {name}" in out


def test_a_wrong_word_gets_advice(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capfd, "rum")
    assert (code, out) == (2, "")
    assert "did you mean 'run'?" in err
    assert told(capfd, "run", "--plugn", "dsc")[0] == 2


def test_a_run_prints_one_object_and_the_same_again(toy: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capfd, *toy, "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["run"], found["state"]) == (toy[-1], "done")
    ledger = found["ledger"]
    assert ledger["asked"] == ledger["answered"] + ledger["failed"] + ledger["declined"] > 0
    assert {stage["stage"] for stage in ledger["stages"]} >= {
        "chains.draft", "chains.critique.1", "chains.accept.1", "student.train",
    }  # fmt: skip
    numbers = {"arm", "metric", "value", "low", "high", "n", "n_asked", "worst", "best", "p", "p_holm", "verdict"}
    assert set(found["metrics"][0]) == numbers
    arms = {row["arm"] for row in found["metrics"] if row["metric"] == "truth"}
    assert arms == {"base", "sft", "student", "student-base", "student-sft"}
    assert json.loads((Path(toy[-1]) / "metrics.json").read_text()) == found["metrics"]
    assert "student.train: done" in err
    code, again, _ = told(capfd, *toy, "--json")
    assert json.loads(again) == found
    assert {one["role"] for one in found["usage"]} == {"teacher", "student"}
    assert sum(one["requests"] for one in found["usage"]) == 3 * 12 + 3 * 10


def test_a_run_ends_with_a_table_that_says_where_things_lie(toy: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capfd, *toy, "--limit", "5")
    assert code == 0
    run = toy[-1]
    lines = out.splitlines()
    truth = next(line for line in lines if line.startswith("truth"))
    assert truth.split()[:2] == ["truth", "base"]
    assert any("student-base" in line and "+1.000" in line and "above zero" in line for line in lines)
    assert any(line.split() == ["chains.draft", "5", "5", "0", "0"] for line in lines)
    for line in (f"model    {run}/model", f"data     {run}/chains/train", f"metrics  {run}/metrics.json"):
        assert line in lines
    shown = lines[-1].split()
    assert shown[:3] == ["sctk", "why", run]


def test_show_and_why_tell_the_way_back_of_a_training_row(
    toy: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    prompts = tmp_path / "prompts.jsonl"
    attack = "question \x1b]0;owned\x07 [red]five[/red]"
    prompts.write_text("".join(json.dumps({"prompt": f"{attack} {n}"}) + "\n" for n in range(20)))
    run = toy[-1]
    assert told(capfd, *toy, "--prompts", str(prompts))[0] == 0
    code, out, _ = told(capfd, "show", run, "--rows", "2")
    assert code == 0
    assert f"run      {run}: dsc, done, fingerprint " in out
    assert "file toy_world.py" in out
    row = out.splitlines()[-1].split()[0]
    code, out, _ = told(capfd, "why", run, row)
    assert code == 0
    assert "\x1b" not in out
    assert "    | question \\x1b]0;owned\\x07 [red]five[/red]" in out
    tables = [line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")]
    assert tables[:4] == ["prompts/rows", "chains/samples", "chains/critiques", "chains/samples"]
    assert {"chains/scores", "chains/decisions", "made"} <= set(tables)
    for fact in ("seed", "temperature", "reply", "digest", "fingerprint", "version", "accepted", "value"):
        assert f" {fact} " in out, fact
    _, out, _ = told(capfd, "why", run, row, "--json")
    passages = json.loads(out)["passages"]
    assert [one["table"] for one in passages][:4] == tables[:4]
    assert passages[0]["texts"]["user 0"].startswith(attack)
    assert told(capfd, "why", run, "zzz")[0] == told(capfd, "show", str(tmp_path))[0] == 2


def test_show_tells_what_a_run_that_stopped_has(toy: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capfd, *toy, "--set", "trainer.at=train", "--set", "trainer.how=raise")
    assert (code, out) == (3, "")
    assert "is broken: student.train: train() raised RuntimeError: trouble" in err
    code, out, _ = told(capfd, "show", toy[-1], "--json")
    found = json.loads(out)
    assert (code, found["state"], found["metrics"]) == (0, "running", [])
    assert found["ledger"]["asked"] == found["ledger"]["answered"] > 0
    assert found["tables"]["chains/train"] == 12


def test_what_plugins_and_engines_print_stays_off_standard_output(
    toy: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noisy = tmp_path / "noisy.py"
    noise = "import os\nprint('noise')\nos.system('echo noise of a child')\n"
    noisy.write_text(TOY.read_text().replace("import asyncio\n", f"import asyncio\n{noise}", 1))
    code, out, err = told(capfd, *[str(noisy) if word == str(TOY) else word for word in toy], "--json")
    assert code == 0
    assert json.loads(out)["state"] == "done"
    assert "noise of a child" in err


WATCHERS = """
from dataclasses import dataclass
from pathlib import Path
from sctk_core import Component, hookimpl

@hookimpl
def sctk_watchers():
    return [Component(name=name, target=f"watchers:{name.title()}", summary="") for name in ("tape", "bomb")]

class Tape:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        pass

    def __init__(self, config):
        self.file = Path(__file__).with_suffix(".txt").open("w")

    def notify(self, event):
        print(type(event).__name__, file=self.file, flush=True)

class Bomb(Tape):
    def __init__(self, config):
        pass

    def notify(self, event):
        raise RuntimeError("boom")
"""


def test_a_watcher_sees_every_event_once_named_and_one_that_breaks_breaks_nothing(
    toy: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "watchers.py"
    file.write_text(WATCHERS)
    load = ["--load", str(file)]
    assert told(capfd, *toy, *load, "--limit", "4")[0] == 0
    assert not file.with_suffix(".txt").exists()
    other = [*toy[:-1], str(tmp_path / "runs" / "second")]
    code, out, err = told(capfd, *other, *load, "--limit", "4", "--watch", "bomb", "--watch", "tape", "--json")
    assert code == 0
    assert "RuntimeError: boom" in err
    assert "Traceback" not in err
    assert json.loads(out)["state"] == "done"
    events = file.with_suffix(".txt").read_text().split()
    assert (events[0], events[-1]) == ("RunStarted", "RunFinished")
    assert events.count("ItemFinished") == 4 + 3 * 10
    assert told(capfd, *toy, *load, "--watch", "nobody")[0] == 3
    log = tmp_path / "events.jsonl"
    assert told(capfd, *toy, "--limit", "4", "--watch", f"event-log path={log}")[0] == 0
    assert len(log.read_text().splitlines()) >= 2


def test_what_rows_are_read_as_is_told_before_anything_is_asked_and_after(
    toy: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"instruction": "Sort.", "input": f"b a {n}", "output": "a b"} for n in range(30)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    notes = [
        f"note: {file}: read as Alpaca: instruction + input -> prompt", f"note: {file}: not read, and holding text: output",
    ]  # fmt: skip
    code, out, err = told(capfd, "check", *toy[1:-2], "--prompts", str(file))
    assert code == 0
    told_first = [line for line in out.splitlines() if line.startswith("note")]
    assert told_first[:2] == notes
    assert told_first[2].startswith(f"note: {file}: held out: 6 of 30 questions")
    code, out, err = told(capfd, *toy, "--prompts", str(file), "--limit", "4")
    assert code == 0
    assert err.splitlines()[:3] == told_first
    assert notes[0] in out.splitlines()
    assert notes[1] in told(capfd, "show", toy[-1])[1].splitlines()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--set", "method.sweps=2"], 2, ["unknown key 'sweps'", "did you mean 'sweeps'?"]),
        (["--set", "method.sweeps=99"], 2, ["got 99", "1 to 32"]),
        (["--set", "sweeps=1"], 2, ["wanted SECTION.KEY=VALUE"]),
        (["--set", "rewrd.use=toy"], 2, ["unknown section [rewrd]", "'reward'"]),
        (["--plugin", "dcs"], 3, ["no method named 'dcs'", "did you mean 'dsc'?"]),
        (["--set", "reward.use=nope"], 3, ["no reward named 'nope'"]),
        (["--model", "./nowhere"], 2, ["'./nowhere'", "no directory"]),
        (["--load", "nowhere.py"], 2, ["nowhere.py", "no such file"]),
        (["--limit", "-1"], 2, ["--limit"]),
    ],
)
def test_bad_input_is_told_in_words(
    toy: list[str], arguments: list[str], code: int, words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    got, out, err = told(capfd, *toy, *arguments)
    assert (got, out) == (code, "")
    for word in words:
        assert word in err
    assert "Traceback" not in err
    assert not Path(toy[-1]).exists()


def test_a_recipe_that_is_wrong_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "r.toml"
    assert told(capfd, "run", str(recipe))[0] == 2
    recipe.write_bytes(b"\xff")
    assert "not UTF-8" in told(capfd, "run", str(recipe))[2]
    recipe.write_text("[method")
    assert "invalid TOML" in told(capfd, "run", str(recipe))[2]
    code, _, err = told(capfd, "run")
    assert code == 2
    assert "got no method" in err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.jsonl", b"", "empty file"),
        ("bytes.jsonl", b"\xff\xfe", "wanted UTF-8"),
        ("column.jsonl", b'{"foo": 1}', "no column with a prompt (columns: foo)"),
        ("cut.jsonl", b'{"prompt": "x"', "no valid JSON"),
        ("rows.json", b"[]", "got no row"),
        ("table.csv", b"prompt,b", "got no row"),
        ("table.txt", b"a,b", "'.txt'"),
        ("nowhere.jsonl", None, "no such file"),
    ],
)
def test_prompts_that_cannot_be_read_are_told(
    toy: list[str], tmp_path: Path, name: str, content: bytes | None, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, out, err = told(capfd, *toy, "--prompts", str(tmp_path / name))
    assert (code, out) == (2, "")
    assert name in err
    assert words in err
    assert "hint: " in err


def test_a_directory_in_use_or_read_only_is_exit_6(toy: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    run = Path(toy[-1])
    run.mkdir(parents=True)
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, out, err = told(capfd, *toy)
    assert (code, out) == (6, "")
    assert "in use" in err
    assert told(capfd, *toy[:-1], "/proc/nowhere")[0] == 6


def test_a_fault_of_ours_is_a_message_and_a_traceback_on_request(toy: list[str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('boom')")
    done = finished("describe", "reward", "x", "--load", str(broken))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    shown = finished("describe", "reward", "x", "--load", str(broken), env={**os.environ, "SCTK_DEBUG": "1"})
    assert "Traceback" in shown.stderr
    assert shown.returncode == 3


def test_the_sections_of_a_recipe_are_described(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capfd, "describe", "recipe")
    assert code == 0
    for section in {*FIXED, "roles.NAME"} - {*ALWAYS, *LISTS, "roles"}:
        assert f"[{section}]" in out.splitlines()
    code, out, _ = told(capfd, "describe", "recipe", "thoughts")
    assert '  train: "answer" or "all", default "answer"' in out.splitlines()
    assert (
        "variables"
        in json.loads(told(capfd, "describe", "recipe", "roles.judge.template", "--json")[1])["roles.NAME"][4]["help"]
    )
    code, _, err = told(capfd, "describe", "recipe", "thought")
    assert (code, "did you mean 'thoughts'?" in err) == (2, True)
    assert told(capfd, "describe", "reward")[0] == 2


def test_every_setting_of_a_section_says_what_it_is() -> None:
    assert not [one.name for config in sections().values() for one in settings_of(config) if not one.help]


def test_check_and_config_ask_nobody(toy: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    arguments = [word for word in toy[1:] if word not in ("--out", toy[-1])]
    code, out, _ = told(capfd, "check", *arguments)
    assert code == 0
    assert "toy_world.py" in out
    assert "asks draft score.0 critique.1" in out
    code, out, _ = told(capfd, "config", *arguments, "--origin", "--set", "method.sweeps=2", "--limit", "3")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert rows["method.sweeps"] == ["2", "--set"]
    assert rows["run.limit"] == ["3", "flag"]
    assert rows["reward.use"][0] == '"toy"'
    assert rows["reward.use"][1].endswith("recipe.toml")
    assert not Path(toy[-1]).exists()


def test_the_environment_lies_between_recipe_and_flags(
    toy: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCTK_METHOD_SWEEPS", "3")
    monkeypatch.setenv("SCTK_RUN_LIMIT", "7")
    arguments = [word for word in toy[1:] if word not in ("--out", toy[-1])]
    _, out, _ = told(capfd, "config", *arguments, "--json", "--limit", "4")
    sections = json.loads(out)["sections"]
    assert (sections["method"]["sweeps"], sections["run"]["limit"]) == (3, 4)


def test_curation_is_checked_shown_run_and_explained(toy: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    recipe, run = Path(toy[1]), toy[-1]
    recipe.write_text(f'{recipe.read_text()}[[curate]]\nuse = "toy"\nof = "train"\n')
    code, out, _ = told(capfd, "check", *toy[1:-2])
    assert code == 0
    assert "curate chains.train" in out
    assert "curated/chains.train  left by toy" in out
    assert '{"use": "toy", "of": "train"}' in told(capfd, "config", *toy[1:-2])[1]
    assert json.loads(told(capfd, "config", *toy[1:-2], "--json")[1])["curation"] == [{"use": "toy", "of": "train"}]
    assert main(toy) == 0
    _, out, _ = told(capfd, "show", run)
    assert "chains.train.curate.toy" in out
    assert "x odd" in out
    assert f"data     {run}/curated/chains.train/rows" in out
    assert "curate.toy " in out
    gone = Path(run) / "curated/chains.train/curations"
    row = next(iter(_rows(gone)))
    assert "because" in told(capfd, "why", run, row["row"])[1]


def test_a_curate_on_the_command_line_stands_in_place_of_the_recipes(
    toy: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    line = ["check", *toy[1:-2], "--set", "curate.use=toy", "--set", "curate.of=prompts"]
    assert "curated/prompts     left by toy" in told(capfd, *line)[1]
    code, _, err = told(capfd, *line[:-1], "curate.of=promts")
    assert code == 2
    assert "did you mean 'prompts'?" in err


def _rows(folder: Path) -> list[dict[str, Any]]:
    import polars as pl

    return list(pl.read_parquet(folder / "*.parquet").iter_rows(named=True))


def test_a_part_that_asks_nobody_is_said_to(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capfd, "check", "--plugin", "mirror")
    assert code == 0
    assert "asks nobody, goes over each of teacher.judged, makes predict, explain, validation" in out
    assert "asks  of" not in out


def test_arms_by_a_flag_are_parts_of_the_run(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capfd, "check", "--plugin", "dsc", "--arms", "sft-best, best-of-n")
    assert code == 0
    assert "fits numbers to chains.drafts" in out
    assert "learns from tries.best, starts from base [baseline]" in out
    assert "measures base, sft, sft-best, best-of-n, student on held-out" in out
    code, _, err = told(capfd, "check", "--plugin", "dsc", "--arms", "best-of-five")
    assert (code, "best-of-five" in err, '"sft-best"' in err) == (2, True, True)


def test_describe_tells_the_scale_of_a_reward(capfd: pytest.CaptureFixture[str]) -> None:
    assert "scale: 0 to 5; a difference of 1: one step" in told(capfd, "describe", "reward", "judge")[1]
    assert json.loads(told(capfd, "describe", "reward", "rules", "--json")[1])["scale"]["high"] == 1.0
