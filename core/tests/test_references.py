"""Gold answers: what files hold, as texts of a prompt, without a change to prompts that have one or none."""

from __future__ import annotations

from typing import Any

import pytest
from sctk_core import ConfigError, Message, Prompt, content_id, references_of
from sctk_core.store.rows import parents_of, record_from, schema, values_of

TURN = (Message(role="user", content="q"),)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, ()), ("Paris", ("Paris",)), ("", ("",)), (True, ("true",)), (False, ("false",)), (0, ("0",)), (-7, ("-7",)),
        (2.5, ("2.5",)), (10**30, (str(10**30),)), (["a", "b", "a"], ("a", "b")), ([1, None, True], ("1", "true")), ([], ()),
    ],
)  # fmt: skip
def test_a_gold_answer_is_the_texts_that_count(value: Any, wanted: tuple[str, ...]) -> None:
    assert references_of(value) == wanted


@pytest.mark.parametrize("value", [{"text": ["a"]}, float("nan"), [["a"]], object()])
def test_what_is_no_answer_is_told(value: Any) -> None:
    with pytest.raises(ConfigError, match="wanted text, a number, true, false or a list of these"):
        references_of(value)


def test_more_gold_answers_are_another_prompt_and_one_is_the_prompt_that_it_was() -> None:
    one = Prompt(messages=TURN, reference="r")
    several = Prompt(messages=TURN, reference="r", other_references=("s",))
    assert one.id == content_id("prompt", [["user", "q"]], "r", None, {}, 0)
    assert len({one.id, several.id, Prompt(messages=TURN, reference="r", other_references=("t",)).id}) == 3
    assert (Prompt(messages=TURN).references, one.references, several.references) == ((), ("r",), ("r", "s"))


def test_a_row_of_a_table_that_knew_one_answer_is_read() -> None:
    one = Prompt(messages=TURN, reference="r")
    row = dict(zip(schema(Prompt), values_of(one), strict=True)) | {"parents": "{}"}
    del row["other_references"]
    assert record_from(Prompt, row, parents_of(row)) == one
