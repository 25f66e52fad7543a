"""Who is asked: the teacher writes questions and some answers, the student answers, a comparer tells answers apart."""

from __future__ import annotations

from dataclasses import dataclass

from sctk_core import AskedComparer, Notebook, Speaker


@dataclass(frozen=True, kw_only=True)
class Askers:
    """[roles.teacher] writes questions (left out: the student as it came), which are read on the item's page."""

    teacher: Speaker
    notes: Notebook


@dataclass(frozen=True, kw_only=True)
class Annotators:
    """The teacher answers with the document, the student from its own head; what it wrote is checked."""

    teacher: Speaker
    student: Speaker
    notes: Notebook


@dataclass(frozen=True, kw_only=True)
class Teachers:
    """The teacher answers, and nobody else is asked."""

    teacher: Speaker


@dataclass(frozen=True, kw_only=True)
class Detectors:
    """The student answers, [comparer] tells how far one answer is from another."""

    student: Speaker
    comparer: AskedComparer


@dataclass(frozen=True, kw_only=True)
class Reflectors:
    """The student answers and says what it thinks of its answers, [comparer] tells how far one is from another."""

    student: Speaker
    comparer: AskedComparer
    notes: Notebook


@dataclass(frozen=True, kw_only=True)
class Thinkers:
    """The student answers and says how likely its answers are true."""

    student: Speaker
    notes: Notebook


@dataclass(frozen=True, kw_only=True)
class Answerers:
    """The student answers, and nobody else is asked."""

    student: Speaker
