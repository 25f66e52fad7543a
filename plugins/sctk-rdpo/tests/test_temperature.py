"""What T = "auto" is fitted to: how far the scores of a pair are apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from sctk_core import CheckFailed, Message, Pair, Prompt, Sample
from sctk_rdpo.method import RdpoConfig, RefinedDpo, usual_margin

PROMPT = Prompt(messages=(Message(role="user", content="what of it?"),))


def pairs(margins: Sequence[float | None]) -> list[Pair]:
    chosen, rejected = (Sample(prompt=PROMPT, text=text) for text in ("good", "bad"))
    return [Pair(prompt=PROMPT, chosen=chosen, rejected=rejected, margin=each, probability=0.5) for each in margins]


def test_a_pair_that_differs_as_pairs_usually_do_has_a_soft_label_in_every_unit() -> None:
    for unit in (0.01, 1.0, 100.0):
        spread = usual_margin(pairs([3 * unit, -4 * unit, 0.0, None]))["spread"]
        assert spread == pytest.approx(unit * math.sqrt(25 / 3))
        assert RefinedDpo(RdpoConfig()).probability(spread, spread) == pytest.approx(1 / (1 + math.exp(-1)))


def test_drafts_that_score_alike_and_are_all_mended_give_soft_labels() -> None:
    """As most rows of dSC's authors do: by the spread of such drafts every label would be beyond 0.99."""
    margins = [3.0] * 60 + [4.0] * 40
    spread = usual_margin(pairs(margins))["spread"]
    taus = [RefinedDpo(RdpoConfig()).probability(each, spread) for each in margins]
    assert 0.69 < min(taus) < max(taus) < 0.77


def test_pairs_whose_scores_are_equal_give_no_temperature() -> None:
    with pytest.raises(CheckFailed, match="2 pairs whose scores are equal"):
        usual_margin(pairs([0.0, 0.0]))
