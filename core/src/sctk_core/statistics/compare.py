"""One metric of all arms: each arm's mean, each paired difference, what the failures could make of them, and length set aside."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from sctk_core.identity import seed_from
from sctk_core.records import Measure
from sctk_core.statistics.estimate import Estimate
from sctk_core.statistics.groups import groups_of
from sctk_core.statistics.lengths import at_equal_length
from sctk_core.statistics.means import difference_with_interval, mean_with_interval
from sctk_core.statistics.verdicts import verdict

Values = Mapping[str, Mapping[str, float | None]]
"""arm -> prompt id -> value; None where the metric says nothing of the answer, nothing where it failed."""
Pair = tuple[str, str]
JUDGED, AT_EQUAL_LENGTH = ".judged", ".at-equal-length"


@dataclass(frozen=True, kw_only=True)
class Design:
    """What is compared: the differences, the ids of all prompts asked, what of them is one group, and how long answers are.

    `asked` None: those that an arm has a value of. `groups` maps prompt id -> group, and what it leaves out is a group of its
    own; `lengths` maps arm -> prompt id -> length of the answer in any unit.
    """

    differences: Sequence[Pair] = ()
    asked: Sequence[str] | None = None
    groups: Mapping[str, Hashable] = field(default_factory=dict)
    lengths: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seed: int = 0


def compare(metric: str, per_sample: Values, design: Design) -> list[Measure]:
    """The rows of one metric: arms, then paired differences ("student-base") over the prompts that both arms have a value of.

    A prompt of which no arm has a value, and one arm at least says that there is none, is not measurable and enters nothing. Any
    other value that is missing has failed: it is counted, and the bounds `worst` and `best` put it at the lowest and the
    highest value that any arm has (0 and 1 of a share). An arm or a difference with nothing behind it has no row.
    """
    one = _Metric(metric, per_sample, design)
    return [*one.arms(), *one.paired(), *one.judged(), *one.equally_long()]


class _Metric:
    """The values of one metric, in the order of the prompts' ids."""

    def __init__(self, metric: str, per_sample: Values, design: Design) -> None:
        self.metric, self.design = metric, design
        seen = [prompt for values in per_sample.values() for prompt in values]
        asked = sorted(set(seen if design.asked is None else [*design.asked, *seen]))
        blank = {p for p in asked if _says_nothing([values[p] for values in per_sample.values() if p in values])}
        self.asked = [prompt for prompt in asked if prompt not in blank]
        self.values = {
            arm: {p: float(found) for p in self.asked if (found := values.get(p)) is not None}
            for arm, values in per_sample.items()
        }
        known = [value for values in self.values.values() for value in values.values()]
        self.ends = (min(known), max(known)) if known else (0.0, 0.0)
        if known and set(known) <= {0.0, 1.0}:
            self.ends = (0.0, 1.0)

    def arms(self) -> list[Measure]:
        rows = []
        for arm, values in self.values.items():
            if values:
                found = mean_with_interval(list(values.values()), self._groups(values), seed=self._seed(arm))
                missing = len(self.asked) - len(values)
                sums = [sum(values.values()) + missing * end for end in self.ends] if missing else []
                bounds = [one / len(self.asked) for one in sums]
                rows.append(self._row(arm, found, bounds))
        return rows

    def paired(self) -> list[Measure]:
        """The paired differences; a verdict stands only if it outlives the failures at their worst."""
        rows = []
        for one, other in self._pairs():
            both = self._both(one, other)
            found = self._difference(one, other, both)
            failed = len(both) < len(self.asked)
            at_worst = [self._filled(one, other, ends) for ends in (self.ends, self.ends[::-1])] if failed else []
            bounds = [estimate.value for estimate in at_worst]
            rows.append(self._row(f"{one}-{other}", found, bounds, words=verdict(found, at_worst)))
        return rows

    def judged(self) -> list[Measure]:
        """The share of prompts that each arm has a value of, where one has failed, and the paired differences of it."""
        if all(len(values) == len(self.asked) for values in self.values.values()):
            return []
        shares = {arm: {p: float(p in values) for p in self.asked} for arm, values in self.values.items()}
        inner = Design(differences=self.design.differences, groups=self.design.groups, seed=self.design.seed)
        return compare(self.metric + JUDGED, shares, inner)

    def equally_long(self) -> list[Measure]:
        """The differences with length as a covariate, where lengths are known and differ."""
        rows = []
        for one, other in self._pairs():
            ours, theirs = (self.design.lengths.get(arm, {}) for arm in (one, other))
            both = [p for p in self._both(one, other) if p in ours and p in theirs]
            gained = [self.values[one][p] - self.values[other][p] for p in both]
            longer = [ours[p] - theirs[p] for p in both]
            found = at_equal_length(gained, longer) if both else None
            if found and gained != longer:
                rows.append(self._row(f"{one}-{other}", found, words=verdict(found), suffix=AT_EQUAL_LENGTH))
        return rows

    def _pairs(self) -> list[Pair]:
        return [pair for pair in self.design.differences if self._both(*pair)]

    def _both(self, one: str, other: str) -> list[str]:
        ours, theirs = self.values.get(one, {}), self.values.get(other, {})
        return [prompt for prompt in self.asked if prompt in ours and prompt in theirs]

    def _difference(self, one: str, other: str, prompts: Sequence[str]) -> Estimate:
        first, second = ([self.values[arm][p] for p in prompts] for arm in (one, other))
        return difference_with_interval(first, second, self._groups(prompts), seed=self._seed(one, other))

    def _filled(self, one: str, other: str, ends: Sequence[float]) -> Estimate:
        """The difference over all prompts asked, with what the first arm misses at one end and the second at the other."""
        first = [self.values[one].get(p, ends[0]) for p in self.asked]
        second = [self.values[other].get(p, ends[1]) for p in self.asked]
        return difference_with_interval(first, second, self._groups(self.asked), seed=self._seed(one, other))

    def _groups(self, prompts: Mapping[str, float] | Sequence[str]) -> list[Hashable] | None:
        """The groups of the prompts, None where each is alone."""
        return groups_of(prompts, self.design.groups)

    def _seed(self, *arms: str) -> int:
        return seed_from(self.design.seed, "bootstrap", self.metric, *arms)

    def _row(
        self, arm: str, found: Estimate, bounds: Sequence[float] = (), *, words: str | None = None, suffix: str = ""
    ) -> Measure:
        worst, best = bounds or (None, None)
        return Measure(
            arm=arm, metric=self.metric + suffix, value=found.value, low=found.low, high=found.high, n=found.n,
            n_asked=len(self.asked), worst=worst, best=best, p=found.p, verdict=words,
        )  # fmt: skip


def _says_nothing(values: Sequence[float | None]) -> bool:
    """Whether no arm has a value of a prompt, and one at least says that there is none."""
    return bool(values) and all(value is None for value in values)
