"""What the rDPO paper (arXiv 2402.08005) claims, and what must stand beside it, as experiments: `sctk verify rdpo`.

Fixed before they were run; a share of the truth of 0.05 is the smallest that counts (ten of 200 prompts). Noise is planted in the
teacher's word (pairs turned) and in the reward (scores of the truth turned), each by itself, so that both are known.
"""

from __future__ import annotations

from sctk_core.claims import Claim, Experiment, Lead

PAPER, OURS = "arXiv 2402.08005", "sctk: an arm at equal tokens that the paper does not have"
LEAST, NOISE = 0.05, 0.3
PLAIN_DPO = {"teacher_weight": 1.0}
REFUSE = "Refuse whatever could do harm, and help with all else."
MAIN = Experiment(name="main", sections={"method": {"arms": ["all"], "system_prompt": REFUSE}})
DPO = Experiment(name="dpo", sections={"method": PLAIN_DPO})
HALF = Experiment(name="half", sections={"run": {"limit": 200}})
"""Of the 400 prompts that the embedded world asks."""


def _noisy(name: str, teacher: float, reward: float = 0.0, **method: float) -> Experiment:
    """A cell of the grid: so much noise in the teacher's word, and so much in the reward's scores."""
    known = {"use": "nano-noisy-truth", "noise": reward}
    return Experiment(name=name, sections={"method": {"teacher_noise": teacher} | method, "reward": known})


CLEAN, TEACHER = _noisy("rdpo-t0-r0", 0.0), _noisy("rdpo-t30-r0", NOISE)
REWARD, BOTH = _noisy("rdpo-t0-r30", 0.0, NOISE), _noisy("rdpo-t30-r30", NOISE, NOISE)
DPO_CLEAN, DPO_TEACHER = _noisy("dpo-t0", 0.0, **PLAIN_DPO), _noisy("dpo-t30", NOISE, **PLAIN_DPO)


def _above(name: str, arm: str, says: str, source: str = OURS) -> Claim:
    return Claim(id=name, says=says, source=source, lead=Lead(of="student", over=arm, on=MAIN), least=LEAST)


def _student(on: Experiment, against: Experiment) -> Lead:
    return Lead(of="student", over="student", on=on, against=against)


CLAIMS = (
    _above("above-base", "base", "the aligned model is better than the model as it came", f"{PAPER}, abstract"),
    _above("above-sft", "sft", "it is better than the same model trained on its own drafts"),
    Claim(
        id="above-dpo",
        says="rDPO is better than DPO on the same pairs, which trusts the teacher's word",
        source=f"{PAPER}, as its summaries report",
        lead=_student(MAIN, DPO),
        least=LEAST,
    ),
    _above("above-dsc", "dsc", "it is better than dSC: SFT on where the same chains stand after the Metropolis step",
           f"{PAPER}, as its summaries report"),
    _above("above-sft-revisions", "sft-revisions", "rDPO is better than SFT on the same chains' accepted revisions",
           f"{PAPER}, as its summaries report"),
    _above("above-self-refine", "self-refine", "one answer of it is better than a draft, critique and revision of the base",
           f"{PAPER}, as its summaries report"),
    _above("above-filtered-dpo", "filtered-dpo", "a soft label for each pair is better than DPO on the pairs that the reward likes",
           "sctk: an arm on the same pairs that the paper does not have"),
    _above("above-cdpo", "cdpo", "it is better than label smoothing, which trusts all pairs alike",
           "sctk: an arm on the same pairs that the paper does not have"),
    _above("above-robust-dpo", "robust-dpo", "it is better than the loss that corrects for a known rate of turned pairs",
           "sctk: an arm on the same pairs that the paper does not have"),
    _above("above-best-of-n", "best-of-n", "one answer of it is better than the best of N answers of the base"),
    Claim(
        id="fewer-samples",
        says="rDPO needs fewer samples than DPO: with half of the prompts it is no worse",
        source=f"{PAPER}, as its summaries report (sample efficiency)",
        lead=_student(HALF, DPO),
        least=-LEAST,
    ),
    Claim(
        id="teacher-noise",
        says="an external reward makes the loss robust to noise in the synthetic pairs, where DPO is not: 30 % of them turned",
        source=f"{PAPER}, abstract",
        lead=_student(TEACHER, DPO_TEACHER),
        least=LEAST,
    ),
    Claim(
        id="noise-costs-less",
        says="what 30 % of turned pairs take from DPO is more than what they take from rDPO",
        source=f"{PAPER}, abstract",
        lead=_student(TEACHER, CLEAN),
        beyond=_student(DPO_TEACHER, DPO_CLEAN),
        least=LEAST,
    ),
    Claim(
        id="both-noisy",
        says="rDPO is better than DPO where 30 % of the pairs and 30 % of the reward's scores are turned",
        source="sctk: the paper has no reward of known errors",
        lead=_student(BOTH, DPO_TEACHER),
        least=LEAST,
    ),
    Claim(
        id="reward-noise",
        says="30 % of the reward's scores turned leave rDPO no worse than DPO, whose pairs are right",
        source="sctk: the paper has no reward of known errors",
        lead=_student(REWARD, DPO_CLEAN),
        least=-LEAST,
    ),
)  # fmt: skip
