"""What can go wrong, as types: each error says what, where, got, wanted, and gives a hint on its own line.

The exit codes of the command are attributes of the classes, so no table elsewhere repeats them.
"""

from __future__ import annotations

from typing import ClassVar


class SctkError(Exception):
    """Anything that ends a command with a clear message; `exit_code` is the process's, `hint` is what to do."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class CheckFailed(SctkError):
    """A ledger that does not balance, a claim that does not hold, a gate that is shut."""

    exit_code = 1


class ContractError(SctkError):
    """A component broke its kind's contract (wrong length, wrong order, NaN, not awaited).

    `reason` is the same in few words that do not differ from item to item, where the message has more: a ledger counts by it.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", reason: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class ConfigError(SctkError):
    """Usage or configuration: an unknown key, a bad value, a missing column, an unreadable file."""

    exit_code = 2


class PluginError(SctkError):
    """A plugin that was asked for is missing, broken, or clashes with another."""

    exit_code = 3


class BackendDown(SctkError):
    """A backend does not answer at all; the same line again resumes."""

    exit_code = 4


class NothingAccepted(SctkError):
    """The run finished its sampling and nothing is left to train on."""

    exit_code = 5


class StoreError(SctkError):
    """The store cannot be written: full, locked, or read-only."""

    exit_code = 6


class BackendTimeout(SctkError):
    """A reply did not come in time."""

    exit_code = 4
