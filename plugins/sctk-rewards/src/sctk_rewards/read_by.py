"""What a classifier reads of a sample, as token ids: the conversation through its chat template, two texts, or the reply alone.

A text that a model or a user wrote never becomes a control token. What is longer than the context loses first what the answer
depends on least: the oldest turns, then the system turn, then the beginning of the last question; the answer stays whole as long as
it fits by itself, because the score is its score, and loses its end after that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sctk_core import Message, Sample

from sctk_rewards.weights import Ids

Way = Literal["conversation", "pair", "reply"]


@dataclass(frozen=True, kw_only=True)
class Text:
    """One encoded text, and what of it was cut: nothing (""), "the prompt" or "the reply"."""

    inputs: Ids
    cut: str = ""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How one classifier reads: its tokenizer, its context in tokens, and the way."""

    tokenizer: Any
    n_context: int
    way: Way

    def read(self, sample: Sample) -> Text:
        """The tokens of a sample, at most as many as the context has; a ConfigError where the template takes no such turns."""
        messages = self._before(sample)
        whole = self._encode(messages, sample.text)
        if self._fits(whole):
            return Text(inputs=whole)
        for fewer in self._shorter(messages):
            found = self._encode(fewer, sample.text)
            if self._fits(found):
                return self._longest_prompt(messages, fewer, sample.text, found)
        bare = self._shortest(messages)
        n = longest(lambda n: self._fits(self._encode(bare, sample.text[:n])), len(sample.text))
        return Text(inputs=self._encode(bare, sample.text[:n]), cut="the reply")

    def _before(self, sample: Sample) -> tuple[Message, ...]:
        if self.way == "conversation":
            return sample.prompt.messages
        return (Message(role="user", content=sample.prompt.question),) if self.way == "pair" else ()

    def _encode(self, messages: Sequence[Message], text: str) -> Ids:
        if self.way == "conversation":
            from sctk_chat import render

            turns = (*messages, Message(role="assistant", content=text))
            ids = render(self.tokenizer, turns, add_generation_prompt=False)
            return {"input_ids": ids, "attention_mask": [1] * len(ids)}
        texts = [*(turn.content for turn in messages), text]
        return dict(self.tokenizer(*texts, split_special_tokens=True, verbose=False))

    def _fits(self, inputs: Ids) -> bool:
        return len(inputs["input_ids"]) <= self.n_context

    def _shorter(self, messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
        """The conversation with ever less of what came before the last question; at the end that question without a letter."""
        system = messages[:1] if messages and messages[0].role == "system" else ()
        starts = [place for place, turn in enumerate(messages) if turn.role == "user" and place > len(system)]
        yield from ((*system, *messages[place:]) for place in starts)
        if system:
            yield messages[starts[-1] :] if starts else messages[1:]
        if messages:
            yield self._shortest(messages)

    def _shortest(self, messages: Sequence[Message]) -> Sequence[Message]:
        """The last question without a letter, where there is one."""
        return (replace(messages[-1], content=""),) if messages else ()

    def _longest_prompt(self, messages: Sequence[Message], fewer: Sequence[Message], text: str, found: Ids) -> Text:
        """What fits; where all of the question but its letters is gone, with as much of its end as fits."""
        if fewer != self._shortest(messages) or not messages[-1].content:
            return Text(inputs=found, cut="the prompt")
        last = messages[-1]

        def encoded(n: int) -> Ids:
            return self._encode((replace(last, content=last.content[len(last.content) - n :]),), text)

        n = longest(lambda n: self._fits(encoded(n)), len(last.content))
        return Text(inputs=encoded(n), cut="the prompt")


def longest(fits: Callable[[int], bool], most: int) -> int:
    """The largest number up to `most` that fits, where 0 does, and all below one that does nearly always do.

    >>> longest(lambda n: n <= 5, 9), longest(lambda n: False, 9)
    (5, 0)
    """
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
