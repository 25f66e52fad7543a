"""Settings that are secret: a recipe names an environment variable, and only the component that asks sees what it holds.

Recipes, manifests, fingerprints, replies and messages hold the name. What was revealed is masked wherever the text of an exception
or of a component is shown or kept.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass

from sctk_core.errors import ConfigError

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_LEAST = 6
"""A revealed value that is shorter is not masked: it would be found in words that have nothing to do with it."""
_revealed: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Secret:
    """The name of an environment variable; as a setting: `api_key: Secret = setting(Secret("API_KEY"), help="...")`.

    >>> Secret("API_KEY")
    Secret('API_KEY')
    """

    name: str

    def __repr__(self) -> str:
        return f"Secret({self.name!r})"

    def reveal(self) -> str:
        """What the variable holds; a ConfigError where it is not set. Ask for it where it is used, and keep it nowhere."""
        value = os.environ.get(self.name, "").strip()
        if not value:
            raise ConfigError(
                f"the environment variable {self.name}: got nothing, wanted a secret",
                hint=f"set it before the run: export {self.name}=...",
            )
        if len(value) >= _LEAST:
            _revealed.update(dict.fromkeys(_spellings(value), self.name))
        return value


def _spellings(value: str) -> list[str]:
    """The ways in which the text of an error or an address may spell a value, the longest first."""
    import base64
    from urllib.parse import quote, quote_plus

    coded = base64.b64encode(value.encode()).decode().rstrip("=")
    found = {value, quote(value), quote(value, safe=""), quote_plus(value), coded}
    found |= {json.dumps(value)[1:-1], repr(value)[1:-1], repr(value.encode())[2:-1]}
    return sorted(found, key=len, reverse=True)


def secret_named(text: object, where: str) -> Secret:
    """The secret that a recipe names. What is no variable's name may be the secret itself, so no message repeats it."""
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise ConfigError(
            f"{where}: got something that is no name of an environment variable (not repeated here), wanted one, as API_KEY",
            hint='put the secret into a variable and name that: export API_KEY=... and "API_KEY" here',
        )
    return Secret(text)


def masked(text: str) -> str:
    """The text without what was revealed.

    >>> masked("no secret was revealed")
    'no secret was revealed'
    """
    for value, name in _revealed.items():
        if value in text:
            text = text.replace(value, f"(secret {name})")
    return text
