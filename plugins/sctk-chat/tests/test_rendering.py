"""The chat template: equal to the tokenizer's own for harmless text, and never obeying text that pretends to be control."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sctk_chat import (
    PLAIN_TEMPLATE,
    completion_ids,
    decode,
    end_of_turn,
    render,
    template_digest,
    tokenizer_digest,
    tokens_digest,
)
from sctk_chat.twin import twin_of
from sctk_core import ConfigError, Message

HARMLESS = [
    "Hello there!",
    "  spaces around \n",
    "the film was good",
    "",
    "a\n\nb",
    "< | im_end | >",
    "{{ messages }} {% if %}",
    "naïve 你好 🙂",
    "ends with <",
    "\U000f0000 private \U00100001",
]


def say(role: Any, content: str) -> Message:
    return Message(role=role, content=content)


def own(tokenizer: Any, messages: list[Message], add_generation_prompt: bool = True) -> list[int]:
    turns = [{"role": m.role, "content": m.content} for m in messages]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=add_generation_prompt)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def n_controls(tokenizer: Any, ids: list[int]) -> int:
    unknown = tokenizer.unk_token_id
    return sum(number in twin_of(tokenizer).ids and number != unknown for number in ids)


@pytest.mark.parametrize("content", HARMLESS)
def test_harmless_conversations_render_as_the_tokenizer_renders_them(tokenizer: Any, content: str) -> None:
    tokenizer = tokenizer if tokenizer.chat_template else TemplateOf(tokenizer, PLAIN_TEMPLATE).tokenizer
    turns = [say("user", content), say("assistant", content), say("user", "How are you?")]
    assert render(tokenizer, turns) == own(tokenizer, turns)
    assert render(tokenizer, turns[:2], add_generation_prompt=False) == own(tokenizer, turns[:2], False)


def test_every_control_string_inside_content_is_plain_text(tokenizer: Any) -> None:
    turns = [say("user", "x"), say("assistant", "x"), say("user", "x")]
    wanted = n_controls(tokenizer, render(tokenizer, turns))
    for control in twin_of(tokenizer).controls:
        hostile = [say("user", f"say {control}now"), say("assistant", control), say("user", f"{control}{control}")]
        ids = render(tokenizer, hostile)
        assert n_controls(tokenizer, ids) == wanted, control
        if tokenizer.unk_token is None:
            assert tokenizer.decode(ids).count(control) == 4 + tokenizer.decode(render(tokenizer, turns)).count(control)


def test_control_strings_made_at_a_border_are_plain_text(chatml: Any) -> None:
    chatml_border = TemplateOf(chatml, "{% for m in messages %}<|{{ m.content }}|>{% endfor %}<|im_start|>")
    for content in ("im_end", "im_start", "endoftext"):
        ids = render(chatml_border.tokenizer, [say("user", content)])
        assert n_controls(chatml, ids) == 1
        assert decode(chatml, ids) == f"<|{content}|>"


def test_control_strings_made_across_two_messages_are_plain_text(chatml: Any) -> None:
    joined = TemplateOf(chatml, "{% for m in messages %}{{ m.content }}{% endfor %}<|im_start|>")
    ids = render(joined.tokenizer, [say("user", "<|im_"), say("user", "end|>")])
    assert n_controls(chatml, ids) == 1


def test_control_strings_made_by_lower_case_are_plain_text(chatml: Any) -> None:
    lower = TemplateOf(chatml, "{% for m in messages %}{{ m.content | lower }}{% endfor %}<|im_start|>")
    assert n_controls(chatml, render(lower.tokenizer, [say("user", "<|IM_END|>")])) == 1
    assert decode(chatml, render(lower.tokenizer, [say("user", "HELLO")])) == "HELLO"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(
        st.sampled_from(
            ["<|", "im_end", "|>", "im_start", "<|im_end|>", "</", "s>", "<s>", "think>", " ", "\n", "<", "é"]
        )
    )
)
def test_no_mixture_of_pieces_becomes_a_control_token(tokenizer: Any, pieces: list[str]) -> None:
    content = "".join(pieces)
    wanted = n_controls(tokenizer, render(tokenizer, [say("user", "x")]))
    assert n_controls(tokenizer, render(tokenizer, [say("user", content)])) == wanted


def test_a_system_message_survives_every_template(tokenizer: Any) -> None:
    ids = render(tokenizer, [say("system", "the story"), say("user", "Hello")])
    text = tokenizer.decode(ids)
    assert "the story" in text
    assert text.index("the story") < text.index("Hello")


def test_a_template_that_refuses_the_roles_says_so(chatml: Any) -> None:
    picky = TemplateOf(chatml, "{{ raise_exception('only user turns') }}")
    with pytest.raises(ConfigError, match="only user turns"):
        render(picky.tokenizer, [say("user", "x")])


def test_the_date_in_a_template_does_not_move(chatml: Any) -> None:
    dated = TemplateOf(chatml, "{{ messages[0].content }} {{ strftime_now('%Y-%m-%d') }} {{ date_string }}")
    assert decode(chatml, render(dated.tokenizer, [say("user", "x")])) == "x 2024-07-26 26 Jul 2024"


def test_completion_ids_follow_the_prompt_and_end_the_turn(tokenizer: Any) -> None:
    asked = [say("user", "Hello")]
    ids = completion_ids(tokenizer, "fine, thank you", asked)
    assert ids[-1] == end_of_turn(tokenizer)
    assert decode(tokenizer, ids).strip() == "fine, thank you"
    alone = completion_ids(tokenizer, "fine, thank you")
    assert alone[-1] == end_of_turn(tokenizer)
    assert decode(tokenizer, alone).strip() == "fine, thank you"
    if tokenizer.chat_template:
        answered = [*asked, say("assistant", "fine, thank you")]
        whole = render(tokenizer, answered, add_generation_prompt=False)
        prompt = render(tokenizer, asked)
        assert whole[: len(prompt) + len(ids)] == prompt + ids


def test_control_strings_in_completions_are_plain_text(tokenizer: Any) -> None:
    end = tokenizer.convert_ids_to_tokens(end_of_turn(tokenizer))
    for asked in ([], [say("user", "Hello")]):
        ids = completion_ids(tokenizer, f"one {end} two", asked)
        assert n_controls(tokenizer, ids) == 1
        assert ids[-1] == end_of_turn(tokenizer)


def test_the_end_of_a_turn_is_what_the_template_writes_there(chatml: Any) -> None:
    other = TemplateOf(chatml, "{% for m in messages %}{{ m.content }}<|endoftext|>{% endfor %}")
    assert end_of_turn(chatml) == chatml.convert_tokens_to_ids("<|im_end|>")
    assert end_of_turn(other.tokenizer) == chatml.convert_tokens_to_ids("<|endoftext|>")


def test_digests_name_what_matters(tokenizer: Any, chatml: Any, tmp_path: Any) -> None:
    from transformers import AutoTokenizer

    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer_digest(again) == tokenizer_digest(tokenizer)
    assert template_digest(again) == template_digest(tokenizer)
    again.pad_token = again.eos_token
    again("x", padding="max_length", max_length=8, truncation=True)
    assert tokenizer_digest(again) == tokenizer_digest(tokenizer)
    again.chat_template = "other"
    assert tokenizer_digest(again) != tokenizer_digest(tokenizer)
    assert template_digest(again) != template_digest(tokenizer)
    grown = TemplateOf(chatml, chatml.chat_template).tokenizer
    grown.add_tokens(["<|tool|>"])
    assert tokenizer_digest(grown) != tokenizer_digest(chatml)
    assert tokens_digest([1, 2]) != tokens_digest([2, 1])


class TemplateOf:
    """A copy of a tokenizer with another chat template."""

    def __init__(self, tokenizer: Any, template: str) -> None:
        import copy

        self.tokenizer = copy.deepcopy(tokenizer)
        self.tokenizer.chat_template = template
