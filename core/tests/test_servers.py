"""Servers that come and go: one lost connection, a role that answers nobody, a loop for a life, a component that hangs."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hole_run import World
from outcomes import stage, tables
from sctk_core.errors import BackendDown, NothingAccepted
from sctk_core.run import read_result
from sctk_core.store.reader import RunReader

QUICK = {"shard_rows": 3, "eval_limit": 3, "patience_s": 0.6}


def test_one_lost_connection_is_one_items_failure(world: World) -> None:
    result = world.run({"backend": {"lose": "question 2"}, "run": QUICK})
    draft = stage(result, "chains.draft")
    assert (draft.answered, draft.failed, draft.reasons) == (3, 1, {"backend: connection lost": 1})
    assert result.state == "done"


def test_nothing_is_asked_twice(world: World) -> None:
    result = world.run({"backend": {"lose": "question 2"}, "run": QUICK})
    asked = Counter(row["key"] for row in world.notes("asked"))
    assert set(asked.values()) == {1}
    assert len(asked) == sum(one.requests - one.recalled for one in result.usage)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_role_that_answers_nobody_ends_the_run_and_the_same_line_finishes_it(world: World, concurrency: int) -> None:
    roles = {"teacher": {"model": world.model("big")}}
    changes = {"roles": roles, "run": QUICK | {"concurrency": concurrency}}
    world.fault("down-big")
    with pytest.raises(BackendDown, match="'teacher'") as caught:
        world.run(changes)
    assert caught.value.exit_code == 4
    assert "noted" in caught.value.message
    assert "0.6 s" in caught.value.message
    reader = RunReader(world.root / "runs" / "run")
    assert not [table for table in reader.tables() if table.startswith("chains/")]
    world.fault("down-big", on=False)
    result = world.run(changes)
    assert stage(result, "chains.draft").answered == 4
    assert tables(result.run) == tables(world.run(changes, out="whole").run)


def test_a_role_that_goes_away_midway_seals_nothing_of_what_it_failed(world: World) -> None:
    """The teacher drafts; the judge is away."""
    changes = {"roles": {"judge": {"model": world.model("wise")}}, "run": QUICK}
    changes["reward"] = {"role": "judge"}
    world.fault("down-wise")
    with pytest.raises(BackendDown, match="'judge'") as caught:
        world.run(changes)
    assert "'noted-judge'" in caught.value.message
    world.fault("down-wise", on=False)
    result = world.run(changes)
    assert stage(result, "chains.score.0").answered == stage(result, "chains.score.1").answered == 4
    assert not world.notes("asked", model="small", said="question 0")[1:]


def test_a_critic_that_revises_in_a_dead_roles_words_is_named_as_what_it_is(world: World) -> None:
    changes = {"backend": {"lose": "revise"}, "run": QUICK}
    with pytest.raises(BackendDown) as caught:
        world.run(changes)
    assert "noted-critic" in caught.value.message
    assert "'teacher'" in caught.value.message
    assert "backend noted-critic" not in caught.value.message


def test_a_judge_that_is_away_at_the_evaluation_ends_the_run(world: World) -> None:
    changes = {"roles": {"examiner": {"model": world.model("wise")}}, "run": QUICK}
    changes["evaluator"] = [{"use": "asking", "role": "examiner"}]
    world.fault("down-wise")
    with pytest.raises(BackendDown, match="'examiner'") as caught:
        world.run(changes)
    assert "'asking'" in caught.value.message
    world.fault("down-wise", on=False)
    world.forget()
    result = world.run(changes)
    assert stage(result, "student.measure.examined").answered == 3
    assert not world.notes("asked", model="small")
    assert not world.notes("trained")


def test_a_reward_that_goes_away_before_the_evaluation_ends_the_run(world: World) -> None:
    """The texts of the student, which only the evaluation judges, are not judged."""
    changes = {"roles": {"judge": {"model": world.model("wise")}}, "run": QUICK}
    changes["roles"]["judge"]["backend"] = {"use": "noted", "lose": "judge sft"}
    with pytest.raises(BackendDown, match=r"'noted-judge' .*'judge'.* none of 3"):
        world.run(changes)


def test_a_rewards_own_lost_connection_blames_the_reward(world: World) -> None:
    world.fault("lonely")
    with pytest.raises(BackendDown, match="'lonely'") as caught:
        world.run({"reward": {"use": "lonely"}, "run": QUICK})
    assert "noted" not in caught.value.message
    assert "the scoring server is away" in caught.value.message


def test_patience_of_zero_takes_lost_connections_for_answers(world: World) -> None:
    world.fault("lonely")
    with pytest.raises(NothingAccepted):
        world.run({"reward": {"use": "lonely"}, "run": QUICK | {"patience_s": 0.0}})
    reader = RunReader(world.root / "runs" / "run")
    scored = stage(read_result(reader.layout, reader.manifest), "chains.score.0")
    assert (scored.failed, scored.reasons) == (4, {"backend: ConnectionError": 4})


def test_a_component_without_a_backend_lives_in_one_loop(world: World) -> None:
    world.run({"reward": {"use": "lonely"}})
    calls = world.notes("scored")
    assert len(calls) > 2
    assert len({row["loop"] for row in calls}) == 1


@pytest.mark.parametrize("block", [False, True])
def test_a_component_that_hangs_in_one_batch_answers_the_next(world: World, block: bool) -> None:
    reward = {"use": "lonely", "hang_at": 2, "block": block}
    result = world.run({"reward": reward, "run": QUICK | {"timeout_s": 0.5, "concurrency": 1}})
    scored = [count for count in result.ledger if count.stage.startswith("chains.score")]
    assert {reason for count in scored for reason in count.reasons} <= {"timeout: no answer within 0.5 s"}
    assert sum(count.failed for count in scored) <= 1
    assert result.state == "done"
    assert pl.read_parquet(result.run / "chains" / "train" / "*.parquet").height > 0
