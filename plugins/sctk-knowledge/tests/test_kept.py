"""`sctk knowledge kept`: how many questions each threshold keeps, with intervals, by labels where there are some."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from sctk_core import ConfigError
from sctk_core.store.manifest import Manifest
from sctk_knowledge.kept import knowledge

ROWS = [("a?", 0.1, 0.9), ("b?", 0.1, 0.6), ("c?", 0.5, 0.9), ("d?", 0.0, 0.2), ("e?", None, 0.7), ("f?", 0.9, None)]
"""Text, S_L, S_K: at tau_L = 0.5 and tau_K = 0.5 kept are a, b and e."""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "detect" / "detected").mkdir(parents=True)
    frame = pl.DataFrame(
        {
            "prompt_id": [f"id-{text}" for text, _, _ in ROWS],
            "prompt": [[{"role": "user", "content": text}] for text, _, _ in ROWS],
            "inconsistency": [s_l for _, s_l, _ in ROWS],
            "ignorance": [s_k for _, _, s_k in ROWS],
        }
    )
    frame.write_parquet(tmp_path / "detect" / "detected" / "00000.parquet")
    return tmp_path


def with_thresholds(run: Path, **thresholds: object) -> Path:
    """The run, saying which thresholds it had."""
    settings = {"detection": {"thresholds": thresholds}}
    facts = {"name": "knowledge", "distribution": "sctk-knowledge", "version": "0", "settings": settings}
    Manifest(fingerprint="f", method="knowledge", components={"method": facts}).save(run / "manifest.json")  # type: ignore[dict-item]
    return run


def kept(*line: str) -> Result:
    return CliRunner().invoke(knowledge, ["kept", *line])


def objects(done: Result, by: str = "tau_k") -> list[dict[str, object]]:
    assert done.exit_code == 0, done.output
    return [row for row in map(json.loads, done.stdout.splitlines()) if by in row]


def test_each_threshold_keeps_what_is_above_it(run: Path) -> None:
    found = objects(kept(str(run), "--tau-k", "0.5", "--tau-k", "0.6", "--json"))
    assert [(row["tau_k"], row["kept"]) for row in found] == [(0.5, 3), (0.6, 2)]
    share = found[0]["share"]
    assert isinstance(share, list)
    assert (share[0], share[3]) == (0.5, 6)
    assert share[1] < 0.5 < share[2]


def test_with_labels_it_says_how_many_are_really_unknown(run: Path, tmp_path: Path) -> None:
    labels = [{"question": "a?", "known": False}, {"id": "id-b?", "known": True}, {"question": "d?", "known": False}]
    (tmp_path / "known.jsonl").write_text("\n".join(map(json.dumps, labels)))
    (row,) = objects(kept(str(run), "--tau-k", "0.5", "--labels", str(tmp_path / "known.jsonl"), "--json"))
    among_kept, among_unknown = row["unknown among kept"], row["kept among unknown"]
    assert isinstance(among_kept, list)
    assert isinstance(among_unknown, list)
    assert (among_kept[0], among_kept[3]) == (0.5, 2)
    assert (among_unknown[0], among_unknown[3]) == (0.5, 2)


def test_a_person_reads_a_table(run: Path) -> None:
    done = kept(str(run), "--tau-k", "0.5")
    by_l, by_k = done.stdout.split("\n\n")
    assert by_l.splitlines()[0].split() == ["tau_l", "kept", "share"]
    assert by_k.splitlines()[0].split() == ["tau_k", "kept", "share"]
    assert "0.500 [" in by_k


def test_each_tau_l_keeps_what_is_below_it_of_the_questions_that_have_an_s_l(run: Path) -> None:
    found = {row["tau_l"]: row for row in objects(kept(str(run), "--json"), "tau_l")}
    assert [found[tau]["kept"] for tau in (0.1, 0.2, 0.5, 0.6, 0.9, 1.0)] == [1, 3, 3, 4, 4, 5]
    share = found[0.5]["share"]
    assert isinstance(share, list)
    assert (share[0], share[3]) == (0.6, 5)
    assert share[1] < 0.6 < share[2]


def test_thresholds_among_scores_that_lie_close_together_or_above_one_are_shown(run: Path) -> None:
    frame = pl.read_parquet(run / "detect" / "detected" / "00000.parquet")
    close, high = [0.51, 0.52, 0.53, 0.54, 0.55, None], [1.1, 1.2, 1.3, 1.4, 1.5, None]
    found = frame.with_columns(inconsistency=pl.Series(close), ignorance=pl.Series(high))
    found.write_parquet(run / "detect" / "detected" / "00000.parquet")
    by_l = {row["tau_l"]: row["kept"] for row in objects(kept(str(run), "--json"), "tau_l")}
    assert [by_l[tau] for tau in (0.5, 0.52, 0.53, 0.54, 0.6)] == [0, 1, 2, 3, 5]
    by_k = {row["tau_k"]: row["kept"] for row in objects(kept(str(run), "--tau-l", "0.6", "--json"))}
    assert [by_k[tau] for tau in (0.9, 1.2, 1.3, 1.4)] == [5, 3, 2, 1]


def test_how_the_scores_lie_is_told_and_which_questions_the_run_itself_refused(run: Path) -> None:
    done = kept(str(run), "--tau-l", "0.95")
    assert "S_L of 5 questions: least 0.000, quarters 0.100, 0.100, 0.500, most 0.900" in done.stderr
    assert "S_K of 5 questions" in done.stderr
    assert "1 of these have no S_K" in done.stderr
    assert "6 questions; 6 of them reliable\n" in done.stderr
    assert "have no S_K" not in kept(str(run)).stderr


def test_what_was_left_out_before_a_score_is_not_reliable_and_is_told(run: Path) -> None:
    frame = pl.read_parquet(run / "detect" / "detected" / "00000.parquet")
    nothing = pl.Series([None] * len(ROWS), dtype=pl.Float64)
    cut_off = frame.with_columns(inconsistency=nothing, ignorance=nothing, prompt_id=frame["prompt_id"] + "!")
    pl.concat([frame, cut_off]).write_parquet(run / "detect" / "detected" / "00000.parquet")
    done = kept(str(run), "--tau-k", "0.5")
    assert "12 questions; 4 of them reliable; 6 were left out before any score" in done.stderr
    assert "raise sampling.max_new_tokens" in done.stderr
    assert [row["kept"] for row in objects(kept(str(run), "--tau-k", "0.5", "--json"))] == [3]


def test_left_out_the_thresholds_are_the_runs_own_and_their_border_is_said(run: Path) -> None:
    by_code = with_thresholds(run, tau_l=0.1, tau_k=0.85, borders="code")
    assert [row["kept"] for row in objects(kept(str(by_code), "--tau-k", "0.5", "--json"))] == [3]  # a, b, e
    assert "by tau_K kept is S_L <= 0.1 (the run's own, which kept S_K > 0.85)" in kept(str(by_code)).stderr
    assert [row["kept"] for row in objects(kept(str(by_code), "--json")) if row["tau_k"] == 0.85] == [1]
    strict = with_thresholds(run, tau_l=0.1, tau_k=0.5)
    assert [row["kept"] for row in objects(kept(str(strict), "--tau-k", "0.5", "--json"))] == [1]  # e
    assert "S_L < 0.1 (the run's own" in kept(str(strict)).stderr
    assert "S_L < 0.5 (--tau-l; the run's own is 0.1)" in kept(str(strict), "--tau-l", "0.5").stderr


def test_above_the_runs_own_tau_l_a_count_is_said_to_be_a_lower_bound(run: Path) -> None:
    own = with_thresholds(run, tau_l=0.6)
    done = kept(str(own), "--tau-l", "0.95")
    assert "1 of these the run's own tau_L refused" in done.stderr
    assert "lower bound, and at most 1 more" in done.stderr
    assert "tau_l=0.95 asks them" in done.stderr
    assert "lower bound" not in kept(str(own)).stderr
    assert "lower bound" not in kept(str(with_thresholds(run, tau_l=0.95))).stderr


def test_a_run_that_does_not_say_has_the_defaults_and_that_is_said(run: Path) -> None:
    assert "S_L < 0.5 (the default: the run does not say what it had)" in kept(str(run)).stderr


def test_what_is_missing_is_said(run: Path, tmp_path: Path) -> None:
    missing = kept(str(run), "--of", "detect-2")
    assert isinstance(missing.exception, ConfigError)
    assert "wanted what an iteration detected" in str(missing.exception)
    (tmp_path / "labels.jsonl").write_text('{"question": "z?", "known": true}')
    stranger = kept(str(run), "--labels", str(tmp_path / "labels.jsonl"))
    assert "got no label of a question" in str(stranger.exception)
