"""Forms of well-known data sets whose rows were misread or refused: what is asked, what counts as right, what is told."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_core import ConfigError
from test_row_forms import made, only, said, source

ASKED: dict[str, tuple[dict[str, Any], str, tuple[str, ...], str]] = {  # a row, what is asked, what is right, what is told
    "one turn as a JSON list": ({"prompt": '["What is salt?"]'}, "What is salt?", (), "prompt[0] -> prompt"),
    "one turn as a list": ({"prompt": ["What is salt?"]}, "What is salt?", (), "prompt[0] -> prompt"),
    "several turns": ({"prompt": '["What is salt?", "And now?"]'}, "What is salt?", (), "not read, and holding text: prompt[1:]"),
    "a list with numbers stays text": ({"prompt": '["a", 1]'}, '["a", 1]', (), "prompt -> prompt"),
    "options as objects": (
        {"question": "Which?", "choices": [{"label": "A", "text": "x"}, {"label": "B", "text": "y"}], "answer": "B"},
        "Which?\n\nA. x\nB. y", ("B", "y"), "question + choices -> prompt",
    ),
    "options by letter": (
        {"question": "Which?", "options": {"A": "x", "B": "y", "C": None}, "answer": "B"}, "Which?\n\nA. x\nB. y", ("B", "y"),
        "question + options -> prompt",
    ),
    "options with their letters": (
        {"question": "Which?", "options": ["A)12", "B)12.5", "C)None of these"], "rationale": "So.", "correct": "B"},
        "Which?\n\nA. 12\nB. 12.5\nC. None of these", ("B", "12.5"), "question + options -> prompt, correct -> reference",
    ),
    "correct or not": (
        {"question": "Which?", "options": ["x", "y"], "correct": True}, "Which?\n\nA. x\nB. y", (), "question + options -> prompt",
    ),
    "options that are numbers": (
        {"question": "Which?", "choices": [10, 2.5], "answer": 1}, "Which?\n\nA. 10\nB. 2.5", ("B", "2.5"), "question + choices",
    ),
    "options in columns": (
        {"question": "Which?", "A": "x", "B": "y", "C": "z", "D": None, "answer": "B"}, "Which?\n\nA. x\nB. y\nC. z", ("B", "y"),
        "read as multiple choice: question + options -> prompt, A + B + C + D -> options, answer -> reference",
    ),
    "options in columns, in capitals": (
        {"id": 1, "Question": "Which?", "A": "x", "B": "y", "Answer": "A"}, "Which?\n\nA. x\nB. y", ("A", "x"),
        "Question + options -> prompt",
    ),
    "what two systems said is no choice": (
        {"question": "Who?", "A": "Ada", "B": "Bob", "label": "A"}, "Who?", (), "not read, and holding text: A, B",
    ),
    "options in columns that hold no text": (
        {"question": "Which?", "A": ["x"], "B": ["y"], "answer": "A"}, "Which?", ("A",), "not read, and holding text: A, B",
    ),
    "one letter is no choice": ({"question": "Which?", "A": "x"}, "Which?", (), "not read, and holding text: A"),
    "letters beside options": (
        {"question": "Which?", "options": ["x", "y"], "A": "a", "B": "b"}, "Which?\n\nA. x\nB. y", (), "holding text: A, B",
    ),
    "an instruction and its question": (
        {"instruction": "Answer.", "question": "Who?"}, "Answer.\n\nWho?", (), "read as instructions: instruction + question",
    ),
    "an instruction and its inputs": ({"instruction": "Sort.", "inputs": "b a", "targets": "a b"}, "Sort.\n\nb a", (), "+ inputs"),
    "an empty list stays text": ({"prompt": "[]"}, "[]", (), "prompt -> prompt"),
    "ranked answers are not gold": (
        {"prompt": "Go", "answers": [{"answer": "a", "rank": 1.0, "model": "m"}, {"answer": "b", "rank": 2.0, "model": "n"}]},
        "Go", (), "'answers' is left unread in 1 rows: it holds answers of models",
    ),
    "scored answers are not gold": (
        {"prompt": "Go", "answer": [{"text": "a", "score": 1.0}]}, "Go", (), "'answer' is left unread in 1 rows",
    ),
    "aliases are gold": ({"question": "Go", "answer": [{"text": "a"}, {"text": "b"}]}, "Go", ("a", "b"), "answer -> reference"),
    "the truth beside what a system answered": (
        {"question": "Who?", "contexts": ["One."], "answer": "dunno", "ground_truth": "Ada"}, "One.\n\nWho?", ("Ada",),
        "not read, and holding text: answer",
    ),
    "several truths": (
        {"question": "Who?", "answer": "dunno", "ground_truths": ["Ada", "Byron"]}, "Who?", ("Ada", "Byron"), "ground_truths",
    ),
    "the best answer and all right ones": (
        {"question": "Who?", "best_answer": "Ada", "correct_answers": ["Ada", "A."], "incorrect_answers": ["Bob"]}, "Who?",
        ("Ada", "A."), "not read, and holding text: incorrect_answers",
    ),
    "right answers beside candidates": (
        {"instruction": "Go", "completions": [{"response": "x"}], "correct_answers": ["None"]}, "Go", (), "correct_answers",
    ),
    "a problem": (
        {"problem": "1 + 1?", "solution": r"\boxed{2}", "answer": "2", "level": 2}, "1 + 1?", ("2",), "read as problems: problem",
    ),
    "a problem with its solution": ({"problem": "1 + 1?", "solution": r"\boxed{2}"}, "1 + 1?", (r"\boxed{2}",), "solution ->"),
    "a goal with its target": ({"goal": "Curse.", "target": "Sure"}, "Curse.", (), "not read, and holding text: target"),
    "an empty answer is none": ({"question": "Who?", "answer": " "}, "Who?", (), "read as questions: question -> prompt"),
    "an empty one of several": ({"question": "Who?", "answer": ["", "Ada"]}, "Who?", ("Ada",), "answer -> reference"),
    "contexts in an object": (
        {"question": "Does it?", "context": {"contexts": ["It did.", "Once."], "labels": ["A"]}}, "It did.\n\nOnce.\n\nDoes it?",
        (), "context + question -> prompt",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ASKED)
def test_what_is_asked_and_what_is_right(kind: str, tmp_path: Path) -> None:
    row, asked, right, note = ASKED[kind]
    prompt, told = only(tmp_path, row)
    assert (prompt.messages[-1].content, prompt.references) == (asked, right)
    assert note in told


def test_an_empty_context_is_no_document(tmp_path: Path) -> None:
    prompt, told = only(tmp_path, {"instruction": "Sing.", "context": "", "response": "La."})
    assert (prompt.document, "document" in told) == (None, False)


def test_pairs_of_input_and_output_are_turns(tmp_path: Path) -> None:
    pairs = [{"input": "Hi", "output": "Hello"}, {"input": "Why?", "output": "So."}]
    prompt, told = only(tmp_path, {"conversation": pairs})
    assert said(prompt) == [("user", "Hi"), ("assistant", "Hello"), ("user", "Why?")]
    assert prompt.reference == "So."
    assert "read as ShareGPT" in told


SYSTEM: dict[str, tuple[dict[str, Any], list[tuple[str, str]], str]] = {
    "beside a question": (
        {"system_prompt": "Be brief.", "question": "Why?"}, [("system", "Be brief."), ("user", "Why?")], "system_prompt -> system",
    ),
    "empty": ({"system_prompt": "", "question": "Why?"}, [("user", "Why?")], "question -> prompt"),
    "beside turns without one": (
        {"system_prompt": "Be brief.", "conversations": [{"from": "human", "value": "Why?"}]},
        [("system", "Be brief."), ("user", "Why?")], "system_prompt -> system",
    ),
    "beside turns with their own": (
        {"system_prompt": "No.", "conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Why?"}]},
        [("system", "Be brief."), ("user", "Why?")], "'system_prompt' is left unread in 1 rows",
    ),
    "the same twice": (
        {"system": "Be brief.", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]},
        [("system", "Be brief."), ("user", "Why?")], "messages -> messages",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SYSTEM)
def test_a_system_turn_in_a_column_of_its_own(kind: str, tmp_path: Path) -> None:
    row, turns, note = SYSTEM[kind]
    prompt, told = only(tmp_path, row)
    assert said(prompt) == turns
    assert note in told


def _csv(path: Path, row: dict[str, Any]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    return path


WRITTEN: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {  # lists as exports to CSV leave them
    "contexts, as Python": ({"question": "Who?", "contexts": str(["It's", "Two."])}, "It's\n\nTwo.\n\nWho?", ()),
    "contexts, as JSON": ({"question": "Who?", "contexts": json.dumps(["One.", "Two."])}, "One.\n\nTwo.\n\nWho?", ()),
    "answers": ({"question": "Who?", "answer": str(["Ada", "A."])}, "Who?", ("Ada", "A.")),
    "SQuAD's answers": ({"question": "Who?", "answers": str({"text": ["Ada"], "answer_start": [3]})}, "Who?", ("Ada",)),
    "a list of numbers is an answer": ({"question": "Which?", "answer": "[1, 2]"}, "Which?", ("[1, 2]",)),
    "options and a number": (
        {"question": "Which?", "choices": str(["carp", "wren"]), "answer": "1"}, "Which?\n\nA. carp\nB. wren", ("B", "wren"),
    ),
    "options with labels": (
        {"question": "Which?", "choices": str({"text": ["carp", "wren"], "label": ["1", "2"]}), "answerKey": "1"},
        "Which?\n\n1. carp\n2. wren", ("1", "carp"),
    ),
    "options that are numbers": (
        {"question": "Which?", "choices": str(["3", "1"]), "answer": "1"}, "Which?\n\nA. 3\nB. 1", ("B", "1"),
    ),
    "TruthfulQA's table": (
        {"Type": "x", "Question": "Who?", "Best Answer": "Ada", "Correct Answers": "Ada; A.", "Incorrect Answers": "Bob"}, "Who?",
        ("Ada",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRITTEN)
def test_lists_that_are_written_in_a_table_of_text(kind: str, tmp_path: Path) -> None:
    row, asked, right = WRITTEN[kind]
    (prompt,) = made(_csv(tmp_path / "a.csv", row)).prompts()
    assert (prompt.messages[0].content, prompt.references) == (asked, right)


def test_a_list_in_a_table_of_text_that_the_recipe_names(tmp_path: Path) -> None:
    row = {"prompt": "Who?", "names": str(["Ada", "A."]), "notes": json.dumps(["One.", "Two."])}
    (prompt,) = made(_csv(tmp_path / "a.csv", row), reference="names", document="notes").prompts()
    assert (prompt.references, prompt.document) == (("Ada", "A."), "One.\n\nTwo.")


def test_where_lists_are_lists_a_text_is_a_text(tmp_path: Path) -> None:
    prompt, _ = only(tmp_path, {"question": "What is printed?", "context": "['One.']", "answer": "['a', 'b']"})
    assert (prompt.messages[0].content, prompt.references) == ("['One.']\n\nWhat is printed?", ("['a', 'b']",))


def test_a_list_without_commas_is_told(tmp_path: Path) -> None:
    for column in ("contexts", "choices"):
        row = {"question": "Who?", column: "['One.' 'Two.']", "answer": "1"}
        with pytest.raises(ConfigError, match="a list of texts without commas"):
            made(_csv(tmp_path / "a.csv", row))


HINTED = [
    ({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Yo"}]}]}, "contents"),
    ({"body": {"model": "x", "messages": [{"role": "user", "content": "Hi"}]}}, "body.messages"),
    ({"winner": "a", "conversation_a": [{"role": "user", "content": "Hi"}]}, "conversation_a"),
    ({"data": {"n": 1, "question": "Hi"}}, "data.question"),
    ({"dialog": "\n\nHuman: Hi\n\nAssistant: Yo"}, "dialog"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "path"), HINTED)
def test_the_hint_names_what_can_be_asked(row: dict[str, Any], path: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        only(tmp_path, row)
    assert f'prompt = "{path}"' in caught.value.hint
    prompt, _ = only(tmp_path, row, prompt=path)
    assert said(prompt) == [("user", "Hi")]


FIND = {"name": "find", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}


@pytest.mark.parametrize("column", ["tools", "functions", "Tools"])
@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("wrapped", [False, True])
def test_definitions_of_tools_go_with_the_conversation(
    column: str, as_text: bool, wrapped: bool, tmp_path: Path
) -> None:
    defined = [{"type": "function", "function": FIND} if wrapped else FIND]
    row = {"messages": [{"role": "user", "content": "Hi"}], column: json.dumps(defined) if as_text else defined}
    prompt, told = only(tmp_path, row)
    assert (said(prompt), json.loads(prompt.messages[0].defines)) == (
        [("user", "Hi")],
        [{"type": "function", "function": FIND}],
    )
    assert f"messages -> messages, {column} -> tools" in told
    assert "not read" not in told
    other, told = only(tmp_path, row | {column: None})
    assert (other.messages[0].defines, "tools" in told.partition("read as")[2], other.id == prompt.id) == (
        "",
        False,
        False,
    )
    ((_, unusual),) = source(tmp_path / "a.jsonl", [row]).unusual()
    assert unusual == prompt.messages


@pytest.mark.parametrize("value", ["a hammer", ["a", "{b"], [{"x": "y"}], {"find": "x"}])
def test_tools_that_are_no_definitions_are_left_unread_with_a_note(value: Any, tmp_path: Path) -> None:
    prompt, told = only(tmp_path, {"prompt": "Hi", "tools": value})
    assert (prompt.messages[0].defines, "'tools' is left unread in 1 rows" in told) == ("", True)


def test_a_table_gives_each_tool_the_fields_of_all(tmp_path: Path) -> None:
    named = (("find", "city"), ("wait", "until"))
    tools = [{"name": name, "parameters": {one: {"type": "string"}}} for name, one in named]
    pl.DataFrame({"prompt": ["Hi"], "tools": [tools]}).write_parquet(tmp_path / "a.parquet")
    (prompt,) = made(tmp_path / "a.parquet").prompts()
    assert [one["function"] for one in json.loads(prompt.messages[0].defines)] == tools


def test_lists_of_other_columns_are_no_turns(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="wanted"):
        only(tmp_path, {"question": ["Who?", "When?"], "answer": ["Ada", "Now"]})


def test_rows_that_stand_in_an_object_are_told_how_to_be_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "a b.json"
    path.write_text(json.dumps({"version": 1, "entries": [{"question": "Who?"}, {"question": "When?"}]}))
    with pytest.raises(ConfigError) as caught:
        made(path)
    assert caught.value.hint == "the rows stand in 'entries': jq -c '.\"entries\"[]' FILE > rows.jsonl"


def test_decimals_are_numbers(tmp_path: Path) -> None:
    pl.DataFrame({"prompt": ["Hi"], "reference": [Decimal("1.50")]}).write_parquet(tmp_path / "a.parquet")
    (prompt,) = made(tmp_path / "a.parquet").prompts()
    assert prompt.references == ("1.5",)


def test_what_turns_hold_beside_their_text_is_told(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Hi", "weight": 1, "name": "Bo"},
             {"role": "assistant", "content": "Yo", "reasoning_content": "Hm.", "images": [None]}]  # fmt: skip
    _, told = only(tmp_path, {"messages": turns})
    assert "not read, and holding text: messages[*].name, messages[*].reasoning_content" in told
    assert "not read" not in only(tmp_path, {"messages": [{"role": "user", "content": "Hi", "name": None}]})[1]


CAPITALS: dict[str, tuple[dict[str, Any], str, tuple[str, ...], str]] = {  # a row, what is asked, what is right, what is told
    "a prompt": ({"Prompt": "Hi", "Answer": "Yo"}, "Hi", ("Yo",), "read as prompts: Prompt -> prompt, Answer -> reference"),
    "all in capitals": ({"QUESTION": "Who?", "ANSWER": "Ada"}, "Who?", ("Ada",), "QUESTION -> prompt, ANSWER -> reference"),
    "an instruction": (
        {"Instruction": "Sort.", "Input": "b a", "Output": "a b"}, "Sort.\n\nb a", (),
        "read as Alpaca: Instruction + Input -> prompt",
    ),
    "a context": (
        {"Question": "When?", "Context": "In May.", "Answer": "May"}, "In May.\n\nWhen?", ("May",),
        "Context + Question -> prompt, Answer -> reference",
    ),
    "options": (
        {"Question": "Which?", "Choices": ["carp", "wren"], "AnswerKey": "B"}, "Which?\n\nA. carp\nB. wren", ("B", "wren"),
        "Question + Choices -> prompt, AnswerKey -> reference",
    ),
    "the name itself is there": (
        {"prompt": "Hi", "Prompt": "Ho"}, "Hi", (), "read as prompts: prompt -> prompt\n",
    ),
    "what is not read": ({"Prompt": "Hi", "Memo": "n"}, "Hi", (), "not read, and holding text: Memo"),
    "a question stem": (
        {"id": "7", "question_stem": "Which flies?", "choices": {"text": ["carp", "wren"], "label": ["A", "B"]}, "answerKey": "B"},
        "Which flies?\n\nA. carp\nB. wren", ("B", "wren"), "question_stem + choices -> prompt, answerKey -> reference",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", CAPITALS)
def test_usual_names_in_other_capitals(kind: str, tmp_path: Path) -> None:
    row, asked, right, told = CAPITALS[kind]
    prompt, notes = only(tmp_path, row)
    assert (prompt.messages[0].content, prompt.references) == (asked, right)
    assert told in notes + "\n"


def test_columns_that_differ_in_capitals_alone_are_told_apart_by_the_recipe(tmp_path: Path) -> None:
    row = {"Prompt": "Hi", "PROMPT": "Ho"}
    with pytest.raises(ConfigError, match="got the columns 'Prompt' and 'PROMPT', which differ in capitals alone"):
        only(tmp_path, row)
    prompt, told = only(tmp_path, row, prompt="PROMPT")
    assert (said(prompt), "not read, and holding text: Prompt" in told) == ([("user", "Ho")], True)


def test_what_is_wrong_is_told_by_the_name_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Prompt: got int '7', wanted text"):
        only(tmp_path, {"Prompt": 7})


def test_options_beside_a_named_question_are_told_not_to_be_shown(tmp_path: Path) -> None:
    row = {"stem": "Which flies?", "choices": {"text": ["carp", "wren"], "label": ["A", "B"]}}
    _, told = only(tmp_path, row, prompt="stem")
    assert (
        """'choices' holds options that no model is shown; [source.columns] prompt = ["stem", "choices"] shows them"""
        in told
    )
    prompt, told = only(tmp_path, row, prompt=["stem", "choices"])
    assert (prompt.messages[0].content, "no model is shown" in told) == ("Which flies?\n\nA. carp\nB. wren", False)


def test_of_a_table_of_text_a_column_of_numbers_or_truth_values_holds_no_text(tmp_path: Path) -> None:
    rows = ["prompt,score,ok,memo,code", "Hi,0.5,true,,007", "Ho,-1e3,False,,1", "Hm,,,7 of 9,x1"]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "a.jsonl").write_text('{"prompt": "Hi", "score": "0.5"}\n')
    for name, unread in (("a.csv", "code, memo"), ("a.jsonl", "score")):
        found = made(tmp_path / name)
        assert found.prompts()
        assert f"not read, and holding text: {unread}" in "\n".join(found.notes).splitlines()[-1]


@pytest.mark.parametrize(
    ("cell", "right"),
    [
        ('{"city": "Ur"}', ('{"city": "Ur"}',)), ('{"a": 1}', ('{"a": 1}',)), ('{"text": ["Ur"]}', ("Ur",)),
        ('["Ur", "Uruk"]', ("Ur", "Uruk")), ("{'value': 'Ur', 'aliases': ['Uruk']}", ("Ur", "Uruk")),
    ],
)  # fmt: skip
def test_an_answer_in_csv_that_is_an_object_of_its_own_is_text(
    cell: str, right: tuple[str, ...], tmp_path: Path
) -> None:
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["question", "answer"], ["Which? As JSON.", cell]])
    (prompt,) = made(tmp_path / "a.csv").prompts()
    assert prompt.references == right
