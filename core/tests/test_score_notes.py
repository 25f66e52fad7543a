"""What a reward says of a score besides its number is counted by the ledger and told at the end of the run, evaluation included."""

from __future__ import annotations

from pathlib import Path

from outcomes import stage
from sctk_core.run import execute
from toy_run import toy_assembly

NOTING = '''
from dataclasses import dataclass
from sctk_core import Component, Score, hookimpl

class Noting:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""
    def __init__(self, config): pass
    async def score(self, samples):
        return [self.one(s, "revision" if "better" in s.text else "") for s in samples]
    def one(self, sample, note):
        return Score(sample=sample, name="noting", value=sample.text.count("better"), note=f"a {note}" if note else "")

@hookimpl
def sctk_rewards():
    return [Component(name="noting", target=f"{__name__}:Noting", summary="notes")]
'''


def test_notes_of_scores_are_counted_and_told(tmp_path: Path) -> None:
    plugin = tmp_path / "noting.py"
    plugin.write_text(NOTING)
    assembly = toy_assembly(tmp_path, {"reward": {"use": "noting"}}, also=[plugin])
    result = execute(assembly, out=tmp_path / "runs" / "run")
    drafts, revisions = stage(result, "chains.score.0"), stage(result, "chains.score.1")
    assert (drafts.notes, revisions.notes) == ({}, {"a revision": revisions.answered})
    assert (drafts.reasons, revisions.reasons) == ({}, {})
    assert "chains.score.1: 12 of 12: a revision" in result.notes
    assert "student.measure.reward: 10 of 10: a revision" in result.notes
    assert not any(note.startswith("chains.score.0") for note in result.notes)
