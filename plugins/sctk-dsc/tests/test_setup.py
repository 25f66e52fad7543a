"""What the method refuses of a recipe before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest
from sctk_core import ConfigError
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer


def assembled(**sections: dict[str, Any]) -> None:
    """The default recipe of dSC with some settings changed, assembled."""
    known = catalogue([])
    recipe = with_defaults([Layer(origin="test", sections={"method": {"use": "dsc"}} | sections)], known)
    assemble(recipe, known)


def test_scores_that_may_be_below_zero_are_no_likelihoods() -> None:
    with pytest.raises(ConfigError, match="'lexicon', whose scores are -1 to 1"):
        assembled(rule={"likelihood": "score", "temperature": 1.0})
    assembled(rule={"likelihood": "score", "temperature": 1.0}, reward={"use": "judge"})
    assembled(rule={"likelihood": "exp"})
