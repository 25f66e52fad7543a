"""What a teacher writes as a question: read strictly, refused where it gives its document away, each once for a document."""

from __future__ import annotations

import pytest
from sctk_core import Declined, Failure, Message, Prompt
from sctk_knowledge.chunks import Chunk
from sctk_knowledge.leaks import leak
from sctk_knowledge.prompts import Example, examples, wording
from sctk_knowledge.questions import Asking, about
from sctk_knowledge.settings import Limits, Questions, Words

WORDS = Words()
WORDING = wording(WORDS.ask, WORDS.read, WORDS.teach)


def asking(**settings: object) -> Asking:
    return Asking(n=4, settings=Questions(**settings), wording=WORDING)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "question",
    [
        "In which context did the textile industry of Ghent grow?",
        "What does the pretext of the war of 1870 show?",
        "Who wrote the Contextual Theory of Value?",
        "Which documents did a traveller need at the border?",
        "What is information theory about?",
        "How is plain text told apart from ciphertext?",
        "What did the historian find in the archive?",
    ],
)
def test_a_word_that_holds_another_is_no_leak(question: str) -> None:
    assert leak(question) == ""


@pytest.mark.parametrize(
    "question",
    [
        "What does the text say about Avon?",
        "According to the document, who is the mayor?",
        "Why does this passage mention Frome?",
        "Which river is named in the given text?",
        "What can be learnt from the above article?",
        "According to document 3, who left?",
        "What do these paragraphs describe?",
        "Based on the provided information, when was it built?",
        "What, in THE TEXT, is blue?",
    ],
)
def test_what_points_at_the_document_is_a_leak(question: str) -> None:
    assert leak(question)
    found = asking().read(question)
    assert isinstance(found, Declined)
    assert (found.reason, question in found.detail) == ("the question speaks of its document", True)


def test_the_papers_code_refuses_the_word_wherever_it_stands() -> None:
    question = "Which documents did a traveller need at the border?"
    assert asking().read(question) == question
    assert isinstance(asking(leaks_anywhere=True).read(question), Declined)
    assert leak("In which context did textile grow?", anywhere=True) == ""


@pytest.mark.parametrize(
    ("question", "noun"),
    [
        ("Was sagt das Dokument dazu?", "Dokument"),
        ("文章によると、首都は?", "文章"),
        ("Что говорит этот текст?", "Текст"),
        ("Who, by the Manual Pages, wrote it?", "manual page"),
    ],
)
def test_words_of_any_language_script_and_number_can_be_named(question: str, noun: str) -> None:
    assert leak(question, (noun, "", "!"), anywhere=True)
    assert not leak(question, ("kein", "page manual"), anywhere=True)


def test_several_words_are_pointed_at_as_one() -> None:
    assert leak("What does the given manual page say?", ("manual page",)) == "the given manual page"
    assert leak("What is a manual page?", ("manual page",)) == ""


@pytest.mark.parametrize(("text", "n"), [("東京は日本の首都です。" * 60, 600), ("The old town is Avon. " * 120, 600)])
def test_a_document_is_as_long_as_its_words_in_every_script(text: str, n: int) -> None:
    document = Prompt(messages=(Message(role="user", content="Tokyo"),), document=text)
    assert asking(limits=Limits(document_words=n - 1))._amiss(document) is None
    found = asking(limits=Limits(document_words=n))._amiss(document)
    assert found == Declined(reason="the document is too short", detail=f"{n} words")


@pytest.mark.parametrize(
    "reply",
    ["What is Avon?", "Question: What is Avon?", '"What is Avon?"', "Sure:\n**What is Avon?**", "1. What is Avon?",
     "**Question**\nWhat is Avon?", "What\nis Avon?", "What is Avon?\nIt is a town.", "12. What is Avon?", "Q3: What is Avon?",
     "### Question\nWhat is Avon?", "b) What is Avon?", "Here is a question about the town: What is Avon?"],
)  # fmt: skip
def test_a_question_is_read_without_what_stands_around_it(reply: str) -> None:
    assert asking().read(reply) == "What is Avon?"


@pytest.mark.parametrize(
    "reply", ["", "?", "Question:", "Is it a town? What is Avon?", "Q: What is Avon? A: Is it a town?",
              "Avon is a town.", "What is Avon? It is a town.", "What is Avon?\nWhere is it?", "a\nb\nWhat is it?",
              "What is the town of\nAvon?", "What is\nthe purpose of the\nAvon?"],
)  # fmt: skip
def test_what_is_no_single_question_is_a_failure(reply: str) -> None:
    assert isinstance(asking().read(reply), Failure)


def test_an_example_that_is_said_again_is_refused() -> None:
    shown = examples()[:3]
    for one in shown:
        found = asking().read(one.question, shown, one.document)
        assert isinstance(found, Declined)
        assert found.reason == "the question is one of the examples"
    assert asking().read(examples()[3].question, shown) == examples()[3].question


@pytest.mark.parametrize(
    "question", ["What is this?", "What is it called?", "How does it do that?", "What is the purpose?"]
)
def test_a_question_that_names_nothing_is_refused(question: str) -> None:
    found = asking().read(question)
    assert isinstance(found, Declined)
    assert (found.reason, found.detail) == ("the question names nothing", question)
    assert asking().read("What is vi?") == "What is vi?"


def test_a_question_with_a_name_that_only_an_example_has_is_refused() -> None:
    shown = examples()[:2]
    question = "What saves Johannes Vermeer when the lock is held?"
    found = asking().read(question, shown, "A lock is held by one process.")
    assert isinstance(found, Declined)
    assert (found.reason, found.detail) == (
        "the question names what an example is about",
        f"Johannes: {question}",
    )
    assert asking().read(question, shown, "Johannes Vermeer had a lock.") == question
    assert asking().read(question, examples()[2:4], "A lock.") == question
    assert (
        asking().read("Which lock does The Rhine hold?", examples()[1:2], "A lock.")
        == "Which lock does The Rhine hold?"
    )


def test_of_near_duplicates_the_first_stays_and_the_others_name_it() -> None:
    document = Prompt(
        messages=(Message(role="user", content="Avon"),), document="...", meta={"group": "g", "title": "Avon"}
    )
    asked = [
        "What is the river of the old town Avon called?", "And what is the river of the old town, Avon, called?",
        "Who is the mayor of Avon?", Declined(reason="no question in 3 tries"),
    ]  # fmt: skip
    places = [Chunk(number=0, text="...", n_tokens=None)] * 4
    rows = asking(limits=Limits(alike=0.85))._apart(document, places, asked)
    first, second, third, fourth = rows
    assert isinstance(first, Prompt)
    assert isinstance(third, Prompt)
    assert isinstance(second, Declined)
    assert (second.reason, second.because) == ("asked already of this document", first.id)
    assert second.similarity == pytest.approx(0.9)
    assert fourth == asked[3]
    assert [row.meta["number"] for row in (first, third)] == ["0", "2"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Does A precede B?", "Does B precede A?"),
        (
            "Which came first, the treaty of Avon or the treaty of Kent?",
            "Which came first, the treaty of Kent or of Avon?",
        ),
        ("Did Rome conquer Carthage before Corinth fell?", "Did Carthage conquer Rome before Corinth fell?"),
        ("Is the master a copy of the slave?", "Is the slave a copy of the master?"),
        ("Предшествует ли Анна Борису?", "Предшествует ли Борису Анна?"),
    ],
)
def test_questions_that_differ_by_the_order_of_their_words_are_two(one: str, other: str) -> None:
    document = Prompt(messages=(Message(role="user", content="Avon"),), document="...")
    places = [Chunk(number=0, text="...", n_tokens=None)] * 3
    rows = asking()._apart(document, places, [one, other, f"{other[:-1]} ?"])
    assert [isinstance(row, Prompt) for row in rows] == [True, True, False]
    assert isinstance(rows[2], Declined)
    assert isinstance(rows[1], Prompt)
    assert rows[2].because == rows[1].id
    example = Example(title="", document="", question=one, answer="")
    assert asking().read(other, [example], other) == other


def test_the_examples_are_ten_questions_that_leak_nothing() -> None:
    assert len(examples()) == 10
    for one in examples():
        assert asking().read(one.question) == one.question
        assert leak(one.question) == ""


def test_a_question_knows_what_its_documents_source_knows() -> None:
    meta = {"group": "g", "title": "Avon", "kind": "town", "seen": "true", "chunks": "0-3/1"}
    document = Prompt(messages=(Message(role="user", content="Avon"),), document="All of it.", meta=meta)
    asked = about(document, Chunk(number=2, text="A part.", n_tokens=1), "Where is Avon?", 5)
    assert (asked.messages[-1].content, asked.document) == ("Where is Avon?", "A part.")
    assert dict(asked.meta) == {
        "group": "g", "title": "Avon", "kind": "town", "seen": "true", "number": "5", "chunk": "2",
    }  # fmt: skip
