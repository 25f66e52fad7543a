"""The comparer `claims`: a judge that says which sentences of an answer a document, or another answer, contradicts.

Each sentence of the second text is a claim that is held against the first; where the question has a document, the judge is shown
that instead. The document comes first in the prompt, so that an engine's prefix cache reads it once for all claims about it. The
value is the mean over claims: contradicted 1, supported 0, silent 1/2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

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

from sctk_knowledge.lexical import GIVES, Gives
from sctk_knowledge.sentences import sentences

ASK = """{document}

What stands above was said of this question: {question}

Claim: {claim}

Does what stands above contradict the claim, support it, or say nothing of it? Say in one sentence why. Then end with one of the
lines "Verdict: contradicted", "Verdict: supported" and "Verdict: silent"."""
WORTH = {"contradicted": 1.0, "supported": 0.0, "silent": 0.5}


class Claims:
    """Compares two texts by a judge's word on every claim of the second."""

    scale = Scale(
        low=0.0,
        high=1.0,
        unit="from every claim supported to every claim contradicted (agreement: the other way round)",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What the judge is asked, and of what."""

        ask: str = setting(ASK, help="the judge's prompt; shows {document} and {claim}, may show {question}")
        against: Literal["document", "text"] = setting(
            "document", help="what claims are held against: the question's document where it has one, or the first text"
        )
        gives: Gives = setting("disagreement", help=GIVES)
        temperature: float = setting(0.0, help="of the judgement; 0 is greedy", low=0.0, high=10.0)
        max_new_tokens: int = setting(
            128, help="longest judgement; one that is cut off is a failure", unit="tokens", low=1
        )

    def __init__(self, config: Config, *, backend: Backend) -> None:
        known, needs = {"document", "claim", "question"}, ("document", "claim")
        self.template = Template.read(config.ask, known=known, needs=needs, where="[comparer] claims, ask")
        self.config, self.backend = config, backend
        self.sampling = Sampling(temperature=config.temperature, max_new_tokens=config.max_new_tokens)

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[Score | Failure | None]]:
        """`supported`: of each answer how far its claims are supported by the question's document; None where it has none."""
        about = [sample for sample in samples if sample.prompt.document]
        judge = Claims(replace(self.config, gives="agreement", against="document"), backend=self.backend)
        found = iter(await judge.compare([(sample, sample) for sample in about]))
        return {"supported": [next(found) if sample.prompt.document else None for sample in samples]}

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
        """One share per pair, in order; a pair fails where the judge's words on one of its claims state no verdict."""
        claims = [sentences(other.text) for _, other in pairs]
        requests = [
            self._request(*pair, claim, rank)
            for pair, said in zip(pairs, claims, strict=True)
            for rank, claim in enumerate(said)
        ]
        replies = list(await self.backend.generate(requests)) if requests else []
        found: list[Score | Failure] = []
        for pair, said in zip(pairs, claims, strict=True):
            found.append(self._score(pair, [self._read(reply) for reply in replies[: len(said)]], replies[: len(said)]))
            replies = replies[len(said) :]
        return found

    def _request(self, one: Sample, other: Sample, claim: str, rank: int) -> Request:
        document = one.prompt.document if self.config.against == "document" else None
        shown = self.template.fill(
            document=neutralise(document or one.text), question=one.prompt.question, claim=neutralise(claim)
        )
        return Request(messages=(Message(role="user", content=shown),), sampling=self.sampling, of=other.id, rank=rank)

    def _read(self, reply: Reply | Failure) -> float | Failure:
        """What a verdict is worth."""
        if isinstance(reply, Failure):
            return reply
        if reply.finish == "length":
            reason = f"cut off at {self.config.max_new_tokens} tokens"
            return Failure(kind="parse", reason=reason, detail=f"...{reply.text[-120:]!r}")
        found = verdict(reply.text)
        wanted = 'no plain verdict; wanted "Verdict: contradicted", "Verdict: supported" or "Verdict: silent"'
        return WORTH[found] if found else Failure(kind="parse", reason=wanted, detail=f"...{reply.text[-120:]!r}")

    def _score(
        self, pair: tuple[Sample, Sample], read: Sequence[float | Failure], replies: Sequence[Reply | Failure]
    ) -> Score | Failure:
        failed = next((one for one in read if isinstance(one, Failure)), None)
        if failed is not None or not read:
            reason, detail = (failed.reason, failed.detail) if failed else ("a text says nothing", "")
            kind = failed.kind if failed else "parse"
            return Failure(of=pair[0].id, stage="compare", component="claims", kind=kind, reason=reason, detail=detail)
        values = [value for value in read if isinstance(value, float)]
        value = sum(values) / len(values)
        key = next((reply.key for reply in replies if isinstance(reply, Reply)), None)
        given = 1.0 - value if self.config.gives == "agreement" else value
        return Score(sample=pair[0], against=pair[1], name="claims", value=given, scale="0 to 1", reply=key)


def verdict(text: str) -> str | None:
    """ "contradicted", "supported" or "silent" where the words state it plainly.

    >>> verdict("It names another river.\\nVerdict: contradicted"), verdict("Verdict: supported or silent")
    ('contradicted', None)
    """
    chosen = {}
    for word in WORTH:
        others = [each for each in WORTH if each != word]
        chosen[word] = parse_verdict(text, keep=(word,), revise=others, stage="compare", component="claims")
    kept = [word for word, found in chosen.items() if found == "keep"]
    plain = all(found == "revise" for word, found in chosen.items() if word not in kept)
    return kept[0] if len(kept) == 1 and plain else None
