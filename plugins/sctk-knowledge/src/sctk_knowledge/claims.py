"""What the paper (arXiv 2406.11275) claims, and what must stand beside it, as experiments: `sctk verify knowledge`.

Fixed before they were run; a share of the truth of 0.05 is the smallest that counts. The paper judges by GPT-4 against the
tuned model; here the encyclopaedia's checker judges, which knows what is true and what the model was taught. The exam asks about
the run's own things in other words: what was missing can only have come from the documents.
"""

from __future__ import annotations

from sctk_core.claims import Claim, Experiment, Lead

MAIN = Experiment(name="main", sections={"method": {"arms": ["all"]}})
SOFT = Experiment(name="soft-label", sections={"method": {"detection": {"label": "soft"}}})
ALONE = Experiment(name="without-documents", sections={"method": {"detection": {"documents": False}}})
PAPER = "arXiv 2406.11275"
LEAST = 0.05
UNKNOWN, KNOWN = "truth_untaught", "truth_taught"


def _above(name: str, arm: str, says: str, source: str, metric: str = "truth", least: float = LEAST) -> Claim:
    lead = Lead(of="student", over=arm, on=MAIN)
    return Claim(id=name, says=says, source=source, lead=lead, least=least, metric=metric)


CLAIMS = (
    _above("unknown-is-learned", "sft", "the student answers more of what the tuned model did not know",
           f"{PAPER}, Table 2 (54 to 16 with documents)", UNKNOWN),
    _above("known-is-kept", "sft", "what the tuned model knew is not lost", f"{PAPER}, Figure 3", KNOWN, -LEAST),
    _above("filtering", "no-filtering", "filtering is better than learning from every question", f"{PAPER}, Table 1 and Figure 2"),
    _above("filtering-keeps-known", "no-filtering", "filtering loses less of what was known", f"{PAPER}, Figure 3", KNOWN),
    Claim(
        id="documents",
        says="preferences from documents teach more than preferences among the model's own answers",
        source=f"{PAPER}, Table 2 (54 to 16 with documents, 35 to 23 without)",
        lead=Lead(of="student", over="student", on=MAIN, against=ALONE),
        least=LEAST,
    ),
    Claim(
        id="without-documents",
        says="also without documents the student is better than the tuned model",
        source=f"{PAPER}, Table 2 (35 to 23)",
        lead=Lead(of="student", over="sft", on=ALONE),
        least=LEAST,
    ),
    _above("above-distilled", "distilled", "it is better than the tuned model trained on answers with the document",
           f"{PAPER}, Figure 2 (there a larger teacher answers)"),
    Claim(
        id="soft-label",
        says="a soft label, (1 + S_K) / 2, loses nothing against the certain one of DPO",
        source="sctk: what was observed of a preference is kept",
        lead=Lead(of="student", over="student", on=SOFT, against=MAIN),
        least=-LEAST,
    ),
)  # fmt: skip
