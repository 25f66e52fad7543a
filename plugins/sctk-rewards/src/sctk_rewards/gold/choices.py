"""Which option a text chooses: `B`, `(B)`, `B. Rome`, "the answer is B", or an option's own text. Two at once are no choice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from sctk_rewards.gold.stated import stated
from sctk_rewards.gold.texts import comparable

_LINE = re.compile(
    r"(?:^|(?<=\s))[(\[]?([^\W\d_]|\d{1,2})[.):\]]\s*(\S[^\n]*?)(?=\s+[(\[]?(?:[^\W\d_])[.):\]]\s|\s*$)", re.MULTILINE
)
_BARE = re.compile(r"(?:option|choice|answer)?\s*[(\[]?([^\W\d_]|\d{1,2})[)\].,:]*", re.IGNORECASE)
_LEADS = re.compile(
    r"(?:option|choice)?\s*(?:[(\[]([^\W\d_]|\d{1,2})[)\]]|([^\W\d_]|\d{1,2})[.):])(?=\s|$)", re.IGNORECASE
)
_BRACKETED = re.compile(r"[(\[]([^\W\d_])[)\]]")
_SAYS = re.compile(
    r"\b(?:option|choice|choose|pick|select)\b[\s*_:]*(?:is\b|:)?[\s*_]*[(\[]?([^\W\d_])(?![\w'])|"
    r"[(\[]?(?<![\w'])([^\W\d_])[)\]]?\s+is\s+(?:the\s+)?(?:correct|right)",
    re.IGNORECASE,
)
_UPPER = re.compile(r"(?<![\w'])([A-Z])(?![\w'])")
_DENIES = re.compile(r"\b(?:not|neither|never|none)\b|n't\b", re.IGNORECASE)


def options_of(question: str) -> dict[str, str]:
    """The options that a question lists, by their comparable letter or number.

    >>> options_of("Capital of Italy?\\nA. Paris\\nB) Rome\\n(C) Bern")
    {'a': 'paris', 'b': 'rome', 'c': 'bern'}
    """
    found = {_name(match[1]): comparable(match[2]) for match in _LINE.finditer(question)}
    return found if len(found) > 1 else {}


def chosen(text: str, options: Mapping[str, str], *, cut: bool = False) -> str | None:
    """The option that a reply chooses, None where it chooses none, or two; of one that was cut off what it states counts alone."""
    said = stated(text)
    if said is not None:
        return named(said, options)
    if cut or _LEADS.match(text.strip("*_`$ \t")):
        return None if cut else named(text, options)
    return named(text, options) or _only(_SAYS, text) or _only(_BRACKETED, text)


def named(said: str, options: Mapping[str, str]) -> str | None:
    """The option that a statement or a short reply names, by its letter first, or by its text."""
    said = said.strip().strip("*_`$ \t")
    said = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", said)
    if by_text := _with_text(said, options):
        return by_text
    if match := _BARE.fullmatch(said):
        return _name(match[1])
    if _DENIES.search(said):
        return None
    leads = _LEADS.match(said)
    letters = {_name(letter) for letter in _UPPER.findall(said) if letter != "I"}
    if leads and letters <= {name := _name(leads[1] or leads[2])}:
        return name if _with_text(said[leads.end() :], options) in (None, name) else None  # "(A) Rome" where Rome is B
    return letters.pop() if len(letters) == 1 and _is_short(said) else None


def _with_text(said: str, options: Mapping[str, str]) -> str | None:
    """The one option whose own text this is."""
    found = [name for name, text in options.items() if text and text == comparable(said)]
    return found[0] if len(found) == 1 else None


def _is_short(said: str) -> bool:
    """Whether a lone capital is the point of it: "B because", "Option B", and no sentence that begins with "A"."""
    begins = _UPPER.match(said)
    article = begins is not None and begins[1] == "A" and re.match(r"A\s+(?!because|since|as\b|is\b)[^\W\d_]", said)
    return not article and (
        begins is not None or re.match(r"(?:option|choice|letter)\b", said, re.IGNORECASE) is not None
    )


def _only(pattern: re.Pattern[str], text: str) -> str | None:
    """The one option that a pattern finds in a text that denies nothing, None where it finds others too."""
    found = {_name(next(filter(None, match.groups()))) for match in pattern.finditer(text)}
    return found.pop() if len(found) == 1 and not _DENIES.search(text) else None


def _name(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter).casefold()
