"""Documentation equals code: every command line in the docs parses, every recipe is read, every exit code is the code's."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest
from sctk_cli.main import cli
from sctk_core import errors
from sctk_core.hookspecs import KINDS
from sctk_core.recipe import SECTIONS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/README.md")])


def blocks(page: Path) -> list[tuple[str, str]]:
    """(language, text) of every fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def command_lines(page: Path) -> list[str]:
    """Every line of code, fenced or indented, that calls sctk."""
    fenced = [line for _, text in blocks(page) for line in text.splitlines()]
    indented = [line for line in page.read_text().splitlines() if line.startswith("    ")]
    found = [line.strip().split("uv run ", 1)[-1].removeprefix("$ ") for line in fenced + indented]
    return [line for line in found if line.startswith("sctk ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_line_parses(page: Path) -> None:
    for line in command_lines(page):
        words = shlex.split(line, comments=True)[1:]
        command: click.Command = cli
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            found = command.get_command(click.Context(command), words[0])
            assert found is not None, f"{page}: {line}: no command {words[0]!r}"
            command, words = found, words[1:]
        if not {"--help", "--version", "-h"} & set(words):
            command.make_context("sctk", words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_toml_block_is_toml_and_names_known_sections(page: Path) -> None:
    for language, text in blocks(page):
        if language == "toml":
            sections = set(tomllib.loads(text))
            assert sections <= {*SECTIONS, "project", "build-system", "tool"}, f"{page}: {sections}"


def test_the_exit_codes_of_the_user_page_are_those_of_the_errors() -> None:
    table = dict(re.findall(r"^\| (\d+) \| ([^|]+) \|", (ROOT / "docs" / "user.md").read_text(), flags=re.MULTILINE))
    raised = {
        str(kind.exit_code)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SctkError)
    }
    assert set(table) == raised | {"0", "130"}
    assert cli.epilog is not None
    for code in table:
        assert re.search(rf"\b{code} \w+", cli.epilog), code


def test_the_plugin_guide_names_every_kind_and_group() -> None:
    guide = (ROOT / "docs" / "plugin-author.md").read_text()
    for kind in KINDS:
        assert f"| {kind.word} |" in guide
        assert f"`{kind.group}`" in guide
