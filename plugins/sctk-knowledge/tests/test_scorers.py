"""The scorers on one protocol: numbers worked out by hand, and what is done where the model's own word cannot be read."""

from __future__ import annotations

import math
from typing import Any

import pytest
from knowledge_walks import detected
from sctk_core import ConfigError, Failure, Request, Sample
from sctk_core.assembly import assemble, with_defaults
from sctk_core.pipeline.item import Walked
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_knowledge.detection import Detecting
from sctk_knowledge.entropy import SemanticEntropy
from sctk_knowledge.prompts import wording
from sctk_knowledge.reflection import BsDetector, PTrue, p_true, reflection
from sctk_knowledge.scorers import Scorer
from sctk_knowledge.settings import Detection, Scoring, Thresholds, Words


def detecting(scorer: Scorer, k: int, tau_l: float = 5.0, tau_k: float = -1.0, **settings: Any) -> Detecting:
    words = Words()
    limits = Thresholds(tau_l=tau_l, tau_k=tau_k)
    told = wording(words.ask, words.read, words.teach)
    return Detecting(settings=Detection(n_samples=k, thresholds=limits, **settings), wording=told, scorer=scorer)


def numbers(found: Walked) -> tuple[float | None, float | None]:
    (row,) = found.made["detected"]
    return row.inconsistency, row.ignorance


MEANINGS = "aaaaabbbcc"
"""Ten answers in clusters of 5, 3 and 2: 1.02965 nats."""


def meant(step: str, request: Request) -> str:
    return "a" if step in ("reference", "with") else f"{MEANINGS[request.rank]}{request.rank}"


def same(one: Sample, other: Sample) -> float:
    return float(one.text[0] == other.text[0])


def test_discrete_semantic_entropy_of_the_vector() -> None:
    found = detected(detecting(SemanticEntropy(Scoring()), 10), meant, same)
    s_l, s_k = numbers(found)
    assert (s_l, s_k) == (pytest.approx(0.0), pytest.approx(1.02965, abs=1e-5))
    assert found.made["pairs"][0].rejected.text == "c8", "the first of the rarest meaning"
    asked = [line for line in found.page.lines if line.step.startswith("knowledge.")]
    assert len(asked) == 90, "every ordered pair"


def test_one_direction_of_entailment_is_not_one_meaning() -> None:
    def half(one: Sample, other: Sample) -> float:
        return float(one.rank <= other.rank)

    found = detected(detecting(SemanticEntropy(Scoring()), 3), meant, half)
    assert numbers(found)[1] == pytest.approx(math.log(3))


def test_semantic_entropy_by_likelihood_weighs_meanings_by_how_likely_they_are() -> None:
    likely = {"a": -1.0, "a0": -1.0, "a1": -2.0, "b5": -0.5}
    scorer = SemanticEntropy(Scoring(entropy="likelihood"))
    texts = ("a0", "a1", "b5")
    found = detected(
        detecting(scorer, 3), lambda step, request: "a" if step != "without" else texts[request.rank], same, likely
    )
    p = (math.exp(-1) + math.exp(-2)) / (math.exp(-1) + math.exp(-2) + math.exp(-0.5))
    assert numbers(found)[1] == pytest.approx(-p * math.log(p) - (1 - p) * math.log(1 - p))
    assert found.made["pairs"][0].rejected.text == "a0"


def test_a_single_answer_has_one_meaning() -> None:
    found = detected(detecting(SemanticEntropy(Scoring()), 1), meant, same)
    assert numbers(found) == (0.0, 0.0)


def test_p_true_is_what_the_model_says_of_each_answer() -> None:
    likely = {"(A)": math.log(0.6), "(B)": math.log(0.2)}
    found = detected(detecting(PTrue(), 2), meant, likely=likely)
    assert numbers(found) == (pytest.approx(0.25), pytest.approx(0.25))
    assert {line.step for line in found.page.lines} >= {
        "consistency.likelihoods",
        "knowledge.likelihoods",
        "knowledge.true",
    }


def test_a_model_that_would_say_neither_true_nor_false_is_not_read() -> None:
    found = detected(detecting(PTrue(), 2), meant, likely={"(A)": math.log(0.01), "(B)": math.log(0.3)})
    assert numbers(found) == (None, None)
    assert [failure.reason for failure in found.page.failures][:1] == [
        "the model would more likely answer something else than one of the choices"
    ]
    assert isinstance(p_true([-5.0, -6.0]), Failure)


def reflecting(words: dict[str, str]) -> Any:
    """Answers a0, a1, ...; of each the model says what `words` has for it."""

    def says(step: str, request: Request) -> str:
        if step.endswith(".reflect"):
            return next(
                said for text, said in words.items() if f"Proposed answer: {text}\n" in request.messages[-1].content
            )
        return "ref" if step == "reference" else f"{'g' if step == 'with' else 'a'}{request.rank}"

    return says


AGREES = {"g0": 1.0, "g1": 1.0, "a0": 0.2, "a1": 0.6}


def test_bsdetector_mixes_what_was_observed_with_what_the_model_says() -> None:
    says = reflecting({"g0": "(A)", "g1": "(A) Correct", "a0": "(C)", "a1": "B"})
    found = detected(
        detecting(BsDetector(Scoring(observed_weight=0.7)), 2), says, lambda one, other: AGREES[other.text]
    )
    assert numbers(found) == (pytest.approx(0.0), pytest.approx(1 - (0.7 * 0.4 + 0.3 * 0.25)))
    assert found.made["pairs"][0].rejected.text == "a0", "0.7 x 0.2 + 0.3 x 0.5 is less than 0.7 x 0.6"


def test_bsdetector_reads_no_choice_into_prose_and_never_rejects_what_it_could_not_read() -> None:
    says = reflecting({"g0": "(A)", "g1": "(A)", "a0": "As far as I can tell, fair.", "a1": "(C)"})
    found = detected(detecting(BsDetector(Scoring()), 2), says, lambda one, other: AGREES[other.text])
    assert numbers(found)[1] == pytest.approx(1 - (0.7 * 0.4 + 0.3 * 0.5))
    assert found.made["pairs"][0].rejected.text == "a1"
    assert [failure.reason for failure in found.page.failures] == ["no plain choice"]


def test_bsdetector_with_all_its_weight_on_what_was_observed_asks_for_no_reflection() -> None:
    found = detected(
        detecting(BsDetector(Scoring(observed_weight=1.0)), 2), reflecting({}), lambda one, other: AGREES[other.text]
    )
    assert numbers(found) == (pytest.approx(0.0), pytest.approx(0.6))
    assert not any("reflect" in line.step for line in found.page.lines)


@pytest.mark.parametrize(
    "text", ["", "A and B", "Perhaps (A) or (B)", "Absolutely", "(D)", "(A) incorrect", "a banana"]
)
def test_what_is_no_single_choice_is_no_reflection(text: str) -> None:
    assert isinstance(reflection(text), Failure)


@pytest.mark.parametrize("scorer", [SemanticEntropy(Scoring()), BsDetector(Scoring()), PTrue()])
def test_every_scorer_works_without_documents(scorer: Scorer) -> None:
    words = reflecting({f"a{n}": "(A)" for n in range(3)})
    found = detected(
        detecting(scorer, 3, documents=False),
        words,
        lambda one, other: 0.1 * one.rank,
        {"(A)": -0.1 - 0.2, "(B)": -2.0},
    )
    assert numbers(found)[0] is None
    assert numbers(found)[1] is not None


def assembled(**changes: dict[str, Any]) -> None:
    known = catalogue([])
    sections: dict[str, Any] = {
        "method": {"use": "knowledge"},
        "source": {"use": "documents", "path": __file__, "plain": True, "tokenizer": "words"},
    }
    sections |= {name: sections.get(name, {}) | values for name, values in changes.items()}
    assemble(with_defaults([Layer(origin="test", sections=sections)], known), known)


def scored(scorer: str, **more: Any) -> dict[str, Any]:
    return {"use": "knowledge", "detection": {"scorer": scorer} | more}


def test_a_comparer_that_gives_the_opposite_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError, match='gives = "disagreement", wanted "agreement"'):
        assembled(method=scored("semantic-entropy"))
    with pytest.raises(ConfigError, match='gives = "agreement", wanted "disagreement"'):
        assembled(comparer={"use": "lexical", "gives": "agreement"})
    assembled(method=scored("semantic-entropy"), comparer={"gives": "agreement"})
    assembled(method=scored("p-true"))


def test_an_entropy_is_no_probability() -> None:
    with pytest.raises(ConfigError, match="entropy in nats"):
        assembled(method=scored("semantic-entropy", label="soft"), comparer={"gives": "agreement"})


def test_several_pairs_by_semantic_entropy_are_refused_where_a_reference_is_chosen() -> None:
    with pytest.raises(ConfigError, match=r"(?s)detection.pairs = 2: .*semantic-entropy.*never looks"):
        assembled(method=scored("semantic-entropy", pairs=2), comparer={"gives": "agreement"})


def test_several_pairs_by_semantic_entropy_without_documents_go_by_the_rarity_of_meanings() -> None:
    assembled(method=scored("semantic-entropy", pairs=2, documents=False), comparer={"gives": "agreement"})
    found = detected(detecting(SemanticEntropy(Scoring()), 10, documents=False, pairs=2), meant, same)
    sides = [(pair.chosen.text, pair.rejected.text) for pair in found.made["pairs"]]
    assert sides == [("a0", "c9"), ("a1", "c8")]
