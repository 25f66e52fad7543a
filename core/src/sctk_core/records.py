"""The nouns: what was asked, written, criticised, scored, decided, and what went wrong.

Every record is frozen and keyword-only. Its `id` digests what makes it that record (content, parents, and for rows that
repeat the number of the occurrence), never timings, log-probabilities or versions, so equal records have equal ids on every
machine. In memory a record holds its parents; on disk parents are ids. `None` has one stated meaning in each field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, Protocol, TypeVar

from sctk_core.conversation import Message as Message
from sctk_core.errors import ContractError
from sctk_core.identity import content_id
from sctk_core.reals import LARGEST, finite, kind_of, plain, whole

FailureKind = Literal["parse", "backend", "timeout", "blocked", "budget", "contract", "bug"]
Finish = Literal["stop", "length"]
Verdict = Literal["keep", "revise"]


def name_by(record: Any, *parts: object) -> None:
    """Gives a frozen record its id, out of its type and of what makes it that record; for `__post_init__`.

    A ContractError that names the field where that holds what no id can be made of.
    """
    try:
        object.__setattr__(record, "id", content_id(type(record).__name__.lower(), *parts))
    except (TypeError, ValueError) as error:
        for one in fields(record):
            for path, value in _strange(one.name, getattr(record, one.name, None)):
                wanted = f"{path}: got {_kind(value)}, wanted a text, or a finite number of Python's own"
                raise ContractError(
                    f"{type(record).__name__}, {wanted}",
                    hint="str(...), float(...) or int(...) of it is one",
                    reason=wanted,
                ) from error
        raise


def _kind(value: Any) -> str:
    kind = type(value)
    return (
        kind_of(value)
        if isinstance(value, float) or value is None
        else f"{kind.__module__.split('.')[0]}.{kind.__qualname__}"
    )


def _strange(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What of a field's value no id can be made of, with its place in the field."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _strange(f"{path}.{key}", each) if isinstance(key, str) else [(f"a key of {path}", key)]
    elif isinstance(value, tuple | list):
        for place, each in enumerate(value):
            yield from _strange(f"{path}[{place}]", each)
    elif not (value is None or isinstance(value, str | bool | int) or is_dataclass(value)) and not (
        isinstance(value, float) and finite(value) is not None
    ):
        yield path, value


def _many(answer: Any) -> Any:
    """A given answer, or several in tuples, with plain numbers."""
    return tuple(map(_many, answer)) if isinstance(answer, tuple | list) else plain(answer)


def _set(record: Any, name: str, value: Any) -> None:
    """A field of a frozen record as it is kept: numbers of other libraries as Python's; for `__post_init__`."""
    object.__setattr__(record, name, value)


def _finite(record: Any, name: str, of: str, hint: str) -> float:
    """A field as a finite float; a ContractError that names it where it is none."""
    value = getattr(record, name)
    number = finite(value)
    if number is None:
        wanted = f"{name}: got {kind_of(value)}, wanted a finite number"
        shown = "" if kind_of(value) == str(value) else f" ({str(value)[:60]!r})"
        raise ContractError(f"{of}, {wanted}{shown}", hint=hint, reason=wanted)
    return number


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What was made of a prompt elsewhere, by step: a text, a score, or None where the step is not needed any more.

    Of a step that is drawn several times it is a tuple of texts, by rank; of one that is asked about texts of several ranks, a
    tuple of such tuples, by the rank of the text that it is about. What a tuple does not reach was not made, and is not asked.
    """

    answers: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(type(answer) not in (str, int, float, type(None)) for answer in self.answers.values()):
            _set(self, "answers", {step: _many(answer) for step, answer in self.answers.items()})

    @classmethod
    def chain(cls, texts: Sequence[str], scores: Sequence[float] = ()) -> Given:
        """A draft and its revisions, with their scores where there are any: nothing is criticised that is revised already.

        >>> Given.chain(["draft", "better"], [1, 2]).answers
        {'draft': 'draft', 'critique.1': None, 'revise.1': 'better', 'score.0': 1, 'score.1': 2}
        """
        answers: dict[str, str | float | None] = {"draft": texts[0]} if texts else {}
        for sweep, text in enumerate(texts[1:], start=1):
            answers |= {f"critique.{sweep}": None, f"revise.{sweep}": text}
        return cls(answers=answers | {f"score.{sweep}": value for sweep, value in enumerate(scores)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """What a model is asked. `reference` None: no gold answer; `document` None: no context; `occurrence` counts equal rows.

    `other_references` are more gold answers, any of which is as right as the first; `references` are all of them.
    `meta` carries what a source knows of the row (strings only); `meta["group"]`, where given, names the item (a film, a
    document) whose rows must fall on one side of a split; `meta["kind"]` names what the row is one of, over which samples
    are spread. `given` None: nothing was made elsewhere; it is not part of the
    id, because the samples made from it have ids of their own.
    """

    messages: tuple[Message, ...]
    reference: str | None = None
    document: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
    occurrence: int = 0
    given: Given | None = None
    other_references: tuple[str, ...] = ()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        turns = [turn.values for turn in self.messages]
        others = (self.other_references,) if self.other_references else ()
        name_by(self, turns, self.reference, self.document, dict(self.meta), self.occurrence, *others)

    @property
    def references(self) -> tuple[str, ...]:
        """Every gold answer, () where there is none."""
        return () if self.reference is None else (self.reference, *self.other_references)

    @property
    def question(self) -> str:
        """What the user asked last, "" where nobody asked."""
        return next((turn.content for turn in reversed(self.messages) if turn.role == "user"), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A text that answers a prompt: a draft (sweep 0) or the k-th revision (sweep k), the `rank`-th of its step.

    `step` is "" for a draft and for a revision; of any other text it names the pass and the step that drew it.

    `token_ids` and `tokenizer` (its digest) are None where the backend does not know them; `logprob` None: not computed;
    `critique` None: nothing caused this text but the prompt. `prompt_tokens` digests the rendered prompt's token ids. `about` is
    the id of the record that was asked about, None where that is the prompt: what is said of two texts is two texts.

    `thought` is what the reply held before the answer, as it was written; None: nothing was parted. `token_ids` are those of the
    whole reply, thought and answer; `teach_thought` says whether a trainer teaches all of them, or the answer alone.
    """

    prompt: Prompt
    text: str
    token_ids: tuple[int, ...] | None = None
    tokenizer: str | None = None
    prompt_tokens: str | None = None
    chain: int = 0
    sweep: int = 0
    rank: int = 0
    backend: str = ""
    finish: Finish = "stop"
    logprob: float | None = None
    critique: str | None = None
    reply: str | None = None
    step: str = ""
    about: str | None = None
    thought: str | None = None
    teach_thought: bool = False
    id: str = field(init=False)

    def __post_init__(self) -> None:
        if self.logprob is not None:
            _set(self, "logprob", plain(self.logprob))
        more: tuple[object, ...] = (self.step, self.about) if self.about else (self.step,) if self.step else ()
        more = more if self.thought is None else (*more, {"thought": self.thought})
        name_by(self, self.prompt.id, self.text, self.chain, self.sweep, self.rank, self.critique, *more)

    def reworded(self, text: str) -> Sample:
        """The same place in the run with another text, say the answer out of a rationale: tokens and likelihood were another's."""
        lost: dict[str, Any] = dict.fromkeys(("token_ids", "tokenizer", "prompt_tokens", "logprob", "thought"))
        return replace(self, text=text, teach_thought=False, finish="stop", **lost)

    @classmethod
    def of(cls, reply: Reply, *, prompt: Prompt, **place: Any) -> Sample:
        """The sample that a reply is, with what it knows of its tokens; `place` is chain, sweep, rank, step, critique."""
        return cls(
            prompt=prompt, text=reply.text, token_ids=reply.token_ids, tokenizer=reply.tokenizer,
            prompt_tokens=reply.prompt_tokens, finish=reply.finish, logprob=reply.logprob, backend=reply.backend,
            reply=reply.key, thought=reply.thought, teach_thought=reply.teach_thought, **place,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Critique:
    """What a critic says of a sample, and whether it asks for a revision; `findings` are its single points, if listed.

    `token_ids` are those that its model sampled, None where the critic does not say.
    """

    sample: Sample
    text: str
    verdict: Verdict
    findings: tuple[str, ...] = ()
    sweep: int = 1
    reply: str | None = None
    token_ids: tuple[int, ...] | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        name_by(self, self.sample.id, self.text, self.verdict, self.sweep)


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """What a reward thinks of a sample: a finite number, higher is better; `scale` says in words what it ranges over.

    Of a comparer it is the number of an ordered pair, `sample` first and `against` second. `reply` None: no model's words
    stand behind it. `note` is what a user should know of it in a few short words ("the prompt was cut"): the ledger and the
    summary count by it.
    """

    sample: Sample
    name: str
    value: float
    scale: str = "unbounded"
    against: Sample | None = None
    reply: str | None = None
    note: str = ""
    id: str = field(init=False)

    def __post_init__(self) -> None:
        if type(self.value) is not float or not -LARGEST <= self.value <= LARGEST:
            hint = "a reward that cannot tell returns a Failure, never NaN"
            _set(self, "value", _finite(self, "value", f"score {self.name!r} of sample {self.sample.id}", hint))
        against = () if self.against is None else (self.against.id,)
        name_by(self, self.sample.id, self.name, self.value, *against)


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One step of a chain as an acceptance rule sees it: the state, the proposal, and a coin in [0, 1) seeded by content.

    `spread` is the standard deviation of the drafts' scores, None where the method did not measure it.
    """

    current: Score
    proposal: Score
    sweep: int
    coin: float
    log_proposal_ratio: float | None = None
    spread: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Which sample is the chain's next state, and which was left. `log_alpha` None: the rule is not probabilistic.

    `log_gain` is what the scores alone say, log L(x') - log L(x) in nats, None where the rule has no likelihood; core puts the
    round's `log_proposal_ratio` beside it (None: not known). `note` is what a user should know of it in a few short words: the
    ledger and the summary count by it.
    """

    kept: Sample
    dropped: Sample
    accepted: bool
    log_alpha: float | None
    reason: str
    sweep: int = 1
    note: str = ""
    log_gain: float | None = None
    log_proposal_ratio: float | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        _set(self, "log_alpha", plain(self.log_alpha))
        _set(self, "log_gain", plain(self.log_gain))
        name_by(self, self.kept.id, self.dropped.id, self.accepted, self.sweep)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two answers to one prompt with `probability` in [0, 1] that `chosen` is the better; `margin` None: no scores behind it."""

    prompt: Prompt
    chosen: Sample
    rejected: Sample
    margin: float | None
    probability: float
    id: str = field(init=False)

    def __post_init__(self) -> None:
        about = f"pair of prompt {self.prompt.id}"
        if self.margin is not None:
            _set(self, "margin", _finite(self, "margin", about, "a pair without scores behind it has the margin None"))
        hint = "losses that need more (robust DPO) map the probability inside the loss"
        _set(self, "probability", _finite(self, "probability", about, hint))
        if not 0.0 <= self.probability <= 1.0:
            wanted = "wanted a number in [0, 1]"
            raise ContractError(
                f"{about}: got probability {self.probability!r}, {wanted}", hint=hint, reason=f"probability: {wanted}"
            )
        name_by(self, self.prompt.id, self.chosen.id, self.rejected.id, self.probability)


@dataclass(frozen=True, kw_only=True, slots=True)
class Weighted:
    """A text that is taught with a weight in (0, 1], its share of the loss beside rows of weight 1: less where less is certain."""

    sample: Sample
    weight: float
    id: str = field(init=False)

    def __post_init__(self) -> None:
        about = f"weighted sample {self.sample.id}"
        hint = "what should not be taught at all is declined, with a reason, and has no weight"
        _set(self, "weight", _finite(self, "weight", about, hint))
        if not 0.0 < self.weight <= 1.0:
            wanted = "wanted a number in (0, 1]"
            raise ContractError(f"{about}: got weight {self.weight!r}, {wanted}", hint=hint, reason=f"weight: {wanted}")
        name_by(self, self.sample.id, self.weight)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What could not be answered, and why: stored, counted and shown, never a score. `of` is the id of what was asked.

    `reason` is one of few short phrases, for the ledger counts by it; what differs from item to item (a quoted reply, a number)
    is the `detail`, untrusted text that `sctk why` shows. Core fills in `of`, `stage` and `component` where it knows better.
    """

    kind: FailureKind
    reason: str
    detail: str = ""
    of: str = ""
    stage: str = ""
    component: str = ""
    rank: int = 0
    id: str = field(init=False)

    def __post_init__(self) -> None:
        rank = (self.rank,) if self.rank else ()
        name_by(self, self.of, self.stage, self.component, self.kind, *rank)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How a reply is drawn. `temperature` 0 is greedy; `stop` strings end a reply and are not part of it."""

    temperature: float = field(
        default=1.0, metadata={"help": "0: greedy; nothing: as the model's own file says, else 1"}
    )
    top_p: float = field(default=1.0, metadata={"help": "the likeliest tokens of so much in all; nothing: likewise"})
    max_new_tokens: int = field(default=128, metadata={"help": "longest reply, its thought included", "unit": "tokens"})
    stop: tuple[str, ...] = field(default=(), metadata={"help": "texts that end a reply, and are no part of it"})

    def plain(self) -> dict[str, Any]:
        """The sampling as plain values, for keys and for the store."""
        named: dict[str, Any] = {"temperature": self.temperature, "top_p": self.top_p}
        return named | {"max_new_tokens": self.max_new_tokens, "stop": list(self.stop)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One conversation to be continued. `of` names what it is asked for; core's recording proxy stamps `seed` and `key`.

    A component fills in `messages`, `sampling`, `of` and, where it asks more than once for one thing, `rank`. `prefix_ids`
    are the token ids that the answer begins with: the reply is the whole answer, those ids first. `again` k asks the same by the
    same seed for the k-th time more: it has a key of its own.
    """

    messages: tuple[Message, ...]
    sampling: Sampling = field(default_factory=Sampling)
    of: str = ""
    rank: int = 0
    prefix_ids: tuple[int, ...] = ()
    again: int = 0
    seed: int = 0
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens read and written for one reply; `None` where a server does not say."""

    n_prompt_tokens: int | None = None
    n_completion_tokens: int | None = None

    def __post_init__(self) -> None:
        for name in ("n_prompt_tokens", "n_completion_tokens"):
            number = whole(getattr(self, name))
            if number is not None:
                _set(self, name, number)


class LogProb(float):
    """A log-probability in nats, and how many tokens were read to tell it; a plain float says the former alone.

    >>> told = LogProb(-1.5, n_tokens=12)
    >>> told + 1, told.n_tokens
    (-0.5, 12)
    """

    __slots__ = ("n_tokens",)
    n_tokens: int

    def __new__(cls, value: float, *, n_tokens: int) -> LogProb:
        """`n_tokens` are those of the conversation and of the text itself."""
        made = super().__new__(cls, value)
        made.n_tokens = n_tokens
        return made


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a backend answers to the request whose `key` it repeats (core checks that; it is how a wrong order is seen).

    `opened` is the mark of a thought that the prompt had begun (`<think>`), where the backend knows of one: `text` goes on from
    there. A backend gives the whole text; core parts `thought` from it, and says whether it is taught.
    """

    key: str
    text: str
    token_ids: tuple[int, ...] | None = None
    tokenizer: str | None = None
    prompt_tokens: str | None = None
    finish: Finish = "stop"
    logprob: float | None = None
    usage: Usage = field(default_factory=Usage)
    backend: str = ""
    opened: str = ""
    thought: str | None = None
    teach_thought: bool = False

    def __post_init__(self) -> None:
        if self.logprob is not None:
            _set(self, "logprob", plain(self.logprob))


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRef:
    """A model: a local directory or a hub name (with `revision` None: the default branch), and the digest of its bytes.

    `digest` is "" until core has resolved it; a hub model's digest is of its name, its revision and its chat template.
    `variables` are what its chat template is given besides the conversation (`enable_thinking`).
    """

    path: str
    revision: str | None = None
    digest: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainReport:
    """What a trainer did: rows it trained on, rows it left out by reason, tokens, steps, the loss curve, and where the model lies.

    `n_retokenised` counts the completions whose stored token ids belonged to another tokenizer (design law 9). `declined`
    maps the id of a row (of one of several tables, TABLE/ID) to the reason why it did not train. `metrics` are numbers worth
    showing, by name, and `notes` what a user must be told beside them. `unchanged`: every weight equals the one it started from, so
    that the arm answers as the arm that it started from.
    """

    model: ModelRef
    n_rows: int
    n_tokens: int
    n_steps: int
    n_retokenised: int
    losses: tuple[float, ...]
    declined: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unchanged: bool = False

    def __post_init__(self) -> None:
        for name in ("n_rows", "n_tokens", "n_steps", "n_retokenised"):
            number = whole(getattr(self, name))
            _set(self, name, getattr(self, name) if number is None else number)
        if isinstance(self.losses, Iterable):
            _set(self, "losses", tuple(plain(loss) for loss in self.losses))
        if isinstance(self.metrics, Mapping):
            _set(self, "metrics", {name: plain(value) for name, value in self.metrics.items()})


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One number that a user sees: `value` with its 95 % interval and the count behind it.

    `low` and `high` are None only where no interval exists (n < 2), and the table says so. `n_asked` are the prompts whose value
    was wanted, None: those of `n`; where some failed, `worst` and `best` are what `value` would be with the failures at either end.
    Of a difference, `p` is the p-value of there being none, `p_holm` the same among all differences of the evaluation, and
    `verdict` what may be said of it in words; None: it is no difference, or nothing was tested.
    """

    arm: str
    metric: str
    value: float
    low: float | None
    high: float | None
    n: int
    n_asked: int | None = None
    worst: float | None = None
    best: float | None = None
    p: float | None = None
    p_holm: float | None = None
    verdict: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """What one metric of an evaluation is on one sample of one arm; `reply` None: no model's words stand behind it."""

    sample: Sample
    arm: str
    metric: str
    value: float
    reply: str | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        _set(self, "value", plain(self.value))
        name_by(self, self.sample.id, self.arm, self.metric, self.value)


R = TypeVar("R", covariant=True)


class Rows(Protocol[R]):
    """A table of a run as components get it: its length, and its records in input order as often as they are wanted."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[R]: ...


TrainingData = Any
"""What a trainer gets: one table (`Rows`), or several (`Mapping[str, Rows]`) by the names that the method gives them."""
