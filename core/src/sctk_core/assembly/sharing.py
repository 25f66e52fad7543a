"""What a method says of its source and its evaluators: settings that they have in common, and who reads the user's prompts.

A method class names the settings, `shared = ("task",)`: said once, under [method], they hold for all, and whoever states one in a
section of its own is left alone. `prompts_by = "rationales"` names the source that reads what `--prompts` names, where rows have
more to say to the method than a prompt and an answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from sctk_core.plugins import Catalogue, load, target_of
from sctk_core.recipe import FLAG, PROMPTS_SOURCE, Layer, Recipe, merge

ORIGIN = "as [method]"


def as_method(recipe: Recipe, method: Any, catalogue: Catalogue) -> Recipe:
    """The recipe in which source and evaluators have what [method] states and they do not, where they have such a setting."""
    said = {name: value for name, value in recipe.section("method").items() if name in getattr(method, "shared", ())}
    if not said:
        return recipe

    def lacking(kind: str, use: str, own: Mapping[str, Any]) -> dict[str, Any]:
        known = _settings(kind, use, catalogue)
        return {name: value for name, value in said.items() if name in known - own.keys()}

    rows = tuple(row | lacking("evaluator", row["use"], row) for row in recipe.evaluators)
    source, use = recipe.sections.get("source", {}), recipe.use("source")
    more = {} if use is None else lacking("source", use, source)
    return dataclasses.replace(
        recipe,
        sections=recipe.sections | ({"source": source | more} if more else {}),
        origins=recipe.origins | {f"source.{name}": ORIGIN for name in more},
        evaluators=rows,
    )


def read_by_method(layers: Sequence[Layer], method: Any, catalogue: Catalogue) -> list[Layer]:
    """The layers, with the method's own reader in place of the source that `--prompts` names, unless a setting is said that it
    does not have (`source.columns`).
    """
    reader, asked = getattr(method, "prompts_by", ""), merge(layers)
    by_flag = asked.use("source") == PROMPTS_SOURCE and asked.origins.get("source.use") == FLAG
    if not (reader and by_flag and asked.section("source").keys() <= _settings("source", reader, catalogue)):
        return list(layers)
    return [
        dataclasses.replace(one, sections={**one.sections, "source": {**one.sections["source"], "use": reader}})
        if one.origin == FLAG
        else one
        for one in layers
    ]


def of_arms(rows: Sequence[Mapping[str, Any]], catalogue: Catalogue) -> list[Mapping[str, Any]]:
    """The comparers of two arms, each with what its class wants to be set to for that (`of_arms`), where its row says nothing.

    Arms are compared in both orders as it is: one that turns each pair by itself would ask twice, and hide its lean to a place.
    """
    return [{**getattr(target_of(load("comparer", row["use"], among=catalogue)), "of_arms", {}), **row} for row in rows]


def _settings(kind: str, use: str, catalogue: Catalogue) -> set[str]:
    """The settings that a component has."""
    return {field.name for field in dataclasses.fields(target_of(load(kind, use, among=catalogue)).Config)}
