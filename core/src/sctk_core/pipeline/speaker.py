"""A role that writes: what a walk may ask of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from sctk_core.errors import ContractError
from sctk_core.identity import uniform
from sctk_core.pipeline.asking import Ask, Desk, ItemEnded, ask
from sctk_core.pipeline.notes import WALK, OffPlan, page_here
from sctk_core.pipeline.recording import RecordingBackend
from sctk_core.pipeline.together import together
from sctk_core.records import Failure, Message, Prompt, Reply, Request, Sample, Sampling


class Speaker:
    """A role that writes: a model behind a backend, with its own sampling."""

    kind: ClassVar[str] = ""

    def __init__(self, role: str, backend: RecordingBackend, sampling: Sampling, desk: Desk, component: str) -> None:
        self.role, self._backend, self.sampling = role, backend, sampling
        self._desk, self._component = desk, component

    @property
    def tells_logprobs(self) -> bool:
        """Whether its backend tells how likely given texts are; no engine is started to know it."""
        return self._backend.tells_logprobs

    async def draft(
        self,
        prompt: Prompt,
        step: str = "draft",
        *,
        shown: Sequence[Message] | None = None,
        greedy: bool = False,
        sampling: Sampling | None = None,
        about: Any = None,
        rank: int = 0,
        sweep: int = 0,
        prefix_ids: Sequence[int] = (),
        again: int = 0,
        or_none: bool = False,
    ) -> Sample:
        """One text that answers `prompt`; `shown` is the conversation that is sent where it is not the prompt's own.

        `about` is the record that the ask is about (left out: the prompt): it seeds the draw, as do `step` and `rank`. `sampling`
        is in place of the role's own: `replace(crew.teacher.sampling, temperature=0.3)`; `greedy` is temperature 0. `sweep` k is
        for the k-th text of a chain. `again` asks the same once more, by the same seed.
        """
        sampling = sampling or self.sampling
        sampling = replace(sampling, temperature=0.0) if greedy else sampling
        item = prompt if about is None else about
        request = Request(
            messages=prompt.messages if shown is None else tuple(shown), sampling=sampling, of=item.id, rank=rank,
            prefix_ids=tuple(prefix_ids), again=again,
        )  # fmt: skip
        page = page_here()
        label = "" if step in ("draft", f"redraw.{sweep}") else f"{page.part}.{step}"
        parent = None if item.id == prompt.id else item.id
        place = {"chain": page.chain, "sweep": sweep, "rank": rank, "step": label, "about": parent}

        async def call() -> Sample | Failure:
            (reply,) = await self._backend.generate([request])
            return Sample.of(reply, prompt=prompt, **place) if isinstance(reply, Reply) else replace(reply, stage=step)

        asked = Ask(
            step=step, item=item, expect=Sample, component=self._component, role=self.role, rank=rank,
            sweep=sweep, speaks=True, label=label, about=parent, pulse=self._backend.pulse,
        )  # fmt: skip
        answer: Sample = await ask(self._desk, asked, call, or_none=or_none)
        return answer

    async def drafts(self, prompt: Prompt, n: int, step: str, *, least: int | None = None, **how: Any) -> list[Sample]:
        """`n` texts of ranks 0 to n - 1, asked at once; with `least`, fewer are enough, but not fewer than that."""
        if least is not None and least > n:
            raise OffPlan(f"asks {n} of {step}, and wants {least} at least")
        spare = least is not None and least < n
        found = await together(*(self.draft(prompt, step, rank=rank, or_none=spare, **how) for rank in range(n)))
        answers = [sample for sample in found if sample is not None]
        if least is not None and len(answers) < least:
            kind = next(failure.kind for failure in page_here().failures if failure.stage == step)
            failure = Failure(
                of=page_here().item, stage=WALK, component=self._component, kind=kind, reason=f"too few of {step}"
            )
            page_here().failed(replace(failure, detail=f"got {len(answers)} of {n}, wanted {least}"))
            raise ItemEnded(failure)
        return answers

    async def continued(self, prompt: Prompt, ids: Sequence[int], step: str, **how: Any) -> Sample:
        """The answer that begins with these token ids, gone on with; its text and ids are those of the whole answer."""
        return await self.draft(prompt, step, prefix_ids=ids, **how)

    async def redrawn(self, sample: Sample, sweep: int) -> Sample:
        """The answer `sample`, kept up to one of its tokens (drawn uniformly by content), and the rest drawn anew.

        It is the `sweep`-th text of its chain, asked as the step "redraw.SWEEP". A position is kept from 0, where everything is
        drawn anew, to that of the last token, which is the end of the turn where the answer ended by itself.
        """
        ids = sample.token_ids
        if ids is None:
            raise ContractError(
                f"redraw.{sweep}: got sample {sample.id} without token ids, wanted those that its model sampled",
                hint="a text that was made elsewhere, or by a server that keeps its tokens, has none",
                reason="a text without token ids cannot be drawn anew from a position on",
            )
        coin = uniform(self._desk.run_seed, "position", sample.prompt.id, page_here().chain, sweep)
        kept = ids[: int(coin * len(ids))]
        return await self.draft(sample.prompt, f"redraw.{sweep}", sweep=sweep, prefix_ids=kept)

    async def logprobs(
        self, conversations: Sequence[tuple[Sequence[Message], str | tuple[int, ...]]], step: str, *, about: Any
    ) -> list[float]:
        """log p(text | messages) in nats of each (messages, text), summed over the text's tokens and the end of the turn.

        A text may be the token ids of a sampled answer: then of exactly these, with the end where it is among them.
        """
        asked = Ask(
            step=step, item=about, expect=float, component=self._component, role=self.role, speaks=True,
            pulse=self._backend.pulse,
        )  # fmt: skip

        async def call() -> list[float] | Failure:
            found = await self._backend.logprobs([(tuple(messages), text) for messages, text in conversations])
            failed = next((value for value in found if isinstance(value, Failure)), None)
            return [value for value in found if isinstance(value, float)] if failed is None else failed

        answer: list[float] = await ask(self._desk, asked, call)
        return answer
