"""The table of files in docs/data.md is what the commands do."""

from __future__ import annotations

from files_page import BEGIN, END, FILES, PAGE, part


def test_the_page_says_what_every_command_makes_of_every_file() -> None:
    found = PAGE.read_text()
    assert BEGIN + found.partition(BEGIN)[2].partition(END)[0] + END + "\n" == part(), "python tests/files_page.py"


def test_the_table_has_a_row_for_every_file() -> None:
    rows = [line for line in part().splitlines() if line.startswith("| `")]
    assert len(rows) == len(FILES)
