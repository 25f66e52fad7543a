"""What is neither words nor layout that a person sees: ends of turns, HTML, LaTeX, and program text.

A judge that writes a page or a formula says the same as in plain words. One that writes a program has said nothing: the
number in `score = 0` is where a count begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

ENDS = (
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "<|end|>", "<|return|>", "<end_of_turn>",
    "<|END_OF_TURN_TOKEN|>", "<｜end▁of▁sentence｜>", "</s>",
)  # fmt: skip
"""What the families of models end a turn with; behind it comes another talk, or nothing."""
_BLOCKS, _INLINE = (
    "p|div|br|hr|h[1-6]|ul|ol|li|center|table|thead|tbody|tr|td|th",
    "b|i|u|em|strong|span|font|mark|small",
)
HTML = rf"</?(?:{_BLOCKS}|{_INLINE})\b[^<>\n]{{0,80}}>"
_UNTICKED = re.compile(r"(?m)^[ \t]*(?:[-*+•][ \t]+)?(?:\[[ _]?\]|\([ _]?\)|[☐⬜◻□])[ \t]*\S.*$")
_TICKED = re.compile(r"(?m)^([ \t]*(?:[-*+•][ \t]+)?)(?:\[[xX✓✔]\]|[☑☒])[ \t]+(?=\S)")
_ENDED = re.compile(rf"(?:{'|'.join(map(re.escape, ENDS))})\s*(?=\Z|\n|<|\[INST\])")
_BLOCK = re.compile(rf"(?i)</?(?:{_BLOCKS})\b[^<>\n]{{0,80}}>")
_HTML = re.compile(rf"(?i){HTML}|&nbsp;")
_CELL = re.compile(r"(?i)</?t[dh]\b[^<>\n]{0,80}>(?:\s*<t[dh]\b[^<>\n]{0,80}>)?")
_ROW = re.compile(r"(?i)</?(?:tr|table|thead|tbody)\b[^<>\n]{0,80}>")
_WORDED = re.compile(r"\\(?:text(?:bf|it|rm)?|math(?:bf|it|rm)|operatorname) ?\{([^{}\n]{1,60})\}")
_FRACTION = re.compile(r"\\[dt]?frac ?\{([^{}\n]{1,60})\} ?\{([^{}\n]{1,20})\}")
_OPENS = re.compile(r"\s*(?:(?:async )?def \w+ ?\(|class \w+ ?[(:{]|function \w* ?\()")
_PROGRAM = re.compile(
    r"\s*(?:return\b|import \w|from \w+ import\b|print ?\(|console\.log|elif\b.*:\s*$|else ?[:{]\s*$|\w+ ?[-+*/]= ?\S)"
)
_ASSIGNS = re.compile(r"\s*(?:(?:let|const|var|int|float|double) )?[\w.]+(?: ?: ?\w+)? ?= ?\S")


_SHOWN = re.compile(
    r"(?is)\[(?:the )?(?:start|begin(?:ning)?)(?: of)? (?P<what>[^\[\]\n]{1,60})\].*?(?:\[(?:the )?end(?: of)? (?P=what)\]|\Z)"
)
"""What stands between marks that judges' prompts put around what is judged, and that small models write again."""


def without_shown(text: str) -> str:
    """A text without what it shows between "[The Start of X]" and "[The End of X]"; without an end, all that follows is shown.

    >>> without_shown("[BEGIN DATA]\\nI'd give it 4/5.\\n[END DATA]\\nScore: 2").split()
    ['Score:', '2']
    """
    return _SHOWN.sub("\n", text)


def first_turn(text: str) -> str:
    """A reply up to the mark that ends its turn, where the reply goes on with nothing or with another turn.

    >>> first_turn("Score: 4<|im_end|>\\n<|im_start|>user\\nScore: 1"), first_turn("It wrote </s> twice. Score: 2")
    ('Score: 4', 'It wrote </s> twice. Score: 2')
    """
    said = next((piece for piece in _ENDED.split(text) if piece.strip()), "")
    return said if _ENDED.search(text) else text


def without_markup(text: str) -> str:
    r"""A text without tags of HTML and commands of LaTeX; each leaves a space or a new line, so that no word is made of two halves.

    >>> without_markup("<b>Score:</b> 4").split(), without_markup(r"\text{Score} = \frac{4 + 2}{2} = 3").split()
    (['Score:', '4'], ['Score', '=', '(4', '+', '2)/(2)', '=', '3'])
    """
    text = _TICKED.sub(r"\1", _UNTICKED.sub("", text))  # of a list to tick, only what is ticked is said
    text = _ROW.sub("\n", _CELL.sub(" | ", text))
    text = _HTML.sub(" ", _BLOCK.sub("\n", text))
    text = _FRACTION.sub(r" (\1)/(\2) ", _WORDED.sub(r" \1 ", text))
    return re.sub(r"\\[\[\]()]", " ", text)


def without_program(text: str) -> str:
    """A text without what is program text in it; as it is, where nothing is.

    >>> without_program("def rate(reply):\\n    score = 5\\n    return score\\nScore: 2"), without_program("score = 4")
    ('Score: 2', 'score = 4')
    """
    lines = text.split("\n")
    if not any(_OPENS.match(line) or _PROGRAM.match(line) for line in lines):
        return text
    return "\n".join(_prose(lines))


def _prose(lines: list[str]) -> Iterator[str]:
    inside = False  # a definition, which lasts while lines are blank or indented
    for line in lines:
        inside = bool(_OPENS.match(line)) or (inside and (not line.strip() or line[0] in " \t})"))
        if not inside and not _PROGRAM.match(line) and not _ASSIGNS.match(line):
            yield line
