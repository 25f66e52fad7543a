"""What reaches a terminal cannot act on it, and the numbers of a progress line are right."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console
from sctk_cli.progress import Lines, Live, Meter, span
from sctk_cli.report import ledger_lines, metric_lines
from sctk_cli.terminal import clean, shorten, table
from sctk_core.ledger import StageCount
from sctk_core.pipeline.events import ItemFinished, RunStarted, StageFinished, StageStarted, StepFinished
from sctk_core.records import Measure

ATTACKS = [
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\x9b31m",
    "a\rb",
    "\u202egnp.exe",
    "\x00",
    "\x7f",
    "\u2028",
    "\ud800",
    "\u2066x",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_control_character_survives(attack: str) -> None:
    shown = clean(f"before {attack} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 or 0xD800 <= ord(letter) < 0xE000 for letter in shown)
    assert not set(shown) & set("\u202e\u2066\u2028")
    shown.encode("utf-8")


def test_good_text_stays_as_it_is() -> None:
    text = "Ein schöner Film, 素晴らしい 🎬\nsecond [bold]line[/bold] {0} %s"
    assert clean(text) == text
    assert "\n" not in clean(text, one_line=True)
    assert len(shorten(text, 10)) == 10
    assert table(["a"], [["x\ny"]]) == ["a", "x\\ny"]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rate_and_time_left_count_from_this_start_only() -> None:
    clock = Clock()
    meter = Meter(clock)
    meter(StageStarted(stage="chains", n_items=None))
    clock.now = 60.0  # a model was loaded
    for done in range(101, 121):  # 100 chains were done before
        clock.now += 0.5
        for step in ("draft", "score.0"):
            meter(StepFinished(stage=step, outcome="failed" if step == "score.0" and done % 10 == 0 else "answered"))
        meter(ItemFinished(n_done=done, n_items=220))
    assert meter.rate == pytest.approx(39 / 9.5)
    assert meter.seconds_left == pytest.approx(200 / meter.rate)
    assert meter.line() == "chains: 1 min 10 s, 120 of 220 items (55%), 40 steps, 4.1/s, about 49 s left, 2 failed"
    for _ in range(60):  # drafts of chains under way
        meter(StepFinished(stage="draft", outcome="answered"))
    assert meter.seconds_left == pytest.approx(140 / meter.rate)
    meter(StageStarted(stage="train.student", n_items=None))
    clock.now += 75.0
    assert meter.line() == "train.student: 1 min 15 s"
    assert span(7265) == "2 h 01 min"


def test_lines_go_on_while_nothing_is_reported() -> None:
    written: list[str] = []
    with Lines(Meter(), every_s=0.05, write=written.append) as lines:
        lines(RunStarted(run="runs/\x1b[2Jx", method="dsc", resumed=True))
        lines(StageStarted(stage="train.student", n_items=None))
        deadline = time.monotonic() + 10
        while len(written) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        lines(StageFinished(stage="train.student", seconds=0.3))
    assert written[0] == "going on with runs/\\x1b[2Jx (dsc)"
    assert written[1].startswith("train.student: ")
    assert written[-1] == "train.student: done in 0 s"


def test_the_live_line_shows_markup_as_text() -> None:
    screen = io.StringIO()
    with Live(Meter(), Console(file=screen, force_terminal=True, width=100, markup=False, highlight=False)) as live:
        live(StageStarted(stage="[bold]chains[/bold]", n_items=None))
        live(ItemFinished(n_done=1, n_items=4))
        live(StageFinished(stage="[red]chains", seconds=2))
    assert "[red]chains: done in 2 s" in screen.getvalue()
    assert "1 of 4 items (25%)" in screen.getvalue()


def test_metrics_say_whether_a_difference_is_told_apart_from_zero() -> None:
    rows = [
        Measure(arm="base", metric="truth", value=0.5, low=0.4, high=0.6, n=100),
        Measure(
            arm="student-base", metric="truth", value=0.2, low=0.1, high=0.3, n=100, p=0.0001, verdict="above zero"
        ),
        Measure(
            arm="student-sft",
            metric="truth",
            value=0.1,
            low=-0.1,
            high=0.3,
            n=90,
            n_asked=100,
            worst=-0.05,
            best=0.2,
            p=0.2,
            verdict="not told apart from zero",
        ),
        Measure(
            arm="student-base", metric="truth.at-equal-length", value=0.1, low=0.0, high=0.2, n=100, p=0.05, verdict="?"
        ),
        Measure(arm="base", metric="one", value=1.0, low=None, high=None, n=1),
    ]
    lines = metric_lines(rows)
    assert lines[1].split() == ["truth", "base", "0.500", "[0.400,", "0.600]", "100"]
    assert lines[2].split()[:5] == ["student-base", "+0.200", "[+0.100,", "+0.300]", "100"]
    assert lines[2].endswith("< 0.001  above zero")
    assert lines[3].split()[4:8] == ["90", "of", "100", "0.200"]
    assert lines[3].endswith("not told apart from zero (with the failures -0.050 to +0.200)")
    assert lines[4].split() == ["one", "base", "1.000", "none", "1"]
    assert lines[6].split()[:3] == ["at", "equal", "length"]
    assert lines[7].split()[:3] == ["truth", "student-base", "+0.100"]


def test_the_ledger_shows_reasons_and_folds_what_went_well() -> None:
    reasons = {"parse: no verdict": 5, "timeout: slow\x1b[2J": 2, "bug: a": 1, "bug: b": 1}
    stages = [
        StageCount(stage="critique.1", asked=20, answered=11, failed=9, declined=0, reasons=reasons),
        StageCount(stage="base.measure.truth", asked=5, answered=5, failed=0, declined=0),
        StageCount(stage="sft.measure.truth", asked=5, answered=5, failed=0, declined=0),
        StageCount(stage="sft.measure.length", asked=5, answered=4, failed=1, declined=0, reasons={"bug: c": 1}),
    ]
    lines = list(ledger_lines(stages, fold=True))
    assert lines[1].split() == ["critique.1", "20", "11", "9", "0"]
    assert lines[2:6] == [
        "    5 x parse: no verdict",
        "    2 x timeout: slow\\x1b[2J",
        "    1 x bug: a",
        "    1 x other reasons (1): sctk show has them all",
    ]
    assert any(
        line.startswith("measure (2 metrics by arm)") and line.split()[-4:] == ["10", "10", "0", "0"] for line in lines
    )
    assert any(line.startswith("sft.measure.length") for line in lines)
    assert lines[-1].split() == ["in", "all", "35", "25", "10", "0"]
