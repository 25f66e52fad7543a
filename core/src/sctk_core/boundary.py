"""The boundary between us and a component: the one place where an unknown exception becomes a `Failure`.

Nothing else catches bare `Exception`, save observers. The reason is the exception's type, so that five hundred of one kind are
one reason in the ledger; its first line, which may quote a stranger's text, is the detail.
"""

from __future__ import annotations

from sctk_core.errors import BackendDown, BackendTimeout, ContractError
from sctk_core.records import Failure, FailureKind


class NoAnswer(TimeoutError):
    """Nobody answered in the time that we gave."""


def with_seconds(error: Exception, timeout_s: float) -> Exception:
    """The error; a time-out of ours, which says nothing, with the seconds that were waited."""
    if isinstance(error, TimeoutError) and not str(error):
        return NoAnswer(f"no answer within {timeout_s:g} s")
    return error


def boundary(error: BaseException, *, of: str, stage: str, component: str) -> Failure:
    """The failure that stands for an exception which escaped a component: its type and first line, never its traceback.

    A `TimeoutError` or `BackendTimeout` is `timeout`, a `BackendDown` or `ConnectionError` is `backend`, a
    `ContractError` (a score that is no number, say) is `contract` with its own few words; all else is a `bug`.
    """
    short = str(error) if isinstance(error, NoAnswer) else error.reason if isinstance(error, ContractError) else ""
    reason = short or type(error).__name__
    return Failure(of=of, stage=stage, component=component, kind=_kind(error), reason=reason, detail=told(error))


def told(error: BaseException) -> str:
    """`ValueError: its first line`, at most 500 characters of it."""
    text = (str(error).splitlines() or [""])[0][:500]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, (TimeoutError, BackendTimeout)):
        return "timeout"
    if isinstance(error, (BackendDown, ConnectionError)):
        return "backend"
    if isinstance(error, ContractError):
        return "contract"
    return "bug"
