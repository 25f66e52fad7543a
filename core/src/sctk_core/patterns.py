r"""Regular expressions of users over texts of models and rows of files: RE2, whose time is linear in the text, whatever both say.

RE2 knows no look-around and no reference back to a group. Its `\w`, `\d` and `\s` are of ASCII alone, so they are told to it as the
Unicode classes that they are in Python. Its `\b` is of ASCII too, so an expression that has one beside other letters is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sctk_core.errors import ConfigError

_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_CLASSES = {r"\w": r"\pL\pM\pN_", r"\d": r"\p{Nd}", r"\s": r"\s\pZ"}
_OTHERS = {r"\W": r"[^\pL\pM\pN_]", r"\D": r"[^\p{Nd}]", r"\S": r"[^\s\pZ]"}
_MAX_PATTERN, _MAX_MEMORY = 500, 8 << 20


@dataclass(frozen=True)
class Pattern:
    """An expression that RE2 has read."""

    source: str
    compiled: Any

    def found_in(self, text: str) -> bool:
        """Whether it is found anywhere in the text."""
        return self.compiled.search(text) is not None


def linear_pattern(source: str, *, where: str) -> Pattern:
    """`source` as RE2 reads it; a ConfigError that says why where it does not."""
    import re2

    hint = "RE2 has no look-around ((?=...), (?<!...)) and no \\1; write two rules, or list what may stand there"
    if len(source) > _MAX_PATTERN:
        raise ConfigError(f"{where}: got {len(source)} characters, wanted at most {_MAX_PATTERN}", hint=hint)
    if not source.isascii() and re.search(r"(?<!\\)(?:\\\\)*\\[bB]", source):
        raise ConfigError(
            f"{where}: got {source!r}, wanted no \\b beside letters that are not ASCII: it knows only those",
            hint=r"write (?:^|\PL) and (?:\PL|$) in its place",
        )
    options = re2.Options()
    options.max_mem, options.log_errors = _MAX_MEMORY, False
    try:
        return Pattern(source, re2.compile(_unicode(source), options))
    except (re2.error, UnicodeError) as error:
        said = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ConfigError(f"{where}: got {source!r}, wanted a regular expression of RE2: {said}", hint=hint) from error


def _unicode(source: str) -> str:
    """The expression with Python's classes of Unicode."""
    return "".join(map(_told, _PIECE.findall(source)))


def _told(piece: str) -> str:
    if piece in _CLASSES:
        return f"[{_CLASSES[piece]}]"
    if piece in _OTHERS:
        return _OTHERS[piece]
    if piece[0] != "[" or len(piece) < 2:
        return piece
    return re.sub(r"\\.", lambda match: _CLASSES.get(match[0], match[0]), piece, flags=re.DOTALL)
