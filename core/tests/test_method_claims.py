"""Claims as data: what names them, what they compare, and what of an author's claims cannot be run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sctk_core import ContractError, PluginError
from sctk_core.claims import Claim, Experiment, Lead, claims_of
from sctk_core.testing import check_method
from toy_arms import Arms, Nothing

MAIN, HARD = Experiment(name="main"), Experiment(name="hard", sections={"method": {"tau": "hard"}})
CLAIM = Claim(id="A", says="it helps", source="a paper", lead=Lead(of="student", over="base", on=MAIN), least=0.05)
ACROSS = replace(CLAIM, id="B", lead=Lead(of="student", over="student", on=MAIN, against=HARD))
BEYOND = replace(ACROSS, id="C", beyond=Lead(of="sft", over="base", on=HARD))


@pytest.mark.parametrize(
    "other",
    [
        replace(CLAIM, says="it helps a little"),
        replace(CLAIM, least=0.04),
        replace(CLAIM, metric="reward"),
        replace(CLAIM, lead=replace(CLAIM.lead, over="sft")),
        replace(CLAIM, lead=replace(CLAIM.lead, on=replace(MAIN, sections={"run": {"limit": 10}}))),
        replace(CLAIM, beyond=CLAIM.lead),
    ],
)
def test_whatever_is_changed_is_another_claim(other: Claim) -> None:
    assert other.digest != CLAIM.digest
    assert replace(CLAIM).digest == CLAIM.digest


def test_a_lead_adds_and_takes_off_arms_of_its_experiments() -> None:
    assert [(sign, on.name, arm) for sign, on, arm in BEYOND.terms] == [
        (1, "main", "student"), (-1, "hard", "student"), (-1, "hard", "sft"), (1, "hard", "base"),
    ]  # fmt: skip
    assert [one.name for one in BEYOND.experiments] == ["main", "hard"]
    assert BEYOND.told == (
        "student (main) over student (hard) by truth, beyond sft (hard) over base (hard), at least +0.05"
    )


class Lying(Claim):
    """A claim of a class of its own, whose attributes may do anything."""

    @property
    def digest(self) -> str:
        """Nothing."""
        raise SystemExit(0)


WITHOUT_END: dict[str, Any] = {}
WITHOUT_END["method"] = WITHOUT_END


class Raising(type):
    @property
    def claims(cls) -> Any:
        """Nothing."""
        raise SystemExit(0)


def test_a_method_that_raises_instead_of_claiming_is_broken() -> None:
    with pytest.raises(PluginError, match="its claims: raised SystemExit: 0"):
        claims_of(Raising("Claimless", (), {}), "mine")


class Method:
    claims: Any = (CLAIM, ACROSS, BEYOND)


def test_a_method_without_claims_has_none() -> None:
    assert claims_of(Method, "mine") == (CLAIM, ACROSS, BEYOND)
    assert claims_of(object, "mine") == ()


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ("above", "tuple of Claim"),
        ((Lying(**{name: getattr(CLAIM, name) for name in CLAIM.__slots__}),), "tuple of Claim"),
        ((replace(CLAIM, says=5),), "says: got 5, wanted a text"),
        ((replace(CLAIM, source="\ud800"),), "source: got "),
        ((replace(CLAIM, lead=replace(CLAIM.lead, on=replace(MAIN, sections=WITHOUT_END))),), "no plain data"),
        (({"id": "A"},), "tuple of Claim"),
        ((CLAIM, CLAIM), "each id once"),
        ((replace(CLAIM, id="a b"),), "'a b'"),
        ((replace(CLAIM, least=float("nan")),), "finite"),
        ((replace(CLAIM, least=True),), "finite"),
        ((CLAIM, replace(ACROSS, lead=replace(CLAIM.lead, on=replace(HARD, name="main")))), "two experiments"),
        ((replace(CLAIM, lead=replace(CLAIM.lead, on=Experiment(name="../x"))),), "no Lead"),
        ((replace(ACROSS, lead=replace(ACROSS.lead, against=replace(HARD, name="main"))),), "two experiments"),
        ((replace(CLAIM, lead=("student", "base")),), "no Lead"),
        ((replace(CLAIM, lead=replace(CLAIM.lead, on="main")),), "no Lead"),
        ((replace(CLAIM, beyond=replace(CLAIM.lead, over=None)),), "no Lead"),
        (
            (replace(CLAIM, lead=replace(CLAIM.lead, on=Experiment(name="x", sections={"a": {"b": {1}}}))),),
            "plain data",
        ),
    ],
)
def test_claims_that_cannot_be_run_are_the_authors_to_mend(claims: Any, told: str) -> None:
    broken = type("Broken", (), {"claims": claims})
    with pytest.raises(PluginError, match=told) as raised:
        claims_of(broken, "mine")
    assert "'mine' is broken" in str(raised.value)


def test_the_check_of_a_method_looks_at_its_claims() -> None:
    class Broken(Arms):
        claims: Any = (replace(CLAIM, least=float("inf")),)

    with pytest.raises(ContractError, match="claims: A: least: got inf"):
        check_method(Broken(Nothing()))
