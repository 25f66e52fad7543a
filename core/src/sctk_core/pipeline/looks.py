"""How what a component answered is looked at: its members are taken once, so that it cannot change, grow or lie afterwards."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from sctk_core.shown import told


def looked_at(look: Callable[..., str], *about: Any) -> str:
    """What a look at an answer finds wrong; an object that cannot even be looked at is that."""
    try:
        return look(*about)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - what a stranger's object does when it is looked at
        return f"cannot be looked at ({told(error)})"


def taken(answers: Iterable[Any], n: int) -> list[Any]:
    """The members in order, at most one more than `n`: what says that it is a list may never end."""
    return list(answers) if type(answers) in (list, tuple) else list(islice(answers, n + 1))


def closed(answers: object) -> None:
    """Ends coroutines that nobody awaited, so that Python does not warn of them a second time."""
    members = answers if isinstance(answers, list | tuple) and type(answers) in (list, tuple) else [answers]
    for member in members:
        if inspect.iscoroutine(member):
            member.close()
