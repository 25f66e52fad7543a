"""The small tokenizers as fixtures."""

from __future__ import annotations

from typing import Any

import pytest
from small_tokenizers import TOKENIZERS


@pytest.fixture(scope="session", params=sorted(TOKENIZERS))
def tokenizer(request: pytest.FixtureRequest) -> Any:
    """One tokenizer of each family."""
    return TOKENIZERS[request.param]()


@pytest.fixture(scope="session")
def chatml() -> Any:
    """A byte-level tokenizer with ChatML and the unflagged control tokens <think>, </think>."""
    return TOKENIZERS["chatml"]()
