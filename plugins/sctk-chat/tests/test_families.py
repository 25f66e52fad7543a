"""Every family of templates: what went in comes out, nothing is taught that nobody said, and the table in the docs says how."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from families import FAMILIES, Family, tokenizer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_chat import Habits, habits_of, render, turn_ids
from sctk_core import Message
from templates_fuzz import HARMLESS, case, check, shown

DOCS = Path(__file__).parents[3] / "docs/templates.md"
BEGIN, END = "<!-- made by plugins/sctk-chat/tests/test_families.py -->\n", "<!-- end -->\n"
named = pytest.mark.parametrize("family", FAMILIES, ids=[family.name for family in FAMILIES])


@named
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_what_went_in_comes_out(family: Family, seed: int) -> None:
    check(family, seed)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_what_is_odd_comes_out_or_is_refused_by_name(first: int) -> None:
    for seed in range(first, first + 50):
        case(seed)


@named
@pytest.mark.parametrize("content", HARMLESS)
def test_harmless_conversations_are_as_the_tokenizer_has_them(family: Family, content: str) -> None:
    tokenizer = tokenizer_of(family)
    if not tokenizer.chat_template:
        pytest.skip("it has no template")
    messages = [Message(role="user", content=content), Message(role="assistant", content=content)]
    messages.append(Message(role="user", content="How?"))
    given = [{"role": m.role, "content": [{"type": "text", "text": m.content}] if family.name[:5] == "parts" else m.content}
             for m in messages]  # fmt: skip
    own = tokenizer.apply_chat_template(given, add_generation_prompt=True, return_dict=False, **family.variables)
    assert render(tokenizer, messages, variables=family.variables) == own


@named
def test_what_is_taught_stands_behind_what_is_read_as_the_template_has_it(family: Family) -> None:
    tokenizer = tokenizer_of(family)
    asked = [Message(role="user", content="Why?")]
    read, taught = turn_ids(tokenizer, asked, "So.", family.variables)
    if tokenizer.chat_template:
        turns = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
        if family.name.startswith("parts"):
            turns = [turn | {"content": [{"type": "text", "text": turn["content"]}]} for turn in turns]
        whole = tokenizer.apply_chat_template(turns, tokenize=False, **family.variables)
        made = shown(tokenizer, [*read, *taught])
        assert whole.startswith(made) or (whole + family.end).startswith(made)
    assert tokenizer.convert_ids_to_tokens(taught[-1]) == family.end


def rows() -> Iterator[str]:
    yield "| family | system messages | white space trimmed of | every prompt ends in | read, not taught | taught |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for family in FAMILIES:
        found = habits_of(tokenizer_of(family), family.variables)
        cells = [family.name, found.system, ", ".join(found.trims) or "nobody", code(ends_in(family)), *taught(found)]
        yield f"| {' | '.join(cells)} |"


def ends_in(family: Family) -> str:
    prompt = shown(
        tokenizer_of(family),
        render(tokenizer_of(family), [Message(role="user", content="Q")], variables=family.variables),
    )
    return prompt[prompt.rindex("Q") + 1 :]


def taught(found: Habits) -> list[str]:
    return [code(found.read) or "nothing", code(found.taught)]


def code(piece: str) -> str:
    escaped = piece.replace("\n", "\\n").replace("|", "\\|")
    return f"`{escaped}`" if piece else ""


def test_the_table_in_the_docs_is_what_the_templates_do() -> None:
    made = BEGIN + "\n".join(rows()) + "\n" + END
    page = DOCS.read_text()
    if os.environ.get("SCTK_WRITE_DOCS"):
        page = page[: page.index(BEGIN)] + made + page[page.index(END) + len(END) :]
        DOCS.write_text(page)
    assert made in page, "write it anew: SCTK_WRITE_DOCS=1 pytest plugins/sctk-chat/tests/test_families.py"
