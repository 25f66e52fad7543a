r"""Marks of LaTeX as plain ones, for teachers that write them: \boxed{(3 + 4)}, \frac{84}{2}, 6 \times 7, \text{bank}."""

from __future__ import annotations

import re

BOX = r"\\f?boxed\s*(?=\{)|\\fbox\s*(?=\{)"
_BRACED = r"\{([^{}]{0,400})\}"
_WORDS = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname|boxed|fbox)\s*" + _BRACED)
_FRACTION = re.compile(r"\\[dtc]?frac\s*" + _BRACED + r"\s*" + _BRACED)
_SIGNS = re.compile(r"\\(times|cdot|ast|div|left|right|big|quad|qquad|[()\[\],;:! $%])(?![a-zA-Z])")
_PLAIN = {"times": "*", "cdot": "*", "ast": "*", "div": "/", "$": "$", "%": "%"}
_DEEPEST = 8


def plain_latex(text: str) -> str:
    r"""A text without the marks of LaTeX, fractions in brackets; one that has none as it is.

    >>> plain_latex(r"\(\frac{84}{2} \times 3\)"), plain_latex(r"$\text{bank}$"), plain_latex("3 + 4")
    ('((84) / (2)) * 3', '$bank$', '3 + 4')
    """
    if "\\" not in text:
        return text
    for _ in range(_DEEPEST):
        before = text
        text = _WORDS.sub(r"\1", _FRACTION.sub(r"((\1) / (\2))", text))
        if text == before:
            break
    return _SIGNS.sub(lambda found: _PLAIN.get(found[1], ""), text)


def braced(text: str) -> str:
    """A text that begins with a brace, without that and the one that closes it.

    >>> braced("{a {b}} c"), braced("{a")
    ('a {b} c', 'a')
    """
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if not depth:
            return text[1:place] + text[place + 1 :]
    return text[1:]
