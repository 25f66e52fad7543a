"""The file source: what it reads as it is, how it splits, and what it says of a file that cannot be read."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import polars
import pytest
from sctk_core import ConfigError, Given, Message, Prompt
from sctk_core.builtin.columns import Columns
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
from sctk_core.testing import check_source

REAL = Path(__file__).parents[3] / "shared/data/dsc/sentiments/results_sentiment_review.json"
real_rows = pytest.mark.skipif(not REAL.exists(), reason="the real dSC rows (../shared) are not here")


def source(path: Path, **options: Any) -> FileSource:
    return FileSource(parse(FileSource.Config, {"path": str(path), "held_out_share": 0.0} | options, where="[source]"))


def written(folder: Path, rows: list[Any], name: str = "rows.jsonl") -> Path:
    path = folder / name
    match path.suffix:
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        case ".json":
            path.write_text(json.dumps(rows, indent=2), encoding="utf-8")
        case ".parquet":
            polars.DataFrame(rows).write_parquet(path)
    return path


def asked(prompts: Any) -> list[str]:
    return [prompt.messages[-1].content for prompt in prompts]


# -- what it reads --


@real_rows
def test_the_real_rows_go_in_as_they_are() -> None:
    prompts = list(source(REAL).prompts())
    assert len(prompts) == len({prompt.id for prompt in prompts}) == 118
    assert len({prompt.messages for prompt in prompts}) == 99
    assert Counter(prompt.occurrence for prompt in prompts)[0] == 99
    rows = json.loads(REAL.read_text(encoding="utf-8"))
    first = prompts[0].given
    assert first == Given.chain([rows[0]["summary_pre"], rows[0]["summary_after"]], [2.0, 5.0])
    assert first is not None
    assert first.answers["draft"].startswith(" Title:")
    given = [prompt.given for prompt in prompts[:100]]
    assert sum(each is not None and each.answers["score.1"] > each.answers["score.0"] for each in given) == 95
    trimmed = next(source(REAL, rows={"trim": True}).prompts()).given
    assert trimmed is not None
    assert trimmed.answers["draft"].startswith("Title:")


@real_rows
def test_the_real_rows_split_without_leaks() -> None:
    split = source(REAL, held_out_share=0.2)
    train, held = list(split.prompts()), list(split.held_out())
    assert not set(asked(train)) & set(asked(held))
    assert len(set(asked(train))) + len(held) == 99
    assert 10 <= len(held) <= 32


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "rows.parquet"])
def test_three_formats_one_result(tmp_path: Path, name: str) -> None:
    rows = [
        {"prompt": f"Tell me {i} 🎬", "reference": str(i), "group": f"g{i % 2}", "system": "Be brief."}
        for i in range(5)
    ]
    found = list(source(written(tmp_path, rows, name)).prompts())
    assert found == [
        Prompt(
            messages=(Message(role="system", content="Be brief."), Message(role="user", content=f"Tell me {i} 🎬")),
            reference=str(i),
            meta={"group": f"g{i % 2}"},
        )
        for i in range(5)
    ]


def test_messages_and_an_answer_that_follows_them(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Why?"},
    ]
    path = written(
        tmp_path, [{"messages": turns}, {"messages": [*turns, {"role": "assistant", "content": "Because."}]}]
    )
    one, other = source(path).prompts()
    assert one.messages == other.messages == tuple(Message(**turn) for turn in turns)  # type: ignore[arg-type]
    assert (one.reference, other.reference) == (None, "Because.")


def test_a_column_map_and_other_usual_names(tmp_path: Path) -> None:
    path = written(tmp_path, [{"frage": "Q", "a": "one", "b": "two", "x": 1, "y": 2.5, "gold": 7}])
    columns = {"prompt": "frage", "texts": ["a", "b"], "scores": ["x", "y"]}
    (found,) = source(path, columns=columns).prompts()
    assert (found.messages[0].content, found.reference) == ("Q", "7")
    assert found.given == Given.chain(["one", "two"], [1.0, 2.5])
    (alpaca,) = source(
        written(tmp_path, [{"instruction": "Sum up.", "input": "A text.", "output": "T."}], "b.jsonl")
    ).prompts()
    assert alpaca.messages[0].content == "Sum up.\n\nA text."


def test_lines_without_end_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"prompt": "a"}\r\n\r\n{"prompt": "b\\u2028"}')
    assert asked(source(path).prompts()) == ["a", "b\u2028"]
    lines_in_json = tmp_path / "rows.json"
    lines_in_json.write_text('{"prompt": "a"}\n{"prompt": "b"}\n')
    assert asked(source(lines_in_json).prompts()) == ["a", "b"]


# -- identity and split --


def test_repeated_rows_have_ids_of_their_own_and_one_side(tmp_path: Path) -> None:
    rows = [{"prompt": f"Film {i % 30}"} for i in range(90)]
    split = source(written(tmp_path, rows), held_out_share=0.3)
    train, held = list(split.prompts()), list(split.held_out())
    assert len({prompt.id for prompt in train}) == len(train)
    assert sorted({prompt.occurrence for prompt in train}) == [0, 1, 2]
    assert not set(asked(train)) & set(asked(held))
    assert len(train) == 3 * (30 - len(held))
    assert 2 <= len(held) <= 18


def test_a_split_is_by_content_not_by_place(tmp_path: Path) -> None:
    rows = [{"prompt": f"Film {i}"} for i in range(60)]
    some = source(written(tmp_path, rows[:40], "a.jsonl"), held_out_share=0.3)
    more = source(written(tmp_path, rows[::-1], "b.jsonl"), held_out_share=0.3)
    assert set(asked(some.held_out())) == set(asked(more.held_out())) & {f"Film {i}" for i in range(40)}
    by_group = [{"prompt": f"Film {i}", "group": f"studio {i % 9}"} for i in range(90)]
    split = source(written(tmp_path, by_group, "c.jsonl"), held_out_share=0.3)
    sides = [{prompt.meta["group"] for prompt in side} for side in (split.prompts(), split.held_out())]
    assert sides[1]
    assert not sides[0] & sides[1]


def test_case_and_spaces_make_no_other_prompt_for_the_split(tmp_path: Path) -> None:
    rows = [{"prompt": text} for i in range(40) for text in (f"Film {i}", f" film  {i} ")]
    split = source(written(tmp_path, rows), held_out_share=0.4)
    sides = [{" ".join(text.lower().split()) for text in asked(side)} for side in (split.prompts(), split.held_out())]
    assert not sides[0] & sides[1]


def test_held_out_from_another_file(tmp_path: Path) -> None:
    train = written(tmp_path, [{"prompt": "a"}, {"prompt": "b"}], "train.jsonl")
    test = written(tmp_path, [{"prompt": "c"}, {"prompt": "c"}], "test.jsonl")
    made = source(train, held_out=str(test), held_out_share=0.5)
    assert (asked(made.prompts()), asked(made.held_out())) == (["a", "b"], ["c"])
    leaky = written(tmp_path, [{"prompt": "B"}], "leaky.jsonl")
    with pytest.raises(ConfigError, match=r"train\.jsonl:2: got a prompt that .*leaky\.jsonl holds out"):
        source(train, held_out=str(leaky))
    with pytest.raises(ConfigError, match="holds out"):
        source(train, held_out=str(train))


def test_conformance(tmp_path: Path) -> None:
    rows = [{"prompt": f"Film {i % 40}", "group": f"g{i % 20}"} for i in range(80)]
    check_source(source(written(tmp_path, rows), held_out_share=0.3))


def test_the_digest_follows_the_bytes(tmp_path: Path) -> None:
    one, same, other = (written(tmp_path, [{"prompt": text}], f"{i}.jsonl") for i, text in enumerate("aab"))
    assert source(one).digest() == source(same).digest() != source(other).digest()
    assert source(one, held_out=str(other)).digest() != source(one).digest()


def test_memory_does_not_grow_with_the_texts(tmp_path: Path) -> None:
    """3,000 rows of 1,000 characters (3 MB) pass through less than 1.5 MB, most of it the counts of occurrences."""
    path = tmp_path / "rows.jsonl"
    with path.open("w") as file:
        for i in range(3_000):
            file.write(json.dumps({"prompt": f"{i} " + "word " * 200}) + "\n")
    tracemalloc.start()
    n_prompts = source(path).n_prompts
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_prompts == 3_000
    assert peak < 1.5e6


COUNTED = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from sctk_core.builtin.file_source import FileSource
source = FileSource(FileSource.Config(path=sys.argv[1], held_out=sys.argv[2]))
print(*(opened.count(path) for path in sys.argv[1:]), source.n_prompts)
"""


def test_each_file_is_read_once_to_be_checked(tmp_path: Path) -> None:
    train = written(tmp_path, [{"prompt": text} for text in "aab"], "train.jsonl")
    test = written(tmp_path, [{"prompt": "c"}], "test.jsonl")
    command = [sys.executable, "-c", COUNTED, str(train), str(test)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1", "3"]


def test_a_file_that_is_written_to_afterwards_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, [{"prompt": "a"}, {"prompt": "b"}])
    made = source(path)
    reading = made.prompts()
    assert next(reading).messages[0].content == "a"
    written(tmp_path, [{"prompt": "a"}, {"prompt": "b"}, {"prompt": "c"}])
    for again in (reading, made.prompts(), made.held_out()):
        with pytest.raises(ConfigError, match="got other bytes on the second reading"):
            list(again)


# -- files, directories, standard input --


def test_several_files_and_directories_are_one_source(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    written(tmp_path / "shards", [{"prompt": "c"}], "2.jsonl")
    (tmp_path / "shards" / "1.csv").write_text("prompt,note\nb,x\n")
    last = written(tmp_path, [{"prompt": "a"}])
    paths = [str(tmp_path / "shards"), str(last)]
    made = FileSource(parse(FileSource.Config, {"path": paths, "held_out_share": 0.0}, where="[source]"))
    assert asked(made.prompts()) == ["b", "c", "a"]
    assert [prompt.occurrence for prompt in made.prompts()] == [0, 0, 0]
    assert made.notes[0] == f"{tmp_path}/shards: read as shards, in this order: 1.csv, 2.jsonl"
    before = source(tmp_path / "shards").digest()
    assert len({made.digest(), source(last).digest(), before}) == 3
    written(tmp_path / "shards", [{"prompt": "d"}], "2.jsonl")
    with pytest.raises(ConfigError, match=r"2\.jsonl: got other bytes"):
        list(made.prompts())
    assert source(tmp_path / "shards").digest() != before


def test_a_directory_may_be_held_out(tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    written(tmp_path / "held", [{"prompt": "x"}], "1.jsonl")
    written(tmp_path / "held", [{"prompt": "y"}], "2.jsonl")
    made = source(written(tmp_path, [{"prompt": "a"}]), held_out=str(tmp_path / "held"))
    assert (asked(made.prompts()), asked(made.held_out())) == (["a"], ["x", "y"])


PIPED = """
import sys
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
made = FileSource(parse(FileSource.Config, {"path": "-", "held_out_share": 0.0, "format": sys.argv[1]}, where="[source]"))
print(made.digest(), *(prompt.messages[-1].content for prompt in made.prompts()), sep="|")
"""


@pytest.mark.parametrize(("form", "name"), [("auto", "a.jsonl"), ("json", "a.json"), ("parquet", "a.parquet")])
def test_standard_input_is_a_source_of_the_form_that_is_said(form: str, name: str, tmp_path: Path) -> None:
    path = written(tmp_path, [{"prompt": "a b"}, {"prompt": "c"}], name)
    piped = [sys.executable, "-c", PIPED, form]
    done = subprocess.run(piped, stdin=path.open("rb"), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{source(path).digest()}|a b|c"


# -- what it says of what it cannot read --

BAD: list[tuple[str, bytes, dict[str, Any], str]] = [
    ("a.jsonl", b"", {}, "a.jsonl: got an empty file, wanted at least one row"),
    ("a.jsonl", b"\n \n", {}, "a.jsonl: got no row, wanted at least one"),
    ("a.json", b"[]", {}, "a.json: got no row, wanted at least one"),
    (
        "a.jsonl",
        b'{"prompt": "a"}\n{"prompt": "\xff"}\n',
        {},
        "a.jsonl:2: got the byte 0xff at position 28, wanted UTF-8",
    ),
    (
        "a.json",
        b'[{"prompt": "a"},\n {"prompt": "\xff"}]',
        {},
        "a.json:2: got the byte 0xff at position 31, wanted UTF-8",
    ),
    ("a.jsonl", b'{"prompt": "a"}\n{"prompt": }\n', {}, "a.jsonl:2, column 12: got no valid JSON (Expecting value)"),
    ("a.json", b'[{"prompt": "a"},\n {"prompt": }]', {}, "a.json:2, column 13: got no valid JSON (Expecting value)"),
    (
        "a.json",
        b'[{"prompt": "a"}\n {"prompt": "b"}]',
        {},
        "a.json:2: got no valid JSON (the array is not closed, a comma is",
    ),
    ("a.json", b'[{"prompt": "a"}', {}, "a.json:1: got no valid JSON (the array is not closed"),
    ("a.json", b'[{"prompt": "a"}] x', {}, "a.json:1: got no valid JSON (the array is not closed"),
    ("a.jsonl", b'{"prompt": "a"}\n["b"]\n', {}, "a.jsonl:2: got a list, wanted an object with named columns"),
    ("a.jsonl", b"[" * 200_000, {}, "a.jsonl:1: got no valid JSON"),
    (
        "a.jsonl",
        b'{"prompt": "a"}\n{"promt": "b"}\n',
        {},
        "a.jsonl:2: got no column with a prompt (columns: promt), wanted one of",
    ),
    (
        "a.jsonl",
        b'{"q": "a"}\n',
        {"columns": {"prompt": "p"}},
        "a.jsonl:1: got no column 'p' (columns: q), wanted it for source.columns.prompt",
    ),
    ("a.jsonl", b'{"prompt": "a"}\n{"prompt": 7}\n', {}, "a.jsonl:2: prompt: got int '7', wanted text"),
    ("a.jsonl", b'{"prompt": "a"}\n{"prompt": null}\n', {}, "a.jsonl:2: prompt: got nothing (null), wanted text"),
    ("a.jsonl", b'{"prompt": "a"}\n{"prompt": " "}\n', {}, "a.jsonl:2: got an empty 'prompt', wanted a prompt"),
    ("a.jsonl", b'{"prompt": "\\ud83d"}\n', {}, "a.jsonl:1: prompt: got half a surrogate pair at character 0"),
    ("a.jsonl", b'{"messages": []}\n', {}, "a.jsonl:1: got 'messages' without a user's turn to answer"),
    (
        "a.jsonl",
        b'{"messages": [{"from": "narrator"}]}\n',
        {},
        "a.jsonl:1: messages[0]: got 'narrator', wanted a turn with role",
    ),
    (
        "a.jsonl",
        b'{"messages": [{"role": "user", "content": [1]}]}\n',
        {},
        "a.jsonl:1: messages[0].content: got list '[1]', wanted text",
    ),
    (
        "a.jsonl",
        b'{"prompt": "a", "draft": "d", "revision": null}\n',
        {},
        "a.jsonl:1: got 'draft' without 'revision', wanted all of",
    ),
    (
        "a.jsonl",
        b'{"prompt": "a", "draft": "d", "revision": "r", "s": 1}\n',
        {"columns": {"scores": ["s"]}},
        "a.jsonl:1: got 1 scores of 2 texts, wanted as many of each",
    ),
    (
        "a.jsonl",
        b'{"prompt": "a", "draft": "d", "revision": "r", "draft_score": NaN, "revision_score": 1}\n',
        {},
        "a.jsonl:1: draft_score: got float 'nan', wanted a finite number",
    ),
    ("a.parquet", b"PAR1 no, not really", {}, "a.parquet: got a file that is not Parquet"),
]


@pytest.mark.parametrize(
    ("name", "data", "options", "wanted"), BAD, ids=[f"{i}-{bad[3][:40]}" for i, bad in enumerate(BAD)]
)
def test_bad_input_says_what_where_got_wanted(
    tmp_path: Path, name: str, data: bytes, options: dict[str, Any], wanted: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        source(tmp_path / name, **options)
    assert wanted in str(caught.value)
    assert "\nhint: " in str(caught.value)
    assert caught.value.exit_code == 2


def test_no_such_file_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="got no such file"):
        source(tmp_path / "none.jsonl")
    with pytest.raises(ConfigError, match="got a directory"):
        source(tmp_path)


def test_columns_are_at_most_eight_settings() -> None:
    for config in (FileSource.Config, Columns):
        assert len(config.__dataclass_fields__) <= 8


def test_the_longest_conversation_of_each_order_of_roles_is_kept_to_try_templates_on(tmp_path: Path) -> None:
    turns = [("user", "assistant")[n % 2] for n in range(5)]
    talks = [
        [{"role": role, "content": "x" * length} for role in turns[:n]]
        for n, length in ((1, 3), (3, 2), (1, 5), (3, 9), (3, 4))
    ]
    found = dict(source(written(tmp_path, [{"messages": talk} for talk in talks])).longest())
    assert {place.rpartition(":")[2]: len(messages) for place, messages in found.items()} == {"3": 1, "4": 3}


ONE_OBJECT = {
    "columns": {"prompt": ["one", "two"], "answer": ["x", "y"]},
    "pandas": {"prompt": {"0": "one", "1": "two"}, "answer": {"0": "x", "1": "y"}},
    "a table beside its version": {"version": "1.0", "data": [{"prompt": "one"}, {"prompt": "two"}]},
    "a split": {"train": [{"prompt": "one"}, {"prompt": "two"}]},
}


@pytest.mark.parametrize("form", ONE_OBJECT)
def test_one_object_that_holds_a_table_is_its_rows(form: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(ONE_OBJECT[form], indent=2))
    assert asked(source(path, held_out_share=0.0).prompts()) == ["one", "two"]


@pytest.mark.parametrize("indent", [None, 2])
def test_one_object_that_is_a_row_is_one_row(indent: int | None, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    turns = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    path.write_text(json.dumps({"messages": turns, "tags": ["x", "y", "z"]}, indent=indent))
    (prompt,) = source(path, held_out_share=0.0).prompts()
    assert [turn.content for turn in prompt.messages] == ["one", "two", "three"]


def test_one_object_with_several_tables_is_an_error_that_names_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps({"train": [{"prompt": "one"}], "test": [{"prompt": "two"}]}))
    with pytest.raises(ConfigError, match="the tables train, test, wanted one table"):
        source(path)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.jsonl", '{"prompt": "one"}\n{"prompt": "first", "prompt": "second"}\n', 2),
        ("a.json", '[{"prompt": "one"},\n\n{"prompt": "first", "prompt": "second"}]', 3),
        ("b.jsonl", '{"messages": [{"role": "user", "content": "one", "content": "two"}]}\n', 1),
    ],
)
def test_a_key_that_stands_twice_in_an_object_is_an_error_with_its_line(
    name: str, text: str, line: int, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=rf"{name}:{line}.* twice in one object"):
        source(tmp_path / name)
