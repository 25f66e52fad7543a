"""What sctk-curate offers: three curators over the Rust core."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_curators() -> list[Component]:
    """The curators."""
    return [
        Component(
            name="exact-duplicates",
            target="sctk_curate.duplicates:ExactDuplicates",
            summary="leaves out rows whose text, or whose words, an earlier row has",
        ),
        Component(
            name="near-duplicates",
            target="sctk_curate.duplicates:NearDuplicates",
            summary="leaves out rows that are almost an earlier one, by verified Jaccard similarity of shingles",
        ),
        Component(
            name="decontaminate",
            target="sctk_curate.contamination:Decontaminate",
            summary="leaves out rows that share a run of words with the source's held-out prompts",
        ),
    ]
