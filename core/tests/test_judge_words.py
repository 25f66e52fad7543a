"""More ways in which judges write a score or a verdict that any reader reads, and beside each what looks like it and says none."""

from __future__ import annotations

import pytest
from sctk_core import Failure
from sctk_core.parsing import parse_score


def score(text: str, low: float = 0, high: float = 5) -> float | None:
    found = parse_score(text, low=low, high=high)
    return None if isinstance(found, Failure) else found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # a list that was cut off behind its next number
        ("It has faults:\n1. The year is wrong.\n2.", None),
        ("It has faults:\n1. The year is wrong.\n2", None),
        ("It has faults:\n1) The year is wrong.\n2)", None),
        ("It has faults:\n1. The year is wrong.\n\n2.", None),
        ("It has faults:\n1. The year is wrong.\n\n2", 2),
        ("It has faults:\n1. The year is wrong.\n3", 3),
        ("Overall Score: 4\n1. The year is wrong.\n2.", 4),
        # a part, in other languages
        ("Ich gebe für den Stil 4 von 5.", None),
        ("Je donne pour le style 4 sur 5.", None),
        ("Doy para el estilo 4 de 5.", None),
        ("Ich gebe 4 von 5.", 4),
    ],
)
def test_lists_and_parts(text: str, wanted: float | None) -> None:
    assert score(text) == wanted
