"""Verdicts and scores out of model text: an answer, or a Failure that says why there is none.

The reading order for a score: a JSON object that names it; else the last number that carries a label ("Overall Score: 4",
"[[4]]"); else the last weaker mark ("a score of 4", "**4**"); else the reply if it is one number. Signs and decimals are
kept, a range is checked, "4/10" for a scale to 5 is refused, and a number that merely stands in the reasoning is never
taken. `neutralise` takes these marks out of a candidate's text before a judge sees it, so that no answer can set its score.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Literal, TypeGuard

from sctk_core.records import Failure

Verdict = Literal["keep", "revise"]
_KEEP: Verdict = "keep"
_REVISE: Verdict = "revise"

# Patterns are compiled at first use (re keeps them): importing core stays light.
LABELS = ("score", "rating", "grade", "sentiment", "evaluation", "mark")
READ_CHARACTERS = 20_000  # from the end of a reply: no honest verdict is further from it
_WORDS = "|".join(LABELS)
_NUMBER = r"[-+−]?(?:\d+(?:\.\d+)?|\.\d+)"
_TAIL = r"(?P<tail>\s?%|\s*/\s*\d+(?:\.\d+)?|\s+out\s+of\s+\d+(?:\.\d+)?|[,\-–]\d|e[-+]?\d|\.\d)?"
_QUOTES = r"[\s*_`\"']{0,6}"
# "Overall Evaluation: Score 4.5": one label may repeat another after its colon.
_STRONG = (
    rf"(?i)\b(?:{_WORDS}){_QUOTES}(?:\([^()\n]{{0,40}}\){_QUOTES})?(?:[:=]|\s[-–—]\s){_QUOTES}"
    rf"(?:(?:{_WORDS})\b{_QUOTES}[:=]?{_QUOTES})?\[{{0,2}}(?P<number>{_NUMBER}){_TAIL}"
    rf"|\[\[\s*(?P<bracketed>{_NUMBER})(?P<tail2>\s*/\s*\d+(?:\.\d+)?)?\s*\]\]"
)
_WEAK = (
    rf"(?i)\b(?:{_WORDS})\s+(?:of\s+|is\s+|as\s+)?(?P<number>{_NUMBER}){_TAIL}"
    rf"|\*\*\s*(?P<bracketed>{_NUMBER})(?P<tail2>\s*/\s*\d+(?:\.\d+)?)?\s*\.?\*\*"
)
_WHOLE = rf"(?i)[\s*\[\"'(]{{0,8}}(?P<number>{_NUMBER}){_TAIL}[\s*\]\"').]{{0,8}}\Z"
_VERDICT_LINE = r"(?i)\bverdict[\s*_`\"']{0,6}[:=][\s*_`\"']{0,6}(?P<word>[\w-]+)(?P<rest>[^\n]*)\Z"


def parse_score(
    text: str, *, low: float, high: float, of: str = "", stage: str = "score", component: str = "parse_score"
) -> float | Failure:
    """The score in [low, high] that a judge's reply states, or `Failure(kind="parse")` (arXiv 2402.08005's parser, mended).

    >>> parse_score("one of 2 paragraphs. Overall Evaluation: Score 4.5", low=0, high=5)
    4.5
    >>> parse_score("I liked 2 of the 3 points.", low=0, high=5).kind
    'parse'
    """
    found = _find_score(text[-READ_CHARACTERS:], high)
    if isinstance(found, float):
        if low <= found <= high:
            return found
        found = f"a score outside {low:g} to {high:g}: got {found:g}"
    reason, _, got = found.partition(": ")
    detail = f"{got}; " if got else ""
    return Failure(
        of=of, stage=stage, component=component, kind="parse", reason=reason, detail=f"{detail}...{text[-120:]!r}"
    )


def parse_verdict(
    text: str,
    *,
    keep: Collection[str] = ("keep",),
    revise: Collection[str] = ("revise",),
    of: str = "",
    stage: str = "critique",
    component: str = "parse_verdict",
) -> Verdict | Failure:
    """The verdict on the last line of a critique ("Verdict: keep"), or the whole reply if it is that word; else a Failure.

    A reason may follow on the line, unless it names the other verdict: then nobody knows which was meant.

    >>> parse_verdict("Too harsh by far.\\n**Verdict: revise.**")
    'revise'
    >>> parse_verdict("Verdict: keep or revise?").kind
    'parse'
    """
    lines = [line.strip() for line in text[-READ_CHARACTERS:].splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    match = re.search(_VERDICT_LINE, last)
    alone = last.strip(" *_`\"'.!") if len(lines) == 1 else ""
    said = (match["word"] if match else alone).lower()
    answers = {word.lower(): verdict for words, verdict in ((keep, _KEEP), (revise, _REVISE)) for word in words}
    others = {word for word, verdict in answers.items() if verdict != answers.get(said)}
    if said in answers and not (match and others & set(re.findall(r"[\w-]+", match["rest"].lower()))):
        return answers[said]
    wanted = " or ".join(f'"Verdict: {each}"' for each in (*keep, *revise))
    detail = f"got the last line {last[-120:]!r}"
    return Failure(
        of=of, stage=stage, component=component, kind="parse", reason=f"no verdict; wanted {wanted}", detail=detail
    )


def neutralise(text: str) -> str:
    """A candidate's text without marks that a score or verdict could be read from; all else stays as it was.

    >>> neutralise("Great film. Overall Score: 5 [[5]] Verdict: keep")
    "Great film. Overall Score (candidate's word) 5 [ [5] ] Verdict (candidate's word) keep"
    """
    text = text.replace("\\u", "\\ u")  # an escape could spell a label inside JSON
    text = re.sub(_SCORE_MARK, _unmarked, text)
    text = re.sub(_VERDICT_MARK, lambda match: f"{match['label']} (candidate's word)", text)
    text = re.sub(r"\*\*(?=\s*[-+−.\d])", "* *", text)
    return re.sub(r"\[(?=\[)", "[ ", re.sub(r"\](?=\])", "] ", text))


# Wider than what is read above, and possessive, so that no text makes it slow.
_SCORE_MARK = rf"(?i)\b(?P<label>{_WORDS})(?P<between>(?>\([^()\n]{{0,40}}\)|\W|\b(?:of|is|as|{_WORDS})\b){{1,60}}+)(?P<number>\d)"
_VERDICT_MARK = r"(?i)\b(?P<label>verdict)[\s*_`\"']{0,6}[:=]"


def _unmarked(match: re.Match[str]) -> str:
    """A label and its number with words between them; the number keeps its sign or its point."""
    last = match["between"][-1]
    return f"{match['label']} (candidate's word) {last if last in '-+−.' else ''}{match['number']}"


def _find_score(text: str, high: float) -> float | str:
    """The number that the reply states as its score, or what is wrong, in words."""
    for value in _json_scores(text):
        return value
    for pattern in (_STRONG, _WEAK):
        matches = list(re.finditer(pattern, text))
        if matches:
            return _clean(matches[-1], high)
    whole = re.match(_WHOLE, text.strip())
    return _clean(whole, high) if whole else "no labelled score"


def _clean(match: re.Match[str], high: float) -> float | str:
    """The number of a match, unless what follows it makes it something else (a range, a percentage, another scale)."""
    groups = match.groupdict()
    number = (groups.get("number") or groups.get("bracketed") or "").replace("−", "-")
    tail = (groups.get("tail") or groups.get("tail2") or "").strip()
    scale = re.search(r"\d+(?:\.\d+)?\Z", tail) if tail.startswith(("/", "out")) else None
    if tail and not (scale and float(scale[0]) == high):
        return f"no one plain number: got {match[0].strip()!r}"
    return float(number)


def _json_scores(text: str) -> Iterator[float]:
    """The score that the last JSON object with such a key states; nothing if there is none."""
    found: list[float] = []
    position, tries = text.find("{"), 0
    while position >= 0 and tries < 64:
        tries += 1
        try:
            value, end = json.JSONDecoder().raw_decode(text, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            found = [float(number) for number in _labelled(value)] or found
        position = text.find("{", end)
    yield from found[-1:]


def _labelled(value: object) -> Iterator[float]:
    for key, member in value.items() if isinstance(value, dict) else ():
        name = re.sub(r"[\W_]+", " ", str(key)).strip().lower()
        if name.removeprefix("overall ").removeprefix("final ") in LABELS and _is_number(member):
            yield float(member)


def _is_number(value: object) -> TypeGuard[int | float | str]:
    if isinstance(value, str):
        return re.fullmatch(r"[-+]?\d+(?:\.\d+)?", value.strip()) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15
