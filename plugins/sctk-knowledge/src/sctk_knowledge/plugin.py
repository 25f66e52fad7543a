"""What sctk-knowledge offers: the method `knowledge`, the source of its documents, and what tells two answers apart."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_methods() -> list[Component]:
    """The method."""
    summary = (
        "knowledge detection: questions about documents, and preferences only where the model does not know the answer"
    )
    return [Component(name="knowledge", target="sctk_knowledge.method:KnowledgeDetection", summary=summary)]


@hookimpl
def sctk_sources() -> list[Component]:
    """The documents."""
    summary = "documents, cut into chunks of so many tokens: text and Markdown files, JSONL, Parquet, datasets on disk"
    return [Component(name="documents", target="sctk_knowledge.documents:Documents", summary=summary)]


@hookimpl
def sctk_comparers() -> list[Component]:
    """How far one answer is from another."""
    told = {
        "lexical": (
            "lexical:Lexical",
            "how far two texts are apart in their words, by ROUGE and its kin of the Rust core",
        ),
        "nli": (
            "nli.comparer:Nli",
            "how far a text contradicts the sentences of another, by an NLI model (extra: nli)",
        ),
        "claims": ("claims_judge:Claims", "which claims of a text the document contradicts, by the run's own model"),
    }
    return [
        Component(name=name, target=f"sctk_knowledge.{target}", summary=summary)
        for name, (target, summary) in told.items()
    ]


@hookimpl
def sctk_evaluators() -> list[Component]:
    """How far answers are borne out by documents."""
    summary = "how far the claims of an answer are supported by its question's document, by the run's own model"
    return [Component(name="claims", target="sctk_knowledge.claims_judge:Claims", summary=summary)]


@hookimpl
def sctk_commands() -> list[Component]:
    """The command `sctk knowledge`."""
    summary = "look at what a run of the method knowledge detected"
    return [Component(name="knowledge", target="sctk_knowledge.tables:knowledge", summary=summary)]
