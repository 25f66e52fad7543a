"""Runs the method in the toy world once: `python knowledge_run.py ROOT '{"method": ...}'`; a process of its own, to be killed."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from knowledge_world import town
from sctk_core.assembly import Assembly, assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute

PLUGIN = Path(__file__).with_name("knowledge_world.py")
TOWNS = ("Avon", "Kirkby", "Lynton", "Malvern", "Kelso", "Porlock", "Ross", "Settle", "Thirsk", "Wells")
QUESTIONS = {"n": 4, "n_exam": 2, "limits": {"document_words": 10, "chunk_tokens": 4}}
METHOD = {"use": "knowledge", "questions": QUESTIONS, "detection": {"n_samples": 3}, "arms": ["all"]}


def write_documents(folder: Path) -> None:
    """A document about each town, one that is too short, one that is no text, and a copy."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in TOWNS:
        (folder / f"{name}.md").write_text(town(name))
    (folder / "short.txt").write_text("Nothing to see.")
    (folder / "torn.txt").write_bytes(b"\xff\xfe\xfa")
    (folder / "Avon2.md").write_text(town("Avon"))


def knowledge_assembly(root: Path, changes: dict[str, Any]) -> Assembly:
    """The method's own recipe with two toy models in `root`, and with some sections changed."""
    for name in ("base", "teacher"):
        if not (root / name).exists():
            (root / name).mkdir(parents=True)
            (root / name / "name").write_text(name)
            (root / name / "knows").write_text("")
    if not (root / "documents").exists():
        write_documents(root / "documents")
    toy = {"use": "toy-trainer"}
    source = {"path": str(root / "documents"), "tokenizer": "words", "chunk_tokens": 24, "held_out_share": 0.25}
    sections: dict[str, Any] = {
        "method": METHOD,
        "backend": {"use": "toy-model"},
        "source": {"use": "documents"} | source,
        "model": {"path": str(root / "base")},
        "roles": {"teacher": {"model": str(root / "teacher")}},
        "baseline": toy,
        "trainer": toy,
        "evaluator": [{"use": "toy-truth"}],
        "run": {"shard_rows": 5, "timeout_s": 20.0},
    }
    for name, values in changes.items():
        sections[name] = values if isinstance(values, list) or values is None else sections.get(name, {}) | values
    sections = {name: values for name, values in sections.items() if values is not None}
    known = catalogue([PLUGIN])
    return assemble(with_defaults([Layer(origin="test", sections=sections)], known), known)


def knowledge_run(root: Path, changes: dict[str, Any], *, redo: Collection[str] = ()) -> RunResult:
    """Runs to the end in `root/runs/run`."""
    return execute(knowledge_assembly(root, changes), out=root / "runs" / "run", redo=redo)


if __name__ == "__main__":
    knowledge_run(Path(sys.argv[1]), json.loads(sys.argv[2]))
