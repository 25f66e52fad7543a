"""What the tests of the command share: a run in the toy world."""

from __future__ import annotations

from pathlib import Path

import pytest

TOY = Path(__file__).parents[2] / "core" / "tests" / "toy_world.py"
RECIPE = """
[method]
use = "dsc"
[source]
use = "toy"
[backend]
use = "toy"
[critic]
use = "toy"
[reward]
use = "toy"
[rule]
use = "toy"
[trainer]
use = "toy"
[baseline]
use = "toy"
[[evaluator]]
use = "toy"
"""


@pytest.fixture
def toy(tmp_path: Path) -> list[str]:
    """The arguments of a run in the toy world."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "skill").write_text("")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    out = str(tmp_path / "runs" / "first")
    return ["run", str(tmp_path / "recipe.toml"), "--model", str(tmp_path / "model"), "--load", str(TOY), "--out", out]
