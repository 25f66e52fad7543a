"""Prompts put into templates: a film's title into a request for a review, a harmful request into a jailbreak.

A template is a text with `{prompt}` in it. Which one a prompt gets is drawn by what it asks, so a row more or less changes no
other; the turn that is wrapped is the user's last. Held-out prompts may have templates of their own, to see how far training
carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sctk_core.errors import ConfigError
from sctk_core.identity import content_id, seed_from
from sctk_core.reading import Row
from sctk_core.records import Prompt

MARKS = ("{prompt}", "[INSERT PROMPT HERE]")
"""Where the prompt goes; the second is how collections of jailbreaks write it."""
COLUMN = "template"


class Wrapping:
    """Puts prompts into one of some templates; without any it leaves them as they are."""

    def __init__(self, templates: Iterable[str], where: str = "[source.rows] templates") -> None:
        self.templates = tuple(templates)
        for template in self.templates:
            if not any(mark in template for mark in MARKS):
                raise ConfigError(
                    f"{where}: got a template without {MARKS[0]}: {template[:80]!r}",
                    hint="it says where the prompt goes",
                )

    @property
    def digest(self) -> str:
        """32 hex digits over the templates; nothing where there is none."""
        return content_id("templates", *self.templates) if self.templates else ""

    def around(self, prompt: Prompt) -> Prompt:
        """The prompt with the user's last turn in its template."""
        if not self.templates:
            return prompt
        at = max((i for i, turn in enumerate(prompt.messages) if turn.role == "user"), default=None)
        if at is None:
            return prompt
        turn = prompt.messages[at]
        number = seed_from("template", turn.content) % len(self.templates)
        wrapped = replace(turn, content=filled(self.templates[number], turn.content))
        return replace(prompt, messages=(*prompt.messages[:at], wrapped, *prompt.messages[at + 1 :]))


def filled(template: str, text: str) -> str:
    """The template with the text in the place of its marks; marks in the text are left alone.

    >>> filled("Say {prompt}, {prompt}.", "{prompt}")
    'Say {prompt}, {prompt}.'
    """
    for mark in MARKS:
        if mark in template:
            return text.join(template.split(mark))
    return template


def templates_in(rows: Iterable[Row]) -> Iterator[str]:
    """The templates of a file's rows: of the column `template`, or of the only one there is."""
    for row in rows:
        value = row.values.get(COLUMN, next(iter(row.values.values())) if len(row.values) == 1 else None)
        if not isinstance(value, str):
            raise ConfigError(
                f"{row.where}: got no text in the column {COLUMN!r} (columns: {', '.join(row.values)})",
                hint="one template a row, with {prompt} where the prompt goes",
            )
        yield value
