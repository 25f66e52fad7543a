"""What a stranger does with a guide: takes its blocks, builds and installs them with pip, and runs the command beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def block(page: str, language: str, heading: str) -> str:
    """The first fenced block of a language below a heading: what the guide tells an author to write is what is tested."""
    return page.split(f"\n{heading}\n")[1].split(f"```{language}\n")[1].split("```")[0]


def python(*arguments: str, site: Path | None = None, check: bool = False) -> subprocess.CompletedProcess[str]:
    """This Python with these arguments, with what is installed in `site`."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(site or "")}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def sctk(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command with what is installed in `site`; it never ends with a traceback."""
    done = python("-m", "sctk_cli.main", *arguments, site=site)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def install(project: Path) -> Path:
    """A folder into which pip has installed the wheel that was built from a project."""
    python("-m", "build", "--wheel", "--no-isolation", str(project), check=True)
    (wheel,) = (project / "dist").glob("*.whl")
    place = project / "site"
    python("-m", "pip", "install", "--no-index", "--no-deps", "--target", str(place), str(wheel), check=True)
    return place
