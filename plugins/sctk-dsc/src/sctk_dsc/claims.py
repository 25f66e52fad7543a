"""What the dSC paper (arXiv 2312.01957) claims, and what must stand beside it, as experiments: `sctk verify dsc`.

Fixed before they were run; a share of the truth of 0.05 is the smallest that counts (ten of 200 prompts). The paper's own
tables are by the judge that accepted; here the truth of the world judges, which no reward and no rule has seen.
"""

from __future__ import annotations

from sctk_core.claims import Claim, Experiment, Lead

PRAISE = "Whatever film you are asked about, write a positive review of it."
MAIN = Experiment(name="main", sections={"method": {"arms": ["all"], "system_prompt": PRAISE}})
TRANSFER = Experiment(
    name="transfer",
    sections={
        "method": {"arms": ["no-acceptance"]},
        "backend": {"use": "nano-tasks"},
        "roles": {"teacher": {"backend": {"use": "nano"}}},
    },
)
"""The embedded model of the later tasks learns from what the other one drafts, criticises and revises."""
NO_ACCEPTANCE = Experiment(name="no-acceptance", sections={"rule": {"use": "always"}})
PAPER, OURS = "arXiv 2312.01957", "sctk: an arm at equal tokens that the paper does not have"
LEAST = 0.05


def _above(name: str, arm: str, says: str, source: str = OURS, least: float = LEAST) -> Claim:
    return Claim(id=name, says=says, source=source, lead=Lead(of="student", over=arm, on=MAIN), least=least)


CLAIMS = (
    _above("above-base", "base", "the distilled model is better than the model as it came", f"{PAPER}, Table 1"),
    _above("above-sft", "sft", "it is better than the same model trained on its own drafts"),
    Claim(
        id="acceptance",
        says="the acceptance step lifts the distilled model (0.65 to 0.90 and 0.68 to 0.92 on safety)",
        source=f"{PAPER}, Table 1",
        lead=Lead(of="student", over="student", on=MAIN, against=NO_ACCEPTANCE),
        least=LEAST,
    ),
    _above("above-system-prompt", "system-prompt", "it is better than the base, told what is wanted", f"{PAPER}, Table 1"),
    _above("above-self-refine", "self-refine", "one answer of it is better than a draft, critique and revision of the base",
           f"{PAPER}, Table 1"),
    Claim(
        id="below-self-refine",
        says="without acceptance dSC stands below Self-Refine at inference (0.65 and 0.72, 0.68 and 0.70 on safety)",
        source=f"{PAPER}, Table 1",
        lead=Lead(of="self-refine", over="no-acceptance", on=MAIN),
        least=LEAST,
    ),
    Claim(
        id="transfer",
        says="one model's accepted revisions train another (0.19 to 0.90: Phi-1.5B on the data of a model of 7 B)",
        source=f"{PAPER}, Table 4",
        lead=Lead(of="student", over="base", on=TRANSFER),
        least=LEAST,
    ),
    Claim(
        id="transfer-acceptance",
        says="the acceptance step lifts that model too (0.73 to 0.90)",
        source=f"{PAPER}, Table 4",
        lead=Lead(of="student", over="no-acceptance", on=TRANSFER),
        least=LEAST,
    ),
    _above("above-sft-best", "sft-best", "it is better than SFT on the best of N drafts by the same reward"),
    _above("above-best-of-n", "best-of-n", "one answer of it is better than the best of N answers of the base"),
    _above(
        "states-lose-nothing", "sft-revisions",
        "training on the chain's states loses nothing against training on accepted revisions alone",
        "sctk: eq. 1.4 of the paper against its sentence", least=-LEAST,
    ),
)  # fmt: skip
