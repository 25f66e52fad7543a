"""One reward or comparer by itself, for commands that measure one: built and asked as in a run, without a run's directory.

Its time is bounded, its answers are checked, what it raises is a failure of its items, and what it is given stays as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from sctk_core.assembly.blame import Blame
from sctk_core.pipeline.asking import Desk
from sctk_core.pipeline.members import Member
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.threads import OwnLoop
from sctk_core.plugins import Catalogue, build, load, needs_of
from sctk_core.records import Failure, Score
from sctk_core.run.crews import batches
from sctk_core.run.loop import RunLoop, give_up
from sctk_core.run.watch import Watch

VERBS: Mapping[str, str] = {"reward": "score", "comparer": "compare"}
TIMEOUT_S = 600.0
Unwatched = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Alone:
    """Who is asked: a kind of `VERBS`, its name and settings, and the words that open complaints about these.

    `needs` gives what the component may be supplied with; what takes long there (to start a model) is done in the context that it
    is handed. A batch has `timeout_s`.
    """

    kind: str
    name: str
    settings: Mapping[str, Any]
    needs: Callable[[Unwatched], Mapping[str, Any]]
    where: str
    among: Catalogue
    timeout_s: float = TIMEOUT_S

    @property
    def who(self) -> str:
        """Who is asked, in words."""
        return f"the {self.kind} {self.name!r} of {self.among.find(self.kind, self.name).provider}"

    def answers(self, rounds: Sequence[Sequence[Any]]) -> list[list[Score | Failure]]:
        """A number or a failure for each item of each round, in order; one round is asked after another."""
        blame = Blame(self.among)
        with blame.told(), Watch(blame.of_chain) as watch:
            with watch.over(self.timeout_s):
                needs = self.needs(lambda: watch.over(0.0))
                built = build(self.kind, self.name, self.settings, needs, where=self.where, among=self.among)
                speaks = "backend" in needs_of(load(self.kind, self.name, among=self.among))
            runner, own = RunLoop(watch, self.timeout_s), None if speaks else OwnLoop(self.name)
            desk = Desk(
                run_seed=0, timeout_s=self.timeout_s, patience=Patience(0.0), notify=lambda event: None,
                stuck=partial(give_up, blame, runner),
            )  # fmt: skip
            member = Member(instance=built.instance, component=self.name, desk=desk, loop=own)
            try:
                return runner.run(_asked(member, VERBS[self.kind], rounds))
            finally:
                runner.close()  # what is under way hears of its end while the component's loop still runs
                if own is not None:
                    own.close()


async def _asked(member: Member, verb: str, rounds: Sequence[Sequence[Any]]) -> list[list[Score | Failure]]:
    found = []
    for items in rounds:
        batcher = batches(member, verb)
        answers = await asyncio.gather(*(batcher.ask(item) for item in items))
        found.append([answer for answer, _ in answers])
    return found


@contextmanager
def guarded(among: Catalogue, timeout_s: float = TIMEOUT_S) -> Iterator[None]:
    """What is done inside: a plugin's code that holds the thread too long is broken into, what escapes is told as whose it is."""
    blame = Blame(among)
    with blame.told(), Watch(blame.of_chain) as watch, watch.over(timeout_s):
        yield
