"""Whether an NLI model says the same of a pair in company as alone, bit for bit: tried, when it is loaded, on rows of one length.

Float32 sums depend on the order of their terms, and a library of matrix products may choose another order for another number of
rows. Where it does not, pairs of one length can be asked together, and a number is still the same in any company.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sctk_rewards.weights import Ids, logits_BC

MOST = 32
"""Pairs that are asked together."""
_LENGTHS = (4, 11, 30, 70)
_COMPANIES = (2, 5, 16, MOST)


def same_in_company(model: Any, tokenizer: Any, n_context: int) -> bool:
    """Whether rows of one length get the same logits one at a time and together, of all lengths and companies tried."""
    for length in (one for one in _LENGTHS if one <= n_context):
        texts = _texts(model, tokenizer, length)
        alone = [logits_BC(model, tokenizer, [text])[0] for text in texts]
        for n in _COMPANIES:
            together = [
                row for start in range(0, MOST, n) for row in logits_BC(model, tokenizer, texts[start : start + n])
            ]
            if together != alone:
                return False
    return True


def in_batches(order: Sequence[bytes], lengths: Sequence[int], most: int, *, even: bool) -> list[Sequence[bytes]]:
    """The keys of `order`, whose pairs have so many tokens, `most` at once; `even`: those of one length only.

    >>> in_batches([b"a", b"b", b"c", b"d"], [5, 5, 5, 6], 2, even=True)
    [[b'a', b'b'], [b'c'], [b'd']]
    """
    found: list[list[bytes]] = []
    for place, key in enumerate(order):
        if not found or len(found[-1]) == most or (even and lengths[place] != lengths[place - 1]):
            found.append([])
        found[-1].append(key)
    return list(found)


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
