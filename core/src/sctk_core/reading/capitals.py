"""Columns that are called as usual but for their capitals (`Prompt`, `ANSWER`), where no other column may be meant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from sctk_core.errors import ConfigError

NOTHING: Mapping[str, str] = MappingProxyType({})


@lru_cache(maxsize=512)
def usual_names(names: tuple[str, ...], usual: frozenset[str], taken: frozenset[str], hint: str) -> Mapping[str, str]:
    """Column -> usual name, of those that differ from one in capitals alone; a usual name that is there as it is stays alone.

    `taken` are columns that somebody has named. A ConfigError where two columns may be meant.

    >>> dict(usual_names(("Prompt", "Answer", "answer"), frozenset(("prompt", "answer")), frozenset(), ""))
    {'Prompt': 'prompt'}
    """
    by_lower = {name.lower(): name for name in usual if name[:1].islower()}
    found: dict[str, list[str]] = {}
    for name in names:
        known = by_lower.get(name.lower())
        if known is not None and name not in usual and known not in names:
            found.setdefault(known, []).append(name)
    for known, several in found.items():
        if len(several) > 1 and taken.isdisjoint(several):
            raise ConfigError(
                f"got the columns {' and '.join(map(repr, several))}, which differ in capitals alone, wanted one {known!r}",
                hint=hint,
            )
    free = {several[0]: known for known, several in found.items() if taken.isdisjoint(several)}
    return MappingProxyType(free) if free else NOTHING
