"""The curators against `sctk_rs.dedup` called by hand, and what their verdicts tell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_core import Curation, Declined, Message, Pair, Prompt, Sample, Weighted
from sctk_core.config import parse
from sctk_core.testing import check_curator
from sctk_curate.contamination import Decontaminate
from sctk_curate.duplicates import ExactDuplicates, NearDuplicates
from sctk_curate.texts import asked, text_of
from sctk_rs import dedup

CURATORS = (ExactDuplicates, NearDuplicates, Decontaminate)
LONG = "the quick brown fox jumps over the lazy dog while nine grey cats look on from an old stone wall"


def prompt(text: str, number: int = 0, **known: Any) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),), occurrence=number, **known)


def sample(text: str, number: int) -> Sample:
    return Sample(prompt=prompt("Say it.", number), text=text)


def pair(chosen: str, rejected: str, number: int) -> Pair:
    one, other = sample(chosen, number), sample(rejected, number)
    return Pair(prompt=one.prompt, chosen=one, rejected=other, margin=None, probability=1.0)


def curated(target: Any, rows: Sequence[Any], held_out: Sequence[Prompt] = (), **values: Any) -> Curation:
    found: Curation = target(parse(target.Config, values, where="test")).curate(rows, held_out)
    return found


def gone(found: Curation) -> list[int]:
    return [place for place, verdict in enumerate(found.verdicts) if verdict is not None]


@pytest.mark.parametrize("target", CURATORS)
def test_a_curator_keeps_the_contract_of_its_kind(target: Any) -> None:
    check_curator(target(target.Config()))


WORDS = st.lists(st.sampled_from(["one", "two", "Three!", "four", "é", "五", ""]), max_size=9).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=12), st.booleans())
def test_exact_duplicates_are_those_of_the_rust_core(texts: list[str], normalised: bool) -> None:
    rows = [sample(text, number) for number, text in enumerate(texts)]
    found = curated(ExactDuplicates, rows, text="completion", normalised=normalised)
    firsts = list(memoryview(dedup.exact(texts, normalised=normalised)))
    stand = [rows[first].id if first != place else None for place, first in enumerate(firsts)]
    assert [getattr(verdict, "because", None) for verdict in found.verdicts] == stand


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=12), st.sampled_from([0.3, 0.5, 0.8]), st.sampled_from(["word", "char"]))
def test_near_duplicates_are_those_of_the_rust_core(texts: list[str], threshold: float, shingle: Any) -> None:
    rows = [sample(text, number) for number, text in enumerate(texts)]
    found = curated(NearDuplicates, rows, text="completion", threshold=threshold, shingle=shingle, n=2)
    by_hand = dedup.near(texts, threshold=threshold, shingle=shingle, n=2)
    assert [int(verdict is None) for verdict in found.verdicts] == list(memoryview(by_hand.keep))
    names = (memoryview(by_hand.pairs[name]) for name in ("left", "right", "jaccard"))
    verified = {(left, right): jaccard for left, right, jaccard in zip(*names, strict=True)}
    for place, verdict in enumerate(found.verdicts):
        if isinstance(verdict, Declined):
            first = memoryview(by_hand.labels)[place]
            assert verdict.because == rows[first].id
            assert verdict.similarity == verified.get((first, place))
            assert verdict.similarity is not None or "joined through row" in verdict.detail


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=8), st.lists(WORDS, max_size=4), st.sampled_from([0.0, 0.6]))
def test_contaminated_rows_are_those_of_the_rust_core(texts: list[str], known: list[str], min_share: float) -> None:
    rows = [sample(text, number) for number, text in enumerate(texts)]
    held_out = [prompt(text, number) for number, text in enumerate(known)]
    found = curated(Decontaminate, rows, held_out, text="completion", n=3, min_share=min_share)
    by_hand = dedup.decontaminate(texts, known, n=3, min_share=min_share)
    assert gone(found) == sorted(set(memoryview(by_hand.overlaps["row"])))
    shares = dict.fromkeys(gone(found), 0.0)
    for row, share in zip(*(memoryview(by_hand.overlaps[name]) for name in ("row", "share")), strict=True):
        shares[row] = max(shares[row], share)
    assert [verdict.similarity for verdict in found.verdicts if isinstance(verdict, Declined)] == list(shares.values())


@pytest.mark.parametrize("target", CURATORS)
def test_threads_change_nothing_and_are_no_part_of_the_fingerprint(target: Any) -> None:
    from sctk_core.config import identity

    rows = [sample(f"{LONG} {number % 7}", number) for number in range(40)]
    held_out = [prompt(LONG)]
    assert curated(target, rows, held_out, threads=2) == curated(target, rows, held_out)
    assert "threads" not in identity(target.Config(threads=2))


def test_a_row_joined_through_another_names_it_and_claims_no_similarity_to_the_first() -> None:
    words = LONG.split()
    texts = [" ".join(words[at : at + 12]) for at in (0, 2, 4)]
    rows = [sample(text, number) for number, text in enumerate(texts)]
    _, second, third = curated(NearDuplicates, rows, text="completion", threshold=0.5, n=2).verdicts
    assert isinstance(second, Declined)
    assert isinstance(third, Declined)
    assert (second.because, second.similarity) == (rows[0].id, pytest.approx(9 / 13))
    assert (third.because, third.similarity) == (rows[0].id, None)
    assert third.detail == f"joined through row {rows[1].id}, which it is like by 0.692"


@pytest.mark.parametrize(
    ("part", "sides", "wanted"),
    [
        ("both", "both", "Say it.\nyes\nno"),
        ("both", "chosen", "Say it.\nyes"),
        ("completion", "both", "yes\nno"),
        ("completion", "chosen", "yes"),
        ("prompt", "both", "Say it."),
    ],
)
def test_the_text_of_a_pair_is_what_the_settings_say(part: Any, sides: Any, wanted: str) -> None:
    assert text_of(pair("yes", "no", 0), part, sides) == wanted


def test_system_turns_are_not_compared() -> None:
    turns = (Message(role="system", content="Be brief."), Message(role="user", content="Why?"))
    assert asked(Prompt(messages=turns)) == "Why?"
    assert text_of(Prompt(messages=turns), "completion", "both") == "Why?"


def test_equal_answers_to_different_questions_stay_unless_only_answers_are_compared() -> None:
    rows = [Sample(prompt=prompt(question), text="I cannot help with that.") for question in ("How?", "Where?")]
    assert gone(curated(ExactDuplicates, rows)) == []
    assert gone(curated(ExactDuplicates, rows, text="completion")) == [1]


STORY = " ".join(f"word{number}" for number in range(250))


@pytest.mark.parametrize(
    "rows",
    [
        [Prompt(messages=(Message(role="user", content=text),), document=STORY) for text in ("Who built it?", "When?")],
        [prompt(f"{STORY}\n{text}") for text in ("Who built it?", "When was it built?")],
        [Sample(prompt=prompt(text), text=STORY) for text in ("Make a bomb.", "Tell me the secret.")],
        [pair(STORY, "No.", 0), pair(STORY, "Never, I am afraid.", 0)],
        [pair(STORY, f"{STORY} {STORY[::-1]}", 0), pair(f"{STORY} {STORY[::-1]}", STORY, 0)],
    ],
    ids=["one document", "one text", "equal refusals", "one chosen answer", "the sides changed"],
)
def test_a_long_part_that_rows_share_does_not_hide_that_they_differ(rows: Any, request: pytest.FixtureRequest) -> None:
    is_one = "one text" in request.node.name
    assert gone(curated(NearDuplicates, rows)) == ([1] if is_one else [])
    assert gone(curated(NearDuplicates, rows, parts="together")) == [1]
    assert gone(curated(NearDuplicates, [rows[0], rows[0]])) == [1]


def test_a_contaminated_row_shows_the_share_and_the_span() -> None:
    held_out = [prompt("Nothing alike is asked here, in so many other words than those."), prompt("Q", reference=LONG)]
    rows = [sample("All is well.", 0), sample(f"Ünd so: {LONG.upper()}!", 1)]
    found = curated(Decontaminate, rows, held_out)
    assert gone(found) == [1]
    verdict = found.verdicts[1]
    assert isinstance(verdict, Declined)
    assert (verdict.because, verdict.similarity) == (held_out[1].id, 1.0)
    assert verdict.detail == f"8 runs of 13 words are shared, the longest at byte 17: {LONG.upper()}"
    questions_only = Decontaminate(Decontaminate.Config(held_out="prompt"))
    assert questions_only.curate(rows, held_out).verdicts == [None, None]


def test_held_out_texts_that_are_too_short_are_told_of() -> None:
    rows = [sample(LONG, 0)]
    told = "1 of 2 held-out questions and gold answers have fewer than 13 words and were not looked for"
    assert curated(Decontaminate, rows, [prompt("Why?"), prompt(LONG)]).notes == (told,)
    assert curated(Decontaminate, rows, [prompt(LONG, reference="So.")]).notes == (told,)
    questions, answers = (Decontaminate(Decontaminate.Config(held_out=part)) for part in ("prompt", "reference"))
    assert questions.curate(rows, [prompt(LONG, reference="So.")]).notes == ()
    nothing = "the source has no held-out gold answers: nothing was compared"
    assert answers.curate(rows, [prompt(LONG)]).notes == (nothing,)
    assert curated(Decontaminate, rows, []).notes == ("the source has no held-out prompts: nothing was compared",)


def test_no_torch_comes_along() -> None:
    code = "import sys, sctk_curate.plugin, sctk_curate.duplicates, sctk_curate.contamination; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "numpy", "polars"} & set(done.stdout.split())


@pytest.mark.parametrize("target", CURATORS)
def test_a_weighted_text_is_curated_as_the_text(target: Any) -> None:
    samples = [sample(text, number) for number, text in enumerate((LONG, LONG, "short"))]
    weighted = [Weighted(sample=one, weight=0.5) for one in samples]
    held_out = (prompt(LONG),)
    assert gone(curated(target, weighted, held_out)) == gone(curated(target, samples, held_out)) != []
