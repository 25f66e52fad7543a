"""Beside the toy world: dSC with claims about it, as a third party would state them, and a rule that accepts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sctk_core import Component, Decision, Round, hookimpl
from sctk_core.claims import Claim, Experiment, Lead
from sctk_dsc.method import DistilledSelfCritique

MAIN = Experiment(name="main")
REFUSED = Experiment(name="refused", sections={"rule": {"use": "refuse-all"}})
RECIPE = "\n".join(
    f'[{name}]\nuse = "toy"' for name in ("backend", "source", "critic", "reward", "rule", "trainer", "baseline")
)


def student(over: str, least: float, name: str, metric: str = "truth") -> Claim:
    """The student leads over an arm of its own runs."""
    lead = Lead(of="student", over=over, on=MAIN)
    return Claim(id=name, says="revisions | help", source="a toy", lead=lead, least=least, metric=metric)


class Claimed(DistilledSelfCritique):
    """The method `claimed`."""

    recipe = RECIPE + '\n[[evaluator]]\nuse = "toy"\n[run]\ntimeout_s = 5.0'
    claims = (
        student("base", 0.5, "holds"),
        Claim(
            id="rule", says="the rule is needed", source="a toy", least=0.5,
            lead=Lead(of="student", over="student", on=MAIN, against=REFUSED),
        ),
        Claim(
            id="same", says="refusing all is as good", source="a toy", least=0.5,
            lead=Lead(of="student", over="base", on=REFUSED),
        ),
        student("base", 0.9, "open", metric="reward"),
    )  # fmt: skip


class Misnamed(Claimed):
    """The method `misnamed`."""

    claims = (student("nobody", 0.5, "arm"),)


class Unmeasured(Claimed):
    """The method `unmeasured`."""

    claims = (student("base", 0.5, "metric", metric="beauty"),)


class Armed(Claimed):
    """The method `armed`: claims on two of all arms."""

    claims = tuple(
        Claim(
            id=f"above-{arm}", says="it leads", source="a toy", least=0.0,
            lead=Lead(of="student", over=arm, on=Experiment(name="arms", sections={"method": {"arms": ["all"]}})),
        )
        for arm in ("base", "no-acceptance")
    )  # fmt: skip


class RefuseAll:
    """Accepts nothing."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """No settings."""

    def __init__(self, config: Config) -> None:
        pass

    def decide(self, rounds: Sequence[Round]) -> list[Decision]:
        """One decision for each round."""
        return [
            Decision(kept=one.current.sample, dropped=one.proposal.sample, accepted=False, log_alpha=None, reason="no")
            for one in rounds
        ]


@hookimpl
def sctk_methods() -> list[Component]:
    """The methods."""
    known = {"claimed": Claimed, "misnamed": Misnamed, "unmeasured": Unmeasured, "armed": Armed}
    return [
        Component(name=name, target=f"{__name__}:{kind.__name__}", summary="a toy method with claims")
        for name, kind in known.items()
    ]


@hookimpl
def sctk_acceptance_rules() -> list[Component]:
    """The rule."""
    return [Component(name="refuse-all", target=f"{__name__}:RefuseAll", summary="accepts nothing")]
