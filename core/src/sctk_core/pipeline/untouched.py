"""What a component is given stays as it was: a change of it is undone, and told.

Records are frozen, which stops a slip and nobody else. To look at a record before and after costs a quarter of a copy, and a copy
would hide the change.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from sctk_core.records import Critique, Message, Pair, Prompt, Request, Round, Sample, Score, Weighted

_MESSAGE = ("role", "content", "calls", "tool", "call_id", "defines")
_PROMPT = ("messages", "reference", "document", "occurrence", "other_references", "id")
_SAMPLE = (
    "text",
    "token_ids",
    "finish",
    "logprob",
    "chain",
    "sweep",
    "rank",
    "critique",
    "reply",
    "thought",
    "id",
    "prompt",
)
_OWN: dict[type, tuple[str, ...]] = {
    Prompt: _PROMPT,
    Sample: _SAMPLE,
    Critique: ("text", "verdict", "findings", "sweep", "reply", "id", "sample"),
    Score: ("name", "value", "scale", "id", "sample"),
    Round: ("sweep", "coin", "log_proposal_ratio", "current", "proposal"),
    Pair: ("margin", "probability", "id", "prompt", "chosen", "rejected"),
    Weighted: ("weight", "id", "sample"),
    Request: ("messages", "sampling", "of", "rank", "prefix_ids", "again", "seed", "key"),
}
"""The fields of a record that a table is made of."""
_HOLDS: dict[type, dict[str, type]] = {
    Sample: {"prompt": Prompt}, Critique: {"sample": Sample}, Score: {"sample": Sample},
    Round: {"current": Score, "proposal": Score}, Pair: {"prompt": Prompt, "chosen": Sample, "rejected": Sample},
    Weighted: {"sample": Sample},
}  # fmt: skip
"""The records that it holds."""
_TURNS: dict[type, str] = {
    Prompt: "messages", Sample: "prompt.messages", Critique: "sample.prompt.messages", Score: "sample.prompt.messages",
    Round: "proposal.sample.prompt.messages", Pair: "prompt.messages", Weighted: "sample.prompt.messages",
    Request: "messages",
}  # fmt: skip
"""Where its conversation is."""
_said = attrgetter(*_MESSAGE)
Seen = tuple[Any, ...]


def seen(item: Any) -> Seen:
    """The values of a record and of the records in it, as they are now; of a tuple of records those of each."""
    kind: Any = type(item)
    known = _looks(kind)
    if known is None:
        return tuple([seen(one) for one in item]) if kind is tuple else ()
    look, turns = known
    return look(item), [_said(turn) for turn in turns(item)]


def restored(item: Any, before: Seen) -> str:
    """Puts back what was changed since; gives the name of a field that was, or ""."""
    if _same(item, before):
        return ""
    if type(item) is tuple:
        return max([restored(one, then) for one, then in zip(item, before, strict=True)])
    changed = ""
    kind: Any = type(item)
    for path, then in zip(_paths(kind), before[0], strict=True):
        changed = _put_back(item, path, then) or changed
    for turn, said in zip(attrgetter(_TURNS[kind])(item), before[1], strict=True):
        for name, then in zip(_MESSAGE, said, strict=True):
            changed = _put_back(turn, name, then) or changed
    return changed


def _same(item: Any, before: Seen) -> bool:
    try:
        return seen(item) == before
    except Exception:  # noqa: BLE001 - what was put there answers nothing
        return False


def _put_back(item: Any, path: str, then: Any) -> str:
    parent, _, name = path.rpartition(".")
    record = attrgetter(parent)(item) if parent else item
    if getattr(record, name, None) is then:
        return ""
    object.__setattr__(record, name, then)
    return path


Look = Callable[[Any], Any]


@cache
def _looks(kind: type) -> tuple[Look, Look] | None:
    """How all values of a record are read at once, and how its conversation is; None of what is no record of ours."""
    return (attrgetter(*_paths(kind)), attrgetter(_TURNS[kind])) if kind in _OWN else None


@cache
def _paths(kind: type) -> tuple[str, ...]:
    """`text`, `prompt`, `prompt.reference`, ...: a record before what is in it."""
    own = list(_OWN.get(kind, _MESSAGE if kind is Message else ()))
    for name, inner in _HOLDS.get(kind, {}).items():
        own += [f"{name}.{path}" for path in _paths(inner)]
    return tuple(own)
