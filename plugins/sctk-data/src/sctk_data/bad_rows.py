"""What becomes of rows that cannot be read (no valid JSON, no such column, null, no text): an error at once, with file and line,
or a count by reason, which the summary tells.
"""

from __future__ import annotations

from collections import Counter

from sctk_core import ConfigError
from sctk_core.reading import Fault


class BadRows:
    """Takes what is wrong with rows: an error at once, or a count by reason."""

    def __init__(self, *, skip: bool) -> None:
        self._skip = skip
        self.reasons: Counter[str] = Counter()
        self.first: str | None = None

    def __call__(self, fault: Fault) -> None:
        """Counts the row, or ends the command."""
        if not self._skip:
            of_rows = "mend the row, or leave such rows out and have them counted with --skip-bad"
            raise ConfigError(
                f"{fault.where}: got {fault.reason}{f' ({fault.detail})' if fault.detail else ''}",
                hint=f"{fault.of_file}; else {of_rows}" if fault.of_file else of_rows,
            )
        self.reasons[fault.reason] += 1
        self.first = self.first or f"{fault.where}: {fault.reason}"

    @property
    def n_rows(self) -> int:
        """How many there were."""
        return sum(self.reasons.values())
