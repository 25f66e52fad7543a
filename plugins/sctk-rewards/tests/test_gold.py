"""Gold answers: what counts as right, and that nothing wrong or in doubt ever does."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sctk_core import Failure, Message, Prompt, Sample, Score, references_of
from sctk_core.testing import check_evaluator, check_reward
from sctk_rewards.gold.numbers import answered
from sctk_rewards.gold.scorers import Choice, Contains, Exact, Numeric

ASKED = "Which city is the capital of Italy?\nA. Paris\nB. Rome\nC. Bern\nD. None of these"
KINDS = {"exact": Exact, "numeric": Numeric, "choice": Choice, "contains": Contains}


def sample_of(text: str, reference: Any, *, asked: str = ASKED, finish: Any = "stop") -> Sample:
    first, *others = references_of(reference) or (None,)
    prompt = Prompt(
        messages=(Message(role="user", content=asked),),
        reference=first,
        other_references=tuple(others),  # type: ignore[arg-type]
    )
    return Sample(prompt=prompt, text=text, finish=finish)


def found(kind: str, text: str, reference: Any, *, finish: str = "stop", **settings: Any) -> float | str:
    """The value that reward and evaluator agree on, or the reason of their failure."""
    component: Any = KINDS[kind](KINDS[kind].Config(**settings))
    sample = sample_of(text, reference, finish=finish)
    (score,) = asyncio.run(component.score([sample]))
    values = asyncio.run(component.evaluate([sample]))
    if isinstance(score, Failure):
        assert [failure.reason for failure in values[kind]] == [score.reason]
        return score.reason
    assert isinstance(score, Score)
    assert values == {kind: [score.value]}
    return score.value


NUMBERS = [  # what is said, a number that it is, a number that it is not
    ("#### 42", 42, 41), ("She has 48/2 = 24 left, 48+24 = 72 in all.\n#### 72", "72", "24"), ("$1,000", 1000, 1),
    ("The answer is 1000 dollars.", "$1,000", 100), ("It is 42%.", 42, 4200), ("It is 42%.", "0.42", "0.0042"),
    ("0.42", "42%", "4.2%"), ("1/2", 0.5, 1), ("The answer is -5.", -5, 5), ("The answer is −5", "-5", "5"), ("minus 5", -5, 5),
    ("3.0e2", 300, 3), ("3.0 × 10^2", 300, 3), ("3·10²", 300, 3), ("10⁻³", 0.001, 10), ("1 1/2 cups", 1.5, 1),
    ("1½", "3/2", 11), ("½", 0.5, 12), ("١٢٫٥", 12.5, 12), ("१२३", 123, 3), ("１２", 12, 1), ("1 000 000", 10**6, 1),
    ("1.234,50 €", 1234.5, 1.234), ("2,5 kg", 2.5, 25), ("1'000", 1000, 1), ("12,34,567", 1234567, 12), ("-$5", -5, 5),
    ("1.5 million people", 1500000, 1.5), ("5k", 5000, 5), ("2 dozen", 24, 2), (r"\boxed{\frac{1}{2}}", 0.5, 1),
    (r"so $\boxed{1{,}000}$ it is", 1000, 1), (r"50\%", 50, 5000), ("**Answer:** 42", 42, 4), ("Answer:\n\n$$42$$", 42, 4),
    ("答案是 42。", 42, 4), ("الجواب هو ٤٢", 42, 4), ("उत्तर: ४२", 42, 4), ("La respuesta es 42.", 42, 4),
    ("<answer>\n42\n</answer>", 42, 4), ("The answer is x = 5", 5, 0), ("2^10", 1024, 2),
    ("The answer is 3 + 4 = 7 apples", 7, 3), ("the answer is 42 (21 times 2)", 42, 21),
    ("First 5. The answer is 6. No: the answer is 7.", 7, 6),
    ("Answer: she sold 48 / 2 = 24 in May, and then some more. Altogether 72.", 72, 24),
    ("He did not eat, so 12 are left.", 12, 1), (r"\boxed{-\frac{3}{4}}", -0.75, 0.75),
    ("It is -3/4.", r"-\frac{3}{4}", r"\frac{3}{4}"), ("3/4", r"$\frac{3}{4}$", r"-\frac{3}{4}"),
    (r"So it is $-\frac{3}{4}$.", "-3/4", "3/4"),
    ("２．５", 2.5, 5), ("答案是３，４５６円", 3456, 456), ("答案是7，不是别的", 7, 0.7), ("1\u200b2", 12, 2),
    ("The answer is 7 miles.", 7, 7000),
    ("7m", 7, 7000000), ("30min", 30, 3), ("the 7-n rule", 7, -7), (r"7\text{ km}", 7, 0.7),
]  # fmt: skip


@pytest.mark.parametrize(("text", "right", "wrong"), NUMBERS)
def test_a_number_is_read_as_a_user_means_it(text: str, right: Any, wrong: Any) -> None:
    assert found("numeric", text, right) == 1
    assert found("numeric", text, wrong) == 0
    assert found("numeric", text, [wrong, right]) == 1


DOUBTFUL = [
    "The answer is 5 or 6", "It is 5 or 6", "between 5 and 6", "5-6", "5 to 6", "The answer is not 5", "The answer isn't 5.",
    "It isn't 5.", "It is never 5", "more than 5", "at least 5", "> 5", "x ≥ 5", "The answer is 5 hours and 30 minutes",
    "5 feet 6 inches", "5:30", "2020-05-05", "05/05/2020", "5.5.5", "5 + 5", "The answer is 5 * 5", "5, 6", "5, 5, 6", "5 - 5",
    "no idea", "", "H5", "x5", "v5", "5/0", "The answer is Paris. It has 5 parks.", "5^5^5", "1e999", "5 apples and 6 pears",
    "15", "0.5", "5.05", "50", "-5", "5 thousand", "5e1",
    "5 Milliarden", "5 Mio. Euro", "5 mil", "5 тыс. рублей", "5천원", "5만", "5万元",
    "5 ล้านบาท", "5 آلاف", "5 हज़ार रुपये", "5 nghìn", "5 milyon", "5M", "5B", "5n", "5i", "5π", r"5\pi", r"\sqrt{5}", r"\sqrt[3]{5}",
    "√5",
    r"\log_5 25", r"\log_{2} 5", "±5", r"\pm 5", r"\frac{\pi}{5}", "π/5", "5‰", "0x5", "5 out of 6", "4 out of 5",
]  # fmt: skip


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_is_in_doubt_or_another_number_is_not_five(text: str) -> None:
    assert found("numeric", text, 5) == 0


OTHERS = [
    "9 miljoonaa", "9 milijardi", "9 mld. zł", "9 thousand apples", "9-million", "9 mil pessoas", "9 tūkst.",
    "9 tuhat", "9 ribu rupiah", "9 हजार लोग", "9 কোটি", "9 ล้านคน", "9萬人", "9千人", "9억원", "9十", "9 de milioane",
    "9 mille milliards", "9 ألف نسمة", "9 מיליון", "elfu 9", "9q", "9ax", "9F", "9C2", "9z", "9 y", "9 n = k", "9!",
    "9!!", r"\boxed{9!}", "|9|", "9(a+b)", "(9)(2)", "9 mod 5", "9 squared", "9 hundredths", "9 choose 3", "log10(9)",
    "exp 9", "cos(9)", "floor(9)", "arctan 9", r"\tan 9", r"\phi(9)", r"\Gamma(9)", r"\binom{12}{9}", r"9\alpha",
    r"9\sqrt{2}", "9α", "+/-9", "9th", "0b9", "9x10", "c/9", "9 or so 8", "9 kk",
]  # fmt: skip
WHOLES = [
    "9 apples", "9km", "9 km/h", "9cm^2", "9m²", "9kg.", "9h", "9pm", "9GB", "9USD", "USD 9", "9 €", "€9", "9°",
    "9°C", "9 °F", r"9^\circ", r"9\%", "9%", "9 percent", "9個です", "9개입니다", "9人", "9รายการ", "9 км", "9км",
    "9 लोग", "9 سنوات", "9 ans", "9 Stück", "It is 9!", "There are 9 (nine) of them.", "= 9", "x = 9", r"$x = 9$",
    r"\[ x = 9 \]", "**9**", "So **9 apples** (not 10).", "9.", "9,", "(9)", "[9]", r"\boxed{9\text{ cm}}",
    r"\boxed{9}\quad\blacksquare", "3 times 3 is 9", "3 mal 3 ist 9.", "3 fois 3 font 9", "3 по 3 это 9",
    "3 × 3 = 9 units", "It was 9 in all, as I said.", "合計は9", "总共有9个苹果", "9 is it", "9 dollars",
    "9 and that is all", "9 miles", "9 mile run", "9 min",
]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_a_number_that_is_part_of_another_is_not_nine(text: str) -> None:
    assert found("numeric", text, 9) != 1


@pytest.mark.parametrize("text", WHOLES)
def test_a_unit_and_the_rest_of_a_sentence_leave_a_number_whole(text: str) -> None:
    assert found("numeric", text, 9) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7 Millionen", 7_000_000), ("3万个零件", 30_000), ("約1.2億人です。", 120_000_000), ("2.5 millones", 2_500_000),
        ("5 लाख रुपये", 500_000), ("4 ล้านบาท", 4_000_000), ("8‰", "0.008"), ("٪٧", 0.07), ("%7", 7), (r"\frac34", 0.75),
        (r"\boxed{- \frac{3}{4}}", -0.75), (r"\boxed{- 3}", -3), (r"\boxed{-\left(\frac{1}{4}\right)}", -0.25), ("10⁻² m", 0.01),
        ("It fell on March 3, 1987.", 1987), ("le 3 mars 1987", 1987), ("1.234.567 habitants", 1_234_567),
        ("It is 45 minutes (0.75 hours).", 45), ("It costs 30 kr (4 EUR) in all.", 30), ("(In all) it is (45)", 45),
        ("The peace was signed in **1648**, after thirty years (1618-1648) of 3 wars.", 1648),
    ],
)  # fmt: skip
def test_numbers_of_other_forms(text: str, value: Any) -> None:
    assert found("numeric", text, value) == 1


def test_a_reply_that_was_cut_off_has_answered_only_what_it_states() -> None:
    assert found("numeric", "First 48, then 72", 72, finish="length") == 0
    assert found("numeric", "The answer is 72. Let me check: 48 +", 72, finish="length") == 1
    assert found("choice", "Rome, so (B)", "B", finish="length") == 0
    assert found("numeric", "First 48, then 72", 72, answer="stated") == 0


def test_tolerances_are_a_share_of_the_reference_or_a_number() -> None:
    assert found("numeric", "3.14", 3.14159) == 0
    assert found("numeric", "3.14", 3.14159, absolute=0.01) == found("numeric", "3.14", 3.14159, tolerance=0.001) == 1
    assert found("numeric", "99", 100, tolerance=0.01) == 1
    assert found("numeric", "98.9", 100, tolerance=0.01) == found("numeric", "101.1", 100, tolerance=0.01) == 0


TEXTS = [  # what is said, what it is, what it is not
    (r"\boxed{-\frac{3}{4}}", "-3/4", "3/4"), ("0.75", r"\frac{3}{4}", r"-\frac{3}{4}"),
    ("Paris", "paris", "Pari"), ("  “Paris”. ", "Paris", "Rome"), ("The answer is Paris.", "Paris", "The"),
    (r"\boxed{Paris}", "paris", "boxed"), ("Yes", True, False), ("true", True, False), ("The answer is no.", False, True),
    ("42", 42, 4), ("1,000", 1000, 1), ("-5", -5, 5), ("C++", "c++", "C"), ("C#", "C#", "C"), ("1/2", "1/2", "12"),
    ("Ｐａｒｉｓ", "Paris", "P"), ("cafe\u0301", "café", "cafe"), ("पेरिस", "पेरिस", "पेरस"), ("答案是巴黎。", "巴黎", "黎"),
    ("x > 3", "x > 3", "x < 3"), ("50%", "50%", "50"), ("5!", "5!", "5"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "right", "wrong"), TEXTS)
def test_a_text_is_itself_whatever_its_dress(text: str, right: Any, wrong: Any) -> None:
    assert found("exact", text, right) == found("exact", text, ["elsewhere", right]) == 1
    assert found("exact", text, wrong) == 0


SAME = [  # the words of the core: marks and spaces between them, hyphens, apostrophes and points within them aside
    ("Mr. Smith", "Mr Smith"), ("Spider-Man", "spider man"), ("Washington, D.C.", "Washington DC"),
    ("rock 'n' roll", "rock n roll"),
    ("(B)", "B"), ("Straße", "STRASSE"), ("ΟΔΟΣ", "οδος"), ("パリ", "ﾊﾟﾘ"), ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    ("می\u200cروم", "میروم"), ("क्\u200dष", "क्ष"), ("Pa\u00adris", "Paris"), ("٥ كم", "5 كم"), ("ไม่ใช่", "ไม่\u200bใช่"),
    ("x − 1", "x - 1"), ("x≤5", "x <= 5"), ("$1,000.00 more", "1000 more"), ("👍", "👍"), ("[1, 2)", "[1, 2)"),
    ("B!", "B"), ("Paris- yes", "Paris yes"),
    ("서울입니다.", "서울"), ("정답: 부산이에요", "부산"), ("京都です。", "京都"), (r"\boxed{\text{Mary Shelley}}", "Mary Shelley"),
    ("```python\nprint(2)\n```", "print(2)"), ('{"answer": "Green"}', "green"), ("A -> C", "A → C"),
    ("'K'", "K"), ("20 ℃", "20 °C"),
]  # fmt: skip
OTHER = [
    ("O-", "O"), ("A-", "A"), ("A+", "A"), ("12:30", "12, 30"), ("3:2", "3 2"), ("|x|", "x"),
    ("[1, 2)", "(1, 2]"), ("{a, b}", "(a, b)"),
    ("n!", "n"), ("~p", "p"), ("f'(x)", "f(x)"), ("≠ 5", "5"), ("10²", "102"), ("x^2", "x2"), ("A, B", "B"), ("the A", "A"),
    ("👍", "👎"), ("नहीं", "हाँ"), ("C", "C#"), ("1.5", "15"), ("1,5", "15"), ("5 km", "5 m"), ("cafe", "café"), ("", "?"),
    ("-∞", "∞"), ("E♭", "E"), ("°F", "F"), ("A→C", "A←C"), ("p & q", "p | q"), ("6'", '6"'), ("K♥", "K♠"),
    ("AB+", "AB"), ("!q", "q"),
]  # fmt: skip


def test_two_texts_are_one_answer_by_the_words_of_the_core() -> None:
    assert [pair for pair in SAME if found("exact", *pair) != 1] == []
    assert [pair for pair in OTHER if found("exact", *pair) != 0 or (pair[0] and found("exact", *pair[::-1]))] == []


def test_how_texts_are_compared_is_a_setting() -> None:
    assert found("exact", "The Eiffel Tower!", "eiffel tower") == 0
    assert found("exact", "The Eiffel Tower!", "eiffel tower", compare="squad") == 1
    assert found("exact", "paris", "Paris", compare="as-is") == 0
    assert [found("exact", said, "true", compare="as-is") for said in ("true", "True", "TRUE", "yes", "truly")] == [
        1,
        1,
        1,
        0,
        0,
    ]
    assert found("exact", "The answer is Paris", "Paris", answer="whole") == 0
    assert found("exact", "42", "He has 40 + 2 = 42 left.\n#### 42") == 1


CHOSEN = [
    "B", "b", "(B)", "B.", "B)", "B. Rome", "(B) Rome", "**B**", "Rome", "rome.", "The answer is B.", "The answer is (B).",
    "The correct answer is B", "Answer: B", "answer: (b)", "The answer is: B. Rome", "The answer is Rome.", r"\boxed{B}",
    r"\boxed{\text{B}}", "#### B", "Option B", "(B) is correct.", "B is the correct answer", "I choose B",
    "A good question! The answer is B.", "答案是B", "La respuesta es B", "The best option is B.", "B because it is old",
    "Paris is in France, so (B).",
    "The answer is B because A is too far north.", "I think A. No, it is B.", "The answer is A. Wait, B.", "答えはBです。",
    "정답은 B입니다.", "C'est B", "A is wrong, so B", "D is incorrect, hence B.", "Es ist B.", "故选B。", '{"answer": "B"}',
    r"\boxed{\textbf{B}}", "It's B, since C is out.",
]  # fmt: skip
NOT_CHOSEN = [
    "A or B", "The answer is A or B", "Both A and B", "not B", "The answer is not B", "The answer isn't B", "A", "(C)",
    "(B) Paris", "Rome and Paris", "", "Better ask someone", "b is a letter that I like to write",
    "(A) is wrong. (B) is wrong.", "A city", "None of these", "ABC", "I", "Vitamin B is healthy",
    "B is wrong.", "B is clearly not correct", "答えはBではありません", "정답은 B가 아닙니다", "答案不是B",
    "B is right. No, B is wrong.",
    "The answer is B. No: A.", "so B or C", "It is A or it is B", "C罗", "B超检查", "I think A movie", "nicht B",
]  # fmt: skip


@pytest.mark.parametrize("text", CHOSEN)
@pytest.mark.parametrize("reference", ["B", "(B)", "b.", "Rome", "B. Rome"])
def test_an_option_is_chosen_by_letter_or_text(text: str, reference: str) -> None:
    assert found("choice", text, reference) == 1
    assert found("choice", text, "C") == 0


@pytest.mark.parametrize("text", NOT_CHOSEN)
def test_two_options_and_letters_in_passing_choose_nothing(text: str) -> None:
    assert found("choice", text, "B") == 0


def test_options_may_be_counted() -> None:
    assert found("choice", "The answer is (B)", 1) == "the reference names no option"
    assert found("choice", "The answer is (B)", 1, count_from=0) == found("choice", "B", 2, count_from=1) == 1
    assert found("choice", "The answer is (B)", 2, count_from=0) == 0


HELD = [  # a text, what it holds, what it does not
    ("It lies in Paris, France.", "paris", "Pari"), ("I would say 42, or so.", 42, 4), ("It is -5 degrees", "-5", "5"),
    ("It is 1.5", "1.5", "5"), ("15 of them", 15, 5), ("5/6 of it", "5/6", 5), ("He writes C++ daily", "C++", "C"),
    ("它在巴黎市中心", "巴黎", "罗马"), ("ฉันรักแมว", "แมว", "หมา"), ("ฉันดื่มกาแฟ", "กาแฟ", "กา"),
    ("파리입니다", "파리", "로마"), ("대한민국", "대한민국", "민국"), ("vitamin A is good", "Vitamin A", "a good"),
    ("x < 5", "x < 5", 5),
    ("at 12:30 sharp", "12:30", 12), ("it was 1000.00 then", "1,000", "1"), ("वह पेरिस में है", "पेरिस", "पेर"), ("x is 5!", "5!", "6!"),
    ("ሀገሩ ኢትዮጵያ ነው", "ኢትዮጵያ", "ኢትዮ"), ("ผมเห็นแมว 2 ตัว", "แมว 2 ตัว", "แมว 3 ตัว"), ("type O- blood", "O-", "O"),
    ("Paris- of course", "Paris", "Pari"), ("well done 👍", "👍", "👎"), ("it is 👩‍🚀 now", "👩‍🚀", "👩"),
    ("Costs $1,000 now", "$1,000", "1"),
    ("the Eiffel Tower stands", "Eiffel Tower", "Tower Eiffel"), ("5 million", "5 million", 5),
    ("Parisian food", "Parisian", "Paris"), ("2020-05-07", "2020-05-07", "05"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "right", "wrong"), HELD)
def test_a_text_holds_whole_words(text: str, right: Any, wrong: Any) -> None:
    assert found("contains", text, right) == found("contains", text, [wrong, right]) == 1
    assert found("contains", text, wrong) == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reference", [None, "", "  "])
def test_a_prompt_without_a_reference_says_so(kind: str, reference: Any) -> None:
    assert found(kind, "42", reference) == "the prompt has no reference"


def test_references_of_another_kind_say_so() -> None:
    assert (
        found("numeric", "42", "forty-two") == found("numeric", "42", "5 or 6") == "the reference is no single number"
    )
    assert found("choice", "B", "Oslo") == found("choice", "B", "E") == "the reference names no option"
    assert found("numeric", "42", ["forty-two", "42"]) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_conformance(kind: str) -> None:
    component: Any = KINDS[kind](KINDS[kind].Config())
    check_reward(component)
    check_evaluator(component)


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(["{}", "{:,}", "The answer is {:,}.", "#### {}", "So it is {:,} dollars.", r"\boxed{{{}}}"]),
)
def test_every_number_that_is_written_is_read(number: int, form: str) -> None:
    quantity = answered(form.format(number))
    assert quantity is not None
    assert quantity.value == number


@given(st.text("0123456789.,-+/eE^$%x* ()=:or", max_size=24))
def test_no_text_breaks_the_reading_of_numbers(text: str) -> None:
    quantity = answered(text)
    assert quantity is None or isinstance(quantity.value, Fraction)


GUIDE = (Path(__file__).parents[3] / "docs" / "user.md").read_text()
TOLD = [
    ("numeric", "42", ["#### 42", "the answer is $42.00", r"\boxed{42}", "84/2", "٤٢", "4.2e1 kg", "... = 42 apples."],
     ["-42", "42 thousand", "42 or 43", "not 42", "at least 42"]),
    ("choice", "B", ["B", "(b)", "B. Rome", "the answer is (B)"], ["A or B", "not B", "(B) Paris"]),
    ("exact", "Paris", ["paris.", "The answer is Paris", r"\boxed{Paris}"], ["Paris, France"]),
    ("contains", "Paris", ["It is Paris, I think"], ["Parisian"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "reference", "right", "wrong"), TOLD)
def test_the_guide_says_what_is_so(kind: str, reference: str, right: list[str], wrong: list[str]) -> None:
    assert [text for text in (*right, *wrong) if f"`{text}`" not in GUIDE] == []
    assert [text for text in right if found(kind, text, reference) != 1] == []
    assert [text for text in wrong if found(kind, text, reference) != 0] == []
