"""Every installed component keeps the contract of its kind, and what the catalogue advises to install really offers it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import Any

import pytest
from sctk_core.hookspecs import OFFERED
from sctk_core.plugins import Offer, build, catalogue, load, needs_of
from sctk_core.plugins.offers import FIRST_PARTY
from sctk_core.testing import ScriptedBackend, check_component

ROOT = Path(__file__).parents[1]
SETTINGS: dict[tuple[str, str], dict[str, Any]] = {
    ("reward", "rules"): {"must_not_contain": ["as an AI"]},
    ("watcher", "event-log"): {"path": "events.jsonl"},
}
"""What a component cannot be built without."""
WITH_A_MODEL = {("reward", "classifier"), ("comparer", "nli")}
"""Checked in the tests of their own distributions, with a small model, as all backends and trainers are."""
ON_FILES = {("source", "choices"), ("source", "file"), ("source", "documents"), ("source", "rationales")}
"""Checked in the tests of their own distributions, on files."""
WITH_LOGPROBS = {("reward", "yes-no")}
"""Refuses a backend that tells no log-probabilities."""
OF_ITS_WORLD = {("reward", "nano-noisy-truth"), ("comparer", "encyclopaedia-checker")}
"""Knows its own world's prompts alone; checked on them in the tests of its own distribution."""


class Telling(ScriptedBackend):
    """One that tells log-probabilities too: the same for every text."""

    async def logprobs(self, conversations: Sequence[Any]) -> list[float]:
        return [log(0.4)] * len(conversations)


def light_offers() -> list[Offer]:
    heavy = WITH_A_MODEL | ON_FILES | OF_ITS_WORLD
    return [
        one
        for one in catalogue().offers
        if one.kind not in ("backend", "trainer") and (one.kind, one.name) not in heavy
    ]


@pytest.mark.parametrize("offer", light_offers(), ids=lambda offer: f"{offer.kind}-{offer.name}")
def test_an_installed_component_keeps_its_contract(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sort = Telling if (offer.kind, offer.name) in WITH_LOGPROBS else ScriptedBackend
    needs = {"backend": sort(lambda request: f"Fine. {request.seed % 10}")}
    asks_backend = "backend" in needs_of(load(offer.kind, offer.name))
    built = build(offer.kind, offer.name, SETTINGS.get((offer.kind, offer.name), {}), needs)
    check_component(offer.kind, built.instance, may_fail=asks_backend)


def entry_points(distribution: str) -> dict[str, set[str]]:
    """The names that a distribution of the workspace offers, by kind, out of its pyproject.toml."""
    folder = ROOT / ("core" if distribution == "sctk-core" else f"plugins/{distribution}")
    groups = tomllib.loads((folder / "pyproject.toml").read_text())["project"].get("entry-points", {})
    return {kind.word: set(groups.get(kind.group, {})) for kind in OFFERED}


@pytest.mark.parametrize(("kind", "name"), FIRST_PARTY)
def test_the_pip_line_for_a_first_party_name_is_right(kind: str, name: str) -> None:
    assert name in entry_points(FIRST_PARTY[kind, name].partition("[")[0])[kind]


def test_every_offer_of_the_workspace_is_installed_once() -> None:
    installed = [(one.distribution, one.kind, one.name) for one in (*catalogue().offers, *catalogue().commands)]
    assert len(set(installed)) == len(installed)
    for folder in [ROOT / "core", *(ROOT / "plugins").glob("sctk-*")]:
        name = "sctk-core" if folder.name == "core" else folder.name
        for kind, offered in entry_points(name).items():
            assert {(name, kind, one) for one in offered} <= set(installed), f"{name}: run `uv sync`"


def test_no_metadata_is_broken() -> None:
    assert catalogue().complaints == ()
