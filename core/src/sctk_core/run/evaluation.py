"""Evaluation as a unit of a run: what the arms are worth, compared in pairs, with the ledger and the values behind each number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sctk_core import ledger
from sctk_core.assembly.question_sets import Measuring
from sctk_core.identity import seed_from
from sctk_core.pipeline.failing import Cause
from sctk_core.plan import ANSWERS, BASE, EVALUATION, Evaluate, Step
from sctk_core.records import Failure, Measure, Sample, Score, Value
from sctk_core.run.context import Context
from sctk_core.run.failing import Stage, refuse_failing
from sctk_core.run.generating import items_of, note_usage, refuse_unbalanced
from sctk_core.run.measuring import FIRST_PLACE, Answer, Asked, Sheet, measure
from sctk_core.run.noise import above_noise, asked_again
from sctk_core.run.outcomes import Compared, shares
from sctk_core.run.tables import OWN
from sctk_core.run.units import AGAIN, Unit, arm_pass
from sctk_core.scales import scale_of
from sctk_core.store.part import Kinds
from sctk_core.store.progress import TableRows
from sctk_core.store.rows import schema, values_of
from sctk_core.store.shards import read_shards

if TYPE_CHECKING:
    from sctk_core.statistics import Design

VALUES, MEASURES = "values", "measures"
KINDS: Kinds = {VALUES: schema(Value), MEASURES: schema(Measure), **OWN}
TYPES = {VALUES: "Value", MEASURES: "Measure", "failures": "Failure", "ledger": "Line"}
Values = Mapping[str, Mapping[str, Mapping[str, float | None]]]
"""metric -> arm -> prompt id -> value; None where the metric says nothing of an answer, nothing where it failed."""


def evaluate(context: Context, unit: Unit) -> None:
    """Measures all arms and writes what was found; its part of the store is written anew."""
    one: Evaluate = unit.what
    arms = {arm.name: list(context.stored(f"{one.name}/{arm.name}", ANSWERS, Sample)) for arm in one.arms}
    again = asked_again(context, one)
    everyone = arms | ({AGAIN: [again.get(sample.prompt.id, sample) for sample in arms[BASE]]} if again else {})
    part = context.part(unit, KINDS, TYPES)
    with context.stage(one.name):
        sheet = context.runner.run(measure(context, everyone, one)) if any(arms.values()) else Sheet()
        part.forget()
        asked = _asked(sheet, everyone)
        items = items_of(context, arm_pass(one, one.arms[0]))
        design = _design(arms, one, set(items.ids()), context.assembly.settings.seed)
        found = comparisons(
            sheet.without(AGAIN, f"{AGAIN}-{BASE}"),
            arms,
            design,
            better_metrics(context.assembly.measuring(one), sheet),
        )
        measures = above_noise(found, _by_prompt(sheet, everyone), again.keys())
        measures += coverage(arms, len(items))
        total = part.seal_all(_with(_items(sheet, everyone, asked, one), measures))
        refuse_unbalanced(
            context, unit, _complaints(sheet, asked, read_shards(part.files("ledger")), _before(one.name))
        )
    note_usage(context, unit)
    context.directory.complete(part, total)
    refuse_failing(context, unit.part, [stage for each in sheet.answers for stage in _stages(sheet, each, one.name)])


def _stages(sheet: Sheet, metric: str, name: str) -> Iterator[Stage]:
    """What became of one metric at each arm."""
    by_arm: dict[str, list[Answer]] = {}
    for (arm, _), answer in sheet.answers[metric].items():
        by_arm.setdefault(arm, []).append(answer)
    for arm, answers in by_arm.items():
        failed = [answer for answer in answers if isinstance(answer, Failure)]
        causes = Counter(Cause(each.component, each.kind, each.reason) for each in failed)
        stage = f"{_before(name)}{arm}.measure.{metric}"
        yield Stage(name=stage, asked=len(answers), failed=len(failed), causes=causes)


def coverage(arms: Mapping[str, Sequence[Sample]], n_asked: int) -> list[Measure]:
    """The share of prompts that each arm answered, where an arm left some out: its other numbers are of those alone."""
    from sctk_core.statistics import wilson

    if all(len(samples) == n_asked for samples in arms.values()):
        return []
    shares = {arm: wilson(len({sample.prompt.id for sample in samples}), n_asked) for arm, samples in arms.items()}
    return [
        Measure(arm=arm, metric="answered", value=share.value, low=share.low, high=share.high, n=n_asked)
        for arm, share in shares.items()
    ]


def measures_of(context: Context, unit: Unit) -> list[Measure]:
    """The measures of an evaluation that is complete; of one that has a name of its own it stands before the metric's."""
    part, before = context.directory.part(unit.part, KINDS), _before(unit.name)
    return [Measure(**row | {"metric": before + row["metric"]}) for row in part.rows(MEASURES)]


def _before(name: str) -> str:
    """What tells the stages and metrics of an evaluation from those of another; the usual one's stand alone."""
    return "" if name == EVALUATION else f"{name}."


def _with(items: Iterator[TableRows], measures: Sequence[Measure]) -> Iterator[TableRows]:
    """The items, the measures among the rows of the first; where no arm answered anything, they are an item by themselves."""
    rows = [values_of(measure) for measure in measures]
    for item in items:
        yield item | {MEASURES: rows}
        rows = []
    if rows:
        yield {MEASURES: rows}


def _asked(sheet: Sheet, arms: Mapping[str, Sequence[Sample]]) -> list[Asked]:
    """All that was to be measured: every sample of every arm, and every pair."""
    own = [(arm, sample.id) for arm, samples in arms.items() for sample in samples]
    pairs = [asked for column in sheet.answers.values() for asked in column if asked[0] not in arms]
    return [*own, *dict.fromkeys(pairs)]


def _items(
    sheet: Sheet, arms: Mapping[str, Sequence[Sample]], asked: Sequence[Asked], evaluation: Evaluate
) -> Iterator[TableRows]:
    """The rows of all that was measured; what was measured of a pair stands with the sample of its first arm."""
    pairs = [*evaluation.differences, *([(AGAIN, BASE)] if AGAIN in arms else [])]
    samples = {(f"{one}-{other}", sample.prompt.id): sample for one, other in pairs for sample in arms[one]}
    samples |= {(arm, sample.id): sample for arm, found in arms.items() for sample in found}
    before = _before(evaluation.name)
    for number, one in enumerate(asked):
        lines = sheet.lines(one, sheet.answers)
        rows: TableRows = {"ledger": [ledger.values_of(before + one[0], one[1], line, number) for line in lines]}
        sample = samples[one]
        found = [(metric, column[one]) for metric, column in sheet.answers.items() if one in column]
        rows[VALUES] = [
            values_of(value) for metric, answer in found if (value := _value(sample, one[0], metric, answer))
        ]
        rows["failures"] = [values_of(answer) for _, answer in found if isinstance(answer, Failure)]
        yield rows


def _value(sample: Sample, arm: str, metric: str, answer: Answer) -> Value | None:
    number = value_of(answer)
    reply = answer.reply if isinstance(answer, Score) else None
    return None if number is None else Value(sample=sample, arm=arm, metric=metric, value=number, reply=reply)


def value_of(answer: Answer) -> float | None:
    """The number of an answer, None where there is none."""
    if answer is None or isinstance(answer, Failure):
        return None
    return answer.value if isinstance(answer, Score) else float(answer)


def _complaints(sheet: Sheet, asked: Sequence[Asked], rows: Iterator[dict[str, Any]], before: str) -> list[str]:
    """What does not balance: each sample has one line for each metric that was asked of its arm."""
    arms = dict.fromkeys(arm for arm, _ in asked)
    by_arm: dict[str, list[dict[str, Any]]] = {arm: [] for arm in arms}
    for row in rows:
        by_arm[row["stage"].partition(".measure.")[0].removeprefix(before)].append(row)
    found: list[str] = []
    for arm in arms:
        metrics = [m for m, column in sheet.answers.items() if any(one[0] == arm for one in column)]
        steps = [Step(f"measure.{metric}") for metric in metrics]
        wanted = ((name, steps) for other, name in asked if other == arm)
        found += ledger.complaints_of(by_arm[arm], wanted if steps else (), [], before + arm)
    return found


def _design(arms: Mapping[str, Sequence[Sample]], one: Evaluate, asked: set[str], seed: int) -> Design:
    """What is compared: over all prompts that were asked, those of one group together, with the answers' lengths in characters."""
    from sctk_core.statistics import Design

    prompts = {sample.prompt.id: sample.prompt for samples in arms.values() for sample in samples}
    return Design(
        differences=one.differences,
        asked=sorted(asked) if asked >= prompts.keys() else None,
        groups={name: prompt.meta["group"] for name, prompt in prompts.items() if "group" in prompt.meta},
        lengths={arm: {one.prompt.id: float(len(one.text)) for one in samples} for arm, samples in arms.items()},
        seed=seed,
    )


def comparisons(
    sheet: Sheet, arms: Mapping[str, Sequence[Sample]], design: Design, better: Collection[str] = ()
) -> list[Measure]:
    """The rows that a user sees: each metric by arm, the paired differences, and how far reward and truth agree.

    Of a metric in `better` more is better, so that a difference below zero is a loss.
    """
    from sctk_core.statistics import compare, with_holm

    values = _by_prompt(sheet, arms)
    rows: list[Measure] = []
    for metric, by_arm in values.items():
        if any(value is not None for by_prompt in by_arm.values() for value in by_prompt.values()):
            paired = tuple(pair for pair in design.differences if set(pair) <= set(by_arm))
            alone = {arm: by_prompt for arm, by_prompt in by_arm.items() if arm in arms}
            rows += compare(metric, alone, replace(design, differences=paired))
            for pair in by_arm:
                asked = [prompt for one, prompt in sheet.answers[metric] if one == pair]
                rows += [] if pair in arms else _preferred(pair, metric, by_arm[pair], asked, design)
            for pair in by_arm:
                rows += [] if pair in arms else _outcomes(pair, metric, sheet, design)
    rows = [_with_loss(one, design) if one.metric in better else one for one in rows]
    return [*with_holm(rows, set(values)), *_agreements(values, design.seed)]


def better_metrics(by: Measuring, sheet: Sheet) -> set[str]:
    """The metrics of which more is better: of rewards, of comparers of arms, and of evaluators that state a scale."""
    scaled = {part.label for part in by.evaluators if scale_of(part.target, part.config) is not None}
    pairwise = {part.label for part in by.pairwise}
    return set(by.rewards) | pairwise | {metric for metric, label in sheet.by.items() if label in scaled}


def _with_loss(row: Measure, design: Design) -> Measure:
    """A difference, with the words that its first arm loses where that is shown."""
    from sctk_core.statistics import BELOW

    pair = next(((one, other) for one, other in design.differences if f"{one}-{other}" == row.arm), None)
    if pair is None or row.verdict != BELOW:
        return row
    return replace(row, verdict=f"{BELOW}: {pair[0]}{LOSES}{pair[1]}")


LOSES = " loses to "


def losses(measures: Sequence[Measure]) -> list[str]:
    """What no reader may miss: which arm loses to which, by what, in one line each."""
    from sctk_core.statistics import BELOW

    return [
        f"{one.verdict.removeprefix(BELOW)[2:]}, by {one.metric}: {one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
        for one in measures
        if one.verdict is not None and LOSES in one.verdict
    ]


def _preferred(
    pair: str, metric: str, by_prompt: Mapping[str, float | None], asked: Sequence[str], design: Design
) -> list[Measure]:
    """What a comparer says of two arms: a difference already, which is compared with none; what it did not say is `.uncounted`."""
    from sctk_core.statistics import JUDGED, compare

    inner = replace(design, differences=((pair, ""),), asked=asked, lengths={})
    found = compare(metric, {pair: by_prompt, "": dict.fromkeys(asked, 0.0)}, inner)
    return [replace(one, arm=pair) for one in found if one.arm == f"{pair}-" and not one.metric.endswith(JUDGED)]


def _outcomes(pair: str, metric: str, sheet: Sheet, design: Design) -> list[Measure]:
    """What a comparer says of two arms, as shares of wins, ties, losses and what is not counted."""
    placed = sheet.answers.get(f"{metric}{FIRST_PLACE}")
    if placed is None:
        return []
    compared: dict[str, Compared | None] = {}
    for one, answer in sheet.answers[metric].items():
        if one[0] == pair:
            ours, place = value_of(answer), value_of(placed.get(one))
            compared[one[1]] = None if ours is None or place is None else Compared.of(ours, place)
    return shares(pair, metric, compared, design.groups, seed_from(design.seed, "bootstrap", metric, pair))


def _agreements(values: Values, seed: int) -> list[Measure]:
    """How far the reward ranks true answers above others: over all, and within the answers to one prompt."""
    from sctk_core.statistics import rank_agreement, rank_agreement_within

    judged = _reward_and_truth(values)
    prompts, rewards = [prompt for prompt, _, _ in judged], [reward for _, reward, _ in judged]
    truths = [truth >= 0.5 for _, _, truth in judged]
    if set(truths) != {True, False}:
        return []
    found = {"agreement": rank_agreement(rewards, truths, prompts)}
    within = rank_agreement_within(rewards, truths, prompts, seed=seed_from(seed, "bootstrap", "agreement"))
    found |= {"agreement.within-prompts": within} if within else {}
    return [
        Measure(arm="all", metric=metric, value=one.value, low=one.low, high=one.high, n=one.n)
        for metric, one in found.items()
    ]


def _by_prompt(sheet: Sheet, arms: Mapping[str, Sequence[Sample]]) -> dict[str, dict[str, dict[str, float | None]]]:
    """The values by metric, arm and prompt."""
    prompts = {(arm, sample.id): sample.prompt.id for arm, samples in arms.items() for sample in samples}
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for metric, column in sheet.answers.items():
        for one, answer in column.items():
            by_prompt = found.setdefault(metric, {}).setdefault(one[0], {})
            if not isinstance(answer, Failure):
                by_prompt[prompts.get(one, one[1])] = value_of(answer)
    return found


def _reward_and_truth(values: Values) -> list[tuple[str, float, float]]:
    """(prompt, reward, truth) of every sample that has both; the answers to one prompt are not independent."""
    rewards, truths = values.get("reward", {}), values.get("truth", {})
    return [
        (prompt, reward, truth)
        for arm, by_prompt in rewards.items()
        for prompt, reward in by_prompt.items()
        if reward is not None and (truth := truths.get(arm, {}).get(prompt)) is not None
    ]
