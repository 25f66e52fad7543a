"""The world of word problems: thousands of them, each with what answers it, and read back from any text around it."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import islice

import pytest
from sctk_core.testing import check_source
from sctk_mirror.statements import reasons
from sctk_mirror.tasks.svamp import conclude, equal
from sctk_word_problems.source import WordProblems, problem_prompt
from sctk_word_problems.world.expressions import commuted, operations, template, value
from sctk_word_problems.world.problems import Problem, distinct, is_held_out, read
from sctk_word_problems.world.reasons import ERRORS, Error, possible, reasoned
from sctk_word_problems.world.scenes import world

TRAIN = list(islice(distinct("prompts", 0), 4000))
HELD_OUT = list(islice(distinct("held-out", 0), 1500))
KINDS = {"add", "subtract", "multiply", "divide", "two-step"}


def shape(problem: Problem) -> str:
    """A problem whose names, things and numbers are counted, not told: which telling met which wording of the question."""
    seen: dict[str, int] = {}
    words = sorted({word for words in world().words.values() for word in words}, key=len, reverse=True)
    found = rf"\d+|\b(?:{'|'.join(words)})"
    text = re.sub(found, lambda one: f"_{seen.setdefault(one[0], len(seen))}", problem.text)
    return re.sub(r"\b(?:he|she|She|He)\b", "HE", text)


def test_thousands_of_problems_are_distinct_and_no_held_out_one_is_among_those_to_learn_from() -> None:
    assert len({problem.text for problem in TRAIN}) == len(TRAIN)
    assert not {problem.text for problem in TRAIN} & {problem.text for problem in HELD_OUT}


def test_held_out_problems_combine_what_others_never_combine_in_sentences_that_they_know() -> None:
    plain = [{shape(each) for each in problems if "x" not in each.slots} for problems in (TRAIN, HELD_OUT)]
    assert len(plain[1]) > 100
    assert not plain[0] & plain[1]
    for scene in world().scenes:
        for question in scene.questions:
            sides = {
                (telling, ask): is_held_out(question, telling, ask)
                for telling in range(len(scene.told))
                for ask in range(len(question.asks))
            }
            known = [pair for pair, held in sides.items() if not held]
            assert {ask for _, ask in known} == set(range(len(question.asks)))
            assert len(sides) == 3 * len(known) / 2


def test_every_kind_and_every_trap_is_frequent() -> None:
    for problems in (TRAIN, HELD_OUT):
        kinds = Counter(problem.kind for problem in problems)
        assert set(kinds) == KINDS
        assert min(kinds.values()) > 0.02 * len(problems)
        subtract = [problem for problem in problems if problem.kind == "subtract"]
        assert 0.2 < sum(problem.is_turned for problem in subtract) / len(subtract) < 0.8
        assert 0.5 < sum(problem.has_spare_numbers for problem in problems) / len(problems) < 0.95


def test_numbers_have_three_digits_at_most_and_every_step_is_a_whole_number_above_zero() -> None:
    for problem in TRAIN + HELD_OUT:
        assert max(map(int, re.findall(r"\d+", problem.text))) <= 999
        for right in problem.right:
            steps = [value(each) for each in operations(right)]
            assert all(each is not None and each.denominator == 1 and 0 < each <= 999 for each in steps)


def test_every_right_expression_has_the_gold_value_by_the_methods_own_arithmetic() -> None:
    several = 0
    for problem in TRAIN[:1500]:
        several += len(problem.right) > 1
        assert all(equal(str(problem.gold), str(each)) for each in problem.right)
        assert all(conclude(f"The answer is {each}.") == str(each) for each in problem.right)
    assert several > 500


def test_problems_are_read_back_whatever_stands_around_them() -> None:
    for problem in TRAIN[:1000] + HELD_OUT[:500]:
        around = f"Tom has 3 apples. How many?\n{problem.text}\n\nReason. The answer is X."
        found = read(around)
        assert found == problem
        assert found.question is problem.question
        parts = problem.text.rpartition(". ")
        if parts[0]:
            assert read(f"{parts[0]}.\n{parts[2]}") == problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "How many apples are left?",
        "Ada had 5 red apples and 7 old apples. She gave away 2 old apples. How many old marbles are left?",
        "Ada had 5 red apples and 7 old apples. Ben gave away 2 old apples. How many old apples are left?",
    ],
)
def test_what_is_no_problem_of_this_world_is_none(text: str) -> None:
    assert read(text) is None


def test_reading_takes_time_in_proportion_to_the_text() -> None:
    problem = TRAIN[0]
    long = " ".join(["How many apples are left?"] * 3000) + " " + problem.text
    assert read(long) == problem


@pytest.mark.parametrize("error", [None, *ERRORS])
def test_rationales_are_right_unless_they_have_an_error_and_then_by_that_error(error: Error | None) -> None:
    seen = 0
    texts = set()
    for number, problem in enumerate(TRAIN[:1200]):
        if error is not None and error not in possible(problem):
            continue
        seen += 1
        written = reasoned(problem, random.Random(number), error)
        texts.add(re.sub(r"\d+", "_", written.text))
        stated = conclude(written.text)
        if error == "silent":
            assert written.answer is None
            assert not isinstance(stated, str)
            continue
        assert stated == str(written.answer)
        assert equal(str(problem.gold), str(stated)) == (error in (None, "slip"))
        told = re.findall(r"(-?[\d.]+ [-+*/] -?[\d.]+) = (-?[\d.]+)", reasons(written.text))
        assert len(told) == len(list(operations(template(str(stated)))))
        if "." not in written.text.replace(". ", ""):
            assert all(equal(left, right) for left, right in told) == (error != "slip")
        if error == "number":
            assert set(re.findall(r"\d+", str(stated))) - {"1"} <= set(re.findall(r"\d+", problem.text))
    assert seen > 300
    assert len(texts) > 200


def test_a_subtraction_is_never_commuted() -> None:
    assert [str(each) for each in commuted(template("(a - b) * c"))] == ["( ( a - b ) * c )", "( c * ( a - b ) )"]


def test_the_source_keeps_its_contract_and_a_longer_one_extends_a_shorter_one() -> None:
    source = WordProblems(WordProblems.Config(n_prompts=60, n_held_out=40))
    check_source(source)
    longer = WordProblems(WordProblems.Config(n_prompts=90))
    assert [prompt.id for prompt in longer.prompts()][:60] == [prompt.id for prompt in source.prompts()]
    other = WordProblems(WordProblems.Config(n_prompts=60, seed=1))
    assert not {prompt.id for prompt in other.prompts()} & {prompt.id for prompt in source.prompts()}


def test_a_prompt_has_every_right_expression_as_a_gold_answer() -> None:
    for problem in TRAIN[:200]:
        prompt = problem_prompt(problem)
        assert prompt.references == tuple(map(str, problem.right))
        assert prompt.meta["kind"] in KINDS
