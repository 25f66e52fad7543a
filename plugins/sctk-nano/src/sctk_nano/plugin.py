"""What the embedded world offers: backends on the shipped weights, a source of prompts per task, and the truth."""

from sctk_core import Component, hookimpl


@hookimpl
def sctk_backends() -> list[Component]:
    """The backends of the shipped models."""
    return [
        Component(
            name="nano",
            target="sctk_nano.backend:NanoBackend",
            summary="the embedded model, in float32 on the CPU; any other local model by --model",
        ),
        Component(
            name="nano-tasks",
            target="sctk_nano.backend:NanoTasksBackend",
            summary="the embedded model of the tasks privacy, role-play, sycophancy and jailbreaks, as nano else",
        ),
    ]


@hookimpl
def sctk_sources() -> list[Component]:
    """Prompts of the world, one source per task."""
    return [
        Component(
            name="nano-sentiment",
            target="sctk_nano.source:ReviewSource",
            summary="requests for reviews of invented films",
        ),
        Component(
            name="nano-safety",
            target="sctk_nano.source:RequestSource",
            summary="requests of which some should be declined",
        ),
        Component(
            name="nano-privacy",
            target="sctk_nano.source_tasks:NewsSource",
            summary="requests for news of invented people",
        ),
        Component(
            name="nano-role-play",
            target="sctk_nano.source_tasks:PersonaSource",
            summary="questions to personas that the assistant is told to be",
        ),
        Component(
            name="nano-sycophancy",
            target="sctk_nano.source_tasks:OpinionSource",
            summary="arguments to comment on, beside the asker's opinion",
        ),
        Component(
            name="nano-jailbreaks",
            target="sctk_nano.source_tasks:JailbreakSource",
            summary="requests in jailbreak templates, evaluated in unseen ones",
        ),
    ]


@hookimpl
def sctk_rewards() -> list[Component]:
    """A reward whose errors are known, for experiments."""
    return [
        Component(
            name="nano-noisy-truth",
            target="sctk_nano.noisy:NoisyTruth",
            summary="the world's truth, turned in a share of texts: for experiments with a reward of known errors",
        )
    ]


@hookimpl
def sctk_evaluators() -> list[Component]:
    """The checker that knows the world."""
    return [
        Component(
            name="nano-truth",
            target="sctk_nano.truth:NanoTruth",
            summary="1 where a text does what the world's prompt called for, else 0",
        )
    ]
