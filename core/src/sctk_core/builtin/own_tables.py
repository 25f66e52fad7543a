"""Tables that sctk wrote, as sources: the prompt that a row is, or was made of, with all that is known of it.

A table of prompts holds them whole, one that others read (drafts, answers, what is trained on) in `parents`. A row whose prompt
was changed since is read by its columns, like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sctk_core.builtin.looked import Looked
from sctk_core.errors import ConfigError, StoreError
from sctk_core.records import Prompt
from sctk_core.store.layout import Layout
from sctk_core.store.rows import ITEM, PARENTS, parents_of, record_from

_FORM, _PROMPT = "a table of sctk", "prompt_id"
_WITH_PROMPTS = ("prompts/rows", "held-out/rows", "*/train", "*/drafts", "evaluation/*/answers")
"""Where prompts lie in a run."""


def own_prompt(row: Mapping[str, Any]) -> tuple[Prompt, Looked] | None:
    """The prompt of a row of our own table, its occurrence not counted, and how it was read; None: the row is no such thing."""
    if PARENTS not in row or ITEM not in row:
        return None
    is_prompt = _PROMPT not in row
    try:
        prompt = record_from(Prompt, row if is_prompt else parents_of(row)[row[_PROMPT]], {})
        if not is_prompt and [list(turn.values())[:2] for turn in row["prompt"]] != _shown(prompt):
            return None
    except (StoreError, LookupError, TypeError, ValueError, AttributeError):
        return None
    asked = "messages" if is_prompt else "prompt"
    return replace(prompt, occurrence=0), Looked(form=_FORM, asked=(asked,), is_turns=True, roles=_roles(prompt))


def _shown(prompt: Prompt) -> list[list[str]]:
    return [[turn.role, turn.text] for turn in prompt.messages]


def _roles(prompt: Prompt) -> dict[str, tuple[str, ...]]:
    """Which columns of the table became what, of those that hold something."""
    found = {
        "reference": ("reference", "other_references") if prompt.other_references else ("reference",),
        "document": ("document",), "meta": ("meta",), "texts": ("given",),
    }  # fmt: skip
    has = {
        "reference": prompt.reference is not None, "document": prompt.document is not None,
        "meta": bool(prompt.meta), "texts": prompt.given is not None,
    }  # fmt: skip
    return {role: names for role, names in found.items() if has[role]}


def run_of(path: Path) -> Path | None:
    """The directory of the run that a file or directory lies in, or is; None: there is none."""
    near = (path, *path.absolute().parents)[:5]
    return next((one for one in near if Layout(one).manifest.is_file() and Layout(one).recipe.is_file()), None)


def no_prompts(name: str, got: str, run: Path) -> ConfigError:
    """What is said of a table of a run, or of a directory in it, that holds no prompts."""
    tables = [str(found) for pattern in _WITH_PROMPTS for found in sorted(run.glob(pattern))]
    return ConfigError(
        f"{name}: got {got} of the run {run}, wanted a table with prompts",
        hint=f"name {' or '.join(tables[:4])}" if tables else "let the run come to its prompts first",
    )
