"""An encoder-decoder's two texts: what its own tokenizer makes of them, and nothing that a text says is obeyed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sctk_chat import (
    Chat,
    answer_ends,
    is_encoder_decoder,
    load_tokenizer,
    source_ids,
    target_ids,
    tokenizer_digest,
)
from sctk_core import ConfigError, Failure, Message, ModelRef, Request, Sampling
from small_tokenizers import WORDS
from tiny_models import make_bart, make_gpt2, make_t5


@pytest.fixture(scope="session", params=["t5", "bart"])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("two-texts") / request.param
    (make_t5 if request.param == "t5" else make_bart)(path, [WORDS] * 4)
    return load_tokenizer(ModelRef(path=str(path)))


def say(*contents: str) -> tuple[Message, ...]:
    return tuple(Message(role="user", content=content) for content in contents)


def test_both_texts_are_as_the_tokenizer_has_them(tokenizer: Any) -> None:
    for text in ("predict: 1 2 3 four?", "the film was good", " two  spaces ", "line\nline", "", "naïve café 你好 🙂"):
        assert source_ids(tokenizer, say(text)) == tokenizer(text).input_ids
        assert target_ids(tokenizer, text) == tokenizer(text_target=text).input_ids
        assert target_ids(tokenizer, text)[-1] == tokenizer.eos_token_id


def test_turns_are_joined_by_a_blank_line_and_nothing_else(tokenizer: Any) -> None:
    turns = (Message(role="system", content="the film"), Message(role="user", content="was"), *say("good"))
    assert source_ids(tokenizer, turns) == tokenizer("the film\n\nwas\n\ngood").input_ids
    called = Message(role="tool", content="4")
    with pytest.raises(ConfigError, match="tool turn"):
        source_ids(tokenizer, (*say("the film"), called))


def test_control_strings_in_texts_are_text(tokenizer: Any) -> None:
    around = set(target_ids(tokenizer, ""))
    controls = {number for token, number in tokenizer.get_vocab().items() if token in tokenizer.all_special_tokens}
    controls -= around | {tokenizer.unk_token_id}
    text = "the </s> <s> <pad> <mask> <extra_id_0> <unk> film"
    for ids in (source_ids(tokenizer, say(text)), target_ids(tokenizer, text)):
        assert not controls & set(ids)
        assert [number for number in ids if number in around] == target_ids(tokenizer, "")
    assert tokenizer(text).input_ids != source_ids(tokenizer, say(text))


def chat(tokenizer: Any, **more: Any) -> Chat:
    ends = answer_ends(tokenizer, None)
    return Chat("made-up", tokenizer, context=16, n_vocab=len(tokenizer), ends=ends, two_texts=True, **more)


def test_prompt_and_answer_have_the_context_each_to_itself(tokenizer: Any) -> None:
    opening = chat(tokenizer).opening(Request(messages=say("the film"), sampling=Sampling(max_new_tokens=99)))
    assert not isinstance(opening, Failure)
    assert (opening.prompt, opening.given, opening.limit) == (tokenizer("the film").input_ids, (), 16)
    long = chat(tokenizer).opening(Request(messages=say("the film " * 20), of="p"))
    assert isinstance(long, Failure)
    assert "16 tokens, the most that the model reads or says" in long.reason
    assert isinstance(chat(tokenizer).to_score(say("the"), "the film " * 20), Failure)
    ids = tuple(tokenizer(text_target="film").input_ids)
    assert chat(tokenizer).to_score(say("the"), "film") == (tokenizer("the").input_ids, list(ids))
    assert chat(tokenizer).to_score(say("the"), ids) == (tokenizer("the").input_ids, list(ids))


def test_forced_ids_begin_an_answer_that_has_none_given(tokenizer: Any) -> None:
    forced = chat(tokenizer, begun=(0,))
    free, given = (forced.opening(Request(messages=say("the"), prefix_ids=ids)) for ids in ((), (0, 9)))
    assert not isinstance(free, Failure)
    assert not isinstance(given, Failure)
    assert (free.given, given.given) == ((0,), (0, 9))


def test_the_kind_of_a_model_is_read_from_its_files(tmp_path: Path) -> None:
    t5, gpt2 = make_t5(tmp_path / "t5", [WORDS] * 4), make_gpt2(tmp_path / "gpt2", [WORDS])
    assert is_encoder_decoder(ModelRef(path=str(t5)))
    assert not is_encoder_decoder(ModelRef(path=str(gpt2)))
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.json").write_text(json.dumps([1]))
    assert not is_encoder_decoder(ModelRef(path=str(tmp_path / "bare")))


def test_the_digest_tells_tokenizers_apart(tmp_path: Path, tokenizer: Any) -> None:
    other = load_tokenizer(ModelRef(path=str(make_t5(tmp_path / "t5", ["quite another text"] * 4))))
    assert tokenizer_digest(other) != tokenizer_digest(tokenizer)
