"""What is read out of rationales, evaluations and equations: at the end of a text or not at all, and never by running it."""

from __future__ import annotations

import sys
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sctk_core import Failure
from sctk_mirror import arithmetic, statements
from sctk_mirror.arithmetic import value
from sctk_mirror.statements import reasons, verdict, without_verdict
from sctk_mirror.task import task_of
from sctk_mirror.tasks.svamp import GOES_ON

SVAMP, CQA, ANLI = task_of("svamp"), task_of("cqa"), task_of("anli1")
CHOICES = "Where is money?\nAnswer Choices:\n(a) the sea\n(b) bank\n(c) a river bank\n(d) A\n(e) office"


def said(found: object) -> object:
    """A value, or the reason of a Failure."""
    return found.reason if isinstance(found, Failure) else found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The answer is (84 / 2).", "(84 / 2)"),
        ("The answer is (84.0 / 2.0).", "(84.0 / 2.0)"),  # the published pattern: "(84"
        ("answer is unknown. The answer is (4 + 5).", "(4 + 5)"),  # the published pattern: ""
        ("The answer is 10 - 7 apples.", "10 - 7"),
        ("The answer is (10 - (3 + 6)) = 1.", "(10 - (3 + 6))"),
        ("The answer is 30 × 7.", "30 * 7"),
        ("The answer is 30 x 7.", "30 * 7"),
        ("The answer is (10 − 7).", "(10 - 7)"),
        ("The answer is: **(10 - 7)**.", "(10 - 7)"),
        ("The answer is $(10 - 7).", "(10 - 7)"),
        ('the answer is "(10 - 7)".', "(10 - 7)"),
        ("THE ANSWER IS\n(10 - 7)", "(10 - 7)"),
        ("The answer is 1,200 / 3.", "1,200 / 3"),
        ("The answer is -5.", "-5"),
        ("The answer is .5 * 4", ".5 * 4"),
        ("The answer is (2 ** 3).", "(2 ** 3)"),
        ("The answer is 10 - 7 - the rest.", "10 - 7"),
        ("( 84.0 / 2.0 )", "( 84.0 / 2.0 )"),  # a bare answer, as a student gives it
        ("84 / 2 = 42", "84 / 2"),
        ("84 / 2.", "84 / 2"),
        ("", statements.EMPTY),
        (" \n ", statements.EMPTY),
        ("I do not know.", statements.NO_ANSWER),
        ("He had 3 + 4", statements.NO_ANSWER),
        ("3 + 4 is what he had", statements.NO_ANSWER),
        ("one\n3 + 4", statements.NO_ANSWER),
        ("The answer is (4 + 5). But the answer is unknown.", arithmetic.NOTHING),
        ("The answer is (4 + 5.", arithmetic.BRACKETS),
        ("The answer is 4 + 5).", "4 + 5"),
        ("The answer is (4, 5).", arithmetic.COMMA),
        ("The answer is 4, 5.", statements.TWO_ANSWERS),
        ("The answer is 4 or 5.", statements.TWO_ANSWERS),
        ("The answer is 4 to 5.", statements.TWO_ANSWERS),
        ("The answer is 40%.", GOES_ON),
        ("The answer is 4 (5).", statements.TWO_ANSWERS),
        ("The answer is " + "(" * 500 + "1" + ")" * 500, arithmetic.TOO_DEEP),
        ("The answer is " + "1+" * 300 + "1", arithmetic.TOO_LONG),
        ("The answer is 9 ** 9 ** 9.", arithmetic.POWER),
        ("The answer is __import__('os').", arithmetic.NOTHING),
        # LaTeX, and what people put around an equation
        ("So $\\boxed{3 + 4}$", "3 + 4"),
        ("The answer is $\\boxed{7}$.", "7"),
        ("The answer is \\(84 \\div 2\\).", "84 / 2"),
        ("The answer is 6 \\times 7.", "6 * 7"),
        ("The answer is $\\frac{84}{2}$.", "((84) / (2))"),
        ("The answer is £(3 + 4), I think.", "(3 + 4)"),
        ("The answer is “(3 + 4)”.", "(3 + 4)"),
        ("The answer is (3 + 4), which is 7 apples.", "(3 + 4)"),
        ("The answer is (3 + 4)</s>", "(3 + 4)"),
        ("**The answer is (3 + 4).**", "(3 + 4)"),
        ('He said: "The answer is (3 + 4)." 5 more', "(3 + 4)"),
        ("The answer is 3\u200b + 4.", "3 + 4"),
        ("The answer is 7.\n- 3 of them are red", "7"),
        ("The answer is 7\n- 3 of them are red", "7"),
        # a part of what is stated is not the answer
        ("The answer is 84 points / 2 rounds.", statements.TWO_ANSWERS),
        ("The answer is 3 + 4 apples + x.", GOES_ON),
        ("The answer is 3 + 4 apples + 2 pears.", statements.TWO_ANSWERS),
        ("The answer is 3 + 4 +", GOES_ON),
        ("The answer is 3 -", GOES_ON),
        ("The answer is (3 + 4) // 2.", statements.TWO_ANSWERS),
        ("The answer is 7 thousand.", GOES_ON),
        ("The answer is 3x + 4.", GOES_ON),
        ("The answer is 7k.", GOES_ON),
        ("The answer is 3².", GOES_ON),
        ("The answer is 7:30.", statements.TWO_ANSWERS),
        ("The answer is 7 more than 3.", statements.TWO_ANSWERS),
        ("The answer is (3 + 4) if he kept them; otherwise (3 - 4).", statements.TWO_ANSWERS),
    ],
)
def test_the_last_statement_is_read_as_an_equation_or_said_why_not(text: str, wanted: str) -> None:
    assert said(SVAMP.conclude(text)) == wanted


@pytest.mark.parametrize(
    ("equation", "wanted"),
    [
        ("( 84.0 / 2.0 )", 42),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("2 + 3 * 4 - 6 / 3", 12),
        ("10 - 3 - 6", 1),
        ("8 / 4 / 2", 1),
        ("-2 ^ 2", -4),
        ("2 ** 3 ** 2", 512),
        ("2 ** -1", Fraction(1, 2)),
        ("--4", 4),
        ("4 ÷ 2 × 3", 6),
        ("1,234,567 - 7", 1234560),
        ("1 / 0", arithmetic.ZERO),
        ("0 ** -1", arithmetic.ZERO),
        ("1 / (2 - 2)", arithmetic.ZERO),
        ("3, 4", arithmetic.COMMA),
        ("(3, 4)", arithmetic.COMMA),
        ("12,34", arithmetic.COMMA),
        ("9 ** 99", arithmetic.POWER),
        ("2 ** 0.5", arithmetic.POWER),
        ("(" * 41 + "1" + ")" * 41, arithmetic.TOO_DEEP),
        ("-" * 41 + "1", arithmetic.TOO_DEEP),
        ("1" * 41, arithmetic.TOO_LARGE),
        ("((9**16)**16)**16", arithmetic.TOO_LARGE),
        ("9" * 40 + " * " + " * ".join(["9" * 40] * 8), arithmetic.TOO_LARGE),
        ("1+" * 200 + "1", arithmetic.TOO_LONG),
        ("(1 + 2", arithmetic.BRACKETS),
        ("1 + 2)", arithmetic.BRACKETS),
        ("()", arithmetic.BRACKETS),
        ("", arithmetic.NOTHING),
        ("x", arithmetic.NOTHING),
        ("1 + x", arithmetic.NOTHING),
        ("1e5", arithmetic.NOTHING),
        ("1_000", arithmetic.NOTHING),
        ("0x10", arithmetic.NOTHING),
        ("nan", arithmetic.NOTHING),
        ("٣ + ٤", arithmetic.NOTHING),
        ("1 // 2", arithmetic.NOTHING),
        ("1 if 1 else 2", arithmetic.NOTHING),
        ("().__class__", arithmetic.BRACKETS),
    ],
)
def test_values_are_exact_and_bounded(equation: str, wanted: object) -> None:
    assert said(value(equation)) == wanted


@given(st.text(alphabet="0123456789+-*/^().,= x×−÷", max_size=60))
def test_any_text_of_signs_is_a_value_or_a_failure(text: str) -> None:
    found = value(text)
    assert isinstance(found, Fraction | Failure)
    if isinstance(found, Fraction):
        assert max(found.numerator.bit_length(), found.denominator.bit_length()) <= arithmetic.LARGEST_BITS


@given(st.text(max_size=200))
def test_no_text_breaks_a_reader(text: str) -> None:
    for task in (SVAMP, CQA, ANLI):
        assert isinstance(task.conclude(text, CHOICES), str | Failure)
        assert isinstance(task.conclude(f"The answer is {text}", CHOICES), str | Failure)
    assert isinstance(verdict(text), str | Failure)
    assert isinstance(reasons(text), str)


ATOMS = st.integers(0, 999).map(str)
SUMS = st.sampled_from("+-*")
EQUATIONS = st.recursive(ATOMS, lambda inner: st.builds("({} {} {})".format, inner, SUMS, inner), max_leaves=6)


@given(EQUATIONS)
def test_an_equation_has_the_value_that_python_gives_it(equation: str) -> None:
    wanted = eval(equation)  # of an equation that this test made itself
    found = value(equation)
    assert found == wanted
    assert SVAMP.conclude(f"The answer is {equation}.") == equation


@pytest.mark.parametrize(
    "hostile",
    [
        "answer is " * 10**5,
        "1" + " " * 10**6 + ", or",
        "*" * 10**6,
        "\\frac{" * 10**5,
        "\\text{" * 10**5,
        "{" * 10**6,
        ": - " * 10**5,
    ],
)
def test_no_text_holds_a_reader_up(hostile: str) -> None:
    """A pattern that goes back over a text a million times would take hours."""
    start = time.process_time()
    for text in (
        hostile,
        f"The answer is {hostile}",
        f"\\boxed{{{hostile}",
        f"Fine.\n{hostile}the given answer is correct x",
    ):
        for task in (SVAMP, CQA, ANLI):
            task.conclude(text, CHOICES)
        verdict(text)
        reasons(text)
    assert time.process_time() - start < 60


@pytest.mark.parametrize(
    "hostile", ["9**9**9**9", "(" * 10**6, "1+" * 10**6, "9" * 10**6, "-" * 10**6 + "1", "answer is " * 10**5]
)
def test_hostile_arithmetic_costs_nothing(hostile: str) -> None:
    """CPU time, so that it holds whatever else runs; a huge power computed would not end."""
    start = time.process_time()
    assert isinstance(value(hostile), Failure)
    assert isinstance(SVAMP.conclude(f"The answer is {hostile}"), Failure)
    assert sys.getrecursionlimit() > arithmetic.DEEPEST * 5
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("(10 - (3 + 6))", "( 10.0 - 3.0 - 6.0 )", True),
        ("0.1 + 0.2", "0.3", True),
        ("1 / 3", "0.33333333333", True),
        ("1 / 3", "0.3333", False),
        ("2", "-2", False),
        ("1 / 0", "1 / 0 + 0", False),
        ("0", "0.0000000001", False),
    ],
)
def test_equations_are_equal_where_their_values_are(one: str, other: str, wanted: bool) -> None:
    assert SVAMP.equal(one, other) is wanted
    assert SVAMP.equal(other, one) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The answer is bank.", "bank"),
        ("The answer is: the Bank", "bank"),
        ('the answer is "bank". It is near.', "bank"),
        ("The answer is (b).", "bank"),
        ("The answer is b", "bank"),
        ("The answer is (b) bank.", "bank"),
        ("The answer is bank, not the sea. So the answer is sea.", "sea"),
        ("bank", "bank"),
        ("The answer is a river bank.", "river bank"),
        ("The answer is (d).", "a"),
        ("The answer is river.", "not one of the choices"),
        ("The answer is (g).", "not one of the choices"),
        ("The answer is $\\boxed{\\text{B}}$.", "bank"),
        ("\\boxed{bank}", "bank"),
        ("The answer is (b) the sea.", statements.TWO_ANSWERS),
        ("I think bank\nor sea", "no answer is stated"),
    ],
)
def test_a_choice_is_one_of_the_choices(text: str, wanted: str) -> None:
    assert said(CQA.conclude(text, CHOICES)) == wanted


def test_what_cannot_be_seen_is_no_answer() -> None:
    assert said(CQA.conclude("\u200b")) == statements.EMPTY
    assert said(CQA.conclude("The answer is \u200b\u2060.")) == statements.NO_ANSWER


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The answer is entailment if so. No: the answer is neutral.", "neutral"),
        ("The answer is 'Contradiction'.", "contradiction"),
        ("neutral", "neutral"),
        ("Neutral.", "neutral"),
        ("The answer is entailment or neutral.", "more than one answer is stated"),
        ("The answer is unclear.", "not one of the labels"),
        ("The answer is neutrality.", "not one of the labels"),
        ("The answer is neutral-ish.", "not one of the labels"),
        ("The answer is a contradiction.", "contradiction"),
        ("The answer is entailment, not neutral.", "entailment"),
        ("The answer is entailment, neutral or contradiction.", "more than one answer is stated"),
        ("The answer is neutral but maybe entailment.", "more than one answer is stated"),
        ("The answer is entailment/neutral.", "more than one answer is stated"),
        ("", "the text is empty"),
    ],
)
def test_a_label_is_one_of_three(text: str, wanted: str) -> None:
    assert said(ANLI.conclude(text)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Fine.\n\nEvaluation result: the given answer is correct.", "correct"),
        ("Fine.\nEvaluation result: The given answer is **Wrong**.", "wrong"),
        ("Evaluation result: the given answer is incorrect.", "wrong"),
        ("Hm.\nevaluation result: the given answer is uncertain  \n\n", "uncertain"),
        ("The given answer is wrong if 7 is.\nEvaluation result: the given answer is correct.", "correct"),
        ("Evaluation result: the given answer is correct.\nNo more.", statements.NO_VERDICT),
        ("the given answer is not correct.", statements.NO_VERDICT),
        ("the given answer is correctly worked out.", statements.NO_VERDICT),
        ("The given answer is correct, or the given answer is wrong.", statements.NO_VERDICT),
        ("The given answer is wrong. The given answer is correct.", statements.TWO_VERDICTS),
        ("Evaluation result: I doubt that the given answer is correct.", statements.NO_VERDICT),
        ("It is not true that the given answer is correct.", statements.NO_VERDICT),
        ("If so, the given answer is correct.", statements.NO_VERDICT),
        ("Evaluation result: nobody says the given answer is wrong.", statements.NO_VERDICT),
        ("I count 7. So the given answer is correct.", "correct"),
        ("**Evaluation result: the given answer is \\boxed{wrong}.**", "wrong"),
        ("", statements.EMPTY),
    ],
)
def test_the_verdict_stands_on_the_last_line(text: str, wanted: str) -> None:
    assert said(verdict(text)) == wanted


def test_reasons_and_evaluations_lose_what_they_conclude() -> None:
    assert reasons("One. So it is 84 / 2. \n\nThe answer is (84 / 2).") == "One. So it is 84 / 2."
    assert reasons("The answer is (84 / 2).") == ""
    assert reasons("He has 2.5 kg, so the answer is 2.5.") == ""
    assert reasons("no answer here ") == "no answer here"
    assert without_verdict("Evaluation:\n\nAll fine.\n\nEvaluation result: the given answer is correct.\n") == (
        "Evaluation:\n\nAll fine."
    )
    assert without_verdict("the given answer is correct.") == ""
