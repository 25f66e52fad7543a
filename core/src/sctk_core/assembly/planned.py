"""The plan that a recipe's method makes of its settings, held against the rules of plans."""

from __future__ import annotations

import dataclasses

from sctk_core.assembly.blame import broken, called
from sctk_core.assembly.parts import Part, section_part
from sctk_core.plan import Plan, walked
from sctk_core.plan_rules import complaints_of
from sctk_core.plugins import Catalogue
from sctk_core.recipe import Recipe
from sctk_core.shown import LINE, cut


def planned(recipe: Recipe, catalogue: Catalogue) -> tuple[Part, Plan]:
    """The method and its plan, which keeps to the rules of plans."""
    method = section_part("method", "method", recipe, catalogue)
    instance = method.built(catalogue, {"sections": recipe.sections})
    plan = called(method, instance.plan, "plan()")
    complaints = called(method, lambda: complaints_of(plan) or _unknown_settings(plan, method), "its plan, looked at,")
    if complaints:
        what = f"it has a plan that cannot be run: {cut(complaints[0], LINE)}"
        raise broken(method, what, "this is for its author to mend; `sctk plugin check` shows all of it")
    return method, plan


def _unknown_settings(plan: Plan, method: Part) -> list[str]:
    """Settings that a pass says it depends on, and that the method does not have."""
    known = {field.name for field in dataclasses.fields(method.target.Config)}
    named = [(one.name, one.settings) for one in walked(plan) if one.settings]
    return [
        f"{name}: depends on the setting {one!r}, which the method has not"
        for name, found in named
        for one in found
        if one not in known
    ]
