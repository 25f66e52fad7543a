"""Rows of the forms of the field at random: the same prompts from a file of every form; and a few cases of `readers_fuzz.py`."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from readers_fuzz import FILES, FORMS, PACKINGS, WRITTEN, case, looks_typed, read_or_refused


@pytest.mark.parametrize("form", FORMS)
def test_a_row_is_the_same_prompt_in_every_file(form: str, tmp_path: Path) -> None:
    for seed in range(8):
        draw = Random(f"{form} {seed}")
        rows = [FORMS[form](draw) for _ in range(draw.choice((1, 2, 3)))]
        (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        wanted = read_or_refused(tmp_path / "a.jsonl")
        assert wanted is None or len(wanted) == len(rows)
        for ending, write in FILES.items():
            if ending in WRITTEN and looks_typed(rows):
                continue
            packing = draw.choice(list(PACKINGS))
            path = tmp_path / f"b.{ending}{packing}"
            path.write_bytes(PACKINGS[packing](write(rows)))
            assert read_or_refused(path) == wanted, (seed, ending, packing, rows)


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_what_a_command_reads_is_what_was_written(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        case(seed, folder)
