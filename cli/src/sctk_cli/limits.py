"""What the system lets this process have (`ulimit`): asked for before anything is paid for."""

from __future__ import annotations

import resource

from sctk_core.errors import ConfigError

FILES, AMPLE_FILES = 64, 4096
"""Open files without which no run comes to its end, and as many as are asked for: a backend has a connection for each request."""
SPACE_BYTES = 2 << 30
"""Address space: what polars, numpy and the threads of both reserve. With less, they end the process without a word of ours."""


def ask_for_room() -> None:
    """Takes as many open files as the hard limit gives; a ConfigError where files or address space are too few for any run."""
    soft, hard = (_finite(bound) for bound in resource.getrlimit(resource.RLIMIT_NOFILE))
    if soft < AMPLE_FILES:
        soft = max(soft, min(hard, AMPLE_FILES))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    if soft < FILES:
        raise ConfigError(
            f"open files: got a limit of {soft}, wanted at least {FILES}", hint=f"raise it: ulimit -n {AMPLE_FILES}"
        )
    space, _ = resource.getrlimit(resource.RLIMIT_AS)
    if _finite(space) < SPACE_BYTES:
        raise ConfigError(
            f"address space: got a limit of {space >> 20} MB, wanted at least {SPACE_BYTES >> 20} MB",
            hint="lift it (ulimit -v unlimited): it counts what libraries reserve, which is ten times what they use",
        )


def _finite(bound: int) -> int:
    return 1 << 62 if bound == resource.RLIM_INFINITY else bound
