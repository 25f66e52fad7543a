"""What a recipe must have for a scorer to say what it is to say; looked at before anything is asked."""

from __future__ import annotations

from sctk_core import ConfigError, Setup

from sctk_knowledge.settings import Detection

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
