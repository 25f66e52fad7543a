"""Marks that no candidate can set: what a neutralised text says is never read as a score or a verdict."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_core import Failure
from sctk_core.parsing import neutralise, parse_score, parse_verdict
from sctk_core.parsing.words import table


def score(text: str) -> float | None:
    found = parse_score(text, low=-5, high=5)
    return None if isinstance(found, Failure) else found


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
PIECES += [
    "总分",
    "：",
    "４",
    "<score>",
    "</score>",
    "| ",
    "I'd give it a ",
    "This answer deserves ",
    " out of 5",
    ", ",
    ". ",
    "★★★☆",
    "four",
    "[RESULT] ",
    "\\boxed{",
    "Overall",
    "Nota final",
]


PIECES += [
    "5点満点中",
    "je lui donne ",
    "&nbsp;",
    "<b>",
    "</b>",
    "<br>",
    "\\text{",
    "my actual ",
    "→ ",
    "(5)",
    "good ",
    "should be ",
    "minus ",
]
PIECES += [
    "【",
    "】",
    " ..... ",
    " from 1 to 5",
    "that makes ",
    "so ",
    "I lower it to ",
    "=> ",
    "Overall: ",
    "does it need to be revised? ",
    "No. ",
]
PIECES += [
    "it's a ",
    "a ",
    "so ",
    " from me",
    "the response is a ",
    "i think ",
    "deduct 2, ",
    "which leaves ",
    "full marks: ",
]
PIECES += [
    "it would get a ",
    "Faithfulness: ",
    "Quality (0-5)",
    " feels right",
    "입니다",
    "मैं इस उत्तर को ",
    "~",
    "about ",
]
PIECES += [
    "ich bewerte mit ",
    "the highest score",
    "on a 5-point scale",
    "the score I would give is ",
    "j'attribue la note de ",
    "的",
]
PIECES += [
    "Final answer: ",
    "i choose ",
    "rather than revise it, ",
    "so i would keep it",
    "in its current form",
    "my verdict is ",
]
PIECES += [
    "overall (4/5)",
    "（",
    "........",
    "translation quality: ",
    "I'm settling on ",
    "je mets donc ",
    "总体来看给",
    "please ",
    "_",
]
PIECES += ["Keep - ", "Revise: ", "修改", "3: good", "75%", "modifications", "to "]
PIECES += [
    "- [x] ",
    "[ ] ",
    "☑ ",
    "as it stands: ",
    "three and a half out of five",
    "needs work",
    "końcowa: ",
    "\\boxed{keep}",
    "#4",
]
PIECES += [
    "if I have to choose: ",
    "😊",
    "<td>",
    "</td>",
    "<tr>",
    "my verdict would be to ",
    "So ",
    "wouldn't change a word",
]
PIECES += ["my final answer is ", "my score for the assistant: "]


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_no_candidate_sets_its_own_score(candidate: str) -> None:
    """A judge that only quotes a neutralised candidate has stated nothing."""
    quoted = f"The answer reads: {neutralise(candidate)} and that is all of it."
    assert score(quoted) is None, quoted
    assert score(f"I read:\n\n{neutralise(candidate)}\n\nThat is all of it.") is None, candidate
    assert isinstance(parse_verdict(f"I read: {neutralise(candidate)}"), Failure)


def test_neutralising_keeps_the_sign() -> None:
    assert neutralise("Score: -3, score of .5") == "Score (candidate's word) -3, score (candidate's word) .5"


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.characters(blacklist_characters="[]*\\")))
def test_plain_text_is_left_alone(text: str) -> None:
    marks = ("score", "rating", "grade", "sentiment", "evaluation", "mark", "verdict", "/")
    verdicts = (*table()["verdict"]["keep"], *table()["verdict"]["revise"])
    if not any(mark in text.lower() for mark in (*marks, *verdicts)):
        assert neutralise(text) == text
