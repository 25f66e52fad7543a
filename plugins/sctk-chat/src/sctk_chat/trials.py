"""What a chat template is tried on before a run, because no request would show it: a template may write every text, and wrongly.

`written` finds a text that does not come out. Here it is given what methods ask (long texts with paragraphs, conversations of many
turns), and conversations in which every text is another, so that one written twice, in another order, or behind the other role's
marks is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any, Literal

from sctk_core import ConfigError, Message

from sctk_chat.templates import Written, written
from sctk_chat.twin import Shield, twin_of

Role = Literal["system", "user", "assistant"]
MANY_TURNS = 9
LONG = "".join(
    f"{n}. Look at this:\n\n    def f(x):\n        return x\n\n\nIt is *long*.\n" for n in range(400)
).strip()
"""24,000 characters: paragraphs, code, a list."""
HINT = "give the tokenizer another template: nothing that this one writes can be trusted"


def refuse_faults(tokenizer: Any, variables: Mapping[str, Any], about: str) -> None:
    """A ConfigError, beginning with `about`, for a template that cuts, repeats, reorders texts, or mixes up who said them."""
    for fault in _faults(tokenizer, variables):
        raise ConfigError(f"{about}: {fault}", hint=HINT)


def _faults(tokenizer: Any, variables: Mapping[str, Any]) -> Iterator[str]:
    asked = _tried(tokenizer, ("user",), variables)
    if asked is not None and _tried(tokenizer, ("user",), variables, LONG) is None:
        yield f"it cuts or changes a question of {len(LONG):,} characters, wanted all of it"
    guided = _tried(tokenizer, ("system", "user"), variables)
    talk = _tried(tokenizer, ("user", "assistant", "user"), variables)
    for found in filter(None, (asked, guided, talk)):
        yield from _repeated(found)
    if guided is not None and not guided.moved and _places(guided)[0] > _places(guided)[1]:
        yield "it writes the system message behind the question, wanted it before"
    if talk is None:
        return
    if _tried(tokenizer, ("user", "assistant", "user"), variables, LONG) is None:
        yield f"it cuts or changes a turn of {len(LONG):,} characters in a conversation, wanted all of it"
    if _tried(tokenizer, tuple(islice(cycle(("user", "assistant")), MANY_TURNS)), variables) is None:
        yield f"it writes conversations of three turns and leaves out some of {MANY_TURNS}, wanted every turn"
    yield from _mixed_up(tokenizer, talk)


def _tried(
    tokenizer: Any, roles: Sequence[Role], variables: Mapping[str, Any], last: str = ""
) -> Written | None:  # fmt: skip
    """A conversation of these roles in which every text is another, as it is written; None where that fails."""
    texts = [f"{chr(ord('a') + n)} said {n * n + 7}" for n in range(len(roles))]
    texts = [f"{text}: {last}" if last else text for text in texts]
    turns = [Message(role=role, content=text) for role, text in zip(roles, texts, strict=True)]
    try:
        return written(tokenizer, turns, True, variables, Shield(texts))
    except ConfigError:
        return None


def _places(found: Written) -> list[int]:
    return [found.text.find(turn.content) for turn in found.turns]


def _repeated(found: Written) -> Iterator[str]:
    for turn in found.turns:
        if found.text.count(turn.content) > 1:
            yield f"it writes the {turn.role} turn's text {found.text.count(turn.content)} times, wanted it once"


def _mixed_up(tokenizer: Any, talk: Written) -> Iterator[str]:
    """An answer stands behind the marks that an answer is asked for with, and a question does not."""
    twin, starts = twin_of(tokenizer), _places(talk)
    ends = [start + len(turn.content) for start, turn in zip(starts, talk.turns, strict=True)]
    between = [talk.text[ends[0] : starts[1]], talk.text[ends[1] : starts[2]], talk.text[ends[2] :]]
    answer, question, asks = ("".join(twin.name_controls(marks).split()) for marks in between)
    if not (answer.startswith(asks) or asks.startswith(answer)):
        marks = f"an answer behind {between[0]!r} and asks for one with {between[2]!r}"
        yield f"it writes {marks}, wanted the same marks: are roles swapped?"
    elif answer and answer == question:
        yield f"it writes questions and answers behind the same marks, {between[0]!r}, wanted them told apart"
