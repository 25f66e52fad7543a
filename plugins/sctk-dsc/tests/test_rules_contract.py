"""The shipped rules keep their kind's contract."""

from __future__ import annotations

from sctk_core.testing import check_rule
from sctk_dsc.rules import Always, Metropolis, NonWorse, Strict


def test_conformance() -> None:
    for rule in (
        Metropolis(Metropolis.Config()),
        Metropolis(Metropolis.Config(temperature=0.0)),
        Strict(Strict.Config()),
        NonWorse(NonWorse.Config()),
        Always(Always.Config()),
    ):
        check_rule(rule)
