"""Rows as the field writes them: what a model is asked for each form, what is known of the answer, and what the user is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_core import Call, ConfigError, Given, Message, content_id
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
from sctk_core.records import Prompt
from sctk_core.store.rows import frame, parents_of, record_from, schema, whole
from toy_run import toy_run

TURNS = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
ASK = {"role": "user", "content": "Why?"}
TOLD = {"role": "assistant", "content": "Because."}
HH = "\n\nHuman: Is it far?\n\nAssistant: A mile.\n\nHuman: On foot?\n\nAssistant:"


def source(path: Path, rows: list[dict[str, Any]], **columns: Any) -> FileSource:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return made(path, **columns)


def made(path: Path, **columns: Any) -> FileSource:
    options = {"path": str(path), "held_out_share": 0.0, "columns": columns}
    return FileSource(parse(FileSource.Config, options, where="[source]"))


def only(tmp_path: Path, row: dict[str, Any], **columns: Any) -> tuple[Prompt, str]:
    """(the prompt of a file with one row, what is told of it)."""
    found = source(tmp_path / "a.jsonl", [row], **columns)
    (prompt,) = found.prompts()
    return prompt, "\n".join(found.notes)


def said(prompt: Prompt) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in prompt.messages]


CONVERSATIONS: dict[str, tuple[dict[str, Any], list[tuple[str, str]], str | None, str]] = {
    "ShareGPT": (
        {"id": "x", "conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Hi"},
                                      {"from": "gpt", "value": "Yo"}]},
        [("system", "Be brief."), ("user", "Hi")], "Yo", "read as ShareGPT: conversations -> messages",
    ),
    "one conversation": (
        {"conversation": [{"from": "user", "value": "Hi"}]}, [("user", "Hi")], None, "conversation -> messages",
    ),
    "ShareGPT's column with role and content": ({"conversations": [*TURNS, ASK]},
        [("user", "Hi"), ("assistant", "Hello"), ("user", "Why?")], None, "read as ShareGPT"),
    "bot and human, in capitals": (
        {"messages": [{"role": "Human", "content": "a"}, {"role": "bot", "content": "b"}, {"role": "USER", "content": "c"},
                      {"role": "model", "content": "d"}]},
        [("user", "a"), ("assistant", "b"), ("user", "c")], "d", "read as messages",
    ),
    "developer and ai": (
        {"messages": [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "a"},
                      {"role": "ai", "content": "b"}]},
        [("developer", "Be kind."), ("user", "a")], "b", "read as messages: messages -> messages",
    ),
    "JSON text": ({"messages": json.dumps([*TURNS, ASK])},
        [("user", "Hi"), ("assistant", "Hello"), ("user", "Why?")], None, "messages -> messages"),
    "Python text": ({"messages": str([{"role": "user", "content": "It's"}])}, [("user", "It's")], None, "-> messages"),
    "ShareGPT as JSON text": (
        {"conversations": '[{"from": "human", "value": "Hi"}]'}, [("user", "Hi")], None, "read as ShareGPT",
    ),
    "text in messages stays text": ({"messages": "Just [ask] me."}, [("user", "Just [ask] me.")], None, "-> prompt"),
    "a prompt about turns stays text": (
        {"prompt": '[{"role": "user", "content": "a"}] Is this JSON?'},
        [("user", '[{"role": "user", "content": "a"}] Is this JSON?')], None, "prompt -> prompt",
    ),
    "JSON in a prompt stays text": ({"prompt": '[{"a": 1}]'}, [("user", '[{"a": 1}]')], None, "prompt -> prompt"),
    "parts": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]}]},
        [("user", "One.\nTwo.")], None, "-> messages",
    ),
    "parts of other names": (
        {"prompt": [{"role": "user", "content": ["a", {"type": "input_text", "text": "b"}, {"text": "c"}]}]},
        [("user", "a\nb\nc")], None, "-> messages",
    ),
    "parts as JSON text": (
        {"messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": "a"}]}])},
        [("user", "a")], None, "-> messages",
    ),
    "a transcript": ({"prompt": HH, "response": "Yes."},
        [("user", "Is it far?"), ("assistant", "A mile."), ("user", "On foot?")], None, "-> messages"),
    "no calls in null columns": (
        {"messages": [{"role": "user", "content": "a", "tool_calls": None}]}, [("user", "a")], None, "-> messages",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversations_in_every_shape(name: str, tmp_path: Path) -> None:
    row, turns, reference, note = CONVERSATIONS[name]
    prompt, told = only(tmp_path, row)
    assert (said(prompt), prompt.reference) == (turns, reference)
    assert note in told


ASKED: dict[str, tuple[dict[str, Any], str, str]] = {
    "Alpaca": (
        {"instruction": "Sort.", "input": "b a", "output": "a b"}, "Sort.\n\nb a",
        "read as Alpaca: instruction + input -> prompt",
    ),
    "Alpaca without input": ({"instruction": "Sing.", "input": "", "output": "La."}, "Sing.", "Alpaca: instruction -> prompt"),
    "Dolly": (
        {"instruction": "Sum up.", "context": "A river runs.", "response": "It runs.", "category": "x"},
        "Sum up.\n\nA river runs.", "read as Dolly: instruction + context -> prompt",
    ),
    "Dolly without context": (
        {"instruction": "Sing.", "context": "", "response": "La.", "category": "x"}, "Sing.", "Dolly: instruction -> prompt",
    ),
    "SQuAD": (
        {"id": "7", "context": "It rained in May.", "question": "When?", "answers": {"text": ["May"], "answer_start": [13]}},
        "It rained in May.\n\nWhen?", "read as questions: context + question -> prompt, answers -> reference",
    ),
    "passages in a list": (
        {"question": "When?", "contexts": ["One.", "Two."], "answer": "x"}, "One.\n\nTwo.\n\nWhen?", "contexts + question",
    ),
    "HotpotQA's columns": (
        {"question": "Where?", "context": {"title": ["Ur"], "sentences": [["A city.", " On a river."]]}, "answer": "x"},
        "Ur\nA city. On a river.\n\nWhere?", "context + question",
    ),
    "HotpotQA's own files": (
        {"question": "Where?", "context": [["Ur", ["A city.", " On a river."]], ["Uruk", ["Older."]]], "answer": "x"},
        "Ur\nA city. On a river.\n\nUruk\nOlder.\n\nWhere?", "context + question",
    ),
    "MuSiQue": (
        {"question": "Where?", "paragraphs": [{"idx": 0, "title": "Ur", "paragraph_text": "A city."}]},
        "Ur\nA city.\n\nWhere?", "paragraphs + question",
    ),
    "MS MARCO": (
        {"query": "where", "passages": {"is_selected": [0, 1], "passage_text": ["One.", "Two."]}, "answers": ["x"]},
        "One.\n\nTwo.\n\nwhere", "passages + query",
    ),
    "BoolQ": ({"question": "is it", "passage": "It is.", "answer": True}, "It is.\n\nis it", "passage + question"),
    "SVAMP": ({"Body": "2 hens.", "Question": "How many?", "Answer": 2.0}, "2 hens.\n\nHow many?", "Body + Question"),
    "KTO": ({"prompt": "Hi", "completion": "No.", "label": False}, "Hi", "read as KTO: prompt -> prompt"),
    "preference pairs": ({"prompt": "Hi", "chosen": "Yo", "rejected": "No"}, "Hi", "read as preference rows"),
    "UltraFeedback": (
        {"instruction": "Hi", "completions": [{"model": "m", "response": "Yo", "overall_score": 7.5}]}, "Hi", "UltraFeedback",
    ),
    "pairs whose prompt is inside": (
        {"chosen": [*TURNS, ASK, TOLD], "rejected": [*TURNS, ASK, TURNS[1]]}, "Why?", "preference rows: chosen -> messages",
    ),
    "HH": ({"chosen": HH + " Yes.", "rejected": HH + " No."}, "On foot?", "preference rows: chosen -> messages"),
    "a number beside the question": ({"prompt": 7, "question": "Why?"}, "Why?", "read as questions"),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_what_is_asked_is_all_that_the_question_needs(name: str, ending: str, tmp_path: Path) -> None:
    row, asked, note = ASKED[name]
    if ending == "jsonl":
        found = source(tmp_path / "a.jsonl", [row])
    elif name != "HotpotQA's own files":  # whose lists of text and lists no table can hold
        pl.DataFrame([row]).write_parquet(tmp_path / "a.parquet")
        found = made(tmp_path / "a.parquet")
    else:
        return
    (prompt,) = found.prompts()
    assert prompt.messages[-1].content == asked
    assert note in "\n".join(found.notes)


@pytest.mark.parametrize(
    ("answer", "references"),
    [
        (True, ("true",)), (False, ("false",)), (7, ("7",)), (2.5, ("2.5",)), ("x", ("x",)), (None, ()), ([], ()),
        (["a"], ("a",)), (["a", "b", "a"], ("a", "b")), ([1, 2], ("1", "2")), (float("nan"), ()),
        ({"text": ["May", "May"], "answer_start": [1, 9]}, ("May",)),
        ({"value": "Ur", "aliases": ["Ur", "Uru"], "type": "x"}, ("Ur", "Uru")), ("So 2.\n#### 2", ("So 2.\n#### 2",)),
    ],
)  # fmt: skip
def test_answers_that_are_no_plain_text(answer: Any, references: tuple[str, ...], tmp_path: Path) -> None:
    prompt, _ = only(tmp_path, {"question": "q", "answer": answer})
    assert prompt.references == references
    assert prompt.reference == (references[0] if references else None)
    assert only(tmp_path, {"q": "q", "a": answer}, prompt="q", reference="a")[0].references == references


def test_several_right_answers_are_part_of_what_a_prompt_is(tmp_path: Path) -> None:
    one, other = (only(tmp_path, {"question": "q", "answer": answers})[0] for answers in (["a", "b"], ["a"]))
    assert one.reference == other.reference
    assert one.id != other.id


@pytest.mark.parametrize(
    ("row", "named", "wanted"),
    [
        ({"question": "q", "answer": {"x": 1}}, {"reference": "answer"}, "answer: got dict"),
        ({"question": "q", "group": ["a"]}, {"group": "group"}, "group: got list"),
        ({"question": "q", "system": 5}, {"system": "system"}, "system: got int '5', wanted text"),
        ({"question": "q", "document": 5}, {"document": "document"}, "document: got int '5'"),
    ],
)
def test_what_was_found_by_its_name_and_does_not_fit_is_left_unread_and_what_was_named_is_an_error(
    row: dict[str, Any], named: dict[str, str], wanted: str, tmp_path: Path
) -> None:
    name = next(iter(named.values()))
    prompt, told = only(tmp_path, row)
    assert (said(prompt), prompt.reference, prompt.document, dict(prompt.meta)) == ([("user", "q")], None, None, {})
    assert f"{name!r} is left unread in 1 rows" in told
    with pytest.raises(ConfigError, match=wanted) as caught:
        only(tmp_path, row, **named)
    assert "a.jsonl:1" in str(caught.value)
    assert caught.value.hint


NAMED: list[tuple[dict[str, Any], Any, str]] = [
    ({"base": {"question": "Why?"}}, "base.question", "Why?"),
    ({"prompt": [{"role": "user", "content": "Why?"}]}, "prompt[0].content", "Why?"),
    ({"base": {"turns": [{"from": "human", "value": "Why?"}]}}, "base.turns", "Why?"),
    ({"base": '{"question": "Why?"}'}, "base.question", "Why?"),
    ({"a.b": "Why?"}, "a.b", "Why?"),
    ({"turns": ["no", "Why?"]}, "turns[-1]", "Why?"),
    ({"q": "Why?", "d": {"text": "Rain."}}, ["d.text", "q"], "Rain.\n\nWhy?"),
    ({"question": "Why?", "document": ["A.", "B."]}, ["document", "question"], "A.\n\nB.\n\nWhy?"),
    ({"question": "Why?", "document": None}, ["document", "question"], "Why?"),
]


@pytest.mark.parametrize(("row", "path", "asked"), NAMED, ids=str)
def test_columns_are_named_by_paths(row: dict[str, Any], path: Any, asked: str, tmp_path: Path) -> None:
    prompt, told = only(tmp_path, row, prompt=path)
    assert prompt.messages[-1].content == asked
    assert "read as named columns: " in told


@pytest.mark.parametrize(
    ("row", "columns", "wanted"),
    [
        ({"base": {"q": 1}}, {"prompt": "base.question"}, "base: got dict"),
        ({"turns": ["a"]}, {"prompt": "turns[3]"}, "wanted turns[3] in it for source.columns.prompt"),
        ({"a": "x"}, {"prompt": "b.c"}, "got no column 'b.c' (columns: a)"),
        ({"a": "x"}, {"prompt": "a]["}, "wanted a][ in it"),
        ({"m": [*TURNS, ASK], "d": "x"}, {"prompt": ["d", "m"]}, "m: got a conversation, wanted text beside"),
        ({"question": {"stem": "Why?"}}, {}, "question: got dict"),
        ({"messages": '[{"role": "user", "content": "a"'}, {}, "a.jsonl:1: messages: got text that looks like a list"),
        ({"messages": '[{"role": "user", "content": "a"} {"role": 1}]'}, {}, "looks like a list of turns and is no JSON"),
        (
            {"messages": [ASK, {"role": "assistant", "tool_calls": [{"id": "1"}]}, ASK]}, {},
            "messages[1]: got dict \"{'id': '1'}\", wanted a call with the name of a tool",
        ),
        (
            {"messages": [ASK, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[7]"}}]}, ASK]}, {},
            "messages[1]: got str '[7]', wanted arguments that are a JSON object",
        ),
        (
            {"messages": [ASK, {"role": "assistant", "tool_calls": [{"name": "f", "arguments": {"a": "\ud83d"}}]}, ASK]}, {},
            "messages[1]: got half a surrogate pair",
        ),
        ({"messages": [ASK, {"role": "tool", "content": "7", "name": 7}, ASK]}, {}, "messages[1].name: got int '7'"),
        ({"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "f("}, ASK]}, {}, "as JSON"),
        (
            {"prompt": "a", "chosen": [ASK, {"role": "assistant", "tool_calls": [{"name": "f"}]}], "rejected": "b"},
            {"texts": ["rejected", "chosen"]}, "chosen[1]: got a turn that calls a tool, wanted an answer of text",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, {},
            "messages[0].content[0]: got a part of type 'image_url', wanted text parts alone",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told_with_its_place(
    row: dict[str, Any], columns: dict[str, Any], wanted: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        only(tmp_path, row, **columns)
    assert wanted in str(caught.value)
    assert "a.jsonl:1" in str(caught.value)
    assert caught.value.hint


FIND = Call(name="find", arguments='{"city": "Ur"}', id="c1")
SAYS = Message(role="tool", content="7", tool="find", call_id="c1")
BARE = Message(role="tool", content="7")
TOOLS: dict[str, tuple[dict[str, Any], tuple[Call, ...], Message]] = {
    "OpenAI's, arguments as text": (
        {"messages": [ASK, {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"city": "Ur"}'}}]},
            {"role": "tool", "tool_call_id": "c1", "name": "find", "content": "7"}]}, (FIND,), SAYS,
    ),
    "arguments as an object, an answer behind it": (
        {"messages": [ASK, {"role": "assistant", "content": "", "tool_calls": [
            {"id": "c1", "function": {"name": "find", "arguments": {"city": "Ur"}}}]},
            {"role": "tool", "tool_call_id": "c1", "name": "find", "content": [{"type": "text", "text": "7"}]},
            {"role": "assistant", "content": "Seven."}]}, (FIND,), SAYS,
    ),
    "OpenAI's functions": (
        {"messages": [ASK, {"role": "assistant", "content": None, "function_call": {"name": "find", "arguments": '{"city": "Ur"}'}},
            {"role": "function", "name": "find", "content": "7"}]},
        (replace(FIND, id=""),), replace(SAYS, call_id=""),
    ),
    "ShareGPT's": (
        {"conversations": [{"from": "human", "value": "Why?"}, {"from": "function_call", "value":
            '{"name": "find", "arguments": {"city": "Ur"}}'}, {"from": "observation", "value": "7"}]},
        (replace(FIND, id=""),), BARE,
    ),
    "a call that is the last turn": (
        {"messages": [ASK, {"role": "assistant", "tool_calls": [{"name": "find", "parameters": {"city": "Ur"}}]},
            {"role": "ipython", "content": "7"}, {"role": "assistant", "tool_calls": [{"name": "stop"}]}]},
        (replace(FIND, id=""),), BARE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOOLS)
def test_tool_turns_and_calls_are_read_in_every_shape_and_survive_the_store(kind: str, tmp_path: Path) -> None:
    row, calls, says = TOOLS[kind]
    prompt, told = only(tmp_path, row)
    assert [turn.role for turn in prompt.messages] == ["user", "assistant", "tool"]
    assert (prompt.messages[1].calls, prompt.messages[2]) == (calls, says)
    assert ("not read, and holding text: messages[-1]" in told) == (kind == "a call that is the last turn")
    table = frame(schema(Prompt, full=True), [whole(prompt)]).to_dicts()
    assert record_from(Prompt, table[0], parents_of(table[0])) == prompt
    again, _ = only(tmp_path, table[0])
    assert again.messages == prompt.messages


def test_a_backend_that_takes_no_tool_turns_is_told_of_before_anything_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"messages": [ASK]}, {"messages": [ASK, {"role": "tool", "content": "7"}]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    changes = {"source": {"use": "file", "path": str(path), "held_out_share": 0.0}}
    with pytest.raises(ConfigError, match=r"rows.jsonl:2: got turns of a developer or a tool, and the backend 'toy'"):
        toy_run(tmp_path, changes, method="rdpo")


def test_a_conversation_without_tools_has_the_id_that_it_had() -> None:
    turns = (Message(role="user", content="Why?"),)
    assert Prompt(messages=turns).id == content_id("prompt", [["user", "Why?"]], None, None, {}, 0)
    assert Prompt(messages=(replace(turns[0], calls=(FIND,)),)).id != Prompt(messages=turns).id


CHOICES: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "a number": ({"question": "Which?", "choices": ["carp", "wren"], "answer": 1}, "Which?\n\nA. carp\nB. wren", ("B", "wren")),
    "zero": ({"question": "Which?", "options": ["carp", "wren"], "answer": 0}, "Which?\n\nA. carp\nB. wren", ("A", "carp")),
    "a letter": ({"question": "Which?", "choices": ["carp", "wren"], "answer": "B"}, "Which?\n\nA. carp\nB. wren", ("B", "wren")),
    "labels": (
        {"question": "Which?", "choices": {"text": ["carp", "wren"], "label": ["1", "2"]}, "answerKey": "1"},
        "Which?\n\n1. carp\n2. wren", ("1", "carp"),
    ),
    "a text": ({"question": "Which?", "choices": ["carp", "wren"], "answer": "wren"}, "Which?\n\nA. carp\nB. wren", ("B", "wren")),
    "neither": ({"question": "Which?", "choices": ["carp", "wren"], "answer": 9}, "Which?\n\nA. carp\nB. wren", ("9",)),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHOICES)
def test_options_are_shown_and_the_answer_is_its_label_and_its_text(kind: str, tmp_path: Path) -> None:
    row, asked, right = CHOICES[kind]
    prompt, told = only(tmp_path, row)
    assert (prompt.messages[0].content, prompt.references) == (asked, right)
    assert "read as multiple choice: question + " in told


SQUAD = {
    "version": "1.1",
    "data": [
        {"title": "Ur", "paragraphs": [
            {"context": "Ur lies in the south.", "qas": [
                {"id": "q1", "question": "Where?", "answers": [
                    {"text": "the south", "answer_start": 11}, {"text": "south", "answer_start": 15}]},
                {"id": "q2", "question": "When?", "answers": [], "is_impossible": True},
            ]},
            {"context": "It has a tower.", "qas": [
                {"id": "q3", "question": "What?", "answers": [{"text": "a tower", "answer_start": 7}]}]},
        ]},
        {"title": "Uruk", "paragraphs": []},
    ],
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1])
def test_squads_own_file_is_read_question_by_question(indent: int | None, tmp_path: Path) -> None:
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(SQUAD, indent=indent))
    found = made(path)
    asked = ["Ur lies in the south.\n\nWhere?", "Ur lies in the south.\n\nWhen?", "It has a tower.\n\nWhat?"]
    assert [prompt.messages[0].content for prompt in found.prompts()] == asked
    assert [prompt.references for prompt in found.prompts()] == [("the south", "south"), (), ("a tower",)]
    assert any("read as questions: context + question -> prompt, answers -> reference" in note for note in found.notes)


def test_what_is_amiss_in_squads_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "squad.json"
    path.write_text(
        '{"data": [{"paragraphs": [{"context": "a",\n"qas": [{"id": "q1", "question": "Why?"},\n{"id": "q2"}]}]}]}'
    )
    with pytest.raises(ConfigError, match=r"squad.json:3: got no column with a prompt"):
        made(path)
    path.write_text('{"data": [{"paragraphs": [7]}], "qas": 0}')
    with pytest.raises(ConfigError, match=r"squad.json:1: got the value 7, wanted an object"):
        made(path)
    path.write_text('{"data": [{"paragraphs": [\n{"qas": [}')
    with pytest.raises(ConfigError, match=r"squad.json:2, column 10: got no valid JSON"):
        made(path)


# -- texts made elsewhere --

PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": ({"prompt": "Why?", "chosen": "Good.", "rejected": "Bad."}, {}),
    "turns that begin with the prompt's": (
        {"prompt": "Why?", "chosen": [ASK, {"role": "assistant", "content": "Good."}],
         "rejected": [ASK, {"role": "assistant", "content": "Bad."}]}, {},
    ),
    "answers alone, as sctk writes them": (
        {"prompt": [ASK], "chosen": [{"role": "assistant", "content": "Good."}],
         "rejected": [{"role": "assistant", "content": "Bad."}]}, {},
    ),
    "a system turn in one of them": (
        {"prompt": "Why?", "chosen": [{"role": "system", "content": "s"}, ASK, {"role": "assistant", "content": "Good."}],
         "rejected": [ASK, {"role": "assistant", "content": "Bad."}]}, {},
    ),
    "no prompt beside them": (
        {"chosen": [ASK, {"role": "assistant", "content": "Good."}], "rejected": [ASK, {"role": "assistant", "content": "Bad."}]},
        {},
    ),
    "transcripts": (
        {"chosen": "\n\nHuman: Why?\n\nAssistant: Good.", "rejected": "\n\nHuman: Why?\n\nAssistant: Bad."}, {},
    ),
    "JSON text": (
        {"prompt": "Why?", "chosen": json.dumps([ASK, {"role": "assistant", "content": "Good."}]),
         "rejected": json.dumps([{"role": "assistant", "content": "Bad."}])}, {},
    ),
    "several answers": (
        {"instruction": "Why?",
         "completions": [{"response": "Bad.", "overall_score": 1}, {"response": "Good.", "overall_score": 5}]},
        {"texts": ["completions[0].response", "completions[1].response"],
         "scores": ["completions[0].overall_score", "completions[1].overall_score"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_made_elsewhere_are_draft_and_revision(name: str, tmp_path: Path) -> None:
    row, columns = PAIRS[name]
    prompt, told = only(tmp_path, row, **(columns or {"texts": ["rejected", "chosen"]}))
    assert said(prompt) == [("user", "Why?")]
    assert prompt.given == Given.chain(["Bad.", "Good."], [1.0, 5.0] if columns else [])
    assert " -> texts" in told
    assert only(tmp_path, row)[0].given is None  # nobody said that the student's words are there already


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ([{"role": "user", "content": "Where?"}, TOLD], "chosen: got an answer to other turns"),
        ([ASK], "chosen: got a conversation that ends with a user turn"),
        ([], "chosen: got list '[]', wanted text"),
        (
            [ASK, {"role": "assistant", "content": [{"type": "image"}]}],
            "chosen[1].content[0]: got a part of type 'image'",
        ),
    ],
)
def test_a_pair_that_answers_something_else_is_an_error(chosen: Any, wanted: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        only(tmp_path, {"prompt": "Why?", "chosen": chosen, "rejected": "b"}, texts=["rejected", "chosen"])
    assert wanted in str(caught.value)


# -- what is told --


def test_what_holds_text_and_was_not_read_is_named_and_an_id_is_not(tmp_path: Path) -> None:
    row = {
        "id": "x",
        "prompt_id": "y",
        "prompt": "Why?",
        "topic": "rain",
        "tags": ["a"],
        "n": 5,
        "empty": "",
        "meta": {"k": 1},
    }
    assert only(tmp_path, row)[1].splitlines() == [
        f"{tmp_path}/a.jsonl: read as prompts: prompt -> prompt",
        f"{tmp_path}/a.jsonl: not read, and holding text: tags, topic",
    ]


def test_a_document_that_is_not_shown_is_told(tmp_path: Path) -> None:
    for row in (
        {"question": "q", "document": "D."},
        {"messages": [ASK], "context": "D."},
        {"prompt": "p", "context": "D."},
    ):
        prompt, told = only(tmp_path, row)
        assert prompt.document == "D."
        assert "which only methods about documents show to a model" in told
    prompt, _ = only(tmp_path, {"question": "q", "context": "D."}, document="context")
    assert (prompt.messages[-1].content, prompt.document) == ("q", "D.")


def test_rows_of_several_forms_are_counted(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"prompt": "a"}, {"messages": [ASK]}, {"prompt": "b"}]
    assert [note.partition("jsonl: ")[2] for note in source(tmp_path / "a.jsonl", rows).notes] == [
        "2 rows read as prompts: prompt -> prompt",
        "1 rows read as messages: messages -> messages",
    ]


def test_the_held_out_file_has_lines_of_its_own(tmp_path: Path) -> None:
    held = tmp_path / "held.jsonl"
    held.write_text(json.dumps({"conversations": [{"from": "human", "value": "Hi"}]}) + "\n")
    (tmp_path / "a.jsonl").write_text('{"prompt": "a"}\n')
    config = parse(FileSource.Config, {"path": str(tmp_path / "a.jsonl"), "held_out": str(held)}, where="[source]")
    assert any("held.jsonl: read as ShareGPT" in note for note in FileSource(config).notes)


def test_an_answer_that_is_the_last_turn_is_told(tmp_path: Path) -> None:
    assert "read as messages: messages -> messages, messages[-1] -> reference" in only(tmp_path, {"messages": TURNS})[1]


def test_an_answer_that_stands_beside_a_gold_answer_is_told_to_be_unread(tmp_path: Path) -> None:
    prompt, told = only(tmp_path, {"messages": TURNS, "answer": "Gold"})
    assert prompt.references == ("Gold",)
    assert "not read, and holding text: messages[-1]" in told


def test_a_gold_answer_that_is_no_finite_number_is_left_unread(tmp_path: Path) -> None:
    prompt, told = only(tmp_path, {"question": "q", "answer": float("inf")})
    assert prompt.reference is None
    assert "'answer' is left unread" in told


# -- what sctk writes --


def test_tables_of_a_run_are_read_back(tmp_path: Path) -> None:
    rows = [{"question": f"q{n}", "answer": [f"a{n}", f"b{n}"], "context": "Rain."} for n in range(6)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    changes = {"source": {"use": "file", "path": str(path), "held_out_share": 0.0}, "run": {"limit": 6}}
    run = toy_run(tmp_path, changes, method="rdpo").run
    asked = [prompt.messages for prompt in made(path).prompts()]
    for table in ("prompts/rows", "chains/train", "chains/drafts"):
        shard = run / table / "00000.parquet"
        found = made(shard)
        assert {prompt.messages for prompt in found.prompts()} <= set(asked), (table, found.notes)
        assert found.n_prompts == len(pl.read_parquet(shard)) > 0
    prompts = list(made(run / "prompts/rows/00000.parquet").prompts())
    assert [prompt.references for prompt in prompts] == [(f"a{n}", f"b{n}") for n in range(len(prompts))]
    pairs = pl.read_parquet(run / "chains/train/00000.parquet")
    given = made(run / "chains/train/00000.parquet", texts=["rejected", "chosen"])
    assert [list(prompt.given.answers.values())[::2] for prompt in given.prompts() if prompt.given] == [
        [rejected[-1]["content"], chosen[-1]["content"]]
        for rejected, chosen in pairs.select("rejected", "chosen").rows()
    ]


def _run_with_all_that_a_prompt_has(tmp_path: Path) -> tuple[Path, list[Prompt]]:
    """A finished run, and its prompts: with gold answers, a document, a group, a kind, a label, one of them twice."""
    rows = [
        {"messages": [{"role": "user", "content": f"q{n // 2}"}], "answers": [f"a{n // 2}", "b"], "document": "It rains.",
         "group": f"g{n // 2}", "category": "x", "harmful": True}
        for n in range(6)
    ]  # fmt: skip
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    changes = {"source": {"use": "file", "path": str(path), "held_out_share": 0.0}, "run": {"limit": 6}}
    return toy_run(tmp_path, changes, method="rdpo").run, list(made(path).prompts())


def test_what_a_run_knows_of_its_prompts_comes_back_with_its_tables(tmp_path: Path) -> None:
    run, asked = _run_with_all_that_a_prompt_has(tmp_path)
    assert {prompt.occurrence for prompt in asked} == {0, 1}
    for table, column in (("prompts/rows", "messages"), ("chains/train", "prompt"), ("chains/drafts", "prompt")):
        found = made(run / table)
        prompts = list(found.prompts())
        assert {(prompt.id, prompt.given) for prompt in prompts} == {(one.id, one.given) for one in asked}, table
        assert prompts == asked or table != "prompts/rows"
        assert f"read as a table of sctk: {column} -> messages, reference + other_references" in found.notes[1]
        lines = tmp_path / "again.jsonl"
        lines.write_text("".join(pl.read_parquet(shard).write_ndjson() for shard in sorted((run / table).iterdir())))
        assert list(made(lines).prompts()) == prompts


def test_answers_made_elsewhere_come_back_too(tmp_path: Path) -> None:
    prompt, _ = only(
        tmp_path, {"prompt": "Why?", "draft": "No.", "revision": "So.", "draft_score": 1, "revision_score": 2}
    )
    (row,) = frame(schema(Prompt, full=True), [whole(prompt)]).to_dicts()
    again, told = only(tmp_path, row)
    assert (again, again.given) == (prompt, prompt.given)
    assert "given -> texts" in told


def test_a_table_that_was_changed_is_read_by_its_columns(tmp_path: Path) -> None:
    prompt, _ = only(tmp_path, {"messages": [ASK], "reference": "a", "group": "g"})
    (row,) = frame(schema(Prompt, full=True), [whole(prompt)]).to_dicts()
    again, told = only(tmp_path, row | {"messages": [{"role": "user", "content": "Who?"}]})
    assert (said(again), again.references, again.meta) == ([("user", "Who?")], ("a",), {})
    assert "read as messages" in told
    assert "not read, and holding text: meta" in told


def test_what_holds_no_prompts_in_a_run_says_what_does(tmp_path: Path) -> None:
    run, _ = _run_with_all_that_a_prompt_has(tmp_path)
    for table in ("chains/samples", "chains/scores", "chains/critiques", "chains/ledger", ".", "chains", "prompts"):
        with pytest.raises(ConfigError) as caught:
            made(run / table)
        assert f"of the run {run}, wanted a table with prompts" in caught.value.message
        named = caught.value.hint.removeprefix("name ").split(" or ")
        assert f"{run}/prompts/rows" in named
        assert all(list(made(Path(one)).prompts()) for one in named)
