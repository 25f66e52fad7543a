"""The classifier reward on a tiny model made here: labels by the model's own map, batches, long texts, and complaints."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sctk_core import ConfigError, Failure, Message, Prompt, Sample, Score
from sctk_core.testing import check_reward

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from sctk_rewards.classifier import Classifier  # noqa: E402
from sctk_rewards.weights import context_of  # noqa: E402

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "good",
    "bad",
    "film",
    "dull",
    "kind",
    "[",
    "]",
    "sep",
    "is",
    "the",
]
LABELS = {0: "5 stars", 1: "bad", 2: "LABEL_7"}  # digits that mean nothing, on purpose
VALUES = {"5 stars": 1.0, "bad": 2.0, "LABEL_7": 4.0}
PROMPT = Prompt(messages=(Message(role="user", content="the film"),))


def made(folder: Path, labels: dict[int, str] = LABELS, **options: Any) -> Path:
    """A BERT of one layer with random weights and a word-piece tokenizer, saved to `folder`."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    special = {
        "unk_token": "[UNK]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=24, initializer_range=1.0,
        id2label=labels, label2id={label: i for i, label in labels.items()}, **options,
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("classifier"))


def reward(model: Path, **options: Any) -> Classifier:
    return Classifier(Classifier.Config(model=str(model), **options))


def scored(made_reward: Classifier, *texts: str) -> list[Score | Failure]:
    samples = [Sample(prompt=PROMPT, text=text, rank=rank) for rank, text in enumerate(texts)]
    return list(asyncio.run(made_reward.score(samples)))


def values(made_reward: Classifier, *texts: str) -> list[float]:
    return [found.value for found in scored(made_reward, *texts) if isinstance(found, Score)]


def by_hand(model: Path, text: str) -> list[float]:
    """The probabilities in the model's order, by the library's own pipeline."""
    pipe = transformers.pipeline("text-classification", model=str(model), top_k=None)
    found = {each["label"]: each["score"] for each in pipe([text])[0]}
    return [found[LABELS[i]] for i in range(3)]


def test_scores_are_the_models_probabilities_by_its_own_labels(model: Path) -> None:
    text = "a good film is kind"
    shares = by_hand(model, text)
    assert max(shares) < 0.999
    for place, label in LABELS.items():
        assert values(reward(model, positive=label), text) == pytest.approx([shares[place]], abs=1e-6)
    assert values(reward(model, values=VALUES), text) == pytest.approx(
        [shares[0] + 2 * shares[1] + 4 * shares[2]], abs=1e-5
    )
    likeliest = list(VALUES.values())[shares.index(max(shares))]
    assert values(reward(model, values=VALUES, pick="top"), text) == [likeliest]


def test_the_same_score_in_any_batch(model: Path) -> None:
    texts = ["a good film", "bad", "the film is dull the film is dull", "", "kind " * 12, "a good film"]
    alone = [values(reward(model, positive="bad"), text)[0] for text in texts]
    assert values(reward(model, positive="bad"), *texts) == alone
    assert values(reward(model, positive="bad", batch_size=4), *texts) == pytest.approx(alone, abs=1e-5)
    assert len(set(alone)) == 5


def test_a_long_text_is_cut_at_its_end_and_says_so_or_fails(model: Path) -> None:
    short, long, as_far = scored(reward(model, positive="bad"), "good", "film " * 100, "film " * 22)
    assert isinstance(short, Score)
    assert isinstance(long, Score)
    assert isinstance(as_far, Score)
    assert short.scale == long.scale == "0 to 1 (probability of 'bad')"
    assert (short.note, as_far.note) == ("", "")
    assert long.note == "the reply was cut at the classifier's context of 24 tokens"
    assert long.value == as_far.value != short.value
    kept, failed = scored(reward(model, positive="bad", too_long="failure"), "good", "film " * 100)
    assert isinstance(kept, Score)
    assert isinstance(failed, Failure)
    assert (failed.kind, failed.reason) == ("budget", "the text is longer than the classifier's context of 24 tokens")


def test_text_never_becomes_a_special_token(model: Path) -> None:
    assert values(reward(model, positive="bad"), "a [SEP] film") == values(
        reward(model, positive="bad"), "a [ sep ] film"
    )


def test_a_pair_is_the_last_question_and_the_reply_as_two_texts(model: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(model)
    logits = network(**tokenizer("the film", "good", return_tensors="pt")).logits
    wanted = torch.softmax(logits, -1)[0, 1].item()
    assert values(reward(model, positive="bad", reads="pair"), "good") == pytest.approx([wanted], abs=1e-6)
    assert values(reward(model, positive="bad"), "good") != pytest.approx([wanted], abs=1e-6)


def test_a_pair_that_is_too_long_keeps_the_reply_and_the_end_of_the_question(model: Path) -> None:
    def of(question: str, text: str) -> Score:
        asked = Prompt(messages=(Message(role="user", content=question),))
        (found,) = asyncio.run(reward(model, positive="bad", reads="pair").score([Sample(prompt=asked, text=text)]))
        assert isinstance(found, Score)
        return found

    cut = of("dull " * 50 + "the film is kind", "good " * 16)
    assert cut.note == "the prompt was cut at the classifier's context of 24 tokens"
    assert cut.value == of("dull the film is kind", "good " * 16).value  # 24 tokens: 5, 16 and three marks
    both = of("the film", "good " * 50)
    assert both.note == "the reply was cut at the classifier's context of 24 tokens"
    assert both.value == of("", "good " * 21).value


def test_one_output_is_the_score(tmp_path: Path) -> None:
    alone = made(tmp_path, {0: "LABEL_0"})
    tokenizer = transformers.AutoTokenizer.from_pretrained(alone)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(alone)
    wanted = network(**tokenizer("good film", return_tensors="pt")).logits.item()
    assert values(reward(alone), "good film") == pytest.approx([wanted], abs=1e-6)
    with pytest.raises(ConfigError, match="got 'positive' for a model with one output"):
        reward(alone, positive="LABEL_0")


def test_several_labels_at_once_are_sigmoids(tmp_path: Path) -> None:
    several = made(tmp_path, problem_type="multi_label_classification")
    shares = [values(reward(several, positive=label), "a good film")[0] for label in LABELS.values()]
    assert shares == pytest.approx(by_hand(several, "a good film"), abs=1e-6)
    assert sum(shares) != pytest.approx(1.0, abs=1e-3)


def test_a_label_is_named_by_its_place_where_no_label_has_that_name(model: Path, tmp_path: Path) -> None:
    assert values(reward(model, positive="1"), "good film") == values(reward(model, positive="bad"), "good film")
    by_place = {"0": 1.0, "1": 2.0, "2": 4.0}
    assert values(reward(model, values=by_place), "good") == values(reward(model, values=VALUES), "good")
    turned = made(tmp_path, {0: "1", 1: "0"})
    assert values(reward(turned, positive="1"), "good")[0] == pytest.approx(
        1 - values(reward(turned, positive="0"), "good")[0], abs=1e-6
    )
    assert reward(turned, positive="1").head.weights == (1.0, 0.0)


def test_outputs_that_are_numbers_are_taken_as_they_are(tmp_path: Path) -> None:
    several = made(tmp_path, problem_type="regression")
    tokenizer = transformers.AutoTokenizer.from_pretrained(several)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(several)
    logits = network(**tokenizer("good film", return_tensors="pt")).logits[0].tolist()
    assert values(reward(several, positive="LABEL_7"), "good film") == pytest.approx([logits[2]], abs=1e-6)
    weighed = logits[0] + 2 * logits[1] + 4 * logits[2]
    assert values(reward(several, values=VALUES), "good film") == pytest.approx([weighed], abs=1e-5)
    (score,) = scored(reward(several, positive="LABEL_7"), "good film")
    assert isinstance(score, Score)
    assert score.scale == "unbounded (output 'LABEL_7')"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"positive": "3"}, "got the label '3', wanted one that"),
        ({"reads": "conversation", "positive": "bad"}, "whose tokenizer has no chat template"),
        ({}, "got neither positive nor values, wanted one of them; the labels of"),
        ({"positive": "bad", "values": VALUES}, "got positive and values, wanted one of them"),
        ({"positive": "Bad"}, "got the label 'Bad', wanted one that"),
        (
            {"values": {"bad": 1.0, "5 stars": 2.0}},
            "got no value for 'LABEL_7', wanted one for each label: '5 stars', 'bad', 'LABEL_7'",
        ),
    ],
)
def test_labels_must_be_the_models(model: Path, options: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        reward(model, **options)
    assert wanted in str(caught.value)


def test_what_is_no_classifier(tmp_path: Path, model: Path) -> None:
    with pytest.raises(ConfigError, match="wanted a sequence classifier with its tokenizer"):
        reward(tmp_path, positive="bad")
    for file in model.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ConfigError, match="wanted a sequence classifier with its tokenizer"):
        scored(reward(tmp_path, positive="bad"), "good")


def test_the_context_of_models_that_count_positions_after_the_padding() -> None:
    class Tokenizer:
        model_max_length = int(1e30)

    about = transformers.RobertaConfig(max_position_embeddings=514, pad_token_id=1)
    assert context_of(about, Tokenizer()) == 512
    assert context_of(transformers.BertConfig(max_position_embeddings=24), Tokenizer()) == 24


def test_other_weights_are_another_run(tmp_path: Path, model: Path) -> None:
    """Two models at different paths with equal bytes have one digest; another model has another."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in model.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    other = made(tmp_path / "other", {0: "no", 1: "yes"})
    digests = [Classifier.digest_of(Classifier.Config(model=str(path))) for path in (model, copy, other)]
    assert digests[0] == digests[1] != digests[2]


def test_conformance(model: Path) -> None:
    check_reward(reward(model, values=VALUES))
    check_reward(reward(model, values=VALUES, batch_size=8), tolerance=1e-5)
