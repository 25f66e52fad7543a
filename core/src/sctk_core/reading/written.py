"""Lists and objects that stand in a table of text as JSON, or as Python writes them: what an export to CSV makes of a list."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from itertools import pairwise
from typing import Any

from sctk_core.reading.decoding import loads
from sctk_core.reading.turns import Misfit

_TWO = re.compile(r"['\"]\s+['\"]")


def written(text: str) -> Any:
    """The list of texts, or the object, that a whole text is; None: it is none. A Misfit where commas are missing, as NumPy writes.

    >>> written('["a", "b"]'), written("{'text': ['a']}"), written("[1, 2]"), written("[a]")
    (['a', 'b'], {'text': ['a']}, None, None)
    """
    begin, end = text[:1], text.rstrip()[-1:]
    if (begin, end) not in (("[", "]"), ("{", "}")):
        return None
    value = json_in(text)
    if value is None:
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
        if _TWO.search(text) and _lacks_commas(text):
            raise Misfit("a list of texts without commas", "a list", hint="export the column as JSON")
    return value if isinstance(value, dict) or listed_texts(value) is not None else None


def list_in(value: Any) -> list[Any] | None:
    """The list that a value is or that its whole text writes, where a list is wanted; None: neither. A Misfit as above.

    >>> list_in('["a", "b"]'), list_in("[1, 2]"), list_in(["a"]), list_in("['it''s'"), list_in("{'a': 1}")
    (['a', 'b'], [1, 2], ['a'], None, None)
    """
    if isinstance(value, list):
        return value
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return None
    found = json_in(value)
    found = written(value.strip()) if found is None else found
    return found if isinstance(found, list) else None


def listed_texts(value: Any) -> list[str] | None:
    """A list of nothing but texts; None: the value is none."""
    return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else None


def json_in(text: str) -> Any:
    """What a text is as JSON; None: it is no JSON, or null."""
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return None


def _lacks_commas(text: str) -> bool:
    """Whether two texts stand beside each other, which Python would join."""
    try:
        kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(text.strip()).readline)]
    except (tokenize.TokenError, SyntaxError):
        return False
    kinds = [kind for kind in kinds if kind not in (tokenize.NL, tokenize.NEWLINE)]
    return any(pair == (tokenize.STRING, tokenize.STRING) for pair in pairwise(kinds))
