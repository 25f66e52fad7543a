"""Files whose rows are written otherwise than one to an object or a line: the hint is a command, and what it makes is read."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from sctk_core import ConfigError
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
from sctk_core.reading import Input, TextColumn, chunks_of
from test_row_forms import made

ASKED = ["Who came first?", 'Who said "no"?']
ROWS = [{"question": one, "answer": "Ada"} for one in ASKED]
TO_JQ: dict[str, str] = {  # a file, and what it holds
    "behind one another.jsonl": " ".join(map(json.dumps, ROWS)),
    "without a space.json": json.dumps(ROWS[0]) + json.dumps(ROWS[1]),
    "by id.json": json.dumps({"a-1": ROWS[0], "a-2": ROWS[1]}),
    "by id in an object.json": json.dumps({"meta": {"n": 2}, "all": {"a-1": ROWS[0], "a-2": ROWS[1]}}),
    "a list.json": json.dumps({"version": 1, "entries": ROWS}),
    "two objects deep.json": json.dumps({"it's": {"train set": ROWS}}),
    "two objects deep, a line each.jsonl": "\n".join(json.dumps({"data": {"train": [row]}}) for row in ROWS),
    "three objects deep.json": json.dumps({"a": {"b": {"c": ROWS}}}),
    "commas behind lines.jsonl": "".join(json.dumps(row) + ",\n" for row in ROWS),
    "as Python writes them.jsonl": "".join(f"{row}\n" for row in ROWS),
}
TEXTS: dict[str, str] = {
    "lines.jsonl": "".join(json.dumps(one) + "\n" for one in ASKED),
    "array.json": json.dumps(ASKED),
}


def followed(path: Path) -> Path:
    """What the hint's command makes of the file."""
    with pytest.raises(ConfigError) as caught:
        made(path)
    told = caught.value.hint.partition(": ")[2].replace("NEW_FILE", "new.csv")
    subprocess.run(told.replace(" FILE >", f" '{path}' >", 1), shell=True, cwd=path.parent, check=True)
    return path.parent / told.rpartition(" ")[2]


@pytest.mark.skipif(shutil.which("jq") is None, reason="no jq")
@pytest.mark.parametrize("name", TO_JQ)
def test_rows_elsewhere_are_read_once_the_hint_was_followed(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(TO_JQ[name])
    prompts = list(made(followed(tmp_path / name)).prompts())
    assert [prompt.messages[-1].content for prompt in prompts] == ASKED
    assert [prompt.references for prompt in prompts] == [("Ada",)] * 2


@pytest.mark.skipif(shutil.which("jq") is None, reason="no jq")
@pytest.mark.parametrize("name", TEXTS)
def test_texts_without_a_column_are_read_once_the_hint_was_followed(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(TEXTS[name])
    prompts = list(made(followed(tmp_path / name)).prompts())
    assert [prompt.messages[-1].content for prompt in prompts] == ASKED


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        ('"Who said \\"no\\"?"', 'Who said "no"?'),
        ('"\\"no, no\\""', '"no, no"'),
        ('"5\\", or\nsix\\""', '5", or\nsix"'),
    ],
)
def test_quotes_behind_backslashes_are_read_once_the_hint_was_followed(first: str, asked: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"id,prompt\n1,{first}\n2,plain\n")
    asked_then = [prompt.messages[-1].content for prompt in made(followed(path)).prompts()]
    assert asked_then == [asked, "plain"]


def test_other_faults_of_quotes_and_of_json_have_no_such_hint(tmp_path: Path) -> None:
    for name, text in {"a.csv": 'id,prompt\n1,"yes"\n2,"no"x\n', "a.jsonl": '{"prompt": "Hi"} and so on\n'}.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(ConfigError) as caught:
            list(made(tmp_path / name).prompts())
        assert "FILE" not in caught.value.hint, caught.value


def test_a_table_without_a_header_loses_no_row_once_the_hint_was_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("How are you?,fine\nWhat now?,nothing\n")
    with pytest.raises(ConfigError) as caught:
        made(path)
    assert "source.layout.header = false" in caught.value.hint
    assert "column_1" in caught.value.hint
    with pytest.raises(ConfigError) as caught:
        TextColumn(None, bad=[].append).of(next(chunk for chunk, _ in chunks_of(Input.at(path, "csv"))))
    assert "--no-header" in caught.value.hint
    options = {"path": str(path), "held_out_share": 0.0, "layout": {"header": False}, "columns": {"prompt": "column_1"}}
    found = FileSource(parse(FileSource.Config, options, where="[source]"))
    assert [prompt.messages[-1].content for prompt in found.prompts()] == ["How are you?", "What now?"]
    path.write_text("Frage,Antwort 1\nWie?,so\n")
    with pytest.raises(ConfigError) as caught:
        made(path)
    assert "header" not in caught.value.hint
