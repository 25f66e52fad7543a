"""What is set for the trainer of the student holds for the baseline too, where that does not say otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from sctk_core.assembly import assemble, with_defaults
from sctk_core.config import parse
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer, from_assignments
from sctk_trl.settings import PreferenceSettings, SftSettings


def trainers(*assignments: str) -> tuple[PreferenceSettings, SftSettings]:
    known = catalogue()
    layers = [
        Layer(origin="flag", sections={"method": {"use": "rdpo"}}),
        Layer(origin="--set", sections=from_assignments(assignments)),
    ]
    parts = assemble(with_defaults(layers, known), known).parts
    found: list[Any] = [
        parse(config, parts[section].settings, where=section)
        for section, config in (("trainer", PreferenceSettings), ("baseline", SftSettings))
    ]
    return found[0], found[1]


@pytest.mark.parametrize(
    ("assignments", "ranks"),
    [
        ((), (0, 0)),
        (("trainer.lora.rank=8", "trainer.lora.alpha=4.0"), (8, 8)),
        (("trainer.lora.rank=8", "baseline.lora.rank=0"), (8, 0)),
        (("baseline.lora.rank=4",), (0, 4)),
    ],
)
def test_an_adapter_holds_for_both(assignments: tuple[str, ...], ranks: tuple[int, int]) -> None:
    trainer, baseline = trainers(*assignments)
    assert (trainer.lora.rank, baseline.lora.rank) == ranks
    if ranks == (8, 8):
        assert baseline.lora.alpha == 4.0
    assert (trainer.optimiser.learning_rate, baseline.optimiser.learning_rate) == (1e-4, 3e-4)  # each keeps its own
