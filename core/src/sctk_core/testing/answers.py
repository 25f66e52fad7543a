"""Conformance of the kinds that answer batches: backend, critic, reward, comparer, rule, evaluator.

Each check asks whole batches, the batch reversed, each item alone, and the empty batch: same length, same order, right types,
finite numbers, and the same answer however it is asked. All that is wrong is gathered, then raised as one ContractError.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sctk_core.pipeline.contract import breach
from sctk_core.pipeline.whole_answers import checked_values
from sctk_core.protocols import AcceptanceRule, Backend, Comparer, Critic, Evaluator, Reward
from sctk_core.records import Critique, Decision, Failure, Reply, Request, Round, Sample, Score
from sctk_core.scales import scale_of
from sctk_core.testing.complaints import Complaints, run_check
from sctk_core.testing.examples import (
    example_compared,
    example_critiques,
    example_requests,
    example_rounds,
    example_samples,
)

T = TypeVar("T")
Same = Callable[[Any], Any]


def check_reward(
    reward: Reward,
    samples: Sequence[Sample] | None = None,
    *,
    tolerance: float = 1e-4,
    may_fail: bool = False,
    timeout_s: float = 60.0,
) -> None:
    """Raises a ContractError unless `reward` keeps its contract on `samples`; scores may differ by `tolerance` between batches.

    `may_fail`: every answer may be a Failure (a judge behind a fake backend, say).
    """
    run_check(
        _check_reward(Complaints(reward, timeout_s=timeout_s), _or(samples, example_samples), tolerance, may_fail)
    )


async def _check_reward(found: Complaints, items: list[Sample], tolerance: float, may_fail: bool) -> None:
    answers = await _batches(found, "score", items, Score, lambda a: a.value, tolerance)
    _some_answers(found, "score", answers, may_fail)
    names = {answer.name for answer in answers if isinstance(answer, Score)}
    if len(names) > 1 or "" in names:
        found.add(f"score(): got scores named {sorted(names)}, wanted one name that is not empty")
    _check_scale(found, [answer.value for answer in answers if isinstance(answer, Score)])
    found.done()


def _check_scale(found: Complaints, values: list[float]) -> None:
    """The scores lie on the scale that is stated; of one that depends on settings these are looked for in `self.config`."""
    config = getattr(found.component, "config", None)
    well, scale = found.attempt(lambda: scale_of(type(found.component), config), "scale")
    outside = [value for value in values if well and scale is not None and not scale.holds(value)]
    if outside:
        found.add(f"score(): got {outside[0]:g}, which is outside of its stated scale: {scale}")


def check_comparer(
    comparer: Comparer,
    pairs: Sequence[tuple[Sample, Sample]] | None = None,
    *,
    tolerance: float = 1e-4,
    may_fail: bool = False,
    timeout_s: float = 60.0,
) -> None:
    """Raises a ContractError unless `comparer` keeps its contract on ordered pairs: finite numbers, each of its own pair."""
    run_check(
        _check_comparer(Complaints(comparer, timeout_s=timeout_s), _or(pairs, example_compared), tolerance, may_fail)
    )


async def _check_comparer(
    found: Complaints, items: list[tuple[Sample, Sample]], tolerance: float, may_fail: bool
) -> None:
    answers = await _batches(found, "compare", items, Score, lambda a: a.value, tolerance)
    _some_answers(found, "compare", answers, may_fail)
    found.done()


def check_critic(
    critic: Critic, samples: Sequence[Sample] | None = None, *, may_fail: bool = False, timeout_s: float = 60.0
) -> None:
    """Raises a ContractError unless `critic` keeps its contract on `samples`, and then on its own critiques of them."""
    run_check(_check_critic(Complaints(critic, timeout_s=timeout_s), _or(samples, example_samples), may_fail))


async def _check_critic(found: Complaints, items: list[Sample], may_fail: bool) -> None:
    critiques = await _batches(found, "critique", items, Critique, lambda a: (a.text, a.verdict))
    _some_answers(found, "critique", critiques, may_fail)
    own = [one for one in critiques if isinstance(one, Critique)] or example_critiques()
    revised = await _batches(found, "revise", own, Sample, lambda a: a.text)
    _some_answers(found, "revise", revised, may_fail)
    for critique, sample in zip(own, revised, strict=False):
        wanted = (critique.sample.chain, critique.sweep)
        if isinstance(sample, Sample) and (sample.chain, sample.sweep) != wanted:
            got = (sample.chain, sample.sweep)
            found.add(
                f"revise(): got (chain, sweep) = {got}, wanted {wanted}: the sample's chain, the critique's sweep"
            )
    found.done()


def check_rule(rule: AcceptanceRule, rounds: Sequence[Round] | None = None) -> None:
    """Raises a ContractError unless `rule` keeps its contract: pure, one decision per round, with a reason."""
    run_check(_check_rule(Complaints(_Awaitable(rule, "decide")), _or(rounds, example_rounds)))


async def _check_rule(found: Complaints, items: list[Round]) -> None:
    decisions = await _batches(found, "decide", items, Decision, lambda a: (a.kept.id, a.accepted, a.log_alpha))
    for decision in decisions:
        if isinstance(decision, Failure):
            found.add("decide(): got a Failure, wanted a Decision for every round")
        elif not decision.reason:
            found.add("decide(): got a decision without a reason")
    found.done()


def check_backend(
    backend: Backend, requests: Sequence[Request] | None = None, *, may_fail: bool = False, timeout_s: float = 300.0
) -> None:
    """Raises a ContractError unless `backend` keeps its contract: keys repeated, the same text in any batch, stops honoured.

    A backend that declares `batch_dependent = True` is not held to the same text in any batch. It is not closed.
    """
    run_check(_check_backend(Complaints(backend, timeout_s=timeout_s), _or(requests, example_requests), may_fail))


async def _check_backend(found: Complaints, items: list[Request], may_fail: bool) -> None:
    same = None if getattr(found.component, "batch_dependent", False) else lambda a: a.text
    replies = await _batches(found, "generate", items, Reply, same)
    _some_answers(found, "generate", replies, may_fail)
    for request, reply in zip(items, replies, strict=False):
        if isinstance(reply, Reply):
            _check_reply(found, request, reply)
    if callable(getattr(found.component, "logprobs", None)):
        conversations: list[Any] = [(request.messages, "Yes.") for request in items]
        sampled = [reply.token_ids if isinstance(reply, Reply) else None for reply in replies]
        conversations += [(one.messages, ids) for one, ids in zip(items, sampled, strict=False) if ids]
        await _batches(found, "logprobs", conversations, float, lambda a: a, 1e-2)
    found.done()


def _check_reply(found: Complaints, request: Request, reply: Reply) -> None:
    for stop in request.sampling.stop:
        if stop in reply.text:
            found.add(f"generate(): got a text with the stop string {stop!r}, wanted the text before it")
    limit = request.sampling.max_new_tokens
    if reply.token_ids is not None and len(reply.token_ids) > limit + 1:
        found.add(f"generate(): got {len(reply.token_ids)} tokens, wanted at most max_new_tokens = {limit} and an end")
    if reply.token_ids is not None and not reply.tokenizer:
        found.add("generate(): got token ids without the tokenizer's digest, wanted both or neither")


def check_evaluator(
    evaluator: Evaluator, samples: Sequence[Sample] | None = None, *, tolerance: float = 1e-4, timeout_s: float = 60.0
) -> None:
    """Raises a ContractError unless `evaluator` gives one value or None per sample, the same in whichever order it is asked."""
    run_check(_check_evaluator(Complaints(evaluator, timeout_s=timeout_s), _or(samples, example_samples), tolerance))


async def _check_evaluator(found: Complaints, items: list[Sample], tolerance: float) -> None:
    good = []
    for batch in (items, items[::-1], []):
        well, answer = await found.ask("evaluate", batch)
        complaint = checked_values(answer, batch) if well else ""
        if complaint:
            found.add(f"evaluate(): {complaint}")
        if well and not complaint:
            good.append(answer)
    if len(good) == 3:
        for metric, row in good[0].items():
            back = list(good[1].get(metric, ()))[::-1]
            if len(back) != len(row) or not all(map(_near(tolerance), row, back)):
                found.add(f"evaluate(): metric {metric!r} has other values when the samples come in another order")
        if not good[0]:
            found.add("evaluate(): got no metric, wanted one or more")
    found.done()


async def _batches(
    found: Complaints, verb: str, items: list[Any], expect: type, same: Same | None, tolerance: float = 0.0
) -> list[Any]:
    """The answers to the whole batch; adds a complaint for each way of asking that breaks the contract or the answer."""
    whole = await _ask(found, verb, items, expect)
    back = await _ask(found, verb, items[::-1], expect)
    alone = [await _ask(found, verb, [item], expect) for item in items[:3]]
    await _ask(found, verb, [], expect)
    if whole is None or same is None:
        return whole or []
    keys = [_key(answer, same) for answer in whole]
    if back is not None and not all(map(_near(tolerance), keys[::-1], [_key(answer, same) for answer in back])):
        found.add(f"{verb}(): the answers are others when the items come in another order")
    singles = [_key(one[0], same) if one else None for one in alone]
    if all(alone) and not all(map(_near(tolerance), keys, singles)):
        found.add(f"{verb}(): an item that is asked alone has another answer than in a batch")
    return whole


async def _ask(found: Complaints, verb: str, items: Sequence[Any], expect: type) -> list[Any] | None:
    """The answers to one batch, or None and a complaint where they cannot be used."""
    well, answers = await found.ask(verb, items)
    if not well:
        return None
    ids = [_id(item[0] if isinstance(item, tuple) else item, place) for place, item in enumerate(items)]
    complaint = breach(answers, items, expect, of=ids)
    if not complaint:
        return list(answers)
    found.add(f"{verb}(): {complaint}")
    for member in answers if isinstance(answers, list | tuple) else [answers]:
        if inspect.iscoroutine(member):
            member.close()
    return None


def _id(item: Any, place: int) -> str:
    return str(getattr(item, "id", "") or getattr(item, "of", "") or place)


class _Awaitable:
    """A component with one plain verb, seen as an async one, so that the same batches can be asked of it."""

    def __init__(self, component: Any, verb: str) -> None:
        async def ask(items: Sequence[Any]) -> Any:
            return getattr(component, verb)(items)

        setattr(self, verb, ask)


def _or(given: Sequence[T] | None, examples: Callable[[], list[T]]) -> list[T]:
    return examples() if given is None else list(given)


def _key(answer: Any, same: Same) -> Any:
    return answer.kind if isinstance(answer, Failure) else same(answer)


def _near(tolerance: float) -> Callable[[Any, Any], bool]:
    def near(one: Any, other: Any) -> bool:
        if isinstance(one, float) and isinstance(other, float):
            return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
        return bool(one == other)

    return near


def _some_answers(found: Complaints, verb: str, answers: Sequence[Any], may_fail: bool) -> None:
    if answers and not may_fail and all(isinstance(answer, Failure) for answer in answers):
        found.add(f"{verb}(): got a Failure for every item, wanted some answers ({answers[0].reason})")
