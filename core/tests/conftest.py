"""Fixtures that several files of core's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hole_run import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world that takes notes."""
    return World(tmp_path, monkeypatch)
