"""One model's end of a conversation: requests to openings (what is read first), sampled ids to replies.

An opening may hold the first ids of the answer itself (`Request.prefix_ids`): they are part of the answer, so
`max_new_tokens` and the context bound the whole. An answer that is finished as it was given, because its last id ends the
turn or it has reached its bound, is no error: it is the reply, and the model is asked nothing. One that is longer than its
bound, that goes on behind its own end, or holds ids that the model does not know is a Failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sctk_core import ConfigError, Failure, Message, Reply, Request, Usage

from sctk_chat.rendering import decode, opened_mark, render, tokenizer_digest, tokens_digest, turn_ids
from sctk_chat.stops import spoken
from sctk_chat.templates import NO_VARIABLES
from sctk_chat.two_texts import source_ids, target_ids

NOT_TAKEN = "the chat template does not take the conversation"
UNKNOWN_IDS = "given ids that the tokenizer does not have"


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """Ids that are read before the first new token, `prompt` and then `given`; the whole answer has at most `limit` ids.

    Of an encoder-decoder the encoder reads the `prompt`, and the decoder begins with what is `given`.

    `finished` says why nothing is left to sample; None: something is.
    """

    prompt: list[int]
    given: tuple[int, ...]
    limit: int
    finished: Literal["stop", "length"] | None

    @property
    def read(self) -> list[int]:
        """All ids that are read."""
        return [*self.prompt, *self.given]


class Chat:
    """What requests to one model, and its replies, go through, whichever engine runs it.

    `two_texts`: the model is an encoder-decoder, whose prompt and answer have the context each to itself (`two_texts.py`); every
    answer begins with the ids `begun`, where its settings force some.
    """

    def __init__(
        self, component: str, tokenizer: Any, *, context: int, n_vocab: int, ends: frozenset[int],
        variables: Mapping[str, Any] = NO_VARIABLES, two_texts: bool = False, begun: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        self.component = component
        self.variables = variables
        self.two_texts, self.begun = two_texts, begun
        self.opened = "" if two_texts else opened_mark(tokenizer, variables)
        self.tokenizer = tokenizer
        self.context = context
        self.n_vocab = n_vocab
        self.ends = ends
        self.digest = tokenizer_digest(tokenizer)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of sampled ids, special tokens left out."""
        return decode(self.tokenizer, ids)

    def opening(self, request: Request) -> Opening | Failure:
        """How the answer to a request begins, or why there can be none."""
        try:
            prompt, given = self._read(request.messages), request.prefix_ids or self.begun
        except ConfigError as error:
            return self._failure(request.of, "bug", NOT_TAKEN, error.message)
        room = self.context - (0 if self.two_texts else len(prompt))
        if room <= 0 or len(prompt) > self.context:
            return self._too_long(request.of, "a prompt", len(prompt))
        strange = [number for number in given if not self._knows(number)]
        if strange:
            return self._failure(request.of, "bug", UNKNOWN_IDS, f"{strange[0]} of {self.n_vocab}")
        if not self.ends.isdisjoint(given[:-1]):
            return self._failure(request.of, "bug", "given ids that go on behind the end of the turn", "")
        limit = min(room, request.sampling.max_new_tokens)
        if len(given) > limit:
            reason = "more given ids than max_new_tokens or the context allow"
            return self._failure(request.of, "budget", reason, f"{len(given)} of {limit} tokens")
        finished: Literal["stop", "length"] | None = "length" if len(given) == limit else None
        if given and given[-1] in self.ends:
            finished = "stop"
        return Opening(prompt=prompt, given=given, limit=limit, finished=finished)

    def reply(self, request: Request, opening: Opening, ids: Sequence[int], *, at_limit: bool) -> Reply:
        """The reply that the whole answer's `ids` make; `at_limit`: its length ended it, unless a stop string did.

        Usage counts what the model did for this reply: the given ids were read, not sampled; nothing where it was not asked.
        """
        n_given = len(opening.given)
        said = spoken(ids, n_given, self.ends, request.sampling.stop, self.decode)
        asked = opening.finished is None
        return Reply(
            key=request.key,
            text=said.text,
            token_ids=said.ids,
            tokenizer=self.digest,
            prompt_tokens=tokens_digest(opening.prompt),
            finish="length" if at_limit and not said.stopped else "stop",
            usage=Usage(
                n_prompt_tokens=len(opening.prompt) + n_given if asked else 0, n_completion_tokens=len(ids) - n_given
            ),
            backend=self.component,
            opened=self.opened,
        )

    def finished(self, request: Request, opening: Opening) -> Reply:
        """The reply of an opening that leaves nothing to sample."""
        return self.reply(request, opening, opening.given, at_limit=opening.finished == "length")

    def to_score(
        self, messages: Sequence[Message], text: str | tuple[int, ...], n_more: int = 0
    ) -> tuple[list[int], list[int]] | Failure:
        """(prompt ids, completion ids) of a text whose likelihood is asked; `n_more`: tokens that the engine adds to them.

        The ids of a sampled answer are taken as they are, behind the prompt that it was sampled from.
        """
        try:
            if isinstance(text, str):
                prompt, ids = self._taught(messages, text)
            else:
                prompt, ids = self._read(messages), list(text)
                if strange := [number for number in ids if not self._knows(number)]:
                    return self._failure("", "bug", UNKNOWN_IDS, f"{strange[0]} of {self.n_vocab}")
        except ConfigError as error:
            return self._failure("", "bug", NOT_TAKEN, error.message)
        n_tokens = max(len(prompt), len(ids)) if self.two_texts else len(prompt) + len(ids)
        return self._too_long("", "a conversation", n_tokens) if n_tokens + n_more > self.context else (prompt, ids)

    def _read(self, messages: Sequence[Message]) -> list[int]:
        """The ids of a conversation up to where the answer begins."""
        if self.two_texts:
            return source_ids(self.tokenizer, messages)
        return render(self.tokenizer, messages, variables=self.variables)

    def _taught(self, messages: Sequence[Message], text: str) -> tuple[list[int], list[int]]:
        """The ids of a conversation, and those of an answer that was given."""
        if self.two_texts:
            return source_ids(self.tokenizer, messages), target_ids(self.tokenizer, text)
        return turn_ids(self.tokenizer, messages, text, self.variables)

    def _knows(self, number: int) -> bool:
        return 0 <= number < self.n_vocab and self.tokenizer.backend_tokenizer.id_to_token(number) is not None

    def _too_long(self, of: str, what: str, n_tokens: int) -> Failure:
        reason = f"{what} longer than {self.context - 1} tokens, the model's context less one for the reply"
        if self.two_texts:
            reason = f"{what} longer than {self.context} tokens, the most that the model reads or says"
        return self._failure(of, "budget", reason, f"{n_tokens} tokens")

    def _failure(self, of: str, kind: Literal["budget", "bug"], reason: str, detail: str) -> Failure:
        return Failure(of=of, stage="", component=self.component, kind=kind, reason=reason, detail=detail)
