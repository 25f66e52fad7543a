"""The boundary between us and a component: the one place where an unknown exception becomes a `Failure`.

Nothing else catches what is not ours, save observers. The reason is the exception's type, so that five hundred of one kind are
one reason in the ledger; its first line, which may quote a stranger's text, is the detail.

A component may raise anything: `sys.exit`, the cancellation of a task of its own, a class that is no Exception at all. Of those
that mean something to Python only what truly comes from outside goes on: a task that was cancelled, a coroutine that is thrown
away, a Ctrl-C.
"""

from __future__ import annotations

from sctk_core.errors import BackendDown, BackendTimeout, ContractError
from sctk_core.records import Failure, FailureKind
from sctk_core.shown import REASON, name_of, text_of, told, unicode_of

__all__ = ["NoAnswer", "boundary", "from_outside", "told", "with_seconds"]


class NoAnswer(TimeoutError):
    """Nobody answered in the time that we gave."""


def with_seconds(error: BaseException, timeout_s: float) -> BaseException:
    """The error; a time-out of ours, which says nothing, with the seconds that were waited."""
    if type(error) is TimeoutError and not error.args:
        return NoAnswer(f"no answer within {timeout_s:g} s")
    return error


def from_outside(error: BaseException) -> bool:
    """Whether an exception is no component's doing: its task was cancelled, its coroutine thrown away, or Ctrl-C pressed.

    A component that raises such an exception by itself is in a task that nobody has cancelled.
    """
    import asyncio  # not before it is needed: importing core stays light

    kind = type(error)  # what an error says of its own class may be a lie
    if not issubclass(kind, asyncio.CancelledError | GeneratorExit | KeyboardInterrupt):
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs here: a coroutine is thrown away with its own, and nobody cancels anything
        return not issubclass(kind, asyncio.CancelledError)
    return task is None or task.cancelling() > 0


def boundary(error: BaseException, *, of: str, stage: str, component: str) -> Failure:
    """The failure that stands for an exception which escaped a component: its type and first line, never its traceback.

    A `TimeoutError` or `BackendTimeout` is `timeout`, a `BackendDown` or `ConnectionError` is `backend`, a
    `ContractError` (a score that is no number, say) is `contract` with its own few words; all else is a `bug`.
    """
    reason = _few_words(error) or name_of(type(error))
    return Failure(of=of, stage=stage, component=component, kind=_kind(error), reason=reason, detail=told(error))


def _few_words(error: BaseException) -> str:
    """What an error of ours says of itself in words that do not differ from item to item."""
    said = text_of(error) if isinstance(error, NoAnswer) else getattr(error, "reason", "")
    ours = isinstance(error, NoAnswer | ContractError) and type(said) is str
    return unicode_of(said[:REASON]) if ours else ""


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, (TimeoutError, BackendTimeout)):
        return "timeout"
    if isinstance(error, (BackendDown, ConnectionError)):
        return "backend"
    if isinstance(error, ContractError):
        return "contract"
    return "bug"
