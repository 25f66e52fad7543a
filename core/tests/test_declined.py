"""A component that leaves everything out ends the run with exit code 5; mended, the same line goes on, and a changed one too."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from outcomes import stage, tables
from sctk_core.errors import ConfigError, NothingAccepted, SctkError
from sctk_core.explain import why
from sctk_core.pipeline.reasons import reason_for
from sctk_core.run import execute
from toy_run import toy_assembly

SHY = '''
from dataclasses import dataclass
from pathlib import Path
from sctk_core import (
    Arm, AskedCritic, AskedReward, Component, Declined, Evaluate, Generate, Plan, Prompt, Sample, Speaker, Step, Train,
    hookimpl, setting,
)

@dataclass(frozen=True, kw_only=True)
class Crew:
    student: Speaker
    critic: AskedCritic
    reward: AskedReward

class Shy:
    """Drafts, and declines all of it while the file `shy` is there."""
    @dataclass(frozen=True, kw_only=True)
    class Config:
        shy: str = setting("", help="a file", identity=False)

    Crew = Crew

    def __init__(self, config):
        self._shy = Path(config.shy)

    def plan(self):
        return (
            Generate("walks", self.walk, steps=("draft", "score"), makes={"rows": Sample}),
            Train("early", on="walks.rows", section="baseline"),
            Train("student", on="walks.rows", start="early"),
            Evaluate(Arm("base"), Arm("student")),
        )

    async def walk(self, prompt, crew):
        draft = await crew.student.draft(prompt, "draft")
        score = await crew.reward.score(draft, step="score")
        return {"rows": Declined(reason="too shy") if self._shy.exists() else draft}

@hookimpl
def sctk_methods():
    return [Component(name="shy", target=f"{__name__}:Shy", summary="declines")]
'''


def run(root: Path, text: str = SHY, **run_settings: Any) -> Any:
    root.mkdir(exist_ok=True)
    file = root / "shy_method.py"
    file.write_text(text)
    changes = {"method": {"use": "shy", "shy": str(root / "shy")}, "run": run_settings}
    assembly = toy_assembly(root, changes, "shy", also=[file])
    return execute(assembly, out=root / "runs" / "run")


def n_replies(root: Path) -> int:
    with sqlite3.connect(root / "runs" / "replies.sqlite") as database:
        return int(database.execute("SELECT count(*) FROM exchange").fetchone()[0])


@pytest.fixture
def declined(tmp_path: Path) -> Path:
    """A run in which everything was declined twice, and whose component is well again."""
    root = tmp_path / "declined"
    root.mkdir()
    (root / "shy").touch()
    with pytest.raises(NothingAccepted, match="too shy"):
        run(root)
    with pytest.raises(NothingAccepted, match="too shy"):
        run(root)
    (root / "shy").unlink()
    return root


def test_a_mended_component_is_asked_again(declined: Path, tmp_path: Path) -> None:
    before = n_replies(declined)
    result = run(declined)
    assert stage(result, "walks.make.rows").answered == 12
    assert {one.part: one.recalled for one in result.usage}["walks"] == before == 12  # nothing is bought again
    assert tables(result.run) == tables(run(tmp_path / "whole").run)


def test_a_changed_component_needs_no_permission(declined: Path) -> None:
    """What it takes the place of came to nothing."""
    changed = SHY.replace('"too shy"', '"never shy"').replace("self._shy.exists()", "False")
    assert stage(run(declined, changed), "walks.make.rows").answered == 12


def test_what_was_made_well_is_still_not_made_anew_unasked(declined: Path) -> None:
    run(declined)
    with pytest.raises(ConfigError, match=r"run\.seed"):
        run(declined, seed=1)


@pytest.mark.parametrize(
    ("complaint", "reason"),
    [
        ("answer 2 of 4: value: got nan, wanted a finite number", "value: got nan, wanted a finite number"),
        ("got 3 answers, wanted 4, one per item and in the same order", "got too few or too many answers, wanted one per item"),
        (
            "answer 0 of 1: got a score of sample '0123456789abcdef0123456789abcdef', wanted 'ffff456789abcdef0123456789abcdef' "
            "(out of order, or about something else)",
            "got a score of sample '...', wanted '...' (out of order, or about something else)",
        ),
        ("got a dict, wanted a list of Score or Failure", "got a dict, wanted a list of Score or Failure"),
        ("answer 1 of 2: got the verdict 'may, wanted be', wanted 'keep' or 'revise'",
         "got the verdict '...', wanted 'keep' or 'revise'"),
        ("answer 1 of 2: sweep: got 17, wanted a count", "sweep: got N, wanted a count"),
        ("cannot be looked at (RuntimeError: 17)", "cannot be looked at"),
    ],
)  # fmt: skip
def test_the_reason_names_field_got_and_wanted_alike_for_all_items(complaint: str, reason: str) -> None:
    assert reason_for(complaint) == reason


PICKY = SHY.replace("AskedReward, Component", "AskedReward, Component, Notebook, together").replace(
    "    reward: AskedReward\n", "    reward: AskedReward\n    notes: Notebook\n"
)
PICKY = PICKY.replace(
    'steps=("draft", "score")', 'steps=(Step("draft", times=3), Step("read", of="draft"), Step("score", most=3))'
)
PICKY = (
    PICKY[: PICKY.index("        draft = await")]
    + """        async def one(rank):
            return await crew.student.draft(prompt, "draft", rank=rank)

        drafts = await together(*(one(rank) for rank in range(3)))
        read = [crew.notes.read("read", text, lambda t, text=text: self.told(text)) for text in drafts]
        kept = [text for text in read if text is not None]
        scores = await together(*(crew.reward.score(text, step="score") for text in kept))
        return {"rows": scores[0].sample if scores else Declined(reason="nothing was kept")}

    def told(self, text):
        return Declined(reason=REASON, detail=text.text) if text.rank != 1 else text

@hookimpl
def sctk_methods():
    return [Component(name="shy", target=f"{__name__}:Shy", summary="declines")]

REASON = "not the second"
"""
)


def test_a_text_that_a_rule_of_ours_refuses_is_declined_and_no_failure(tmp_path: Path) -> None:
    result = run(tmp_path / "picky", PICKY)
    read = stage(result, "walks.read")
    assert (read.asked, read.answered, read.failed, read.declined) == (36, 12, 0, 24)
    assert dict(read.reasons) == {"not the second": 24}
    refused = pl.concat([pl.read_parquet(path) for path in sorted((result.run / "walks/declined").glob("*.parquet"))])
    texts = pl.concat([pl.read_parquet(path) for path in sorted((result.run / "walks/samples").glob("*.parquet"))])
    said = dict(texts.select("id", "text").iter_rows())
    assert refused["detail"].to_list() == [said[row] for row in refused["row"]]
    assert set(refused["stage"]) == {"walks.read"}
    assert [one.facts["reason"] for one in why(result.run, refused["row"][0]) if "reason" in one.facts] == [
        "not the second"
    ]
    other = run(tmp_path / "other", PICKY, concurrency=1)
    assert tables(other.run) == tables(result.run)


def test_a_refusal_without_a_reason_is_a_bug_of_its_item(tmp_path: Path) -> None:
    with pytest.raises(SctkError, match="without a short reason"):
        run(tmp_path / "mute", PICKY.replace('"not the second"', '""'))
