"""Rules that take one of several rationales, what a vote may cost, and the curve of risk by coverage."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sctk_core import CheckFailed, Message, Prompt, Request
from sctk_core.pipeline.recording import Spent
from sctk_core.testing import check_method, example_prompts
from sctk_mirror.choosing import at_equal_tokens, first, reranked, vote, weighted
from sctk_mirror.lengths import length_of
from sctk_mirror.lessons import is_validation
from sctk_mirror.method import MindsMirror
from sctk_mirror.records import Decided, Pool
from sctk_mirror.risk import area, by_rule, curve, difference
from sctk_mirror.settings import MirrorConfig, Mirrored, Schedule, Taught
from sctk_mirror.task import task_of

TASK = task_of("svamp")


def question(number: int = 0) -> Prompt:
    return Prompt(messages=(Message(role="user", content=f"question {number}"),), reference="7")


def pool(*answers: tuple[str, float]) -> Pool:
    texts = tuple(f"The answer is {answer}." for answer, _ in answers)
    return Pool(
        question=question(), texts=texts, answers=tuple(a for a, _ in answers), beliefs=tuple(b for _, b in answers)
    )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        # 3 + 4 and 4 + 3 are one answer, which two of four have
        (
            (("8", 0.9), ("3 + 4", 0.2), ("(4 + 3)", 0.3), ("9", 0.1)),
            {"first": (0, 1.0), "vote": (1, 0.5), "reranked": (0, 0.9), "weighted": (0, 0.225)},
        ),
        (
            (("8", 0.4), ("3 + 4", 0.3), ("(4 + 3)", 0.35), ("9", 0.1)),
            {"vote": (1, 0.5), "reranked": (0, 0.4), "weighted": (2, 0.1625)},
        ),
        # what cannot be read has no vote and no belief, and is counted below the line
        ((("", 0.0), ("", 0.0), ("8", 0.5)), {"vote": (2, 1 / 3), "reranked": (2, 0.5), "weighted": (2, 1 / 6)}),
        ((("", 0.0), ("8", 0.0)), {"vote": (1, 0.5), "reranked": (1, 0.0), "weighted": (1, 0.0)}),
        ((("", 0.0), ("", 0.0)), {"vote": (0, 0.0), "reranked": (0, 0.0), "weighted": (0, 0.0)}),
        # of equals the first
        ((("1", 0.5), ("2", 0.5)), {"vote": (0, 0.5), "reranked": (0, 0.5), "weighted": (0, 0.25)}),
    ],
)  # fmt: skip
def test_rules_take_what_they_say(given: tuple[tuple[str, float], ...], wanted: dict[str, tuple[int, float]]) -> None:
    rules = {"first": first, "vote": vote, "reranked": reranked, "weighted": weighted}
    for name, (place, confidence) in wanted.items():
        found = rules[name](pool(*given), TASK)
        assert found[0] == place, name
        assert found[1] == pytest.approx(confidence), name


def test_a_vote_may_cost_what_drawing_and_judging_cost() -> None:
    pools = [pool(("1", 0.5))] * 10
    drawn = Spent(50, 1000, 500)
    assert at_equal_tokens(pools, {"candidate": drawn}) == {"n": 5.0}
    assert at_equal_tokens(pools, {"candidate": drawn, "belief": Spent(50, 0, 0)}) == {"n": 10.0}
    assert at_equal_tokens(pools, {"candidate": drawn, "belief": Spent(20, 0, 0)}) == {"n": 7.0}
    assert at_equal_tokens(pools, {"candidate": drawn, "judgement": Spent(150, 2900, 100)}) == {"n": 15.0}
    with pytest.raises(CheckFailed, match="without a count of tokens"):
        at_equal_tokens(pools, {"candidate": Spent(50, 0, 0)})


def test_the_area_is_that_of_the_curve_by_hand() -> None:
    """Sure and right twice, then wrong, then right: risks 0, 0, 1/3, 1/4."""
    assert area([0.9, 0.8, 0.5, 0.1], [1, 1, 0, 1]).value == pytest.approx((0 + 0 + 1 / 3 + 1 / 4) / 4)
    assert [(p.n, round(p.risk, 3)) for p in curve([0.9, 0.8, 0.5, 0.1], [1, 1, 0, 1])] == [
        (1, 0),
        (2, 0),
        (3, 0.333),
        (4, 0.25),
    ]
    assert area([0.5] * 10, [1, 0] * 5).value == pytest.approx(0.5)
    assert area([0.3], [1]).low is None
    assert (area([0.3, 0.4], [1, 1]).value, area([0.3, 0.4], [1, 1]).high) == (0.0, None)


def test_ties_are_worth_the_mean_of_their_orders() -> None:
    confidences, right = [0.9, 0.5, 0.5, 0.5], [1.0, 0.0, 1.0, 1.0]
    orders = []
    for wrong_at in range(3):
        risks, wrong = [0.0], 0
        for place in range(3):
            wrong += place == wrong_at
            risks.append(wrong / (place + 2))
        orders.append(sum(risks) / 4)
    assert area(confidences, right).value == pytest.approx(sum(orders) / 3)


def test_the_interval_of_the_area_covers_as_it_says() -> None:
    """150 samples of 100 questions: the true area, by a sample of 200,000, lies inside in at least 90 % (nominal 95 %)."""
    rng = random.Random(7)

    def drawn(n: int) -> tuple[list[float], list[float]]:
        confidences = [rng.random() for _ in range(n)]
        return confidences, [float(rng.random() < 0.4 + 0.5 * one) for one in confidences]

    true = _true_area(*drawn(200_000))
    inside = sum((one.low or 0) <= true <= (one.high or 0) for one in (area(*drawn(100), seed=k) for k in range(150)))
    assert inside >= 135


def _true_area(confidences: list[float], right: list[float]) -> float:
    points = curve(confidences, right)
    return sum(point.risk for point in points) / len(points)


def decided(rule: str, number: int, confidence: float, right: float | None) -> Decided:
    return Decided(question=question(number), rule=rule, text="x", answer="7", confidence=confidence, right=right)


def test_differences_are_over_the_questions_that_both_have() -> None:
    rows = [decided("a", n, n / 10, float(n > 3)) for n in range(10)] + [
        decided("b", n, -n / 10, float(n > 3)) for n in range(9)
    ]
    rules = by_rule([*rows, decided("a", 50, 0.5, None)])
    found = difference(rules["a"], rules["b"])
    assert found is not None
    assert found.n == 9
    assert found.value < 0
    assert difference(rules["a"], {}) is None


def test_lengths_are_equal_or_as_published() -> None:
    equal = Schedule(epochs=60.0, evaluator_share=0.25)
    lengths = {
        arm: length_of(arm, equal, staged=arm == "student", own="x.predict")
        for arm in ("student", "evaluator", "one-rationale")
    }
    assert {arm: (one.of, one.passes) for arm, one in lengths.items()} == {
        "student": ("lessons.predict", 45.0), "evaluator": ("lessons.predict", 15.0), "one-rationale": ("lessons.predict", 60.0),
    }  # fmt: skip
    published = length_of("evaluator", Schedule(compute="published"), staged=False, own="verdicts.predict")
    assert (published.of, published.passes) == ("verdicts.predict", 50.0)


def test_a_tenth_of_the_questions_validates() -> None:
    n = sum(is_validation(question(number), 0.1) for number in range(2000))
    assert 150 <= n <= 250
    assert not any(is_validation(question(number), 0.0) for number in range(100))
    again = [replace(question(number), occurrence=3) for number in range(100)]
    assert [is_validation(one, 0.3) for one in again] == [is_validation(question(number), 0.3) for number in range(100)]


def answers(request: Request) -> str:
    """What speakers write in the rehearsal: rationales, evaluations and verdicts that can be read, mostly."""
    asked = request.messages[-1].content
    if "Evaluation result" in asked:
        return (
            f"I check.\nEvaluation result: the given answer is {('correct', 'wrong', 'uncertain')[request.seed % 3]}."
        )
    if asked.startswith("predict: ") and "answer is" in asked:
        return ("correct", "wrong", "hm")[request.seed % 3]
    return "I do not know." if request.seed % 7 == 0 else f"I add. The answer is ({request.seed % 3} + 1)."


@pytest.mark.parametrize("words", ["whole", "reasons"])
@pytest.mark.parametrize("stage", ["first", "joint"])
def test_the_walks_keep_the_law(words: str, stage: str) -> None:
    config = MirrorConfig(arms=("all",), student=Taught(words=words), evaluator=Mirrored(stage=stage))  # type: ignore[arg-type]
    check_method(MindsMirror(config), example_prompts()[:4], answer=answers)
