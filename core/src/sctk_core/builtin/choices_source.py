"""The source `choices`: questions with choices, for `[[test]]`, of which the likeliest is the answer (ARC, HellaSwag, MMLU, ...).

Rows are read in the shapes that the usual benchmarks have (`_asked` lists them) or by the columns that the recipe names. Nothing is
written by the model: each choice is what a choice is worth by its log-probability, so the smallest model can be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from sctk_core.builtin.columns import Columns as Usual
from sctk_core.builtin.columns import as_usual
from sctk_core.builtin.options import chosen, gathered, shown
from sctk_core.builtin.row_values import as_lists, text_in
from sctk_core.choosing import Per, with_choices
from sctk_core.config import setting
from sctk_core.errors import ConfigError
from sctk_core.identity import content_id, file_digest
from sctk_core.reading import (
    CONTEXT,
    OPTIONS,
    Misfit,
    NoSuchPath,
    Row,
    Wanted,
    context_of,
    inputs_at,
    labelled,
    listed,
    named_usually,
    no_column,
    rows_of,
    value_at,
)
from sctk_core.records import Message, Prompt

ASKED = ("question", "question_stem", "ctx", "query", "prompt", "input")
CHOICES = (*OPTIONS, "endings", "mc1_targets")
ANSWERS = ("answerKey", "answer", "label", "gold", "answer_index", "correct_answer")
BLANK, TWO = "_", ("option1", "option2")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column of the file is what; nothing: found by its usual name."""

    question: str = setting("", help="what is asked (question, question_stem, ctx, query)")
    choices: str = setting("", help="the choices: a list, an object by letter, ARC's text and label (choices, endings)")
    answer: str = setting("", help="the right one: its label, its place from 0, or its text (answerKey, answer, label)")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question as it is read: its text, its choices by label, and the text of the right one."""

    text: str
    choices: Mapping[str, str]
    right: str


class ChoicesSource:
    """Questions with choices out of files."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which files, and how a choice is asked for."""

        path: str = setting(help="a file, or a directory of shards or of save_to_disk", identity=False)
        columns: Columns = setting(Columns(), help="which column is what; usual names are recognised")
        ask: Literal["question", "letters"] = setting(
            "question",
            help="question: it alone is shown, and each choice is an answer to it (ARC, HellaSwag); letters: the choices are "
            "shown by letter, and each letter is an answer (MMLU)",
        )
        per: Per = setting(
            "choice",
            help="the likeliest choice has the largest log-probability as a whole (choice), or by character of its text "
            "(character), so that long ones do not lose by their length",
        )

    def __init__(self, config: Config) -> None:
        self.config = config
        found: list[str] = []
        self._files = inputs_at(config.path, Wanted(of="questions"), found.append)
        self.notes: tuple[str, ...] = tuple(found)

    def digest(self) -> str:
        """32 hex digits over the bytes of all files."""
        return content_id("choices", *(file_digest(one.path) for one in self._files if one.path))

    def prompts(self) -> Iterator[Prompt]:
        """All questions, in the order of the file."""
        for row in (row for one in self._files for row in rows_of(one)):
            yield self._prompt(asked_in(row, self.config.columns))

    def held_out(self) -> Iterator[Prompt]:
        """None: all questions are of evaluation."""
        return iter(())

    def _prompt(self, asked: Asked) -> Prompt:
        text, choices, right = asked.text, tuple(asked.choices.values()), asked.right
        if self.config.ask == "letters":
            text, choices = f"{text}\n\n{shown(dict(asked.choices))}", tuple(asked.choices)
            right = next(label for label, one in asked.choices.items() if one == asked.right)
        return Prompt(
            messages=(Message(role="user", content=text),), reference=right, meta=with_choices(choices, self.config.per)
        )


def asked_in(row: Row, columns: Columns) -> Asked:
    """The question of a row; a ConfigError that names the row where it has none, or where the right answer is no choice of it.

    >>> arc = {"question": "What melts?", "choices": {"text": ["ice", "fire"], "label": ["A", "B"]}, "answerKey": "A"}
    >>> asked_in(Row(where="a:1", values=arc), Columns())
    Asked(text='What melts?', choices={'A': 'ice', 'B': 'fire'}, right='ice')
    >>> winogrande = {"sentence": "The cup did not fit, _ was small.", "option1": "it", "option2": "the bag", "answer": "2"}
    >>> asked_in(Row(where="a:1", values=winogrande), Columns())
    Asked(text='The cup did not fit,', choices={'1': 'it was small.', '2': 'the bag was small.'}, right='the bag was small.')
    """
    row = as_usual(row, Usual())
    row = as_lists(row, (*CHOICES, *CONTEXT)) if row.is_text else row
    row = _unnested(gathered(row)[0])
    if not columns.choices and all(name in row.values for name in ("sentence", *TWO)):
        row = _filled(row)
    question, choices, answer = (
        _column(row, said, usual, what)
        for said, usual, what in (
            (columns.question, ASKED, "question"),
            (columns.choices, CHOICES, "choices"),
            (columns.answer, ("labels", *ANSWERS), "answer"),
        )
    )
    options = labelled(value_at(row.values, choices))
    if options is None or len(options) < 2 or len(set(options.values())) < len(options):
        raise ConfigError(
            f"{row.where}: {row.name(choices)}: got {value_at(row.values, choices)!r:.80}, wanted two different texts or more",
            hint="a list, an object by letter, or ARC's text and label",
        )
    right = chosen(value_at(row.values, answer), options)
    if not isinstance(right, list):
        raise ConfigError(
            f"{row.where}: {row.name(answer)}: got {right!r:.80}, wanted one of {listed(list(options))} or of the choices",
            hint="a label, a place from 0, or the text of the right choice",
        )
    text = text_in(row, question, value_at(row.values, question))
    before = next((part for name in CONTEXT if (part := _context(row, name))), "") if not columns.question else ""
    return Asked(text=f"{before}\n\n{text}".strip() if before else text, choices=options, right=right[1])


def _column(row: Row, said: str, usual: tuple[str, ...], what: str) -> str:
    """The column that a recipe names, or the most usual one that is there."""
    name = said or next(iter(named_usually(usual, row.values)), "")
    try:
        value_at(row.values, name) if name else None
    except NoSuchPath:
        raise no_column(row.where, name, row.values, wanted=f"columns.{what}") from None
    if not name:
        raise ConfigError(
            f"{row.where}: got no column with the {what} (columns: {listed(list(row.values))}), wanted one of {', '.join(usual)}",
            hint=f'say which column it is: columns = {{ {what} = "..." }}',
        )
    return name


def _context(row: Row, name: str) -> str:
    try:
        return context_of(row.values[name]) if name in row.values else ""
    except Misfit:
        return ""


def _unnested(row: Row) -> Row:
    """The row with its question out of its own object (ARC's file: stem and choices), and TruthfulQA's choices as a list."""
    values: dict[str, Any] = dict(row.values)
    question = values.get("question")
    if isinstance(question, dict) and "stem" in question:
        values |= {"question": question["stem"], "choices": question.get("choices")}
    targets = values.get("mc1_targets")
    if isinstance(targets, dict) and isinstance(targets.get("labels"), list) and 1 in targets["labels"]:
        values = {name: value for name, value in values.items() if name not in ("choices", "mc1_targets")}
        values |= {"choices": targets.get("choices"), "labels": targets["labels"].index(1)}
    return replace(row, values=values)


def _filled(row: Row) -> Row:
    """Winogrande's row: what stands before the blank is asked, and each option goes on with what stands behind it."""
    before, _, after = text_in(row, "sentence", row.values["sentence"]).partition(BLANK)
    options = {str(n): f"{text_in(row, name, row.values[name])}{after}".strip() for n, name in enumerate(TWO, start=1)}
    return replace(row, values=row.values | {"question": before.strip(), "choices": options})
