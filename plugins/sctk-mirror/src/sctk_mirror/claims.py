"""What the paper (arXiv 2311.09214) claims, and what must stand beside it, as experiments: `sctk verify mirror`.

Its tables were not found, so the claims are those of its abstract and of its summaries, at equal compute, which the published
schedules are not. Fixed before they were run; a share of 0.02 of the questions is the smallest that counts.
"""

from __future__ import annotations

from typing import Any

from sctk_core.claims import Claim, Experiment, Lead

PAPER, OURS = "arXiv 2311.09214, as its summaries report", "sctk: the paper has no use of the evaluator at inference"
LEAST = 0.02
EQUAL = ["one-rationale", "one-evaluated", "all-rationales"]
RULES = ["first", "vote", "vote-equal", "reranked", "weighted", "abstaining"]
GOLD = Experiment(name="gold", sections={"method": {"arms": ["fine-tuning", *EQUAL, *RULES]}})
TEACHER = Experiment(
    name="teacher", sections={"method": {"arms": ["distillation", *EQUAL], "student": {"labels": "teacher"}}}
)
"""Each has the arms that its claims are about: what labels there are says nothing new of rules at inference."""


def _noise(kind: str) -> Experiment:
    """What is done about false verdicts."""
    method: dict[str, Any] = {"arms": ["vote", "reranked"], "evaluator": {"noise": kind}}
    return Experiment(name=kind, sections={"method": method})


def _above(name: str, of: str, over: str, says: str, on: Experiment = GOLD, source: str = PAPER) -> Claim:
    return Claim(id=name, says=says, source=source, lead=Lead(of=of, over=over, on=on), least=LEAST, metric="solved")


def _choosing(name: str, of: str, over: str, says: str) -> Claim:
    lead = Lead(of=of, over=over, on=GOLD)
    return Claim(id=name, says=says, source=OURS, lead=lead, least=LEAST, metric="inference.solved")


def _evaluator(kind: str, says: str) -> Claim:
    lead = Lead(of="reranked", over="reranked", on=_noise(kind), against=GOLD)
    return Claim(id=f"noise-{kind}", says=says, source=OURS, lead=lead, least=LEAST, metric="inference.solved")


CLAIMS = (
    _above("both-above-one", "student", "one-rationale",
           "several rationales and self-evaluation are better than one rationale"),
    _above("several-above-one", "all-rationales", "one-rationale", "several rationales are better than one"),
    _above("evaluation-helps-several", "student", "all-rationales",
           "self-evaluation before is worth more than as many rows of rationales"),
    _above("evaluation-helps-one", "one-evaluated", "one-rationale", "so it is with one rationale a question"),
    _above("above-fine-tuning", "student", "fine-tuning", "it is better than standard fine-tuning on gold answers"),
    _above("above-distillation", "student", "distillation",
           "it is better than standard distillation of the teacher's answers", TEACHER),
    _above("both-above-one-teacher", "student", "one-rationale", "the gain is there with the teacher's labels too", TEACHER),
    _above("evaluation-helps-several-teacher", "student", "all-rationales",
           "and so is that of self-evaluation", TEACHER),
    _choosing("reranked-above-vote", "reranked", "vote-equal",
              "the evaluator's choice is better than a plain vote at as many tokens"),
    _choosing("weighted-above-vote", "weighted", "vote-equal",
              "a vote by its beliefs is better than a plain vote at as many tokens"),
    _evaluator("majority", "verdicts that most of a rationale's say make a better evaluator than all of them"),
    _evaluator("weight", "verdicts weighed by their share make a better evaluator than all alike"),
    _evaluator("agreement", "verdicts that fit the gold answer make a better evaluator than all of them"),
)  # fmt: skip
