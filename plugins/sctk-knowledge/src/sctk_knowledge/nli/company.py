"""How an NLI model is asked of many pairs at once and says of each what it says in any company, bit for bit: tried at load.

Float32 sums depend on the order of their terms, and a library of matrix products may choose another order for another number of
rows, a kernel of attention for another number of tokens. So only rows of one length go together. Where their number changes
nothing, as many as there are (small models); where it changes nothing from `FEWEST` on, as with wide models, whose last layer sees
one row a text, fewer are filled up with copies. A model that fits neither is asked one pair at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sctk_rewards.weights import Ids, logits_BC

T = TypeVar("T")
MOST, FEWEST = 32, 4
"""Pairs that are asked together, and from how many on their number changes nothing in wide models."""
_MOST_TOKENS = 8192
"""Tokens of a batch, so that what long texts take of the memory has a bound."""
_LENGTHS, _COMPANIES = (4, 11, 30, 70), (2, 5, 16, MOST)
_N_ALONE = 4
"""Rows of each length that are asked alone, among copies: a wide model should not be tried for longer than it is asked."""


@dataclass(frozen=True, kw_only=True)
class Company:
    """A way of asking: `most` rows of one length at once, fewer than `fewest` filled up with copies; `mixed`: of any length."""

    most: int
    fewest: int = 1
    mixed: bool = False

    def logits(self, model: Any, tokenizer: Any, texts: Sequence[Ids]) -> list[list[float]]:
        """What the model says of the texts of one batch."""
        filled = [*texts, *[texts[-1]] * (self.fewest - len(texts))]
        return logits_BC(model, tokenizer, filled)[: len(texts)]

    def batches(self, order: Sequence[T], lengths: Sequence[int]) -> Iterator[Sequence[T]]:
        """What stands in `order`, the shortest first, in batches.

        >>> list(Company(most=2).batches("abcd", [5, 5, 5, 6]))
        ['ab', 'c', 'd']
        """
        start = 0
        for place in range(1, len(order)):
            n, length = place - start, lengths[place]
            full = n == self.most or (n >= self.fewest and (n + 1) * length > _MOST_TOKENS)
            if full or not (self.mixed or length == lengths[place - 1]):
                yield order[start:place]
                start = place
        if order:
            yield order[start:]


ALONE, EVEN, FILLED = Company(most=1), Company(most=MOST), Company(most=MOST, fewest=FEWEST)


def company_of(model: Any, tokenizer: Any, n_context: int) -> Company:
    """The first way in which this model says the same of a pair in any company."""
    return next((one for one in (EVEN, FILLED) if same_in_company(model, tokenizer, n_context, one)), ALONE)


def same_in_company(model: Any, tokenizer: Any, n_context: int, company: Company = EVEN) -> bool:
    """Whether rows of one length get the same logits by themselves and together, of all lengths and companies tried."""
    sizes = [n for n in _COMPANIES if n >= company.fewest]
    for length in (one for one in _LENGTHS if one <= n_context):
        texts = _texts(model, tokenizer, length)
        alone = {row: company.logits(model, tokenizer, [texts[row]])[0] for row in range(0, MOST, MOST // _N_ALONE)}
        for n in sizes:
            batches = {start: texts[start : start + n] for start in {row - row % n for row in alone}}
            try:
                rows = {start: company.logits(model, tokenizer, batch) for start, batch in batches.items()}
            except ValueError:  # a model without a token of padding takes one row at a time
                return False
            if any(rows[row - row % n][row % n] != one for row, one in alone.items()):
                return False
    return True


def _texts(model: Any, tokenizer: Any, length: int) -> list[Ids]:
    """Rows of tokens that mean nothing, none of them the padding's."""
    n_vocab = int(model.config.get_text_config().vocab_size)
    known = [number for number in range(n_vocab) if number != tokenizer.pad_token_id]
    rows = [
        [known[(7 * row + 13 * place + row * place) % len(known)] for place in range(length)] for row in range(MOST)
    ]
    names = {"attention_mask": 1, "token_type_ids": 0}
    more = {name: [value] * length for name, value in names.items() if name in tokenizer.model_input_names}
    return [{"input_ids": ids, **more} for ids in rows]
