"""The file source's filters (which rows are prompts at all) and templates that prompts are put into."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sctk_core import ConfigError
from sctk_core.builtin.file_source import FileSource
from sctk_core.builtin.wrapping import Wrapping, filled
from sctk_core.config import parse
from sctk_core.records import Message, Prompt
from sctk_core.testing import check_source

ROWS = [
    {"prompt": f"Comment on argument {i}.", "base": {"dataset": kind, "n": i}, "note": None if i % 3 else "biased"}
    for i, kind in enumerate(["arguments", "poems", "math"] * 10)
]


IN_ROWS = ("keep", "drop", "templates", "templates_file", "held_out_templates")


def source(path: Path, **options: Any) -> FileSource:
    """The source over a file, with settings of [source] and of [source.rows]."""
    options["rows"] = {name: options.pop(name) for name in IN_ROWS if name in options}
    return FileSource(parse(FileSource.Config, {"path": str(path), "held_out_share": 0.0} | options, where="[source]"))


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def asked(prompts: Any) -> list[str]:
    return [prompt.messages[-1].content for prompt in prompts]


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ({"keep": {"base.dataset": "^arguments$"}}, {i for i in range(30) if i % 3 == 0}),
        ({"keep": {"base": {"dataset": "arguments|poems"}}}, {i for i in range(30) if i % 3 != 2}),
        ({"keep": {"note": "."}}, {i for i in range(30) if i % 3 == 0}),
        ({"drop": {"note": "bias"}}, {i for i in range(30) if i % 3}),
        (
            {"keep": {"base.n": "^1", "base.dataset": "a"}, "drop": {"base.n": "5"}},
            {1, 10, 11, 12, 13, 14, 16, 17, 18, 19},
        ),
    ],
)
def test_rows_stay_where_all_of_keep_and_none_of_drop_is_found(tmp_path: Path, rules: Any, kept: set[int]) -> None:
    if "base.n" in rules.get("keep", {}):
        kept = {i for i in kept if "a" in ROWS[i]["base"]["dataset"]}
    found = source(written(tmp_path / "rows.jsonl", ROWS), **rules)
    assert set(asked(found.prompts())) == {f"Comment on argument {i}." for i in kept}
    assert found.n_prompts == len(kept)
    assert found.notes[0].startswith(f"{tmp_path}/rows.jsonl: {len(kept)} of 30 rows kept, by ")
    check_source(found)


def test_a_split_file_keeps_its_sides_behind_a_filter(tmp_path: Path) -> None:
    rules: dict[str, Any] = {"keep": {"base.dataset": "arguments|poems"}, "held_out_share": 0.3, "apart": {"near": 0.0}}
    both = source(written(tmp_path / "rows.jsonl", ROWS), **rules)
    alone = source(written(tmp_path / "alone.jsonl", [row for i, row in enumerate(ROWS) if i % 3 != 2]), **rules)
    assert asked(both.held_out()) == asked(alone.held_out())
    assert asked(both.prompts()) == asked(alone.prompts())
    assert len(asked(both.held_out())) == 6


def test_a_bad_row_that_is_dropped_is_no_error(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", [*ROWS, {"prompt": 7, "base": {"dataset": "broken"}}])
    with pytest.raises(ConfigError, match=r"rows\.jsonl:31"):
        source(path)
    assert len(asked(source(path, drop={"base.dataset": "broken"}).prompts())) == 30


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"keep": {"base.datset": "a"}}, "no column 'base.datset'"),
        ({"keep": {"base.dataset": "nowhere"}}, "got 30 rows, and none that source.rows.keep"),
        ({"keep": {"base.dataset": "("}}, r"keep.base.dataset: got '\(', wanted a regular expression of RE2: missing"),
        ({"keep": {"base.dataset": "a(?=b)"}}, r"keep.base.dataset: got .*wanted a regular expression of RE2"),
        ({"drop": {"base.n": 3}}, r"drop.base.n: got 3, wanted a regular expression in quotes"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_an_error(tmp_path: Path, rules: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        source(written(tmp_path / "rows.jsonl", ROWS), **rules)


def test_a_filter_takes_linear_time(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", [{"prompt": "a" * 40 + "!"}, {"prompt": "aaa"}])
    made = source(path, keep={"prompt": "^(a+)+$"})
    assert [prompt.messages[-1].content for prompt in made.prompts()] == ["aaa"]


def test_every_prompt_gets_one_template_by_what_it_asks(tmp_path: Path) -> None:
    path = tmp_path / "films.tsv"
    path.write_text("".join(f"Film {i}, the second\n" for i in range(60)), encoding="utf-8")
    layout = {"columns": {"prompt": "column_1"}, "layout": {"header": False, "quotes": False}}
    templates = ["Write about {prompt}.", "Blame {prompt}!"]
    texts = asked(source(path, templates=templates, **layout).prompts())
    assert [text.partition("Film")[2].rstrip(".!") for text in texts] == [f" {i}, the second" for i in range(60)]
    counts = Counter(text.partition(" Film")[0] for text in texts)
    assert set(counts) == {"Write about", "Blame"}
    assert min(counts.values()) > 15
    path.write_text("Film 59, the second\nFilm 3, the second\n", encoding="utf-8")
    assert asked(source(path, templates=templates, **layout).prompts()) == [texts[59], texts[3]]


def test_held_out_prompts_have_templates_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", ROWS)
    with (tmp_path / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["name", "template"], ["a", "Be bad,\nnow: {prompt}"], ["b", "Worse: [INSERT PROMPT HERE]"]]
        )
    ood = written(tmp_path / "ood.jsonl", [{"template": "As a pirate: {prompt}"}])
    options: dict[str, Any] = {
        "held_out_share": 0.2,
        "templates_file": str(tmp_path / "train.csv"),
        "held_out_templates": str(ood),
    }
    found = source(path, **options)
    assert {text.partition(" Comment")[0] for text in asked(found.held_out())} == {"As a pirate:"}
    assert {text.partition(" Comment")[0] for text in asked(found.prompts())} == {"Be bad,\nnow:", "Worse:"}
    check_source(found)
    before = found.digest()
    written(ood, [{"template": "As a pilot: {prompt}"}])
    assert source(path, **options).digest() != before


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"template": "no mark"}], "wrap.jsonl: got a template without {prompt}: 'no mark'|without {prompt}"),
        ([{"a": "{prompt}", "b": "x"}], r"wrap.jsonl:1: got no text in the column 'template' \(columns: a, b\)"),
        ([{"template": 4}], "got no text in the column 'template'"),
    ],
)
def test_templates_that_are_none_are_refused(tmp_path: Path, rows: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        source(written(tmp_path / "r.jsonl", ROWS), templates_file=str(written(tmp_path / "wrap.jsonl", rows)))


def test_a_draft_made_elsewhere_is_not_put_behind_a_template(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", [{"prompt": "Why?", "draft": "So.", "revision": "So it is."}])
    with pytest.raises(ConfigError, match=r"rows.jsonl:1: got source.rows.templates and a draft"):
        source(path, templates=["{prompt}"])


def test_marks_in_a_prompt_are_its_own_and_the_last_user_turn_is_wrapped() -> None:
    assert filled("[INSERT PROMPT HERE]!", "{prompt}") == "{prompt}!"
    turns = [("user", "Hi"), ("assistant", "Ho"), ("user", "Why?")]
    prompt = Prompt(messages=tuple(Message(role=role, content=text) for role, text in turns))
    found = Wrapping(["<{prompt}>"]).around(prompt)
    assert [turn.content for turn in found.messages] == ["Hi", "Ho", "<Why?>"]
    assert found.id != prompt.id
    assert Wrapping([]).around(prompt) is prompt


def test_a_system_column_that_is_named_for_the_prompt_is_no_system_turn_as_well(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", [{"system": "You are a pirate.", "prompt": "Why?"}])
    (prompt,) = source(path, columns={"prompt": ["system", "prompt"]}).prompts()
    assert [(turn.role, turn.content) for turn in prompt.messages] == [("user", "You are a pirate.\n\nWhy?")]
    (prompt,) = source(path).prompts()
    assert [turn.role for turn in prompt.messages] == ["system", "user"]


def test_the_longest_conversation_is_told_with_its_template(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", [{"prompt": "Why?"}, {"prompt": "Why then?"}])
    unseen = written(tmp_path / "unseen.jsonl", [{"template": "And now, at length: {prompt}"}])
    found = source(path, templates=["Say: {prompt}"], held_out_templates=str(unseen))
    ((where, turns),) = found.longest()
    assert where == f"{path}:2"
    assert [turn.content for turn in turns] == ["And now, at length: Why then?"]
