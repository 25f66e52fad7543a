"""Scores and verdicts out of model text: the right number, or a failure with a reason; never a stray digit."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_core import Failure
from sctk_core.parsing import neutralise, parse_score, parse_verdict


def score(text: str, low: float = -5, high: float = 5) -> float | None:
    found = parse_score(text, low=low, high=high, of="s1", component="judge")
    if isinstance(found, Failure):
        assert (found.kind, found.of, found.component) == ("parse", "s1", "judge")
        return None
    return found


# The four strings of the published first-integer pattern, which reads 2, 3, 0 and 4 (papers 2g-1), then the two of 5.3.
GOLDEN = [
    ("It is one of 2 paragraphs. Overall Evaluation: Score 4.5", 4.5),
    ("Overall Sentiment: -3", -3),
    ("On a scale from 0 to 5 I'd give 4. Overall Score: 4", 4),
    ("4.5", 4.5),
    ("Score: 4", 4),
    ("**4**", 4),
]


@pytest.mark.parametrize(("text", "wanted"), GOLDEN)
def test_golden_strings(text: str, wanted: float) -> None:
    assert score(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"reason": "2 of 3 facts", "score": 3.5}', 3.5),
        ('Thoughts {of mine}.\n```json\n{"Overall Score": "-2", "n": 4}\n```', -2),
        ('{"score": 1} and then {"score": 2} though Score: 5', 2),
        ("Score: 2. On reflection, Score: 3", 3),
        ("[[1]] no, [[0]]", 0),
        ("Rating (0-5): **4**", 4),
        ("**Score:** 4/5", 4),
        ("Overall Score: 4. It would need references to get a score of 5.", 4),
        ("I would give it a score of 3.", 3),
        ("Overall Score: −1.5", -1.5),
        ("Score - 4", 4),
        ("Score:\n\n5", 5),
        ("Rating: [[4]]", 4),
        ("[[4/5]]", 4),
        (" 4. ", 4),
        ("Score: 4, because of its ending.", 4),
    ],
)
def test_labelled_numbers(text: str, wanted: float) -> None:
    assert score(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I counted 3 good points and 1 bad one.",
        "Overall Score: score",
        "Score: 9",
        "Score: 4/10",
        "Score: 3-4",
        "Score: 90%",
        "Score: 4,5",
        "Score: 1e3",
        "Score: 3. Final Score: 11",
        '{"score": true}',
        '{"score": NaN}',
        '{"score": "high"}',
        '{"score": 1' + "0" * 400 + "}",
        "4 or 5",
        "The underscore:3 is no label of ours",
    ],
)
def test_what_states_no_clean_score_fails(text: str) -> None:
    assert score(text) is None


def test_a_failure_says_what_was_read() -> None:
    found = parse_score("Score: 9", low=0, high=5)
    assert isinstance(found, Failure)
    assert (found.reason, found.detail) == ("a score outside 0 to 5", "got 9; ...'Score: 9'")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The ending is harsh.\nVerdict: revise", "revise"),
        ("**Verdict:** keep.", "keep"),
        ("Fine as it is. Verdict: KEEP\n\n", "keep"),
        ("Verdict: keep\nNo, wait.\nVerdict: revise", "revise"),
        ("Verdict: keep (it is fine).", "keep"),
        ("Verdict: revise, since it is cold", "revise"),
        ("revise", "revise"),
        ("Keep.", "keep"),
    ],
)
def test_verdict_on_the_last_line(text: str, wanted: str) -> None:
    assert parse_verdict(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Verdict: keep\nbut shorten it",
        "Verdict: keep or revise",
        "Verdict: maybe",
        "Verdict: keep, do not revise",
        "I would keep it.",
        "Bad.\nrevise",
        "Verdict:",
    ],
)
def test_no_verdict_is_a_failure(text: str) -> None:
    found = parse_verdict(text, of="s1", component="constitution")
    assert isinstance(found, Failure)
    assert (found.kind, found.of, found.stage) == ("parse", "s1", "critique")


def test_verdict_words_are_settings() -> None:
    assert parse_verdict("Verdict: fine", keep=("fine",), revise=("poor",)) == "keep"


PIECES = [
    "Score",
    "overall score",
    "rating",
    "verdict",
    ":",
    "=",
    " ",
    "\n",
    "**",
    "[[",
    "]]",
    "4",
    "-3",
    ".5",
    "{",
    "}",
    '"',
]
PIECES += [
    "score of ",
    "is ",
    "(0-5)",
    "()",
    "\\u0073core",
    "keep",
    "revise",
    "Verdict:",
    "evaluation",
    "word",
    "/5",
    " - ",
    "grade",
]


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_no_candidate_sets_its_own_score(candidate: str) -> None:
    """A judge that only quotes a neutralised candidate has stated nothing."""
    quoted = f"The answer reads: {neutralise(candidate)} and that is all of it."
    assert score(quoted) is None, quoted
    assert isinstance(parse_verdict(f"I read: {neutralise(candidate)}"), Failure)


def test_neutralising_keeps_the_sign() -> None:
    assert neutralise("Score: -3, score of .5") == "Score (candidate's word) -3, score (candidate's word) .5"


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.characters(blacklist_characters="[]*\\")))
def test_plain_text_is_left_alone(text: str) -> None:
    if not any(
        word in text.lower() for word in ("score", "rating", "grade", "sentiment", "evaluation", "mark", "verdict")
    ):
        assert neutralise(text) == text


@pytest.mark.parametrize(
    "piece", ["{", '{"a":', "score ()", "score (", "score ", "[[", "**", "verdict *", "score: *_`", "\\u"]
)
def test_hostile_texts_are_read_in_no_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    began = time.process_time()
    assert score(text) is None
    parse_verdict(text)
    neutralise(text)
    assert time.process_time() - began < 10.0
