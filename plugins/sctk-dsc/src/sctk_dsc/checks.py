"""What a recipe must have for a chain to be what it says it is; looked at before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from sctk_core import ConfigError, Sampling, Setup
from sctk_critics.constitution import Constitution


def complain(setup: Setup, *, by_score: bool, suffix: bool, exact: bool | Literal["measured"]) -> None:
    """Raises a ConfigError for the first thing that cannot come right.

    `by_score`: scores are likelihoods; `suffix`: answers are drawn anew from a position on; `exact`: six log-probabilities a step.
    """
    if by_score:
        _want_likelihoods(setup)
    if suffix and exact:
        raise ConfigError(
            f'[method] dsc: got exact = {_said(exact)} beside proposal = "suffix", wanted one of them',
            hint="suffix is exact by itself, and needs no log-probabilities: leave exact out",
        )
    if suffix:
        _want_continuing(setup)
    if exact:
        _want_log_probabilities(setup, f"[method] dsc, exact = {_said(exact)}")


def _said(exact: bool | str) -> str:
    """The setting as a recipe has it."""
    return f'"{exact}"' if isinstance(exact, str) else str(exact).lower()


def want_a_count(setup: Setup) -> None:
    """A reward for privacy that does not praise films."""
    if setup.chosen["reward"].name == "lexicon":
        raise ConfigError(
            "[method] preset = paper-privacy: got the reward 'lexicon', which counts no persons, wanted minus their number",
            hint="leave [reward] out for `personal-data`, or name one whose score is minus the count of persons that a text names",
        )


def _want_likelihoods(setup: Setup) -> None:
    """Scores of 0 or more, where the reward states its scale."""
    reward = setup.chosen["reward"]
    scale = reward.scale
    if scale is not None and (scale.low is None or scale.low < 0):
        raise ConfigError(
            f'[rule] metropolis: got likelihood = "score" beside the reward {reward.name!r}, whose scores are {scale}; '
            "wanted scores of 0 or more",
            hint='likelihood = "exp" takes any score',
        )


def _want_continuing(setup: Setup) -> None:
    """A teacher that goes on after given tokens, and ends by its tokens alone."""
    voice = setup.voices["teacher"]
    if not getattr(voice.target, "continues", False):
        raise ConfigError(
            f'[method] dsc, proposal = "suffix": got the backend {voice.backend!r}, which does not go on after given tokens',
            hint="nano, transformers and vllm do",
        )
    if voice.sampling.stop:
        raise ConfigError(
            f'[method] dsc, proposal = "suffix": got sampling.stop = {list(voice.sampling.stop)!r}, wanted none',
            hint="a text that a stop string cut is not what was sampled: its tokens cannot be gone on after",
        )


def _want_log_probabilities(setup: Setup, where: str) -> None:
    """One model that tells log-probabilities, drafts and criticises, and is sampled as it is; a rule that reads the ratio."""
    teacher, critic = setup.voices["teacher"], setup.chosen["critic"]
    rule = setup.chosen["rule"].name
    if rule != "metropolis":
        raise ConfigError(
            f"{where}: got the rule {rule!r}, which reads no ratio, wanted metropolis", hint="leave exact out"
        )
    if not callable(getattr(teacher.target, "logprobs", None)):
        raise ConfigError(
            f"{where}: got the backend {teacher.backend!r}, which tells no log-probabilities",
            hint='nano, transformers and vllm do; proposal = "suffix" is exact without them',
        )
    if not all(callable(getattr(critic.target, verb, None)) for verb in ("asking", "revising")):
        raise ConfigError(
            f"{where}: got the critic {critic.name!r}, which does not show what it asks",
            hint="the critic `constitution` does",
        )
    speaker = setup.voices.get(critic.role)
    if speaker is None or (speaker.model, speaker.backend) != (teacher.model, teacher.backend):
        raise ConfigError(
            f"{where}: got a critic in the words of {critic.role or 'nobody'!r}, wanted the model that drafts",
            hint="six log-probabilities of one model make the ratio: leave [critic] role and [roles.teacher] out",
        )
    for what, sampling in _drawn(setup):
        if (sampling.temperature, sampling.top_p, sampling.stop) != (1.0, 1.0, ()):
            raise ConfigError(
                f"{where}: got {what} drawn at temperature {sampling.temperature:g}, top_p {sampling.top_p:g} and stop = "
                f"{list(sampling.stop)!r}, wanted 1, 1 and none",
                hint='log-probabilities are the model\'s own; proposal = "suffix" is exact for any sampling',
            )


def _drawn(setup: Setup) -> Iterator[tuple[str, Sampling]]:
    """How drafts, critiques and revisions are drawn."""
    yield "drafts", setup.voices["teacher"].sampling
    critic = setup.chosen["critic"]
    own, usual = critic.config, setup.voices[critic.role].sampling
    if isinstance(own, Constitution.Config):
        yield from (("critiques", own.critiques.over(usual)), ("revisions", own.revisions.over(usual)))
    else:
        yield "critiques", usual
