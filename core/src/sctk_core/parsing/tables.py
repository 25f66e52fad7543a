"""Tables of Markdown, said row by row: "| Overall | 3 |" says "Overall: 3", as a person reads it.

A row that is only numbered ("| 1 | Is it kind? | yes | 1 |") is named by its second cell, and what it scores stands under the
head that says so. So a row's points are never the score of the reply: only a row that is named for the whole says that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sctk_core.parsing.words import any_of

_RULE = re.compile(r":?-+:?")
_NUMBERED = re.compile(r"\W*(?:[a-zA-Z]{0,2}\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})\W*")
_COUNTS = re.compile(r"\W*(?:no|nr|num|number|id|item|step|row|q)?\W*")
"""The head of a column that numbers the rows."""
_RUBRIC = re.compile(r"(?i)\W*(?:meaning|description|definition|what it means|criteria)\W*")
"""The head of a column that says what the scores of a rubric mean."""
_FIGURE = r"^\W*\d+(?:[.,]\d+)?(?:\s?/\s?\d+)?\W*$"
_MOST = re.compile(r"\W*(?:max\w*|out of|possible)\b.*", re.IGNORECASE)


def tables_said(text: str) -> str:
    """The text with the rows of its tables said, one a line.

    >>> tables_said("| # | Part | Points |\\n|--|--|--|\\n| 1 | Clear? | 2 |\\n| 2 | Kind? | 1 |").split("\\n")
    ['Clear?: 2', 'Kind?: 1']
    """
    if "|" not in text:
        return text
    lines, block = [], list[list[str]]()
    for line in text.splitlines():
        if line.count("|") > 1:
            block.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        else:
            lines += [*_said(block), line]
            block = []
    return "\n".join([*lines, *_said(block)])


def _said(block: Sequence[Sequence[str]]) -> Iterator[str]:
    """What the rows of one table say: the heads name the cells of a single row without a name of its own."""
    rows = [cells for cells in block if not all(map(_RULE.fullmatch, cells))]
    if not rows:
        return
    heads, body = rows[0], rows[1:]
    if any(map(_RUBRIC.fullmatch, heads)):
        return
    if len(heads) > 1 and (len(rows) == len(block) or any(map(str.isdigit, heads[1]))):
        yield _row([], heads, numbered=False)  # a table without heads, or one whose heads are its first row
    numbered = _numbered(heads, body)
    unnamed = [cells for cells in body if not numbered and re.match(r"\W*\d", cells[0])]
    for cells in body:
        if cells not in unnamed:
            yield _row(heads, cells, numbered)
        elif len(unnamed) == 1 and len(cells) == len(heads):
            yield from (f"{head}: {cell}" for head, cell in zip(heads, cells, strict=True))


def _numbered(heads: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the first column only counts the rows, which the second one names."""
    if len(heads) < 3 or re.match(rf"\W*{any_of('score.labels', 'score.comma_labels')}", heads[0].lower()):
        return False
    firsts = [cells[0] for cells in body if _NUMBERED.fullmatch(cells[0])]
    return bool(firsts) and (_COUNTS.fullmatch(heads[0].lower()) is not None or 1 < len(firsts) >= len(body) - 1)


def _row(heads: Sequence[str], cells: Sequence[str], numbered: bool) -> str:
    """A row as "name: value", with the scale that stands in the head or beside the value; "" where it says nothing."""
    name = next((cell for cell in cells[: 1 + numbered] if cell and not (numbered and _NUMBERED.fullmatch(cell))), "")
    place = _place(heads, cells, 1 + numbered)
    if not name or place is None:
        return ""
    scale = re.search(r"[(\[][^()\[\]]*\d[^()\[\]]*[)\]]", heads[place]) if place < len(heads) else None
    most = [cell for head, cell in zip(heads, cells, strict=False) if _MOST.fullmatch(head) and cell.isdigit()]
    named = f"{name} {scale[0]}" if scale else name
    return f"{named}: {cells[place]}{f'/{most[0]}' if len(most) == 1 and re.search(_FIGURE, cells[place]) else ''}"


def _place(heads: Sequence[str], cells: Sequence[str], first: int) -> int | None:
    """Where the value of a row stands: under the one head that says so, else first, where no other cell is a number."""
    said = [place for place in range(first, len(cells)) if place >= len(heads) or not _MOST.fullmatch(heads[place])]
    valued = [place for place in said if place < len(heads) and _valued(heads[place]) and cells[place]]
    numbers = [place for place in said if re.search(_FIGURE, cells[place])]
    if len(valued) == 1:
        return valued[0]
    return said[0] if said and cells[said[0]] and len(numbers) < 2 else None


def _valued(head: str) -> bool:
    """Whether a head says that its column holds scores or verdicts."""
    labels = any_of("score.labels", "score.comma_labels", "verdict.labels")
    before = any_of("score.leads", "score.overall", "score.final", "score.average")
    return re.match(rf"\W*(?:{before}\s+)?(?:{labels}|(?:marks|result)\b)", head.lower()) is not None
