"""The checks of answers that a model wrote from its own head (arXiv 2406.11275, as its code has them): length, ends, repetition.

Refused is an answer that runs to the limit of its tokens, one whose last sentence breaks off, one that ends by saying again what it
said, and one that says two sentences twice. The reference code measures likeness by the words in common (Jaccard).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sctk_core import Declined, Sample, setting
from sctk_rs.text import words

from sctk_knowledge.sentences import breaks_off, sentences

SHORT = 5
"""Of sentences with so few words, each, less likeness is repetition."""
STOP_WORDS = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "for", "from", "had", "has", "have", "he",
    "her", "his", "i", "in", "is", "it", "its", "not", "of", "on", "or", "she", "so", "that", "the", "their",
    "them", "they", "this", "to", "was", "we", "were", "which", "who", "will", "with", "you",
))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Checks:
    """When an answer from a model's own head is no row to learn from."""

    alike: float = setting(0.7, help="a sentence at the end so alike another one repeats it", low=0.0, high=1.0)
    alike_short: float = setting(0.5, help="the same, of sentences of 5 words and fewer", low=0.0, high=1.0)
    end_share: float = setting(
        0.2, help="so much of an answer's sentences, from its end, is looked at", unit="share", low=0.0, high=1.0
    )
    spare_tokens: int = setting(10, help="so near to the limit of tokens an answer is cut off", unit="tokens", low=0)
    most_repeated: int = setting(1, help="so many sentences may be said twice, word for word", low=0)


def checked(sample: Sample, checks: Checks, most_tokens: int, said: str) -> str | Declined:
    """The text of an answer that passes, or why it does not; `said` is its text, as a parser is given it."""
    text = said.strip()
    reason = _amiss(sample, text, checks, most_tokens)
    return Declined(reason=reason, detail=text) if reason else text


def _amiss(sample: Sample, text: str, checks: Checks, most_tokens: int) -> str:
    if not text:
        return "the answer is empty"
    n_tokens = len(sample.token_ids) if sample.token_ids is not None else 0
    if sample.finish == "length" or n_tokens > most_tokens - checks.spare_tokens:
        return "the answer runs to the limit of its tokens"
    if breaks_off(text):
        return "the last sentence breaks off"
    return _repeats([words(sentence) for sentence in sentences(text)], checks)


def _repeats(said: Sequence[Sequence[str]], checks: Checks) -> str:
    """Of sentences as words."""
    times = Counter(tuple(sentence) for sentence in said if sentence)
    if sum(count - 1 for count in times.values()) > checks.most_repeated:
        return "sentences are repeated"
    sets = [frozenset(sentence) - STOP_WORDS for sentence in said]
    n_last = max(round(checks.end_share * len(sets)), 1)
    for place in range(len(sets) - n_last, len(sets)):
        if any(_alike(sets[place], other, checks) for number, other in enumerate(sets) if number != place):
            return "the end repeats what was said"
    return ""


def _alike(one: frozenset[str], other: frozenset[str], checks: Checks) -> bool:
    if not one or not other:
        return False
    limit = checks.alike_short if len(one) <= SHORT and len(other) <= SHORT else checks.alike
    return len(one & other) >= limit * len(one | other)
