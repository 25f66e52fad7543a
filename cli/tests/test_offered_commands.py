"""Commands of strangers: listed unimported, run when called, blamed by name where they break; and nothing else breaks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from sctk_cli.commands import COMMANDS, offered
from sctk_cli.main import main
from sctk_core.plugins import catalogue

PLUGIN = """
from sctk_core import Component, hookimpl

@hookimpl
def sctk_commands():
    return [Component(name="NAME", target="MODULE_command:it", summary="greets")]
"""
COMMAND = """
import click

@click.command()
@click.argument("how")
def it(how):
    '''Greets.'''
    if how == "raise":
        raise RuntimeError("boom")
    if how == "exit":
        click.get_current_context().exit(7)
    if how == "usage":
        raise click.UsageError("not so")
    click.echo(f"MODULE says hello {how}")
    return 5
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Writes the distribution sctk-MODULE, which offers one command, into a folder on the path, as pip would leave it there."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))

    def write(module: str, name: str = "hello", *, plugin: str = PLUGIN, command: str = COMMAND) -> None:
        info = site / f"sctk_{module}-1.0.dist-info"
        info.mkdir()
        about = f"Metadata-Version: 2.1\nName: sctk-{module}\nVersion: 1.0\nSummary: Greets by {module}.\n\nName: no field\n"
        (info / "METADATA").write_text(about)
        (info / "entry_points.txt").write_text(f"[sctk.commands]\n# said twice\n{name} = {module}_plugin\n")
        for part, text in (("plugin", plugin), ("command", command)):
            filled = textwrap.dedent(text).replace("NAME", name).replace("MODULE", module)
            (site / f"{module}_{part}.py").write_text(filled)
            monkeypatch.delitem(sys.modules, f"{module}_{part}", raising=False)

    return write


def told(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of one command."""
    capfd.readouterr()
    code = main(arguments)
    return code, *capfd.readouterr()


def all_else_works(capfd: pytest.CaptureFixture[str]) -> None:
    """The commands that a stranger must least of all break."""
    code, out, err = told(capfd, "--help")
    assert (code, err) == (0, "")
    assert "  doctor  " in out
    code, out, _ = told(capfd, "plugins", "--json")
    assert code == 0
    assert "file" in {one["name"] for one in json.loads(out)["offers"]}
    assert told(capfd, "describe", "source", "file")[0] == 0


def test_a_command_is_listed_unimported_and_runs_when_called(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    install("one")
    code, out, _ = told(capfd, "--help")
    assert code == 0
    assert re.search(r"^  hello +Greets by one\.$", out, flags=re.MULTILINE)
    assert ["command", "hello", "sctk-one", "1.0"] in [line.split() for line in told(capfd, "plugins")[1].splitlines()]
    assert not {"one_plugin", "one_command"} & set(sys.modules)
    assert told(capfd, "hello", "you") == (5, "one says hello you\n", "")
    assert told(capfd, "sctk-one/hello", "you")[0] == 5
    assert "Greets." in told(capfd, "hello", "--help")[1]
    assert told(capfd, "hello", "exit")[0] == 7
    code, out, err = told(capfd, "hello", "usage")
    assert (code, out) == (2, "")
    assert "not so" in err
    assert "did you mean 'hello'?" in told(capfd, "helo")[2]


def test_the_help_and_core_find_the_same_commands(install: Install) -> None:
    install("two")
    install("three", "run")
    core = {(one.name, one.distribution) for one in catalogue().commands}
    assert core == {(one.name, one.distribution) for one in offered().values()}
    assert {("hello", "sctk-two"), ("run", "sctk-three")} < core


@pytest.mark.parametrize(
    ("plugin", "command", "words"),
    [
        (
            "raise RuntimeError('boom')",
            COMMAND,
            ["importing bad_plugin raised RuntimeError: boom", "bad_plugin.py, line 1"],
        ),
        ("import sys\nsys.exit(0)", COMMAND, ["importing bad_plugin raised SystemExit"]),
        ("", COMMAND, ["bad_plugin returns (none)"]),
        (PLUGIN, "import nobody_has_this", ["importing bad_command raised ModuleNotFoundError"]),
        (PLUGIN, "", ["'bad_command:it' is missing"]),
        (PLUGIN, "class it:\n    make_context = invoke = print", ["'bad_command:it' is no click command"]),
        (PLUGIN, COMMAND, ["running the command of bad_plugin raised RuntimeError: boom", "bad_command.py, line 9"]),
    ],
)
def test_a_broken_command_is_named_and_breaks_nothing(
    plugin: str, command: str, words: list[str], install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    install("bad", plugin=plugin, command=command)
    code, out, err = told(capfd, "hello", "raise")
    assert (code, out) == (3, "")
    for word in ("sctk-bad 1.0", *words):
        assert word in err, err
    assert "hint: " in err
    assert "Traceback" not in err
    all_else_works(capfd)


def test_doctor_tries_commands_too(install: Install, capfd: pytest.CaptureFixture[str]) -> None:
    install("well")
    install("ill", "ail", command="raise RuntimeError('boom')")
    code, out, _ = told(capfd, "doctor", "--json")
    probes = {one["name"]: one for one in json.loads(out)["probes"] if one["kind"] == "command"}
    assert code == 1
    assert probes["hello"]["problem"] == ""
    assert "RuntimeError: boom" in probes["ail"]["problem"]


def test_two_commands_of_one_name_are_an_error_when_asked_for(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    install("left")
    install("right")
    code, out, err = told(capfd, "hello", "you")
    assert (code, out) == (3, "")
    assert "sctk-left 1.0 and sctk-right 1.0" in err
    assert "'sctk-left/hello'" in err
    assert told(capfd, "sctk-right/hello", "you") == (5, "right says hello you\n", "")
    _, out, _ = told(capfd, "--help")
    assert "  sctk-left/hello   Greets by left.\n" in out
    assert "`sctk sctk-left/hello`" in told(capfd, "plugins")[2]
    all_else_works(capfd)


def test_our_own_name_wins_and_the_stranger_is_still_there(install: Install, capfd: pytest.CaptureFixture[str]) -> None:
    install("thief", "plugins")
    code, out, err = told(capfd, "plugins")
    assert code == 0
    assert out.startswith("kind ")
    assert (
        "the command 'plugins' of sctk-thief is called `sctk sctk-thief/plugins`: the name alone is sctk's own" in err
    )
    assert "thief_plugin" not in sys.modules
    assert "  sctk-thief/plugins  Greets by thief.\n" in told(capfd, "--help")[1]
    assert told(capfd, "sctk-thief/plugins", "you")[:2] == (5, "thief says hello you\n")


def test_metadata_that_cannot_be_read_hides_no_other_command(
    install: Install, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    install("fine")
    for number, entries in enumerate([b"\xff[sctk.commands]\n", b"[sctk.commands]\nx = y\n"]):
        info = tmp_path / "site" / f"rotten{number}-1.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_bytes(entries)
    sys.path.append(str(tmp_path / "no such folder"))
    assert "hello" in offered()
    assert not [one for one in offered().values() if one.distribution.startswith("rotten")]
    sys.path.pop()
    all_else_works(capfd)


def test_a_summary_cannot_act_on_the_terminal(
    install: Install, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    install("rude")
    about = tmp_path / "site" / "sctk_rude-1.0.dist-info" / "METADATA"
    about.write_text(about.read_text().replace("Greets", "\x1b]0;owned\x07"))
    _, out, _ = told(capfd, "--help")
    assert "\\x1b]0;owned" in out
    assert "\x1b" not in out


def test_where_sctk_data_is_not_installed_its_name_says_what_to_install(tmp_path: Path) -> None:
    site = Path(sysconfig.get_path("purelib"))
    mirror = tmp_path / "site"
    mirror.mkdir()
    for one in site.iterdir():
        if "sctk_data" not in one.name:
            (mirror / one.name).symlink_to(one)
    path = [str(mirror) if one == str(site) else one for one in sys.path if "sctk-data" not in one]
    program = f"import sys\nsys.path[:] = {path!r}\nfrom sctk_cli.main import main\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", program, "data", "dedup", "x"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")
    assert "no command named 'data' is installed" in done.stderr
    assert "hint: pip install 'sctk-data'" in done.stderr
    done = subprocess.run([sys.executable, "-c", program, "--help"], capture_output=True, text=True)
    assert not re.search(r"^  data ", done.stdout, flags=re.MULTILINE)


def test_no_name_of_ours_is_offered_by_a_distribution_of_ours() -> None:
    assert not set(COMMANDS) & {one.name for one in offered().values() if one.distribution.startswith("sctk-")}
