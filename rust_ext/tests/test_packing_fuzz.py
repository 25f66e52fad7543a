"""A few random tables against packing written plainly; `packing_fuzz.py` runs as many as wanted."""

from __future__ import annotations

import pytest
from packing_fuzz import case


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_random_tables_are_packed_as_written_plainly(first: int) -> None:
    for seed in range(first, first + 20):
        case(seed)
