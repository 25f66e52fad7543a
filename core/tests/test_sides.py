"""The split of a file: an exact number held out, and on each side all that is nearly the same."""

from __future__ import annotations

import json
import logging
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
from toy_run import toy_run

WORDS = [
    "river", "engine", "copper", "garden", "violin", "harbour", "lantern", "marble", "orchard", "pepper", "quarry",
    "saddle", "timber", "velvet", "walnut", "yonder", "zephyr", "almond", "bridge", "candle", "desert", "ember", "fossil",
]  # fmt: skip


def source(folder: Path, rows: list[dict[str, Any]], **options: Any) -> FileSource:
    path = written(folder / "rows.jsonl", rows)
    return FileSource(parse(FileSource.Config, {"path": str(path)} | options, where="[source]"))


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def questions(n: int, seed: int = 0) -> list[str]:
    """Questions that are nothing like one another."""
    rng = random.Random(seed)
    return [f"{number}: " + " ".join(rng.sample(WORDS, 7)) for number in range(n)]


def asked(prompts: Any) -> list[str]:
    return [prompt.messages[-1].content for prompt in prompts]


@pytest.mark.parametrize(
    ("n", "share", "wanted"),
    [(12, 0.1, 6), (12, 0.3, 6), (12, 0.8, 10), (5, 0.1, 2), (1, 0.5, 0), (100, 0.1, 10), (101, 0.5, 50), (40, 0.0, 0)],
)
def test_the_number_held_out_is_exact_and_has_a_floor(tmp_path: Path, n: int, share: float, wanted: int) -> None:
    for seed in range(10):
        made = source(tmp_path, [{"prompt": text} for text in questions(n, seed)], held_out_share=share)
        assert (len(list(made.held_out())), len(list(made.prompts()))) == (wanted, n - wanted)


def test_the_floor_can_be_lowered_and_is_told(tmp_path: Path) -> None:
    rows = [{"prompt": text} for text in questions(20)]
    assert (
        "held out: 6 of 20 questions (held_out_share = 0.1, raised by source.apart.least = 6)"
        in source(tmp_path, rows).notes[-1]
    )
    lowered = source(tmp_path, rows, apart={"least": 0})
    assert "held out: 2 of 20 questions (held_out_share = 0.1); in training too: 0 by" in lowered.notes[-1]


def test_the_order_of_the_rows_changes_nothing_and_a_longer_file_little(tmp_path: Path) -> None:
    texts = questions(200)
    sides = [
        set(asked(source(tmp_path, [{"prompt": text} for text in some], held_out_share=0.2).held_out()))
        for some in (texts, texts[::-1], texts[:150])
    ]
    assert sides[0] == sides[1]
    short, long = sides[2], sides[0] & set(texts[:150])
    assert short <= long or long <= short


def spellings(text: str) -> list[str]:
    """The same question as four people type it."""
    return [text, text.upper() + "?", text.replace(" ", "  ", 3), text.replace("e", "3", 1)]


def test_spellings_of_one_question_fall_on_one_side(tmp_path: Path) -> None:
    rows = [{"prompt": one} for text in questions(60) for one in spellings(text)]
    random.Random(1).shuffle(rows)
    made = source(tmp_path, rows, held_out_share=0.2)
    numbers = [{text.partition(":")[0].lower() for text in asked(side)} for side in (made.held_out(), made.prompts())]
    assert len(numbers[0]) > 5
    assert not numbers[0] & numbers[1]
    assert made.notes[-1].endswith("in training too: 0 by their opening turn, 0 as near duplicates")
    loose = source(tmp_path, rows, held_out_share=0.2, apart={"near": 0.0})
    numbers = [{text.partition(":")[0].lower() for text in asked(side)} for side in (loose.held_out(), loose.prompts())]
    assert len(numbers[0] & numbers[1]) > 5
    assert loose.notes[-1].endswith("near duplicates were not looked for (source.apart.near = 0)")


def test_a_template_with_one_word_changed_is_parted_and_told(tmp_path: Path) -> None:
    rng = random.Random(0)
    names = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=5)) for _ in range(80)]
    rows = [{"prompt": f"Please write a long and honest review of the film that is called {name}"} for name in names]
    made = source(tmp_path, rows, held_out_share=0.1)
    assert len(list(made.held_out())) == 8
    assert made.notes[-1].endswith(
        "in training too: 0 by their opening turn, 8 as near duplicates; "
        "80 near duplicates, in clusters too large to be held out (1), were parted"
    )


def conversation(*turns: str) -> dict[str, Any]:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[place % 2], "content": turn} for place, turn in enumerate(turns)]}


def test_conversations_with_one_opening_turn_fall_on_one_side(tmp_path: Path) -> None:
    openings, ends = questions(40), questions(400, seed=5)
    rows = [conversation(openings[number % 40], "Go on.", text) for number, text in enumerate(ends)]
    rows += [{"messages": conversation(text)["messages"]} for text in openings[:10]]
    made = source(tmp_path, rows, held_out_share=0.2)
    opened = [{prompt.messages[0].content for prompt in side} for side in (made.held_out(), made.prompts())]
    assert len(list(made.held_out())) >= 70
    assert not opened[0] & opened[1]
    parted = source(tmp_path, rows, held_out_share=0.2, apart={"opening": False, "near": 0.0})
    assert "in training too: 0 by" not in parted.notes[-1]


def test_a_group_too_large_for_the_share_is_held_out_where_nothing_else_can_be(tmp_path: Path) -> None:
    rows = [{"prompt": text, "group": f"film {number % 4}"} for number, text in enumerate(questions(80))]
    made = source(tmp_path, rows, held_out_share=0.1)
    assert len({prompt.meta["group"] for prompt in made.held_out()}) == 1
    assert len(list(made.held_out())) == 20


def test_a_held_out_file_is_compared_with_the_rows(tmp_path: Path) -> None:
    texts = questions(30)
    test = written(
        tmp_path / "test.jsonl", [{"prompt": text.upper() + "!"} for text in texts[:3]] + [{"prompt": "Other?"}]
    )
    made = source(tmp_path, [{"prompt": text} for text in texts], held_out=str(test))
    assert made.notes[-1] == f"{test}: 4 questions; in training too: 0 by their opening turn, 3 as near duplicates"
    assert len(list(made.prompts())) == 30


WITHOUT = """
import sys
sys.modules["sctk_rs"] = None
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
made = FileSource(parse(FileSource.Config, {"path": sys.argv[1]}, where="[source]"))
print(len(list(made.held_out())), made.notes[-1])
"""


def test_without_the_rust_core_the_split_is_made_and_says_what_it_lacks(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", [{"prompt": text} for text in questions(80)])
    done = subprocess.run([sys.executable, "-c", WITHOUT, path], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("8 ")
    assert done.stdout.endswith("near duplicates were not looked for (pip install sctk-rs finds them)\n")


def test_the_digest_tells_one_split_from_another(tmp_path: Path) -> None:
    rows = [{"prompt": text} for text in questions(30)]
    one, same, other = (source(tmp_path, rows, held_out_share=share) for share in (0.3, 0.3, 0.5))
    assert one.digest() == same.digest() != other.digest()


@pytest.mark.parametrize(
    ("held", "words"), [(0, "nothing will be measured"), (5, "5 prompts are held out: of fewer than 6 pairs")]
)
def test_a_run_says_before_it_asks_that_too_little_will_be_measured(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, held: int, words: str
) -> None:
    caplog.set_level(logging.WARNING, "sctk")
    toy_run(tmp_path, {"source": {"held": held}})
    assert words in caplog.text
    caplog.clear()
    toy_run(tmp_path, {"source": {"held": 6}}, out="enough")
    assert not caplog.text
