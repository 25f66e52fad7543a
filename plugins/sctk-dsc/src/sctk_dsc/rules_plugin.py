"""What sctk-dsc offers as acceptance rules: any method may use them."""

from __future__ import annotations

from collections.abc import Sequence

from sctk_core import Component, hookimpl


@hookimpl
def sctk_acceptance_rules() -> Sequence[Component]:
    """The four rules, by name."""
    return [
        Component(
            name="metropolis",
            target="sctk_dsc.rules:Metropolis",
            summary="Metropolis step: accepts with probability min(1, L(x') / L(x)), L = exp(s / T) or s^(1/T) of the score s",
        ),
        Component(name="strict", target="sctk_dsc.rules:Strict", summary="a revision must score higher"),
        Component(name="non-worse", target="sctk_dsc.rules:NonWorse", summary="a revision may not score lower"),
        Component(name="always", target="sctk_dsc.rules:Always", summary="every revision is taken"),
    ]
