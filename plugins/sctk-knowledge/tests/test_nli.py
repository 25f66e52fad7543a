"""The comparer `nli` on tiny models made here: labels by the model's own map, by transformers too, each pair asked once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sctk_core import ConfigError, Failure, Message, Prompt, Sample, Score
from sctk_core.testing import check_comparer
from sctk_knowledge.nli.labels import Labels, labels_of

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from sctk_knowledge.nli.company import ALONE, EVEN, FILLED, Company, company_of, same_in_company  # noqa: E402
from sctk_knowledge.nli.comparer import Nli, _Loaded, key_of  # noqa: E402
from sctk_knowledge.nli.pairs import Reader  # noqa: E402

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    *SPECIAL,
    "it",
    "is",
    "the",
    "river",
    "of",
    "avon",
    "frome",
    "tamar",
    "old",
    "no",
    ".",
    "?",
    "what",
    "not",
    "[",
    "]",
    "sep",
]
THREE = {0: "CONTRADICTION", 1: "NEUTRAL", 2: "ENTAILMENT"}
TWO = {0: "entailment", 1: "contradiction"}
PROMPT = Prompt(messages=(Message(role="user", content="What is the river?"),))


def made(folder: Path, labels: dict[int, str], context: int = 32) -> Path:
    """A BERT of one layer with random weights and a word-piece tokenizer, saved to `folder`."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL, strict=True))
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    torch.manual_seed(len(labels))
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=context, initializer_range=1.0,
        id2label=labels, label2id={label: i for i, label in labels.items()},
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("three"), THREE)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("two"), TWO)


def nli(model: Path, **settings: Any) -> Nli:
    return Nli(Nli.Config(model=str(model), **settings))


def sample(text: str, rank: int = 0) -> Sample:
    return Sample(prompt=PROMPT, text=text, rank=rank)


def compared(comparer: Nli, *pairs: tuple[str, str]) -> list[Score | Failure]:
    return list(asyncio.run(comparer.compare([(sample(one), sample(other, 1)) for one, other in pairs])))


def values(found: list[Score | Failure]) -> list[float]:
    assert all(isinstance(one, Score) for one in found), found
    return [one.value for one in found if isinstance(one, Score)]


def logits(model: Path, premise: str, hypothesis: str) -> Any:
    """What the model says of a pair, by transformers."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(model).eval()
    with torch.inference_mode():
        return network(**tokenizer(premise, hypothesis, return_tensors="pt")).logits[0].double()


def by_hand(model: Path, premise: str, hypothesis: str, entailment: int, contradiction: int) -> float:
    """softmax over the two logits that are read."""
    return float(torch.softmax(logits(model, premise, hypothesis)[[entailment, contradiction]], dim=0)[1])


def shares(model: Path, premise: str, hypothesis: str) -> list[float]:
    """softmax over all logits."""
    return [float(one) for one in torch.softmax(logits(model, premise, hypothesis), dim=0)]


ONE, OTHER = "The river is Frome. It is old.", "It is the Tamar of Avon."


def test_it_is_the_mean_over_sentences_of_p_contradiction_without_neutral(three: Path, two: Path) -> None:
    for model, places in ((three, (2, 0)), (two, (0, 1))):
        wanted = [by_hand(model, sentence, OTHER, *places) for sentence in ("The river is Frome.", "It is old.")]
        assert values(compared(nli(model), (ONE, OTHER))) == pytest.approx([sum(wanted) / 2], abs=1e-6)
        agreed = values(compared(nli(model, gives="agreement"), (ONE, OTHER)))
        assert agreed == pytest.approx([1 - sum(wanted) / 2], abs=1e-6)


def test_where_neutral_is_counted_what_is_given_is_the_models_own_share(three: Path, two: Path) -> None:
    for model, places in ((three, (2, 0)), (two, (0, 1))):
        for gives, place in zip(("agreement", "disagreement"), places, strict=True):
            counted = nli(model, gives=gives, reads="whole", neutral="counted")
            wanted = shares(model, ONE, OTHER)[place]
            assert values(compared(counted, (ONE, OTHER))) == pytest.approx([wanted], abs=1e-6)
    contradicts, _, entails = shares(three, ONE, OTHER)
    left_out = values(compared(nli(three, gives="agreement", reads="whole"), (ONE, OTHER)))
    assert left_out == pytest.approx([entails / (entails + contradicts)], abs=1e-6)


def test_whole_texts_and_texts_with_their_question(three: Path) -> None:
    whole = by_hand(three, ONE, OTHER, 2, 0)
    asked = by_hand(three, f"What is the river? {ONE}", f"What is the river? {OTHER}", 2, 0)
    assert values(compared(nli(three, reads="whole"), (ONE, OTHER))) == pytest.approx([whole], abs=1e-6)
    assert values(compared(nli(three, reads="question"), (ONE, OTHER))) == pytest.approx([asked], abs=1e-6)


def test_a_pair_is_asked_once_and_the_same_in_any_batch(three: Path) -> None:
    pairs = [(ONE, OTHER), (ONE, "No."), (OTHER, ONE), (ONE, OTHER), ("It is old.", OTHER)]
    comparer = nli(three)
    together = values(compared(comparer, *pairs))
    assert (comparer.counts.n_wanted, comparer.counts.n_asked) == (8, 5)
    again = values(compared(comparer, *pairs[::-1]))[::-1]
    assert comparer.counts.n_asked == 5
    alone = [values(compared(nli(three), pair))[0] for pair in pairs]
    assert together == again == alone, "bit for bit"
    assert values(compared(nli(three, batch_size=8), *pairs)) == pytest.approx(together, abs=1e-5)


class Clouded:
    """A model whose numbers depend on its company in the last bits; it counts the rows of its batches."""

    def __init__(self, model: Any) -> None:
        self.model, self.config, self.device = model, model.config, model.device
        self.sizes: list[int] = []

    def __call__(self, **inputs: Any) -> Any:
        found = self.model(**inputs)
        self.sizes.append(len(found.logits))
        found.logits = found.logits * (1.0 + 1e-6 * len(found.logits))
        return found


PAIRS = [
    (ONE, OTHER),
    ("It is old.", "It is the Tamar of Avon of Frome."),
    ("No.", "The river."),
    ("It is.", "Old river."),
    ("No.", "The avon."),
]


def test_a_bert_says_the_same_of_four_rows_or_more_and_a_model_that_does_not_goes_one_at_a_time(
    two: Path,
) -> None:
    network = transformers.AutoModelForSequenceClassification.from_pretrained(two).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(two)
    assert company_of(network, tokenizer, 32) in (EVEN, FILLED)
    assert same_in_company(network, tokenizer, 32, FILLED)
    clouded = Clouded(network)
    assert not same_in_company(clouded, tokenizer, 32)
    assert not same_in_company(clouded, tokenizer, 32, FILLED)
    assert company_of(clouded, tokenizer, 32) == ALONE


def test_at_the_default_a_number_is_the_same_in_any_company(two: Path) -> None:
    together = values(compared(nli(two), *PAIRS))
    assert together == [values(compared(nli(two), pair))[0] for pair in PAIRS]
    assert together[3:0:-1] == values(compared(nli(two), *PAIRS[3:0:-1]))
    assert together == pytest.approx(values(compared(nli(two, batch_size=1), *PAIRS)), abs=1e-5)


@pytest.mark.parametrize(
    ("company", "sizes"), [(ALONE, [1] * 6), (EVEN, [1, 1, 1, 1, 2]), (FILLED, [4] * 5), (FILLED, [])]
)
def test_a_way_of_asking_says_how_many_rows_go_together(two: Path, company: Company, sizes: list[int]) -> None:
    network = transformers.AutoModelForSequenceClassification.from_pretrained(two).eval()
    clouded, tokenizer = Clouded(network), transformers.AutoTokenizer.from_pretrained(two)
    comparer = nli(two)
    comparer._loaded = _Loaded(model=clouded, reader=Reader(tokenizer, 32, "sentences"), company=company)
    asked = PAIRS if sizes else []
    compared(comparer, *asked)
    assert comparer.counts.n_asked == (6 if sizes else 0)
    assert sorted(clouded.sizes) == sizes


def test_texts_that_were_cut_once_and_joined_are_the_pair_as_the_tokenizer_makes_it(two: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(two)
    for names in (["input_ids", "attention_mask"], ["input_ids", "token_type_ids", "attention_mask"]):
        tokenizer.model_input_names = names
        reader = Reader(tokenizer, 32, "whole")
        assert reader._joins
        for pair in [*PAIRS, ("it [SEP] is", "no"), ("  the  river ", "?")]:
            assert reader.encode(*pair) == dict(tokenizer(*pair, split_special_tokens=True))
        assert list(reader.encode(ONE, OTHER)) == names


def test_texts_do_not_run_together_and_do_not_become_control_tokens(three: Path) -> None:
    assert key_of(("ab", "c")) != key_of(("a", "bc"))
    comparer = nli(three, reads="whole")
    compared(comparer, ("it [SEP] is", "no"))
    loaded = comparer._loaded
    assert loaded is not None
    ids = loaded.reader.encode("it [SEP] is", "no")["input_ids"]
    assert ids.count(WORDS.index("[SEP]")) == 2


def test_a_long_answer_is_read_in_windows_and_nothing_is_cut_off(three: Path) -> None:
    long = " ".join(["it is the river of avon"] * 12 + ["no frome"])
    comparer = nli(three)
    (found,) = values(compared(comparer, ("It is old.", long)))
    assert comparer._loaded is not None
    read = comparer._loaded.reader.read(sample("It is old."), sample(long))
    windows = [hypothesis for _, hypothesis in read.pairs]
    assert len(windows) > 2
    assert windows[0].startswith("it is the river")
    assert windows[-1].endswith("no frome")
    assert all(comparer._loaded.reader.length("It is old.", window) <= 32 for window in windows)
    each = [by_hand(three, "It is old.", window, 2, 0) for window in windows]
    assert found == pytest.approx(max(each), abs=1e-6)
    assert values(compared(nli(three, windows="mean"), ("It is old.", long))) == pytest.approx(
        [sum(each) / len(each)], abs=1e-6
    )


def test_a_pair_of_one_token_more_than_the_context_is_read_in_windows(three: Path) -> None:
    reader = Reader(transformers.AutoTokenizer.from_pretrained(three), 32, "whole")
    assert reader.n_special == 3
    for n, n_windows in ((26, 1), (27, 2)):
        read = reader.read(sample("It is old."[:5]), sample(" ".join(["river"] * (n + 1))))
        assert len(list(read.pairs)) == n_windows
        assert all(reader.length(*pair) <= 32 for pair in read.pairs)


def test_a_sentence_longer_than_the_context_is_cut_and_told(three: Path) -> None:
    (found,) = compared(nli(three), (" ".join(["it"] * 60), " ".join(["old"] * 60)))
    assert isinstance(found, Score)
    assert found.note == "a sentence was cut at the NLI model's context"


def test_a_text_that_says_nothing_is_a_failure(three: Path) -> None:
    assert all(isinstance(one, Failure) for one in compared(nli(three), (ONE, " "), ("", OTHER)))


def test_conformance(two: Path) -> None:
    check_comparer(nli(two))


def test_labels_are_those_of_the_models_own_map() -> None:
    assert labels_of({0: "contradiction", 1: "neutral", 2: "entailment"}, (), "m") == Labels(
        entailment=2, contradiction=0
    )
    assert labels_of({0: "ENTAILMENT", 1: "NEUTRAL", 2: "CONTRADICTION"}, (), "m") == Labels(
        entailment=0, contradiction=2
    )
    assert labels_of({0: "LABEL_0", 1: "LABEL_1"}, ("entailment", "contradiction"), "m") == Labels(
        entailment=0, contradiction=1
    )


@pytest.mark.parametrize(
    ("names", "stated", "words"),
    [
        (
            {0: "LABEL_0", 1: "LABEL_1"},
            (),
            "LABEL_0, LABEL_1 of 'm', wanted one for entailment and one for contradiction",
        ),
        ({0: "entailment", 1: "not_entailment"}, (), "wanted one for entailment and one for contradiction"),
        ({0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}, ("entailment", "contradiction"), "got 2 labels, wanted 3"),
    ],
)
def test_labels_that_do_not_say_are_refused(names: dict[int, str], stated: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        labels_of(names, stated, "m")


def test_what_is_no_model_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[comparer\] nli, model: got .*wanted an NLI model"):
        nli(tmp_path)
