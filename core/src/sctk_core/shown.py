"""How what a stranger gave is told: in a short line of Unicode, whatever its own text does.

A text may be five megabytes, a lone surrogate, or raise when it is asked for. Nothing here raises, save a Ctrl-C.
"""

from __future__ import annotations

from types import WrapperDescriptorType

from sctk_core.secrets import masked, unpasted

WIDTH, LINE, NAME, REASON, TEXT = 60, 500, 100, 200, 4000
"""Characters of a value, of a message, of a name, of a reason and of a detail at most."""
_PLAIN = (str, bytes, int, float, bool, type(None))
_LARGE = 10**18


def shown(value: object) -> str:
    """A plain value as Python writes it, cut to 60 characters; of anything else its type.

    >>> shown("a"), shown(None), shown(10**400), shown([1])
    ("'a'", 'None', 'a number of 401 digits', 'a list')
    """
    if type(value) not in _PLAIN:
        return kind_of(value)
    if type(value) is int and abs(value) >= _LARGE:
        return f"a number of {_n_digits(value)} digits"
    value = masked(value) if isinstance(value, str) else value
    text = unicode_of(repr(value[:WIDTH] if isinstance(value, str | bytes) else value))
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def _n_digits(number: int) -> int:
    """The count of decimal digits, without writing them all."""
    least = 1 + (abs(number).bit_length() - 1) * 30103 // 100000  # the logarithm of 2 to base 10
    return least + int(abs(number) >= 10**least)


def kind_of(value: object) -> str:
    """The type of a value in words.

    >>> kind_of([]), kind_of(7)
    ('a list', 'an int')
    """
    name = name_of(type(value))
    return f"{'an' if name[:1].lower() in tuple('aeio') else 'a'} {name}"


def name_of(kind: type) -> str:
    """The name of a class, which its metaclass cannot make into anything else."""
    return unicode_of(str(type.__dict__["__name__"].__get__(kind)))[:NAME]


def cut(text: object, most: int) -> str:
    """A text as a table holds it, at most so long; of what is no text its type in words."""
    if not isinstance(text, str):
        return shown(text)
    plain = masked(str.__str__(text))
    return unicode_of(plain if len(plain) <= most else plain[: most - 3] + "...")


def unicode_of(text: str) -> str:
    r"""The text with lone surrogates spelled out, so that any file and any table can hold it.

    >>> unicode_of("a\ud800")
    'a\\ud800'
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def text_of(error: BaseException) -> str:
    """The first line of what an exception says of itself, at most 500 characters of it; "" where it says nothing."""
    try:
        if _is_plain(error) and not all(type(one) in _PLAIN for one in error.args):
            return unpasted(cut(", ".join(map(shown, error.args)), LINE))
        text = str(error)
        line = (unpasted(masked(str.__str__(text))[: 4 * LINE]).splitlines() or [""])[0]
        return unicode_of(line[:LINE])
    except KeyboardInterrupt:
        raise
    except BaseException as worse:  # noqa: BLE001 - whatever it is, there is no text
        return f"(its text cannot be read: {name_of(type(worse))})"


def _is_plain(error: BaseException) -> bool:
    """Whether an exception's text is that of Python's own: made of its arguments, whose text may be anything."""
    return isinstance(type(error).__str__, WrapperDescriptorType) and not isinstance(error, OSError | UnicodeError)


def told(error: BaseException) -> str:
    """`ValueError: its first line`, at most 500 characters of it."""
    text = text_of(error)
    return f"{name_of(type(error))}: {text}" if text else name_of(type(error))
