"""Sentences, and the paper's checks of answers from a model's own head."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from knowledge_walks import CUT_OFF, QUESTION, crew_of
from sctk_core import Declined, Generate, Message, Prompt, Sample
from sctk_core.pipeline.item import walked
from sctk_knowledge.answers import Annotating
from sctk_knowledge.crews import Annotators
from sctk_knowledge.method import KnowledgeDetection
from sctk_knowledge.prompts import wording
from sctk_knowledge.quality import Checks, checked
from sctk_knowledge.sentences import sentences
from sctk_knowledge.settings import Answers, KnowledgeConfig, Words

PROMPT = Prompt(messages=(Message(role="user", content="Why?"),))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("Avon", ["Avon"]),
        ("It is Avon. Is it? Yes!", ["It is Avon.", "Is it?", "Yes!"]),
        ("Mr. Smith met J. R. Lee at 3.30 p.m. in Bath. They left.",
         ["Mr. Smith met J. R. Lee at 3.30 p.m. in Bath.", "They left."]),
        ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
        ("東京は首都です。人口は多い。", ["東京は首都です。", "人口は多い。"]),
        ("यह एक नगर है। नदी बड़ी है।", ["यह एक नगर है।", "नदी बड़ी है।"]),
        ("Two reasons:\n- It is old.\n- It is far", ["Two reasons:", "- It is old.", "- It is far"]),
        ("A title\n\nA paragraph.", ["A title", "A paragraph."]),
        ("e.g. this, i.e. that. Done.", ["e.g. this, i.e. that.", "Done."]),
    ],
)  # fmt: skip
def test_sentences(text: str, wanted: list[str]) -> None:
    assert sentences(text) == wanted


def reason(text: str, n_tokens: int | None = None, *, cut: bool = False, most: int = 100) -> str:
    ids = None if n_tokens is None else (0,) * n_tokens
    sample = Sample(
        prompt=PROMPT, text=text, token_ids=ids, tokenizer="t" if ids else None, finish="length" if cut else "stop"
    )
    found = checked(sample, Checks(), most, text)
    return found.reason if isinstance(found, Declined) else ""


GOOD = "The river of Avon is the Frome. It rises in the hills to the north, and falls into the sea at Poole."
AGAIN = " The Frome of Avon rises in hills to the north and falls into the sea at Poole."


def test_a_good_answer_passes() -> None:
    assert reason(GOOD, 90) == ""
    assert reason("Poole", 2) == ""


@pytest.mark.parametrize(
    ("text", "n_tokens", "cut", "wanted"),
    [
        (" ", 1, False, "the answer is empty"),
        (GOOD, 91, False, "the answer runs to the limit of its tokens"),
        (GOOD, None, True, "the answer runs to the limit of its tokens"),
        ("It is the Frome. It rises in", 9, False, "the last sentence breaks off"),
        (GOOD + AGAIN, 40, False, "the end repeats what was said"),
        ("It is old. It is grey.", 9, False, ""),
        ("Trees grow. Birds sing. Trees grow.", 9, False, "the end repeats what was said"),
        ("It rains. It snows. It rains. It snows. Nobody minds any of that weather.", 20, False, "sentences are repeated"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, n_tokens: int | None, cut: bool, wanted: str) -> None:
    assert reason(text, n_tokens, cut=cut) == wanted


def answered(said: str, **settings: Any) -> list[str]:
    """The row, or why there is none, of a question that the teacher answers, and of context distillation by the same words."""
    words = Words()
    given = Answers(teacher_share=1.0, **settings)
    annotating = Annotating(settings=given, wording=wording(words.ask, words.read, words.teach))
    method = KnowledgeDetection(KnowledgeConfig(answers=given, arms=("distilled",)))
    distilling = next(one for one in method.plan() if isinstance(one, Generate) and one.name == "distillation")
    passes = (
        Generate("answers", annotating.walk, steps=annotating.steps, makes={"answers": Sample}, crew=Annotators),
        distilling,
    )
    rows: list[str] = []
    for one in passes:
        crew = crew_of(one.crew, lambda step, request: said, lambda a, b: 0.0, {})  # type: ignore[arg-type]
        found = asyncio.run(walked(one, QUESTION, 0, crew))
        rows += [row.text for row in found.made["answers"]] + [declined.reason for _, declined in found.page.declined]
    return rows


def test_a_teachers_answer_that_was_cut_off_is_no_row() -> None:
    assert answered(f"It is so, and then it{CUT_OFF}") == ["the teacher's answer runs to the limit of its tokens"] * 2
    assert answered("It is so.") == ["It is so."] * 2
    assert answered(f"It is{CUT_OFF}", cut_off="taken") == [f"It is{CUT_OFF}"] * 2
    assert answered(" ") == ["the text is empty"] * 2
