"""The stubs say what the extension has: names, signatures and defaults, checked by mypy's stubtest."""

from __future__ import annotations

import subprocess
import sys


def test_the_stubs_equal_the_extension() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "sctk_rs._native"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
