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
_HIDDEN = "(not repeated)"
_MIXED = re.compile(r"[0-9][A-Za-z]")
_HUMP = re.compile(r"[a-z][A-Z]")
_PASTED = re.compile(
    r"""(?ix) (?<![a-z0-9])
    ((?: (?: api | access | private | secret | auth | client ) [_. -]? key (?: [_. -]? id )? | [a-z_]{0,20} (?: token | secret )
      | pass (?: word | wd | phrase ) | credentials? )
      (?: ["']? [ \t]{0,3} (?: [=:] | \b (?: got | provided | is | was ) \b ) [ \t]{0,3} )+
    | (?: authorization | bearer ) [=: ]+ (?: bearer [ ] )? ) (["']?) ([^\s"',;&]+)"""
)
"""What is called like a setting that is secret, and the word behind it."""
_MADE = re.compile(r"\b(?:sk-|hf_|gh[opsu]_|github_pat_|glpat-|xox[abps]-|AKIA|ASIA|AIza)[\w-]{16,}")
"""Keys of services that mark theirs."""


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


def is_keylike(text: str) -> bool:
    """Whether a text looks like a key that somebody made at random rather than like a word, a name or a number.

    >>> [is_keylike(one) for one in ("AKIAIOSFODNN7EXAMPLE", "sk-live-0123456789abcdef", "JBSWY3DPEHPK3PXP")]
    [True, True, True]
    >>> [is_keylike(one) for one in ("AZURE_OPENAI_KEY2", "MYCOMPANYAPIKEY", "S3_SECRET", "1234567890123456", "max_new_tokens")]
    [False, False, False, False, False]
    """
    return any(map(_is_mixed, re.split(r"[^A-Za-z0-9]+", text)))


def _is_mixed(piece: str) -> bool:
    """Whether digits stand among letters, or capitals among others, as in no word."""
    n_turns, n_humps = len(_MIXED.findall(piece)), len(_HUMP.findall(piece))
    return (
        (len(piece) >= 16 and n_turns >= 1)
        or (len(piece) >= 10 and n_turns >= 4)
        or (len(piece) >= 20 and n_humps >= 5)
    )


def unpasted(text: str) -> str:
    """The text without what looks like a key where one stands by the name of a setting that is secret.

    >>> unpasted("401 for api_key=AKIAIOSFODNN7EXAMPLE of user 3f0c9a21b4d7e680")
    '401 for api_key=(not repeated) of user 3f0c9a21b4d7e680'
    >>> unpasted("got the key 3f0c9a21b4d7e680, max_tokens=1024, token: the, a password is 12 characters")
    'got the key 3f0c9a21b4d7e680, max_tokens=1024, token: the, a password is 12 characters'
    """
    text = _PASTED.sub(lambda found: f"{found[1]}{found[2]}{_HIDDEN}" if is_keylike(found[3]) else found[0], text)
    return _MADE.sub(lambda found: _HIDDEN if is_keylike(found[0]) else found[0], text)


def secret_named(text: object, where: str) -> Secret:
    """The secret that a recipe names. What is no variable's name may be the secret itself, so no message repeats it.

    A key may be of capitals and digits alone: what looks like one is a name only where there is such a variable.
    """
    if not isinstance(text, str) or not _NAME.fullmatch(text) or (is_keylike(text) and text not in os.environ):
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
