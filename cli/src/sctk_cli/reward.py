"""`sctk reward check`: a reward held against labels that people gave, with intervals, whole and by group.

A reward is a claim about texts; this measures how often it is wrong on anybody's rows. What it cannot score is a failure, counted
beside what is wrong and never as right.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.calibration import calibrated_by, told
from sctk_cli.files import rows_in
from sctk_cli.finite import Finite, timeout
from sctk_cli.loading import catalogue_with
from sctk_cli.terminal import clean, hear_warnings, put, put_json, reserved_stdout, say, table

if TYPE_CHECKING:
    from sctk_core import Failure, Sample
    from sctk_core.reading import Row
    from sctk_core.run.alone import Alone, Unwatched

TEXTS = ("reply", "response", "completion", "answer", "text", "output")
EPILOG = """\b
Examples:
  sctk reward check refusal labelled.jsonl --group type
  sctk reward check judge labelled.jsonl --backend vllm --model ORG/MODEL --within 1 --at-most 0.05
  sctk reward check judge labelled.jsonl --backend vllm --model ORG/MODEL --calibrate

\b
A row has `prompt`, the reply (`reply`, `response`, `completion`, `answer`, `text` or `output`), and `label`: the
score that is right; `reference`, where there is one, holds the gold answers. Its other columns are the prompt's, for
rewards that read them (`harmful`, say). A thought in a reply (<think>) is not scored, as in a run."""


TIMEOUT = timeout(600.0, "Seconds for a batch.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """One row: the right score, what the reward said (None: it failed, for that failure), its group, and its prompt's id.

    `note` is what the reward says of its score ("the prompt was cut").
    """

    label: float
    value: float | None
    group: str
    prompt: str
    failure: Failure | None = None
    note: str = ""


@click.group()
def reward() -> None:
    """Measure a reward on rows with labels."""


@reward.command(epilog=EPILOG)
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="One setting; repeatable.")
@click.option("--label", default="label", show_default=True, help="The column with the right score.")
@click.option("--group", help="A column by whose values the errors are told apart.")
@click.option("--within", type=Finite(0), default=1e-6, help="A score this close to the label is right.")
@click.option("--at-most", type=Finite(0, 1), help="Exit with 1 where a larger share of what is scored is wrong.")
@click.option("--calibrate", is_flag=True, help="Fit a map from scores to labels, and say what it gains.")
@click.option("--load", "files", multiple=True, type=click.Path(path_type=Path), help="A plugin file; repeatable.")
@click.option("--backend", help="The backend of a reward that asks a model.")
@click.option("--model", help="Its model.")
@TIMEOUT
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output.")
def check(
    name: str, file: Path, label: str, group: str | None, within: float, at_most: float | None, calibrate: bool, json_: bool,
    **how: Any,
) -> None:  # fmt: skip
    """Print a reward's errors on rows with labels, each with its 95 % interval."""
    with reserved_stdout():
        rows = list(_samples(file, label, group))
        asked = alone("reward", name, f"sctk reward check {name}", how)
        judged = _scored(asked, rows)
    groups = {"all": judged}
    for each in judged if group else ():
        groups.setdefault(f"{group} = {each.group}", []).append(each)
    found = {title: _errors(rows_, within) for title, rows_ in groups.items()}
    _show(name, found, judged, json_, calibrate)
    refuse_silence(asked.who, [one.failure for one in judged if one.failure], len(judged))
    if at_most is not None:
        _refuse(name, found["all"]["wrong"], at_most)


def _show(name: str, found: Mapping[str, Any], judged: Sequence[Judged], json_: bool, calibrate: bool) -> None:
    """The errors by group, the calibration where it was asked for, and why rows failed."""
    scored = [(each.value, each.label, each.prompt) for each in judged if each.value is not None]
    calibration = calibrated_by(scored) if calibrate else None
    failures = [each.failure for each in judged if each.failure]
    notes = Counter(each.note for each in judged if each.note)
    if json_:
        reasons = dict(Counter(one.reason for one in failures))
        more = {"calibration": calibration} if calibrate else {}
        put_json({"reward": name, "errors": found, "failures": reasons, "notes": dict(notes)} | more)
        return
    head = ["rows", "n", "wrong", "too high", "too low", "failed"]
    for line in table(head, [[clean(title, one_line=True), *_cells(one)] for title, one in found.items()], right=[1]):
        put(line)
    ranked = found["all"].get("rank_agreement")
    if ranked:
        put(f"a row with the higher label has the higher score: {told_share(ranked)}")
    for line in told(name, calibration) if calibrate else ():
        put(line)
    for line in told_failures(failures):
        say(line)
    for note, count in notes.most_common():
        say(f"scored, and noted: {count} x {clean(note, one_line=True)}")


def _refuse(name: str, wrong: Mapping[str, float | None] | None, at_most: float) -> None:
    """A CheckFailed where more than `at_most` of what was scored is wrong, or nothing was scored."""
    from sctk_core import CheckFailed

    if wrong is None or wrong["value"] is None or wrong["value"] > at_most:
        raise CheckFailed(
            f"reward {name}: got {told_share(wrong)} wrong, wanted at most {at_most:.1%}",
            hint="another reward, or for a judge another model or prompt (--model, --set ask=...)",
        )


def _errors(rows: Sequence[Judged], within: float) -> dict[str, Any]:
    """Shares with Wilson intervals: wrong, too high and too low of what was scored, failed of all."""
    from sctk_core.statistics import rank_agreement, wilson

    scored = [(row.value - row.label, row) for row in rows if row.value is not None]
    counts = {
        "wrong": sum(abs(by) > within for by, _ in scored),
        "too_high": sum(by > within for by, _ in scored),
        "too_low": sum(by < -within for by, _ in scored),
    }
    found: dict[str, Any] = {"n": len(rows), "failed": share(wilson(len(rows) - len(scored), len(rows)))}
    found |= {what: share(wilson(n, len(scored))) if scored else None for what, n in counts.items()}
    labels = {row.label for _, row in scored}
    values = [row.value for _, row in scored if row.value is not None]
    if len(labels) == 2 and len(set(values)) > 2:
        truths = [row.label == max(labels) for _, row in scored]
        found["rank_agreement"] = share(rank_agreement(values, truths))
    return found


def share(estimate: Any) -> dict[str, float | None]:
    """An estimate as JSON has it."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _cells(found: Mapping[str, Any]) -> list[str]:
    return [str(found["n"]), *(told_share(found[name]) for name in ("wrong", "too_high", "too_low", "failed"))]


def told_share(found: Mapping[str, float | None] | None) -> str:
    """A share with its interval, or "-" where there is none."""
    if found is None or found["value"] is None:
        return "-"
    between = "too few for an interval" if found["low"] is None else f"{found['low']:.1%} to {found['high']:.1%}"
    return f"{found['value']:.1%} ({between})"


def _scored(asked: Alone, rows: Sequence[tuple[Sample, float, str]]) -> list[Judged]:
    """Every row judged by the reward, in batches; one whose thought never ends is a failure without it."""
    from sctk_core import Failure
    from sctk_core.thoughts import without_thought

    texts = [without_thought(sample.text) for sample, _, _ in rows]
    said = [replace(row[0], text=text) for row, text in zip(rows, texts, strict=True) if isinstance(text, str)]
    scores = iter(asked.answers([said])[0]) if said else iter(())
    answers = [text if isinstance(text, Failure) else next(scores) for text in texts]
    return [
        Judged(label=label, group=group, value=None, failure=answer, prompt=sample.prompt.id)
        if isinstance(answer, Failure)
        else Judged(label=label, group=group, value=answer.value, prompt=sample.prompt.id, note=answer.note)
        for answer, (sample, label, group) in zip(answers, rows, strict=True)
    ]


def alone(kind: str, name: str, where: str, how: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> Alone:
    """A reward or a comparer by itself, as the options say; `more` are settings beneath those of the options."""
    from sctk_core.run.alone import Alone

    hear_warnings()
    among = how["among"] if "among" in how else catalogue_with(how["files"], how["timeout_s"])
    settings = settings_of(how["assignments"])
    return Alone(
        kind=kind, name=name, settings={**(more or {}), **settings}, among=among, timeout_s=how["timeout_s"], where=where,
        needs=lambda unwatched: Needs(among, how, where, unwatched),
    )  # fmt: skip


def refuse_silence(who: str, failures: Sequence[Failure], n: int) -> None:
    """Raises where all of `n` answers are failures: nothing was measured, and the exit code says whose fault that is."""
    from sctk_core.run.failing import error_of

    if failures and len(failures) == n:
        raise error_of(f"{who} answered none of {n}", failures)


def told_failures(failures: Sequence[Failure]) -> Iterator[str]:
    """How many failed for each reason, the commonest first, with the first's words."""
    by_reason: dict[str, list[Failure]] = {}
    for one in failures:
        by_reason.setdefault(one.reason, []).append(one)
    for reason, found in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        detail = f" ({clean(found[0].detail, one_line=True)})" if found[0].detail not in ("", reason) else ""
        yield f"failed: {len(found)} x {clean(reason, one_line=True)}{detail}"


class Needs(Mapping[str, Any]):
    """What a reward may ask for, made when it does: the backend that the options name."""

    def __init__(self, among: Any, how: Mapping[str, Any], where: str, unwatched: Unwatched) -> None:
        self._among, self._how, self._where, self._unwatched = among, how, where, unwatched

    def __getitem__(self, key: str) -> Any:
        from sctk_core import ConfigError, ModelRef, Sampling

        if key == "sampling":
            return Sampling()
        if not self._how["backend"]:
            raise ConfigError(
                f"{self._where}: got no --backend, wanted one: this reward asks a model",
                hint="--backend NAME --model MODEL",
            )
        model = ModelRef(path=self._how["model"] or "")
        return model if key == "model" else self._backend(model)

    def _backend(self, model: Any) -> Any:
        from sctk_core.pipeline.recording import RecordingBackend
        from sctk_core.plugins import build

        name = self._how["backend"]
        with self._unwatched():
            built = build("backend", name, {}, {"model": model}, where=self._where, among=self._among)
        return RecordingBackend(
            lambda: built.instance, _Forgetful(), about={}, run_seed=0, name=name,
            tells_logprobs=hasattr(built.instance, "logprobs"),
        )  # fmt: skip

    def __iter__(self) -> Iterator[str]:
        return iter(("backend", "model", "sampling"))

    def __len__(self) -> int:
        return 3


class _Forgetful:
    """A store of replies that keeps none: a check asks everything anew."""

    def get(self, keys: Sequence[str]) -> list[Any]:
        return [None] * len(keys)

    async def put(self, answered: Any, about: Any) -> None:
        return None


def _references(row: Row) -> tuple[str, ...]:
    """The gold answers of a row's `reference`: a text, a number, true, false or a list of them, which CSV has as text."""
    from sctk_core import ConfigError, references_of
    from sctk_core.reading import Misfit, truth_in, written

    value = row.values.get("reference")
    value = truth_in(value) if row.is_text else value
    try:
        listed = written(value) if row.is_text and isinstance(value, str) else None
        return references_of(value if listed is None else listed)
    except Misfit as error:
        raise ConfigError(f"{row.where}: reference: {error}", hint=error.hint) from error
    except ConfigError as error:
        raise ConfigError(f"{row.where}: {error.args[0]}", hint="reference holds what a right reply says") from error


def _number(value: Any) -> float | None:
    """A label as a finite number, which CSV has as text; None: it is none."""
    try:
        found = float(value)
    except (OverflowError, TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def settings_of(assignments: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` of the options as a component's settings."""
    from sctk_core import ConfigError
    from sctk_core.recipe import from_assignments

    for one in assignments:
        key, equals, _ = one.partition("=")
        if not equals or not all(key.strip().split(".")):
            raise ConfigError(f"--set {one}: got {one!r}, wanted KEY=VALUE", hint="for example weight=2")
    found: dict[str, Any] = from_assignments([f"it.{one}" for one in assignments]).get("it", {})
    return found


def _samples(file: Path, label: str, group: str | None) -> Iterator[tuple[Sample, float, str]]:
    """(sample, the right score, its group) of each row; a row without a prompt, a reply or a label is an error with its place."""
    from sctk_core import ConfigError, Message, Prompt, Sample

    for row in rows_in(str(file)):
        reply = next((name for name in TEXTS if isinstance(row.values.get(name), str)), None)
        asked = row.values.get("prompt")
        right = _number(row.values.get(label))
        if reply is None or not isinstance(asked, str) or right is None or (group and group not in row.values):
            missing = (
                "a reply" if reply is None else "a prompt" if not isinstance(asked, str) else f"a number in {label!r}"
                if right is None else f"a column {group!r}"
            )  # fmt: skip
            names = ", ".join(map(str, row.values)) or "none"
            raise ConfigError(
                f"{row.where}: got the columns {names}, wanted {missing}",
                hint=f"a row has prompt, one of {', '.join(TEXTS)}, and {label}: the score that is right",
            )
        meta = {key: each for key, each in row.values.items() if key not in ("prompt", "reference", reply, label)}
        right_answers = _references(row)
        prompt = Prompt(
            messages=(Message(role="user", content=asked),), meta=meta,
            reference=next(iter(right_answers), None), other_references=right_answers[1:],
        )  # fmt: skip
        yield Sample(prompt=prompt, text=row.values[reply]), right, str(row.values.get(group or "", ""))
