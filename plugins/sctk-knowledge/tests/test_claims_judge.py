"""The comparer `claims`: one question for each sentence, the document first, words read strictly."""

from __future__ import annotations

import asyncio

import pytest
from sctk_core import Failure, Message, Prompt, Request, Sample, Score
from sctk_core.testing import ScriptedBackend, check_comparer, check_evaluator
from sctk_knowledge.claims_judge import Claims

PROMPT = Prompt(messages=(Message(role="user", content="Which river?"),), document="The river of Avon is the Frome.")
SAID = {"It is the Frome.": "supported", "It is the Exe.": "contradicted", "It is old.": "silent"}


def judge(request: Request) -> str:
    seen = request.messages[-1].content
    claim = seen.partition("Claim: ")[2].partition("\n")[0]
    return f"Because.\nVerdict: {SAID.get(claim, 'supported or silent')}"


def compared(text: str, **settings: str) -> Score | Failure:
    comparer = Claims(Claims.Config(**settings), backend=ScriptedBackend(judge))  # type: ignore[arg-type]
    one, other = Sample(prompt=PROMPT, text="It is the Frome."), Sample(prompt=PROMPT, text=text, rank=1)
    (found,) = asyncio.run(comparer.compare([(one, other)]))
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It is the Frome.", 0.0),
        ("It is the Exe.", 1.0),
        ("It is the Exe. It is the Frome. It is old.", 0.5),
        ("It is old.", 0.5),
    ],
)
def test_it_is_the_mean_over_claims(text: str, value: float) -> None:
    found, turned = compared(text), compared(text, gives="agreement")
    assert isinstance(found, Score)
    assert isinstance(turned, Score)
    assert (found.value, turned.value) == (pytest.approx(value), pytest.approx(1 - value))


def test_a_claim_that_is_not_judged_plainly_fails_its_pair() -> None:
    found = compared("It is the Exe. Nobody knows.")
    assert isinstance(found, Failure)
    assert found.reason.startswith("no plain verdict")
    assert isinstance(compared(" "), Failure)


def test_the_document_comes_first_and_is_the_same_for_all_claims() -> None:
    asked: list[str] = []

    def noting(request: Request) -> str:
        asked.append(request.messages[-1].content)
        return "Verdict: silent"

    one, other = Sample(prompt=PROMPT, text="The Frome."), Sample(prompt=PROMPT, text="It is. It was.", rank=1)
    comparer = Claims(Claims.Config(), backend=ScriptedBackend(noting))
    asyncio.run(comparer.compare([(one, other)]))
    heads = [text.partition("Claim: ")[0] for text in asked]
    assert heads[0] == heads[1]
    assert heads[0].startswith("The river of Avon is the Frome.")
    asked.clear()
    comparer = Claims(Claims.Config(against="text"), backend=ScriptedBackend(noting))
    asyncio.run(comparer.compare([(one, other)]))
    assert all(text.startswith("The Frome.") for text in asked)


def test_it_measures_how_far_answers_are_borne_out_by_their_document() -> None:
    bare = Prompt(messages=PROMPT.messages)
    samples = [
        Sample(prompt=PROMPT, text="It is the Frome. It is old."), Sample(prompt=bare, text="It is the Frome."),
        Sample(prompt=PROMPT, text="It is the Exe."), Sample(prompt=PROMPT, text="Nobody knows."),
    ]  # fmt: skip
    evaluator = Claims(Claims.Config(), backend=ScriptedBackend(judge))
    measured = asyncio.run(evaluator.evaluate(samples))["supported"]
    assert [one.value if isinstance(one, Score) else type(one) for one in measured] == [0.75, type(None), 0.0, Failure]


def test_conformance() -> None:
    silent = Claims(Claims.Config(), backend=ScriptedBackend(lambda request: "Verdict: silent"))
    check_comparer(silent)
    check_evaluator(silent)
