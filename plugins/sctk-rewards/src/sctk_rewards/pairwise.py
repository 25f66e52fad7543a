"""The pairwise judge: which of two replies is better, by the run's own model, asked in both orders.

A model prefers what stands first, or second, whatever stands there (Zheng and others 2023, arXiv 2306.05685). Asked in both orders,
a preference for a place cancels and is told: where the same place won twice, the value is 0 and the score has a note that the
summary counts. `sctk judge position pairwise pairs.jsonl` measures it.

Behind its words the judge is asked for its choice alone, and of a backend that tells log-probabilities the answer that is likelier
than not is taken; where there is none, and with other backends, the words are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from sctk_core import (
    Backend,
    Failure,
    Message,
    Reply,
    Request,
    Sample,
    Sampling,
    Scale,
    Score,
    Template,
    neutralise,
    parse_verdict,
    setting,
)
from sctk_core.choosing import likeliest, likelihoods, tells_logprobs

from sctk_rewards.second_question import again

ASK = """Two responses to one request stand below. Which is better?

Request:
{prompt}

First response:
{first}

Second response:
{second}

Say in one or two sentences what tells them apart. Do not let their order or their length decide. Then end with one of the lines
"Verdict: first", "Verdict: second" and "Verdict: tie"."""
CHOICE_ALONE = "State your verdict again: first, second or tie, in one word, and nothing else."
WORTH = {"first": 1.0, "second": -1.0, "tie": 0.0}


class Pairwise:
    """Compares two replies: 1 the first is better, -1 the second, 0 neither or the orders disagree; halves: one order is a tie."""

    of_arms: ClassVar[Mapping[str, str]] = {"orders": "given"}
    scale = Scale(low=-1.0, high=1.0, unit="from neither being better to the first being better in both orders")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What the judge is asked, and in which orders."""

        ask: str = setting(
            ASK,
            help="the judge's prompt; shows {first} and {second}, and may show {prompt} and {document} (of the prompt)",
        )
        system: str = setting("", help="a system turn for the judge")
        orders: Literal["both", "given"] = setting(
            "both",
            help="both: each pair in both orders, and their mean; given: as it comes, with whatever bias the judge has",
        )
        reads: Literal["auto", "words"] = setting(
            "auto",
            help="words: the choice that the judgement states; auto: the judge is then asked for its choice alone, which is read "
            "by how likely each is, where the backend tells log-probabilities, else as words",
        )
        temperature: float = setting(0.0, help="of the judgement; 0 is greedy", low=0.0, high=10.0)
        max_new_tokens: int = setting(
            256, help="longest judgement; one that is cut off is a failure", unit="tokens", low=1
        )

    def __init__(self, config: Config, *, backend: Backend) -> None:
        known, needs = {"prompt", "document", "first", "second"}, ("first", "second")
        self.template = Template.read(config.ask, known=known, needs=needs, where="[comparer] pairwise, ask")
        self.config, self.backend = config, backend
        self.sampling = Sampling(temperature=config.temperature, max_new_tokens=config.max_new_tokens)
        self.by_likelihood = config.reads == "auto" and tells_logprobs(backend)

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
        """One score or failure per pair, in order; a pair fails where the judge's words state no choice in one of its orders."""
        both = self.config.orders == "both"
        asked = [*pairs, *((second, first) for first, second in pairs if both)]
        requests = [self._request(first, second, of=first.id) for first, second in asked]
        replies = await self.backend.generate(requests) if requests else []
        read = [self._read(reply, first) for reply, (first, _) in zip(replies, asked, strict=True)]
        if self.by_likelihood:
            await self._choose(requests, replies, read)
        turned: Sequence[tuple[float, str] | Failure | None] = read[len(pairs) :] if both else [None] * len(pairs)
        return [self._score(*each) for each in zip(pairs, read[: len(pairs)], turned, strict=True)]

    def _request(self, first: Sample, second: Sample, *, of: str) -> Request:
        responses = {"first": neutralise(first.text), "second": neutralise(second.text)}
        shown = self.template.fill(prompt=first.prompt.question, document=first.prompt.document or "", **responses)
        system = (Message(role="system", content=self.config.system),) if self.config.system else ()
        return Request(messages=(*system, Message(role="user", content=shown)), sampling=self.sampling, of=of)

    def _read(self, reply: Reply | Failure, first: Sample) -> tuple[float, str] | Failure:
        """What the choice is worth to the response that stood first, and the reply's key."""
        if isinstance(reply, Failure):
            return reply
        if reply.finish == "length":
            reason, detail = f"cut off at {self.config.max_new_tokens} tokens", f"...{reply.text[-120:]!r}"
            return Failure(
                of=first.id, stage="compare", component="pairwise", kind="parse", reason=reason, detail=detail
            )
        choice = read_choice(reply.text)
        if choice is None:
            reason = 'no plain choice; wanted "Verdict: first", "Verdict: second" or "Verdict: tie"'
            detail = f"...{reply.text[-120:]!r}"
            return Failure(
                of=first.id, stage="compare", component="pairwise", kind="parse", reason=reason, detail=detail
            )
        return WORTH[choice], reply.key

    async def _choose(
        self, requests: Sequence[Request], replies: Sequence[Reply | Failure], read: list[tuple[float, str] | Failure]
    ) -> None:
        """Puts into `read` what each judge answers when asked for its choice alone, where one choice is likelier than not."""
        spoken = {place: reply for place, reply in enumerate(replies) if isinstance(reply, Reply)}
        asked = [again(requests[place], reply, CHOICE_ALONE).messages for place, reply in spoken.items()]
        told = await likelihoods(self.backend, asked, tuple(WORTH))
        for (place, reply), likely in zip(spoken.items(), told, strict=True):
            if isinstance(likely, Failure):
                read[place] = (
                    read[place] if likely.kind == "budget" else replace(likely, of=requests[place].of, stage="compare")
                )
            elif choice := likeliest(tuple(WORTH), likely):
                read[place] = WORTH[choice], reply.key

    def _score(
        self,
        pair: tuple[Sample, Sample],
        given: tuple[float, str] | Failure,
        turned: tuple[float, str] | Failure | None,
    ) -> Score | Failure:
        """The mean of both orders; the second order's worth is turned round, since the other response stood first in it."""
        if isinstance(given, Failure):
            return given
        if isinstance(turned, Failure):
            return replace(turned, of=pair[0].id)
        worth = given[0] if turned is None else (given[0] - turned[0]) / 2
        places = {1.0: "the first place won in both orders", -1.0: "the second place won in both orders"}
        note = places.get(given[0], "") if turned is not None and given[0] == turned[0] else ""
        scale = "-1 to 1 (judged in both orders)" if turned is not None else "-1 to 1 (judged in one order)"
        return Score(
            sample=pair[0], against=pair[1], name="pairwise", value=worth, scale=scale, reply=given[1], note=note
        )


def read_choice(text: str) -> str | None:
    """ "first", "second" or "tie" where the words state it plainly; each is read against the others, so that all are read alike.

    >>> read_choice("Both are kind.\\nVerdict: second"), read_choice("Verdict: first or second"), read_choice("Verdict: not first")
    ('second', None, None)
    """
    chosen = {}
    for word in WORTH:
        others = [each for each in WORTH if each != word]
        chosen[word] = parse_verdict(text, keep=(word,), revise=others, stage="compare", component="pairwise")
    kept = [word for word, verdict in chosen.items() if verdict == "keep"]
    plain = all(verdict == "revise" for word, verdict in chosen.items() if word not in kept)
    return kept[0] if len(kept) == 1 and plain else None
