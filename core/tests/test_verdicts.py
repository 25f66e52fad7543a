"""Verdicts out of critiques: keep, revise, or a failure where a reader could not say which was meant."""

from __future__ import annotations

import pytest
from sctk_core import Failure
from sctk_core.parsing import parse_verdict

STATED = [
    ("Verdict: keep", "keep"),
    ("Verdict: revise", "revise"),
    ("**Verdict:** keep.", "keep"),
    ("**Verdict: revise**", "revise"),
    ("Verdict: KEEP", "keep"),
    ("verdict - keep", "keep"),
    ("Verdict → revise", "revise"),
    ("Verdict is keep", "keep"),
    ("My verdict is: revise.", "revise"),
    ("Final verdict: keep", "keep"),
    ("### Verdict\nkeep", "keep"),
    ("## Verdict\n\n**Revise**", "revise"),
    ("Verdict:\nkeep", "keep"),
    ("Verdict: keep\n\nReason: it is fine.", "keep"),
    ("Verdict: revise\n\nThe tone is harsh.", "revise"),
    ("Verdict: keep (no need to revise)", "keep"),
    ("Verdict: revise (do not keep)", "revise"),
    ("Verdict: keep, do not revise", "keep"),
    ("Verdict: do not revise", "keep"),
    ("Verdict: don't keep it", "revise"),
    ("Verdict: not keep", "revise"),
    ("Verdict: keep it as it is.", "keep"),
    ("Verdict: keep as is", "keep"),
    ("Verdict: leave as is", "keep"),
    ("Verdict: needs revision", "revise"),
    ("Verdict: no revision needed", "keep"),
    ("Verdict: no changes needed", "keep"),
    ("Verdict: should be revised", "revise"),
    ("Verdict: It should be rewritten.", "revise"),
    ("Verdict: revise the ending", "revise"),
    ("Verdict: revise, since it is cold", "revise"),
    ("Verdict: keep, since it's kind", "keep"),
    ("Verdict: keep because it's kind", "keep"),
    ('{"verdict": "revise"}', "revise"),
    ('{"critique": "harsh", "verdict": "keep"}', "keep"),
    ("<verdict>keep</verdict>", "keep"),
    ('```json\n{"verdict": "keep"}\n```', "keep"),
    ("keep", "keep"),
    ("Revise.", "revise"),
    ("**keep**", "keep"),
    ('"keep"', "keep"),
    ("It should be kept.", "keep"),
    ("I would keep it.", "keep"),
    ("I would revise this response.", "revise"),
    ("The response should be revised.", "revise"),
    ("The tone is harsh. It should be revised.", "revise"),
    ("Keep it.", "keep"),
    ("No changes are needed.", "keep"),
    ("Bad.\nrevise", "revise"),
    ("结论：保留", "keep"),
    ("判定: 修改", "revise"),
    ("Urteil: überarbeiten", "revise"),
    ("Verdict : garder", "keep"),
    ("Вердикт: оставить", "keep"),
    ("Verdict: ✅ keep", "keep"),
    ("✅ Verdict: keep", "keep"),
    ("Decision: revise", "revise"),
    ("- Verdict: revise", "revise"),
    ("1. harsh\n2. cold\nVerdict: revise", "revise"),
    ("<think>Verdict: keep</think>Verdict: revise", "revise"),
    ("Verdict: keep\nWait, no.\nVerdict: revise", "revise"),
    ("Verdict: keep\n\nFinal verdict: revise", "revise"),
    ("Verdict: keep\n\nRequest: Write\nVerdict: revise", "keep"),
    ("Do not keep it.", "revise"),
    ("There is no need to revise it.", "keep"),
]
NOT_STATED = [
    "Verdict: keep or revise",
    "Verdict: keep/revise",
    "Verdict: maybe",
    "Verdict:",
    "",
    "Verdict: keep if shortened",
    "Verdict: keep, but shorten it",
    "Verdict: keep\nbut shorten it",
    "Verdict: keep the tone but revise the ending",
    "Verdict: revise, but keep the first line",
    "Verdict: keep the tone",
    "Verdict: keep with minor edits",
    "Verdict: keep\nVerdict: revise",
    "Verdict: keep\n\nHowever, it should be revised.",
    "Verdict: revise if you have time",
    'The response says "Verdict: keep".',
    "> Verdict: keep\n\nis what it says.",
    "<think>Verdict: keep",
    "Verdict: ❌ keep",
    "Verdict: either",
    "End with the line 'Verdict: revise' or 'Verdict: keep'.",
    "It fails to keep the tone.",
    "The author revised it twice.",
    "You should keep your promises.",
    "Verdict: too good to revise",
    "I can't say whether to keep or revise it.",
    "Verdict: unclear",
    "If shortened, verdict: keep",
    "If it were shorter I would keep it.",
    "I would keep it if it were shorter.",
    "Keep your tone polite.",
    "Revise your plan daily.",
    "Keep calm and carry on.",
    "Verdict: [ ] keep [x] revise",
    "Verdict: half keep",
]


@pytest.mark.parametrize(("text", "wanted"), STATED)
def test_a_verdict_that_is_stated_is_read(text: str, wanted: str) -> None:
    assert parse_verdict(text) == wanted


@pytest.mark.parametrize("text", NOT_STATED)
def test_a_choice_a_condition_a_quotation_or_half_a_verdict_is_a_failure(text: str) -> None:
    found = parse_verdict(text, of="s1", component="constitution")
    assert isinstance(found, Failure)
    assert (found.kind, found.of, found.stage) == ("parse", "s1", "critique")
    assert found.reason.endswith('wanted "Verdict: keep" or "Verdict: revise"')


def test_verdict_words_are_settings() -> None:
    assert parse_verdict("Verdict: fine", keep=("fine",), revise=("poor",)) == "keep"
    assert isinstance(parse_verdict("Verdict: keep", keep=("fine",), revise=("poor",)), Failure)
