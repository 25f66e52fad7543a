"""What runs say of a claim, by values made by hand: differences of differences, failures, groups, temperature 0, a plot."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from sctk_cli.verifying.findings import Finding, judge
from sctk_cli.verifying.forest import forest
from sctk_cli.verifying.readings import ByPrompt, Reading, with_readings
from sctk_cli.verifying.trials import Trial
from sctk_core.claims import Claim, Experiment, Lead

MAIN, NOISY = Experiment(name="main"), Experiment(name="noisy", sections={"method": {"noise": 0.3}})
LEAD = Claim(id="lead", says="", source="", lead=Lead(of="a", over="b", on=MAIN), least=0.1)
BEYOND = Claim(
    id="beyond", says="", source="", least=0.1,
    lead=Lead(of="a", over="a", on=NOISY, against=MAIN), beyond=Lead(of="b", over="b", on=NOISY, against=MAIN),
)  # fmt: skip


def values(share: float, n: int = 100, before: str = "p") -> ByPrompt:
    """1 for the first prompts, 0 for the others."""
    return {f"{before}{place:03}": float(place < share * n) for place in range(n)}


def reading(a: ByPrompt, b: ByPrompt, metric: str = "truth", groups: dict[str, str] | None = None) -> Reading:
    return Reading(values={(metric, "a"): a, (metric, "b"): b}, groups=groups or {}, costs=())


def judged(claim: Claim, n_seeds: int = 5, **runs: Reading) -> Finding:
    """The finding where every seed says the same."""
    return judge(claim, {(name, seed): run for name, run in runs.items() for seed in range(n_seeds)}, n_seeds)


def test_a_difference_of_differences() -> None:
    """Noise takes 0.1 from a and 0.5 from b."""
    runs = {"main": reading(values(0.9), values(0.8)), "noisy": reading(values(0.8), values(0.3))}
    found = judged(BEYOND, **runs)
    assert found.verdict == "supported"
    assert [seed.value for seed in found.seeds] == [pytest.approx(0.4)] * 5
    turned = judged(BEYOND, main=runs["noisy"], noisy=runs["main"])
    assert (turned.verdict, turned.why) == ("not supported", "the other way round")


def test_answers_that_failed_are_told_and_may_undo_a_verdict() -> None:
    whole = judged(LEAD, main=reading(values(0.9), values(0.5)))
    few = {prompt: value for prompt, value in values(0.9).items() if prompt >= "p010"}
    many = {prompt: value for prompt, value in values(0.9).items() if prompt >= "p045"}
    some, most = judged(LEAD, main=reading(few, values(0.5))), judged(LEAD, main=reading(many, values(0.5)))
    assert (whole.verdict, some.verdict, most.verdict) == ("supported", "supported", "undecided")
    assert [(seed.n, seed.n_failed) for seed in most.seeds] == [(55, 45)] * 5
    assert most.found is not None
    assert most.found.low is not None
    assert most.found.low > LEAD.least  # what is there would bear it
    assert "failures" in most.why


def test_no_share_leads_by_more_than_one() -> None:
    runs = {("main", seed): reading(values(share), values(0.0)) for seed, share in enumerate((0.6, 0.9, 1.0))}
    found = judge(LEAD, runs, 3).found
    assert found is not None
    assert (found.high, found.value) == (1.0, pytest.approx(5 / 6))


def test_seeds_without_prompts_in_common_say_nothing() -> None:
    found = judged(LEAD, main=reading(values(0.9), values(0.5, before="q")))
    assert (found.verdict, found.found, found.why) == ("undecided", None, "the arms have no prompt in common")


def test_prompts_of_one_group_count_as_one() -> None:
    """A hundred prompts of four objects: one object in four is won, which may be chance."""
    by_hundreds = {f"p{place:03}": str(place // 25) for place in range(100)}
    alone = judged(LEAD, main=reading(values(0.25), values(0.0)))
    grouped = judged(LEAD, main=reading(values(0.25), values(0.0), groups=by_hundreds))
    assert (alone.verdict, grouped.verdict) == ("supported", "undecided")


def test_temperature_0_stands_beside_and_judges_nothing() -> None:
    run = reading(values(0.9), values(0.5))
    greedy = reading(values(0.5), values(0.5), "greedy.truth")
    both = Reading(values={**run.values, **greedy.values}, groups={}, costs=())
    found = judged(LEAD, main=both)
    assert found.at_zero is not None
    assert (found.verdict, found.at_zero.value) == ("supported", 0.0)
    assert judged(LEAD, main=run).at_zero is None


def test_a_run_that_cannot_be_read_is_one_that_failed(tmp_path: Path) -> None:
    trials = [Trial(experiment=MAIN, seed=seed, run=tmp_path / str(seed), error="x" * seed) for seed in range(2)]
    told, found = with_readings(trials)
    assert found == {}
    assert "no manifest.json" in told[0].error
    assert (told[0].exit_code, told[1]) == (2, trials[1])


def test_the_plot_shows_claims_of_any_size_inside_its_frame() -> None:
    nothing = judged(LEAD, n_seeds=0)
    wide = judged(LEAD, main=reading({f"p{n}": 40.0 + n for n in range(20)}, {f"p{n}": -n for n in range(20)}))
    plot = ElementTree.fromstring(forest([nothing, wide, judged(LEAD, n_seeds=1, main=reading(values(1), values(0)))]))
    places = [float(dot.attrib["cx"]) for dot in plot.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(places) == 6
    assert all(0 < place < float(plot.attrib["width"]) for place in places)
    assert len(forest([])) > 0
