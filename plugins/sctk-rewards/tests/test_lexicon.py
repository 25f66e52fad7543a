"""The lexicon: praise minus blame, negation, settings, and its word on real texts."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_core import ConfigError, Failure, Message, Prompt, Sample, Score
from sctk_rewards.lexicon import Lexicon, shipped_words

PROMPT = Prompt(messages=(Message(role="user", content="A review, please."),))
REAL = Path(__file__).parents[4] / "shared/data/dsc/sentiments/results_sentiment_review.json"


def score(text: str, **options: object) -> float | Failure:
    reward = Lexicon(Lexicon.Config(**options))  # type: ignore[arg-type]
    (found,) = asyncio.run(reward.score([Sample(prompt=PROMPT, text=text)]))
    return found.value if isinstance(found, Score) else found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A wonderful, moving film.", 2 / 3),
        ("A dull and tedious film.", -2 / 3),
        ("The plot is a plot.", 0.0),
        ("", 0.0),
        ("Good but boring.", 0.0),
        ("It is not good.", -0.5),
        ("It isn’t a good film.", -0.5),
        ("not bad", 0.5),
        ("Not a word about him. Good!", 0.5),
        ("Not dull but good.", 2 / 3),
        ("It was beautifully shot and it disappoints.", 0.0),
        ("WONDERFUL", 0.5),
    ],
)
def test_praise_minus_blame(text: str, wanted: float) -> None:
    assert score(text) == pytest.approx(wanted)


def test_settings() -> None:
    assert score("dull", favour="negative") == 0.5
    assert score("dull", favour="neutral") == -0.5
    assert score("a film", favour="neutral") == 0.0
    assert score("not good", negation_reach=0) == 0.5
    assert score("grok", positive=("Grok",)) == 0.5
    assert score("good", ignore=("good",)) == 0.0
    assert score("good", prior_words=0.0) == 1.0
    assert score("nothing here", prior_words=0.0) == 0.0
    silent = score("a plot", when_silent="failure")
    assert isinstance(silent, Failure)
    assert silent.kind == "parse"


def test_a_word_on_both_sides_is_refused() -> None:
    with pytest.raises(ConfigError, match="got 'dull' as praise and as blame"):
        Lexicon(Lexicon.Config(positive=("dull",)))


def test_the_shipped_lists_are_lists_of_words() -> None:
    praise, blame, negators = shipped_words()
    assert min(len(praise), len(blame)) >= 150
    assert not praise & blame
    assert not negators & (praise | blame)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(), max_size=5))
def test_one_score_per_sample_in_order_and_in_range(texts: list[str]) -> None:
    samples = [Sample(prompt=PROMPT, text=text, rank=rank) for rank, text in enumerate(texts)]
    found = asyncio.run(Lexicon(Lexicon.Config()).score(samples))
    assert [each.sample for each in found if isinstance(each, Score)] == samples
    assert all(isinstance(each, Score) and -1 < each.value < 1 for each in found)


@pytest.mark.skipif(not REAL.exists(), reason="the real dSC rows (../shared) are not here")
def test_it_sees_what_a_classifier_saw_on_real_reviews() -> None:
    """236 reviews by a 7B model, scored 1 to 5 by a classifier: the lexicon ranks a 4 or 5 above a 1 or 2 in over 90 %."""
    from sctk_core.statistics import rank_agreement

    rows = json.loads(REAL.read_text())
    scored = [(row[f"summary_{when}"], row[f"scores_{when}"]) for row in rows for when in ("pre", "after")]
    clear = [(score(text), stars > 3) for text, stars in scored if stars != 3]
    found = rank_agreement([float(value) for value, _ in clear], [good for _, good in clear])  # type: ignore[arg-type]
    assert found.low is not None
    assert found.low > 0.9, found
