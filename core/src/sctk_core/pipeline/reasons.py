"""How a breach of the contract, or a component's own failure, is filed: in few words that a ledger can count."""

from __future__ import annotations

import re
import typing
from typing import Any

from sctk_core.records import Failure, FailureKind
from sctk_core.shown import REASON, TEXT, cut, shown

NUMBER = "wanted a finite number"
KINDS = typing.get_args(FailureKind)


def broken(name: str, stage: str, component: str, complaint: str) -> Failure:
    """The failure that stands for a breach of the contract."""
    reason = reason_for(complaint)
    return Failure(of=name, stage=stage, component=component, kind="contract", reason=reason, detail=complaint)


def reason_for(complaint: str) -> str:
    """The few words by which a ledger counts a complaint: field, got and wanted, without what differs from item to item.

    >>> reason_for("answer 2 of 4: value: got nan, wanted a finite number")
    'value: got nan, wanted a finite number'
    >>> reason_for("answer 0 of 1: got the verdict 'maybe', wanted 'keep' or 'revise'")
    "got the verdict '...', wanted 'keep' or 'revise'"
    """
    text = _PLACE.sub("", complaint)
    if NUMBER in text:
        return cut(text, REASON)
    if text.startswith("cannot be looked at"):
        return "cannot be looked at"
    text = _COUNTS.sub(r"got too few or too many \1, wanted one per item", text)
    field, got, rest = text.partition("got ")
    said, wanted, what = rest.rpartition(", wanted")
    said, what = _DIGITS.sub("N", _QUOTED.sub("'...'", said)), _IDS.sub("'...'", what)
    return cut(f"{field}{got}{said}{wanted}{what}", REASON)


_PLACE = re.compile(r"^(answer|sample) \d+( of \d+)?: ")
_COUNTS = re.compile(r"got \d+ (answers|values), wanted \d+, one per .*")
_QUOTED, _IDS, _DIGITS = (
    re.compile(r"""(['"]).*(\1|\.\.\.)"""),
    re.compile(r"'[0-9a-f]{16,}('|\.\.\.)"),
    re.compile(r"\d+"),
)


def stamped(failure: Failure, name: str, stage: str, component: str) -> Failure:
    """The failure under its item's id, stage and component, whatever the component called itself, in words that a table holds."""
    kind: Any = failure.kind if type(failure.kind) is str and failure.kind in KINDS else "contract"
    reason = failure.reason if kind == failure.kind else f"a failure of the kind {shown(failure.kind)}"
    return Failure(
        of=name, stage=stage, component=component, kind=kind, reason=cut(reason, REASON) or "no reason was given",
        detail=cut(failure.detail, TEXT), rank=failure.rank if type(failure.rank) is int else 0,
    )  # fmt: skip
