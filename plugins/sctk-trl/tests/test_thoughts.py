"""What is taught of answers with thoughts: exactly what was sampled, never inside a thought, never a block that nobody sampled."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from families import FAMILIES, tokenizer_of
from sctk_chat import decode, render, tokenizer_digest
from sctk_core import Message, ModelRef, Pair, Prompt, Sample
from sctk_core.thoughts import parted
from sctk_trl.encoding import tokens_of
from sctk_trl.rows import INSIDE_A_THOUGHT, Tokens, completion_table, pair_table

BY_NAME = {family.name: family for family in FAMILIES}
PROMPT = Prompt(messages=(Message(role="user", content="Why?"),))
SAMPLED = {
    "Qwen3": ("<think>\nHm.\n</think>\n\nSo.", "<|im_end|>"),
    "DeepSeek-R1 distillations": ("Hm.\n</think>\n\nSo.", "<｜end▁of▁sentence｜>"),
    "Magistral": ("[THINK]Hm.[/THINK]So.", "</s>"),
    "Command A, reasoning": ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>So.<|END_RESPONSE|>", "<|END_OF_TURN_TOKEN|>"),
    "gpt-oss": (
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>So.", "<|return|>",
    ),
}  # fmt: skip
"""What a model of the family says, and the token that ends it."""


def tokens(name: str) -> tuple[Any, Tokens]:
    family = BY_NAME[name]
    tokenizer = tokenizer_of(family)
    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(max_position_embeddings=512))
    ref = ModelRef(path="x", variables=family.variables)
    student: Any = SimpleNamespace(
        tokenizer=tokenizer, found_config=config, found_generation_config=None, ref=ref, two_texts=False
    )
    return tokenizer, tokens_of(student, 512)


def sampled(name: str, **more: Any) -> Sample:
    """A sample as the pipeline makes it of what the family's model said."""
    tokenizer = tokenizer_of(BY_NAME[name])
    said, end = SAMPLED[name]
    ids = tuple(tokenizer(said + end, add_special_tokens=False)["input_ids"])
    found = parted(decode(tokenizer, ids[:-1]), "<think>" if name.startswith("DeepSeek") else "")
    assert found is not None
    assert found.answer == "So."
    digest = tokenizer_digest(tokenizer)
    return Sample(prompt=PROMPT, text=found.answer, thought=found.thought, token_ids=ids, tokenizer=digest, **more)


def shown(tokenizer: Any, ids: list[int]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=False))


@pytest.mark.parametrize("name", sorted(SAMPLED))
def test_thought_and_answer_are_taught_as_they_were_sampled(name: str) -> None:
    tokenizer, door = tokens(name)
    sample = sampled(name, teach_thought=True)
    (row,) = completion_table([sample], door).rows
    assert row.completion_ids == list(sample.token_ids or ())
    assert row.prompt_ids == render(tokenizer, PROMPT.messages)


@pytest.mark.parametrize("name", sorted(SAMPLED))
def test_thought_and_answer_of_another_tokenizer_come_to_the_same_ids(name: str) -> None:
    _, door = tokens(name)
    sample = sampled(name, teach_thought=True)
    other = Sample(prompt=PROMPT, text=sample.text, thought=sample.thought, teach_thought=True)
    table = completion_table([other], door)
    wanted = [number for number in sample.token_ids or () if name != "Command A, reasoning" or number != _closer(name)]
    assert table.rows[0].completion_ids == wanted
    assert table.n_retokenised == 1


def _closer(name: str) -> int:
    return int(tokenizer_of(BY_NAME[name]).convert_tokens_to_ids("<|END_RESPONSE|>"))


@pytest.mark.parametrize("name", sorted(SAMPLED))
def test_the_answer_alone_is_taught_where_the_template_has_an_answer(name: str) -> None:
    tokenizer, door = tokens(name)
    sample = sampled(name)
    table = completion_table([sample], door)
    (row,) = table.rows
    n = len(row.completion_ids)
    assert tuple(row.completion_ids) == (sample.token_ids or ())[-n:]
    assert shown(tokenizer, row.completion_ids).startswith("So.")
    assert table.n_retokenised == 0
    read = shown(tokenizer, row.prompt_ids)
    turns = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    whole = tokenizer.apply_chat_template(turns, tokenize=False)
    assert whole.startswith((read + "So.", read + " So."))
    assert read.count("<think>") == read.count("</think>")


def test_a_pair_of_answers_with_and_without_a_thought_stands_behind_one_prompt() -> None:
    tokenizer, door = tokens("Qwen3")
    ids = tuple(tokenizer("No.<|im_end|>", add_special_tokens=False)["input_ids"])
    plain = Sample(prompt=PROMPT, text="No.", token_ids=ids, tokenizer=tokenizer_digest(tokenizer), rank=1)
    for chosen, rejected in ((sampled("Qwen3"), plain), (plain, sampled("Qwen3"))):
        pair = Pair(prompt=PROMPT, chosen=chosen, rejected=rejected, margin=None, probability=1.0)
        (row,) = pair_table([pair], door).rows
        assert shown(tokenizer, row.prompt_ids).endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
        said = {shown(tokenizer, row.chosen_ids), shown(tokenizer, row.rejected_ids)}
        assert said == {"So.<|im_end|>", "No.<|im_end|>"}


def test_a_pair_of_which_one_stands_inside_of_a_thought_is_declined() -> None:
    _, door = tokens("DeepSeek-R1 distillations")
    inside = sampled("DeepSeek-R1 distillations", teach_thought=True)
    given = Sample(prompt=PROMPT, text="No.", rank=1)
    pair = Pair(prompt=PROMPT, chosen=inside, rejected=given, margin=None, probability=1.0)
    table = pair_table([pair], door)
    assert (table.rows, list(table.declined.values())) == ([], [INSIDE_A_THOUGHT])
    both = Pair(
        prompt=PROMPT, chosen=sampled("DeepSeek-R1 distillations"), rejected=given, margin=None, probability=1.0
    )
    assert len(pair_table([both], door).rows) == 1
