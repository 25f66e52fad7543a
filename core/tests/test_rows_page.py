"""The page on data says of rows what the reader does."""

from __future__ import annotations

from rows_page import BEGIN, END, PAGE, part


def test_the_tables_of_rows_are_those_of_the_reader() -> None:
    found = PAGE.read_text()
    assert BEGIN + found.partition(BEGIN)[2].partition(END)[0] + END + "\n" == part(), "python core/tests/rows_page.py"
