"""Pages as rows: the same whatever order the asks were answered in, also where two of them came to records of one id."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from sctk_core import Critique, Failure, Step
from sctk_core.pipeline.item import Walked
from sctk_core.pipeline.notes import FAILED, Line, Page
from sctk_core.run.tables import rows_of
from sctk_core.testing import example_samples

SAMPLE = example_samples()[0]


def critique(reply: str) -> Critique:
    return Critique(sample=SAMPLE, text="Too cold.", verdict="revise", reply=reply)


def failure(detail: str) -> Failure:
    return Failure(of=SAMPLE.id, stage="draft", component="x", kind="timeout", reason="late", detail=detail)


def page(answers: Sequence[tuple[str, int, Any]]) -> Walked:
    found = Page(part="pass", item="item/0", declared=[Step("draft", times=2), Step("critique.a"), Step("critique.b")])
    for step, rank, answer in answers:
        outcome = {"outcome": FAILED} if isinstance(answer, Failure) else {}
        found.close(Line(step=step, of=SAMPLE.id, rank=rank, record=answer.id, **outcome), answer)
    return Walked(page=found, made={})


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_rows_do_not_depend_on_which_of_two_equal_records_came_first(order: Sequence[int]) -> None:
    asked = [
        ("draft", 0, failure("after 3 s")),
        ("draft", 1, failure("after 4 s")),
        ("critique.a", 0, critique("reply-a")),
        ("critique.b", 0, critique("reply-b")),
    ]
    rows = rows_of(page([asked[place] for place in order]), 0)
    assert rows == rows_of(page(asked), 0)
    assert [len(rows["critiques"]), len(rows["failures"])] == [1, 1]
    assert "reply-a" in rows["critiques"][0]
    assert "after 3 s" in rows["failures"][0]
