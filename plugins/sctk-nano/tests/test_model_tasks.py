"""The shipped model of the later tasks: small, loadable, and as skilled as its card says; its sources keep to their splits."""

import asyncio
from itertools import islice
from typing import Any

import pytest
from sctk_core import Sample
from sctk_core.testing import check_evaluator, check_source
from sctk_nano import model_path
from sctk_nano.backend import NanoTasksBackend
from sctk_nano.skill import stated
from sctk_nano.skill_tasks import measure
from sctk_nano.source import SourceConfig
from sctk_nano.source_tasks import JailbreakSource, NewsSource, OpinionSource, PersonaSource
from sctk_nano.truth import NanoTruth
from sctk_nano.world import jailbreaks, opinions

SOURCES: list[Any] = [NewsSource, PersonaSource, OpinionSource, JailbreakSource]


def test_it_is_at_most_ten_megabytes() -> None:
    assert sum(path.stat().st_size for path in model_path("nano-tasks").iterdir()) <= 10_000_000
    assert NanoTasksBackend.default_model() == str(model_path("nano-tasks"))


@pytest.mark.parametrize("source", SOURCES)
def test_a_longer_run_extends_a_shorter_one_and_groups_fall_on_one_side(source: Any) -> None:
    few = [prompt.id for prompt in source(source.Config(n_prompts=20)).prompts()]
    asked = source(source.Config(n_prompts=60, n_held_out=60))
    many = list(asked.prompts())
    assert [prompt.id for prompt in many[:20]] == few
    assert len({prompt.id for prompt in many}) == 60
    assert not {one.meta["group"] for one in many} & {one.meta["group"] for one in asked.held_out()}
    other = [prompt.id for prompt in source(source.Config(n_prompts=20, seed=1)).prompts()]
    assert not set(other) & set(few)


@pytest.mark.parametrize("source", SOURCES)
def test_sources_and_truth_conform(source: Any) -> None:
    asked = source(source.Config())
    check_source(asked)
    check_evaluator(
        NanoTruth(NanoTruth.Config()), [Sample(prompt=one, text="No.") for one in islice(asked.prompts(), 6)]
    )


def test_every_argument_is_asked_about_with_every_opinion() -> None:
    asked: dict[str, set[str]] = {}
    for prompt in OpinionSource(SourceConfig(n_prompts=60)).prompts():
        asked.setdefault(prompt.meta["group"], set()).add(prompt.meta["kind"])
    assert list(asked.values()) == [set(opinions.KINDS)] * 20


@pytest.mark.parametrize(
    ("templates", "among"),
    [("unseen", jailbreaks.UNSEEN), ("seen", jailbreaks.TEMPLATES), ("none", (jailbreaks.BARE,))],
)
def test_evaluation_asks_in_other_templates_than_the_run(templates: Any, among: tuple[str, ...]) -> None:
    source = JailbreakSource(JailbreakSource.Config(held_out_templates=templates))
    run, held = (
        [one.meta for one in side if one.meta["kind"] == "harmful"] for side in (source.prompts(), source.held_out())
    )
    assert {meta["template"] for meta in run} == set(jailbreaks.TEMPLATES)
    assert {meta["template"] for meta in held} == set(among)
    kinds = [one.meta["kind"] for one in source.prompts()]
    assert kinds.count("harmful") == pytest.approx(200, abs=5)
    bare = [one.meta["template"] == jailbreaks.BARE for one in source.prompts() if one.meta["kind"] == "harmless"]
    assert bare.count(True) == pytest.approx(100, abs=5)


def test_the_stated_skill_leaves_something_to_do() -> None:
    for task, rows in stated(model_path("nano-tasks")).items():
        assert rows["draft is good"].high < 0.75, task
        assert rows["revision is good"].low > rows["draft is good"].high, task
        assert 0.5 < rows["critique: verdict is right"].share < 1.0, task


@pytest.mark.slow
def test_the_shipped_model_has_the_stated_skill() -> None:
    """Measured again on fewer prompts with another seed: every interval meets the stated one."""
    again = asyncio.run(measure(model_path("nano-tasks"), 16, seed=1))
    card = stated(model_path("nano-tasks"))
    assert {task: set(rows) for task, rows in again.items()} == {task: set(rows) for task, rows in card.items()}
    apart = [
        (task, name, row, card[task][name])
        for task, rows in again.items()
        for name, row in rows.items()
        if not row.overlaps(card[task][name])
    ]
    assert not apart
