"""Numbers of any library are numbers wherever a component returns one; what is none is told by field, got and wanted."""

from __future__ import annotations

import datetime
import decimal
import fractions
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from outcomes import stage, tables
from sctk_core import ContractError, Declined, Message, Pair, Prompt, Reply, Sample, Score, TrainReport, Usage, Weighted
from sctk_core.errors import CheckFailed, NothingAccepted
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.whole_answers import checked_report, checked_values
from sctk_core.reals import finite, kind_of, real, whole
from sctk_core.records import Given, ModelRef
from sctk_core.run import execute, read_result
from sctk_core.store.reader import RunReader
from sctk_core.testing import check_evaluator, check_reward
from sctk_core.testing.storing import stored
from toy_run import toy_assembly

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")

from number_world import Counting, Form  # noqa: E402

WORLD = Path(__file__).with_name("number_world.py")
PROMPT = Prompt(messages=(Message(role="user", content="q"),))
SAMPLE = Sample(prompt=PROMPT, text="a")
HALVES = [
    0.5, np.float16(0.5), np.float32(0.5), np.float64(0.5), np.longdouble(0.5), np.array(0.5), np.array(0.5, dtype=">f4"),
    torch.tensor(0.5), torch.tensor(0.5, dtype=torch.bfloat16), torch.tensor(0.5, requires_grad=True),
    decimal.Decimal("0.5"), fractions.Fraction(1, 2),
]  # fmt: skip
ONES = [1, True, np.int8(1), np.uint64(1), np.bool_(True), torch.tensor(1), torch.tensor(True), decimal.Decimal(1)]
NONE = [
    None, "0.5", b"1", [0.5], {}, 1j, np.complex64(1), np.array([0.5]), np.array("0.5"), np.str_("0.5"),
    np.timedelta64(5, "s"), datetime.timedelta(1), torch.tensor([0.5]), torch.tensor(1j), decimal.Decimal("sNaN"), object(),
]  # fmt: skip
ENDLESS = [float("inf"), np.float32("inf"), torch.tensor(float("inf")), 10**400, decimal.Decimal("1e999")]
ENDLESS += [fractions.Fraction(10**400)]


@pytest.mark.parametrize(("values", "wanted"), [(HALVES, 0.5), (ONES, 1.0)])
def test_every_librarys_number_is_the_same_float(values: list[Any], wanted: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [real(value) for value in values]
    assert found == [wanted] * len(values)
    assert {type(number) for number in found} == {float}
    assert [finite(value) for value in values] == found


def test_what_only_looks_like_a_number_is_none() -> None:
    assert [value for value in NONE if real(value) is not None] == []
    assert [real(value) for value in ENDLESS] == [float("inf")] * len(ENDLESS)
    assert [value for value in [*ENDLESS, float("nan"), np.float32("nan")] if finite(value) is not None] == []


def test_whole_numbers_are_whole() -> None:
    assert [whole(one) for one in (3, np.int64(3), torch.tensor(3), np.array(3))] == [3] * 4
    assert [whole(one) for one in (3.0, np.float32(3), "3", np.array([3]), None)] == [None] * 5


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([0.5, 1.0]), "numpy.ndarray of shape (2,)"), (torch.zeros(2, 1), "torch.Tensor of shape (2, 1)"),
        ("0.5", "str"), (None, "None"), (np.float32("nan"), "nan"), (-float("inf"), "-inf"),
        (10**400, "a number that no float holds"), (np.complex64(1), "numpy.complex64"),
        (torch.tensor(1j), "torch.Tensor of torch.complex64"), (SAMPLE, "sctk_core.Sample"),
    ],
)  # fmt: skip
def test_what_was_got_is_said_in_few_words(value: object, words: str) -> None:
    assert kind_of(value) == words


@pytest.mark.parametrize("value", [*HALVES, *ONES, 0])
def test_equal_scores_have_equal_ids_and_are_read_again(value: Any) -> None:
    number: Any = real(value)
    score, plain = (Score(sample=SAMPLE, name="x", value=one) for one in (value, number))
    assert (score, score.id, type(score.value)) == (plain, plain.id, float)
    assert stored(Score, [score])[1] == ""


def test_records_hold_plain_numbers() -> None:
    half, three = np.float32(0.5), np.int64(3)
    pair = Pair(prompt=PROMPT, chosen=SAMPLE, rejected=SAMPLE, margin=half, probability=torch.tensor(0.5))
    report = TrainReport(
        model=ModelRef(path="m"), n_rows=three, n_tokens=three, n_steps=three, n_retokenised=three,
        losses=np.array([0.5, 0.25], dtype=np.float32), metrics={"margin": half},
    )  # fmt: skip
    reply = Reply(key="k", text="a", logprob=half)
    assert (pair.margin, pair.probability, reply.logprob, Declined(reason="r", similarity=half).similarity) == (
        0.5,
    ) * 4
    assert json.dumps([report.n_rows, report.losses, report.metrics]) == '[3, [0.5, 0.25], {"margin": 0.5}]'
    assert checked_report(report) == ""
    assert Given(answers={"draft": "d", "score.0": half, "critique.1": None}).answers["score.0"] == 0.5
    assert checked([half, torch.tensor(-2.0)], ["a", "b"], float, of=["a", "b"], stage="s", component="c") == [
        0.5,
        -2.0,
    ]


@pytest.mark.parametrize("value", [*NONE, *ENDLESS, float("nan"), np.float32("nan")])
def test_a_score_that_is_no_number_names_field_got_and_wanted(value: Any) -> None:
    with pytest.raises(ContractError) as caught:
        Score(sample=SAMPLE, name="mine", value=value)
    assert caught.value.reason == f"value: got {kind_of(value)}, wanted a finite number"
    assert f"score 'mine' of sample {SAMPLE.id}, value: got" in str(caught.value)


def test_an_evaluators_numbers() -> None:
    values = {"truth": [np.float32(0.5), None, True, torch.tensor(2)]}
    samples = [SAMPLE] * 4
    kept: dict[str, list[Any]] = {}
    assert checked_values(values, samples, kept) == ""
    assert kept == {"truth": [0.5, None, 1.0, 2.0]}
    wanted = "sample 1: metric 'truth': got numpy.ndarray of shape (1,), wanted a finite number or None"
    assert checked_values({"truth": [0.5, np.array([1.0]), 1.0, 2.0]}, samples) == wanted


@pytest.mark.parametrize("form", ["numpy", "torch", "fraction"])
def test_a_run_of_others_numbers_is_the_run_of_floats(tmp_path: Path, form: str) -> None:
    runs = [run_of(tmp_path / one, one) for one in ("float", form)]
    plain, other = (tables(run.run) for run in runs)
    assert other == plain
    assert runs[0].metrics == runs[1].metrics
    check_reward(Counting(Form(form=form)))
    check_evaluator(Counting(Form(form=form)))


@pytest.mark.parametrize(("form", "got"), [("array", "numpy.ndarray of shape (2,)"), ("text", "str"), ("nan", "nan")])
def test_a_reward_without_numbers_is_told_with_field_got_and_wanted(tmp_path: Path, form: str, got: str) -> None:
    with pytest.raises(NothingAccepted):
        run_of(tmp_path, form)
    reader = RunReader(tmp_path / "runs" / "run")
    failed = stage(read_result(reader.layout, reader.manifest), "chains.score.0")
    assert failed.reasons == {f"contract: value: got {got}, wanted a finite number": failed.asked}


@pytest.mark.parametrize(("form", "got"), [("array", "numpy.ndarray of shape (2,)"), ("text", "str"), ("nan", "nan")])
def test_a_training_whose_loss_is_no_number_ends_the_run(tmp_path: Path, form: str, got: str) -> None:
    with pytest.raises(CheckFailed, match="losses") as caught:
        run_of(tmp_path, "float", trainer=form)
    assert f"losses[0]: got {got}, wanted a finite number" in caught.value.message
    assert "sft.train" in caught.value.message or "student.train" in caught.value.message


def run_of(root: Path, form: str, trainer: str = "") -> Any:
    """The toy world with a reward, an evaluator and trainers whose numbers are of one form."""
    mine, trains = {"use": "counting", "form": form}, {"use": "counting", "form": trainer or form}
    changes = {"reward": mine, "evaluator": [mine], "trainer": trains, "baseline": trains}
    return execute(toy_assembly(root, changes, also=[WORLD]), out=root / "runs" / "run")


@pytest.mark.parametrize("half", HALVES)
def test_a_weight_of_any_library_is_a_float_and_names_the_record(half: Any) -> None:
    found = Weighted(sample=SAMPLE, weight=half)
    assert (type(found.weight), found) == (float, Weighted(sample=SAMPLE, weight=0.5))
    assert found.id not in (SAMPLE.id, Weighted(sample=SAMPLE, weight=1).id)


@pytest.mark.parametrize("wrong", [0.0, -0.5, 1.5, float("nan"), float("inf"), None, "0.5"])
def test_a_weight_outside_its_range_is_told(wrong: Any) -> None:
    with pytest.raises(ContractError, match=r"weighted sample .*wanted a (finite )?number"):
        Weighted(sample=SAMPLE, weight=wrong)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("meta", {"kind": "a", "score": np.float32(1)}, r"Prompt, meta\.score: got numpy\.float32, wanted a text"),
        ("meta", {"ok": np.bool_(True)}, r"Prompt, meta\.ok: got numpy\.bool_?, wanted a text"),
        ("meta", {"at": float("nan")}, r"Prompt, meta\.at: got nan, wanted a text"),
        ("reference", np.int64(7), r"Prompt, reference: got numpy\.int64, wanted a text"),
        ("reference", object(), r"Prompt, reference: got builtins\.object, wanted a text"),
        ("other_references", ("a", np.int32(7)), r"Prompt, other_references\[1\]: got numpy\.int32, wanted a text"),
    ],
)
def test_a_prompt_of_what_no_record_holds_names_the_field(field: str, value: Any, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        Prompt(messages=(Message(role="user", content="Hi"),), **{field: value})


def test_tokens_are_counted_in_anybodys_whole_numbers() -> None:
    usage = Usage(n_prompt_tokens=np.int64(3), n_completion_tokens=np.uint8(4))  # type: ignore[arg-type]
    assert (type(usage.n_prompt_tokens), usage.n_prompt_tokens, usage.n_completion_tokens) == (int, 3, 4)
    assert Usage() == Usage(n_prompt_tokens=None, n_completion_tokens=None)
