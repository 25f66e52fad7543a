"""A pass's crew: each field of the method's dataclass filled with somebody who can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sctk_core.assembly import Assembly, Part, Role
from sctk_core.boundary import boundary, from_outside, with_seconds
from sctk_core.pipeline.asking import STOPS_EVERYTHING, Desk
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.crew import Notebook, Place, places
from sctk_core.pipeline.members import AskedComparer, AskedReward, Member
from sctk_core.pipeline.position import Position, at
from sctk_core.pipeline.recording import Spent, tallied
from sctk_core.pipeline.threads import OwnLoop
from sctk_core.plan import STUDENT
from sctk_core.records import Failure, ModelRef, Score
from sctk_core.run.engines import Engines, key_of


@dataclass(frozen=True, kw_only=True)
class Player:
    """An arm that plays a role: its model, and the backend behind which it speaks."""

    model: ModelRef
    backend: Part


Players = Mapping[str, Player]
"""Who plays the roles that arms play in a pass."""


class Crews:
    """Builds crews; a component that asks no model has one loop of its own for the life of the run."""

    def __init__(self, assembly: Assembly, engines: Engines, desk: Desk) -> None:
        self._assembly, self._engines, self.desk = assembly, engines, desk
        self._loops: dict[str, OwnLoop] = {}

    def crew(self, kind: type, players: Players) -> Any:
        """The crew; `players` are the arms that play roles."""
        found = {place.name: self._member(place, players) for place in places(kind)}
        return kind(**found)

    def _member(self, place: Place, players: Players) -> Any:
        kind: Any = place.member
        if kind is Notebook:
            return Notebook()
        if place.speaks:
            name = place.role or place.section
            role, model = self._played(name, players)
            return kind(name, self._engines.proxy(name, role, model), role.sampling, self.desk, role.backend.name)
        part = self._assembly.parts.get(place.section)
        if part is None:
            return None
        role_name = place.role if place.name != place.section and part.role else part.role
        member = self.member(part, players, role_name)
        if issubclass(kind, AskedReward | AskedComparer):
            return kind(member, self.batcher(member, "score" if issubclass(kind, AskedReward) else "compare"))
        return kind(member)

    def member(self, part: Part, players: Players, role_name: str = "") -> Member:
        """A component at work, in the words of a role."""
        name = role_name or part.role
        role, model = self._played(name or STUDENT, players)
        needs: dict[str, Any] = {"model": model, "sampling": role.sampling}
        if name:
            needs["backend"] = self._engines.proxy(name, role, model)
        instance = part.built(self._assembly.catalogue, needs)
        pulse = needs["backend"].pulse if name else None
        loop = None if name else self._loops.setdefault(f"{part.section}.{part.label}", OwnLoop(part.label))
        return Member(instance=instance, component=part.name, desk=self.desk, role=name, loop=loop, pulse=pulse)

    def batcher(self, member: Member, verb: str) -> MicroBatcher[Any, Score]:
        """The batches of a reward or a comparer."""
        return batches(member, verb)

    def engines_of(self, kind: type, players: Players) -> set[str]:
        """The engines that a crew may ask, by key."""
        found = set()
        for place in places(kind):
            part = self._assembly.parts.get(place.section) if place.member.kind else None
            name = (place.role or part.role) if part else (place.role or place.section) if place.speaks else ""
            if name:
                found.add(key_of(*self._played(name, players)))
        return found

    def _played(self, name: str, players: Players) -> tuple[Role, ModelRef]:
        """Who plays a role: an arm, sampled as the role is, or whom the recipe names."""
        role = self._assembly.role(name)
        if name not in players:
            return role, role.model
        one = players[name]
        told = replace(
            self._assembly.student, name=name, backend=one.backend, sampling=role.sampling, thoughts=role.thoughts
        )
        return told, replace(one.model, variables=role.model.variables)

    def close(self) -> None:
        """Ends the loops."""
        for loop in self._loops.values():
            loop.close()


def batches(member: Member, verb: str) -> MicroBatcher[Any, Score]:
    """The batches of a reward or a comparer, each checked; one that computes is asked when it is free."""
    return MicroBatcher(partial(_batch, member, verb), free=member.loop.free if member.loop else None)


async def _batch(member: Member, verb: str, items: Any) -> list[tuple[Score | Failure, Spent]]:
    """One batch of scores, checked; what goes wrong is a failure of every item in it."""
    of = [(item[0] if isinstance(item, tuple) else item).id for item in items]
    stage = "score" if verb == "score" else "compare"
    with tallied() as tally:
        try:
            with at(Position(stage=stage)):
                answers = await member.of_all(getattr(member.instance, verb), items)
            found = checked(
                answers, items, Score, of=of, stage=stage, component=member.component, longest=member.desk.longest
            )
        except STOPS_EVERYTHING:
            raise
        except BaseException as error:
            if from_outside(error):
                raise
            told = with_seconds(error, member.desk.timeout_s)
            found = [boundary(told, of=name, stage=stage, component=member.component) for name in of]
    return list(zip(found, tally.shares(of), strict=True))
