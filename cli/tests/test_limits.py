"""Limits that let no run come to its end are told before anything is paid for."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = "import resource; from sctk_cli.limits import ask_for_room; ask_for_room(); print(resource.getrlimit(7))"


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("-n 20", "open files: got a limit of 20, wanted at least 64"),
        ("-v 1000000", "address space: got a limit of 976 MB, wanted at least 2048 MB"),
        ("-S -n 40", "(4096, "),
        ("-n 1000", "(1000, 1000)"),
        ("-n 5000", "(5000, 5000)"),
    ],
)
def test_limits(limit: str, told: str) -> None:
    """The soft limit of open files is raised to the hard one, up to what is ample."""
    line = ["bash", "-c", f'ulimit {limit}; exec "$@"', "bash", sys.executable, "-c", ASK]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert told in (done.stdout or done.stderr.splitlines()[-2])
