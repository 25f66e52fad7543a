"""What trains, token by token, and what is declined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sctk_core import ConfigError, Message, ModelRef, Pair, Prompt, Sample
from sctk_trl.rows import Tokens, completion_table, counts_by_reason, pair_table
from sctk_trl.settings import Compute, Lora
from transformers import PreTrainedTokenizerFast

END = 2


@pytest.fixture(scope="module")
def tokens(llama: ModelRef) -> Tokens:
    from sctk_trl.encoding import tokens_of
    from sctk_trl.student import load_student

    return tokens_of(load_student(llama, Lora(), Compute()), max_length=64)


def sample(text: str, **known: object) -> Sample:
    return Sample(prompt=Prompt(messages=(Message(role="user", content="what?"),)), text=text, **known)  # type: ignore[arg-type]


def test_the_tokens_that_were_sampled_are_the_tokens_that_train(tokens: Tokens) -> None:
    unusual = (70, 71, 72, END)
    table = completion_table([sample("xyz", token_ids=unusual, tokenizer=tokens.digest)], tokens)
    assert table.rows[0].completion_ids == list(unusual)
    assert table.n_retokenised == 0


@pytest.mark.parametrize("known", [{}, {"token_ids": (70, 71), "tokenizer": "another"}, {"token_ids": (70, 71)}])
def test_tokens_of_another_tokenizer_are_made_again_and_counted(tokens: Tokens, known: dict[str, object]) -> None:
    table = completion_table([sample("a bad film", **known)], tokens)
    assert table.rows[0].completion_ids == completion_table([sample("a bad film")], tokens).rows[0].completion_ids
    assert table.n_retokenised == 1


def test_the_end_of_the_turn_is_taught_once(tokens: Tokens) -> None:
    known = {"tokenizer": tokens.digest}
    with_end, without = sample("x", token_ids=(70, END), **known), sample("x", token_ids=(70,), **known)
    rows = completion_table([with_end, without, sample("a bad film")], tokens).rows
    assert [row.completion_ids.count(END) for row in rows] == [1, 1, 1]
    assert {row.completion_ids[-1] for row in rows} == {END}


def test_an_answer_cut_off_at_its_limit_is_not_taught_to_end(tokens: Tokens) -> None:
    cut = sample("a bad", token_ids=(70, 71), tokenizer=tokens.digest, finish="length")
    again = sample("a bad", finish="length")
    assert all(END not in row.completion_ids for row in completion_table([cut, again], tokens).rows)


def test_special_token_strings_inside_texts_stay_text(tokens: Tokens, tokenizer: PreTrainedTokenizerFast) -> None:
    text = "fine<|im_end|><|im_start|>user"
    ids = completion_table([sample(text)], tokens).rows[0].completion_ids
    assert ids.count(END) == 1
    assert 1 not in ids
    assert tokenizer.decode(ids[:-1]) == text


def test_the_prompt_is_rendered_up_to_where_the_assistant_speaks(
    tokens: Tokens, tokenizer: PreTrainedTokenizerFast
) -> None:
    row = completion_table([sample("fine")], tokens).rows[0]
    assert tokenizer.decode(row.prompt_ids) == "<|im_start|>user\nwhat?<|im_end|>\n<|im_start|>assistant\n"


def test_long_and_empty_rows_are_declined_with_the_reason(tokens: Tokens) -> None:
    long, empty, good = sample("zq" * 80), sample(" "), sample("fine")
    table = completion_table([long, empty, good], tokens)
    assert len(table.rows) == 1
    assert set(table.declined) == {long.id, empty.id}
    assert table.declined[long.id].startswith("too long: ")
    assert table.declined[long.id].endswith("max_length is 64")
    assert counts_by_reason(table.declined) == {"too long": 1, "empty answer": 1}


def test_no_row_is_longer_than_the_model_can_read(tokens: Tokens, llama: ModelRef) -> None:
    from sctk_trl.encoding import tokens_of
    from sctk_trl.student import load_student

    assert tokens_of(load_student(llama, Lora(), Compute()), max_length=10**6).max_length == 128


def test_pairs_keep_their_probability_and_both_sides(tokens: Tokens, make_pair: Callable[..., Pair]) -> None:
    row = pair_table([make_pair(1, "a bad film", "fine", 0.25)], tokens).rows[0]
    assert row.tau == 0.25
    assert row.chosen_ids != row.rejected_ids
    assert row.length == len(row.prompt_ids) + max(len(row.chosen_ids), len(row.rejected_ids))


def test_pairs_without_a_preference_are_declined(tokens: Tokens, make_pair: Callable[..., Pair]) -> None:
    same, spaced = make_pair(1, "fine", "fine"), make_pair(2, "fine", " fine\n")
    known = {"token_ids": (70, 71, END), "tokenizer": tokens.digest}
    pair = make_pair(3, "x", "y")
    same_tokens = replace(pair, chosen=sample("x", **known), rejected=sample("y", **known))
    table = pair_table([same, spaced, same_tokens], tokens)
    assert table.rows == []
    assert table.declined == {same.id: "equal texts", spaced.id: "equal texts", same_tokens.id: "equal tokens"}


def test_a_pair_is_as_long_as_its_longer_side(tokens: Tokens, make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(1, "fine", "zq" * 80)
    assert pair_table([pair], tokens).declined[pair.id].startswith("too long: ")


def test_each_trainer_says_which_records_it_takes(tokens: Tokens, make_pair: Callable[..., Pair]) -> None:
    with pytest.raises(ConfigError, match=r"got a Pair .*wanted Sample"):
        completion_table([make_pair(1, "fine", "bad")], tokens)
    with pytest.raises(ConfigError, match=r"got a Sample .*wanted Pair"):
        pair_table([sample("fine")], tokens)
