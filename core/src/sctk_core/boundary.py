"""The boundary between us and a component: the one place where an unknown exception becomes a `Failure`.

Nothing else catches bare `Exception`, save observers. The reason is the exception's type, so that five hundred of one kind are
one reason in the ledger; its first line, which may quote a stranger's text, is the detail.
"""

from __future__ import annotations

from sctk_core.errors import BackendDown, BackendTimeout
from sctk_core.records import Failure, FailureKind


def boundary(error: BaseException, *, of: str, stage: str, component: str) -> Failure:
    """The failure that stands for an exception which escaped a component: its type and first line, never its traceback.

    A `TimeoutError` or `BackendTimeout` is `timeout`, a `BackendDown` or `ConnectionError` is `backend`; all else is a `bug`.
    """
    name = type(error).__name__
    return Failure(of=of, stage=stage, component=component, kind=_kind(error), reason=name, detail=told(error))


def told(error: BaseException) -> str:
    """`ValueError: its first line`, at most 500 characters of it."""
    text = (str(error).splitlines() or [""])[0][:500]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, (TimeoutError, BackendTimeout)):
        return "timeout"
    if isinstance(error, (BackendDown, ConnectionError)):
        return "backend"
    return "bug"
