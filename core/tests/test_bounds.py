"""Bounds: how much may fail, how long a text may be, how long the run's thread may be held, and whose a name is."""

from __future__ import annotations

import time
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from outcomes import stage, tables
from sctk_core.errors import BackendDown, CheckFailed, NothingAccepted, PluginError, SctkError
from sctk_core.pipeline.failing import surely_over
from sctk_core.plugins import Catalogue, Offer
from sctk_core.run import execute
from sctk_core.run.watch import Held, Watch
from toy_run import toy_assembly, toy_run

IN_LINE = '''
"""Backends that answer one request after another; `steps` says that it goes on, `counts` does not."""
import asyncio
import time
from dataclasses import dataclass
from sctk_core import Component, Reply, hookimpl


@hookimpl
def sctk_backends():
    return [Component(name=name, target=f"{__name__}:{name.title()}", summary="one at a time") for name in ("counts", "steps")]


class Counts:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        pass

    def __init__(self, config, *, model):
        self._one_at_a_time = asyncio.Lock()

    async def generate(self, requests):
        async with self._one_at_a_time:
            await asyncio.sleep(0.1)
            return [Reply(key=one.key, text="better" + str(one.seed)[:3], backend="line") for one in requests]


class Steps(Counts):
    async def generate(self, requests):
        found = await super().generate(requests)
        self.last_step = time.monotonic()
        return found
'''

WORLD = '''
"""A backend that fails, or says too much, for some of its requests; while the file `sick` is there."""
from dataclasses import dataclass
from pathlib import Path
from sctk_core import Component, Failure, Reply, hookimpl, setting


@hookimpl
def sctk_backends():
    return [Component(name="half", target=f"{__name__}:Half", summary="fails now and then")]


class Half:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        sick: str = setting("", help="a file", identity=False)
        kind: str = setting("parse", help="of the failures", identity=False)
        of_ten: int = setting(7, help="so many of ten fail", identity=False)
        length: int = setting(3, help="characters of a reply")

    def __init__(self, config, *, model):
        self.config = config

    async def generate(self, requests):
        return [self._one(request) for request in requests]

    def _one(self, request):
        if Path(self.config.sick).exists() and request.seed % 10 < self.config.of_ten:
            return Failure(kind=self.config.kind, reason="sick")
        return Reply(key=request.key, text=("better" + str(request.seed))[:3] * (self.config.length // 3), backend="half")
'''


def run(root: Path, backend: dict[str, Any], n: int = 40, **settings: Any) -> Any:
    world = root / "half_world.py"
    world.write_text(WORLD)
    sick = root / "sick"
    changes = {
        "backend": {"use": "half", "sick": str(sick)} | backend, "source": {"n": n}, "run": {"patience_s": 0.0} | settings,
    }  # fmt: skip
    return execute(toy_assembly(root, changes, also=[world]), out=root / "runs" / "run")


@pytest.mark.parametrize(("kind", "error"), [("parse", CheckFailed), ("timeout", BackendDown), ("bug", PluginError)])
def test_a_step_of_which_most_fails_ends_the_run_before_any_training(
    tmp_path: Path, kind: str, error: type[SctkError]
) -> None:
    (tmp_path / "sick").touch()
    with pytest.raises(error, match=rf"x {kind}: sick, of the backend 'half' of file half_world.py") as caught:
        run(tmp_path, {"kind": kind})
    assert "chains.draft: " in caught.value.message
    assert "wanted at most 50%" in caught.value.message
    assert ("gives each ask longer" in caught.value.hint) == (kind == "timeout")
    assert not (tmp_path / "runs/run/arms").exists()
    assert not (tmp_path / "runs/run/model").exists()
    (tmp_path / "sick").unlink()
    whole = tmp_path / "whole"
    whole.mkdir()
    assert tables(run(tmp_path, {"kind": kind}).run) == tables(run(whole, {"kind": kind}).run)


@pytest.mark.parametrize(("backend", "late"), [("counts", True), ("steps", False)])
def test_an_ask_is_not_late_while_its_backend_goes_on(backend: str, late: bool, tmp_path: Path) -> None:
    """40 drafts at once of 0.1 s each, in a run that gives an ask 2 s."""
    world = tmp_path / "line_world.py"
    world.write_text(IN_LINE)
    changes: dict[str, Any] = {
        "backend": {"use": backend}, "source": {"n": 40}, "run": {"timeout_s": 2.0, "patience_s": 0.0, "max_failed": 1.0},
    }  # fmt: skip
    done = execute(toy_assembly(tmp_path, changes, also=[world]), out=tmp_path / "run")
    assert (stage(done, "chains.draft").failed > 0) is late


def test_a_share_within_the_bound_is_counted_and_the_bound_can_be_lifted(tmp_path: Path) -> None:
    (tmp_path / "sick").touch()
    few = stage(run(tmp_path, {"of_ten": 1}), "chains.draft")
    assert 0 < few.failed < 20
    many = tmp_path / "many"
    many.mkdir()
    (many / "sick").touch()
    assert stage(run(many, {"of_ten": 6}, max_failed=1.0), "chains.draft").failed > 15


def test_that_nearly_all_fails_is_seen_long_before_the_end(tmp_path: Path) -> None:
    (tmp_path / "sick").touch()
    with pytest.raises(CheckFailed, match=r"chains.draft: 20 of 20 asks failed"):
        run(tmp_path, {"of_ten": 10}, n=2000, concurrency=4)


def test_a_share_a_little_over_the_bound_says_nothing_early() -> None:
    assert not any(surely_over(failed, asked, 0.5) for failed, asked in [(19, 19), (15, 20), (60, 100), (520, 1000)])
    assert surely_over(1, 20, 0.0)


def test_an_empty_table_is_told_as_soon_as_its_pass_is_done(tmp_path: Path) -> None:
    with pytest.raises(NothingAccepted, match=r"sft.train: got 0 rows in table 'chains.drafts'"):
        toy_run(tmp_path, {"reward": {"at": "score", "how": "nan"}})
    assert not (tmp_path / "runs/run/evaluation").exists()
    assert not (tmp_path / "runs/run/arms").exists()


def test_an_evaluation_in_which_everything_failed_ends_the_run_and_is_made_again(tmp_path: Path) -> None:
    flag = tmp_path / "mended"
    changes: dict[str, Any] = {
        "evaluator": [{"use": "toy", "at": "evaluate", "how": "raise", "flag": str(flag)}], "source": {"held": 25},
    }  # fmt: skip
    with pytest.raises(PluginError, match=r"measure.toy: 25 of 25 asks failed.*the evaluator 'toy'"):
        toy_run(tmp_path, changes)
    flag.touch()
    assert stage(toy_run(tmp_path, changes), "student.measure.truth").answered == 25


def test_a_reply_without_end_is_a_failure_with_its_size(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="budget: a text of more than 100 characters"):
        run(tmp_path, {"length": 300}, longest=100)


def test_whoever_holds_the_thread_is_broken_into_and_core_is_not() -> None:
    def whose(frames: Any) -> str:
        found: list[FrameType] = list(frames)
        return "somebody" if any(frame.f_code.co_name == "sleeps" for frame in found) else ""

    def sleeps() -> None:
        time.sleep(30)

    began = time.monotonic()
    with Watch(whose) as watch, watch.over(0.3):
        with pytest.raises(Held, match=r"held the run's thread for 0.3 s"):
            sleeps()
        watch.alive()
        time.sleep(0.8)  # nobody's that is known: it is left alone
    assert 0.8 < time.monotonic() - began < 5


def offer(distribution: str, name: str = "lexicon", file: Path | None = None) -> Offer:
    return Offer(kind="reward", name=name, module="m", distribution=distribution, version="1.0", file=file)


def test_a_shipped_name_is_the_shipped_one_s_whoever_else_offers_it(tmp_path: Path) -> None:
    both = Catalogue(offers=(offer("a-stranger"), offer("sctk-rewards")))
    assert both.find("reward", "lexicon").distribution == "sctk-rewards"
    assert both.find("reward", "a-stranger/lexicon").distribution == "a-stranger"
    alone = Catalogue(offers=(offer("a-stranger"),))
    with pytest.raises(PluginError) as caught:
        alone.find("reward", "lexicon")
    assert "pip install 'sctk-rewards'" in caught.value.hint
    assert "'a-stranger/lexicon'" in caught.value.hint
    loaded = Catalogue(offers=(offer("sctk-rewards"), offer("file mine.py", file=tmp_path / "mine.py")))
    with pytest.raises(PluginError, match=r"sctk-rewards 1.0 and file mine.py 1.0"):
        loaded.find("reward", "lexicon")
