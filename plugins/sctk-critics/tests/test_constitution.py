"""The constitution critic: what it asks, how each turn extends the last, and how verdicts, points and failures are read."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sctk_core import ConfigError, Critique, Failure, Message, Prompt, Request, Sample, Sampling
from sctk_core.testing import ScriptedBackend, check_critic
from sctk_critics.constitution import Constitution, Drawn
from sctk_critics.prompts import preset_names, read_prompts

PROMPT = Prompt(messages=(Message(role="user", content="Review {critique}, the film."),))
DRAFT = Sample(prompt=PROMPT, text="Dull. {response}", chain=2)
CRITIQUE = "It has faults:\n- too harsh\n2) no praise\nVerdict: revise"


def answer(request: Request) -> str:
    return "Lovely." if len(request.messages) > 3 else CRITIQUE


def critic(
    script: object = answer, sampling: Sampling | None = None, **options: object
) -> tuple[Constitution, ScriptedBackend]:
    backend = ScriptedBackend(script)  # type: ignore[arg-type]
    config = Constitution.Config(**options)  # type: ignore[arg-type]
    return Constitution(config, backend=backend, sampling=sampling or Sampling()), backend


def criticised(made: Constitution, sample: Sample = DRAFT) -> Critique | Failure:
    (found,) = asyncio.run(made.critique([sample]))
    return found


def revised(made: Constitution, critique: Critique) -> Sample | Failure:
    (found,) = asyncio.run(made.revise([critique]))
    return found


def test_each_turn_extends_the_last_conversation() -> None:
    made, backend = critic(preset="sentiment")
    critique = criticised(made)
    assert isinstance(critique, Critique)
    revision = revised(made, critique)
    asked, asked_again = (request.messages for request in backend.seen)
    assert asked[:2] == (*PROMPT.messages, Message(role="assistant", content="Dull. {response}"))
    assert asked[2].role == "user"
    assert asked[2].content.startswith("List the specific ways in which your last response could be more positive.")
    assert asked_again[:3] == asked
    assert asked_again[3] == Message(role="assistant", content=CRITIQUE)
    assert asked_again[4].content.startswith("Rewrite your last response")
    assert [request.of for request in backend.seen] == [DRAFT.id, critique.id]
    assert isinstance(revision, Sample)
    assert (revision.text, revision.chain, revision.sweep, revision.critique) == ("Lovely.", 2, 1, critique.id)
    assert revision.token_ids == tuple(b"Lovely.")


def test_the_critique_keeps_its_points_and_its_verdict() -> None:
    made, _ = critic()
    critique = criticised(made)
    assert isinstance(critique, Critique)
    assert (critique.verdict, critique.findings, critique.sweep) == ("revise", ("too harsh", "no praise"), 1)


@pytest.mark.parametrize(
    ("text", "options", "wanted"),
    [
        ("Fine.\nVerdict: keep", {}, "keep"),
        ("Fine.\nVerdict: keep", {"verdict": "always-revise"}, "revise"),
        ("No verdict here", {}, "revise"),
        ("No verdict here", {"unclear": "failure"}, "parse"),
        ("  \n", {}, "parse"),
    ],
)
def test_verdicts(text: str, options: dict[str, object], wanted: str) -> None:
    made, _ = critic(lambda request: text, **options)
    found = criticised(made)
    assert (found.verdict if isinstance(found, Critique) else found.kind) == wanted


class Telling(ScriptedBackend):
    """Asked for the verdict alone, it says keep and revise with these probabilities."""

    def __init__(self, text: str, likely: tuple[float, float]) -> None:
        super().__init__(lambda request: text)
        self.likely, self.asked = dict(zip(("keep", "revise"), likely, strict=True)), list[str]()

    async def logprobs(self, conversations: Sequence[tuple[tuple[Message, ...], str]]) -> list[float]:
        self.asked += [messages[-1].content for messages, _ in conversations]
        return [math.log(self.likely[text]) for _, text in conversations]


@pytest.mark.parametrize(
    ("text", "likely", "wanted"),
    [
        ("It is fine.", (0.8, 0.1), "keep"),
        ("It is fine.", (0.2, 0.7), "revise"),
        ("It is fine.", (0.4, 0.4), "parse"),
        ("Verdict: revise", (0.9, 0.1), "revise"),
        (" ", (0.9, 0.1), "parse"),
    ],
)
def test_an_unclear_critic_is_asked_for_the_verdict_alone(text: str, likely: tuple[float, float], wanted: str) -> None:
    backend = Telling(text, likely)
    found = criticised(Constitution(Constitution.Config(unclear="ask"), backend=backend))
    assert (found.verdict if isinstance(found, Critique) else found.kind) == wanted
    assert len(backend.asked) == (2 if text == "It is fine." else 0)


def test_an_empty_revision_is_a_failure() -> None:
    made, _ = critic(lambda request: " \n" if len(request.messages) > 3 else CRITIQUE)
    critique = criticised(made)
    assert isinstance(critique, Critique)
    found = revised(made, critique)
    assert isinstance(found, Failure)
    assert (found.kind, found.of, found.reason) == ("parse", critique.id, "the revision is empty")


def test_a_failure_of_the_backend_stays_that_failure() -> None:
    failure = Failure(of=DRAFT.id, stage="critique", component="backend", kind="timeout", reason="late")
    made, _ = critic(lambda request: failure)
    assert criticised(made) == failure


def test_own_prompts_show_what_they_name_and_values_stay_text() -> None:
    made, backend = critic(critique="Judge <{response}> to <{prompt}>", revise="Fix <{response}> by <{critique}>")
    critique = criticised(made)
    assert isinstance(critique, Critique)
    revised(made, critique)
    assert backend.seen[0].messages[-1].content == "Judge <Dull. {response}> to <Review {critique}, the film.>"
    assert backend.seen[1].messages[-1].content == f"Fix <Dull. {{response}}> by <{CRITIQUE}>"


def test_a_system_turn_only_where_the_prompt_has_none() -> None:
    made, backend = critic(system="You are strict.")
    criticised(made)
    own = Prompt(messages=(Message(role="system", content="You are kind."), Message(role="user", content="Hi")))
    criticised(made, Sample(prompt=own, text="Hello"))
    assert backend.seen[0].messages[0] == Message(role="system", content="You are strict.")
    assert [m.content for m in backend.seen[1].messages if m.role == "system"] == ["You are kind."]


def test_sampling_is_the_runs_unless_set() -> None:
    run = Sampling(temperature=0.7, top_p=0.9, max_new_tokens=50, stop=("#",))
    made, backend = critic(sampling=run, critiques=Drawn(max_new_tokens=9), revisions=Drawn(temperature=0.2, top_p=0.5))
    given = Critique(sample=DRAFT, text=CRITIQUE, verdict="revise")
    criticised(made)
    revised(made, given)
    assert backend.seen[0].sampling == replace(run, max_new_tokens=9)
    assert backend.seen[1].sampling == replace(run, temperature=0.2, top_p=0.5)
    made, backend = critic(sampling=run)
    criticised(made)
    revised(made, given)
    assert [request.sampling for request in backend.seen] == [run, run]


def test_bad_settings() -> None:
    with pytest.raises(
        ConfigError, match="unknown preset 'sentimental', wanted one of general, paper-privacy, paper-role-play"
    ):
        critic(preset="sentimental")
    with pytest.raises(
        ConfigError, match=r"\[critic\] constitution, critique: got the unknown placeholder \{critique\}"
    ):
        critic(critique="{critique}")
    with pytest.raises(ConfigError, match="no verdict is read"):
        critic(verdict="always-revise", unclear="failure")
    with pytest.raises(ConfigError, match="tells no log-probabilities"):
        critic(unclear="ask")


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_of_ours_asks_for_a_verdict(name: str) -> None:
    prompts = read_prompts(name)
    asks = "'Verdict: revise' or 'Verdict: keep'" in prompts.critique.text
    assert asks != name.startswith("paper-"), "the paper asks for no verdict"
    assert prompts.critique.text != prompts.revise.text


def test_conformance() -> None:
    check_critic(critic()[0])
