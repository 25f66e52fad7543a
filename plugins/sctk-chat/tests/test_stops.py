"""Stop strings end an answer with the token that completes them, and never cut into what was given."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sctk_chat import StopWatch, cut, ids_before, spoken

PIECES = ["a", "b", "ab", "ba", ".", "\n", "a.", "é", " "]


def spell(ids: Sequence[int]) -> str:
    return "".join(PIECES[number] for number in ids)


@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=30),
    st.lists(st.text("ab.\né ", min_size=1, max_size=4), max_size=3),
)
def test_a_stop_string_is_seen_with_the_token_that_completes_it(ids: list[int], stops: list[str]) -> None:
    watch = StopWatch(stops, spell)
    seen = next((n for n in range(1, len(ids) + 1) if watch.hit(ids[:n])), None)
    wanted = next((n for n in range(1, len(ids) + 1) if cut(spell(ids[:n]), stops) is not None), None)
    assert seen == wanted


@given(st.lists(st.integers(0, 8), max_size=20), st.integers(0, 30))
def test_ids_before_spell_the_text_or_are_none(ids: list[int], place: int) -> None:
    text = spell(ids)[:place]
    borders = {spell(ids[:n]) for n in range(len(ids) + 1)}
    found = ids_before(ids, text, spell)
    assert (found is not None) == (text in borders)
    assert found is None or spell(found) == text


END = 99


@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=30),
    st.integers(0, 30),
    st.lists(st.text("ab.\né ", min_size=1, max_size=4), max_size=3),
)
def test_given_ids_are_never_cut_and_their_own_stop_strings_do_not_count(
    ids: list[int], n_given: int, stops: list[str]
) -> None:
    n_given = min(n_given, len(ids))
    border = len(spell(ids[:n_given]))
    watch = StopWatch(stops, spell)
    seen = next((n for n in range(n_given + 1, len(ids) + 1) if watch.hit(ids[:n], n_given)), None)
    ends = (n for n in range(n_given + 1, len(ids) + 1) if _ends_behind(spell(ids[:n]), stops, border))
    assert seen == next(ends, None)
    said = spoken(ids[:seen], n_given, {END}, stops, spell)
    assert said.stopped == (seen is not None)
    assert said.text.startswith(spell(ids[:n_given]))
    assert said.ids is None or (said.ids[:n_given] == tuple(ids[:n_given]) and spell(said.ids) == said.text)
    assert not _ends_behind(said.text, stops, border)


def _ends_behind(text: str, stops: list[str], border: int) -> bool:
    return any(text.endswith(stop, 0, end) for stop in stops for end in range(border + 1, len(text) + 1))


@pytest.mark.parametrize(
    ("ids", "n_given", "text", "kept"),
    [
        ((0, 4, 1, 4), 2, "a.b", (0, 4, 1)),  # the given stop string stays, the next one ends the answer
        ((0, 4, 4, 1), 2, "a.", (0, 4)),  # it begins at the border
        ((0, 4, 1, END), 2, "a.b", (0, 4, 1, END)),  # the turn ends, no stop string does
        ((0, 4, END), 3, "a.", (0, 4, END)),  # finished as given
    ],
)
def test_an_answer_with_given_ids(ids: tuple[int, ...], n_given: int, text: str, kept: tuple[int, ...]) -> None:
    said = spoken(ids, n_given, {END}, (".",), spell)
    assert (said.text, said.ids) == (text, kept)


def test_a_stop_string_across_the_border_leaves_what_was_given() -> None:
    said = spoken((0, 4, 5, 1), 2, {END}, (".\n",), spell)
    assert (said.text, said.ids, said.stopped) == ("a.", (0, 4), True)
