"""Roles and chained fingerprints: who says what, which engines there are and when, and what is made anew."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hole_run import World
from sctk_core.errors import ConfigError, PluginError
from sctk_core.explain import why
from sctk_core.run import RunResult
from sctk_core.store.reader import RunReader


def roles_of(result: RunResult, part: str) -> dict[str, str]:
    """step -> the role in whose words it was answered."""
    ledger = pl.read_parquet(RunReader(result.run).tables()[f"{part}/ledger"])
    return {row["stage"].removeprefix(f"{part}."): row["role"] for row in ledger.iter_rows(named=True)}


def models(world: World, **facts: Any) -> list[str]:
    """The models that were asked, in order of first use."""
    return list(dict.fromkeys(row["model"] for row in world.notes("asked", **facts)))


def test_a_teacher_with_a_model_backend_and_sampling_of_its_own(world: World) -> None:
    teacher = {"model": world.model("big"), "backend": {"use": "noted", "tag": "!"}, "sampling": {"temperature": 0.3}}
    result = world.run({"roles": {"teacher": teacher}})
    drafts = world.notes("asked", said="question 0")
    assert [(row["model"], row["temperature"]) for row in drafts] == [("big", 0.3)]
    pair = pl.read_parquet(RunReader(result.run).tables()["chains/train"]).row(0, named=True)
    assert pair["rejected"][-1]["content"].startswith("big! ")
    assert pair["chosen"][-1]["content"].startswith("big! ")
    assert {row["model"] for row in world.notes("asked") if row["said"].startswith("held out")} == {
        "small",
        "sft",
        "model",
    }
    assert roles_of(result, "chains") == {
        "draft": "teacher", "critique.1": "teacher", "revise.1": "teacher", "score.0": "judge", "score.1": "judge",
        "make.drafts": "", "make.train": "",
    }  # fmt: skip
    manifest = RunReader(result.run).manifest
    assert manifest.roles["teacher"]["path"] == world.model("big")
    assert manifest.roles["judge"]["path"] == manifest.roles["student"]["path"] == world.model("small")
    draft = next(passage for passage in why(result.run, pair["id"]) if passage.table == "chains/samples")
    assert (draft.facts["role"], draft.facts["model"]) == ("teacher", manifest.roles["teacher"]["model"])


def test_a_role_left_out_is_the_student_as_it_came_also_after_training(world: World) -> None:
    """`third` is played by a trained arm and asked by its student; the judge of the evaluation is still the model that came."""
    world.run({}, "passes")
    assert {row["model"] for row in world.notes("asked") if row["said"].startswith(("judge", "critique"))} == {"small"}
    assert {row["model"] for row in world.notes("asked", said="question 0")} == {"small", "early"}
    last = max(at for at, row in enumerate(_all(world)) if row["event"] == "trained")
    judged = [row for row in _all(world)[last:] if row["event"] == "asked" and row["said"].startswith("judge model")]
    assert judged
    assert {row["model"] for row in judged} == {"small"}


def _all(world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (world.root / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("section", ["critic", "reward"])
def test_a_section_says_whose_words_it_uses(world: World, section: str) -> None:
    result = world.run({"roles": {"expert": {"model": world.model("expert")}}, section: {"role": "expert"}})
    word = {"critic": "critique", "reward": "judge"}[section]
    assert {row["model"] for row in world.notes("asked") if row["said"].startswith(word)} == {"expert"}
    step = {"critic": "critique.1", "reward": "score.0"}[section]
    assert roles_of(result, "chains")[step] == "expert"


def test_an_evaluator_says_whose_words_it_uses(world: World) -> None:
    evaluator = [{"use": "asking", "role": "expert"}]
    result = world.run({"roles": {"expert": {"model": world.model("expert")}}, "evaluator": evaluator})
    examined = [row for row in world.notes("asked") if row["said"].startswith("examine")]
    assert {row["model"] for row in examined} == {"expert"}
    used = [one for one in result.usage if (one.part, one.role) == ("evaluation", "expert")]
    assert [one.requests for one in used] == [len(examined)] == [9]


def test_a_role_is_refused_on_a_component_that_asks_no_model(world: World) -> None:
    with pytest.raises(ConfigError, match="asks no model"):
        world.run({"reward": {"use": "lonely", "role": "judge"}})
    with pytest.raises(ConfigError, match="asks no model"):
        world.run({"evaluator": [{"use": "noted-evaluator", "role": "judge"}]})
    with pytest.raises(ConfigError, match="role"):
        world.run({"trainer": {"role": "teacher"}})


def test_a_role_that_nobody_speaks_in_is_refused(world: World) -> None:
    with pytest.raises(ConfigError, match=r"\[roles.jugde\].*nobody speaks in.*judge, teacher"):
        world.run({"roles": {"jugde": {"model": world.model("wise")}}})
    with pytest.raises(ConfigError, match=r"\[roles.judge\].*nobody speaks in"):
        world.run({"roles": {"judge": {"model": world.model("wise")}}, "reward": {"use": "lonely"}})
    with pytest.raises(ConfigError, match="played by"):
        world.run({"roles": {"student": {"model": world.model("wise")}}})
    assert not world.notes("built")


def test_roles_of_one_model_share_one_engine(world: World) -> None:
    """Teacher, judge and student name the same directory: it is loaded once before training, and once to measure."""
    same = {"model": world.model("small")}
    world.run({"roles": {"teacher": same, "judge": same}})
    before = _before_training(world)
    assert [row["model"] for row in before if row["event"] == "built"] == ["small"]


def _before_training(world: World) -> list[dict[str, Any]]:
    rows = _all(world)
    return rows[: next(at for at, row in enumerate(rows) if row["event"] == "trained")]


def test_engines_are_closed_before_training_and_at_the_end(world: World) -> None:
    world.run({"roles": {"teacher": {"model": world.model("big")}}}, "passes")
    standing = 0
    for row in _all(world):
        standing += {"built": 1, "closed": -1}.get(row["event"], 0)
        assert not (row["event"] == "trained" and standing)
    assert standing == 0


def test_a_run_whose_replies_are_all_stored_builds_no_backend(world: World) -> None:
    first = world.run({})
    world.forget()
    second = world.run({}, out="again")
    assert not world.notes("built")
    assert not world.notes("asked")
    assert second.metrics == first.metrics


def test_usage_is_told_by_step_role_and_arm(world: World) -> None:
    result = world.run({"roles": {"teacher": {"model": world.model("big")}}})
    step = next(count for count in result.ledger if count.stage == "chains.draft")
    assert step.usage["teacher"]["requests"] == 4
    assert step.usage["teacher"]["tokens_written"] == 12
    assert step.usage["teacher"]["tokens_read"] == 4 * len("question 0")
    used = {(one.part, one.role): one for one in result.usage}
    assert (used["chains", "teacher"].requests, used["chains", "judge"].requests) == (12, 8)
    assert used["evaluation/student", "student"].requests == 3
    assert used["evaluation", "judge"].requests == 9
    assert sum(one.requests for one in result.usage) == len(world.notes("asked"))
    assert all(one.recalled == 0 for one in result.usage)


def test_show_tells_the_usage(world: World) -> None:
    cli = pytest.importorskip("sctk_cli.main")
    from click.testing import CliRunner

    result = world.run({})
    said = CliRunner().invoke(cli.cli, ["show", str(result.run), "--json"])
    shown = json.loads(said.stdout)
    assert {"part": "chains", "role": "teacher", "requests": 12}.items() <= shown["usage"][0].items()
    draft = next(row for row in shown["ledger"]["stages"] if row["stage"] == "chains.draft")
    assert draft["usage"] == {"teacher": {"requests": 4, "tokens_read": 40, "tokens_written": 12}}


def test_another_evaluator_in_a_finished_run_only_measures(world: World) -> None:
    first = world.run({})
    world.forget()
    rows = [{"use": "noted-evaluator"}, {"use": "noted-evaluator", "metric": "more"}]
    second = world.run({"evaluator": rows})
    assert second.run == first.run
    assert not world.notes("asked")
    assert not world.notes("built")
    assert not world.notes("trained")
    assert {row.metric for row in second.metrics} - {row.metric for row in first.metrics} == {"more-2"}


def test_another_trainer_setting_is_refused_and_with_redo_trains_again(world: World) -> None:
    world.run({})
    world.forget()
    changed = {"trainer": {"beta": 0.2}}
    with pytest.raises(ConfigError, match=r"trainer.beta \(got 0.2, the directory has 0.1\)") as caught:
        world.run(changed)
    assert "--redo student" in caught.value.hint
    assert not world.notes("trained")
    result = world.run(changed, redo=["student"])
    assert [row["arm"] for row in world.notes("trained")] == ["model"]
    assert {row["model"] for row in world.notes("asked") if not row["said"].startswith("judge")} == {"model"}
    assert result.state == "done"
    assert (result.run / "model" / "skill").read_text() == "model 0.2"


def test_redo_of_a_pass_makes_what_follows_and_nothing_else(world: World) -> None:
    before = world.run({}, "passes")
    world.forget()
    result = world.run({}, "passes", redo=["second"])
    assert [row["arm"] for row in world.notes("trained")] == ["model"]
    assert not world.notes("asked")
    assert result.metrics == before.metrics


def test_redo_of_a_name_that_is_no_part(world: World) -> None:
    world.run({})
    with pytest.raises(ConfigError, match="--redo studnet: got no such part") as caught:
        world.run({}, redo=["studnet"])
    assert "did you mean 'student'?" in caught.value.hint
    assert world.run({}).state == "done"


def test_one_iteration_more_does_nothing_again(world: World) -> None:
    world.run({"method": {"iterations": 2}}, "passes")
    asked, trained = world.notes("asked"), world.notes("trained")
    assert [row["arm"] for row in trained] == ["early", "model", "student-1", "student-2"]
    world.forget()
    result = world.run({"method": {"iterations": 3}}, "passes")
    assert [row["arm"] for row in world.notes("trained")] == ["student-3"]
    assert {row["model"] for row in world.notes("asked")} == {"student-2"}
    assert len(asked) > len(world.notes("asked")) == 4
    assert "round-3.answer" in [count.stage for count in result.ledger]


def test_iterations_back_and_forth_with_another_trainer_use_nothing_old(world: World) -> None:
    """What a shorter plan left lying is not taken for the work of other settings."""
    world.run({"method": {"iterations": 1}}, "passes")
    world.run({}, "passes")
    changed = {"trainer": {"beta": 0.5}, "method": {"iterations": 1}}
    result = world.run(changed, "passes", redo=["student"])
    assert (result.run / "arms" / "student-1" / "skill").read_text() == "student-1 0.5"
    rows = pl.read_parquet(RunReader(result.run).tables()["round-1/ledger"])
    assert rows.filter(pl.col("stage") == "round-1.answer").height == 4


def test_a_source_that_changed_is_told(world: World) -> None:
    file = world.root / "rows.jsonl"
    source = {"use": "file", "path": str(file), "held_out_share": 0.0}
    file.write_text('{"prompt": "a"}\n{"prompt": "b"}\n')
    world.run({"source": source, "evaluator": []})
    file.write_text('{"prompt": "a"}\n{"prompt": "c"}\n')
    with pytest.raises(ConfigError, match="a file that the source reads was changed"):
        world.run({"source": source, "evaluator": []})
    world.forget()
    result = world.run({"source": source, "evaluator": []}, redo=["held-out", "prompts"])
    assert {row["said"] for row in world.notes("asked")} & {"a", "b", "c"} == {"c"}
    assert result.state == "done"


def test_a_role_of_an_unknown_backend_or_setting_is_refused(world: World) -> None:
    with pytest.raises((ConfigError, PluginError), match="nodet"):
        world.run({"roles": {"teacher": {"backend": {"use": "nodet"}}}})
    with pytest.raises(ConfigError, match="temprature"):
        world.run({"roles": {"teacher": {"sampling": {"temprature": 0.3}}}})
    with pytest.raises(ConfigError, match="modle"):
        world.run({"roles": {"teacher": {"modle": "x"}}})


def test_another_student_of_the_same_teacher_is_trained_and_the_teacher_not_asked_again(world: World) -> None:
    """The passes are the teacher's and the judge's; the trainings start from the student, so they are another's."""
    roles = {"teacher": {"model": world.model("big")}, "judge": {"model": world.model("wise")}}
    first = world.run({"roles": roles})
    other = {"roles": roles, "model": {"path": world.model("other")}}
    with pytest.raises(ConfigError, match=r"model \(digest\)") as caught:
        world.run(other)
    words = caught.value.hint.partition("; ")[2].split()
    redo = [words[at + 1] for at, word in enumerate(words) if word == "--redo"]
    assert {"sft", "student"} <= set(redo)
    assert "chains" not in redo
    world.forget()
    second = world.run(other, redo=redo)
    assert {row["start"] for row in world.notes("trained")} == {"other"}
    assert not world.notes("asked", model="big")
    assert (second.run, second.state) == (first.run, "done")


def test_no_engine_stands_that_the_next_part_does_not_need(world: World) -> None:
    """The arms that were trained answer one after another, and only one of them is in memory."""
    world.run({})
    standing = set[str]()
    for row in _all(world):
        standing |= {row["model"]} if row["event"] == "built" else set()
        standing -= {row["model"]} if row["event"] == "closed" else set()
        assert len(standing) <= 1, row
    assert [row["model"] for row in world.notes("built")] == ["small", "sft", "model", "small"]
