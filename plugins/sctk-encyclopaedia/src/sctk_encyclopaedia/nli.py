"""The comparer `encyclopaedia-nli`: `nli` of sctk-knowledge on the shipped model, which knows no other language."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sctk_core import Scale, setting
from sctk_knowledge.lexical import GIVES, Gives
from sctk_knowledge.nli.comparer import BATCH_SIZE, NEUTRAL, Neutral, Nli
from sctk_knowledge.nli.pairs import Reads

from sctk_encyclopaedia import model_path


class EncyclopaediaNli(Nli):
    """Compares two texts about the encyclopaedia by what one says of the other."""

    scale = Scale(low=0.0, high=1.0, unit="from entailment to contradiction (agreement: the other way round)")
    measured = ("right on the share of labelled pairs that its card states (model-nli/README.md), by 3,000 pairs",)

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What it reads; the model is the shipped one."""

        gives: Gives = setting("disagreement", help=GIVES)
        reads: Reads = setting(
            "sentences",
            help="sentences: the mean over the sentences of the first text (S_C); whole: both texts as they are; question: both "
            "with their question before them (semantic entropy)",
        )
        neutral: Neutral = setting("left-out", help=NEUTRAL)
        batch_size: int = setting(0, help=BATCH_SIZE, unit="pairs", low=0)

    def __init__(self, config: EncyclopaediaNli.Config) -> None:
        super().__init__(_wider(config))

    @staticmethod
    def digest_of(config: EncyclopaediaNli.Config) -> str:  # type: ignore[override]
        """The digest of the model's files."""
        return Nli.digest_of(_wider(config))


def _wider(config: EncyclopaediaNli.Config) -> Nli.Config:
    settings = {one.name: getattr(config, one.name) for one in fields(config)}
    return Nli.Config(model=str(model_path("nli")), **settings)
