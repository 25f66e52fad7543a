"""The pluggy specs: one hook per kind and one for commands, each returning frozen descriptors; and what stands beside them.

A plugin module is light: it imports `Component` and `hookimpl`, and names its targets as strings, so that heavy code is
imported only when a component is built. Its distribution lists the same names in its entry points, one group per kind
(`[project.entry-points."sctk.rewards"] politeness = "sctk_politeness.plugin"`), so that nothing is imported to list them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pluggy

hookspec = pluggy.HookspecMarker("sctk")
hookimpl = pluggy.HookimplMarker("sctk")


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """What a plugin offers: a name, where to find the class (`package.module:Class`) or the command, and one line about it."""

    name: str
    target: str
    summary: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of component: its word on the command line, its entry-point group, its hook, its Protocol's name.

    `role` is whose words a component of this kind uses where neither recipe nor method says: the student's as it came, where
    nobody plays that role.
    """

    word: str
    group: str
    hook: str
    protocol: str
    role: str = ""


KINDS: tuple[Kind, ...] = tuple(
    Kind(word=word, group=f"sctk.{plural}", hook=f"sctk_{plural}", protocol=protocol, role=role)
    for word, plural, protocol, role in (
        ("backend", "backends", "Backend", ""),
        ("critic", "critics", "Critic", "teacher"),
        ("reward", "rewards", "Reward", "judge"),
        ("comparer", "comparers", "Comparer", "judge"),
        ("rule", "acceptance_rules", "AcceptanceRule", ""),
        ("trainer", "trainers", "Trainer", ""),
        ("evaluator", "evaluators", "Evaluator", "judge"),
        ("source", "sources", "Source", ""),
        ("curator", "curators", "Curator", ""),
        ("method", "methods", "Method", ""),
        ("watcher", "watchers", "Watcher", ""),
    )
)
COMMAND = Kind(word="command", group="sctk.commands", hook="sctk_commands", protocol="click.Command")
"""What is offered beside the kinds of components: a subcommand of `sctk`. Its target is a click command, not a class to build."""
OFFERED = (*KINDS, COMMAND)


class Specs:
    """The hooks that a plugin module may implement, one per kind, and one for commands."""

    @hookspec
    def sctk_backends(self) -> Sequence[Component]:
        """Backends: what continues a conversation."""
        raise NotImplementedError

    @hookspec
    def sctk_critics(self) -> Sequence[Component]:
        """Critics: strategies that find fault and write anew."""
        raise NotImplementedError

    @hookspec
    def sctk_rewards(self) -> Sequence[Component]:
        """Rewards: what scores a sample."""
        raise NotImplementedError

    @hookspec
    def sctk_comparers(self) -> Sequence[Component]:
        """Comparers: what gives a number to an ordered pair of texts."""
        raise NotImplementedError

    @hookspec
    def sctk_acceptance_rules(self) -> Sequence[Component]:
        """Acceptance rules: what decides where a chain stands next."""
        raise NotImplementedError

    @hookspec
    def sctk_trainers(self) -> Sequence[Component]:
        """Trainers: what turns a table into a model."""
        raise NotImplementedError

    @hookspec
    def sctk_evaluators(self) -> Sequence[Component]:
        """Evaluators: what measures a sample."""
        raise NotImplementedError

    @hookspec
    def sctk_sources(self) -> Sequence[Component]:
        """Sources: where prompts come from."""
        raise NotImplementedError

    @hookspec
    def sctk_curators(self) -> Sequence[Component]:
        """Curators: what says which rows of a whole table stay."""
        raise NotImplementedError

    @hookspec
    def sctk_methods(self) -> Sequence[Component]:
        """Methods: a paper as a plan."""
        raise NotImplementedError

    @hookspec
    def sctk_watchers(self) -> Sequence[Component]:
        """Watchers: what sees a run go by."""
        raise NotImplementedError

    @hookspec
    def sctk_commands(self) -> Sequence[Component]:
        """Commands: subcommands of `sctk`; a target is a click command."""
        raise NotImplementedError
