"""A group to which any installed distribution may add commands: listed out of metadata, imported when called, never trusted.

Our own names win. A name that two distributions offer is an error when it is asked for; `DISTRIBUTION/NAME` says which one
is meant, and reaches a command that has one of our names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sctk_cli.commands import offered
from sctk_cli.lazy import LazyGroup
from sctk_cli.terminal import clean, shorten

if TYPE_CHECKING:
    from sctk_core.plugins import Offer

_WIDTH = 100


class OpenGroup(LazyGroup):
    """The commands of the table, and those of strangers; `called` is whose command is running, None: one of ours."""

    called: Offer | None = None

    def invoke(self, ctx: click.Context) -> Any:
        """As click does it, nobody being blamed yet."""
        self.called = None
        return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Our names, then those of strangers."""
        return [*super().list_commands(ctx), *offered()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; a stranger's that is broken, or missing though known, is a PluginError."""
        if cmd_name in self.table:
            return super().get_command(ctx, cmd_name)
        from sctk_core.plugins import catalogue, command_of  # not before a stranger is asked for: `--help` is quick

        among = catalogue()
        if not among.knows("command", cmd_name):
            return None
        command, self.called = command_of(cmd_name, among=among)
        found: click.Command = command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Ours out of the table, those of strangers out of their metadata."""
        super().format_commands(ctx, formatter)
        rows = [(clean(name, one_line=True), shorten(one.summary, _WIDTH)) for name, one in offered().items()]
        if rows:
            with formatter.section("Commands of plugins"):
                formatter.write_dl(rows)
