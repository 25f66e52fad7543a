"""Every walk of the method, by each scorer, keeps to the plan language: rehearsed with fakes, each step failing in turn."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge_world import town
from sctk_core import Message, Prompt, Request
from sctk_core.testing import check_method
from sctk_knowledge.chunks import CUTS, cuts, words, written
from sctk_knowledge.method import KnowledgeDetection
from sctk_knowledge.settings import Answers, Detection, KnowledgeConfig, Limits, Questions

LIMITS = Limits(document_words=5, chunk_tokens=4)
ASKING = Questions(n=2, n_exam=1, tries=2, limits=LIMITS)


def document(name: str) -> Prompt:
    text = town(name)
    meta = {"group": name, "title": name, CUTS: written(cuts(text, words, 24))}
    return Prompt(messages=(Message(role="user", content=name),), document=text, meta=meta)


def answer(request: Request) -> str:
    """A question, one that leaks, none; else an answer that differs by its seed."""
    seen = request.messages[-1].content
    if seen.startswith("Read this"):
        return (f"What is thing {request.seed % 97}?", "What does the text say?", "There is none.")[request.seed % 3]
    return ("(A)", "(B)", "Perhaps", f"It is {request.seed % 5}, they say.")[request.seed % 4]


WAYS: list[dict[str, Any]] = [
    {"scorer": "contradiction", "pairs": 3},
    {"scorer": "contradiction", "documents": False, "label": "soft"},
    {"scorer": "semantic-entropy"},
    {"scorer": "bsdetector"},
    {"scorer": "p-true", "documents": False},
]


@pytest.mark.parametrize("how", WAYS, ids=lambda how: f"{how['scorer']}{'-alone' * ('documents' in how)}")
def test_every_walk_keeps_to_the_language(how: dict[str, Any]) -> None:
    config = KnowledgeConfig(
        questions=ASKING, answers=Answers(tries=2), detection=Detection(n_samples=2, **how), iterations=2, arms=("all",)
    )
    check_method(KnowledgeDetection(config), [document(name) for name in ("Avon", "Bath")], answer=answer)
