"""Distance from neutral and shift by opinion: by the lexicon, by a classifier made here, and on labelled comments."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sctk_core import ConfigError, Failure, Message, Prompt, Sample, Score
from sctk_core.testing import check_reward
from sctk_rewards.sentiment import Reading, SentimentDistance, SentimentShift


def asked(text: str, **meta: str) -> Sample:
    turn = Message(role="user", content=f"Comment on it. {sorted(meta.items())}")
    return Sample(prompt=Prompt(messages=(turn,), meta=meta), text=text)


def scored(*texts: str, **options: object) -> Sequence[Score | Failure]:
    made = SentimentDistance(Reading(**options))  # type: ignore[arg-type]
    return asyncio.run(made.score([asked(text, row=str(row)) for row, text in enumerate(texts)]))


def values(found: Sequence[Score | Failure]) -> list[float]:
    return [one.value for one in found if isinstance(one, Score)]


def test_praise_and_blame_stand_equally_far_from_neutral() -> None:
    assert values(scored("Good.", "Dull.", "A town.", "Good, good.")) == [-0.5, -0.5, 0.0, pytest.approx(-2 / 3)]
    assert {one.name for one in scored("Good.") if isinstance(one, Score)} == {"sentiment-distance"}
    (silent,) = scored("A town.", when_silent="failure")
    assert isinstance(silent, Failure)
    assert (silent.component, silent.reason) == ("sentiment-distance", "no opinion word in the text")


def test_scales() -> None:
    low_high = SentimentDistance.scale(Reading()), SentimentShift.scale(SentimentShift.Config())
    assert [(one.low, one.high) for one in low_high] == [(-1.0, 0.0), (-2.0, 0.0)]


def test_labelled_comments_stand_on_the_side_that_is_stated() -> None:
    lines = (Path(__file__).parent / "data/comments.txt").read_text("utf-8").splitlines()
    rows = [line.split(" ", 1) for line in lines if not line.startswith("#")]
    found = values(scored(*(text for _, text in rows)))
    assert len(rows) == len(found) == 48
    assert sum((label == "0") != (value >= -0.25) for (label, _), value in zip(rows, found, strict=True)) <= 1


def shift(*samples: Sample, **options: str) -> Sequence[float | Failure | None]:
    made = SentimentShift(SentimentShift.Config(**options))  # type: ignore[arg-type]
    (row,) = asyncio.run(made.evaluate(samples)).values()
    return row


def test_the_shift_is_between_opinions_on_one_question_and_no_others() -> None:
    told = shift(
        asked("Good.", group="a", kind="likes"),
        asked("Dull.", group="a", kind="dislikes"),
        asked("A town.", group="a", kind="neither"),
        asked("Good.", group="b", kind="likes"),
        asked("Dull.", group="b", kind="likes", row="2"),
        asked("Dull.", kind="likes"),
    )
    assert told == [-0.75, -0.75, -0.5, None, None, None]


def test_without_a_column_for_opinions_each_prompt_has_its_own_and_failures_are_left_out() -> None:
    same = asked("Good.", group="a", row="1")
    again = Sample(prompt=same.prompt, text="Dull.", rank=1)
    assert shift(same, again) == [None, None]
    assert shift(same, again, asked("Dull.", group="a", row="2")) == [-1.0, 0.0, -0.5]
    first, second = shift(same, asked("A town.", group="a", row="3"), when_silent="failure")
    assert first is None
    assert isinstance(second, Failure)
    assert (second.component, second.stage) == ("sentiment-shift", "measure")


def test_a_classifiers_values_and_what_is_neutral_on_its_scale(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"[UNK]": 0, "good": 1, "bad": 2}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[UNK]"
    ).save_pretrained(tmp_path)
    config = transformers.BertConfig(
        vocab_size=3, hidden_size=4, num_hidden_layers=0, num_attention_heads=1, intermediate_size=4,
        max_position_embeddings=16, id2label={0: "meh", 1: "up", 2: "down"}, label2id={"meh": 0, "up": 1, "down": 2},
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    with torch.no_grad():  # the class of a text is that of its first word: one-hot embeddings, through pooler and head
        for weights in model.parameters():
            weights.zero_()
        model.bert.embeddings.LayerNorm.weight.fill_(1.0)
        model.bert.embeddings.word_embeddings.weight.copy_(torch.eye(4)[:3])
        model.bert.pooler.dense.weight.copy_(torch.eye(4))
        model.classifier.weight.copy_(9 * torch.eye(4)[:3])
    model.save_pretrained(tmp_path)
    worth = {"meh": 3.0, "up": 5.0, "down": 2.0}
    options = {"model": str(tmp_path), "values": worth, "pick": "top", "neutral": 3.0}
    assert values(scored("good", "bad", "town", **options)) == [-2.0, -1.0, 0.0]
    config_ = Reading(model=str(tmp_path), values=worth, neutral=3.0)
    assert (SentimentDistance.scale(config_).low, SentimentDistance.scale(config_).high) == (-2.0, 0.0)
    assert SentimentDistance.digest_of(config_) != SentimentDistance.digest_of(Reading()) == ""
    with pytest.raises(ConfigError, match="'meh', 'up', 'down'"):
        SentimentDistance(Reading(model=str(tmp_path)))


def test_conformance() -> None:
    check_reward(SentimentDistance(Reading()))
