"""What a reply states as its answer, in many languages: `#### 42`, `\\boxed{42}`, `<answer>42</answer>`, "the answer is 42"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PHRASES = (
    r"\banswers?\b[\s*_)\]]*(?:(?:is|are|was|equals|would be|will be|should be|must be)\b\s*[:：]?|[:：=])",
    r"\b(?:respuesta|resposta|risposta|réponse|reponse)\b[\s*_]*(?:(?:es|é|è|est)\b|[:：=])",
    r"\b(?:Antwort|Lösung|antwoord|svar|odpowiedź|cevap)\b[\s*_]*(?:(?:ist|lautet|is|är|to)\b|[:：=])",
    r"\b(?:ответ|відповідь)\b[\s*_]*[:：=—-]",
    r"(?:答案|正解|答え|回答)[\s*_]*(?:是|为|為|は|[:：=])",
    r"(?:정답|답)[\s*_]*(?:은|는|[:：=])",
    r"(?:الجواب|الإجابة|جواب|پاسخ)[\s*_]*(?:هو|هي|است|[:：=])",
    r"(?:उत्तर|जवाब|উত্তর)[\s*_]*(?:है|হল|[:：=])",
    r"(?:คำตอบ)[\s*_]*(?:คือ|[:：=])",
)
_PHRASE = re.compile("|".join(_PHRASES), re.IGNORECASE)
_HASHES = re.compile(r"####[ \t]*")
_TAG = re.compile(r"<answer>", re.IGNORECASE)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{")
_SENTENCE_ENDS = re.compile(r"(?<!\bapprox)(?<!\bca)(?<!\bNo)[.!?](?=\s|$)|[。！？؟।]")
_NUMBER_ALONE = re.compile(r"[^\w\s]*\d[\d.,/]*\s?[^\w\s]?")
MOST_WORDS = 8
_MARKS = "*_`$ \t"


def stated(text: str) -> str | None:
    """What the last statement of an answer says, None where the text states none.

    >>> stated("3 + 4 = 7. #### 7"), stated(r"so \\boxed{\\frac{1}{2}}."), stated("The answer is (B). I am sure.")
    ('7', '\\\\frac{1}{2}', '(B)')
    >>> stated("Paris")
    """
    found = max(_statements(text), default=None)
    return None if found is None else found[1]


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Every statement with its place."""
    for match in _HASHES.finditer(text):
        line, rest = _line(text[match.end() :]), text[match.end() :].partition("\n")[2]
        if _NUMBER_ALONE.fullmatch(line) or not rest.strip():  # else it is a heading
            yield match.end(), line
    for match in _TAG.finditer(text):
        yield match.end(), re.split(r"</answer>", text[match.end() :], maxsplit=1, flags=re.IGNORECASE)[0].strip()
    for match in _BOXED.finditer(text):
        yield match.end(), _braced(text[match.end() :])
    for match in _PHRASE.finditer(text):
        line = _line(text[match.end() :].lstrip(_MARKS + "\r\n"))
        sentence = _SENTENCE_ENDS.split(line, maxsplit=1)[0].strip(_MARKS)
        begins = match[0][-1] in ":：" and not re.search(r"\s(?:is|are|was|be)\b", match[0], re.IGNORECASE)
        if not begins or len(sentence.split()) <= MOST_WORDS:  # else it is where the reasoning begins
            yield match.end(), sentence


def _line(text: str) -> str:
    return (text.splitlines() or [""])[0].strip(_MARKS)


def _braced(text: str) -> str:
    """The text up to the brace that closes what is open."""
    depth = 1
    for place, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if not depth:
            return text[:place].strip()
    return text.strip()
