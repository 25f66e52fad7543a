"""A cast: a method's crew for rehearsals, of real members behind whom fakes stand that answer as a function of what they are asked.

So asking, the page, the contract and the recording proxy are as in a run. A scene says what goes wrong in a rehearsal (one step
fails) and in which order answers come (as asked, or the last first), and keeps what was asked at which line of the walk.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sctk_core.errors import ContractError
from sctk_core.identity import seed_from, uniform
from sctk_core.pipeline.asking import Desk
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.crew import Notebook, Place, places
from sctk_core.pipeline.members import AskedComparer, AskedReward, Member
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.position import here
from sctk_core.pipeline.recording import RecordingBackend, Spent, Told
from sctk_core.pipeline.speaker import Speaker
from sctk_core.records import Decision, Failure, Reply, Request, Round, Sample, Sampling, Score
from sctk_core.testing.fakes import FunctionComparer, FunctionCritic, FunctionReward, FunctionRule, ScriptedBackend
from sctk_core.testing.lines import line_of

FORMS = (
    "A kind and thankful answer, number {0}.",
    "Yes. It holds {0} times.",
    "No. It does not hold.",
    "1. Which river runs {0} miles?\n2. Which lamp burns?\n3. Who reads?",
    "It could be better.\nScore: {0}\nVerdict: revise",
    "",
    '{{"answer": "{0}"}}',
)
TICK_S, ASK_S = 0.001, 30.0
Answer = Callable[[Request], str]


def written(request: Request) -> str:
    """A text that is a function of the request: each of the forms that walks read, now and then; sometimes it is empty."""
    number = seed_from("rehearsal", request.key)
    return FORMS[number % len(FORMS)].format(number % 100)


class Replies:
    """The replies of a rehearsal, in memory."""

    def __init__(self) -> None:
        self._known: dict[str, Reply] = {}

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        """The known reply of each key, or None."""
        return [self._known.get(key) for key in keys]

    async def put(self, answered: Sequence[tuple[Request, Reply]], about: dict[str, Any]) -> None:
        """Keeps replies."""
        self._known |= {request.key: reply for request, reply in answered}


@dataclass
class Scene:
    """One rehearsal: which step fails in it (of rank `rank` only; None: of all), and whether who asks last is answered first.

    `lacking`: the members that a recipe may leave out are not there; `mute`: nobody tells log-probabilities.
    `asked` is what was asked, by step, item, rank and content, with the line of the walk that asked it.
    """

    fails: str = ""
    rank: int | None = None
    backwards: bool = False
    lacking: bool = False
    mute: bool = False
    replies: Replies = field(default_factory=Replies)
    asked: dict[tuple[Any, ...], str] = field(default_factory=dict)
    origins: dict[asyncio.Task[Any] | None, str] = field(default_factory=dict)
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def note(self, of: str = "", rank: int = 0, what: object = "") -> None:
        """Keeps what is asked here, and where."""
        line = line_of(sys._getframe()) or self.origins.get(asyncio.current_task(), "")
        self.asked.setdefault((here().stage, of or here().of, rank, what), line)

    def line_of(self, step: str) -> str:
        """The line of the walk that asked a step."""
        return next((line for (asked, *_), line in self.asked.items() if asked == step), "")

    def started(self, task: asyncio.Task[Any]) -> None:
        """Keeps the line of the walk that starts a task."""
        self.origins[task] = line_of(sys._getframe()) or self.origins.get(asyncio.current_task(), "")

    async def turn(self) -> None:
        """Comes back when it is this ask's turn: answers come one at a time."""
        loop = asyncio.get_running_loop()
        mine = loop.create_future()
        if not self._waiting:
            loop.call_later(TICK_S, self._next)
        self._waiting.append(mine)
        await mine

    def _next(self) -> None:
        """Answers the first who asked, or the last: then who comes in meanwhile is answered before those who wait."""
        whose = self._waiting.pop(-1 if self.backwards else 0)
        if self._waiting:
            asyncio.get_running_loop().call_later(TICK_S, self._next)
        if not whose.done():
            whose.set_result(None)

    def failure(self, step: str, rank: int = 0) -> Failure | None:
        """The failure of the step that fails here."""
        if step != self.fails or self.rank not in (None, rank):
            return None
        return Failure(of="", stage=step, component="rehearsal", kind="parse", reason="rehearsed failure")


class _Author(ScriptedBackend):
    """Writes; goes on after given token ids, and tells log-probabilities."""

    continues = True

    def __init__(self, scene: Scene, answer: Answer) -> None:
        super().__init__(lambda request: scene.failure(here().stage, request.rank) or _after(request) + answer(request))
        self._scene = scene

    async def generate(self, requests: Sequence[Request]) -> Sequence[Reply | Failure]:
        await self._scene.turn()
        return await super().generate(requests)

    async def logprobs(self, conversations: Sequence[Told]) -> list[float | Failure]:
        await self._scene.turn()
        failure = self._scene.failure(here().stage)
        return [failure or -1.0 - len(text) * uniform("logprob", text) for _, text in conversations]


def _after(request: Request) -> str:
    return bytes(number % 256 for number in request.prefix_ids).decode(errors="ignore")


class _Proxy(RecordingBackend):
    """The recording proxy, which notes what is asked, whether it is known or not."""

    def __init__(self, scene: Scene, backend: _Author, role: str) -> None:
        about = {"role": role}
        super().__init__(
            lambda: backend, scene.replies, about=about, run_seed=0, name="rehearsal", tells_logprobs=not scene.mute
        )
        self._scene = scene

    async def generate(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        for request in requests:
            self._scene.note(request.of, request.rank, (request.messages, request.prefix_ids, request.sampling))
        return await super().generate(requests)

    async def logprobs(self, conversations: Sequence[Told]) -> list[float | Failure]:
        self._scene.note(what=tuple(conversations))
        return await super().logprobs(conversations)


@dataclass(frozen=True, kw_only=True)
class _Player(Member):
    """A component in a scene."""

    scene: Scene

    async def work(self, verb: Callable[[], Awaitable[Any]]) -> Any:
        self.scene.note()
        await self.scene.turn()
        failure = self.scene.failure(here().stage)
        return [failure] if failure else await verb()


class _OneByOne(MicroBatcher[Any, Score]):
    """A reward's or a comparer's batches: of one item each."""

    def __init__(self, scene: Scene, verb: Callable[[Sequence[Any]], Awaitable[Any]]) -> None:
        self._scene, self._verb = scene, verb

    async def ask(self, item: Any) -> tuple[Score | Failure, Spent]:
        first, last = item if isinstance(item, tuple) else (item, item)
        self._scene.note(rank=last.rank, what=last.id)
        await self._scene.turn()
        stage = here().stage
        failure = self._scene.failure(stage, last.rank)
        answers = [failure] if failure else await self._verb([item])
        (score,) = checked(answers, [item], Score, of=[first.id], stage=stage, component="rehearsal")
        return score, Spent()


class _Rule(FunctionRule):
    """Accepts by the coin."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(lambda one: one.coin < 0.5)
        self._scene = scene

    def decide(self, rounds: Sequence[Round]) -> Sequence[Decision]:
        self._scene.note(what=tuple((one.current.id, one.proposal.id) for one in rounds))
        failure = self._scene.failure(here().stage)
        return [failure] if failure else super().decide(rounds)  # type: ignore[list-item]


class _Notes(Notebook):
    """The page, where reading is a step that can fail too."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def read(self, step: str, sample: Sample, parser: Callable[[str], Any]) -> Any:
        failure = self._scene.failure(step, sample.rank)
        return super().read(step, sample, (lambda text: failure) if failure else parser)


def _critic() -> FunctionCritic:
    """Finds fault with most texts, and writes some of them as they were."""
    remarks = ("It could be warmer.", "Too cold.", "")
    return FunctionCritic(
        lambda sample: remarks[seed_from("remark", sample.id) % 3],
        lambda critique: critique.sample.text + (" Better." if seed_from("revision", critique.id) % 4 else ""),
    )


def _reward() -> FunctionReward:
    return FunctionReward(lambda sample: 2 * uniform("reward", sample.text) - 1)


def _comparer() -> FunctionComparer:
    return FunctionComparer(lambda one, other: uniform("compare", one.text, other.text))


def cast(crew: type, scene: Scene, answer: Answer | None = None) -> Any:
    """The crew in a scene."""
    desk = Desk(run_seed=0, timeout_s=ASK_S, patience=Patience(0.0), notify=lambda event: None)
    backend = _Author(scene, answer or written)
    found = {place.name: place for place in places(crew) if not (scene.lacking and place.optional)}
    members: dict[str, Any] = {name: _member(place, scene, desk, backend) for name, place in found.items()}
    return crew(**{place.name: members.get(place.name) for place in places(crew)})


def _member(place: Place, scene: Scene, desk: Desk, backend: _Author) -> Any:
    kind: Any = place.member
    if issubclass(kind, Notebook):
        return _Notes(scene)
    if issubclass(kind, Speaker):
        role = place.role or place.section
        return kind(role, _Proxy(scene, backend, role), Sampling(), desk, "rehearsal")
    fakes: dict[str, Callable[[], Any]] = {
        "critic": _critic, "reward": _reward, "comparer": _comparer, "rule": lambda: _Rule(scene),
    }  # fmt: skip
    if kind.kind not in fakes:
        raise ContractError(f"crew field {place.name!r}: there is no fake of the kind {kind.kind!r} to rehearse with")
    member = _Player(instance=fakes[kind.kind](), component=place.section, desk=desk, scene=scene)
    if issubclass(kind, AskedReward | AskedComparer):
        verb = member.instance.score if issubclass(kind, AskedReward) else member.instance.compare
        return kind(member, _OneByOne(scene, verb))
    return kind(member)
