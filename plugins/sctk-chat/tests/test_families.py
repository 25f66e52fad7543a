"""Every family of templates: what went in comes out, nothing is taught that nobody said, and the table in the docs says how."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from families import FAMILIES, Family, tokenizer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_chat import Habits, end_of_turn, habits_of, render, turn_ids
from sctk_chat.twin import twin_of
from sctk_core import Message
from sctk_core.thoughts import opened_in

DOCS = Path(__file__).parents[3] / "docs/templates.md"
BEGIN, END = "<!-- made by plugins/sctk-chat/tests/test_families.py -->\n", "<!-- end -->\n"
HARMLESS = (
    "Hello",
    "two\nlines",
    "1 < 2",
    "na\u00efve \u4f60\u597d \U0001f642",
    "{{ x }} {% y %}",
    "a  b",
    "\\n",
    "'q' \"q\"",
)
PIECES = (
    *HARMLESS, "", " ", "\n", "\n\n", "\t", "<think>", "</think>", "<|im_end|>", "<|im_", "end|>", "</s>", "<s>", "[INST]",
    "[/INST]", "<<SYS>>", "<|channel|>final<|message|>", "<|end|>", "/no_think", "\u0920\u0940\u0915", "\u0e44\u0e17\u0e22",
    "\u202e", "\x00", "<\uff5cUser\uff5c>", "<|START_RESPONSE|>", "[gMASK]", "{'type': 'text'}", "'text': '",
)  # fmt: skip
named = pytest.mark.parametrize("family", FAMILIES, ids=[family.name for family in FAMILIES])


def shown(tokenizer: Any, ids: list[int]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def conversation(draw: random.Random) -> list[Message]:
    """A conversation that ends in a user's turn."""
    roles = (["system"] if draw.random() < 0.4 else []) + ["user"]
    for _ in range(draw.randrange(3)):
        roles += ["assistant", "user"]
    return [Message(role=role, content=text(draw)) for role in roles]  # type: ignore[arg-type]


def text(draw: random.Random) -> str:
    return "".join(draw.choice(PIECES) for _ in range(draw.randrange(1, 6)))


def check(family: Family, messages: list[Message], answer: str) -> None:
    """All that must hold of one conversation and an answer that was given to it."""
    tokenizer, variables = tokenizer_of(family), family.variables
    twin = twin_of(tokenizer)
    plain = [Message(role=message.role, content="x") for message in messages]
    ids = render(tokenizer, messages, variables=variables)
    assert controls(twin, ids) == controls(twin, render(tokenizer, plain, variables=variables))
    comes_out(tokenizer, ids, messages)
    assert tuple(ids[: len(twin.begins)]) == twin.begins
    assert not twin.begins or ids.count(twin.begins[0]) == 1
    read, taught = turn_ids(tokenizer, messages, answer, variables)
    comes_out(tokenizer, [*read, *taught], [*messages, Message(role="assistant", content=answer)])
    assert opened_in(shown(tokenizer, read)) == "" or any("<think>" in message.content for message in messages)
    assert taught[-1] == end_of_turn(tokenizer, variables)
    end = tokenizer.convert_ids_to_tokens(taught[-1])
    said = shown(tokenizer, taught).removesuffix(end).removesuffix("<|END_RESPONSE|>")
    assert said.strip() == answer.strip()
    assert controls(twin, taught) == controls(
        twin, turn_ids(tokenizer, plain, "x" if answer.strip() else "", variables)[1]
    )


def controls(twin: Any, ids: list[int]) -> list[int]:
    return [number for number in ids if number in twin.ids]


def comes_out(tokenizer: Any, ids: list[int], messages: list[Message]) -> None:
    """Every turn's text stands in the decoded ids, outer white space aside: the system's anywhere, the others' in order."""
    whole, place = shown(tokenizer, ids), 0
    for message in messages:
        said = message.content.strip()
        found = whole.find(said, 0 if message.role == "system" else place)
        assert found >= 0, (message, whole)
        place = place if message.role == "system" else found + len(said)


@named
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_what_went_in_comes_out(family: Family, seed: int) -> None:
    draw = random.Random(seed)
    check(family, conversation(draw), text(draw))


@pytest.mark.sweep
@pytest.mark.timeout(1200)
def test_what_went_in_comes_out_for_ten_minutes() -> None:
    stop, n = time.monotonic() + float(os.environ.get("SCTK_FUZZ_S", "600")), 0
    first = os.environ.get("SCTK_FUZZ_SEED", "")
    while time.monotonic() < stop:
        for family in FAMILIES:
            draw = random.Random(f"{family.name} {n}{first}")
            check(family, conversation(draw), text(draw))
        n += 1
    print(f"{n * len(FAMILIES)} conversations")


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
