"""Rows as the field writes them, through `sctk data`: what is compared for each form, and what is said to be unread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_cli.main import main

ASK = {"from": "human", "value": "Which tea is red?"}


def told(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    capfd.readouterr()
    code = main(["data", *map(str, arguments)])
    out, err = capfd.readouterr()
    return code, out, err


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        pl.DataFrame(rows, strict=False, infer_schema_length=None).write_parquet(path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def alpaca(text: str | None, output: str = "yes") -> dict[str, Any]:
    return {"instruction": "Is it good?", "input": text, "output": output}


def tea(answer: str) -> list[dict[str, str]]:
    return [ASK, {"from": "gpt", "value": answer}]


def chat(*texts: Any) -> list[dict[str, Any]]:
    return [{"role": "user" if at % 2 == 0 else "assistant", "content": text} for at, text in enumerate(texts)]


Rows = list[dict[str, Any]]
FORMS: dict[str, tuple[Rows, list[int], str]] = {
    "Alpaca": (
        [alpaca(None, "no"), alpaca("A film."), alpaca("A book."), alpaca("A film."), alpaca("A film.", "no"), alpaca(None),
         alpaca("")],
        [0, 1, 2, 4, 5], "read as Alpaca: instruction + input + output",
    ),
    "Dolly": (
        [{"instruction": "Sum up.", "context": text, "response": "x"} for text in ("A.", "B.", "A.", "")],
        [0, 1, 3], "read as Dolly: instruction",
    ),
    "SQuAD": (
        [{"question": "When?", "context": text, "answers": {"text": [one]}} for text, one in ["ax", "bx", "ax", "ay"]],
        [0, 1, 3], "read as questions: context + question + answers",
    ),
    "passages": (
        [{"question": "When?", "contexts": texts, "answer": "x"} for texts in (["a", "b"], ["a"], ["a", "b"])],
        [0, 1], "read as questions: contexts + question + answer",
    ),
    "BoolQ": ([{"question": "q", "answer": one} for one in (True, False, True)], [0, 1], "question + answer"),
    "ShareGPT": (
        [{"id": f"row {n}", "conversations": tea(text)} for n, text in enumerate(["Rooibos.", "None.", "Rooibos."])],
        [0, 1], "read as ShareGPT: conversations",
    ),
    "messages": (
        [{"uuid": f"{n}", "messages": chat("a", text)} for n, text in enumerate("xyx")], [0, 1], "read as messages: messages",
    ),
    "messages as JSON text": (
        [{"id": f"{n}", "messages": json.dumps(chat("a", text), indent=n)} for n, text in enumerate("xyx")],
        [0, 1], "read as messages",
    ),
    "text parts": (
        [{"messages": chat([{"type": "text", "text": one}, {"type": "text", "text": "b"}])} for one in "xyx"],
        [0, 1], "read as messages",
    ),
    "turns of tools": (
        [{"messages": [*chat("a"), {"role": "assistant", "content": None, "tool_calls": [{"name": one}]},
                       {"role": "tool", "content": "7"}]} for one in "xyx"],
        [0, 1], "read as messages",
    ),
    "preference pairs": (
        [{"prompt": "p", "chosen": "good", "rejected": text} for text in ("bad", "worse", "bad")], [0, 1],
        "read as preference rows: prompt + chosen + rejected",
    ),
    "pairs of turns": (
        [{"chosen": chat("p", "good"), "rejected": chat("p", text)} for text in ("bad", "worse", "bad")], [0, 1],
        "read as preference rows: chosen + rejected",
    ),
    "transcripts": (
        [{"chosen": "\n\nHuman: p\n\nAssistant: good", "rejected": f"\n\nHuman: p\n\nAssistant: {one}"} for one in "aba"],
        [0, 1], "read as preference rows",
    ),
    "KTO": (
        [{"prompt": "p", "completion": text, "label": True} for text in ("a", "b", "a")], [0, 1], "read as KTO: prompt + comp",
    ),
    "UltraFeedback": (
        [{"instruction": "p", "completions": [{"model": "m", "response": "a"}, {"model": "n", "response": one}]} for one in "xyx"],
        [0, 1], "read as UltraFeedback: instruction + completions",
    ),
}  # fmt: skip


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("name", FORMS)
def test_rows_are_compared_by_all_that_is_asked_and_answered(
    name: str, ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows, kept, line = FORMS[name]
    file = written(tmp_path / f"in.{ending}", [row | {"n": n} for n, row in enumerate(rows)])
    code, out, err = told(capfd, "dedup", file, "--exact")
    assert code == 0, err
    assert [json.loads(one)["n"] for one in out.splitlines()] == kept
    assert line in err
    assert "not read" not in err


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_what_holds_text_and_was_not_read_is_named(
    ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": "a", "prompt": "p", "topic": f"{n}", "tags": ["x"], "n": n, "none": None} for n in range(3)]
    file, out = written(tmp_path / f"in.{ending}", rows), tmp_path / "out.jsonl"
    code, _, err = told(capfd, "dedup", file, "--exact", "--out", out)
    assert code == 0
    assert "read as prompts: prompt\n3 rows by 'prompt' (exact): 1 kept" in err
    assert "not read, and holding text: topic, tags" in err or "not read, and holding text: tags, topic" in err
    code, summary, _ = told(capfd, "dedup", file, "--exact", "--column", "topic", "--json", "--out", out, "--force")
    assert (json.loads(summary)["column"], json.loads(summary)["read_as"]) == ("topic", [])
    assert sorted(json.loads(summary)["unread"]) == ["prompt", "tags"]
    code, summary, _ = told(capfd, "decontaminate", file, "--against", written(tmp_path / "h.jsonl", [{"text": "p", "more": "q"}]),
                            "--json", "--out", out, "--force")  # fmt: skip
    found = json.loads(summary)
    assert (sorted(found["unread"]), found["against_column"], found["against_unread"]) == (
        ["tags", "topic"],
        "text",
        ["more"],
    )


@pytest.mark.parametrize("name", ["id", "uuid", "prompt_id", "exampleId"])
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_an_id_is_never_the_text(name: str, ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = told(capfd, "dedup", written(tmp_path / f"in.{ending}", [{name: "a", "turns": [1]}] * 2))
    assert code == 2
    assert "got no column that may be the text" in err
    assert "--column" in err


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        (["turns[0].content"], [0]), (["turns[-1].content"], [0, 1]), (["turns"], [0, 1]), (["base.topic"], [0, 2]),
        (["base.topic", "turns[-1].content"], [0, 1, 2]), (["base.topic", "none"], [0, 2]),
    ],
)  # fmt: skip
def test_columns_are_named_by_paths_and_several_are_compared_together(
    columns: list[str], kept: list[int], ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shape = [("x", "r"), ("y", "r"), ("x", "s"), ("y", "s")]
    rows: Rows = [
        {"n": n, "turns": chat("q", text), "base": {"topic": topic}, "none": None}
        for n, (text, topic) in enumerate(shape)
    ]
    wanted = [0, 1, 2, 3] if len(columns) == 2 and columns[1] != "none" else kept
    options = [word for column in columns for word in ("--column", column)]
    code, out, err = told(capfd, "dedup", written(tmp_path / f"in.{ending}", rows), "--exact", *options)
    assert code == 0, err
    assert [json.loads(one)["n"] for one in out.splitlines()] == wanted


def test_files_of_several_forms_are_compared_with_each_other(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    one = written(tmp_path / "a.jsonl", [{"question": "Which tea is red?", "answer": "Rooibos."}])
    other = written(tmp_path / "b.jsonl", [{"conversations": tea("Rooibos.")}, {"conversations": tea("None.")}])
    code, out, err = told(capfd, "dedup", one, other, "--exact")
    assert (code, len(out.splitlines())) == (0, 2)
    assert "read as questions and ShareGPT: question + answer + conversations" in err


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_shards_with_the_same_columns_are_read_alike_whatever_their_first_rows_hold(
    ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": "Name a river.", "clue": clue} for clue in ("long", None, "long", "short")]
    (tmp_path / "shards").mkdir()
    for n, part in enumerate((rows[:1], rows[1:])):  # the second begins with a row without a clue
        written(tmp_path / f"shards/{n}.{ending}", part)
    code, out, err = told(capfd, "dedup", tmp_path / "shards", "--exact")
    assert (code, [json.loads(line)["clue"] for line in out.splitlines()]) == (0, ["long", None, "short"]), err
    assert told(capfd, "dedup", written(tmp_path / f"whole.{ending}", rows), "--exact")[1] == out


def test_a_column_that_is_read_in_one_file_and_not_in_another_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = written(tmp_path / "a.jsonl", [{"messages": chat("a", "b"), "remark": "one"}])
    second = written(
        tmp_path / "b.jsonl",
        [{"n": 1, "messages": chat("a"), "remark": text} for text in (None, "two", "three")],
    )
    code, _, err = told(capfd, "dedup", first, second, "--exact", "--out", tmp_path / "out.jsonl")
    assert code == 0, err
    assert "by 'messages + remark' (exact): 2 kept, 2 removed" in err
    assert "not read, and holding text: remark" in err


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
            "a turn that is no text alone in 'messages'",
        ),
        ({"messages": 5}, "no text but an int in 'messages'"),
        ({"other": "x", "another": "y"}, "no column 'messages'"),
        ({"messages": []}, "no text but a list in 'messages'"),
        ({"messages": chat("\ud83d")}, "half a surrogate pair in 'messages'"),
    ],
)
def test_a_row_without_what_the_first_row_had_is_told(
    row: dict[str, Any], reason: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "in.jsonl", [{"messages": chat("a", "b")}, row])
    code, _, err = told(capfd, "dedup", file, "--exact")
    assert code == 2
    assert f"in.jsonl:2: got {reason}" in err
    assert told(capfd, "dedup", file, "--exact", "--skip-bad")[0] == 0


def test_contaminated_inputs_are_found_beside_clean_instructions(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    held = written(
        tmp_path / "held.jsonl", [{"question": "q", "contexts": ["the harbour was closed in the storm"], "answer": "a"}]
    )
    corpus = written(tmp_path / "a.jsonl", [alpaca("They say the harbour was closed in the storm."), alpaca("A film.")])
    code, out, err = told(capfd, "decontaminate", corpus, "--against", held, "--n", 5)
    assert (code, [json.loads(one)["input"] for one in out.splitlines()]) == (0, ["A film."])
    assert "held-out rows read as questions: contexts + question + answer" in err


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize(
    ("row", "options"),
    [
        ({"question": "q", "answers": ["x y", "x y"]}, []),
        ({"question": "q", "answers": [True, True]}, []),
        ({"question": "q", "samples": [{"text": "x y"}, {"text": "x y"}]}, []),
        (
            {"instruction": "q", "completions": [{"model": "m", "response": "x y"}, {"model": "n", "response": "x y"}]},
            [],
        ),
        ({"base": {"said": ["x y", "x y"]}}, ["--column", "base.said"]),
        ({"runs": [{"out": {"t": "x y"}}, {"out": {"t": "x y"}}]}, ["--column", "runs[*].out.t"]),
    ],
)
def test_lists_of_answers_in_other_shapes_agree(
    row: dict[str, Any], options: list[str], ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(capfd, "consistency", written(tmp_path / f"in.{ending}", [row]), *options)
    assert code == 0, err
    assert (json.loads(out)["n_answers"], json.loads(out)["rouge_l"]) == (2, 1.0)
    column = options[-1] if options else list(row)[-1]
    assert f"1 questions with 2 answers in '{column}'" in err


@pytest.mark.parametrize(
    "row", [{"question": "q", "answer": "x y"}, {"id": "7", "question": "q", "response": "x y", "k": 1}]
)
def test_one_answer_in_a_row_is_found_beside_its_question(
    row: dict[str, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "in.jsonl", [row, row])
    code, out, err = told(capfd, "consistency", file, "--group-by", "question")
    assert (code, [json.loads(one)["rouge_l"] for one in out.splitlines()]) == (0, [1.0, 1.0]), err


NO_TEXT: dict[str, tuple[dict[str, Any], str]] = {  # rows of which no column alone is the text, and the column that the hint names
    "a kind beside turns": ({"category": "writing", "turns": ["Write of tea.", "Again."]}, "turns"),
    "an answer beside a sentence": ({"sentence": "The tea is _.", "option1": "red", "answer": "1"}, "sentence"),
    "a right answer beside turns": ({"input": [{"role": "user", "content": "Hi"}], "ideal": "Yo"}, "input"),
    "a kind alone": ({"n": 1, "type": "Algebra"}, "NAME"),
    "an id beside turns": ({"custom_id": "r1", "body": {"messages": [{"role": "user", "content": "Hi"}]}}, "body.messages"),
    "turns beside an id": ({"post_id": "q1", "by": "m", "conversation_a": [{"role": "user", "content": "Hi"}]}, "conversation_a"),
    "a response beside what was asked": ({"request": "Who is it?", "response": "Yes"}, "request"),
}  # fmt: skip


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("kind", NO_TEXT)
def test_what_only_tells_of_a_row_is_not_taken_for_its_text(
    kind: str, ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    row, column = NO_TEXT[kind]
    file = written(tmp_path / f"in.{ending}", [row, row])
    code, out, err = told(capfd, "dedup", file)
    assert (code, out) == (2, "")
    assert f"--column {column}" in err
    if column != "NAME":
        assert told(capfd, "dedup", file, "--column", column)[0] == 0


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"response": "So it is.", "model": "m", "language": "en"}, "response"), ({"sentence": "So.", "label": "x"}, "sentence"),
        ({"id": "7", "body": "So it is."}, "body"), ({"answer": "So it is."}, "answer"),
    ],
)  # fmt: skip
def test_the_one_column_with_text_is_the_text(
    row: dict[str, Any], column: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = told(capfd, "dedup", written(tmp_path / "in.jsonl", [row]))
    assert (code, f"1 rows by '{column}'" in err) == (0, True), err


def test_a_first_row_that_does_not_fit_its_form_does_not_choose_another_column(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": 5, "note": "n"}, {"prompt": "Hi", "note": "n"}, {"prompt": "Hi", "note": "n"}]
    code, out, err = told(capfd, "dedup", written(tmp_path / "in.jsonl", rows), "--exact", "--skip-bad")
    assert (code, len(out.splitlines())) == (0, 1), err
    assert "2 rows by 'prompt + note'" in err


WHOLE_ROWS = {
    "prompt + response_0 + response_1": [
        {"prompt": "How?", "response_0": "by foot", "response_1": "by train"},
        {"prompt": "How?", "response_0": "by sea", "response_1": "never"},
    ],
    "premise + choice1 + choice2 + question": [
        {"premise": "It rained.", "choice1": "wet", "choice2": "dry", "question": "effect", "label": 0},
        {"premise": "It snowed.", "choice1": "white", "choice2": "red", "question": "effect", "label": 1},
    ],
    "query + title + review_body": [
        {"query": "", "title": "Nice", "review_body": "I loved it", "url": "a.b/c"},
        {"query": "", "title": "Nice", "review_body": "I loved the dog", "url": "a.b/c"},
    ],
    "source + target": [{"source": "Guten Tag", "target": "Hello"}, {"source": "Hallo", "target": "Hello"}],
}


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "csv"])
@pytest.mark.parametrize("columns", WHOLE_ROWS)
def test_rows_that_differ_in_any_text_are_kept(
    columns: str, ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = WHOLE_ROWS[columns]
    file = tmp_path / f"in.{ending}"
    if ending == "csv":
        pl.DataFrame(rows).write_csv(file)
    else:
        written(file, [*rows, rows[0]])
    code, _, err = told(capfd, "dedup", file, "--normalised", "--out", tmp_path / "out.jsonl")
    assert code == 0
    assert f"rows by '{columns}' (normalised): 2 kept, {0 if ending == 'csv' else 1} removed" in err


def test_a_file_of_several_forms_is_read_row_by_row(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"messages": [{"role": "user", "content": "one"}]}, {"prompt": "two"},
        {"instruction": "three", "input": "x", "output": "y"},
        {"conversations": [{"from": "human", "value": "four"}, {"from": "gpt", "value": "five"}]}, {"prompt": "two"},
        {"instruction": "three", "input": "z", "output": "y"},
    ]  # fmt: skip
    code, out, err = told(capfd, "dedup", written(tmp_path / "in.jsonl", rows), "--exact")
    assert (code, len(out.splitlines())) == (0, 5), err
    assert all(form in err for form in ("messages", "prompts", "Alpaca", "ShareGPT"))


def test_a_row_of_no_form_among_others_is_an_error_with_its_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": "two"}, {"x": "a b", "y": "c d"}]
    code, _, err = told(capfd, "dedup", written(tmp_path / "in.jsonl", rows), "--exact")
    assert code == 2
    assert "in.jsonl:2" in err


HINTED = {
    "questions and answers of a story": {
        "story": "A story.",
        "questions": ["Who?"],
        "answers": {"input_text": ["a b"], "start": [1]},
    },
    "choices": {"id": "1", "stem": "The sun", "choices": {"text": ["is hot", "is cold"], "label": ["A", "B"]}},
    "a translation": {"translation": {"de": "Hallo", "en": "Hello"}},
    "a question that is an object": {
        "question": {"full_text": "Who?", "tokens": ["Who", "?"]},
        "reply_0": "a",
        "reply_1": "b",
    },
    "a document that is an object": {"document": {"id": "7", "text": "So it is."}, "n": 5},
    "a conversation of another form": {
        "talk": {"turns": [{"speaker": "a", "utterance": "Hi"}, {"speaker": "b", "utterance": "Yo"}], "n": 2}
    },
    "two texts": {"left": "So it is.", "right": "Or not."},
}


@pytest.mark.parametrize("name", HINTED)
def test_a_hint_that_is_followed_leads_to_a_text(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "in.jsonl", [HINTED[name]])
    code, _, err = told(capfd, "dedup", file)
    assert code == 2
    column = err.split("say which it is with --column ")[1].splitlines()[0].strip()
    code, out, err = told(capfd, "dedup", file, "--column", column)
    assert (code, len(out.splitlines())) == (0, 1), err


def test_rows_within_a_row_are_no_text_of_its_first_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"data": {"train": [{"prompt": "a"}, {"prompt": "b"}]}}]
    code, _, err = told(capfd, "dedup", written(tmp_path / "in.jsonl", rows))
    assert (code, """hint: the rows stand in 'data.train': jq -c '."data"."train"[]' FILE""" in err) == (2, True), err


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_usual_names_in_other_capitals_are_read_and_told_as_they_are_written(
    ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"Question": "Which tea is red?", "ANSWER": answer, "Memo": "m"}
        for answer in ("rooibos", "hibiscus", "rooibos")
    ]
    path = written(tmp_path / f"rows.{ending}", rows)
    code, out, err = told(capfd, "dedup", path, "--exact", "--out", tmp_path / f"kept.{ending}", "--json")
    found = json.loads(out)
    assert (code, found["kept"], found["column"]) == (0, 2, "Question + ANSWER"), err
    assert "Memo" in found["unread"]
    kept = (
        pl.read_parquet(tmp_path / "kept.parquet") if ending == "parquet" else pl.read_ndjson(tmp_path / "kept.jsonl")
    )
    assert kept.to_dicts() == rows[:2]


def test_a_name_in_other_capitals_in_other_rows_is_told_in_both(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"Question": "Which tea is red?", "answer": "rooibos", "Memo": "m"},
        {"question": "Which tea is green?", "Answer": "sencha", "memo": "n"},
    ]
    path = written(tmp_path / "rows.jsonl", rows)
    code, out, err = told(capfd, "dedup", path, "--out", tmp_path / "kept.jsonl", "--json")
    found = json.loads(out)
    assert (code, found["column"]) == (0, "question + Question + answer + Answer"), err
    assert sorted(found["unread"]) == ["Memo", "memo"]


def test_columns_that_differ_in_capitals_alone_are_named_both(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "rows.jsonl", [{"Text": "a", "TEXT": "b"}])
    code, _, err = told(capfd, "dedup", path, "--out", tmp_path / "kept.jsonl")
    assert (code, "got the columns 'Text' and 'TEXT', which differ in capitals alone" in err) == (2, True)
    assert told(capfd, "dedup", path, "--out", tmp_path / "kept.jsonl", "--column", "TEXT")[0] == 0


HI = [{"role": "user", "content": "Which tea is red?"}]
BESIDE: dict[
    str, tuple[str, list[Any], int, str]
] = {  # a column beside equal conversations, its values, what is kept, what is told
    "metadata": ("metadata", [{"from": "a"}, {"from": "b"}, {"from": "a"}], 1, "not read, and holding text: metadata"),
    "tools": ("tools", [[{"name": "find"}], [{"name": "wait"}], [{"name": "find"}]], 2, "messages + tools"),
    "an object": (
        "scene",
        [{"place": "bar", "time": 1}, {"time": 1, "place": "bar"}, {"place": "inn", "time": 1}],
        2,
        "messages + scene",
    ),
}


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("kind", BESIDE)
def test_lists_and_objects_beside_what_is_asked_are_no_fault(
    kind: str, ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name, values, kept, said = BESIDE[kind]
    file = written(tmp_path / f"in.{ending}", [{"messages": HI, name: value} for value in values])
    code, _, err = told(capfd, "dedup", file, "--exact", "--out", tmp_path / "out.jsonl")
    assert (code, f"{kept} kept" in err, said in err) == (0, True, True), err


def test_a_file_without_rows_is_compared_by_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.jsonl").write_text("")
    code, _, err = told(capfd, "dedup", tmp_path / "in.jsonl")
    assert (code, "0 rows (near): 0 kept, 0 removed" in err) == (0, True)
