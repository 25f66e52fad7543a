"""The judge reward: the run's own model rates a reply, and what it says is a score or counted as a failure.

The judge writes its judgement, and is then asked for the score alone. From a backend that tells log-probabilities the score is the
mean over the whole numbers of the scale by how likely each is as that answer, so nothing has to be read. Where the judge would more
likely answer something else, and with other backends or scales, the words are read, strictly; each score notes which way it was.

The reply is shown neutralised: marks that a score could be read from are taken out of it, so that no answer can rate itself.
No number is read from a judgement that was cut off at its token limit, since it may belong to the reasoning. The same model as
judge and as student invites flattery: report a measure that is not the judge beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
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
from sctk_core.choosing import UNLIKELY, expected, likelihoods, tells_logprobs

from sctk_rewards.presets import Asked, asked_of
from sctk_rewards.second_question import NUMBER_ALONE, Second, again, wanted_whole_numbers, whole_numbers

ALONE = "\n\nLeave the sentences out: answer with one number from {:g} to {:g}, and nothing else."
BY_LIKELIHOOD, BY_WORDS, BY_NUMBER = (
    "read by how likely each number is",
    "read from its words",
    "read from a second answer",
)
Reads = Literal["auto", "words", "words-then-number", "words-then-expected", "expected"]


class Judge:
    """Scores a reply by what the model says of it, in [low, high]."""

    measured = (
        "how its words are read, on five sets of replies, each at the first reading, before that set's kinds were mended: read as "
        "something else 0.5 % (0.1 to 1.8) of 397, 0.9 % (0.4 to 2.3) of 441, 0.3 % (0.0 to 1.6) of 355, 0.4 % (0.1 to 2.4) of 230 "
        "and, the last, 0.3 % (0.1 to 1.8) of 317; of the readable not read 24.3 % (19.6 to 29.8), 39.4 % (33.9 to 45.1), 16.8 % "
        "(13.0 to 21.6), 8.8 % (5.6 to 13.7) and, the last, 15.7 % (11.7 to 20.7): what is not read is a failure, or read by "
        "likelihood",
        "how well a model judges is the model's: `sctk reward check judge labelled.jsonl --backend NAME --model MODEL`",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What the judge is asked, and how its answer is bounded."""

        preset: str = setting(
            "general",
            help="shipped prompt, system turn, scale and length, under your own: general (0 to 5), and the papers' own "
            "harmlessness (0 or 1), neutrality (0 to 5), quality (0 to 5), sentiment (-5 to 5: a measure, no reward)",
        )
        ask: str = setting(
            "",
            help="the judge's prompt; shows {response}, and may show {prompt}, {reference}, {low}, {high}; nothing: the preset's",
        )
        system: str = setting("", help="a system turn for the judge; nothing: the preset's")
        low: float | None = setting(None, help="the worst score; nothing: the preset's (general: 0)")
        high: float | None = setting(
            None, help="the best score, a number outside is a failure; nothing: the preset's (general: 5)"
        )
        temperature: float = setting(0.0, help="of the judgement; 0 is greedy", low=0.0, high=10.0)
        max_new_tokens: int | None = setting(
            None,
            help="longest judgement, one that is cut off is a failure; nothing: the preset's (general: 256)",
            unit="tokens",
            low=1,
        )
        reads: Reads = setting(
            "auto",
            help="words: the score that the judgement states; words-then-number: where none is read, the judge is asked for the "
            "number alone; words-then-expected: it is always asked, and the score is the mean over the whole numbers of the scale "
            "by how likely each is, or where others are likelier what the words state; expected: the same without any words; "
            "auto: words-then-expected where the backend tells log-probabilities and the scale has at most 21 whole "
            "numbers, else words-then-number",
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
        asked = asked_by(config)
        return Scale(low=asked.low, high=asked.high, unit="one step of the scale that the judge is asked for")

    def __init__(self, config: Config, *, backend: Backend) -> None:
        known = {"prompt", "response", "reference", "low", "high"}
        self.asked = asked = asked_by(config)
        self.template = Template.read(asked.ask, known=known, needs=("response",), where="[reward] judge, ask")
        self.config, self.backend = config, backend
        self.sampling = Sampling(temperature=config.temperature, max_new_tokens=asked.max_new_tokens)
        if not asked.low < asked.high:
            raise ConfigError(
                f"[reward] judge: got low = {asked.low:g} and high = {asked.high:g}, wanted low below high",
                hint="low is the worst score, high the best",
            )
        want_rising(config.calibration)
        self.reads, self.steps = way_of(config, backend)

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score or failure per sample, in order."""
        asked = [one for one in samples if one.prompt.references or not self.needs_reference(self.config)]
        found = await (self._expected(asked) if self.reads == "expected" else self._judged(asked))
        read = {one.id: answer for one, answer in zip(asked, found, strict=True)}
        return [read.get(sample.id) or self._no_reference(sample) for sample in samples]

    async def _judged(self, samples: Sequence[Sample]) -> list[Score | Failure]:
        """Each judgement's score, in the way that `reads` says."""
        requests = [Request(messages=self._asking(each), sampling=self.sampling, of=each.id) for each in samples]
        replies = await self.backend.generate(requests) if requests else []
        found = [self._read(sample, reply) for sample, reply in zip(samples, replies, strict=True)]
        if self.reads == "words":
            return found
        question = NUMBER_ALONE.format(self.asked.low, self.asked.high)
        seconds = {
            place: Second(again(requests[place], reply, question), reply.key)
            for place, reply in enumerate(replies)
            if isinstance(reply, Reply)
        }
        found = [one if isinstance(one, Failure) else replace(one, note=BY_WORDS) for one in found]
        second = self._weighed if self.reads == "words-then-expected" else self._numbers
        return await second(samples, found, seconds)

    async def _weighed(
        self, samples: Sequence[Sample], found: list[Score | Failure], seconds: Mapping[int, Second]
    ) -> list[Score | Failure]:
        """The mean score of each that was asked again; where that is not to be had, what its words state."""
        told = await self._told([second.request.messages for second in seconds.values()])
        for place, mean in zip(seconds, told, strict=True):
            if isinstance(mean, float):
                found[place] = self._score(samples[place], mean, "expected", BY_LIKELIHOOD, seconds[place].behind)
            elif mean.kind not in ("parse", "budget"):
                found[place] = replace(mean, of=samples[place].id)
        return found

    async def _numbers(
        self, samples: Sequence[Sample], found: list[Score | Failure], seconds: Mapping[int, Second]
    ) -> list[Score | Failure]:
        """Those of which no score was read are asked for the number alone."""
        unread = {place: each.request for place, each in seconds.items() if isinstance(found[place], Failure)}
        numbers = await self.backend.generate(list(unread.values())) if unread else []
        for place, reply in zip(unread, numbers, strict=True):
            second = self._read(samples[place], reply)
            if isinstance(second, Score):
                found[place] = replace(second, note=BY_NUMBER)
        return found

    async def _expected(self, samples: Sequence[Sample]) -> list[Score | Failure]:
        """The mean score of each sample, without any words."""
        alone = ALONE.format(self.asked.low, self.asked.high)
        told = await self._told([self._asking(sample, alone) for sample in samples])
        return [
            self._score(sample, mean, "expected") if isinstance(mean, float) else replace(mean, of=sample.id)
            for sample, mean in zip(samples, told, strict=True)
        ]

    async def _told(self, conversations: Sequence[tuple[Message, ...]]) -> list[float | Failure]:
        """The mean over the numbers of the scale by how likely each is as the answer, or why there is none."""
        found: list[float | Failure] = []
        for likely in await likelihoods(self.backend, conversations, [str(step) for step in self.steps]):
            mean = likely if isinstance(likely, Failure) else expected(self.steps, likely)
            unlikely = Failure(of="", stage="score", component="judge", kind="parse", reason=UNLIKELY)
            found.append(
                unlikely if mean is None else replace(mean, stage="score") if isinstance(mean, Failure) else mean
            )
        return found

    @staticmethod
    def needs_reference(config: Config) -> bool:
        """Whether the judge is shown a gold answer."""
        return "{reference}" in asked_by(config).ask

    def _no_reference(self, sample: Sample) -> Failure:
        reason = "the prompt has no reference"
        return Failure(of=sample.id, stage="score", component="judge", kind="parse", reason=reason)

    def _asking(self, sample: Sample, more: str = "") -> tuple[Message, ...]:
        bounds = {"low": f"{self.asked.low:g}", "high": f"{self.asked.high:g}"}
        prompt = sample.prompt
        shown = {
            "prompt": prompt.question,
            "response": neutralise(sample.text),
            "reference": "\n".join(prompt.references),
        }
        turn = Message(role="user", content=self.template.fill(**shown, **bounds) + more)
        return (Message(role="system", content=self.asked.system), turn) if self.asked.system else (turn,)

    def _read(self, sample: Sample, reply: Reply | Failure) -> Score | Failure:
        if isinstance(reply, Failure):
            return reply
        low, high = self.asked.low, self.asked.high
        if reply.finish == "length":
            reason, detail = f"cut off at {self.asked.max_new_tokens} tokens", f"...{reply.text[-120:]!r}"
            return Failure(of=sample.id, stage="score", component="judge", kind="parse", reason=reason, detail=detail)
        value = parse_score(reply.text, low=low, high=high, of=sample.id, component="judge")
        if isinstance(value, Failure):
            return value
        return self._score(sample, value, "judged", reply=reply.key)

    def _score(self, sample: Sample, value: float, how: str, note: str = "", reply: str | None = None) -> Score:
        """The score for what the judge said, through the calibration where there is one."""
        scale, knots = f"{self.asked.low:g} to {self.asked.high:g} ({how})", self.config.calibration
        if knots:
            value, scale = calibrated(value, knots), f"{knots[0][1]:g} to {knots[-1][1]:g} ({how}, calibrated)"
        return Score(sample=sample, name="judge", value=value, scale=scale, reply=reply, note=note)


def asked_by(config: Judge.Config) -> Asked:
    """What the judge is asked: its preset, under the settings of its own."""
    own = (config.ask, config.system, config.low, config.high, config.max_new_tokens)
    return asked_of(config.preset, **dict(zip(("ask", "system", "low", "high", "max_new_tokens"), own, strict=True)))


def want_rising(knots: Knots) -> None:
    """A ConfigError where the points of a calibration are no map that never falls."""
    plain = all(len(knot) == 2 for knot in knots)
    if not plain or any(a[0] >= b[0] or a[1] > b[1] for a, b in pairwise(knots)):
        raise ConfigError(
            f"[reward] judge: got the calibration {[list(knot) for knot in knots]}, wanted [score, worth] rising by score, worth "
            "never falling",
            hint="take it as `sctk reward check judge labelled.jsonl --calibrate` prints it",
        )


def way_of(config: Judge.Config, backend: Backend) -> tuple[str, tuple[int, ...]]:
    """How scores are read, and of which numbers the likelihood is asked; a ConfigError where the backend cannot tell it."""
    asked = asked_by(config)
    can, steps = tells_logprobs(backend), whole_numbers(asked.low, asked.high)
    if config.reads == "auto":
        return ("words-then-expected", steps) if can and steps else ("words-then-number", ())
    if "expected" not in config.reads:
        return config.reads, ()
    if not can:
        raise ConfigError(
            f'[reward] judge: got reads = "{config.reads}", and a backend that tells no log-probabilities',
            hint='reads = "auto" takes the best way that there is',
        )
    return config.reads, wanted_whole_numbers(asked.low, asked.high, config.reads)
