"""Persons by rules: names behind titles and roles, behind words that introduce somebody, given names, and names before an age.

That is all that rules can do. A name that no list knows and nothing introduces ("Odalys waved") is missed; a firm or a place with a
person's name that no list of endings gives away is counted. A family name that was found once is found again wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sctk_rewards.personal.spans import Span
from sctk_rewards.personal.words import any_of, listed

_WORD = re.compile(r"[^\W\d_](?:[\w'’-]{0,40}[^\W\d_])?")
_AGE = re.compile(r"(?:,| \()\s?(?:aged? )?\d{1,3}(?: ans| años| anni| anos| jaar| lat| лет)?[,).]")
_INTRO = re.compile(rf"(?<!\w)(?i:{any_of('intro')}) $")
_FIELD = re.compile(rf"(?<!\w)(?i:{any_of('fields')})(?::|,\n)\s{{0,3}}(?:\d[.)] ?)?$")
_OPEN = re.compile(
    r"(?:[.,;:–—-] |[(\"“„«] ?|(?<!\w)(?:of|by|and|from|for|to|with|und|von|et|y|e|i|de|av|och|t\.n\.v\.) )$"
)
_NICKNAME = re.compile(r" [\"“][^\"”\n]{1,20}[\"”] [^\W\d_]")
_REACH = 40
_MOST_WORDS = 6
_PATRONYMIC = ("ович", "евич", "овна", "евна", "овича", "евича", "овны", "евны")
_ZH_FAMILY, _KO_FAMILY = ("".join(sorted(listed(name))) for name in ("zh_family", "ko_family"))
_HAN, _HANGUL = r"[\u4e00-\u9fff]", r"[가-힣]"
_EAST = tuple(
    re.compile(form)
    for form in (
        rf"(?P<name>{_HAN}{{2,5}}|{_HAN}{{1,4}}[\u30a0-\u30ff]{{1,6}}|[\u30a0-\u30ffー]{{2,10}})(?:さん|様|氏|くん|ちゃん)",
        rf"(?:姓名|联系人|收件人|当事人|名叫|我叫|叫做|氏名|名前|担当|担当者)[是为はの：:\s]{{0,3}}(?P<name>{_HAN}{{2,4}})(?![\u4e00-\u9fff])",
        rf"(?P<name>[{_ZH_FAMILY}]{_HAN}{{0,2}})(?:先生|女士|小姐|太太|老师|医生|警官|教授)",
        rf"(?<![가-힣])(?P<name>[{_KO_FAMILY}]{_HANGUL}{{1,2}}) ?(?:씨|님|군|양|선생|교수|의사|경관|기자)",
        rf"(?:이름|성명|담당자|고객명)[은는이가:：\s]{{0,3}}(?P<name>[{_KO_FAMILY}]{_HANGUL}{{1,2}})",
    )
)
_NOBODY_EAST = ("客", "皆", "神", "王", "奥", "患者", "会員", "各位")


class _Word(NamedTuple):
    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        """In lower case, without the ending of a genitive."""
        return self.bare.lower()

    @property
    def named(self) -> bool:
        """Whether it is written like a name, and is no word that begins sentences."""
        return self.text[0].isupper() and self.lower not in listed("not_names")

    @property
    def bare(self) -> str:
        """Without the ending of a genitive."""
        return self.text.removesuffix("'s").removesuffix("’s")


def persons(text: str, names: Collection[str] = ()) -> list[Span]:
    """Every mention of a person that the rules can tell; `names` are more given names, in lower case."""
    words = [_Word(found[0], *found.span()) for found in _WORD.finditer(text)]
    found: list[tuple[int, int]] = []
    place = 0
    while place < len(words):
        run = _person_at(text, words, place, names)
        if run is not None:
            found.append(run)
        place = run[1] if run else place + 1
    found += _again(text, words, found)
    spans = [Span(words[first].start, words[last - 1].end, "person") for first, last in sorted(found)]
    return spans + [Span(*match.span("name"), "person") for match in _east(text)]


def _person_at(text: str, words: Sequence[_Word], place: int, names: Collection[str]) -> tuple[int, int] | None:
    """The words [first, last) of the name that begins with this word, if one does."""
    if not words[place].named and words[place].lower not in listed("ambiguous"):
        return None
    last = _run(text, words, place)
    if last == place or len(words[last - 1].text) == 1 or _is_place(text, words, place, last):
        return None
    known = _given(words[place].lower) or words[place].lower in names
    sure = words[place].lower not in listed("ambiguous") or last - place > 1
    is_name = (
        (known and sure)
        or _titled(text, words, place)
        or _introduced(text, words, place, last)
        or (last - place > 1 and _AGE.match(text, words[last - 1].end) is not None)
        or any(word.lower.endswith(_PATRONYMIC) for word in words[place + 1 : last])
        or any(_given(word.lower) and word.lower not in listed("ambiguous") for word in words[place + 1 : last])
    )
    return (place, last) if is_name else None


def _introduced(text: str, words: Sequence[_Word], place: int, last: int) -> bool:
    """Whether a word stands before that says who comes, or the name begins with an initial that is no end of a sentence."""
    before = text[max(0, words[place].start - _REACH) : words[place].start]
    ended = text[words[last - 1].end : words[last - 1].end + 2]
    if (_FIELD.search(before) and (last - place > 1 or not ended[1:].isalpha())) or _INTRO.search(before):
        return words[last - 1].bare == words[last - 1].text
    return last - place > 1 and len(words[place].text) == 1 and _OPEN.search(before) is not None


def _run(text: str, words: Sequence[_Word], place: int) -> int:
    """Behind the last word of the name that would begin here: capitals, initials, nicknames in quotes, particles between."""
    last, at = place, place
    while at < len(words) and at - place < _MOST_WORDS:
        word = words[at]
        if at > place and not _joined(text, words[at - 1], word):
            break
        if (
            word.text[0].isupper()
            and (at == place or word.lower not in listed("not_names"))
            and not _is_title(text, word)
        ):
            last = at + 1
        elif word.lower not in listed("particles") or at == place:
            break
        at += 1
    return last


def _joined(text: str, before: _Word, word: _Word) -> bool:
    """Whether two words stand as parts of one name: a space between, the dot of an initial, a nickname's quotes."""
    between = text[before.end : word.start]
    if before.lower.endswith(("'s", "’s")):
        return False
    nickname = between in (' "', " “") and _NICKNAME.match(text, before.end) is not None
    return (
        between == " "
        or (between == ". " and len(before.text) <= 2)
        or (between == "." and len(before.text) == 1)
        or nickname
        or between in ('" ', "” ")
    )


def _titled(text: str, words: Sequence[_Word], place: int) -> bool:
    before = words[place - 1] if place else None
    if before is None or text[before.end : words[place].start] not in (" ", ". ", "\u00a0", ".\u00a0"):
        return False
    return _is_title(text, before) or before.lower in listed("roles")


def _is_title(text: str, word: _Word) -> bool:
    if word.lower == "m":
        return word.text == "M" and text[word.end : word.end + 1] == "."
    return word.lower in listed("titles")


def _is_place(text: str, words: Sequence[_Word], place: int, last: int) -> bool:
    """Whether a street, a firm or a church has this name: by its own later words, the capital behind it, or the word before."""
    behind = text[words[last - 1].end : words[last - 1].end + 2]
    after = (
        words[last]
        if last < len(words) and behind[:1] == " " and words[last].start == words[last - 1].end + 1
        else None
    )
    before = words[place - 1] if place and text[words[place - 1].end : words[place].start] in (" ", ". ", "-") else None
    endings = {word.lower for word in words[place + 1 : last]}
    if after is not None and after.text[0].isupper():
        endings.add(after.lower)
    named_after = before is not None and before.lower in listed("before_places")
    return bool(endings & listed("no_person")) or behind == " &" or named_after


def _given(word: str) -> bool:
    return word in listed("given") or ("-" in word and all(part in listed("given") for part in word.split("-")))


def _again(text: str, words: Sequence[_Word], found: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Later and earlier mentions of family names that were found: the same word, or one with an ending of up to three letters."""
    families = {words[last - 1].bare for _, last in found if len(words[last - 1].bare) > 2}
    taken = {at for first, last in found for at in range(first, last)}
    for at, word in enumerate(words):
        bare = word.bare
        inflected = any(bare[: len(bare) - cut] in families for cut in range(1, 4) if len(bare) - cut >= 4)
        if (
            at not in taken
            and word.named
            and (bare in families or inflected)
            and not _is_place(text, words, at, at + 1)
        ):
            yield at, at + 1


def _east(text: str) -> Iterator[re.Match[str]]:
    for form in _EAST:
        yield from (match for match in form.finditer(text) if not match["name"].endswith(_NOBODY_EAST))
