"""Questions that give away that they are about a document: found by word, never by substring.

"The text says", "according to the passage", "this document" and "the author argues" speak of what was read; "context", "the text
editor vi", "Article 5" and "the text of the treaty" do not. So it is in ten languages (`leaks.toml`); in Chinese and Japanese,
which do not write words apart, by what stands beside. It is a list of words, and no grammar: what it misses is asked, what it takes
by mistake costs a draw. The reference code refuses every question in which "document", "text", "passage" or "information" stands,
within another word too: `anywhere` is that, by word.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise

from sctk_rs.text import words

NOUNS = ("document", "text", "passage", "article", "excerpt", "paragraph", "information")
"""The English nouns that are looked for; a user may name others."""
_WORD = re.compile(r"[^\W_]+(?:_\w+)*")
_ENDS = re.compile(r"[^\s'\u2019-]")
_LOOSE = 2
"""So many words may stand between what points and its noun."""


@dataclass(frozen=True, kw_only=True)
class Language:
    """The words of a language that speak of a document; leaks.toml says what each is for."""

    the: frozenset[str]
    this: frozenset[str]
    between: frozenset[str]
    by: frozenset[tuple[str, ...]]
    any: frozenset[str] = frozenset()
    nouns: frozenset[str] = frozenset()
    shown_only: frozenset[str] = frozenset()
    numbered: frozenset[str] = frozenset()
    of: frozenset[str] = frozenset()
    follows: frozenset[str] = frozenset()
    compounds: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()
    says: frozenset[str] = frozenset()
    phrases: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Said:
    """The words of a question in small letters, and what stands behind each up to the next."""

    words: Sequence[str]
    gaps: Sequence[str] = field(default=())

    def next(self, place: int) -> str:
        """The word behind, if nothing but space stands between; "" where the sentence or its part ends."""
        return "" if place + 1 >= len(self.words) or _ENDS.search(self.gaps[place]) else self.words[place + 1]


def leak(question: str, nouns: Collection[str] = NOUNS, *, anywhere: bool = False) -> str:
    """The words that speak of a document, or "" where none do. A noun may be of several words, and of any script.

    >>> leak("What does the text say of Avon?"), leak("In which context was the textile mill built?")
    ('the text', '')
    >>> leak("Which key leaves the text editor vi?"), leak("Was sagt der Autor?"), leak("日本文化とは何ですか？")
    ('', 'der autor', '')
    >>> leak("Which information is kept?"), leak("Which information is kept?", anywhere=True)
    ('', 'information')
    """
    own = [tuple(found) for found in (words(noun) for noun in nouns) if found]
    if anywhere:
        return _anywhere(words(question), own)
    said = _said(question)
    for name, language in _languages().items() if own else ():
        ours = own if name == "en" else []
        if found := _pointed_at(said, language, ours):
            return found
    for pattern in _patterns() if own else ():
        if match := pattern.search(question):
            return match.group()
    return ""


def _anywhere(said: Sequence[str], nouns: Iterable[tuple[str, ...]]) -> str:
    known = list(nouns)
    return next(
        (" ".join(noun) for place in range(len(said)) for noun in known if _is(said[place : place + len(noun)], noun)),
        "",
    )


def _is(said: Sequence[str], noun: Sequence[str]) -> bool:
    """Whether these words are a noun, or its English plural."""
    return list(said) in ([*noun], [*noun[:-1], f"{noun[-1]}s"])


def _pointed_at(said: Said, language: Language, own: Sequence[tuple[str, ...]]) -> str:
    """The first words by which a language points at a document, or names who wrote it; `own` are further nouns of it."""
    for place, word in enumerate(said.words):
        for noun in own:
            if _is(said.words[place : place + len(noun)], noun):
                shown_only = " ".join(noun) in language.shown_only
                if found := _noun_phrase(said, place, place + len(noun) - 1, language, shown_only=shown_only):
                    return found
        if word in language.nouns and (found := _noun_phrase(said, place, place, language)):
            return found
        for length in (2, 1):
            last = place + length - 1
            if (
                last < len(said.words)
                and " ".join(said.words[place : last + 1]) in language.shown_only
                and (found := _noun_phrase(said, place, last, language, shown_only=True))
            ):
                return found
        if word in language.persons and (found := _person(said, place, language)):
            return found
        if " ".join(said.words[place : place + 2]) in language.phrases:
            return " ".join(said.words[place : place + 2])
    return ""


def _noun_phrase(said: Said, place: int, last: int, language: Language, *, shown_only: bool = False) -> str:
    """The words that point at the noun at `place` to `last`; "" where it is not meant as what was read."""
    behind = said.next(last)
    joined = last + 1 < len(said.words) and said.gaps[last] == "-"
    if joined or behind in language.compounds or (said.words[last] in language.numbered and behind.isdigit()):
        return ""
    first = place
    while first > 0 and said.words[first - 1] in language.between and place - first < _LOOSE:
        first -= 1
    before = said.words[first - 1] if first else ""
    if before in language.any:
        return ""
    begin = first - (before in language.the or before in language.this)
    if not language.this.isdisjoint(said.words[begin:place]):
        return " ".join(said.words[begin : last + 1])
    by, pointed = _by(said, begin, language), before in language.the
    meant = by and pointed if shown_only else by or pointed
    return " ".join(said.words[begin - len(by) : last + 1]) if meant and _ends(behind, language) else ""


def _ends(behind: str, language: Language) -> bool:
    """Whether a noun ends where it does: no word behind tells whose it is, or makes another thing of it."""
    ended = not behind or behind.isdigit() or behind in language.follows
    return behind not in language.of and (ended or not language.follows)


def _person(said: Said, place: int, language: Language) -> str:
    """Who wrote it, named as the one who says it."""
    begin = place - (place > 0 and said.words[place - 1] in language.the | language.this)
    by, behind = _by(said, begin, language), said.next(place)
    told = behind in language.says or (begin > 0 and said.words[begin - 1] in language.says - {"s"})
    pointed = begin < place or not language.the
    meant = (told and pointed) or (by and (pointed or not behind) and _ends(behind, language))
    return " ".join(said.words[begin - len(by) : place + 1]) if meant and behind not in language.of else ""


def _by(said: Said, first: int, language: Language) -> tuple[str, ...]:
    """The words right before `first` behind which a noun is what was read ("according to")."""
    return max(
        (one for one in language.by if one == tuple(said.words[max(first - len(one), 0) : first])), key=len, default=()
    )


def _said(question: str) -> Said:
    found = list(_WORD.finditer(question))
    gaps = [question[one.end() : after.start()] for one, after in pairwise(found)]
    return Said(words=[one.group().lower() for one in found], gaps=gaps)


@cache
def _languages() -> dict[str, Language]:
    """The languages that write words apart."""
    known = {name: table for name, table in _table().items() if name != "patterns"}
    return {
        name: Language(
            by=frozenset(tuple(one.split()) for one in table["by"]),
            **{what: frozenset(found) for what, found in table.items() if what != "by"},
        )
        for name, table in known.items()
    }


@cache
def _patterns() -> list[re.Pattern[str]]:
    """What speaks of a document in those that do not."""
    return [re.compile(one) for found in _table()["patterns"].values() for one in found]


def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("sctk_knowledge").joinpath("leaks.toml").read_text("utf-8"))
