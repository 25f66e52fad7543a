"""The page on data says of scripts what the words are."""

from __future__ import annotations

from scripts_page import BEGIN, END, PAGE, part


def test_the_table_of_scripts_is_that_of_the_words() -> None:
    found = PAGE.read_text()
    assert BEGIN + found.partition(BEGIN)[2].partition(END)[0] + END + "\n" == part(), (
        "python rust_ext/tests/scripts_page.py"
    )
