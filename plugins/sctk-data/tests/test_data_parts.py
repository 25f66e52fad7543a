"""Rows of several parts: a long part that they share neither makes copies of them nor leaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_cli.main import main

STORY = " ".join(f"the {number}th stone of the old bridge" for number in range(40))
RULES = " ".join(f"rule {number}: answer in {number} words" for number in range(40))
OTHER = STORY.replace("20th", "twentieth")


def squad(question: str, context: str = STORY) -> dict[str, Any]:
    return {
        "id": question,
        "context": context,
        "question": question,
        "answers": {"text": ["1871"], "answer_start": [3]},
    }


def chat(*texts: str, system: str = RULES) -> dict[str, Any]:
    roles = ("user", "assistant") * len(texts)
    turns = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    return {"messages": [{"role": "system", "content": system}, *turns]}


def told(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    capfd.readouterr()
    code = main(["data", *map(str, arguments), "--json", "--force"])
    out, err = capfd.readouterr()
    assert code == 0, err
    summary: dict[str, Any] = json.loads(out.splitlines()[-1])
    return summary


def written(folder: Path, ending: str, rows: list[dict[str, Any]], name: str = "a") -> Path:
    path = folder / f"{name}.{ending}"
    if ending == "parquet":
        pl.DataFrame(rows).write_parquet(path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


ROWS: dict[str, tuple[list[dict[str, Any]], list[int]]] = {
    "questions on one context": (
        [squad("Who built it?"), squad("When was it built?"), squad("who built it"), squad("Who built it?", OTHER)],
        [0, 1],
    ),
    "passages in a list": (
        [{"query": text, "passages": [STORY, RULES], "answer": "1871"} for text in ("Who?", "When?", "Who?")],
        [0, 1],
    ),
    "conversations under one system turn": (
        [chat("Hi."), chat("Why is the sky blue?"), chat("Hi."), chat("Hi.", system=RULES.replace("rule 7", "law 7"))],
        [0, 1],
    ),
    "a conversation and how it went on": ([chat("Hi."), chat("Hi.", "Hello."), chat("Hi.", "Hello!", "Why?")], [0, 1, 2]),
    "inputs of one instruction": (
        [
            {"instruction": STORY, "input": text, "output": "Done."}
            for text in ("", "In French.", "In German, if you can.", "In French!")
        ],
        [0, 1, 2],
    ),
    "the same answer to other questions": (
        [{"prompt": text, "completion": STORY} for text in ("Tell me of the bridge.", "Make a bomb.", "Make a bomb!")],
        [0, 1],
    ),
    "the sides of a pair changed": (
        [
            {"prompt": "Tell me.", "chosen": STORY, "rejected": f"{STORY} {RULES}"},
            {"prompt": "Tell me.", "chosen": f"{STORY} {RULES}", "rejected": STORY},
        ],
        [0, 1],
    ),
    "another system column": (
        [{"system": text, "prompt": STORY, "response": STORY} for text in ("Be brief.", "Answer in French.", "be brief")],
        [0, 1],
    ),
    "other letters": (
        [{"question": text, "context": f"{STORY} ветер"} for text in ("Кто построил мост?", "Когда?", "КТО ПОСТРОИЛ МОСТ")],
        [0, 1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("kind", ROWS)
def test_a_long_part_that_rows_share_does_not_hide_that_they_differ(
    kind: str, ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows, kept = ROWS[kind]
    path, out = written(tmp_path, ending, rows), tmp_path / "kept.jsonl"
    found = told(capfd, "dedup", path, "--out", out)
    assert [json.loads(line) for line in out.read_text().splitlines()] == [rows[at] for at in kept]
    assert found["apart"] > 0 or kind == "a conversation and how it went on"
    assert told(capfd, "dedup", path, "--out", out, "--parts", "together")["removed"] > found["removed"] or kept == [
        0,
        1,
        2,
    ]


THREE = ("Who built the old bridge?", "When was it closed to carts?", "What stands on its other side?")
TABLE: dict[str, tuple[list[dict[str, Any]], int]] = {
    "one long context, three questions": ([squad(text) for text in THREE], 3),
    "one long system turn, three requests": ([chat(text) for text in THREE], 3),
    "one long instruction, three inputs": (
        [{"instruction": STORY, "input": text, "output": "No."} for text in THREE],
        3,
    ),
    "one long refusal of three requests": ([{"prompt": text, "completion": RULES} for text in THREE], 3),
    "one context with a word changed, one question": (
        [squad("Who?"), squad("Who?", OTHER), squad("Who?", STORY[:-7])],
        1,
    ),
    "one long text in one column, three endings": ([{"text": f"{STORY} {text}"} for text in THREE], 1),
}


@pytest.mark.parametrize("kind", TABLE)
def test_the_table_of_copies_is_true(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows, kept = TABLE[kind]
    path = written(tmp_path, "jsonl", rows)
    found = [
        told(capfd, "dedup", path, "--parts", parts, "--out", tmp_path / "kept.jsonl")["kept"]
        for parts in ("together", "each")
    ]
    assert found == [1, kept]
    page = (Path(__file__).parents[3] / "docs" / "data.md").read_text()
    assert f"| {kind} | {found[0]} kept | {found[1]} kept |" in page


def test_pairs_kept_apart_are_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "jsonl", [squad("Who built it?"), squad("When was it built?")])
    assert main(["data", "dedup", str(path), "--out", str(tmp_path / "kept.jsonl")]) == 0
    assert "1 pairs of rows alike as a whole differ in a part and stay" in capfd.readouterr().err


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_number_in_a_table_of_text_is_no_part(ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As in any other form, where it is a number; what answers is compared, whatever it is."""
    (tmp_path / f"a.{ending}").write_text(
        "n,prompt,score\n0,Who built it?,0.5\n1,Who built it?,-1e3\n".replace(",", "\t" if ending == "tsv" else ",")
    )
    found = told(capfd, "dedup", tmp_path / f"a.{ending}", "--out", tmp_path / "k.jsonl")
    assert (found["column"], found["kept"], found["unread"]) == ("prompt", 1, [])
    (tmp_path / "b.csv").write_text("question,answer\nHow many?,5\nHow many?,6\nHow many?,5\n")
    assert told(capfd, "dedup", tmp_path / "b.csv", "--out", tmp_path / "k.jsonl")["kept"] == 2


def test_copies_in_every_part_are_found_whatever_the_form_of_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The rule is about parts: the same question and answer as columns and as turns, a word changed in 320."""
    written(
        tmp_path, "jsonl", [{"prompt": STORY, "completion": "It is old."}, {"prompt": RULES, "completion": "No."}], "a"
    )
    turns = [{"role": "user", "content": OTHER}, {"role": "assistant", "content": "It is old!"}]
    written(tmp_path, "jsonl", [{"messages": turns}], "b")
    written(tmp_path, "jsonl", [{"text": f"{OTHER}\nIt is old."}], "c")
    found = told(capfd, "dedup", *(tmp_path / f"{name}.jsonl" for name in "abc"), "--out", tmp_path / "kept.jsonl")
    assert (found["rows"], found["kept"]) == (4, 2)


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_of_one_column_nothing_is_a_part(ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    texts = [f"{STORY} Who built it?", f"{STORY} When was it built?", RULES]
    for name in ("text", "prompt"):
        found = told(
            capfd, "dedup", written(tmp_path, ending, [{name: text} for text in texts]), "--out", tmp_path / "k.jsonl"
        )
        assert (found["kept"], found["apart"]) == (2, 0)


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("role", ["system", "developer", "System "])
def test_a_system_turn_that_rows_share_with_what_is_held_out_is_no_leak(
    role: str, ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    leak = "Why did the mason who built the old bridge leave the town before the last stone was laid?"
    turns = [
        [{"role": role, "content": RULES}, {"role": "user", "content": text}] for text in ("Hi.", leak, f"So: {leak}")
    ]
    rows = [{"messages": one} for one in turns]
    path, held = written(tmp_path, ending, [rows[0], rows[2]]), written(tmp_path, ending, [rows[1]], "held")
    out = tmp_path / "clean.jsonl"
    assert told(capfd, "decontaminate", path, "--against", held, "--out", out)["removed"] == 1
    assert [json.loads(line) for line in out.read_text().splitlines()] == [rows[0]]
    main(["data", "decontaminate", str(path), "--against", str(held), "--out", str(out), "--force"])
    assert "not compared: what the system and developers say" in capfd.readouterr().err


def test_a_system_column_is_no_leak_and_a_conversation_of_the_system_alone_is_compared(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"system_prompt": RULES, "question": text, "response": "Yes."} for text in ("Is it old?", "Is it long?")]
    path, held = written(tmp_path, "jsonl", rows[:1]), written(tmp_path, "jsonl", rows[1:], "held")
    found = told(capfd, "decontaminate", path, "--against", held, "--out", tmp_path / "clean.jsonl")
    assert (found["removed"], found["unread"]) == (0, ["system_prompt"])
    alone = [{"messages": [{"role": "system", "content": RULES}]}]
    path, held = written(tmp_path, "jsonl", alone), written(tmp_path, "jsonl", alone, "held")
    assert told(capfd, "decontaminate", path, "--against", held, "--out", tmp_path / "clean.jsonl")["removed"] == 1


def test_an_instruction_that_all_held_out_rows_have_is_pointed_at(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ask = "Answer the following question of multiple choice, and put the letter of your answer on the last line."
    held = written(
        tmp_path, "jsonl", [{"prompt": f"{ask}\n{text}?"} for text in ("One", "Two", "Three", "Four")], "held"
    )
    path = written(tmp_path, "jsonl", [{"prompt": f"{ask}\nFive?"}, {"prompt": "Six?"}])
    main(["data", "decontaminate", str(path), "--against", str(held), "--out", str(tmp_path / "clean.jsonl")])
    assert "1 of the rows removed share words with more than half of the held-out rows" in capfd.readouterr().err
