"""Scales that rewards state, and labels that are looked at before anybody trains on them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sctk_core import ContractError, Message, Pair, PluginError, Prompt, Sample, Scale, Score, setting
from sctk_core.run.labels import said_of_labels
from sctk_core.scales import scale_of
from sctk_core.testing import check_reward
from toy_run import toy_run

PROMPT = Prompt(messages=(Message(role="user", content="Which?"),))


class Thermometer:
    """A reward whose scale its settings say; `off` is by how much its scores leave it."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        top: float = setting(40.0, help="the warmest")
        off: float = setting(0.0, help="how far beyond it scores lie")

    def __init__(self, config: Config) -> None:
        self.config = config

    @staticmethod
    def scale(config: Config) -> Scale:
        return Scale(low=0.0, high=config.top, unit="one degree")

    async def score(self, samples: Any) -> list[Score]:
        return [Score(sample=one, name="warm", value=self.config.top + self.config.off) for one in samples]


class Stated(Thermometer):
    scale: ClassVar[Any] = Scale(low=0.0, high=100.0, unit="one degree")


class OfAnotherMeaning(Thermometer):
    scale: ClassVar[Any] = 3.0


def test_a_scale_is_stated_by_the_class_or_by_its_settings() -> None:
    assert scale_of(Thermometer, Thermometer.Config(top=9.0)) == Scale(low=0.0, high=9.0, unit="one degree")
    assert scale_of(Stated, None) == Scale(low=0.0, high=100.0, unit="one degree")
    assert scale_of(OfAnotherMeaning, None) is scale_of(int, None) is None


def test_the_check_of_a_reward_holds_its_scores_to_its_scale() -> None:
    check_reward(Thermometer(Thermometer.Config()))
    check_reward(OfAnotherMeaning(Thermometer.Config()))
    with pytest.raises(ContractError, match=r"got 47, which is outside of its stated scale: 0 to 40"):
        check_reward(Thermometer(Thermometer.Config(off=7.0)))


def pairs(*taus: float, margin: float | None = 1.0) -> list[Pair]:
    sides = [[Sample(prompt=PROMPT, text=f"{side} {n}") for side in ("new", "old")] for n in range(len(taus))]
    return [
        Pair(prompt=PROMPT, chosen=new, rejected=old, margin=margin, probability=tau)
        for tau, (new, old) in zip(taus, sides, strict=True)
    ]


@pytest.mark.parametrize(
    ("taus", "said"),
    [
        ([0.999] * 10, "saturate: 10 of 10"),
        ([0.999] * 19 + [0.6], "saturate: 19 of 20"),
        ([0.001, 0.995] * 5, "saturate: 10 of 10"),
        ([0.999] * 9 + [0.6], ""),
        ([0.99, 0.01] * 5, ""),
        ([0.982] * 20, ""),
        ([0.5] * 3, "none of the 3 pairs"),
        ([0.5, 0.6], ""),
        ([0.5] * 5 + [0.999] * 2, "saturate: 2 of 2"),
        ([], ""),
    ],
)
def test_labels_that_saturate_or_say_nothing_are_told(taus: list[float], said: str) -> None:
    found = said_of_labels(pairs(*taus))
    assert len(found) == bool(said)
    assert not said or said in found[0]


def test_labels_without_scores_are_by_their_methods_word() -> None:
    assert said_of_labels(pairs(*[1.0] * 10, margin=None)) == []


def test_a_run_says_so_before_it_trains(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told = "student.train: WARNING: the labels saturate"
    trouble = {"trainer": {"at": "train", "how": "raise"}}
    with caplog.at_level(logging.WARNING, "sctk"), pytest.raises(PluginError):
        toy_run(tmp_path, {"method": {"temperature": 0.01}} | trouble, method="rdpo")
    assert any(told in record.getMessage() for record in caplog.records)
    soft = toy_run(tmp_path, {"method": {"temperature": 4.0}}, method="rdpo", out="soft")
    assert not any("labels" in note for note in soft.notes)
    sharp = toy_run(tmp_path, {"method": {"temperature": 0.01}}, method="rdpo", out="sharp")
    assert any(note.startswith(told) for note in sharp.notes)
