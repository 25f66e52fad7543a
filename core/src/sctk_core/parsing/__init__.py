"""Scores, verdicts and revisions out of model text: an answer, or a Failure that says why there is none."""

from sctk_core.parsing.neutral import neutralise
from sctk_core.parsing.revisions import no_revision
from sctk_core.parsing.scores import parse_score
from sctk_core.parsing.verdicts import parse_verdict

__all__ = ["neutralise", "no_revision", "parse_score", "parse_verdict"]
