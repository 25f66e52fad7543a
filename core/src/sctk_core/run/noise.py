"""The noise of batches: how far base differs from itself where a reply depends on who else is in the batch.

Base answers some prompts of an evaluation twice, by the same seeds, among others the second time. Where its two answers differ, so
would those of an arm that learned nothing: no difference within that noise is told apart from zero.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sctk_core.plan import ANSWERS, BASE, Evaluate
from sctk_core.records import Measure, Sample
from sctk_core.run.context import Context
from sctk_core.run.units import AGAIN

Values = Mapping[str, Mapping[str, Mapping[str, float | None]]]
Z = 1.96
"""Of a normal distribution 95 % lie within so many standard deviations."""
WITHIN = "not told apart from the noise of batches"


def asked_again(context: Context, one: Evaluate) -> dict[str, Sample]:
    """Base's second answers by the id of the prompt; {} where it was not asked twice."""
    if f"{one.name}/{AGAIN}" not in context.directory.manifest.parts:
        return {}
    return {sample.prompt.id: sample for sample in context.stored(f"{one.name}/{AGAIN}", ANSWERS, Sample)}


def told_of_noise(context: Context, one: Evaluate) -> str:
    """How many of base's second answers were others, as a line for the user; "" where it was not asked twice."""
    again = asked_again(context, one)
    if not again:
        return ""
    first = (sample for sample in context.stored(f"{one.name}/{BASE}", ANSWERS, Sample) if sample.prompt.id in again)
    n_others = sum(sample.text != again[sample.prompt.id].text for sample in first)
    line = f"asked again in other batches, base gave another answer to {n_others} of {len(again)} prompts"
    return f"{line}: a difference within that noise is not told apart from zero" if n_others else line


def above_noise(measures: Sequence[Measure], values: Values, repeated: Collection[str]) -> list[Measure]:
    """The rows, those of the noise behind them; a difference within the noise of its metric is no claim any more.

    `values` are those of all arms, with base's second answers to the `repeated` prompts as arm AGAIN, and what comparers say of
    them as the pair of arms that they are. What base gains over itself
    has the mean zero; so 95 % of such differences over n prompts lie within 1.96 of its root mean square over the root of n.
    """
    from sctk_core.statistics import AT_EQUAL_LENGTH, JUDGED, is_claim

    gaps = {m: _gaps(by_arm, repeated) for m, by_arm in values.items()}
    gaps |= {m + JUDGED: _judged(by_arm, repeated) for m, by_arm in values.items() if AGAIN in by_arm}
    found: list[Measure] = []
    for place, one in enumerate(measures):
        noise = _noise(gaps.get(one.metric.removesuffix(AT_EQUAL_LENGTH), []), one.n)
        within = is_claim(one.verdict) and abs(one.value) <= noise
        found.append(replace(one, verdict=f"{WITHIN} ({noise:.3f})") if within else one)
        last = place + 1 == len(measures) or measures[place + 1].metric != one.metric
        if last and any(gaps.get(one.metric, [])):
            found.append(_row(one.metric, gaps[one.metric]))
    return found


def _noise(gaps: Sequence[float], n: int) -> float:
    """Within what 95 % of the differences of base from itself lie over n prompts."""
    return Z * math.sqrt(sum(gap * gap for gap in gaps) / len(gaps) / n) if gaps else 0.0


def _row(metric: str, gaps: Sequence[float]) -> Measure:
    noise, mean = _noise(gaps, len(gaps)), sum(gaps) / len(gaps)
    words = f"noise of batches: {sum(map(bool, gaps))} of {len(gaps)} differ"
    return Measure(arm=f"{AGAIN}-{BASE}", metric=metric, value=mean, low=-noise, high=noise, n=len(gaps), verdict=words)


def _judged(by_arm: Mapping[str, Mapping[str, float | None]], prompts: Collection[str]) -> list[float]:
    """Whether the second answer could be judged less whether the first could, of each prompt."""
    first, second = by_arm.get(BASE, {}), by_arm[AGAIN]
    return [float(prompt in second) - float(prompt in first) for prompt in sorted(prompts)]


def _gaps(by_arm: Mapping[str, Mapping[str, float | None]], prompts: Collection[str]) -> list[float]:
    """The second value less the first, of the prompts that have both, or what a comparer says of the two."""
    preferred = by_arm.get(f"{AGAIN}-{BASE}", {})
    if preferred:
        return [value for prompt in sorted(prompts) if (value := preferred.get(prompt)) is not None]
    first, second = by_arm.get(BASE, {}), by_arm.get(AGAIN, {})
    pairs = ((first.get(prompt), second.get(prompt)) for prompt in sorted(prompts))
    return [after - before for before, after in pairs if before is not None and after is not None]
