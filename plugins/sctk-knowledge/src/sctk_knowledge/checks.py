"""What a recipe must have for a scorer to say what it is to say; looked at before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sctk_core import ConfigError, Message, ModelRef, Setup

from sctk_knowledge.documents import WORDS, Documents, offsets_of
from sctk_knowledge.prompts import Wording, drawn
from sctk_knowledge.settings import Detection, KnowledgeConfig

WANTS = {"contradiction": "disagreement", "bsdetector": "agreement", "semantic-entropy": "agreement"}
"""What each scorer reads of [comparer]; `p-true` reads nothing of it."""


def complain(setup: Setup, detection: Detection) -> None:
    """Raises a ConfigError for the first thing that cannot come right."""
    scorer = detection.scorer
    comparer = setup.chosen.get("comparer")
    gives = getattr(comparer.config, "gives", None) if comparer else None
    wanted = WANTS.get(scorer)
    if wanted and gives not in (None, wanted):
        raise ConfigError(
            f'[method] knowledge, detection.scorer = "{scorer}": got [comparer] gives = "{gives}", wanted "{wanted}"',
            hint=f'[comparer] gives = "{wanted}"',
        )
    if scorer == "p-true" or (scorer == "semantic-entropy" and detection.scoring.entropy == "likelihood"):
        _want_log_probabilities(setup, scorer)
    if scorer == "semantic-entropy" and detection.label == "soft":
        raise ConfigError(
            '[method] knowledge, detection.label = "soft": got the scorer "semantic-entropy", whose S_K is an entropy in nats, '
            "wanted one in [0, 1]",
            hint='detection.label = "hard", or another scorer',
        )
    if scorer == "semantic-entropy" and detection.pairs > 1 and detection.documents:
        raise ConfigError(
            f'[method] knowledge, detection.pairs = {detection.pairs}: got the scorer "semantic-entropy", which never looks at the '
            "reference, so that no other answer can be said to agree with it, wanted 1",
            hint="detection.pairs = 1, another scorer, or detection.documents = false, where pairs go by rank alone",
        )


def _want_log_probabilities(setup: Setup, scorer: str) -> None:
    voice = setup.voices["student"]
    if not callable(getattr(voice.target, "logprobs", None)):
        raise ConfigError(
            f'[method] knowledge, detection.scorer = "{scorer}": got the backend {voice.backend!r}, which tells no '
            "log-probabilities",
            hint='nano, transformers and vllm do; scorer = "contradiction" needs none',
        )


def want_room(setup: Setup, config: KnowledgeConfig, wording: Wording) -> None:
    """Raises where the teacher's context holds no whole chunk beside the examples and the wording.

    It is told by text alone, without the marks of a chat template, and with the shortest examples: what is refused surely fails.
    """
    source, teacher = setup.chosen["source"], setup.voices.get("teacher")
    if not isinstance(source.config, Documents.Config) or source.config.tokenizer == WORDS:
        return
    counted_by = source.config.tokenizer or setup.voices["student"].path
    if teacher is None or teacher.context is None or teacher.path != counted_by:
        return
    if not Path(counted_by, "tokenizer.json").is_file():
        return
    tokens = offsets_of(ModelRef(path=teacher.path))

    def length(messages: Sequence[Message]) -> int:
        return sum(len(tokens(turn.content)) for turn in messages)

    bare = length(wording.asking("", "", ()))
    shown = sorted(length(wording.asking("", "", [one])) - bare for one in drawn(10))[: config.questions.examples]
    around, chunk = bare + sum(shown), source.config.chunk_tokens
    if around + chunk >= teacher.context:
        raise ConfigError(
            f"[source] documents: got chunks of {chunk} tokens, to which the question to the teacher adds {around} or more, wanted "
            f"fewer than the {teacher.context} tokens of {teacher.path}",
            hint="--model DIR --backend transformers names a model that reads more (the embedded one cannot), --teacher DIR "
            "another teacher; a smaller source.chunk_tokens and fewer method.questions.examples make the question shorter",
        )
