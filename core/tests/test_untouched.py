"""What a component changed of what it was given is put back, and told, wherever in the item it lies."""

from __future__ import annotations

from typing import Any

import pytest
from sctk_core.pipeline.untouched import restored, seen
from sctk_core.records import Message, Prompt, Sample, Weighted


def sample(text: str) -> Sample:
    return Sample(prompt=Prompt(messages=(Message(role="user", content=f"why {text}?"),)), text=text)


def change(record: Any, name: str, value: Any) -> None:
    object.__setattr__(record, name, value)


def test_what_nobody_changed_is_not_told() -> None:
    pair = (sample("a"), sample("b"))
    assert restored(pair, seen(pair)) == ""


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("value", ["other", None, 3])
def test_a_change_in_either_of_two_samples_is_told_and_undone(place: int, value: Any) -> None:
    pair = (sample("a"), sample("b"))
    before = seen(pair)
    change(pair[place], "text", value)
    assert restored(pair, before) == "text"
    assert [one.text for one in pair] == ["a", "b"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_change_deep_in_the_conversation_is_told_and_undone(place: int) -> None:
    pair = (sample("a"), sample("b"))
    before = seen(pair)
    change(pair[place].prompt.messages[0], "content", "rewritten")
    assert restored(pair, before) == "content"
    assert [one.prompt.messages[0].content for one in pair] == ["why a?", "why b?"]


def test_a_changed_weight_and_a_changed_text_under_it_are_told_and_undone() -> None:
    row = Weighted(sample=sample("a"), weight=0.25)
    before = seen(row)
    change(row, "weight", 1.0)
    assert restored(row, before) == "weight"
    change(row.sample, "text", "other")
    assert restored(row, before) == "sample.text"
    assert (row.weight, row.sample.text) == (0.25, "a")
