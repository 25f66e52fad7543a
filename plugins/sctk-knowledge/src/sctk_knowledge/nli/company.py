"""How an NLI model is asked of many pairs at once and says of each what it says in any company, bit for bit: tried at load.

Float32 sums depend on the order of their terms, and a library of matrix products may choose another order for another number of
rows, and the kernel of attention for another number of tokens. Two ways were found that fix the order: rows of one length together,
where their number changes nothing (small models); and rows padded to one number of whole vectors, at least `FEWEST` together (wide
models, whose last layer sees one row a text). A model that fits neither is asked one pair at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sctk_rewards.weights import Ids, logits_BC

T = TypeVar("T")
MOST = 32
"""Pairs that are asked together."""
FEWEST, VECTOR = 4, 16
"""Rows from which on their number changes nothing, and the tokens to a multiple of which rows are padded: float32 in 512 bits."""
_MOST_TOKENS = 8192
"""Tokens of a batch, padded; so that what long texts take of the memory has a bound."""
_ONE_LENGTH, _COMPANIES = (4, 11, 30, 70), (2, 5, 16, MOST)
_PADDED, _FULL_COMPANIES = ((7, 16, 11), (37, 48, 34)), (5, 14, MOST)


@dataclass(frozen=True, kw_only=True)
class Company:
    """A way of asking: `most` rows at once, `fewest` (fewer are filled up with copies), padded to a `multiple` of tokens; those of
    one padded length together, or, `mixed`, of any.
    """

    most: int
    fewest: int = 1
    multiple: int = 1
    mixed: bool = False

    def logits(self, model: Any, tokenizer: Any, texts: Sequence[Ids]) -> list[list[float]]:
        """What the model says of the texts of one batch."""
        filled = [*texts, *[texts[-1]] * (self.fewest - len(texts))]
        return logits_BC(model, tokenizer, filled, self.multiple)[: len(texts)]

    def batches(self, order: Sequence[T], lengths: Sequence[int]) -> Iterator[Sequence[T]]:
        """What stands in `order`, the shortest first, in batches.

        >>> list(Company(most=2).batches("abcd", [5, 5, 5, 6]))
        ['ab', 'c', 'd']
        >>> list(Company(most=9, fewest=4, multiple=8).batches("abcd", [5, 8, 9, 10]))
        ['ab', 'cd']
        """
        start = 0
        for place in range(1, len(order)):
            n, room = place - start, self._padded(lengths[place])
            full = n == self.most or (n >= self.fewest and (n + 1) * room > _MOST_TOKENS)
            if full or not (self.mixed or room == self._padded(lengths[place - 1])):
                yield order[start:place]
                start = place
        if order:
            yield order[start:]

    def _padded(self, length: int) -> int:
        return -(-length // self.multiple) * self.multiple


ALONE = Company(most=1)
EVEN = Company(most=MOST)
FULL = Company(most=MOST, fewest=FEWEST, multiple=VECTOR)


def company_of(model: Any, tokenizer: Any, n_context: int) -> Company:
    """The first way in which this model says the same of a pair in any company."""
    if same_in_company(model, tokenizer, n_context):
        return EVEN
    return FULL if same_when_full(model, tokenizer, n_context) else ALONE


def same_in_company(model: Any, tokenizer: Any, n_context: int) -> bool:
    """Whether rows of one length get the same logits one at a time and together, of all lengths and companies tried."""
    for length in (one for one in _ONE_LENGTH if one <= n_context):
        texts = _texts(model, tokenizer, [length] * MOST)
        alone = [_asked(model, tokenizer, [text])[0] for text in texts]
        for n in _COMPANIES:
            starts = range(0, MOST, n)
            together = [row for start in starts for row in _asked(model, tokenizer, texts[start : start + n])]
            if together != alone:
                return False
    return True


def same_when_full(model: Any, tokenizer: Any, n_context: int) -> bool:
    """Whether rows of one padded length get the same logits among copies of their own and together, however many."""
    if n_context % VECTOR or tokenizer.pad_token_id is None:
        return False
    for lengths in (one for one in _PADDED if max(one) <= n_context):
        texts = _texts(model, tokenizer, [lengths[row % len(lengths)] for row in range(MOST)])
        some = range(0, MOST, 4)
        alone = {row: FULL.logits(model, tokenizer, [texts[row]])[0] for row in some}
        for n in _FULL_COMPANIES:
            rows = _asked(model, tokenizer, texts[:n], VECTOR)
            if not rows or any(rows[row] != alone[row] for row in some if row < n):
                return False
    return True


def _asked(model: Any, tokenizer: Any, texts: Sequence[Ids], multiple: int = 1) -> list[list[float]]:
    """Logits; none where the model takes no batch at all (one without a token of padding takes rows one at a time)."""
    try:
        return logits_BC(model, tokenizer, texts, multiple)
    except ValueError:
        return []


def _texts(model: Any, tokenizer: Any, lengths: Sequence[int]) -> list[Ids]:
    """Rows of tokens that mean nothing, none of them the padding's."""
    n_vocab = int(model.config.get_text_config().vocab_size)
    known = [number for number in range(n_vocab) if number != tokenizer.pad_token_id]
    rows = [
        [known[(7 * row + 13 * place + row * place) % len(known)] for place in range(length)]
        for row, length in enumerate(lengths)
    ]
    names = {"attention_mask": 1, "token_type_ids": 0}
    taken = {name: value for name, value in names.items() if name in tokenizer.model_input_names}
    return [{"input_ids": ids, **{name: [value] * len(ids) for name, value in taken.items()}} for ids in rows]
