"""What a source says of itself: what of its files can change a run, and how it reads them."""

from __future__ import annotations

from collections.abc import Sequence

from sctk_core.assembly.blame import broken, called, texts_of
from sctk_core.assembly.parts import Part
from sctk_core.pipeline.fields import is_label
from sctk_core.plugins import Built
from sctk_core.shown import shown


def digest_of(part: Part, built: Built) -> str:
    """A short text that changes with them; "" where the source tells none."""
    source = built.instance
    if not hasattr(source, "digest"):
        return ""
    found = called(part, source.digest, "digest()")
    if not is_label(found):
        raise broken(part, f"digest() gave {shown(found)}, wanted a short text")
    return str(found)


def notes_of(part: Part, built: Built) -> Sequence[str]:
    """How it reads its files, in lines for the user."""
    return texts_of(part, lambda: getattr(built.instance, "notes", ()), "notes")
