"""`--load FOLDER`: everything with hooks in it, loose files, a package, a project with `src`; nothing else is imported."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sctk_core import PluginError
from sctk_core.plugins import build, catalogue
from sctk_core.plugins.folders import plugin_files
from sctk_core.testing import example_samples

HOOK = """
from sctk_core import Component, hookimpl

@hookimpl
def sctk_rewards():
    return [Component(name="NAME", target="TARGET", summary="counts words")]
"""
REWARD = '''
from dataclasses import dataclass
from sctk_core import Score, setting
IMPORT

class Counter:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""
    def __init__(self, config): pass
    async def score(self, samples):
        return [Score(sample=s, name="counter", value=count(s.text)) for s in samples]
'''
COUNT = "def count(text):\n    return len(text.split())\n"
ASLEEP = "raise RuntimeError('imported')\n"


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """What a test imports out of its folder is forgotten after it."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def loose(folder: Path) -> Path:
    """Two plugin files that share a third."""
    for name in ("one", "two"):
        source = REWARD.replace("IMPORT", "from counting_loose import count")
        (folder / f"{name}.py").write_text(source + HOOK.replace("NAME", name).replace("TARGET", f"{name}:Counter"))
    (folder / "counting_loose.py").write_text(COUNT)
    (folder / "setup.py").write_text(ASLEEP)
    return folder


def project(folder: Path) -> Path:
    """A project with `src` and a package whose plugin module is light, and with tests."""
    package = folder / "src" / "sctk_folder_project"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "plugin.py").write_text(
        HOOK.replace("NAME", "one").replace("TARGET", "sctk_folder_project.reward:Counter")
    )
    (package / "reward.py").write_text(REWARD.replace("IMPORT", "from sctk_folder_project.inner import count"))
    (package / "inner.py").write_text(COUNT)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_it.py").write_text(f"from sctk_core import hookimpl\n{ASLEEP}")
    return folder


def package(folder: Path) -> Path:
    """The folder is itself a package."""
    whole = folder / "sctk_folder_package"
    whole.mkdir()
    (whole / "__init__.py").write_text("")
    source = REWARD.replace("IMPORT", "from .inner import count") + HOOK.replace("NAME", "one")
    (whole / "mine.py").write_text(source.replace("TARGET", "sctk_folder_package.mine:Counter"))
    (whole / "inner.py").write_text(COUNT)
    return whole


@pytest.mark.parametrize(("made", "names"), [(loose, ["one", "two"]), (project, ["one"]), (package, ["one"])])
def test_everything_with_hooks_in_a_folder_is_offered(tmp_path: Path, made: object, names: list[str]) -> None:
    folder = made(tmp_path)  # type: ignore[operator]
    among = catalogue([folder])
    offers = [offer for offer in among.offers if offer.distribution == f"folder {folder.name}"]
    assert [offer.name for offer in offers] == names
    reward = build("reward", "one", {}, {}, among=among).instance
    scores = asyncio.run(reward.score(example_samples()[:3]))
    assert [score.value for score in scores] == [14.0, 0.0, 1.0]


def test_another_byte_anywhere_in_the_folder_is_another_version(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (before,) = [one.version for one in catalogue([folder]).offers if one.distribution.startswith("folder ")]
    (folder / "src" / "sctk_folder_project" / "__pycache__" / "x.pyc").parent.mkdir(exist_ok=True)
    (folder / "src" / "sctk_folder_project" / "__pycache__" / "x.pyc").write_bytes(b"cache")
    (same,) = [one.version for one in catalogue([folder]).offers if one.distribution.startswith("folder ")]
    (folder / "src" / "sctk_folder_project" / "inner.py").write_text(COUNT + "\n")
    (after,) = [one.version for one in catalogue([folder]).offers if one.distribution.startswith("folder ")]
    assert before == same != after


def test_a_folder_without_a_plugin_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.py").write_text(ASLEEP)
    with pytest.raises(PluginError, match=r"got a folder without a plugin, wanted a \.py file in it that has a hook"):
        catalogue([tmp_path])


def test_a_folder_whose_plugin_is_broken_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(f"from sctk_core import hookimpl\n{ASLEEP}")
    with pytest.raises(PluginError, match=r"RuntimeError: imported .*mine\.py, line 2"):
        catalogue([tmp_path])


def test_what_is_no_file_is_no_plugin(tmp_path: Path) -> None:
    """A pipe would be waited for, a directory cannot be read."""
    os.mkfifo(tmp_path / "a.py")
    (tmp_path / "b.py").mkdir()
    (tmp_path / "c.py").symlink_to("nowhere")
    (tmp_path / "d.py").write_text("hookimpl")
    assert [name for name, _ in plugin_files(tmp_path)] == ["d"]
