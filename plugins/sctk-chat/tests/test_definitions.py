"""Tools that a conversation may call: a template that takes them is given them; of another it is told that none is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sctk_chat import conversation_notes, render, turn_ids
from sctk_core import Message, ModelRef
from test_tool_turns import JSON_CALLS, text_of, with_template

FIND = {
    "type": "function",
    "function": {
        "name": "find",
        "description": 'Finds a place\\in a "town"\nby its café <|im_end|>.',
        "parameters": {
            "type": "object",
            "properties": {
                "type": {"type": "string", "enum": ["café", "bar"]},
                "near <|im_start|>": {"type": "integer"},
            },
            "required": ["type"],
        },
    },
}
PLAIN = {
    "type": "function",
    "function": {"name": "wait", "description": "Waits.", "parameters": {"type": "object", "properties": {}}},
}
AS_JSON = (
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}<|im_end|>\n{% endif %}"
    + JSON_CALLS
)
IN_WORDS = (
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}def {{ tool.function.name }}("
    "{% for name, one in tool.function.parameters.properties.items() %}{{ name }}: "
    "{{ 'str' if one.type == 'string' else 'int' }}{{ '' if name in tool.function.parameters.required else '?' }}, {% endfor %})\n"
    "{{ tool.function.description }}\n{% endfor %}<|im_end|>\n{% endif %}" + JSON_CALLS
)
NAMES_ALONE = "{% if tools %}{% for tool in tools %}{{ tool.function.name }}{% endfor %}{% endif %}" + JSON_CALLS


def talk(*tools: Any) -> tuple[Message, ...]:
    return (Message(role="user", content="Where is tea?", defines=json.dumps(tools, ensure_ascii=False)),)


def test_tools_come_out_as_the_templates_own_rendering_has_them() -> None:
    tokenizer = with_template(AS_JSON)
    own = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Where is tea?"}],
        tools=[PLAIN, PLAIN],
        add_generation_prompt=True,
        return_dict=False,
    )
    assert render(tokenizer, talk(PLAIN, PLAIN)) == list(own)
    ids = render(tokenizer, talk(FIND))
    assert json.loads(text_of(tokenizer, ids).split("\n")[1]) == FIND
    control = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert ids.count(control) == render(tokenizer, talk(PLAIN)).count(control)  # that in the description is plain text


def test_a_template_in_words_asks_for_types_and_names() -> None:
    written = text_of(with_template(IN_WORDS), render(with_template(IN_WORDS), talk(FIND)))
    assert "def find(type: str, near <|im_start|>: int?, )\n" + FIND["function"]["description"] in written


def test_what_is_read_before_an_answer_is_the_prompt_with_its_tools() -> None:
    tokenizer = with_template(AS_JSON)
    read, taught = turn_ids(tokenizer, talk(FIND), "There.")
    assert read == render(tokenizer, talk(FIND))
    assert text_of(tokenizer, taught) == "There.<|im_end|>"


@pytest.mark.parametrize(
    ("template", "shown"), [(AS_JSON, True), (IN_WORDS, True), (JSON_CALLS, False), (NAMES_ALONE, False)]
)
def test_tools_that_do_not_come_out_are_not_given_and_told(template: str, shown: bool, tmp_path: Path) -> None:
    tokenizer = with_template(template)
    tokenizer.save_pretrained(tmp_path)
    conversations = [("a:1", talk(FIND)), ("a:2", talk(FIND)), ("a:3", (Message(role="user", content="Hi"),))]
    notes = conversation_notes(ModelRef(path=str(tmp_path)), conversations)
    assert [("the tools that 2 conversations define" in note) for note in notes] == [True] * (not shown)
    if not shown:
        assert render(tokenizer, talk(FIND)) == render(tokenizer, (Message(role="user", content="Where is tea?"),))


def test_a_system_turn_before_them_takes_nothing_away() -> None:
    tokenizer = with_template(AS_JSON)
    written = text_of(tokenizer, render(tokenizer, (Message(role="system", content="Be brief."), *talk(FIND))))
    assert all(part in written for part in ("Be brief.", '"name": "find"', "Where is tea?"))
