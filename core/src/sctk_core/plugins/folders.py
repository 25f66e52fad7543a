"""A folder of plugins (`--load FOLDER`): which of its files have hooks, by what name each is imported, and the digest of it all.

Only what says `hookimpl` is imported, beside the folder or in a package of it, so that tests and set-up scripts of a project stay
asleep. A project's `src` is looked into where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sctk_core.identity import content_id, file_digest

MARK = b"hookimpl"


def root_of(folder: Path) -> Path:
    """Where modules are imported from: the folder, or its `src`."""
    return folder / "src" if (folder / "src").is_dir() else folder


def plugin_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(module, file) of everything with hooks: files of the folder itself, and modules of the packages in it."""
    root = root_of(folder)
    package = (folder / "__init__.py").is_file()
    for file in sorted(root.glob("*.py")):
        if _has_hooks(file):
            yield (f"{folder.name}.{file.stem}" if package else file.stem), file
    for init in sorted(root.glob("*/__init__.py")):
        for file in sorted(init.parent.glob("*.py")):
            name = init.parent.name if file == init else f"{init.parent.name}.{file.stem}"
            if _has_hooks(file) and not package and init.parent.name != "tests":
                yield name, file


def _has_hooks(file: Path) -> bool:
    """Whether a regular file says so; a pipe of such a name would be waited for."""
    return file.is_file() and MARK in file.read_bytes()


def folder_digest(folder: Path) -> str:
    """32 hex digits over the names and bytes of the folder's Python files, and of what lies beside them (caches left out)."""
    strange = ("__pycache__", ".")
    files = (file.relative_to(folder) for file in sorted(folder.rglob("*")) if file.is_file())
    kept = [file for file in files if not any(part.startswith(strange) for part in file.parts)]
    return content_id("folder", *([file.as_posix(), file_digest(folder / file)] for file in kept))
