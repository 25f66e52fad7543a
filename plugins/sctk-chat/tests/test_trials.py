"""Templates that write something, and not what they were given, are found before a run, by name."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from families import FAMILIES, Family, tokenizer_of
from sctk_chat import conversation_notes, template_notes
from sctk_core import ConfigError, Message, ModelRef

TURN = "{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
ASKS = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
SWAPPED = (
    "{{ '<|im_start|>' + ('user' if m.role == 'assistant' else 'assistant' if m.role == 'user' else m.role) + '\\n'"
)
FAULTY = {
    "the last turns only": ("{% for m in messages[-4:] %}" + TURN + "{% endfor %}" + ASKS, "leaves out some"),
    "long texts cut": (
        "{% for m in messages %}" + TURN.replace("m.content", "m.content[:700]") + "{% endfor %}" + ASKS, "cuts or changes",
    ),
    "long turns dropped": (
        "{% for m in messages if m.content | length < 900 %}" + TURN + "{% endfor %}" + ASKS, "cuts or changes",
    ),
    "words up to a hundred": (
        "{% for m in messages %}" + TURN.replace("m.content", "m.content.split(' ')[:100] | join(' ')") + "{% endfor %}" + ASKS,
        "cuts or changes",
    ),
    "long answers cut": (
        "{% for m in messages %}" + TURN.replace("m.content", "(m.content[:80] if m.role == 'assistant' else m.content)")
        + "{% endfor %}" + ASKS, "in a conversation",
    ),
    "paragraphs joined": (
        "{% for m in messages %}" + TURN.replace("m.content", "m.content.replace('\\n\\n', '\\n')") + "{% endfor %}" + ASKS,
        "cuts or changes",
    ),
    "roles swapped": (
        "{% for m in messages %}" + SWAPPED + " + m.content + '<|im_end|>\\n' }}{% endfor %}" + ASKS, "are roles swapped?",
    ),
    "one role for all": (
        "{% for m in messages %}" + TURN.replace("m.role", "'assistant'") + "{% endfor %}" + ASKS, "told apart",
    ),
    "texts twice": (
        "{% for m in messages %}" + TURN.replace("m.content", "m.content + '\\n' + m.content") + "{% endfor %}" + ASKS, "2 times",
    ),
    "the question twice": (
        "{% for m in messages %}" + TURN + "{% endfor %}{{ messages[-1].content }}" + ASKS, "2 times",
    ),
    "turns reversed": ("{% for m in messages | reverse %}" + TURN + "{% endfor %}" + ASKS, "behind the question"),
    "the system message last": (
        "{% for m in messages if m.role != 'system' %}" + TURN + "{% endfor %}{% for m in messages if m.role == 'system' %}"
        + TURN + "{% endfor %}" + ASKS, "behind the question",
    ),
}  # fmt: skip


def saved(template: str, folder: Path) -> ModelRef:
    chatml = next(family for family in FAMILIES if family.name == "ChatML")
    tokenizer = copy.deepcopy(tokenizer_of(chatml))
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return ModelRef(path=str(folder))


@pytest.mark.parametrize("name", FAULTY)
def test_a_template_that_writes_something_else_is_found_before_anything_is_asked(name: str, tmp_path: Path) -> None:
    template, told = FAULTY[name]
    with pytest.raises(ConfigError, match=told) as raised:
        template_notes(saved(template, tmp_path))
    assert str(tmp_path) in raised.value.message
    assert "ChatML" in raised.value.message


@pytest.mark.parametrize("family", FAMILIES, ids=[family.name for family in FAMILIES])
def test_no_family_is_refused(family: Family, tmp_path: Path) -> None:
    tokenizer_of(family).save_pretrained(tmp_path)
    assert isinstance(template_notes(ModelRef(path=str(tmp_path), variables=family.variables)), list)


@pytest.mark.parametrize("shown", ["messages[-1:]", "messages if m.role != 'assistant'"])
def test_a_conversation_of_the_file_that_a_template_does_not_take_whole_is_an_error_with_its_place(
    shown: str, tmp_path: Path
) -> None:
    model = saved("{% for m in " + shown + " %}" + TURN + "{% endfor %}" + ASKS, tmp_path)
    assert any("several turns" in note for note in template_notes(model))
    talk = (
        Message(role="user", content="one"),
        Message(role="assistant", content="two"),
        Message(role="user", content="three"),
    )
    with pytest.raises(ConfigError, match=r"rows.jsonl:7: .*ChatML"):
        conversation_notes(model, [("rows.jsonl:7", talk)])
