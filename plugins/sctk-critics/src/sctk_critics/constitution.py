"""The constitution critic: the model is asked what is wrong with its answer, and to write it anew; both prompts are data.

Each turn extends the last one's conversation (prompt, draft, critique prompt, critique, revision prompt), so that an engine
with a prefix cache reads only what is new. The critique is kept: it is part of the way back from every training row. Its
last line may carry a verdict ("Verdict: keep"). dSC and rDPO as published ask for none and revise always, and most models
forget such a line at times, so by default a critique that does not say keep asks for a revision (`unclear = "revise"`);
with `unclear = "failure"` it is a counted Failure, and with `"ask"` the critic is asked for the verdict alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from sctk_core import (
    GUIDING,
    Backend,
    ConfigError,
    Critique,
    Failure,
    Message,
    Prompt,
    Reply,
    Request,
    Sample,
    Sampling,
    no_revision,
    parse_verdict,
    setting,
)
from sctk_core.choosing import likeliest, likelihoods, tells_logprobs

from sctk_critics.prompts import read_prompts

_POINT = re.compile(r"(?:[-*•]|\d{1,3}[.)])\s+(?P<point>\S.*)", re.DOTALL)
"""One line of a list, stripped: a pattern over a whole critique would take quadratic time on one of blank lines."""
_NAME = "constitution"
Verdict = Literal["keep", "revise"]
VERDICTS: tuple[Verdict, ...] = ("keep", "revise")
ALONE = Message(
    role="user",
    content="State your verdict alone: keep where the answer is good as it is, else revise, and nothing else.",
)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """How texts of one sort are drawn; nothing: as [sampling] says."""

    temperature: float | None = setting(None, help="0: the likeliest token", low=0.0, high=10.0)
    top_p: float | None = setting(None, help="the likeliest tokens up to this share", low=1e-6, high=1.0)
    max_new_tokens: int | None = setting(None, help="the longest text", unit="tokens", low=1)

    def over(self, sampling: Sampling) -> Sampling:
        """The sampling, with what is said here in place of its own."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(sampling, **said)


class Constitution:
    """Criticises and revises by two prompts that a preset or the recipe states."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """The prompts, and how a verdict is read."""

        preset: str = setting(
            "general",
            help="which shipped prompts: general, sentiment, safety, privacy, role-play, sycophancy, and the papers' own, which "
            "ask for no verdict: paper-sentiment, paper-safety, paper-privacy (dSC), paper-role-play, paper-sycophancy (rDPO, "
            "whose safety task is paper-safety too); `preset` files are data",
        )
        critique: str = setting("", help="your own critique prompt; may show {prompt} and {response}")
        revise: str = setting("", help="your own revision prompt; may show {prompt}, {response} and {critique}")
        system: str = setting("", help="a system turn for the critic, where the prompt itself has none")
        verdict: Literal["line", "always-revise"] = setting(
            "line", help='line: read "Verdict: keep" or "Verdict: revise" off the last line; always-revise: read none'
        )
        unclear: Literal["revise", "failure", "ask"] = setting(
            "revise",
            help="a critique without a readable verdict asks for a revision, or is a counted failure; ask: the critic is asked for "
            "the verdict alone, keep or revise, whichever is likelier than not (a failure where neither is)",
        )
        critiques: Drawn = setting(Drawn(), help="how critiques are drawn, where not as [sampling] says")
        revisions: Drawn = setting(Drawn(), help="how revisions are drawn, where not as [sampling] says")

    def __init__(self, config: Config, *, backend: Backend, sampling: Sampling = Sampling()) -> None:  # noqa: B008 - frozen
        self.config, self.backend = config, backend
        self.prompts = read_prompts(config.preset, critique=config.critique, revise=config.revise, system=config.system)
        self.critiques, self.revisions = config.critiques.over(sampling), config.revisions.over(sampling)
        if config.verdict == "always-revise" and config.unclear != "revise":
            raise ConfigError(
                f'[critic] constitution: got unclear = "{config.unclear}" beside verdict = "always-revise", wanted one of them',
                hint="with always-revise no verdict is read, so none can be unclear",
            )
        if config.unclear == "ask" and not tells_logprobs(backend):
            raise ConfigError(
                '[critic] constitution: got unclear = "ask", and a backend that tells no log-probabilities',
                hint='unclear = "revise" or "failure" wants none',
            )

    async def critique(self, samples: Sequence[Sample]) -> Sequence[Critique | Failure]:
        """One critique or failure per sample, in order."""
        requests = [Request(messages=self.asking(sample), sampling=self.critiques, of=sample.id) for sample in samples]
        replies = await self.backend.generate(requests) if requests else []
        verdicts = [
            reply if isinstance(reply, Failure) else self._verdict(reply.text, request.of)
            for request, reply in zip(requests, replies, strict=True)
        ]
        if self.config.unclear == "ask":
            await self._ask_again(requests, replies, verdicts)
        return [
            reply if isinstance(reply, Failure) else self._critique(sample, reply, verdict)
            for sample, reply, verdict in zip(samples, replies, verdicts, strict=True)
        ]

    async def revise(self, critiques: Sequence[Critique]) -> Sequence[Sample | Failure]:
        """One revision or failure per critique, in order; what is no revision (`no_revision`) is a failure."""
        requests = [Request(messages=self.revising(each), sampling=self.revisions, of=each.id) for each in critiques]
        replies = await self.backend.generate(requests) if requests else []
        return [
            reply if isinstance(reply, Failure) else self._revision(critique, reply)
            for critique, reply in zip(critiques, replies, strict=True)
        ]

    async def _ask_again(
        self,
        requests: Sequence[Request],
        replies: Sequence[Reply | Failure],
        verdicts: list[Verdict | Failure],
    ) -> None:
        """Puts into `verdicts` what the critic answers when asked for it alone, where its critique states none."""
        asked = {
            place: (*requests[place].messages, Message(role="assistant", content=reply.text), ALONE)
            for place, reply in enumerate(replies)
            if isinstance(reply, Reply) and reply.text.strip() and isinstance(verdicts[place], Failure)
        }
        told = await likelihoods(self.backend, list(asked.values()), VERDICTS)
        for place, likely in zip(asked, told, strict=True):
            if not isinstance(likely, Failure):
                verdicts[place] = likeliest(VERDICTS, likely) or verdicts[place]
            elif likely.kind != "budget":
                verdicts[place] = replace(likely, of=requests[place].of, stage="critique")

    def asking(self, sample: Sample) -> tuple[Message, ...]:
        """The conversation that ends with the critique prompt."""
        text = self.prompts.critique.fill(prompt=sample.prompt.question, response=sample.text)
        turns = (Message(role="assistant", content=sample.text), Message(role="user", content=text))
        return self._opening(sample.prompt) + turns

    def revising(self, critique: Critique) -> tuple[Message, ...]:
        """The same conversation, with the critique, ending with the revision prompt."""
        sample = critique.sample
        text = self.prompts.revise.fill(prompt=sample.prompt.question, response=sample.text, critique=critique.text)
        turns = (Message(role="assistant", content=critique.text), Message(role="user", content=text))
        return self.asking(sample) + turns

    def _opening(self, prompt: Prompt) -> tuple[Message, ...]:
        has_system = any(message.role in GUIDING for message in prompt.messages)
        if not self.prompts.system or has_system:
            return prompt.messages
        return (Message(role="system", content=self.prompts.system), *prompt.messages)

    def _verdict(self, text: str, of: str) -> Verdict | Failure:
        if self.config.verdict == "always-revise":
            return "revise"
        verdict = parse_verdict(text, of=of, stage="critique", component=_NAME)
        return "revise" if isinstance(verdict, Failure) and self.config.unclear == "revise" else verdict

    def _critique(self, sample: Sample, reply: Reply, verdict: Verdict | Failure) -> Critique | Failure:
        text = reply.text
        if not text.strip():
            return _failure(sample.id, "critique", "the critique is empty")
        if isinstance(verdict, Failure):
            return verdict
        lines = (_POINT.match(line.strip()) for line in text.split("\n"))
        points = tuple(match["point"] for match in lines if match)
        return Critique(
            sample=sample, text=text, verdict=verdict, findings=points, sweep=sample.sweep + 1, reply=reply.key,
            token_ids=reply.token_ids,
        )  # fmt: skip

    def _revision(self, critique: Critique, reply: Reply) -> Sample | Failure:
        sample = critique.sample
        turns = [turn.content for turn in self.revising(critique) if turn.role == "user"]
        request, asked = sample.prompt.question, turns[-2:]
        reason = no_revision(reply.text, draft=sample.text, request=request, asked=asked, critique=critique.text)
        if reason:
            return _failure(critique.id, "revise", reason)
        return Sample.of(reply, prompt=sample.prompt, chain=sample.chain, sweep=critique.sweep, critique=critique.id)


def _failure(of: str, stage: str, reason: str) -> Failure:
    return Failure(of=of, stage=stage, component=_NAME, kind="parse", reason=reason)
