"""The forms that rows have in the field, one line each, and which form a row has: one definition for every command.

A form is known by the columns that hold what is asked. What goes before or after it (a context, an input) is part of what is
asked; what was answered is compared where whole rows are, and is no prompt. The first form that fits is taken
whose columns are not all empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sctk_core.reading.answers import answers_of, context_of
from sctk_core.reading.columns import holds_text
from sctk_core.reading.options import OPTIONS, labelled, letters_of
from sctk_core.reading.turns import Misfit, listed_turns, turns_of

CONTEXT = (
    "context", "contexts", "passage", "passages", "paragraph", "paragraphs", "documents", "ctxs", "retrieved_contexts",
    "article", "story",
)  # fmt: skip
ANSWER = ("answer", "answers", "ground_truth", "best_answer", "Best Answer", "response", "output", "completion")
KEYED = (*ANSWER, "answerKey")
SYSTEM = ("system", "system_prompt")
"""Columns that guide what is asked, as a system turn does."""
PAIR = ("chosen", "rejected")
CHOICE = "multiple choice"


_INPUTS = ("input", "inputs")
_TEXT_LIST_OR_OBJECT = (str, list, dict)


@dataclass(frozen=True, kw_only=True)
class RowForm:
    """One form. `asked` must hold text or turns (`turns`: turns alone), and `wants` be there; the rest is taken where it is there.

    Of `before` and of `after` the first that holds a text is shown to the model with `asked`.
    """

    name: str
    asked: str
    wants: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    turns: bool = False


ROW_FORMS = (
    RowForm(name="preference rows", asked="messages", wants=PAIR, answered=PAIR),
    RowForm(name="messages", asked="messages"),
    RowForm(name="ShareGPT", asked="conversations", turns=True),
    RowForm(name="ShareGPT", asked="conversation", turns=True),
    RowForm(name="preference rows", asked="prompt", wants=PAIR, answered=PAIR),
    RowForm(name="KTO", asked="prompt", wants=("completion", "label"), answered=("completion",)),
    RowForm(name="prompts", asked="prompt", answered=ANSWER),
    RowForm(name="Dolly", asked="instruction", wants=("context",), after=("context",), answered=ANSWER),
    RowForm(name="preference rows", asked="instruction", wants=PAIR, after=("input",), answered=PAIR),
    RowForm(name="UltraFeedback", asked="instruction", wants=("completions",), answered=("completions",)),
    RowForm(name="Alpaca", asked="instruction", wants=("output",), after=("input",), answered=ANSWER),
    RowForm(name="instructions", asked="instruction", after=("input", "inputs", "question", *CONTEXT), answered=ANSWER),
    RowForm(name="preference rows", asked="question", wants=PAIR, before=CONTEXT, answered=PAIR),
    RowForm(name=CHOICE, asked="question", wants=("choices",), before=CONTEXT, after=("choices",), answered=KEYED),
    RowForm(name=CHOICE, asked="question", wants=("options",), before=CONTEXT, after=("options",), answered=KEYED),
    RowForm(name=CHOICE, asked="question_stem", wants=("choices",), before=CONTEXT, after=("choices",), answered=KEYED),
    RowForm(name="SVAMP", asked="question", wants=("Body",), before=("Body",), answered=("answer",)),
    RowForm(name="questions", asked="question", before=CONTEXT, answered=ANSWER),
    RowForm(name="questions", asked="query", before=CONTEXT, answered=ANSWER),
    RowForm(name="questions", asked="user_input", before=CONTEXT, answered=ANSWER),
    RowForm(name="problems", asked="problem", before=CONTEXT, answered=("answer", "solution")),
    RowForm(name="goals", asked="goal", wants=("target",), answered=("target",)),
    RowForm(name="preference rows", asked="chosen", wants=("rejected",), answered=("rejected",), turns=True),
)


COLUMNS = frozenset(
    name for form in ROW_FORMS for name in (form.asked, *form.wants, *form.before, *form.after, *form.answered)
)
"""All columns that forms are known by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a row is read as: its form, and the columns of what is asked, in the order of the text."""

    form: RowForm
    asked: tuple[str, ...]


def recognised(row: Mapping[str, Any]) -> Found | None:
    """The form of a row; None: it has none of them.

    >>> found = recognised({"instruction": "Sum up.", "context": "A river runs.", "response": "It runs."})
    >>> found.form.name, found.asked
    ('Dolly', ('instruction', 'context'))
    """
    fitting = (found for form in ROW_FORMS if (found := as_form(row, form)))
    first = next(fitting, None)
    if first is None or any(holds_text(row[name]) for name in first.asked):
        return first
    return next((found for found in fitting if any(holds_text(row[name]) for name in found.asked)), first)


def named_form(row: Mapping[str, Any]) -> RowForm | None:
    """The form that the columns of a row are called after, whatever they hold; None: none."""
    return next((form for form in ROW_FORMS if form.asked in row and all(name in row for name in form.wants)), None)


def as_form(row: Mapping[str, Any], form: RowForm) -> Found | None:
    """The row read as that form; None: it does not fit."""
    if form.asked not in row or not isinstance(row[form.asked], _TEXT_LIST_OR_OBJECT):
        return None
    if form.wants and not all(name in row for name in form.wants):
        return None
    is_turns = _is_turns(row[form.asked])
    if not is_turns and (form.turns or isinstance(row[form.asked], dict)):
        return None
    before, after = ((), ()) if is_turns else (_shown(row, form.before), _shown(row, form.after))
    return Found(form=form, asked=(*before, form.asked, *after))


def answered_in(row: Mapping[str, Any], form: RowForm) -> tuple[str, ...]:
    """The columns of the form that hold an answer."""
    return tuple(name for name in form.answered if name in row and holds_answer(row[name]))


def parts_asked(row: Mapping[str, Any], form: RowForm, *, guiding: bool = True) -> tuple[str, ...]:
    """The columns of a row that are part of what is asked though its form does not name them: an input, a context, options.

    With `guiding` what guides it too, as a system turn does.

    >>> parts_asked({"prompt": "Translate.", "input": "Hallo", "completion": "Hello"}, recognised({"prompt": "Translate."}).form)
    ('input',)
    """
    named = {form.asked, *form.before, *form.after, *form.answered}
    letters = letters_of(row)
    beside = (*(SYSTEM if guiding else ()), *_INPUTS, *CONTEXT, *OPTIONS)
    usual = [name for name in beside if name in row and name not in named]
    is_choice = any(isinstance(row.get(name), str) and row[name] in letters for name in KEYED)
    return (*usual, *(letters if is_choice else ()))


def where_asked(row: Mapping[str, Any]) -> str:
    """Of a row of no form the column, or the path into one, that may be what is asked: a conversation, or a question in an object.

    >>> where_asked({"id": "7", "body": {"messages": [{"role": "user", "content": "Hi"}]}}), where_asked({"title": "Hi"})
    ('body.messages', '')
    """
    named = {form.asked for form in ROW_FORMS if not form.turns}
    inside = {
        f"{name}.{key}": (key, value[key]) for name, value in row.items() if isinstance(value, dict) for key in value
    }
    there = {name: (name.lower(), value) for name, value in row.items()}
    asking = [name for name, (_, value) in (there | inside).items() if _is_asking(value)]
    called = [name for name, (key, _) in there.items() if key in named]
    called += [path for path, (key, value) in inside.items() if key in named and isinstance(value, str)]
    turns = [name for name, (_, value) in (there | inside).items() if _is_turns(value)]
    return next(iter([*asking, *called, *turns]), "")


def _is_asking(value: object) -> bool:
    """Whether a value is a conversation in which somebody asks."""
    try:
        return any(turn.role == "user" for turn in turns_of(value) or ())
    except Misfit:
        return False


def _is_turns(value: object) -> bool:
    try:
        return listed_turns(value) is not None
    except Misfit:
        return True


def _shown(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """The first of the columns that holds a text."""
    return next(((name,) for name in names if name in row and _holds_part(name, row[name])), ())


def _holds_part(name: str, value: object) -> bool:
    try:
        return bool(part_text(name, value).strip())
    except Misfit:
        return False


def part_text(name: str, value: object) -> str:
    """The text of a column of what is asked beside a question: a context, or options, one below the other."""
    options = labelled(value) if name in OPTIONS else None
    return context_of(value) if options is None else "\n\n".join(options.values())


def holds_answer(value: object) -> bool:
    """Whether a value holds an answer, in any shape."""
    try:
        return any(answers_of(value))
    except Misfit:
        return False
