"""Who is asked: the teacher reasons and evaluates, the student answers, the evaluator judges what it says."""

from __future__ import annotations

from dataclasses import dataclass

from sctk_core import Notebook, Speaker


@dataclass(frozen=True, kw_only=True)
class Teachers:
    """[roles.teacher] reasons and evaluates (left out: the student as it came); answers and verdicts are read on the page."""

    teacher: Speaker
    notes: Notebook


@dataclass(frozen=True, kw_only=True)
class Answerers:
    """The student answers, and nobody else is asked."""

    student: Speaker


@dataclass(frozen=True, kw_only=True)
class Drawers:
    """The student reasons, and its answers are read."""

    student: Speaker
    notes: Notebook


@dataclass(frozen=True, kw_only=True)
class Judges:
    """The student reasons, and the role `judge`, which the trained evaluator plays, judges what it says."""

    student: Speaker
    judge: Speaker
    notes: Notebook
