"""The house keeps its walls: import contracts between the rooms, and what the light commands may not bring."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import sctk_core
import sctk_core.reading

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "transformers", "vllm", "numpy", "trl", "peft", "datasets"}
CORE_MAY_NOT_IMPORT = HEAVY | {"click", "rich"}
PUBLIC_DOORS = {
    f"sctk_core{each}"
    for each in ("", ".choosing", ".claims", ".patterns", ".reading", ".rivals", ".testing", ".thoughts")
}
PLUGINS = sorted(path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml"))


def imports_of(path: Path) -> set[str]:
    """Every module that a file names in an import, wherever it stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module}
    return found


def files_of(folder: str) -> list[Path]:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files, folder
    return files


def below(modules: set[str], room: str) -> set[str]:
    return {module for module in modules if module == room or module.startswith(room + ".")}


def test_core_imports_nothing_heavy() -> None:
    for path in files_of("core/src"):
        roots = {module.partition(".")[0] for module in imports_of(path)}
        may = {"numpy"} if path.parent.name == "statistics" else set()
        assert not roots & CORE_MAY_NOT_IMPORT - may, path


ROOMS = {
    "reading": (),
    "statistics": (),
    "plugins": (),
    "pipeline": (),
    "store": (),
    "assembly": ("plugins", "pipeline"),
}
"""Room of core -> the rooms that it may import; `run` may import all, and nobody imports it but the command."""


@pytest.mark.parametrize("room", ROOMS)
def test_the_rooms_of_core_know_only_those_below(room: str) -> None:
    for path in files_of(f"core/src/sctk_core/{room}"):
        for other in {*ROOMS, "run"} - {room, *ROOMS[room]}:
            assert not below(imports_of(path), f"sctk_core.{other}"), (path, other)


def test_the_ground_floor_knows_no_room() -> None:
    ground = (
        "errors",
        "refusals",
        "identity",
        "records",
        "boundary",
        "claims",
        "config",
        "parsing",
        "prompts",
        "plan",
        "plan_rules",
        "protocols",
    )
    for name in ground:
        room = ROOT / f"core/src/sctk_core/{name}"
        for path in files_of(str(room)) if room.is_dir() else [room.with_suffix(".py")]:
            found = imports_of(path)
            assert not any(below(found, f"sctk_core.{other}") for other in {*ROOMS, "run"}), path


def test_one_place_knows_where_things_lie_in_a_run() -> None:
    """No module of core but the layout spells a file of a run."""
    names = ("manifest.json", "metrics.json", "progress.sqlite", "replies.sqlite", "recipe.toml")
    for path in files_of("core/src"):
        strings = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
        spelt = [
            name for name in names if any(isinstance(one, str) and one.rpartition("/")[2] == name for one in strings)
        ]
        assert not spelt or path.name == "layout.py", (path, spelt)


def test_the_reading_room_knows_files_and_errors_and_nothing_of_runs() -> None:
    for path in files_of("core/src/sctk_core/reading"):
        ours = below(imports_of(path), "sctk_core") - below(imports_of(path), "sctk_core.reading")
        assert ours <= {"sctk_core.config", "sctk_core.errors", "sctk_core.refusals", "sctk_core.shown"}, path


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_uses_the_public_door_and_its_declared_neighbours(plugin: str) -> None:
    project = tomllib.loads((ROOT / "plugins" / plugin / "pyproject.toml").read_text())["project"]
    extras = [dep for deps in project.get("optional-dependencies", {}).values() for dep in deps]
    named = [*project["dependencies"], *extras]
    declared = {dep.partition(">")[0].partition("[")[0].replace("-", "_") for dep in named}
    own = plugin.replace("-", "_")
    for path in files_of(f"plugins/{plugin}/src"):
        found = imports_of(path)
        ours = {module.partition(".")[0] for module in found if module.startswith("sctk_")}
        assert ours <= declared | {own}, (
            f"{path} imports {ours - declared - {own}}, which its distribution does not declare"
        )
        assert below(found, "sctk_core") <= PUBLIC_DOORS, f"{path} goes past the public doors"


def modules_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(chr(10).join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_core_brings_nothing_heavy() -> None:
    brought = modules_after("import sctk_core, sctk_core.reading")
    assert not brought & (CORE_MAY_NOT_IMPORT | {"polars", "sqlite3", "asyncio"})


def test_every_public_name_exists_and_says_what_it_is() -> None:
    for door in (sctk_core, sctk_core.reading):
        for name in door.__all__:
            thing = getattr(door, name)
            assert not isinstance(thing, type) or thing.__doc__, name


@pytest.mark.parametrize(
    "source", ["core/src", "cli/src", "rust_ext/python", *(f"plugins/{name}/src" for name in PLUGINS)]
)
def test_no_modules_of_a_distribution_go_in_circles(source: str) -> None:
    """Of two modules, or more in a ring, none may import the next: inside functions and under TYPE_CHECKING neither."""
    files = {".".join(path.relative_to(ROOT / source).with_suffix("").parts): path for path in files_of(source)}
    files = {name.removesuffix(".__init__"): path for name, path in files.items()}
    left: dict[str, set[str]] = {}
    for name, path in files.items():
        named: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                named |= {one if one in files else str(node.module) for one in inner}
        left[name] = (named & set(files)) - {name}
    while free := {name for name, wanted in left.items() if not wanted & set(left)}:
        left = {name: wanted for name, wanted in left.items() if name not in free}
    # What is left imports a circle or stands in one; of those that nobody left imports, only the former is true.
    while loose := set(left) - {one for wanted in left.values() for one in wanted}:
        left = {name: wanted for name, wanted in left.items() if name not in loose}
    assert not left, {name: sorted(wanted & set(left)) for name, wanted in left.items()}
