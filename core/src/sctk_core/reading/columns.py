"""Columns by name: which there are, which is meant, and what is said of one that is missing."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from sctk_core.config import suggestion
from sctk_core.errors import ConfigError

_SHOWN = 12


def listed(names: Sequence[str]) -> str:
    """Column names as a complaint lists them.

    >>> listed([]), listed(["a", "b"])
    ('none', 'a, b')
    """
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown or "none"


def named_usually(usual: Sequence[str], names: Container[str]) -> list[str]:
    """Those of the usual names that are there, the most usual first."""
    return [name for name in usual if name in names]


def no_column(
    where: str, name: str, names: Iterable[str], *, wanted: str = "", hint: str = "name a column that is there"
) -> ConfigError:
    """What is said of a column that was named and is not there; `wanted` says what for, `hint` where nothing is near."""
    there = list(names)
    purpose = f", wanted it for {wanted}" if wanted else ""
    return ConfigError(
        f"{where}: got no column {name!r} (columns: {listed(there)}){purpose}", hint=suggestion(name, there) or hint
    )
