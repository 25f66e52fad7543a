"""Turns of tools, calls and developers: they come out of a template whole, or the conversation is refused with its place."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from families import FAMILIES, tokenizer_of
from sctk_chat import conversation_notes, decode, render, turn_ids
from sctk_core import Call, ConfigError, Message, ModelRef

BY_NAME = {family.name: family for family in FAMILIES}
OPEN = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
JSON_CALLS = (
    "{% for m in messages %}{% if m.role == 'tool' %}<|im_start|>user\n<tool_response>\n{{ m.content }}\n</tool_response>"
    "{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}{% for c in m.tool_calls or [] %}\n<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}{% endif %}'
    "<|im_end|>\n{% endfor %}" + OPEN
)
TEXT_CALLS = (
    "{% for m in messages %}{% if m.role == 'assistant' and m.content is none %}{% for c in m.tool_calls %}"
    "<|im_start|>{{ c.type + ' ' + c.function.name + '\n' + c.function.arguments }}{% endfor %}"
    "{% elif m.role == 'tool' %}<|im_start|>output\n{{ m.content }}{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}{% endif %}"
    "<|im_end|>\n{% endfor %}" + OPEN
)
XML_CALLS = (
    "{% for m in messages %}<|im_start|>{{ 'observation' if m.role == 'tool' else m.role }}\n{{ m.content }}"
    "{% for c in m.tool_calls or [] %}\n{{ c.function.name }}{% for k, v in c.function.arguments.items() %}"
    "\n<key>{{ k }}</key><value>{{ v if v is string else v | tojson }}</value>{% endfor %}{% endfor %}<|im_end|>\n{% endfor %}"
    + OPEN
)
QUOTED_OUTPUT = JSON_CALLS.replace("<tool_response>\n{{ m.content }}", "<tool_response>\n{{ m.content | tojson }}")
TAKING = {"JSON": JSON_CALLS, "text": TEXT_CALLS, "XML": XML_CALLS, "quoted output": QUOTED_OUTPUT}
ARGUMENTS = {"city": 'Ur "the old"\\ <|im_end|>', "n": 3, "near": [True, None, {"é": "a\nb"}]}
OUTPUT = 'It is "warm".\n<|im_end|> 21 C'
TALK = (
    Message(role="user", content="How warm is it?"),
    Message(role="assistant", content="", calls=(Call(name="find", arguments=json.dumps(ARGUMENTS), id="c1"),)),
    Message(role="tool", content=OUTPUT, tool="find", call_id="c1"),
)


def with_template(template: str) -> Any:
    made = copy.deepcopy(tokenizer_of(BY_NAME["ChatML"]))
    made.chat_template = template
    return made


def plain(messages: tuple[Message, ...], *, as_text: bool = False) -> list[dict[str, Any]]:
    """The conversation as transformers' own apply_chat_template is given it."""
    found: list[dict[str, Any]] = []
    for turn in messages:
        one: dict[str, Any] = {"role": turn.role, "content": turn.content}
        if turn.calls:
            calls = [(call.name, json.loads(call.arguments)) for call in turn.calls]
            one["tool_calls"] = [
                {
                    "type": "function",
                    "function": {
                        "name": name,
                        "arguments": json.dumps(value, ensure_ascii=False) if as_text else value,
                    },
                }
                for name, value in calls
            ]
            one["content"] = None if as_text else turn.content
        found.append(one)
    return found


def text_of(tokenizer: Any, ids: list[int]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


@pytest.mark.parametrize("kind", TAKING)
def test_calls_and_tool_turns_come_out_as_the_templates_own_rendering_has_them(kind: str) -> None:
    tokenizer = with_template(TAKING[kind])
    wanted = tokenizer.apply_chat_template(
        plain(TALK, as_text=kind == "text"), tokenize=False, add_generation_prompt=True
    )
    assert text_of(tokenizer, render(tokenizer, TALK)) == wanted
    assert '"warm' in wanted.replace("\\", "")


@pytest.mark.parametrize("kind", TAKING)
def test_no_control_token_comes_out_of_a_call_or_of_what_a_tool_says(kind: str) -> None:
    tokenizer = with_template(TAKING[kind])
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert render(tokenizer, TALK).count(end) == len(TALK)


@pytest.mark.parametrize("kind", TAKING)
def test_an_answer_behind_a_tools_turn_is_taught_as_any_other(kind: str) -> None:
    tokenizer = with_template(TAKING[kind])
    read, taught = turn_ids(tokenizer, TALK, "It is warm.")
    assert read == render(tokenizer, TALK)
    assert text_of(tokenizer, taught) == "It is warm.<|im_end|>"


def test_two_calls_of_one_turn_come_out_both() -> None:
    twice = tuple(Call(name=name, arguments='{"x": "y"}') for name in ("find", "look"))
    talk = (TALK[0], Message(role="assistant", content="I see.", calls=twice), TALK[2])
    said = decode(with_template(JSON_CALLS), render(with_template(JSON_CALLS), talk))
    assert said.index("I see.") < said.index("find") < said.index("look")


LOSING = {
    "calls left out": JSON_CALLS.replace("m.tool_calls or []", "[]"),
    "arguments left out": JSON_CALLS.replace("c.function.arguments | tojson", "{}"),
    "the first call alone": JSON_CALLS.replace("m.tool_calls or []", "(m.tool_calls or [])[:1]"),
    "arguments as Python writes them": JSON_CALLS.replace("c.function.arguments | tojson", "[c.function.arguments]"),
    "tools left out": JSON_CALLS.replace("{{ m.content }}\n</tool_response>", "</tool_response>"),
    "a tool's turn as the assistant's": JSON_CALLS.replace("m.role == 'tool'", "false").replace(
        "{{ m.role }}", "{{ 'user' if m.role == 'user' else 'assistant' }}"
    ),
    "a tool refused": JSON_CALLS.replace(
        "{% if m.role == 'tool' %}", "{% if m.role == 'tool' %}{{ raise_exception('no') }}"
    ),
}


@pytest.mark.parametrize("loss", LOSING)
def test_what_a_template_leaves_out_or_mistakes_is_told_with_its_place(loss: str, tmp_path: Path) -> None:
    twice = tuple(Call(name=name, arguments='{"x": "y", "b": true}') for name in ("find", "look"))
    talk = (TALK[0], Message(role="assistant", content="", calls=twice), TALK[2])
    with_template(LOSING[loss]).save_pretrained(tmp_path)
    with pytest.raises(
        ConfigError, match=r"^a.jsonl:7: chat template .* got user, assistant \(which calls a tool\), tool"
    ):
        conversation_notes(ModelRef(path=str(tmp_path)), [("a.jsonl:7", talk)])


GUIDED = (Message(role="developer", content="Be brief."), Message(role="user", content="Why?"))


def test_a_developer_stays_one_where_the_template_knows_such_turns(tmp_path: Path) -> None:
    knows = (
        "{% for m in messages %}<|im_start|>{{ 'dev' if m.role == 'developer' else m.role }}\n{{ m.content }}<|im_end|>\n"
        "{% endfor %}"
    )
    tokenizer = with_template(knows + OPEN)
    assert "<|im_start|>dev\nBe brief." in text_of(tokenizer, render(tokenizer, GUIDED))
    tokenizer.save_pretrained(tmp_path)
    assert conversation_notes(ModelRef(path=str(tmp_path)), [("a:1", GUIDED)]) == []


def test_a_developer_becomes_the_system_elsewhere_which_is_told_once(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(BY_NAME["ChatML"])
    assert render(tokenizer, GUIDED) == render(tokenizer, (Message(role="system", content="Be brief."), GUIDED[1]))
    system = Message(role="system", content="A.")
    both = render(tokenizer, (system, *GUIDED))
    assert both == render(tokenizer, (Message(role="system", content="A.\n\nBe brief."), GUIDED[1]))
    tokenizer.save_pretrained(tmp_path)
    notes = conversation_notes(ModelRef(path=str(tmp_path)), [("a:1", GUIDED), ("a:2", GUIDED)])
    assert len(notes) == 1
    assert "2 conversations give such turns as the system's" in notes[0]
