"""The judge reward: the run's own model rates a reply, and its words are read as a score or counted as a failure.

The reply is shown neutralised: marks that a score could be read from are taken out of it, so that no answer can rate itself.
A judgement that was cut off at its token limit is a failure too, since the number in it may belong to the reasoning. The
same model as judge and as student invites flattery: report a measure that is not the judge beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, fsum
from typing import Literal

from sctk_core import (
    Backend,
    ConfigError,
    Failure,
    Knots,
    Message,
    Reply,
    Request,
    Sample,
    Sampling,
    Scale,
    Score,
    Template,
    calibrated,
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


NUMBER_ALONE = "State your overall score again: one number from {:g} to {:g}, and nothing else."


class Judge:
    """Scores a reply by what the model says of it, in [low, high]."""

    measured = (
        "how its words are read, on 397 replies written unseen: 0.5 % read as something else (0.1 to 1.8), 24.3 % of the "
        "readable not read (19.6 to 29.8); after mending 0 and 7.1 % of the same, which is no unseen figure",
        "how well a model judges is the model's: `sctk reward check judge labelled.jsonl --backend NAME --model MODEL`",
    )

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
        reads: Literal["words", "words-then-number", "expected"] = setting(
            "words",
            help="words: the score that the judgement states; words-then-number: where none is read, the judge is asked for the "
            "number alone; expected: no words, the mean over the whole numbers of the scale by their log-probabilities",
        )
        calibration: Knots = setting(
            (),
            help="points [what the judge says, what that is worth] between which scores are mapped, as `sctk reward check judge "
            "labelled.jsonl --calibrate` prints them; none: scores as the judge says them",
        )

    @staticmethod
    def scale(config: Config) -> Scale:
        """The scale that the judge is asked for, or that of what its scores are mapped to."""
        if config.calibration:
            unit = "one unit of the labels that the judge was calibrated to"
            return Scale(low=config.calibration[0][1], high=config.calibration[-1][1], unit=unit)
        return Scale(low=config.low, high=config.high, unit="one step of the scale that the judge is asked for")

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
        want_rising(config.calibration)
        self.steps = whole_numbers(config.low, config.high) if config.reads == "expected" else ()

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score or failure per sample, in order."""
        asked = [one for one in samples if one.prompt.references or not self.needs_reference(self.config)]
        found = await (self._expected(asked) if self.config.reads == "expected" else self._judged(asked))
        read = {one.id: answer for one, answer in zip(asked, found, strict=True)}
        return [read.get(sample.id) or self._no_reference(sample) for sample in samples]

    async def _judged(self, samples: Sequence[Sample]) -> list[Score | Failure]:
        """The scores that judgements state; those that state none are asked for the number alone, where the settings say so."""
        requests = [Request(messages=self._asking(each), sampling=self.sampling, of=each.id) for each in samples]
        replies = await self.backend.generate(requests) if requests else []
        found = [self._read(sample, reply) for sample, reply in zip(samples, replies, strict=True)]
        if self.config.reads != "words-then-number":
            return found
        unread = [
            (place, again(requests[place], reply, self.config.low, self.config.high))
            for place, reply in enumerate(replies)
            if isinstance(reply, Reply) and isinstance(found[place], Failure)
        ]
        numbers = await self.backend.generate([request for _, request in unread]) if unread else []
        for (place, _), reply in zip(unread, numbers, strict=True):
            second = self._read(samples[place], reply)
            found[place] = found[place] if isinstance(second, Failure) else second
        return found

    async def _expected(self, samples: Sequence[Sample]) -> list[Score | Failure]:
        """The mean score of each sample by the log-probabilities of "Overall Score: N" as the judge's whole answer."""
        asked = [(self._asking(sample), f"Overall Score: {step}") for sample in samples for step in self.steps]
        told = await self.backend.logprobs(asked) if asked else []  # type: ignore[attr-defined]
        found: list[Score | Failure] = []
        for place, sample in enumerate(samples):
            mine = told[place * len(self.steps) : (place + 1) * len(self.steps)]
            failed = next((one for one in mine if isinstance(one, Failure)), None)
            if failed is not None:
                found.append(replace(failed, of=sample.id, stage="score"))
                continue
            found.append(self._score(sample, expected(self.steps, mine), "expected"))
        return found

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
        return self._score(sample, value, "judged", reply.key)

    def _score(self, sample: Sample, value: float, how: str, reply: str | None = None) -> Score:
        """The score for what the judge said, through the calibration where there is one."""
        scale, knots = f"{self.config.low:g} to {self.config.high:g} ({how})", self.config.calibration
        if knots:
            value, scale = calibrated(value, knots), f"{knots[0][1]:g} to {knots[-1][1]:g} ({how}, calibrated)"
        return Score(sample=sample, name="judge", value=value, scale=scale, reply=reply)


def want_rising(knots: Knots) -> None:
    """A ConfigError where the points of a calibration are no map that never falls."""
    plain = all(len(knot) == 2 for knot in knots)
    if not plain or any(a[0] >= b[0] or a[1] > b[1] for a, b in pairwise(knots)):
        raise ConfigError(
            f"[reward] judge: got the calibration {[list(knot) for knot in knots]}, wanted [score, worth] rising by score, worth "
            "never falling",
            hint="take it as `sctk reward check judge labelled.jsonl --calibrate` prints it",
        )


MOST_STEPS = 21


def whole_numbers(low: float, high: float) -> tuple[int, ...]:
    """The whole numbers from low to high, which a judge is read by where its log-probabilities are; a ConfigError for others."""
    if not (low.is_integer() and high.is_integer() and high - low < MOST_STEPS):
        raise ConfigError(
            f'[reward] judge, reads = "expected": got the scale {low:g} to {high:g}, wanted at most {MOST_STEPS} whole numbers',
            hint="set low and high to whole numbers, say 1 and 5",
        )
    return tuple(range(int(low), int(high) + 1))


def expected(steps: Sequence[int], logprobs: Sequence[float]) -> float:
    """The mean of `steps` under the softmax of their log-probabilities (G-Eval, arXiv 2303.16634, over the scale's answers alone).

    >>> expected((0, 1), (-1000.0, -1000.0))
    0.5
    """
    weights = [exp(each - max(logprobs)) for each in logprobs]
    return fsum(step * weight for step, weight in zip(steps, weights, strict=True)) / fsum(weights)


def again(request: Request, reply: Reply, low: float, high: float) -> Request:
    """The request for the number alone, behind a judgement in which none was read."""
    turns = (
        Message(role="assistant", content=reply.text),
        Message(role="user", content=NUMBER_ALONE.format(low, high)),
    )
    return replace(
        request,
        messages=request.messages + turns,
        rank=request.rank + 1,
        sampling=replace(request.sampling, max_new_tokens=16),
    )
