"""Prompts as data: templates that are filled in one pass, so that untrusted text stays text.

`{name}` is a placeholder when `name` is an identifier; every other brace is text, so that JSON can stand in a template.
`{{name}}` stands for the text `{name}`. A value is put in as it is: braces, placeholder names and backslashes in it mean
nothing. An unknown placeholder is an error when the template is read, never a hole when a model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from sctk_core.config import suggestion
from sctk_core.errors import ConfigError
from sctk_core.identity import content_id

_PLACEHOLDER = re.compile(r"\{\{([A-Za-z_]\w*)\}\}|\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A text with placeholders. Build it with `Template.read`, which checks the placeholders against what will be known."""

    text: str

    @classmethod
    def read(cls, text: str, *, known: Collection[str], where: str, needs: Collection[str] = ()) -> Template:
        """A template whose placeholders are all in `known` and that has every one in `needs`; `where` opens complaints.

        >>> Template.read("Criticise: {response}", known={"response"}, where="[critic] critique").fill(response="{x}")
        'Criticise: {x}'
        """
        template = cls(text=text)
        names = ", ".join("{" + name + "}" for name in sorted(known)) or "none"
        for name in template.placeholders:
            if name not in known:
                raise ConfigError(
                    f"{where}: got the unknown placeholder {{{name}}}, wanted one of {names}",
                    hint=suggestion(name, known) or f"write {{{{{name}}}}} for the text {{{name}}}",
                )
        for name in needs:
            if name not in template.placeholders:
                raise ConfigError(
                    f"{where}: got a template without {{{name}}}, wanted it to show {{{name}}}",
                    hint=f"put {{{name}}} where that text belongs",
                )
        return template

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of the placeholders, in order of first appearance."""
        found = (match.group(2) for match in _PLACEHOLDER.finditer(self.text))
        return tuple(dict.fromkeys(name for name in found if name))

    @property
    def digest(self) -> str:
        """32 hex digits that name the template by its text."""
        return content_id("template", self.text)

    def fill(self, **values: str) -> str:
        """The text with every placeholder replaced by its value, in one pass; values that it does not show are ignored.

        >>> Template(text='{a} {{a}} {"k": 1}').fill(a="{b}", b="no")
        '{b} {a} {"k": 1}'
        """
        missing = [name for name in self.placeholders if name not in values]
        if missing:
            raise ConfigError(
                f"template {self.text[:60]!r}: got no value for {{{missing[0]}}}, wanted one for each placeholder",
                hint="the component that fills this template knows " + (", ".join(sorted(values)) or "no values"),
            )
        return _PLACEHOLDER.sub(
            lambda match: values[match.group(2)] if match.group(2) else match.group(0)[1:-1], self.text
        )
