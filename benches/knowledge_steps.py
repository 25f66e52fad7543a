"""How the step of knowledge detection's preferences was chosen, and filtering beside none at equal steps, on the encyclopaedia.

    python benches/knowledge_steps.py table OUT             # 60 articles on things that no run asks about, seed 0
    python benches/knowledge_steps.py equal OUT --seeds 5   # 30 articles, 30 held out, as in `sctk verify knowledge`

Every line of either is a `sctk run --plugin knowledge` of its own in OUT, which shares the replies of those before it; the same
command again goes on where it stopped. `table`: true answers, at temperature 0, of the tuned model and of one student for each
setting. `equal`: a run says in how many steps its student learns; a second one gives every arm so many.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sctk_cli.verifying.readings import Reading, read
from sctk_core.statistics.seeds import over_seeds
from sctk_core.store.layout import Layout
from sctk_core.store.manifest import load_manifest

SETTINGS: Sequence[tuple[float, int, float, int]] = (
    (1e-4, 4, 0.3, 1), (1e-4, 4, 1.0, 1), (2e-4, 2, 1.0, 1), (2e-4, 2, 0.3, 1), (2e-4, 4, 3.0, 1), (2e-4, 4, 1.0, 1),
    (2e-4, 4, 0.3, 1), (2e-4, 4, 1.0, 4), (2e-4, 4, 0.3, 4), (4e-4, 8, 1.0, 1), (4e-4, 6, 1.0, 4),
)  # fmt: skip
"""Learning rate, epochs, beta, preferences a question."""
COLUMNS = {
    "exam, not taught": "truth_untaught",
    "exam, taught": "truth_taught",
    "known before": "forgotten.truth",
}
FILTERING = {"of all": "truth", "of what was taught": "truth_taught", "of what was not": "truth_untaught"}


def run(out: Path, settings: Mapping[str, object], more: Sequence[str] = ()) -> Reading:
    """What a run of these settings measured; one that is done is read again."""
    stated = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    command = [
        str(Path(sys.executable).with_name("sctk")),
        "run",
        "--plugin",
        "knowledge",
        "--out",
        str(out),
        *stated,
        *more,
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return read(out)


def true_answers(found: Reading, arm: str) -> str:
    """How many answers of an arm are true, of how many, by column, and in all."""
    rows = [list(found.values.get((metric, arm), {}).values()) for metric in COLUMNS.values()]
    told = " | ".join(f"{sum(one) / len(one):.3f} ({len(one)})" if one else "(0)" for one in rows)
    return f"{told} | {sum(map(sum, rows)):.0f} of {sum(map(len, rows))} |"


def table(out: Path, size: Mapping[str, object], n_settings: int) -> None:
    """A line for each setting, as it is there."""
    print(f"| learning rate, epochs, beta, preferences a question | {' | '.join(COLUMNS)} | true of all |")
    print("| --- | --- | --- | --- | --- |")
    for number, (rate, epochs, beta, pairs) in enumerate(SETTINGS[:n_settings]):
        settings = {
            "source.things": "kept", "trainer.optimiser.learning_rate": rate, "trainer.optimiser.epochs": epochs,
            "trainer.beta": beta, "method.detection.pairs": pairs,
        }  # fmt: skip
        found = run(out / f"table-{number}", {**size, **settings})
        if not number:
            print(f"| the tuned model, untrained | {true_answers(found, 'sft')}")
        print(f"| {rate:g}, {epochs}, {beta:g}, {pairs} | {true_answers(found, 'student')}", flush=True)


def steps_of(place: Path) -> Mapping[str, int]:
    """In how many steps each arm of a run was trained."""
    manifest = load_manifest(Layout(place).manifest)
    return {name: arm["n_steps"] for name, arm in manifest.arms.items()} if manifest else {}


def equal(out: Path, size: Mapping[str, object], n_seeds: int) -> None:
    """The student less `no-filtering`, which learns in as many steps; seed by seed, and over them."""
    leads: dict[str, list[list[float]]] = {name: [] for name in FILTERING}
    for seed in range(n_seeds):
        settings = {**size, "source.seed": seed, "run.seed": seed}
        run(out / f"own-{seed}", settings, ["--arms", "no-filtering"])
        own = steps_of(out / f"own-{seed}")
        settings |= {"trainer.optimiser.max_steps": own["student"]}
        found = run(out / f"equal-{seed}", settings, ["--arms", "no-filtering"])
        for name, metric in FILTERING.items():
            one, other = (found.values[metric, arm] for arm in ("student", "no-filtering"))
            leads[name].append([one[prompt] - other[prompt] for prompt in one if prompt in other])
        told = "; ".join(
            f"{name} {sum(rows[-1]) / len(rows[-1]):+.3f} ({len(rows[-1])})" for name, rows in leads.items()
        )
        now = steps_of(out / f"equal-{seed}")
        print(
            f"seed {seed}: steps {own['student']} and {own['no-filtering']}, now {now['no-filtering']}: {told}",
            flush=True,
        )
    for name, rows in leads.items():
        lead = over_seeds(rows)
        interval = "" if lead.low is None or lead.high is None else f" [{lead.low:+.3f}, {lead.high:+.3f}]"
        print(f"student less no-filtering at equal steps, {name}: {lead.value:+.3f}{interval}, {n_seeds} seeds")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["table", "equal"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--settings", type=int, default=len(SETTINGS), help="the first so many of the table")
    parser.add_argument(
        "--articles", type=int, default=0, help="of the source; 0: 60 for the table, 30 for equal steps"
    )
    given = parser.parse_args()
    usual = 60 if given.what == "table" else 30
    size = {"source.n_articles": given.articles or usual, "source.n_held_out": given.articles or usual}
    if given.what == "table":
        table(given.out, size, given.settings)
    else:
        equal(given.out, size, given.seeds)


if __name__ == "__main__":
    main()
