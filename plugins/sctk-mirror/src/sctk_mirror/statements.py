"""What a rationale states and what an evaluation finds: the last "answer is", the reasons before it, the verdict of the last line.

The published patterns stop at the first full stop and take the first match anywhere; a text that only weighs a verdict is read as
giving it, and a text without a match trains on a blank. Here a text says it at its end, or it is a Failure with a short reason.
"""

from __future__ import annotations

import re

from sctk_core import Failure

STATES = re.compile(r"\banswer\s+is\b\s*:?\s*", re.IGNORECASE)
_VERDICT = re.compile(
    r"\bgiven answer is\s*:?\s*[\"'*_`]{0,3}(?P<word>correct|wrong|incorrect|uncertain)[\"'*_`]{0,3}\s*[.!]?[\"'*_`)]{0,3}$",
    re.IGNORECASE,
)
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
    return text[found[-1].end() :]


def stated_or_bare(text: str) -> tuple[str, bool] | Failure:
    """What is to be read as the answer, and whether it was stated: behind the last "answer is", else a text of one line."""
    found = statement(text)
    if isinstance(found, str):
        return found, True
    bare = text.strip()
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
    last = text.strip().rpartition("\n")[2].strip()
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
