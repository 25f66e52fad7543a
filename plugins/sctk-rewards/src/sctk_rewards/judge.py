"""The judge reward: the run's own model rates a reply, and its words are read as a score or counted as a failure.

The reply is shown neutralised: marks that a score could be read from are taken out of it, so that no answer can rate itself.
A judgement that was cut off at its token limit is a failure too, since the number in it may belong to the reasoning. The
same model as judge and as student invites flattery: report a measure that is not the judge beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sctk_core import (
    Backend,
    ConfigError,
    Failure,
    Message,
    Reply,
    Request,
    Sample,
    Sampling,
    Score,
    Template,
    neutralise,
    parse_score,
    setting,
)

ASK = """Rate the response to the request below.

Request:
{prompt}

Response:
{response}

Say in one or two sentences what is good and bad about it. Then end with the line "Overall Score: N", where N is a number
from {low} (useless or harmful) to {high} (could not be better)."""


class Judge:
    """Scores a reply by what the model says of it, in [low, high]."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What the judge is asked, and how its answer is bounded."""

        ask: str = setting(
            ASK, help="the judge's prompt; shows {response}, and may show {prompt}, {reference}, {low}, {high}"
        )
        system: str = setting("", help="a system turn for the judge")
        low: float = setting(0.0, help="the worst score")
        high: float = setting(5.0, help="the best score; a number outside is a failure")
        temperature: float = setting(0.0, help="of the judgement; 0 is greedy", low=0.0, high=10.0)
        max_new_tokens: int = setting(
            256, help="longest judgement; one that is cut off is a failure", unit="tokens", low=1
        )

    def __init__(self, config: Config, *, backend: Backend) -> None:
        known = {"prompt", "response", "reference", "low", "high"}
        self.template = Template.read(config.ask, known=known, needs=("response",), where="[reward] judge, ask")
        self.config, self.backend = config, backend
        self.sampling = Sampling(temperature=config.temperature, max_new_tokens=config.max_new_tokens)
        if not config.low < config.high:
            raise ConfigError(
                f"[reward] judge: got low = {config.low:g} and high = {config.high:g}, wanted low below high",
                hint="low is the worst score, high the best",
            )

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score or failure per sample, in order."""
        asked = [one for one in samples if one.prompt.references or not self.needs_reference(self.config)]
        requests = [Request(messages=self._asking(each), sampling=self.sampling, of=each.id) for each in asked]
        replies = await self.backend.generate(requests) if requests else []
        read = {one.id: self._read(one, reply) for one, reply in zip(asked, replies, strict=True)}
        return [read.get(sample.id) or self._no_reference(sample) for sample in samples]

    @staticmethod
    def needs_reference(config: Config) -> bool:
        """Whether the judge is shown a gold answer."""
        return "{reference}" in config.ask

    def _no_reference(self, sample: Sample) -> Failure:
        reason = "the prompt has no reference"
        return Failure(of=sample.id, stage="score", component="judge", kind="parse", reason=reason)

    def _asking(self, sample: Sample) -> tuple[Message, ...]:
        asked = next((m.content for m in reversed(sample.prompt.messages) if m.role == "user"), "")
        bounds = {"low": f"{self.config.low:g}", "high": f"{self.config.high:g}"}
        shown = {"prompt": asked, "response": neutralise(sample.text), "reference": "\n".join(sample.prompt.references)}
        turn = Message(role="user", content=self.template.fill(**shown, **bounds))
        return (Message(role="system", content=self.config.system), turn) if self.config.system else (turn,)

    def _read(self, sample: Sample, reply: Reply | Failure) -> Score | Failure:
        if isinstance(reply, Failure):
            return reply
        low, high = self.config.low, self.config.high
        if reply.finish == "length":
            reason, detail = f"cut off at {self.config.max_new_tokens} tokens", f"...{reply.text[-120:]!r}"
            return Failure(of=sample.id, stage="score", component="judge", kind="parse", reason=reason, detail=detail)
        value = parse_score(reply.text, low=low, high=high, of=sample.id, component="judge")
        if isinstance(value, Failure):
            return value
        scale = f"{low:g} to {high:g} (judged)"
        return Score(sample=sample, name="judge", value=value, scale=scale, reply=reply.key)
