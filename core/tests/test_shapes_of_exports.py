"""Turns, calls and labels as exports leave them, rows of which another column is half, and hints of files, followed."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sctk_core import GUIDING, ConfigError
from sctk_core.reading import Input, TextColumn, chunks_of
from sctk_core.reading.turns import GUIDES
from test_row_forms import made

ASK, TELL = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}
CONVERSATIONS: dict[str, Any] = {
    "text whose first key is no role": json.dumps([{"id": "1", **ASK}, {"weight": 1, **TELL}]),
    "as Python writes it, a name first": str([{"name": "a", **ASK}, TELL]),
    "text of a text": json.dumps(json.dumps([ASK, TELL])),
    "each turn as text": [json.dumps(ASK), json.dumps(TELL)],
    "text of turns as text": json.dumps([json.dumps(ASK), json.dumps(TELL)]),
    "a table of roles and contents": {"role": ["user", "assistant"], "content": ["Hi", "Yo"]},
    "a table of from and value": {"from": ["human", "gpt"], "value": ["Hi", "Yo"]},
    "role and text": [{"role": "prompter", "text": "Hi"}, {"role": "assistant", "text": "Yo"}],
    "role and message": [{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Yo"}],
    "a transcript without its empty line": "Human: Hi\n\nAssistant: Yo",
    "a transcript of another system": "\r\n\r\nHuman: Hi\r\n\r\nAssistant: Yo",
}


def asked(path: Path, *rows: Any, **columns: Any) -> list[tuple[list[str], tuple[str, ...]]]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [([turn.content for turn in one.messages], one.references) for one in made(path, **columns).prompts()]


UNFIT: dict[str, dict[str, Any]] = {
    "a number beside a text": {"draft": 5, "revision": "So."},
    "a text beside a number": {"draft": "No.", "revision": 5.5},
    "true beside a text": {"summary_pre": True, "summary_after": "So."},
    "an object": {"original": {"x": "No."}, "revised": "So."},
    "texts in a list": {"response": "No.", "response_revised": ["So.", "Or so."]},
    "answers to something else": {"draft": [ASK | {"content": "Who?"}, TELL], "revision": [ASK, TELL]},
    "null beside a number": {"draft": None, "revision": 5},
}


@pytest.mark.parametrize("kind", UNFIT)
def test_drafts_that_nobody_named_and_that_do_not_fit_are_left_unread_with_a_note(kind: str, tmp_path: Path) -> None:
    row = UNFIT[kind]
    path = tmp_path / "rows.jsonl"
    good = {"prompt": "Hi", **{name: f"{name} of it" for name in row}}
    path.write_text("".join(json.dumps(one) + "\n" for one in (good, {"prompt": "Hi", **row})))
    source = made(path)
    first, second = source.prompts()
    assert (first.given is not None, second.given) == (True, None)
    told = " ".join(source.notes)
    assert all(name in told for name in row)
    assert "which it cannot be" in told
    with pytest.raises(ConfigError, match=r"rows.jsonl:2: "):
        list(made(path, texts=list(row)).prompts())


def test_scores_that_nobody_named_and_that_are_no_numbers_are_left_unread_with_a_note(tmp_path: Path) -> None:
    made_elsewhere = {"draft": "No.", "revision": "So.", "draft_score": "good", "revision_score": 4}
    source = one_row(tmp_path, {"prompt": "Hi", **made_elsewhere})
    (prompt,) = source.prompts()
    assert prompt.given is not None
    assert not any(name.startswith("score.") for name in prompt.given.answers)
    assert "draft_score" in " ".join(source.notes)


def test_the_reader_and_the_records_mean_the_same_roles_by_those_that_guide() -> None:
    assert set(GUIDING) == GUIDES


def one_row(folder: Path, row: dict[str, Any]) -> Any:
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n")
    return made(folder / "rows.jsonl")


def compared(path: Path, *rows: Any) -> list[str]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    faults: list[Any] = []
    column = TextColumn(None, faults.append)
    texts = [text for chunk, _ in chunks_of(Input.at(path, "jsonl")) for text in column.of(chunk)[1]]
    assert not faults
    return texts


@pytest.mark.parametrize("kind", CONVERSATIONS)
@pytest.mark.parametrize("name", ["messages", "prompt"])
def test_a_conversation_is_one_however_it_was_written(kind: str, name: str, tmp_path: Path) -> None:
    row = {name: CONVERSATIONS[kind]}
    assert asked(tmp_path / "a.jsonl", row) == [(["Hi"], ("Yo",))]
    assert compared(tmp_path / "a.jsonl", row) == ["Hi\nYo"]


@pytest.mark.parametrize(
    "text", ["[1, 2] is a list", '[{"id": 7}]', '{"city": "Ur"}', '"[Verse]" she sang', "Human: is that a word?"]
)
def test_other_text_stays_text(text: str, tmp_path: Path) -> None:
    assert asked(tmp_path / "a.jsonl", {"prompt": text}) == [([text], ())]


def test_an_object_as_text_is_refused_and_the_hint_leads_to_its_turns(tmp_path: Path) -> None:
    row = {"messages": json.dumps({"model": "m", "turns": [ASK]})}
    with pytest.raises(ConfigError, match="got an object as JSON text, wanted turns") as caught:
        asked(tmp_path / "a.jsonl", row)
    path = caught.value.hint.rpartition(" = ")[2].strip('"')
    assert asked(tmp_path / "a.jsonl", row, prompt=path) == [(["Hi"], ())]


@pytest.mark.parametrize("told", ["tool_calls", "function_call"])
def test_calls_as_text_are_calls(told: str, tmp_path: Path) -> None:
    call = {"name": "find", "arguments": "{}"}
    text = json.dumps(call if told == "function_call" else [call])
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"messages": [ASK, {"role": "assistant", told: text}, {"role": "tool", "content": "7"}]})
    )
    (prompt,) = made(tmp_path / "a.jsonl").prompts()
    assert [call.name for call in prompt.messages[1].calls] == ["find"]


@pytest.mark.parametrize(
    ("label", "right"),
    [
        (False, ()),
        ("False", ()),
        (True, ("Yo",)),
        (0, ("Yo",)),
        ("sports", ("Yo",)),
        ("\N{THUMBS DOWN SIGN}", ()),
        ("\N{THUMBS DOWN SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}", ()),
        ("Thumbs_down", ()),
        ("\N{THUMBS UP SIGN}", ("Yo",)),
        ("negative", ("Yo",)),
    ],
)
def test_an_answer_that_a_label_calls_bad_is_not_right(label: Any, right: tuple[str, ...], tmp_path: Path) -> None:
    assert asked(tmp_path / "a.jsonl", {"messages": [ASK, TELL], "label": label}) == [(["Hi"], right)]


@pytest.mark.parametrize(
    "rows",
    [
        [{"prompt": "Translate.", "input": one, "completion": "Hello"} for one in ("Hallo", "Servus")],
        [{"question": "Which?", "A": one, "B": "oak", "answer": "A"} for one in ("iron", "ice")],
        [{"text": "It rained.", "question": one, "answer": "May"} for one in ("When?", "Which month?")],
        [{"article": one, "question": "What is told?", "options": ["a", "b"], "answer": "A"} for one in ("X.", "Y.")],
        [{"input": one, "chosen": "Yes", "rejected": "No"} for one in ("Is it?", "Was it?")],
    ],
)
def test_rows_that_differ_in_a_part_of_what_is_asked_are_compared_with_it(rows: list[Any], tmp_path: Path) -> None:
    first, second = compared(tmp_path / "a.jsonl", *rows)
    assert first != second


def test_a_later_row_may_lack_a_column_that_nobody_named(tmp_path: Path) -> None:
    assert compared(tmp_path / "a.jsonl", {"prompt": "a", "note": "x"}, {"prompt": "b"}) == ["a\nx", "b"]


@pytest.mark.parametrize("empty", [None, "", []])
def test_an_empty_column_gives_way_to_one_that_asks(empty: Any, tmp_path: Path) -> None:
    assert asked(tmp_path / "a.jsonl", {"messages": empty, "prompt": "Hi"}) == [(["Hi"], ())]


@pytest.mark.parametrize(
    ("row", "first"),
    [
        ({"input": {"messages": [ASK]}, "preferred_output": [TELL], "non_preferred_output": [TELL]}, "Hi"),
        ({"input": "Hi", "chosen": "Yo", "rejected": "No"}, "Hi"),
        ({"output": "Yo", "inputs": "Hi"}, "Hi"),
        ({"id": "7", "dialogue": ["Hi", "Yo"]}, "Hi"),
        ({"conversations": ["Hi", "Yo"]}, "Hi"),
    ],
)
def test_the_hint_names_what_asks(row: Any, first: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        asked(tmp_path / "a.jsonl", row)
    path = caught.value.hint.rpartition(" = ")[2].strip('"')
    ((messages, _),) = asked(tmp_path / "a.jsonl", row, prompt=path)
    assert messages == [first]


def test_yaml_is_read_once_the_hint_was_followed(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    path = tmp_path / "it's a file.yaml"
    path.write_text("- question: Who?\n  answer: Ada\n- question: When?\n  answer: 1815-12-10\n")
    with pytest.raises(ConfigError) as caught:
        made(path)
    command = caught.value.hint.partition(": ")[2].replace("python -c", f"{shlex.quote(sys.executable)} -c", 1)
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    found = [(one.messages[0].content, one.references) for one in made(tmp_path / "rows.jsonl").prompts()]
    assert found == [("Who?", ("Ada",)), ("When?", ("1815-12-10",))]


@pytest.mark.parametrize(
    ("name", "told"), [("a b.jsonl.xz", "xzcat '"), ("a.tar.gz", "tar -xf "), ("a.pkl", "write its rows")]
)
def test_other_endings_are_told_what_helps(name: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ConfigError) as caught:
        made(tmp_path / name)
    assert told in caught.value.hint


NOT_LEARNED: dict[str, dict[str, Any]] = {
    "OpenAI's weight": {"weight": 0},
    "a weight of a table": {"weight": 0.0},
    "Axolotl's": {"training": False},
    "another's": {"train": False},
}


@pytest.mark.parametrize("kind", NOT_LEARNED)
def test_a_last_turn_that_is_not_to_be_learned_from_is_no_right_answer_and_is_told(kind: str, tmp_path: Path) -> None:
    before = {"role": "assistant", "content": "Ho", **NOT_LEARNED[kind]}
    source = one_row(tmp_path, {"messages": [ASK, before, ASK, TELL | NOT_LEARNED[kind]]})
    (prompt,) = source.prompts()
    (key, value), *_ = NOT_LEARNED[kind].items()
    assert ([turn.content for turn in prompt.messages], prompt.references) == (["Hi", "Ho", "Hi"], ())
    assert f"messages[-1] ({key}: {value}, so no answer to learn from)" in " ".join(source.notes)


@pytest.mark.parametrize(
    "said", [{"weight": 1}, {"weight": 0.5}, {"weight": None}, {"weight": "0"}, {"train": True}, {}]
)
def test_a_last_turn_of_any_other_weight_is_the_answer(said: dict[str, Any], tmp_path: Path) -> None:
    assert asked(tmp_path / "a.jsonl", {"messages": [ASK, TELL | said]}) == [(["Hi"], ("Yo",))]
    assert asked(tmp_path / "a.jsonl", {"messages": [ASK | {"weight": 0}, TELL]}) == [(["Hi"], ("Yo",))]


def test_a_revision_that_is_not_to_be_learned_from_is_refused_where_it_is_named(tmp_path: Path) -> None:
    row = {"prompt": "Hi", "draft": [ASK, TELL], "revision": [ASK, TELL | {"weight": 0}]}
    source = one_row(tmp_path, row)
    (prompt,) = source.prompts()
    assert (prompt.given, "revision" in " ".join(source.notes)) == (None, True)
    with pytest.raises(ConfigError, match=r"not to be learned from \(weight: 0\)") as caught:
        list(made(tmp_path / "rows.jsonl", texts=["draft", "revision"]).prompts())
    assert caught.value.hint == "take the row out"


def test_an_answer_column_whose_last_turn_is_not_to_be_learned_from_gives_none(tmp_path: Path) -> None:
    row = {"prompt": "Hi", "answer": [ASK, TELL | {"weight": 0}]}
    assert asked(tmp_path / "a.jsonl", row) == [(["Hi"], ())]


@pytest.mark.parametrize(
    ("cell", "right"),
    [("True", "true"), ("TRUE", "true"), ("false", "false"), ("False ", "false"), ("Truely", "Truely")],
)
def test_truth_in_a_table_of_text_is_the_truth_of_other_files(cell: str, right: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"question,passage,answer\nis it,It is.,{cell}\n")
    (prompt,) = made(path).prompts()
    (tmp_path / "b.jsonl").write_text(json.dumps({"question": "is it", "passage": "It is.", "answer": right == "true"}))
    (typed,) = made(tmp_path / "b.jsonl").prompts()
    assert (prompt.references, right == "Truely" or prompt.references == typed.references) == ((right,), True)


def test_an_option_that_is_called_true_stays_the_option(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('question,options,answer\nIs it?,"[""True"", ""False""]",True\n')
    (prompt,) = made(path).prompts()
    assert prompt.references == ("A", "True")
