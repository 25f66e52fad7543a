"""What is no revision: a verdict, the request, the critique, the draft behind a preface; each by its reason."""

from __future__ import annotations

import pytest
from sctk_core.parsing import no_revision

REQUEST = "Write two sentences about the film Grey Harbour. Be fair."
DRAFT = "Grey Harbour is a dull film. Its actors seem to sleep."
CRITIQUE = "- It is needlessly harsh.\n- It gives no reason.\nVerdict: revise"
ASKED = [
    "List what could be better. End with the line 'Verdict: revise' or 'Verdict: keep'.",
    "Rewrite your last response. Reply with it only.",
]
NEW = "Grey Harbour is slow, but its pictures stay with you. The actors do little with it."


def fault(text: str) -> str:
    return no_revision(text, draft=DRAFT, request=REQUEST, asked=ASKED, critique=CRITIQUE)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Verdict: keep", "it is only the critic's verdict"),
        ("**Verdict: revise**\n\nVerdict: revise", "it is only the critic's verdict"),
        (f"Verdict: revise\n\n{NEW}", "it begins with the critic's verdict"),
        (f"**Verdict:** keep\n{DRAFT}", "it begins with the critic's verdict"),
        (REQUEST, "it repeats the request"),
        ("write two sentences about the film GREY HARBOUR.", "it repeats the request"),  # cut off
        (f"Sure! {REQUEST}", "it repeats the request"),
        (CRITIQUE, "it repeats the critique"),
        ("It is needlessly harsh. It gives no reason. Verdict: revise", "it repeats the critique"),
        ("Rewrite your last response. Reply with it only.", "it repeats what was asked"),
        (f"Here is the revised response:\n\n{DRAFT}", "it is the draft with a preface"),
        (f"Sure, here it is: {DRAFT}", "it is the draft with a preface"),
        (f"Revised response:\n{DRAFT.upper()}", "it is the draft with a preface"),
        (f"I have made it better.\n\n{DRAFT}", "it is the draft with a preface"),
        ("", "the revision is empty"),
        (" \n", "the revision is empty"),
        ("<think>How?</think>", "the revision is empty"),
        (f"<think>{NEW}", "a thought that never ends"),
        ("<think>Hm.</think>Verdict: keep", "it is only the critic's verdict"),
    ],
)
def test_what_is_no_revision_has_its_reason(text: str, wanted: str) -> None:
    assert fault(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        NEW,
        DRAFT,  # left alone: for the method to judge
        f"Here is the revised response:\n\n{NEW}",
        f"{DRAFT} Still, its music is good.",
        "Grey Harbour is a dull film.",
        f"{NEW}\n\nThe verdict: a film to keep.",
        "The jury's verdict was split, and I would keep my own.",
        "Be fair.\nGrey Harbour has its moments.",
    ],
)
def test_what_says_something_new_or_leaves_the_draft_alone_is_one(text: str) -> None:
    assert fault(text) == ""


def test_an_extract_of_the_request_is_an_answer() -> None:
    asked = "Harbours are ports. Ports have walls. Walls are built of stone. Say which sentence is about stone."
    assert no_revision("Walls are built of stone.", draft="It is the second.", request=asked) == ""


def test_a_short_draft_inside_a_longer_answer_is_no_repetition() -> None:
    assert no_revision("The sum is:\n42", draft="42", request="How much is it?") == ""
