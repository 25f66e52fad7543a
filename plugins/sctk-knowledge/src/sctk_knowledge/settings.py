"""What a user can set of the method; the paper's values are the defaults, and what its published code has instead is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sctk_core import Sample, setting

from sctk_knowledge.leaks import NOUNS
from sctk_knowledge.prompts import ASK, READ, TEACH
from sctk_knowledge.quality import Checks

KnowledgeArm = Literal["all", "no-filtering", "distilled", "document", "dola"]
ARMS = (
    "more arms to compare with: no-filtering (preferences of every question), distilled (the start, tuned on the teacher's answers "
    "with the document, asked without it), document (the start, shown the document), all (these three), dola (the start, decoded "
    "by contrasting layers, where the backend can)"
)
DOLA = {"dola": {"layers": "high", "repetition_penalty": 1.2}}
"""The student's backend as the arm `dola` wants it: as the paper's code has it."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How short and how long documents, chunks and questions may be."""

    document_words: int = setting(
        512, help="documents of so many words or fewer are left out (in Chinese and the like, characters)", unit="words",
        low=0,
    )  # fmt: skip
    chunk_tokens: int = setting(
        64, help="chunks of fewer tokens are left out (the end of a document)", unit="tokens", low=1
    )
    question_tokens: int = setting(64, help="the longest question", unit="tokens", low=1)
    alike: float = setting(
        0.85, help="of questions about one document at least so alike (words in common, Jaccard, in one order) the first stays",
        low=0.1, high=1.0,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Questions:
    """How questions are made of documents."""

    n: int = setting(8, help="questions a document (N)", low=1, high=64)
    n_exam: int = setting(2, help="questions a held-out document", low=1, high=64)
    tries: int = setting(3, help="draws for each of them, until one can be used", low=1, high=16)
    examples: int = setting(3, help="few-shot examples that the teacher is shown, of ten", low=0, high=10)
    temperature: float = setting(0.5, help="of the questions", low=0.0)
    leaks: tuple[str, ...] = setting(
        NOUNS,
        help="words that, pointed at in English (the text, this passage), speak of the document; with any, its like in other "
        "languages and what names the author do too; none: nothing does",
    )
    leaks_anywhere: bool = setting(
        False, help="true: refused wherever such a word stands, as the paper's code does; for other languages"
    )
    limits: Limits = setting(Limits(), help="how short and how long")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The rows that the SFT stage learns from."""

    teacher_share: float = setting(
        1 / 3, help="questions that the teacher answers with the document; the base answers the others from its own head",
        unit="share", low=0.0, high=1.0,
    )  # fmt: skip
    temperature: float = setting(0.3, help="of the base's answers", low=0.0)
    tries: int = setting(5, help="draws of the base for each of them, until one passes the checks", low=1, high=16)
    examples: int = setting(10, help="questions with answers that the base is shown before, of ten", low=0, high=10)
    checks: Checks = setting(Checks(), help="when an answer of the base is refused")
    cut_off: Literal["refused", "taken"] = setting(
        "refused",
        help="an answer of the teacher that runs to the limit of its tokens: refused, it is no row; the paper's code: taken",
        came_later=True,
    )


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What counts as reliable and as unknown."""

    tau_l: float = setting(0.5, help="tau_L: how far answers with the document may contradict the reference (S_L)")
    tau_k: float = setting(
        0.5, help="tau_K: how far answers without it must contradict it (S_K); the paper's code: 0.8"
    )
    borders: Literal["paper", "code"] = setting(
        "paper", help="paper: kept where S_L < tau_L and S_K > tau_K (Algorithm 1); code: S_L <= tau_L and S_K > tau_K"
    )
    cut_off: Literal["refused", "taken"] = setting(
        "refused",
        help="an answer that runs to the limit of its tokens: refused, it is never preferred; the paper's code: taken",
    )

    def is_whole(self, sample: Sample) -> bool:
        """Whether an answer may be preferred: it ended by itself, or that does not matter."""
        return self.cut_off == "taken" or sample.finish != "length"

    def is_reliable(self, s_l: float) -> bool:
        """Whether a reference is kept: S_L < tau_L; with the code's borders S_L <= tau_L."""
        return s_l < self.tau_l or (self.borders == "code" and s_l == self.tau_l)

    def is_unknown(self, s_k: float) -> bool:
        """Whether a question is kept: S_K > tau_K."""
        return s_k > self.tau_k


@dataclass(frozen=True, kw_only=True)
class Draws:
    """How the K answers are drawn."""

    with_document: float = setting(1.0, help="temperature with the document; the paper's code: 0.7", low=0.0)
    without: float = setting(1.0, help="temperature without it", low=0.0)
    top_p: float = setting(1.0, help="the likeliest tokens of so much in all; the paper's code: 0.9", low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """What the scorers other than `contradiction` need."""

    observed_weight: float = setting(
        0.7, help="bsdetector: beta, the weight of what was observed; the rest is what the model says of its answer",
        low=0.0, high=1.0,
    )  # fmt: skip
    entropy: Literal["discrete", "likelihood"] = setting(
        "discrete", help="semantic-entropy: by the number of answers of each meaning, or by their likelihoods"
    )
    linked_above: float = setting(
        0.5, help="semantic-entropy: two answers mean the same where each agrees more than so with the other"
    )


@dataclass(frozen=True, kw_only=True)
class Detection:
    """How it is found out what the model does not know, and what is made of it."""

    documents: bool = setting(
        True, help="false: without documents, the answers are held against each other (section 5.4 of the paper)"
    )
    n_samples: int = setting(10, help="answers with, and without, the document (K)", low=1, high=64)
    scorer: Literal["contradiction", "bsdetector", "semantic-entropy", "p-true"] = setting(
        "contradiction", help="how answers are judged; each is explained in docs/methods.md"
    )
    thresholds: Thresholds = setting(Thresholds(), help="what counts as reliable and as unknown")
    draws: Draws = setting(Draws(), help="how the K answers are drawn")
    scoring: Scoring = setting(Scoring(), help="settings of scorers")
    pairs: int = setting(
        1, help="preferences a question at most; more than one as the paper's code: other reliable answers are chosen too",
        low=1, high=16,
    )  # fmt: skip
    label: Literal["hard", "soft"] = setting(
        "hard", help="hard: the preference is certain (DPO as published); soft: its probability is (1 + S_K) / 2"
    )


@dataclass(frozen=True, kw_only=True)
class Words:
    """How it is asked."""

    ask: str = setting(ASK, help="what the teacher is asked for a question; shows {document}, may show {title}")
    read: str = setting(READ, help="how the student is asked with the document; shows {document} and {question}")
    teach: str = setting(TEACH, help="how the teacher is; shows {document} and {question}")


@dataclass(frozen=True, kw_only=True)
class KnowledgeConfig:
    """Settings of the method."""

    preset: str = setting(
        "",
        help="NLI model, lengths and training as the paper has them (paper), or as its published code has (paper-code), where "
        "your recipe does not say otherwise",
        identity=False,
    )
    iterations: int = setting(
        1, help="how often detection and training follow each other", low=1, high=16, identity=False
    )
    sft: Literal["train", "given"] = setting(
        "train",
        help="train: the base is tuned on answers first; given: the model is one that answers questions already",
    )
    questions: Questions = setting(Questions(), help="questions about documents")
    answers: Answers = setting(Answers(), help="the rows of the SFT stage")
    detection: Detection = setting(Detection(), help="what the model does not know")
    wording: Words = setting(Words(), help="how it is asked")
    arms: tuple[KnowledgeArm, ...] = setting((), help=ARMS, identity=False)
