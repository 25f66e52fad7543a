"""The recording proxy: what a component receives in place of a backend.

It stamps seed and key on every request, answers from replies that were paid for, checks what the backend answers, and commits
a reply before anybody sees it. A component cannot forget any of this, because it never holds the backend itself. What each
ask read and wrote is tallied for the ledger. The store keeps replies as they were written; whoever asked is given the answer,
parted from its thought.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sctk_core.errors import ContractError
from sctk_core.identity import SCHEME, canonical, content_id, named, quoted, seed_from
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.deadlines import Pulse
from sctk_core.pipeline.fields import LONGEST
from sctk_core.pipeline.position import Position, here
from sctk_core.pipeline.under_way import UnderWay, waited_for
from sctk_core.pipeline.untouched import restored, seen
from sctk_core.records import Failure, LogProb, Message, Reply, Request, Sampling, Usage
from sctk_core.thoughts import AS_USUAL, Thoughts, parted, unended

ABOUT, ABOUT_LOGPROB = "sctk-reply-1", "sctk-logprob-1"
Told = tuple[tuple[Message, ...], str | tuple[int, ...]]
"""A conversation and the text whose likelihood is asked, or the token ids of a sampled answer."""


class ReplyStore(Protocol):
    """What the proxy needs of the store."""

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        """The known reply of each key, or None."""
        ...

    def put(
        self, answered: Sequence[tuple[Request, Reply]], about: dict[str, Any]
    ) -> Awaitable[Sequence[Reply | None] | None]:
        """Commits replies with their requests; they are on disk when the awaited call returns.

        It gives the replies that stand where others may have come first, None where none has.
        """
        ...


@dataclass(slots=True)
class Spent:
    """Requests, and the tokens that they read and wrote (0 where a backend does not say)."""

    requests: int = 0
    tokens_read: int = 0
    tokens_written: int = 0

    def add(self, reply: Reply | Failure) -> None:
        """Counts one answer."""
        self.requests += 1
        if isinstance(reply, Reply):
            self.tokens_read += reply.usage.n_prompt_tokens or 0
            self.tokens_written += reply.usage.n_completion_tokens or 0


@dataclass(slots=True)
class Tally:
    """What was spent inside one ask, by the id of what it was spent on."""

    by_of: dict[str, Spent] = field(default_factory=dict)

    def add(self, of: str, reply: Reply | Failure) -> None:
        """Counts one answer."""
        spent = self.by_of.get(of)
        if spent is None:
            spent = self.by_of[of] = Spent()
        spent.add(reply)

    def shares(self, ofs: Sequence[str]) -> list[Spent]:
        """What was spent on each item of a batch; requests for nobody in it are counted with the first."""
        found = [self.by_of.pop(of, Spent()) for of in ofs]
        if found and self.by_of:
            rest = self.total()
            found[0] = Spent(
                found[0].requests + rest.requests,
                found[0].tokens_read + rest.tokens_read,
                found[0].tokens_written + rest.tokens_written,
            )
        return found

    def total(self) -> Spent:
        """All of it."""
        spent = list(self.by_of.values())
        if len(spent) == 1:
            return spent[0]
        return Spent(
            *(sum(getattr(one, name) for one in spent) for name in ("requests", "tokens_read", "tokens_written"))
        )


_TALLY: ContextVar[Tally | None] = ContextVar("sctk_tally", default=None)


class tallied:  # noqa: N801 - reads as a verb in `with`
    """Counts what the asks inside spend."""

    __slots__ = ("_token",)

    def __enter__(self) -> Tally:
        tally = Tally()
        self._token = _TALLY.set(tally)
        return tally

    def __exit__(self, *_: object) -> None:
        _TALLY.reset(self._token)


def spend(of: str, spent: Spent) -> None:
    """Counts what a batch spent on one item in the ask that waits for it."""
    tally = _TALLY.get()
    if tally is not None and spent.requests:
        tally.by_of[of] = spent


class RecordingBackend:
    """A backend that remembers. `about` is what else decides a reply: model digest, backend and its settings.

    `engine` gives the backend and is called only where no stored reply answers, so a run whose replies are all there never
    loads a model; `tells_logprobs` says whether that one tells them, `pulse` when it last went on, where it says so. `n_asked`
    and `n_recalled` count requests. `thoughts` is what becomes of the role's thoughts. A reply of more than `longest` characters
    is a failure.
    """

    def __init__(
        self, engine: Callable[[], Any], replies: ReplyStore, *, about: dict[str, Any], run_seed: int, name: str,
        thoughts: Thoughts = AS_USUAL, longest: int = LONGEST, tells_logprobs: bool = False,
        pulse: Pulse | None = None,
    ) -> None:  # fmt: skip
        self._engine, self._replies, self._about, self._thoughts = engine, replies, about, thoughts
        self._longest, self.tells_logprobs, self.pulse = longest, tells_logprobs, pulse
        self._run_seed, self._name = run_seed, name
        self._begun: dict[Sampling, str] = {}
        self._under_way = UnderWay()
        self.n_asked = self.n_recalled = 0

    async def generate(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """One reply or failure per request, in order; replies are on disk when this returns."""
        position = here()
        stamped = [self._stamp(request, position) for request in requests]
        found = await self._answered(stamped, position.stage, self._generated)
        return [self._parted(request, answer, position.stage) for request, answer in zip(stamped, found, strict=True)]

    async def logprobs(self, conversations: Sequence[Told]) -> list[float | Failure]:
        """log p(text | messages) in nats for each conversation, remembered like replies; a backend that cannot tell fails all."""
        position = here()
        asked = [self._text_of(messages, text, position) for messages, text in conversations]
        answers = await self._answered(asked, position.stage, self._scored)
        return [answer if isinstance(answer, Failure) else float(answer.logprob or 0.0) for answer in answers]

    async def _answered(
        self, stamped: list[Request], stage: str, ask: Callable[[list[Request]], Awaitable[Any]]
    ) -> list[Reply | Failure]:
        known = self._replies.get([request.key for request in stamped])
        if len(stamped) == 1:
            return [await self._answered_alone(stamped, known[0], stage, ask)]
        missing = [request for request, reply in zip(stamped, known, strict=True) if reply is None]
        self.n_recalled += len(stamped) - len(missing)
        fresh = iter(await self._fresh(missing, stage, ask) if missing else ())
        answers = [next(fresh) if reply is None else reply for reply in known]
        tally = _TALLY.get()
        if tally is not None:
            for request, answer in zip(stamped, answers, strict=True):
                tally.add(request.of, answer)
        return answers

    async def _answered_alone(
        self, stamped: list[Request], known: Reply | None, stage: str, ask: Callable[[list[Request]], Awaitable[Any]]
    ) -> Reply | Failure:
        """One request by itself, as most of them are."""
        answer: Reply | Failure | None = known
        if answer is None:
            (answer,) = await self._fresh(stamped, stage, ask)
        else:
            self.n_recalled += 1
        tally = _TALLY.get()
        if tally is not None:
            tally.add(stamped[0].of, answer)
        return answer

    async def _fresh(
        self, missing: list[Request], stage: str, ask: Callable[[list[Request]], Awaitable[Any]]
    ) -> list[Reply | Failure]:
        """The answers to requests that the store does not know; what somebody else is asking already is waited for."""
        mine, others = self._under_way.begun(missing)
        asked = (
            missing
            if len(mine) == len(missing)
            else list({each.key: each for each in missing if each.key in mine}.values())
        )
        answers: list[Reply | Failure] = []
        try:
            answers = await self._asked(asked, stage, ask) if asked else []
        finally:
            self._under_way.ended(mine, answers)
        if asked is missing:
            return answers
        found: dict[str, Reply | Failure | None] = dict(zip(mine, answers, strict=True))
        found |= {key: await waited_for(answer) for key, answer in others.items()}
        return [await self._of_all(each, found[each.key], stage, ask) for each in missing]

    async def _of_all(
        self,
        request: Request,
        found: Reply | Failure | None,
        stage: str,
        ask: Callable[[list[Request]], Awaitable[Any]],
    ) -> Reply | Failure:
        """What one of several with the same question is answered; where nobody got a reply for it, it asks by itself."""
        if isinstance(found, Failure):
            return replace(found, of=request.of)
        if found is None:
            (found,) = await self._fresh([request], stage, ask)
        return found

    async def _asked(
        self, missing: list[Request], stage: str, ask: Callable[[list[Request]], Awaitable[Any]]
    ) -> list[Reply | Failure]:
        """What the backend answers, checked, and on disk."""
        self.n_asked += len(missing)
        of, before = [request.of for request in missing], [seen(request) for request in missing]
        try:
            answers = await ask(list(missing))
        finally:
            changed = [restored(request, then) for request, then in zip(missing, before, strict=True)]
        if any(changed):
            raise ContractError(
                f"{self._name}: changed {max(changed)} of a request", reason="changed what it was given"
            )
        sound = checked(answers, missing, Reply, of=of, stage=stage, component=self._name, longest=self._longest)
        pairs = [(request, reply) for request, reply in zip(missing, sound, strict=True) if isinstance(reply, Reply)]
        first = await self._replies.put(pairs, self._about) if pairs else None
        if first is None:
            return sound
        standing = iter(first)  # a run beside this one has paid for the same request: both go on with its answer
        return [(next(standing) or answer) if isinstance(answer, Reply) else answer for answer in sound]

    def _parted(self, request: Request, reply: Reply | Failure, stage: str) -> Reply | Failure:
        """The reply with its answer as its text; a thought that never ends is a failure."""
        if isinstance(reply, Failure) or not self._thoughts.part:
            return reply
        found = parted(reply.text, reply.opened)
        if found is None:
            return replace(unended(reply.finish, reply.text), of=request.of, stage=stage, component=self._name)
        if not found.thought:
            return reply
        taught = self._thoughts.train == "all"
        return replace(reply, text=found.answer, thought=found.thought, teach_thought=taught)

    async def _generated(self, asked: list[Request]) -> Any:
        """The engine's replies; one that does not go on after given tokens is not asked to."""
        engine = self._engine()
        if any(one.prefix_ids for one in asked) and not getattr(engine, "continues", False):
            reason = "the backend does not go on after given tokens"
            return [Failure(of=each.of, stage="", component=self._name, kind="bug", reason=reason) for each in asked]
        return await engine.generate(asked)

    async def _scored(self, asked: list[Request]) -> Any:
        """The log-probabilities of whole conversations as replies; the text is their last turn, or ids that are given."""
        engine = self._engine()
        if not hasattr(engine, "logprobs"):
            reason = "the backend cannot tell log-probabilities"
            return [Failure(of=each.of, stage="", component=self._name, kind="bug", reason=reason) for each in asked]
        conversations = [
            (each.messages, each.prefix_ids) if each.prefix_ids else (each.messages[:-1], each.messages[-1].content)
            for each in asked
        ]
        values = await engine.logprobs(conversations)
        sound = checked(values, asked, float, of=[e.of for e in asked], stage="logprobs", component=self._name)
        known = list(values) if isinstance(values, list | tuple) and len(values) == len(sound) else [None] * len(sound)
        return [
            value
            if isinstance(value, Failure)
            else Reply(key=each.key, text="", logprob=value, usage=_usage_of(told), backend=self._name)
            for value, told, each in zip(sound, known, asked, strict=True)
        ]

    def _stamp(self, request: Request, position: Position) -> Request:
        of = request.of or position.of
        seed = seed_from(self._run_seed, position.stage, of, position.chain, position.sweep, request.rank)
        key = named(self._named_before(request.sampling) + f"{seed},{_told(request)}]")
        return Request(
            messages=request.messages, sampling=request.sampling, of=of, rank=request.rank, prefix_ids=request.prefix_ids,
            again=request.again, seed=seed, key=key,
        )  # fmt: skip

    def _named_before(self, sampling: Sampling) -> str:
        """The text of a key up to its seed, which is the same for all requests of one sampling."""
        begun = self._begun.get(sampling)
        if begun is None:
            begun = canonical([SCHEME, ABOUT, self._about, sampling.plain()])[:-1] + ","
            self._begun[sampling] = begun
        return begun

    def _text_of(self, messages: tuple[Message, ...], text: str | tuple[int, ...], position: Position) -> Request:
        if not isinstance(text, str) and text:
            key = content_id(ABOUT_LOGPROB, self._about, [turn.values for turn in messages], list(text))
            return Request(messages=messages, prefix_ids=text, of=position.of, key=key)
        turns = (*messages, Message(role="assistant", content=text if isinstance(text, str) else ""))
        key = content_id(ABOUT_LOGPROB, self._about, [turn.values for turn in turns])
        return Request(messages=turns, of=position.of, key=key)


def _usage_of(value: object) -> Usage:
    """What was read for a log-probability, where its backend says so."""
    n_tokens = value.n_tokens if type(value) is LogProb else None
    return Usage(n_prompt_tokens=n_tokens if type(n_tokens) is int and 0 <= n_tokens < 1 << 31 else None)


def _told(request: Request) -> str:
    """The messages as the text of a key has them, and the given ids and the number of repetitions where there are any."""
    turns = ",".join([f"[{','.join(map(quoted, turn.values))}]" for turn in request.messages])
    given = f",{canonical(list(request.prefix_ids))}" if request.prefix_ids else ""
    return f"[{turns}]" + given + (f",{canonical({'again': request.again})}" if request.again else "")
