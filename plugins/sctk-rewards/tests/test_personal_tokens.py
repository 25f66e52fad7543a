"""Entities by a token classifier whose label is a word's own, made here: words, runs, windows, label schemes, complaints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sctk_core import ConfigError
from sctk_rewards.personal_data import PersonalData

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

WORDS = {
    "saw": "O",
    "and": "O",
    ".": "O",
    "ann": "B",
    "lee": "I",
    "mc": "B",
    "##neil": "I",
    "##s": "O",
    "bo": "B",
    "oslo": "X",
}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def made(folder: Path, labels: dict[str, str], n_context: int = 512) -> Path:
    """A BERT without layers, in which a piece's label is that of `WORDS`: embeddings are one-hot, and the head reads them."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    pieces = [*SPECIAL, *WORDS]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL, strict=True))
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    kinds = list(dict.fromkeys(labels.values()))
    config = transformers.BertConfig(
        vocab_size=len(pieces), hidden_size=8, num_hidden_layers=0, num_attention_heads=1, intermediate_size=8,
        max_position_embeddings=n_context, id2label=dict(enumerate(kinds)), label2id={k: i for i, k in enumerate(kinds)},
    )  # fmt: skip
    model = transformers.BertForTokenClassification(config)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
        model.bert.embeddings.LayerNorm.weight.fill_(1.0)
        model.classifier.weight.copy_(4 * torch.eye(8)[: len(kinds)])
        for at, piece in enumerate(pieces):
            label = kinds.index(labels[WORDS.get(piece, "O")])
            model.bert.embeddings.word_embeddings.weight[at, label] = 1.0
    model.save_pretrained(folder)
    return folder


SCHEMES = {
    "bio": {"O": "O", "B": "B-PER", "I": "I-PER", "X": "B-LOC"},
    "inner": {"O": "O", "B": "I-PER", "I": "I-PER", "X": "I-LOC"},
    "plain": {"O": "O", "B": "PERSON", "I": "PERSON", "X": "PLACE"},
    "bilou": {"O": "O", "B": "B-PER", "I": "L-PER", "X": "U-LOC"},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tokens")
    whole = {name: made(folder / name, labels) for name, labels in SCHEMES.items()}
    return whole | {f"short-{name}": made(folder / f"short-{name}", labels, 12) for name, labels in SCHEMES.items()}


def found(model: Path, text: str, **options: Any) -> list[str]:
    config = PersonalData.Config(model=str(model), kinds=("person",), **{"overlap": 4, **options})
    return [text[span.start : span.end] for span in PersonalData(config).found(text)]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_runs_are_counted_once_and_pieces_are_one_word(models: dict[str, Path], scheme: str) -> None:
    """In "McsNeil" the middle piece by itself is no name: a word has one label."""
    text = "Ann Lee saw McsNeil and Oslo . Bo saw Ann"
    assert found(models[scheme], text) == ["Ann Lee", "McsNeil", "Bo", "Ann"]


def test_a_label_that_begins_begins_another_and_without_one_a_line_does(models: dict[str, Path]) -> None:
    assert found(models["bio"], "Ann Lee Bo Ann") == ["Ann Lee", "Bo", "Ann"]
    assert found(models["bilou"], "Ann Lee Bo Lee") == ["Ann Lee", "Bo Lee"]
    assert found(models["plain"], "Ann Lee Bo Ann\nBo") == ["Ann Lee Bo Ann", "Bo"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("lead", range(6))
def test_windows_lose_nothing_and_count_nothing_twice(models: dict[str, Path], scheme: str, lead: int) -> None:
    """Each place of a long text comes to lie at a window's edge; the short context finds what the long one does."""
    text = "saw " * lead + "Ann Lee saw McNeil and Bo saw Ann Lee . saw Oslo and Ann Lee saw saw McNeil Bo"
    assert found(models[f"short-{scheme}"], text) == found(models[scheme], text)
    assert len(found(models[scheme], text)) >= 6


def test_the_rest_is_found_by_rules_and_labels_may_mean_other_kinds(models: dict[str, Path]) -> None:
    text = "Ann saw Oslo , write to ann@post.example"
    config = PersonalData.Config(model=str(models["bio"]), labels={"PER": "person", "LOC": "address"})
    got = [(span.kind, text[span.start : span.end]) for span in PersonalData(config).found(text)]
    assert got == [("person", "Ann"), ("address", "Oslo"), ("email", "ann@post.example")]


def test_complaints(models: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"got the label 'NAME' .* wanted some of its own: LOC, PER"):
        found(models["bio"], "", labels={"NAME": "person"})
    with pytest.raises(ConfigError, match=r"got no labels .* wanted some of its own: TOWN"):
        found(made(tmp_path / "towns", dict.fromkeys("OBIX", "TOWN")), "")
    with pytest.raises(ConfigError, match="wanted a token classifier with its tokenizer"):
        found(tmp_path / "nothing", "")
    assert PersonalData.digest_of(PersonalData.Config(model=str(models["bio"]))) != PersonalData.digest_of(
        PersonalData.Config(model=str(models["plain"]))
    )
