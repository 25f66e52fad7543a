"""The backend `word-problems-teacher`: a script that knows the world, and errs as often as its settings say.

Asked about a problem it reasons; asked for an evaluation (the prompt names the line "Evaluation result") it judges the last answer
that the prompt states behind the problem. What it says is a function of the request's seed and text, at any temperature. Whether an
answer is right is a matter of its value, so a slip in the working, which leaves the answer right, is no fault to it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sctk_core import ConfigError, Failure, ModelRef, Reply, Request, Usage, setting
from sctk_mirror.statements import STATES
from sctk_mirror.tasks.svamp import conclude, equal

from sctk_word_problems.tokens import n_tokens, shortened
from sctk_word_problems.world.expressions import Expression, operations, template
from sctk_word_problems.world.judgements import Verdict, fault, judged
from sctk_word_problems.world.problems import Problem, read
from sctk_word_problems.world.reasons import ERRORS, Error, possible, reasoned
from sctk_word_problems.world.scenes import text_path

STRANGE = "I cannot read this problem."
JUDGING = "evaluation result"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Shares of rationales with an error of each kind, of the problems that can have it; all others are right."""

    operation: float = setting(0.06, help="another operation than the right one", unit="share", low=0.0, high=1.0)
    swapped: float = setting(
        0.08, help="a subtraction the wrong way round, where something is subtracted", unit="share", low=0.0, high=1.0
    )
    number: float = setting(
        0.06, help="a number that is not needed, where the problem has one", unit="share", low=0.0, high=1.0
    )
    slip: float = setting(
        0.04, help="a step worked out wrongly; the answer stays right", unit="share", low=0.0, high=1.0
    )
    silent: float = setting(0.02, help="no answer is stated", unit="share", low=0.0, high=1.0)
    stubborn: float = setting(
        0.3,
        help="share of problems of which every rationale has the same error, or none",
        unit="share",
        low=0.0,
        high=1.0,
    )


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """Shares of evaluations with a false verdict. As given, right answers get 17 % of these, as in the published sample."""

    missed: float = setting(0.15, help="of wrong answers: called correct", unit="share", low=0.0, high=1.0)
    false_alarm: float = setting(
        0.06, help="of right answers without a subtraction: called wrong", unit="share", low=0.0, high=1.0
    )
    false_alarm_subtraction: float = setting(
        0.18, help="of right answers with a subtraction: called wrong", unit="share", low=0.0, high=1.0
    )
    uncertain: float = setting(0.04, help="of all answers: called uncertain", unit="share", low=0.0, high=1.0)


class Teacher:
    """Reasons about word problems, and judges answers to them."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """How often it errs."""

        answers: Answers = setting(Answers(), help="errors of rationales")
        verdicts: Verdicts = setting(Verdicts(), help="errors of evaluations")

    def __init__(self, config: Config, *, model: ModelRef) -> None:
        self.config, self.model = config, model
        rates = {kind: getattr(config.answers, kind) for kind in ERRORS}
        _at_most_one("answers", sum(rates.values()))
        for kind in ("missed", "false_alarm", "false_alarm_subtraction"):
            _at_most_one(f"verdicts: {kind} and uncertain", getattr(config.verdicts, kind) + config.verdicts.uncertain)
        self._rates: Mapping[Error, float] = rates

    @staticmethod
    def default_model() -> str:
        """The directory of the world's text: all that it knows."""
        return str(text_path())

    async def generate(self, requests: Sequence[Request]) -> Sequence[Reply | Failure]:
        """One reply per request, in order."""
        return [self._reply(request) for request in requests]

    def _reply(self, request: Request) -> Reply:
        whole = self._said(request)
        text, finish = shortened(whole, request.sampling)
        asked = sum(n_tokens(message.content) for message in request.messages)
        usage = Usage(n_prompt_tokens=asked, n_completion_tokens=n_tokens(text))
        return Reply(key=request.key, text=text, finish=finish, usage=usage, backend="word-problems-teacher")

    def _said(self, request: Request) -> str:
        text = request.messages[-1].content if request.messages else ""
        problem = read(text)
        if problem is None:
            return STRANGE
        rng = random.Random(f"{request.seed}/{text}")  # noqa: S311 (an error, not a secret)
        rest = text[text.rfind(problem.asked) + len(problem.asked) :]
        if JUDGING in rest.lower():
            return self._judged(problem, _stated(rest), rng)
        return reasoned(problem, rng, self._error(problem, rng)).text

    def _error(self, problem: Problem, rng: random.Random) -> Error | None:
        own = random.Random(problem.text)  # noqa: S311
        stubborn, drawn = own.random() < self.config.answers.stubborn, own.random()
        left = drawn if stubborn else rng.random()
        can = possible(problem)
        for kind in ERRORS:
            if kind in can:
                left -= self._rates[kind]
                if left < 0:
                    return kind
        return None

    def _judged(self, problem: Problem, stated: str | None, rng: random.Random) -> str:
        answer = _expression(stated)
        right = stated is not None and equal(str(problem.gold), stated)
        verdict = self._verdict(right, any(each.sign == "-" for each in operations(problem.gold)), rng)
        return judged(problem, problem.gold if right and fault(problem, answer) else answer, verdict, rng)

    def _verdict(self, right: bool, subtracts: bool, rng: random.Random) -> Verdict:
        rates = self.config.verdicts
        drawn = rng.random()
        if drawn < rates.uncertain:
            return "uncertain"
        alarm = rates.false_alarm_subtraction if subtracts else rates.false_alarm
        if drawn < rates.uncertain + (alarm if right else rates.missed):
            return "wrong" if right else "correct"
        return "correct" if right else "wrong"


def _stated(text: str) -> str | None:
    """The last answer that a line of a text states; what the prompt says of evaluations states none."""
    for line in reversed(re.split(r"\n+", text)):
        if STATES.search(line):
            found = conclude(line)
            if isinstance(found, str):
                return found
    return None


def _expression(stated: str | None) -> Expression | None:
    """An answer as a tree, where it is of whole numbers and the four operations."""
    try:
        return None if stated is None else template(stated)
    except (SyntaxError, ValueError, KeyError):
        return None


def _at_most_one(what: str, share: float) -> None:
    if share > 1.0 + 1e-9:
        raise ConfigError(
            f"backend word-problems-teacher, {what}: got shares that sum to {share:.3f}, wanted 1 at most",
            hint="lower some of them",
        )
