"""From a row to a prompt: which column is what, by the recipe's word or by the form that such rows have in the field.

A column that the recipe names must be in every row and fit, or the row is an error; one that is found by its name alone is used
where it is there and fits, and else left unread, which is noted. The forms are those of `sctk_core.reading.row_forms`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sctk_core.builtin.asked import messages_of
from sctk_core.builtin.beside import (
    DOCUMENT,
    LABELS,
    OTHERS,
    REFERENCE,
    TOOLS,
    document_in,
    kinds_in,
    references_in,
    system_turn,
    text_beside,
    tools_in,
)
from sctk_core.builtin.given import SCORES, TEXTS, given_of
from sctk_core.builtin.looked import NAMED, Looked
from sctk_core.builtin.options import gathered
from sctk_core.builtin.own_tables import own_prompt
from sctk_core.builtin.row_values import as_lists
from sctk_core.config import setting
from sctk_core.errors import ConfigError
from sctk_core.reading import (
    COLUMNS,
    CONTEXT,
    KIND,
    OPTIONS,
    ROW_FORMS,
    SYSTEM,
    Row,
    headless,
    is_about,
    listed,
    named_usually,
    recognised,
    root_of,
    rows_elsewhere,
    text_within,
    usual_names,
    where_asked,
)
from sctk_core.records import Prompt

ASKED = tuple(dict.fromkeys(form.asked for form in ROW_FORMS if not form.wants))
VERDICTS = ("label", "kto_tag")
"""Columns that may say of a conversation's last answer whether it is a good one."""
_SHADES = re.compile(
    "[\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}-\N{EMOJI MODIFIER FITZPATRICK TYPE-6}\N{VARIATION SELECTOR-16}]"
)
"""What an emoji is given behind it, and says nothing more."""
_ANSWERED = frozenset(name.lower() for form in ROW_FORMS for name in form.answered) | frozenset(REFERENCE)
_IN_GROUPS = (name for group in (*TEXTS, *SCORES) for name in group)
USUAL = COLUMNS.union(
    REFERENCE, OTHERS.values(), DOCUMENT, SYSTEM, KIND, LABELS, TOOLS, OPTIONS, _IN_GROUPS, ("group",)
)
"""All columns that are found by their names."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column of the file is what, as a name or a path into a column (`turns[0].text`); nothing: found by the form."""

    prompt: str | tuple[str, ...] = setting(
        "",
        help="the text, or the list of role and content, that is asked; of several columns their texts, in that order",
    )
    system: str = setting("", help="a system turn before the prompt")
    reference: str = setting("", help="the gold answer (reference, answer, answers, gold)")
    document: str = setting("", help="the context of knowledge methods (document, context)")
    group: str = setting("", help="the item (a film, a document) whose rows fall on one side of a split")
    kind: str | tuple[str, ...] = setting(
        "",
        help="what a row is one of (kind, category, type, ...; harmful): samples are spread over it, rewards may read it",
    )
    texts: tuple[str, ...] = setting(
        (), help="draft, then revisions, made elsewhere (draft, revision; summary_pre, ...; or [rejected, chosen])"
    )
    scores: tuple[str, ...] = setting((), help="their scores, in the same order (draft_score, ...; scores_pre, ...)")


class NoPrompt(ConfigError):
    """A row without a column that may hold what is asked."""


def as_usual(row: Row, columns: Columns) -> Row:
    """The row with its columns under their usual names, where they are called so but for their capitals."""
    named = (
        *_several(columns.prompt),
        *_several(columns.kind),
        *_named_elsewhere(columns),
        *columns.texts,
        *columns.scores,
    )
    taken = frozenset(root_of(name, row.values) for name in named)
    hint = "rename one, or say which is meant under [source.columns]"
    try:
        found = usual_names(tuple(row.values), USUAL, taken, hint)
    except ConfigError as error:
        raise ConfigError(f"{row.where}: {error.args[0]}", hint=error.hint) from error
    if not found:
        return row
    values = {found.get(name, name): value for name, value in row.values.items()}
    return replace(row, values=values, called={usual: name for name, usual in found.items()})


def prompt_of(row: Row, columns: Columns, *, trim: bool) -> tuple[Prompt, Looked]:
    """The prompt of a row, its occurrence not yet counted, and how the row was read; else a ConfigError that names the row."""
    lists = dict.fromkeys((*CONTEXT, *DOCUMENT, *REFERENCE, *OPTIONS, columns.reference, columns.document))
    row = as_lists(row, lists) if row.is_text else row
    own = None if _names_prompt(columns) else own_prompt(row.values)
    if own is not None and (columns.texts or columns.scores):
        prompt, looked = own
        given = given_of(row, columns.texts, columns.scores, prompt.messages, looked, trim=trim)
        return replace(prompt, given=given), looked
    if own is not None:
        return own
    row, of_options = (row, {}) if columns.prompt else gathered(row)
    looked = _looked(row, columns)
    looked.roles |= {role: names for role, names in of_options.items() if role in looked.asked}
    messages, answer = messages_of(row, looked)
    if answer is not None and any(_says_false(row.values.get(name)) for name in VERDICTS):
        looked.unread, answer = f"{looked.asked[0]}[-1]", None
    group = text_beside(row, columns.group, "group", looked)
    messages = (*system_turn(row, columns.system, messages, looked), *messages)
    messages = (replace(messages[0], defines=tools_in(row, looked) or messages[0].defines), *messages[1:])
    references = references_in(row, columns.reference, looked)
    if answer is not None and references:
        looked.unread = f"{looked.asked[0]}[-1]"
    elif answer is not None:
        references, looked.roles["reference"] = (answer,), (f"{looked.asked[0]}[-1]",)
    kinds = kinds_in(row, _several(columns.kind), looked, taken=_named_elsewhere(columns))
    prompt = Prompt(
        messages=messages,
        reference=references[0] if references else None,
        other_references=references[1:],
        document=document_in(row, columns.document, looked),
        meta=kinds | ({} if group is None else {"group": group}),
        given=given_of(row, columns.texts, columns.scores, messages, looked, trim=trim),
    )
    return prompt, looked


def _says_false(value: object) -> bool:
    """Whether a label says of the last answer that it is not wanted (KTO); a number may be the label of a class."""
    if not isinstance(value, str):
        return value is False
    plain = _SHADES.sub("", value).strip().lower().replace("_", " ")
    return plain in ("false", "\N{THUMBS DOWN SIGN}", "thumbs down", "undesirable")


def _looked(row: Row, columns: Columns) -> Looked:
    """Which columns hold what is asked."""
    names = _several(columns.prompt)
    if names:
        return Looked(form=NAMED, asked=names)
    found = recognised(row.values)
    if found is not None:
        taken = {root_of(name, row.values) for name in _named_elsewhere(columns)}
        asked = tuple(name for name in found.asked if name == found.form.asked or name not in taken)
        return Looked(form=found.form.name, asked=asked)
    unfit = named_usually(ASKED, row.values)
    if unfit:  # to say what is wrong with it is better than to call it missing
        return Looked(form="prompts", asked=(unfit[0],))
    there = listed([row.name(name) for name in row.values])
    raise NoPrompt(
        f"{row.where}: got no column with a prompt (columns: {there}), wanted one of {', '.join(ASKED)}",
        hint=_instead(row),
    )


def _instead(row: Row) -> str:
    if elsewhere := (headless(row.values) if row.is_text else "") or rows_elsewhere(row.values):
        return elsewhere
    meant = where_asked(row.values) or _some_text(row)
    return f'say which column it is: [source.columns] prompt = "{row.name(meant) or "..."}"'


def _some_text(row: Row) -> str:
    """The first column, or path into one, that holds text, is not called as answers are and not as what tells of a row."""
    found = {name: text_within(value, name) for name, value in row.values.items() if not is_about(name)}
    asking = [name for name in found if name.lower() not in _ANSWERED]
    meant = next((name for name in [*asking, *found] if found[name]), "")
    is_list = isinstance(row.values.get(meant), list)
    return f"{meant}[0]" if is_list and found[meant] == meant else found.get(meant, "").replace("[*]", "[0]")


def _several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    """The columns that a setting names, one or more."""
    return tuple(filter(None, (names,) if isinstance(names, str) else names))


def _names_prompt(columns: Columns) -> bool:
    """Whether the recipe names a column for something that a prompt is made of."""
    return bool(columns.prompt or columns.kind or _named_elsewhere(columns))


def _named_elsewhere(columns: Columns) -> list[str]:
    """The columns that the recipe names for something else than what is asked and answered."""
    return [name for name in (columns.system, columns.reference, columns.document, columns.group) if name]
