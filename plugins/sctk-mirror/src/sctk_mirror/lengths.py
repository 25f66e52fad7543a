"""How long each arm is trained, in rows: all alike, or as the paper's README has it.

The unit is a pass over the table of all rationales. One rationale a question for 300 epochs and five for 60 are as many rows; the
published arms with self-evaluation see more.
"""

from __future__ import annotations

from sctk_core import Length

from sctk_mirror.settings import Schedule

UNIT = "lessons.predict"
"""The table of which a pass is the unit: every readable rationale of every question that teaches."""
PUBLISHED_OWN = {
    "fine-tuning": 300.0, "distillation": 300.0, "one-rationale": 300.0, "all-rationales": 60.0, "one-evaluated": 300.0,
    "student": 80.0, "evaluator": 50.0, "evaluator-one": 150.0,
}  # fmt: skip
"""Epochs over an arm's own rows, of the published README."""


def length_of(arm: str, schedule: Schedule, *, staged: bool, own: str) -> Length:
    """How long an arm is trained; `own` is the table of its rows, `staged` whether self-evaluation comes before it.

    >>> length_of("student", Schedule(), staged=True, own="lessons.predict").passes
    36.0
    """
    if schedule.compute == "published":
        return Length(own, PUBLISHED_OWN[arm])
    share = schedule.evaluator_share
    if arm.startswith("evaluator"):
        return Length(UNIT, schedule.epochs * share)
    return Length(UNIT, schedule.epochs * (1.0 - share if staged else 1.0))
