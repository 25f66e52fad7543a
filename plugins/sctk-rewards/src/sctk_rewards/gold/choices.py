"""Which option a text chooses: `B`, `(B)`, `B. Rome`, "the answer is B", or an option's own text. Two at once are no choice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from sctk_rewards.gold.stated import stated
from sctk_rewards.gold.texts import comparable, undressed

_LINE = re.compile(
    r"(?:^|(?<=\s))[(\[]?([^\W\d_]|\d{1,2})[.):\]]\s*(\S[^\n]*?)(?=\s+[(\[]?(?:[^\W\d_])[.):\]]\s|\s*$)", re.MULTILINE
)
_BARE = re.compile(r"(?:option|choice|answer)?\s*[(\[]?([^\W\d_]|\d{1,2})[)\].,:]*", re.IGNORECASE)
_LEADS = re.compile(
    r"(?:option|choice)?\s*(?:[(\[]([^\W\d_]|\d{1,2})[)\]]|([^\W\d_]|\d{1,2})[.):])(?=\s|$)", re.IGNORECASE
)
_BRACKETED = re.compile(r"[(\[]([^\W\d_])[)\]]")
_ALONE = r"(?<![A-Za-z0-9_'À-ɏ])(?-i:([A-Z]))(?![A-Za-z0-9_'À-ɏ])(?!(?=\w)(?!です|である|だ|の|が|を|입니다|이에요|예요|이다))"
"""A capital by itself, or with a copula behind it; in C罗 it is a name's."""
_LETTER = rf"[(\[*_]*{_ALONE}"
_BECAUSE = (
    r"\b(?:because|since|as|given|for|porque|pues|parce|car|weil|denn|da|perché|потому|так)\b|[(（]"
    r"|[,;，、。]?\s*(?:因为|왜냐)"
)
_SAYS = re.compile(
    r"\b(?:option|choice|choose|pick|select)\b[\s*_:]*(?:is\b|:)?[\s*_]*[(\[]?([^\W\d_])(?![\w'])|"
    r"[(\[]?(?<![\w'])([^\W\d_])[)\]]?\s+is\s+(?:the\s+)?(?:correct|right)|"
    r"(?:\b(?:c'est|it'?s|its|it\s+is|es\s+ist|das\s+ist|è\s+la|es\s+la|é\s+a|est\s+la|это|so|thus|hence|therefore|leaves|think)"
    rf"|[选選]择?|選ぶのは)\s*{_LETTER}(?=\W*$|\W*(?:{_BECAUSE})|[.,;!。，]\s)",
    re.IGNORECASE,
)
"""What says which option is chosen: "option B", "B is correct", "so B", "c'est B", and the same in other languages."""
_REASON = re.compile(rf"{_LETTER}[)\]*_]*\s*(?={_BECAUSE})", re.IGNORECASE)
_REJECTED = re.compile(
    rf"{_LETTER}[)\]*_]*\s*(?:is|was|are|est|es|ist|è|é)?\s*(?:\w+ly\s+)?"
    r"(?:wrong|incorrect|false|fal(?:so|sa|sch)|fausse?|out|(?:not|n't)\s+(?:right|correct|true|it|the\s+answer))\b",
    re.IGNORECASE,
)
"""An option that a text rules out, where it says so of that one."""
_CORRECTED = re.compile(
    r"(?:^|(?<=[.!?…;\n—-])\s*)(?:no|wait|sorry|actually|correction)\b[\s,:.!?…—-]+(?=\S)", re.IGNORECASE
)
_UPPER = re.compile(_ALONE)
_ARTICLE = re.compile(r"(?<![\w'])A\s+(?!because|since|as\b|is\b)[^\W\d_]")
_EITHER = re.compile(rf"{_LETTER}\W+(?:or|oder|ou|или|o)\b|[或또]", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:not|neither|never|none|no\s+es|non\s+è|n'est|nicht|kein|não|не|değil|wrong|incorrect|false)\b|n't\b"
    r"|不是|不选|不選|ではな|じゃな|ではあり|じゃあり|아니|아닙|ليس|नहीं|ไม่ใช่",
    re.IGNORECASE,
)


def options_of(question: str) -> dict[str, str]:
    """The options that a question lists, by their comparable letter or number.

    >>> options_of("Capital of Italy?\\nA. Paris\\nB) Rome\\n(C) Bern")
    {'a': 'paris', 'b': 'rome', 'c': 'bern'}
    """
    found = {_name(match[1]): comparable(match[2]) for match in _LINE.finditer(question)}
    return found if len(found) > 1 else {}


def chosen(text: str, options: Mapping[str, str], *, cut: bool = False) -> str | None:
    """The option that a reply chooses, None where it chooses none, or two; of one that was cut off what it states counts alone."""
    text = undressed(text)
    if not cut and (after := _correction(text, options)) is not None:
        return after
    said = stated(text)
    if said is not None:
        return named(said, options)
    if cut or _LEADS.match(text.strip("*_`$ \t")):
        return None if cut else named(text, options)
    text, out = _without_rejected(text)
    name = named(text, options) or _only(_SAYS, text) or _only(_BRACKETED, text)
    return None if name in out else name


def _correction(text: str, options: Mapping[str, str]) -> str | None:
    """The option that stands behind the last correction of oneself ("I think A. No, B."), None without one."""
    *_, last = (None, *_CORRECTED.finditer(text))
    if last is None:
        return None
    rest = text[last.end() :]
    rest = rest[again.end() :] if (again := _CORRECTED.match(rest)) else rest
    name = named(rest, options) or _only(_SAYS, rest)
    return name if name is not None and (not options or name in options) else None


def _without_rejected(text: str) -> tuple[str, set[str]]:
    """(the text without what it says of options that it rules out, those options)."""
    out = {_name(match[1]) for match in _REJECTED.finditer(text)}
    return (_REJECTED.sub(" ", text).strip(" ,;.") if out else text), out


def named(said: str, options: Mapping[str, str]) -> str | None:
    """The option that a statement or a short reply names, by its letter first, or by its text."""
    said, out = _without_rejected(undressed(said.strip().strip("*_`$ \t")))
    if match := _REASON.match(said):
        said = match[1]
    name = _named(said, options)
    return None if name in out else name


def _named(said: str, options: Mapping[str, str]) -> str | None:
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
    article = _ARTICLE.search(said)
    return not article and (
        begins is not None or re.match(r"(?:option|choice|letter)\b", said, re.IGNORECASE) is not None
    )


def _only(pattern: re.Pattern[str], text: str) -> str | None:
    """The one option that a pattern finds in a text that denies nothing, None where it finds others too."""
    found = {_name(next(filter(None, match.groups()))) for match in pattern.finditer(text)}
    return found.pop() if len(found) == 1 and not (_DENIES.search(text) or _EITHER.search(text)) else None


def _name(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter).casefold()
