"""The yes-no reward: the share of yes, what is no answer, and backends that cannot tell."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest
from sctk_core import ConfigError, Failure, Message, Prompt, Sample, Score
from sctk_core.testing import ScriptedBackend, check_reward
from sctk_rewards.yes_no import YesNo

PROMPT = Prompt(messages=(Message(role="user", content="How are you?"),), reference="well")


class Telling(ScriptedBackend):
    """It finds the answers as likely as told; of a conversation that names a fault it tells nothing."""

    def __init__(self, **likely: float) -> None:
        super().__init__(lambda request: "")
        self.likely, self.asked = likely, list[tuple[tuple[Message, ...], str]]()

    async def logprobs(self, conversations: Sequence[tuple[tuple[Message, ...], str]]) -> Sequence[float | Failure]:
        self.asked += conversations
        return [
            Failure(kind="backend", reason="down") if "FAULT" in turns[-1].content else math.log(self.likely[text])
            for turns, text in conversations
        ]


def scored(backend: Telling, *texts: str, **options: str) -> Sequence[Score | Failure]:
    made = YesNo(YesNo.Config(**options), backend=backend)
    return asyncio.run(made.score([Sample(prompt=PROMPT, text=text) for text in texts]))


def test_the_score_is_the_share_of_yes_and_each_failure_is_its_own() -> None:
    backend = Telling(Yes=0.6, No=0.2)
    first, second = scored(backend, "Well [[1]].", "FAULT", system="Be strict.")
    assert isinstance(first, Score)
    assert first.value == pytest.approx(0.75)
    assert isinstance(second, Failure)
    assert (second.kind, second.stage, second.of) == ("backend", "score", Sample(prompt=PROMPT, text="FAULT").id)
    shown = backend.asked[0][0]
    assert [turn.role for turn in shown] == ["system", "user"]
    assert "How are you?" in shown[1].content
    assert "[[1]]" not in shown[1].content
    assert [text for _, text in backend.asked] == ["Yes", "No", "Yes", "No"]


@pytest.mark.parametrize(("yes", "no", "value"), [(0.3, 0.25, 0.3 / 0.55), (0.3, 0.15, None), (1e-9, 1e-12, None)])
def test_two_unlikely_answers_are_a_failure_and_no_number(yes: float, no: float, value: float | None) -> None:
    (found,) = scored(Telling(ja=yes, nein=no), "x", yes="ja", no="nein")
    if value is None:
        assert isinstance(found, Failure)
        assert (found.kind, found.component) == ("parse", "yes-no")
    else:
        assert isinstance(found, Score)
        assert found.value == pytest.approx(value)


def test_what_cannot_be_asked_is_refused_before_anything_is() -> None:
    backend = ScriptedBackend(lambda request: "Yes")
    with pytest.raises(ConfigError, match="got a backend that tells no log-probabilities"):
        YesNo(YesNo.Config(), backend=backend)
    assert not backend.seen
    with pytest.raises(ConfigError, match="wanted two that differ"):
        YesNo(YesNo.Config(no="Yes"), backend=Telling())
    with pytest.raises(ConfigError, match=r"without \{response\}"):
        YesNo(YesNo.Config(ask="Good?"), backend=Telling())
    assert YesNo.needs_reference(YesNo.Config(ask="{response} {reference}"))


def test_conformance() -> None:
    check_reward(YesNo(YesNo.Config(), backend=Telling(Yes=0.5, No=0.5)))
