"""What the text of a row is: of a prompt what it asks, of a sample or pair that, what was answered, or both.

System turns are left out: they are the same in every row of most files, and would make all rows alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sctk_core import GUIDING, Pair, Prompt, Sample, Weighted, setting

Part = Literal["both", "prompt", "completion"]
Sides = Literal["both", "chosen"]
Row = Prompt | Sample | Weighted | Pair
Rows = Sequence[Prompt] | Sequence[Sample] | Sequence[Weighted] | Sequence[Pair]

TEXT: Part = setting(
    "both", help="what is compared: what was asked, what was answered, or both; of prompts what they ask"
)
PAIR: Sides = setting("both", help="of pairs: both answers, or the chosen one alone")
THREADS: int = setting(1, help="threads of the Rust core; the answer is the same for any number", low=1, identity=False)


def asked(prompt: Prompt) -> str:
    """What a prompt asks: its turns but for system turns, and the document that it is about.

    >>> from sctk_core import Message
    >>> asked(Prompt(messages=(Message(role="user", content="Why?"),), document="A river runs."))
    'Why?\\nA river runs.'
    """
    return "\n".join(_asked(prompt))


def text_of(row: Row, part: Part, sides: Sides) -> str:
    """The text of one row, its parts one below the other."""
    return "\n".join(parts_of(row, part, sides))


def parts_of(row: Row, part: Part, sides: Sides) -> list[str]:
    """The parts of one row: each turn that is asked, the document, each answer."""
    if isinstance(row, Prompt):
        return _asked(row)
    row = row.sample if isinstance(row, Weighted) else row
    if isinstance(row, Sample):
        answers = [row.text]
    else:
        answers = [row.chosen.text, row.rejected.text] if sides == "both" else [row.chosen.text]
    question = [] if part == "completion" else _asked(row.prompt)
    return question + ([] if part == "prompt" else answers)


def _asked(prompt: Prompt) -> list[str]:
    turns = [turn.text for turn in prompt.messages if turn.role not in GUIDING]
    return [*turns, prompt.document] if prompt.document else turns
