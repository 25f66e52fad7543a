"""A group of commands that imports one of them when it is called, and gives advice for a word that is none of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from sctk_cli.terminal import clean


class LazyGroup(click.Group):
    """A group made of a table: name -> (module, short help). The command is the module's attribute of the same name."""

    def __init__(self, *more: Any, table: Mapping[str, tuple[str, str]], **others: Any) -> None:
        super().__init__(*more, **others)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a newcomer meets them."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in self.table:
            return None
        found: click.Command = getattr(importlib.import_module(self.table[cmd_name][0]), cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, out of the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in self.table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with "did you mean" for a word that is no command."""
        if args and not args[0].startswith("-"):
            found = self.get_command(ctx, args[0])
            if found is not None:
                return args[0], found, args[1:]
            import difflib

            names = self.list_commands(ctx)
            near = difflib.get_close_matches(args[0], names, n=1)
            advice = clean(f"did you mean '{near[0]}'?" if near else f"commands are {', '.join(names)}", one_line=True)
            raise click.UsageError(f"got the unknown command {clean(args[0])!r}\nhint: {advice}", ctx=ctx)
        return super().resolve_command(ctx, args)
