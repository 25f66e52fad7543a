"""What was claimed before anything ran: the claims' digests and the settings, in a file beside the runs.

The same line again finds them unchanged, or is refused: a claim that was changed after its runs began is another claim, and wants
another directory. More seeds are taken, and told: to add them after a look at the results is a choice that a reader should know of.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict

from sctk_core import ConfigError, StoreError
from sctk_core.identity import fingerprint
from sctk_core.shown import told
from sctk_core.store.shape import misfit
from sctk_core.store.whole import bytes_of, write_whole

from sctk_cli.verifying.trials import Protocol

FILE = "registered.json"


class Registered(TypedDict):
    """What the file holds: digests by claim, and every number of seeds that was asked for."""

    method: str
    settings: dict[str, Any]
    claims: dict[str, str]
    seeds: list[int]


def register(protocol: Protocol) -> dict[str, Any]:
    """Notes what is claimed, or compares it with what was noted here before; gives all that is noted."""
    path = protocol.out / FILE
    noted = _read(path)
    _compare(noted, protocol)
    digests = noted.get("claims", {}) | {claim.id: claim.digest for claim in protocol.claims}
    seeds = noted.get("seeds", [])
    seeds = seeds if seeds[-1:] == [protocol.n_seeds] else [*seeds, protocol.n_seeds]
    found = {"method": protocol.method, "settings": dict(protocol.changes), "claims": digests, "seeds": seeds}
    write_whole(path, json.dumps(found, indent=1, sort_keys=True) + "\n")
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(bytes_of(path).decode("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _strange(path, told(error)) from error
    if complaint := misfit(found, Registered):
        raise _strange(path, complaint)
    return dict(found)


def _strange(path: Path, got: str) -> StoreError:
    return StoreError(
        f"{path}: got {got}, wanted what was claimed before its runs began",
        hint="its runs are kept: give another directory with --out, or put the file as it was back",
    )


def _compare(noted: dict[str, Any], protocol: Protocol) -> None:
    """A ConfigError where the directory was begun for something else."""
    if not noted:
        return
    hint = "what is claimed is fixed before its runs: give another directory with --out"
    if noted.get("method") != protocol.method:
        raise ConfigError(
            f"{protocol.out}: got the method {protocol.method!r}, wanted {noted.get('method')!r}, whose runs lie here",
            hint=hint,
        )
    if fingerprint(of=noted.get("settings")) != fingerprint(of=dict(protocol.changes)):
        raise ConfigError(
            f"{protocol.out}: got the settings {dict(protocol.changes)}, wanted {noted.get('settings')}, as the runs here have",
            hint=hint,
        )
    for claim in protocol.claims:
        before = noted.get("claims", {}).get(claim.id, claim.digest)
        if before != claim.digest:
            raise ConfigError(
                f"{protocol.out}: claim {claim.id}: got digest {claim.digest}, wanted {before}: it was changed after runs began",
                hint=hint,
            )
