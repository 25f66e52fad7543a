"""What is asked: questions of the teacher, answers with and without the document, and the ten examples that are shown before.

The wording is ours; the paper's code has one of its own, of the same roles. A question goes to the student as it stands; with the
document before it, it is the template `method.read`, whether the student answers, is trained on a teacher's answer, or is the arm
`document`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sctk_core import Message, Prompt, Template, seed_from

ASK = """Read this about {title}.

{document}

Write one question that what you have read answers. Ask about one fact. Name what the question is about, so that somebody who \
has read nothing understands it, and do not speak of a text or a document. Write the question alone, in one sentence."""
READ = """{document}

With the help of what stands above, answer this question: {question}"""
TEACH = """{document}

With the help of what stands above, answer this question: {question}

Answer carefully and in whole sentences, with nothing but facts, in a clear order. Do not say where you have them from."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A document, a question about it, and its answer."""

    title: str
    document: str
    question: str
    answer: str


@cache
def examples() -> tuple[Example, ...]:
    """The ten examples that are shown."""
    text = files("sctk_knowledge").joinpath("examples.toml").read_text("utf-8")
    return tuple(Example(**one) for one in tomllib.loads(text)["example"])


def drawn(n: int, *by: object) -> list[Example]:
    """`n` of the examples in an order that content decides."""
    return sorted(examples(), key=lambda one: seed_from("example", one.question, *by))[:n]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The templates of a run."""

    ask: Template
    read: Template
    teach: Template

    def asking(self, title: str, document: str, shown: Sequence[Example]) -> tuple[Message, ...]:
        """The conversation that asks the teacher for a question; earlier turns are the examples."""
        before = [_turns(self.ask.fill(title=one.title, document=one.document), one.question) for one in shown]
        last = Message(role="user", content=self.ask.fill(title=title, document=document))
        return (*(turn for turns in before for turn in turns), last)

    def reading(self, question: Prompt) -> tuple[Message, ...]:
        """The question with its document before it, as the student is asked it."""
        return self._with_document(self.read, question)

    def teaching(self, question: Prompt) -> tuple[Message, ...]:
        """The same, as the teacher is asked it."""
        return self._with_document(self.teach, question)

    def _with_document(self, template: Template, question: Prompt) -> tuple[Message, ...]:
        *before, last = question.messages
        text = template.fill(document=question.document or "", question=last.content)
        return (*before, Message(role=last.role, content=text))


def recalling(question: Prompt, shown: Sequence[Example]) -> tuple[Message, ...]:
    """The question alone, behind examples of questions and answers: how a base model is asked."""
    before = [_turns(one.question, one.answer) for one in shown]
    return (*(turn for turns in before for turn in turns), *question.messages)


def wording(ask: str, read: str, teach: str) -> Wording:
    """The templates, read; a ConfigError where one does not show what it must."""
    return Wording(
        ask=_read(ask, "ask", {"title", "document"}, ("document",)),
        read=_read(read, "read", {"document", "question"}, ("document", "question")),
        teach=_read(teach, "teach", {"document", "question"}, ("document", "question")),
    )


def _read(text: str, name: str, known: set[str], needs: tuple[str, ...]) -> Template:
    return Template.read(text, known=known, needs=needs, where=f"[method] knowledge, wording.{name}")


def _turns(asked: str, answered: str) -> tuple[Message, Message]:
    return Message(role="user", content=asked), Message(role="assistant", content=answered)


def title_of(meta: Mapping[str, str]) -> str:
    """What a document is called in a prompt."""
    return meta.get("title", "") or "its subject"
