"""What a rationale states and what an evaluation finds: the last "answer is", the reasons before it, the verdict of the last line.

The published patterns stop at the first full stop and take the first match anywhere; a text that only weighs a verdict is read as
giving it, and a text without a match trains on a blank. Here a text says it at its end, or it is a Failure with a short reason.
"""

from __future__ import annotations

import re

from sctk_core import Failure

from sctk_mirror.latex import BOX, braced, plain_latex

STATES = re.compile(rf"\banswer\s+is\b\s*:?\s*|{BOX}", re.IGNORECASE)
"""What a text states its answer with."""
_VERDICT = re.compile(
    r"(?:^|[.:!?;][\"'*_)]{0,3}\s)[\s\"'“*_`>#(-]*(?:(?:so|thus|hence|therefore|overall|finally|in conclusion)\b,?\s+)?"
    r"(?:the|this)\s+given answer is\s*:?\s*[\"'*_`(]{0,3}(?P<word>correct|wrong|incorrect|uncertain)"
    r"[\"'*_`)]{0,3}\s*[.!。]?[\"'”*_`)]{0,3}$",
    re.IGNORECASE,
)
"""A verdict that a sentence of its own gives: "I doubt that the given answer is correct" gives none."""
_ENDS = re.compile(r"[.!?][\"')\]]*(?=\s)|\n")
NO_ANSWER, NO_VERDICT, TWO_VERDICTS = (
    "no answer is stated",
    "no verdict on the last line",
    "more than one verdict on the last line",
)
EMPTY, TWO_ANSWERS = "the text is empty", "more than one answer is stated"


def unread(reason: str, text: str) -> Failure:
    """What a parser gives for a text that does not say."""
    return Failure(kind="parse", reason=reason, detail=text[-200:])


def statement(text: str) -> str | Failure:
    """What stands behind the last "answer is" of a text, up to the end of the text.

    >>> statement("The answer is unknown. The answer is (4 + 5).")
    '(4 + 5).'
    """
    found = list(STATES.finditer(text))
    if not found:
        return unread(NO_ANSWER if text.strip() else EMPTY, text)
    said = text[found[-1].end() :]
    return braced(said) if said.startswith("{") else said


def stated_or_bare(text: str) -> tuple[str, bool] | Failure:
    """What is to be read as the answer, and whether it was stated: behind the last "answer is" or in the last box, else a text of
    one line. Marks of LaTeX are plain ones.

    >>> stated_or_bare(r"So $\\boxed{84 \\div 2}$."), stated_or_bare("3 + 4")
    (('84 / 2$.', True), ('3 + 4', False))
    """
    found = statement(text)
    if isinstance(found, str):
        return plain_latex(found), True
    bare = plain_latex(text).strip()
    return (bare, False) if bare and "\n" not in bare else found


def reasons(text: str) -> str:
    """A rationale without the sentence that states its answer; all of it where none does.

    >>> reasons("He gave 2.5 away. So 4 - 2.5. The answer is (4 - 2.5).")
    'He gave 2.5 away. So 4 - 2.5.'
    """
    found = list(STATES.finditer(text))
    if not found:
        return text.strip()
    before = text[: found[-1].start()]
    ends = list(_ENDS.finditer(before))
    return before[: ends[-1].end()].strip() if ends else ""


def verdict(text: str) -> str | Failure:
    """The verdict of an evaluation: correct, wrong or uncertain, at the end of its last line.

    >>> verdict("The given answer is wrong if 7 is. Is it?\\n\\nEvaluation result: the given answer is correct.")
    'correct'
    """
    last = plain_latex(text.strip().rpartition("\n")[2]).strip()
    if not last:
        return unread(EMPTY, text)
    found = _VERDICT.search(last)
    if found is None:
        return unread(NO_VERDICT, text)
    if len(re.findall(r"\bgiven answer is\b", last, re.IGNORECASE)) > 1:
        return unread(TWO_VERDICTS, text)
    word = found["word"].lower()
    return "wrong" if word == "incorrect" else word


def without_verdict(text: str) -> str:
    """An evaluation without its last line."""
    return text.strip().rpartition("\n")[0].strip()
