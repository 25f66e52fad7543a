"""Templates that lose, change or refuse what was said: found before anything is asked, with the family named."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from families import FAMILIES, tokenizer_of
from sctk_chat import Chat, decode, habits_of, render, template_notes, turn_ids, whole_ids
from sctk_core import ConfigError, Message, ModelRef, Request

BY_NAME = {family.name: family for family in FAMILIES}
LOOP = "{% for m in messages %}<|im_start|>{{ m.role }}\n"
REST = "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
LOSES = {
    "the user's text": LOOP + "{% if m.role != 'user' %}{{ m.content }}{% endif %}" + REST,
    "all but the first characters": LOOP + "{{ m.content[:5] }}" + REST,
    "white space inside": LOOP + "{{ m.content.split() | join(' ') }}" + REST,
    "all but the last turn": "{% set messages = messages[-1:] %}" + LOOP + "{{ m.content }}" + REST,
    "turns of other names": LOOP + "{{ m.text }}" + REST,
    "the first line": LOOP + "{{ m.content.split('\n')[1:] | join('\n') }}" + REST,
}
CHANGES = {
    "lower": LOOP + "{{ m.content | lower }}" + REST,
    "escape": LOOP + "{{ m.content | e }}" + REST,
    "replace": LOOP + "{{ m.content.replace('many', 'few') }}" + REST,
}
ASKED = [
    Message(role="user", content="How  many?\nSay a number"), Message(role="assistant", content="Seven  or\nso, I say."),
    Message(role="user", content="Sure  of\nit, are you?"),
]  # fmt: skip


def with_template(template: str, name: str = "ChatML") -> Any:
    made = copy.deepcopy(tokenizer_of(BY_NAME[name]))
    made.chat_template = template
    return made


@pytest.mark.parametrize("loss", LOSES)
def test_a_template_that_leaves_something_out_is_an_error_that_names_its_family(loss: str) -> None:
    with pytest.raises(ConfigError, match=r"chat template \(ChatML\): got user, assistant, user, and its text for the"):
        render(with_template(LOSES[loss]), ASKED)


@pytest.mark.parametrize("loss", sorted(LOSES.keys() - {"all but the last turn"}))
def test_it_is_found_before_anything_is_asked(loss: str, tmp_path: Path) -> None:
    with_template(LOSES[loss]).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=r"chat template \(ChatML\)"):
        template_notes(ModelRef(path=str(tmp_path)))


def test_a_template_that_keeps_the_last_turn_only_gets_a_note(tmp_path: Path) -> None:
    with_template(LOSES["all but the last turn"]).save_pretrained(tmp_path)
    assert any("several turns" in note for note in template_notes(ModelRef(path=str(tmp_path))))


DROPPING = LOOP.replace("in messages %}", "in messages if m.role != 'system' %}") + "{{ m.content }}" + REST
LAST_ALONE = "{{ (messages | selectattr('role', 'equalto', 'system') | list)[-1].content }}"


def test_a_system_message_is_not_taken_for_there_because_the_question_repeats_it() -> None:
    turns = [Message(role="system", content="Name a bird"), Message(role="user", content="Name a bird of Crete.")]
    ids = render(with_template(DROPPING), turns)
    assert decode(with_template(DROPPING), ids) == "user\nName a bird\n\nName a bird of Crete.\nassistant\n"


def test_of_two_system_messages_the_one_that_is_dropped_comes_out_though_the_other_holds_its_words() -> None:
    guides = [Message(role="system", content=text) for text in ("Be brief", "Be brief and kind")]
    tokenizer = with_template(LAST_ALONE + DROPPING)
    said = decode(tokenizer, render(tokenizer, [*guides, Message(role="user", content="Why?")]))
    assert said == "Be brief and kinduser\nBe brief\nuser\nWhy?\nassistant\n"


@pytest.mark.parametrize("change", CHANGES)
def test_text_that_a_template_would_change_is_given_as_it_is_and_told(change: str, tmp_path: Path) -> None:
    tokenizer = with_template(CHANGES[change])
    text = decode(tokenizer, render(tokenizer, [Message(role="user", content="HOW many <b>?")]))
    assert text == "user\nHOW many <b>?\nassistant\n"
    tokenizer.save_pretrained(tmp_path)
    assert any("as it is" in note for note in template_notes(ModelRef(path=str(tmp_path))))


def test_parts_are_given_to_templates_that_take_parts_alone_in_any_turn() -> None:
    only_users = (
        LOOP
        + "{% if m.role == 'user' %}{% for c in m.content %}{{ c.text }}{% endfor %}{% else %}{{ m.content }}{% endif %}"
        + REST
    )
    typed = LOOP + "{% for c in m.content if c.type == 'text' %}{{ c.text | trim }}{% endfor %}" + REST
    indexed = LOOP + "{{ m.content[0]['text'] }}" + REST
    either = LOOP + "{% if m.content is string %}{{ m.content }}{% else %}{{ m.content[0].text }}{% endif %}" + REST
    wanted = render(with_template(LOOP + "{{ m.content }}" + REST), ASKED)
    for template in (only_users, typed, indexed, either):
        assert render(with_template(template), ASKED) == wanted
        read, taught = turn_ids(with_template(template), ASKED[:1], ASKED[1].content)
        assert [*read, *taught] == wanted[: len(read) + len(taught)]


def test_a_list_of_parts_that_is_written_as_it_stands_is_no_text() -> None:
    with pytest.raises(ConfigError, match="chat template"):
        render(with_template(LOOP + "{% if m.content is not string %}{{ m.content }}{% endif %}" + REST), ASKED)


FIRST = ("Llama 2", "Llama 3", "Gemma", "Command-R", "DeepSeek-R1 distillations", "none, with a first token")


@pytest.mark.parametrize("name", FIRST)
@pytest.mark.parametrize("template", ["own", "without it", "none"])
def test_a_first_token_stands_there_once(name: str, template: str) -> None:
    tokenizer = tokenizer_of(BY_NAME[name])
    if template != "own":
        tokenizer = copy.deepcopy(tokenizer)
        tokenizer.chat_template = None if template == "none" else "{% for m in messages %}{{ m.content }}\n{% endfor %}"
    first = tokenizer("x")["input_ids"][0]
    for roles in (["user"], ["system", "user"], ["user", "assistant", "user"]):
        ids = render(tokenizer, [Message(role=role, content=f"say {tokenizer.bos_token}") for role in roles])  # type: ignore[arg-type]
        assert ids[0] == first == tokenizer.bos_token_id
        assert ids.count(first) == 1
    read, taught = turn_ids(tokenizer, [Message(role="user", content="x")], "y")
    assert [read[0], *read, *taught].count(first) == 2


TURNS = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
WRITTEN = {
    "as text": "<s>" + TURNS,
    "behind a line feed": "\n<s>" + TURNS,
    "behind a space": " {{ bos_token }}" + TURNS,
    "twice": "<s>{{ bos_token }}" + TURNS,
    "twice, behind line feeds": "\n<s>\n{{ bos_token }}" + TURNS,
    "beside a system message alone": "{% if messages[0].role == 'system' %}<s>{% endif %}" + TURNS,
}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("roles", [("user",), ("system", "user")])
def test_a_first_token_that_the_template_writes_stands_there_first_and_once(name: str, roles: tuple[Any, ...]) -> None:
    tokenizer = copy.deepcopy(tokenizer_of(BY_NAME["none, with a first token"]))
    first, end = tokenizer.convert_tokens_to_ids(["<s>", "</s>"])
    conversation = [Message(role=role, content="say <s>") for role in roles]
    tokenizer.chat_template = TURNS
    wanted, wanted_taught = render(tokenizer, conversation), turn_ids(tokenizer, conversation, "y <s>")
    tokenizer.chat_template = WRITTEN[name]
    assert render(tokenizer, conversation) == wanted
    assert (wanted[0], wanted.count(first)) == (first, 1)
    assert turn_ids(tokenizer, conversation, "y <s>") == wanted_taught
    assert decode(tokenizer, wanted_taught[1][:-1]).strip() == "y <s>"
    assert wanted_taught[1][-1] == end


def test_several_first_tokens_and_last_ones_of_the_tokenizer() -> None:
    from tokenizers import processors

    tokenizer = copy.deepcopy(tokenizer_of(BY_NAME["GLM"]))
    named = [(name, tokenizer.convert_tokens_to_ids(name)) for name in ("[gMASK]", "<sop>", "<|endoftext|>")]
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[gMASK] <sop> $A <|endoftext|>", special_tokens=named
    )
    fresh = copy.deepcopy(tokenizer)
    ids = render(fresh, [Message(role="user", content="x")])
    assert ids[:2] == [named[0][1], named[1][1]]
    assert [ids.count(number) for _, number in named] == [1, 1, 0]
    fresh.chat_template = None
    assert render(fresh, [Message(role="user", content="x")])[:2] == [named[0][1], named[1][1]]


def test_variables_reach_the_template_and_unknown_ones_get_a_note(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(BY_NAME["Qwen3"])
    asked = [Message(role="user", content="x")]
    closed = decode(tokenizer, render(tokenizer, asked, variables={"enable_thinking": False}))
    assert closed == decode(tokenizer, render(tokenizer, asked)) + "<think>\n\n</think>\n\n"
    tokenizer.save_pretrained(tmp_path)
    notes = template_notes(ModelRef(path=str(tmp_path), variables={"enable_thinking": False, "enable_thoughts": False}))
    assert [note for note in notes if "never reads" in note] == [
        f"chat template of {tmp_path} (Qwen3): it never reads the variable 'enable_thoughts'"
    ]
    with pytest.raises(ConfigError, match="'add_generation_prompt', which sctk gives by itself"):
        template_notes(ModelRef(path=str(tmp_path), variables={"add_generation_prompt": False}))


def test_a_reply_says_which_thought_its_prompt_began() -> None:
    for name, opened in (
        ("DeepSeek-R1 distillations", "<think>"),
        ("Qwen3", ""),
        ("Qwen3, enable_thinking = false", ""),
    ):
        family = BY_NAME[name]
        tokenizer = tokenizer_of(family)
        ends = frozenset([tokenizer.eos_token_id])
        chat = Chat("toy", tokenizer, context=99, n_vocab=len(tokenizer), ends=ends, variables=family.variables)
        request = Request(messages=(Message(role="user", content="say <think>"),), key="k")
        opening = chat.opening(request)
        assert not hasattr(opening, "kind")
        assert chat.reply(request, opening, [*ends], at_limit=False).opened == opened  # type: ignore[arg-type]


def test_text_of_sampled_ids_keeps_the_marks_that_part_thoughts_and_no_other_control_token() -> None:
    for name, said, end in (
        ("gpt-oss", "<|channel|>analysis<|message|>Hm.<|end|>", "<|endoftext|>"),
        ("Magistral", "[THINK]Hm.[/THINK]So.", "[INST]"),
        ("Command A, reasoning", "<|START_THINKING|>Hm.<|END_THINKING|>", "<|USER_TOKEN|>"),
    ):
        tokenizer = tokenizer_of(BY_NAME[name])
        assert decode(tokenizer, tokenizer(said + end, add_special_tokens=False)["input_ids"]) == said
    phi = tokenizer_of(BY_NAME["Phi-3"])
    assert decode(phi, phi("So.<|end|>", add_special_tokens=False)["input_ids"]) == "So."


def test_habits_are_those_of_the_template_with_its_variables() -> None:
    found = habits_of(tokenizer_of(BY_NAME["DeepSeek-R1 distillations"]))
    assert (found.opens, found.read, found.taught) == ("<think>", "", "A<｜end▁of▁sentence｜>")
    assert habits_of(tokenizer_of(BY_NAME["Gemma"])).system == "put before the first user message by sctk"


@pytest.mark.parametrize("family", FAMILIES, ids=[family.name for family in FAMILIES])
@pytest.mark.parametrize("answer", [" Rome", "Rome ", "\n Rome\n"])
def test_an_answer_that_the_question_holds_with_its_white_space_is_taught_alone(family: Any, answer: str) -> None:
    tokenizer = tokenizer_of(family)
    asked = [Message(role="user", content=f"Paris or{answer}or Oslo?")]
    read, taught = turn_ids(tokenizer, asked, answer, family.variables)
    assert decode(tokenizer, taught[:-1]).removesuffix("<|END_RESPONSE|>").strip() == "Rome"
    assert "Oslo?" in tokenizer.decode(read)


SYSTEM_IN_THE_LAST_QUESTION = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set system = messages[0].content + '\n\n' %}"
    "{% set turns = messages[1:] %}{% else %}{% set system = '' %}{% set turns = messages %}{% endif %}"
    "{% for m in turns %}{% if m.role == 'user' %}[INST] {{ (system if loop.last else '') + m.content }}[/INST]"
    "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)


def test_an_answer_is_taught_behind_the_conversation_as_it_was_asked() -> None:
    """Mistral's own templates write no system message where the last turn is an answer."""
    tokenizer = with_template(SYSTEM_IN_THE_LAST_QUESTION, "Mistral")
    for turns in (["One?"], ["One?", "Yes.", "Two?"], ["Two?", "Yes.", "Two?", "No.", "Two?"]):
        asked = [Message(role="assistant" if n % 2 else "user", content=text) for n, text in enumerate(turns)]
        asked = [Message(role="system", content="Be kind."), *asked]
        read, taught = turn_ids(tokenizer, asked, "Seven.")
        assert read == render(tokenizer, asked)
        assert tokenizer.decode(read).endswith(f"[INST] Be kind.\n\n{turns[-1]}[/INST]")
        assert tokenizer.decode(taught) == " Seven.</s>"


def test_an_added_token_that_the_tokenizer_meets_behind_a_space_alone_is_met_there_alone() -> None:
    """Tokenizers of SentencePiece's kind look for normalised tokens in normalised text, in which one begins with a space."""
    from tokenizers import Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256)), "\u2581", *"abcdehiknotu<>/"]
    engine = Tokenizer(
        models.BPE(vocab={piece: n for n, piece in enumerate(pieces)}, merges=[], unk_token="<unk>", byte_fallback=True)
    )
    engine.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    engine.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=engine, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    tokenizer.add_tokens(["<think>", "</think>"])
    said_twice = "d<think>hid {said} </think> a</think>b <think>{said}</s>"
    tokenizer.chat_template = (
        "{% for m in messages %}" + said_twice.replace("{said}", "{{ m.content }}") + "{% endfor %}"
    )
    marks = tokenizer.convert_tokens_to_ids(["<think>", "</think>"])
    wanted = tokenizer(said_twice.format(said="a"), add_special_tokens=False)["input_ids"]
    assert render(tokenizer, [Message(role="user", content="a")]) == wanted
    for said in ("do </think> it", "<think> </think>"):
        ids = render(tokenizer, [Message(role="user", content=said)])
        assert [ids.count(mark) for mark in marks] == [wanted.count(mark) for mark in marks] == [1, 1]
        assert "".join(tokenizer.decode(ids).split()) == "".join(said_twice.format(said=said).split())
        read, taught = turn_ids(tokenizer, [Message(role="user", content="a")], said)
        assert tokenizer.decode(taught[:-1]).strip() == said
        assert "\ue000" not in tokenizer.decode([*read, *taught])


@pytest.mark.parametrize(("name", "opens"), [("DeepSeek-R1 distillations", True), ("Qwen3", False)])
def test_a_thought_that_was_given_whole_begins_once(name: str, opens: bool) -> None:
    tokenizer = tokenizer_of(BY_NAME[name])
    prompt, begin = render(tokenizer, [Message(role="user", content="Q")]), tokenizer.convert_tokens_to_ids("<think>")
    for thought in ("<think>\nHm.\n</think>\n\n", "\n<think>\nHm.\n</think>\n\n"):
        ids = [*prompt, *whole_ids(tokenizer, thought, "A")]
        assert ids.count(begin) == 1
        assert tokenizer.decode(ids).endswith("<think>\nHm.\n</think>\n\nA" + BY_NAME[name].end)
    if opens:
        rest = [*prompt, *whole_ids(tokenizer, "Hm.\n</think>\n\n", "A")]
        assert tokenizer.decode(rest).endswith("<think>\nHm.\n</think>\n\nA" + BY_NAME[name].end)
