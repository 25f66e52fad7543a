"""From a document to questions: N of them over its chunks, each drawn until it can be used, near duplicates left out.

What is refused is on the page with its reason: the document, a chunk, a draw, a question for which no draw could be used, and one
that is all but the same as an earlier one of its document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from sctk_core import Declined, Failure, Made, Message, Prompt, Step, together
from sctk_rs import consistency
from sctk_rs.text import words

from sctk_knowledge import sentences
from sctk_knowledge.chunks import CUTS, Chunk, chunks_of
from sctk_knowledge.crews import Askers
from sctk_knowledge.documents import AMISS
from sctk_knowledge.leaks import leak
from sctk_knowledge.prompts import Example, Wording, drawn, title_of
from sctk_knowledge.quality import STOP_WORDS
from sctk_knowledge.settings import Questions

ENDS = ("?", "\uff1f", "\u061f", "\u037e")
"""Question marks."""
STOPS = (*ENDS, *sentences.ENDS, ":", "\uff1a")
"""What a line ends with that does not go on in the next."""
_QUOTES = "\"'\u201c\u201d\u00ab\u00bb`*#"
_LABEL = re.compile(
    r"[-\u2022]\s+|\(?\d{1,2}[.)]\s+|\(?[a-h]\)\s+|(?:q|question)\s*\d*\s*[:.]|question$"
    r"|(?:(?:sure|certainly|of course|ok|okay)[,!.]?\s+)?here(?:['\u2019]s| is| are)\b[^:?]{0,80}:\s",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-Z][^\W\d_]{2,}")
EMPTY = STOP_WORDS | frozenset(
    ("what", "when", "where", "why", "how", "whose", "whom", "do", "does", "did", "can", "could", "there", "these", "those",
     "one", "name", "mean", "purpose", "thing", "called", "used", "main", "about")
)  # fmt: skip
"""Words of which a question that names nothing is made ("What is this?", "What is it called?")."""
_ANOTHER = re.compile(rf"[{''.join(ENDS)}]\s+(\w)")


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A pass that asks about documents: so many questions each."""

    n: int
    settings: Questions
    wording: Wording

    @property
    def steps(self) -> tuple[Step, ...]:
        """Each question is drawn so often at most; each draw is read."""
        return Step("question", most=self.n * self.settings.tries), Step("read", of="question")

    async def walk(self, document: Prompt, crew: Askers) -> Made:
        """The questions about a document, each a prompt with its chunk beside it."""
        amiss = self._amiss(document)
        if amiss is not None:
            return {"asked": amiss}
        found = [self._short(chunk) or chunk for chunk in chunks_of(document)]
        short = [one for one in found if isinstance(one, Declined)]
        places = spread(self.n, [one for one in found if isinstance(one, Chunk)])
        asked = await together(*(self._drawn(document, chunk, number, crew) for number, chunk in enumerate(places)))
        return {"asked": [*short, *self._apart(document, places, asked)]}

    def _amiss(self, document: Prompt) -> Declined | None:
        """Why a document is not asked about."""
        if document.meta.get(AMISS):
            return Declined(reason=f"the document is {document.meta[AMISS]}")
        if not (document.document or "").strip():
            return Declined(reason="there is no document")
        n_words = len(words(document.document or ""))
        if n_words <= self.settings.limits.document_words:
            return Declined(reason="the document is too short", detail=f"{n_words} words")
        return None

    def _short(self, chunk: Chunk) -> Declined | None:
        if chunk.n_tokens is not None and chunk.n_tokens < self.settings.limits.chunk_tokens:
            return Declined(reason="the chunk is too short", detail=f"{chunk.n_tokens} tokens: {chunk.text}")
        return None

    async def _drawn(self, document: Prompt, chunk: Chunk, number: int, crew: Askers) -> str | Declined:
        """One question, drawn until it can be used."""
        settings = self.settings
        examples = drawn(settings.examples, document.id, number)
        shown = self.wording.asking(title_of(document.meta), chunk.text, examples)
        read = partial(self.read, shown=examples, chunk=f"{title_of(document.meta)}\n{chunk.text}")
        sampling = replace(
            crew.teacher.sampling, temperature=settings.temperature, max_new_tokens=settings.limits.question_tokens
        )
        for rank in range(number * settings.tries, (number + 1) * settings.tries):
            sample = await crew.teacher.draft(
                document, "question", shown=shown, sampling=sampling, rank=rank, or_none=True
            )
            found = None if sample is None else crew.notes.read("read", sample, read)
            if found is not None:
                return found
        return Declined(reason=f"no question in {settings.tries} tries", detail=chunk.text)

    def read(self, text: str, shown: Sequence[Example] = (), chunk: str = "") -> str | Failure | Declined:
        """The question that a reply is; a Failure where it is none.

        Declined where it gives its document away, names nothing, or is of the examples that were `shown` and not of the `chunk`.
        """
        question = question_in(text)
        if question is None:
            return Failure(kind="parse", reason="not one question", detail=text)
        said = leak(question, self.settings.leaks, anywhere=self.settings.leaks_anywhere)
        if said:
            return Declined(reason="the question speaks of its document", detail=f"{said}: {question}")
        if EMPTY.issuperset(words(question)):
            return Declined(reason="the question names nothing", detail=question)
        asked = [one.question for one in shown]
        alike = _likeness([question, *asked])[0][1:]
        again = [
            one
            for one, how in zip(asked, alike, strict=True)
            if how >= self.settings.limits.alike and in_one_order(question, one)
        ]
        if again:
            return Declined(reason="the question is one of the examples", detail=question)
        if name := name_of(shown, question, chunk):
            return Declined(reason="the question names what an example is about", detail=f"{name}: {question}")
        return question

    def _apart(
        self, document: Prompt, places: Sequence[Chunk], asked: Sequence[str | Declined]
    ) -> list[Prompt | Declined]:
        """The questions that are no near duplicates of earlier ones."""
        texts = [one if isinstance(one, str) else "" for one in asked]
        alike = _likeness(texts)
        rows: list[Prompt | Declined] = []
        kept: list[int] = []
        for number, one in enumerate(asked):
            if isinstance(one, Declined):
                rows.append(one)
                continue
            near = [
                other
                for other in kept
                if alike[number][other] >= self.settings.limits.alike and in_one_order(one, texts[other])
            ]
            if near:
                nearest = max(near, key=lambda other: alike[number][other])
                rows.append(_again(one, rows[nearest], alike[number][nearest]))
                continue
            kept.append(number)
            rows.append(about(document, places[number], one, number))
        return rows


def question_in(text: str) -> str | None:
    """The one question of a reply, on one line; None where there is none, there are several, or its beginning is not told.

    >>> question_in("Question: Where does the Rhine\\nrise?"), question_in("Where does the\\nRhine rise?")
    ('Where does the Rhine rise?', None)
    """
    lines: list[str] = []
    for line in (line for line in map(_bare, text.splitlines()) if line):
        if lines and not lines[-1].endswith(STOPS) and line[0].islower():
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    questions = [line for line in lines if line.endswith(ENDS)]
    whole = len(lines) == 1 or (len(lines) == 2 and (lines[1] not in questions or lines[0].endswith(STOPS)))
    return questions[0] if len(questions) == 1 and whole and _is_one(questions[0]) else None


def _is_one(question: str) -> bool:
    """Whether it has words, and no other question before its end."""
    return bool(words(question)) and not any(found[1].isupper() for found in _ANOTHER.finditer(question))


def spread(n: int, chunks: Sequence[Chunk]) -> list[Chunk]:
    """The chunk of each of `n` questions: spread over the document; none where there is no chunk.

    >>> chunks = [Chunk(number=number, text="", n_tokens=None) for number in range(4)]
    >>> [one.number for one in spread(2, chunks)], [one.number for one in spread(6, chunks)]
    ([0, 2], [0, 0, 1, 2, 2, 3])
    """
    return [chunks[place * len(chunks) // n] for place in range(n)] if chunks else []


def about(document: Prompt, chunk: Chunk, question: str, number: int) -> Prompt:
    """A question as a prompt, with what its document's source knows; `meta["number"]` tells which of its document it is."""
    meta = {name: value for name, value in document.meta.items() if name not in (CUTS, AMISS)}
    meta |= {"number": str(number), "chunk": str(chunk.number)}
    return Prompt(messages=(Message(role="user", content=question),), document=chunk.text, meta=meta)


def _again(question: str, first: Prompt | Declined, alike: float) -> Declined:
    because = first.id if isinstance(first, Prompt) else ""
    return Declined(reason="asked already of this document", because=because, similarity=alike, detail=question)


def _likeness(texts: Sequence[str]) -> list[list[float]]:
    """Words in common of all words of both (Jaccard), of all pairs, whatever their order; NaN where one has none."""
    if not texts:
        return []
    flat: list[float] = [*memoryview(consistency.jaccard([list(texts)]).values)]
    return [flat[row * len(texts) : (row + 1) * len(texts)] for row in range(len(texts))]


def name_of(shown: Sequence[Example], question: str, chunk: str) -> str:
    """A name in a question that one of the examples has and its chunk has not; "" where there is none."""
    named = {found.group().lower() for one in shown for found in _NAME.finditer(f"{one.document} {one.question}")}
    foreign = named - EMPTY - set(words(chunk))
    names = (found.group() for found in _NAME.finditer(question) if found.start() > 0)
    return next((name for name in names if name.lower() in foreign), "")


def in_one_order(one: str, other: str) -> bool:
    """Whether the words that two questions have in common stand in one order, stop words left out.

    >>> in_one_order("Does A precede B?", "Does B precede A?")
    False
    >>> in_one_order("What is the river called?", "What is the old river of the town called?")
    True
    """
    said = [words(text) for text in (one, other)]
    common = set(said[0]) & set(said[1])
    common = common - STOP_WORDS or common
    shorter, longer = sorted(([word for word in text if word in common] for text in said), key=len)
    rest = iter(longer)
    return all(word in rest for word in shorter)


def _bare(line: str) -> str:
    """A line without what models put around a question: quotation marks, numbers, labels, "Here is a question:".

    >>> _bare("2. **Question 3:** What is it?"), _bare("Sure, here's one: What is it?"), _bare("A. Lincoln was born where?")
    ('What is it?', 'What is it?', 'A. Lincoln was born where?')
    """
    line = line.strip().strip(_QUOTES).strip()
    found = _LABEL.match(line)
    return _bare(line[found.end() :]) if found else line
