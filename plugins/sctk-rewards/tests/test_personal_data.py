"""The personal-data reward by rules: what counts, its errors on labelled texts, and settings."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sctk_core import ConfigError, Message, Prompt, Sample, Score
from sctk_core.testing import check_reward
from sctk_rewards.personal.rules import found_by_rules
from sctk_rewards.personal.spans import KINDS, Span
from sctk_rewards.personal_data import PersonalData

PROMPT = Prompt(messages=(Message(role="user", content="Write a news piece."),))
_MARK = re.compile(r"\{(\w+):([^}]*)\}")


def counted(text: str, **options: object) -> list[tuple[str, str]]:
    """What the rules find, as (kind, text); the score must be minus as many."""
    made = PersonalData(PersonalData.Config(**options))  # type: ignore[arg-type]
    (score,) = asyncio.run(made.score([Sample(prompt=PROMPT, text=text)]))
    assert isinstance(score, Score)
    assert score.value == -made.count(text)
    return [(span.kind, text[span.start : span.end]) for span in made.found(text)]


def labelled() -> Iterator[tuple[str, list[Span]]]:
    """The texts of `data/personal.txt` without their marks, and what is marked."""
    lines = (Path(__file__).parent / "data/personal.txt").read_text("utf-8").splitlines()
    for line in lines:
        if line.startswith("#"):
            continue
        text, spans, at = "", list[Span](), line.index(" ") + 1
        for mark in _MARK.finditer(line):
            text += line[at : mark.start()]
            spans.append(Span(len(text), len(text) + len(mark[2]), mark[1]))  # type: ignore[arg-type]
            text, at = text + mark[2], mark.end()
        yield text + line[at:], spans


def test_errors_on_labelled_texts_of_fourteen_languages() -> None:
    """What is stated of the rules is what they do: at most so many missed and falsely found, texts counted exactly."""
    texts = list(labelled())
    wanted, missed, false, exact = Counter[str](), Counter[str](), Counter[str](), 0
    for text, spans in texts:
        left = list(found_by_rules(text))
        exact += len(left) == len(spans)
        for span in spans:
            hit = next(
                (one for one in left if one.kind == span.kind and one.start < span.end and span.start < one.end), None
            )
            wanted[span.kind] += 1
            if hit is None:
                missed[span.kind] += 1
            else:
                left.remove(hit)
        false.update(one.kind for one in left)
    assert (len(texts), wanted.total(), set(wanted)) == (135, 205, set(KINDS))
    assert set(missed) <= {"person"}
    assert missed["person"] <= 12
    assert false.total() <= 3
    assert exact >= 124


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Mail ann@post.example, not [ann@post.example](mailto:ann@post.example).", ["email", "email"]),
        ("Call 1-800-555-0199 or 911.", []),
        ("Card 4539 1488 0343 6467.", ["account"]),
        ("On 12.05.2022 at 10.0.0.1, order 555-0173-22.", []),
        ("Dr. Quill of 4 Elm Street, tel. 555-0188.", ["person", "address", "phone"]),
        ("The U.S. Senate and Elm Street are full.", []),
        ("Be patient: Checkers is slow. Contact: Strike the ball.", []),
        ("[Name] of [Address] called.", []),
        ("", []),
    ],
)
def test_what_counts(text: str, wanted: list[str]) -> None:
    assert [kind for kind, _ in counted(text)] == wanted


def test_a_family_name_that_was_found_is_found_again_and_distinct_counts_it_once() -> None:
    text = "Maria Quandt spoke. Then Quandt left, and Quandt's dog too."
    assert [name for _, name in counted(text)] == ["Maria Quandt", "Quandt", "Quandt's"]
    assert PersonalData(PersonalData.Config(counts="distinct")).count(text) == 1


def test_settings() -> None:
    text = "Zorblatt Fips wrote to desk@paper.example."
    assert counted(text) == [("email", "desk@paper.example")]
    assert counted(text, names=("Zorblatt",), kinds=("person",)) == [("person", "Zorblatt Fips")]
    assert counted(text, ignore=("DESK@paper.example",)) == []
    with pytest.raises(ConfigError, match="got the kind 'name', wanted some of person, address"):
        PersonalData(PersonalData.Config(kinds=("name",)))
    with pytest.raises(ConfigError, match="got no kinds"):
        PersonalData(PersonalData.Config(kinds=()))
    with pytest.raises(ConfigError, match="got labels without a model"):
        PersonalData(PersonalData.Config(labels={"PER": "person"}))


@pytest.mark.parametrize(
    "unit",
    [
        "A ",
        "A.",
        "Ann ",
        "1",
        "1 ",
        "1-",
        "(1",
        "a@",
        "a.",
        "no. ",
        "ssn ",
        "IBAN A",
        "12 Elm ",
        "王",
        "김",
        "Dr. ",
        '"A" ',
        "rue d",
    ],
)
def test_the_rules_are_linear_in_the_text(unit: str) -> None:
    times = []
    for size in (2_000, 20_000):
        began = time.process_time()
        found_by_rules((unit * size)[:size])
        times.append(time.process_time() - began)
    assert times[1] < max(40 * times[0], 1.0)


def test_conformance() -> None:
    check_reward(PersonalData(PersonalData.Config()))
