"""The rewards without weights keep their kind's contract, and bring nothing heavy."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sctk_core.plugins import catalogue, describe
from sctk_core.scales import scale_of
from sctk_core.testing import check_reward
from sctk_rewards.heads import Head
from sctk_rewards.lexicon import Lexicon
from sctk_rewards.refusal import Refusal
from sctk_rewards.rules import Rules


def test_conformance() -> None:
    check_reward(Lexicon(Lexicon.Config()))
    check_reward(Refusal(Refusal.Config()))
    check_reward(Rules(Rules.Config(must_not_contain=("as an AI",), max_words=50)))


def test_no_torch_comes_along() -> None:
    code = "import sys, sctk_rewards.plugin, sctk_rewards.lexicon, sctk_rewards.refusal, sctk_rewards.rules; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "numpy", "polars"} & set(done.stdout.split())


def test_every_shipped_reward_states_its_scale() -> None:
    """The classifier's is its model's, and is looked at where there is one."""
    for one in catalogue().of("reward"):
        if one.distribution == "sctk-rewards" and one.name != "classifier":
            assert describe("reward", one.name).scale is not None, one.name
    assert str(describe("reward", "judge").scale).startswith("0 to 5;")
    assert scale_of(Lexicon, Lexicon.Config(favour="neutral")) == replace(scale_of(Lexicon, Lexicon.Config()), high=0.0)


@pytest.mark.parametrize(
    ("head", "low", "high"),
    [
        (Head(weights=None, problem=""), None, None),
        (Head(weights=(0.0, 1.0), problem="", chosen="good"), 0.0, 1.0),
        (Head(weights=(0.0, 1.0), problem="regression", chosen="good"), None, None),
        (Head(weights=(-2.0, 0.5, 3.0), problem=""), -2.0, 3.0),
        (Head(weights=(-2.0, 0.5, 3.0), problem="multi_label_classification"), -2.0, 3.5),
        (Head(weights=(-2.0, 0.5, 3.0), problem="multi_label_classification", pick="top"), -2.0, 3.0),
    ],
)
def test_a_classifiers_scale_holds_what_its_outputs_come_to(head: Head, low: float | None, high: float | None) -> None:
    assert (head.range().low, head.range().high) == (low, high)
    logits = [(-30.0, 2.0, 40.0), (30.0, -2.0, 5.0), (0.0, 0.0, 0.0)]
    assert all(head.range().holds(head.value(row[: len(head.weights or (0,))])) for row in logits)


def test_the_figures_that_are_described_are_those_of_the_readme() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8").replace("95 %: ", "")
    for name in ("refusal", "lexicon", "personal-data", "sentiment-distance"):
        figures = re.findall(
            r"[\d.]+ %(?: of pairs)? \([\d.]+ to [\d.]+\)", " ".join(describe("reward", name).measured)
        )
        assert figures
        assert [one for one in figures if one not in " ".join(readme.split())] == []
