"""Whether what a critic wrote as a revision is one: small models repeat what they were asked, their verdict, or the draft.

What they write instead would be trained on as the better answer, so each is a counted failure with a reason of its own. A
revision that equals the draft is none of these: that the critic left it alone is for the method to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sctk_core.parsing.answer import answer_of, plain_digits, sentences
from sctk_core.parsing.verdicts import states_verdict

LEAST_WORDS = 4  # of a draft that is looked for inside of a revision: fewer occur by chance
MOST = 0.75  # share of the words of a text that is repeated
_PREFACE = re.compile(r"[^\n]{0,200}(?::|：)\s*\n?|[^\n]{0,200}\n\s*\n?")
_ANSWERING = re.compile(
    r"\W*(?:sure|certainly|of course|okay|ok|here(?:'s| is| are)|(?:my |the )?(?:revised|rewritten|updated|improved|new|better) "
    r"(?:response|answer|version|text|draft|reply)|(?:response|answer|revision|draft|rewrite)\s*:)"
)


def no_revision(text: str, *, draft: str, request: str = "", asked: Iterable[str] = (), critique: str = "") -> str:
    """Why `text` is no revision of `draft`, in a few words; "" where it is one. `asked` are the prompts that the critic was shown.

    >>> no_revision("Verdict: keep", draft="A dull film."), no_revision("A fine film.", draft="A dull film.")
    ("it is only the critic's verdict", '')
    """
    said = answer_of(text)
    if said is None:
        return "a thought that never ends"
    parts = [_plain(each.text) for each in sentences(said)]
    parts = [part for part in parts if part]
    if not parts:
        return "the revision is empty"
    verdicts = [states_verdict(each.text) for each in sentences(said)]
    if verdicts and verdicts[0]:
        return "it is only the critic's verdict" if all(verdicts) else "it begins with the critic's verdict"
    if parts == _parts(draft):
        return ""
    whole = [("the request", _parts(request)), ("the critique", _parts(critique))]
    for name, known in (*whole, *(("what was asked", _parts(each)) for each in asked)):
        if known and _repeats(parts, known):
            return f"it repeats {name}"
    return "it is the draft with a preface" if _prefaced(said, draft) else ""


def _repeats(parts: list[str], known: list[str]) -> bool:
    """Whether sentences are those of a known text, most of it, and nothing else (an extract is an answer)."""
    again = [part for part in parts if part in known]
    left = [
        part for place, part in enumerate(parts) if part not in known and not (place == 0 and _ANSWERING.match(part))
    ]
    return not left and _n_words(set(again)) >= MOST * _n_words(set(known))


def _n_words(parts: Iterable[str]) -> int:
    return sum(len(part.split()) for part in parts)


def _prefaced(said: str, draft: str) -> bool:
    """Whether a text is the draft, behind a line that announces it or before a remark that follows it."""
    old, new = _plain(draft), _plain(said)
    if len(old.split()) < LEAST_WORDS or old == new:
        return False
    opened = _PREFACE.match(said.lstrip())
    after = said.lstrip()[opened.end() :] if opened else ""
    answered = _ANSWERING.match(said.lower()) is not None
    return _plain(after) == old or (answered and new.endswith(f" {old}"))


def _parts(text: str) -> list[str]:
    return [part for each in sentences(text) if (part := _plain(each.text))]


def _plain(text: str) -> str:
    """Words only, in small letters: what two texts must share to say the same."""
    return " ".join(re.findall(r"\w+", plain_digits(text).lower()))
