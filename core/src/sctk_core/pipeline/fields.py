"""The fields of what a component answers: each has a type, a text has a length, a number fits where it is kept.

What is not of its type would be found out hours later, by the file that cannot hold it. Numbers of scores are the contract's own;
here are all other fields. Nothing is turned into something else, save whole numbers of other libraries into ours.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from sctk_core.conversation import Call
from sctk_core.reals import finite, whole
from sctk_core.records import Critique, Decision, Given, Message, Prompt, Reply, Sample, Score, Usage
from sctk_core.shown import kind_of, shown

LABEL, LONGEST = 1000, 1_000_000
"""Characters of a name, a scale, a reason, an id at most; and of a text, where the recipe does not say otherwise."""
MOST = 1 << 62
Check = Callable[[Any], bool]


def is_label(value: Any) -> bool:
    """A short text that any table can hold."""
    if type(value) is not str or len(value) > LABEL:
        return False
    return fits_unicode(value)


def fits_unicode(text: str) -> bool:
    """Whether a table can hold the text: no lone surrogates are in it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def label_or_none(value: Any) -> bool:
    return value is None or is_label(value)


def is_count(value: Any) -> bool:
    """A whole number from 0 that a table can hold."""
    return type(value) is int and 0 <= value < MOST


def is_id(value: Any) -> bool:
    return type(value) is str and len(value) == 32 and value.isascii()


def _ids_or_none(value: Any) -> bool:
    return value is None or (type(value) is tuple and fitting(value))


def fitting(ids: tuple[Any, ...]) -> bool:
    """Whether all are token ids: whole numbers from 0 to 2^31 - 1, none of them a truth value."""
    if set(map(type, ids)) - {int}:
        return False
    try:
        return not ids or min(array("i", ids)) >= 0
    except OverflowError:
        return False


def _is_usage(value: Any) -> bool:
    if type(value) is not Usage:
        return False
    read, written = value.n_prompt_tokens, value.n_completion_tokens
    return (read is None or is_count(read)) and (written is None or is_count(written))


def _text_or_none(value: Any) -> bool:
    return value is None or (type(value) is str and fits_unicode(value))


def _is_bool(value: Any) -> bool:
    return type(value) is bool


def _is_finish(value: Any) -> bool:
    return type(value) is str and value in ("stop", "length")


def _are_findings(value: Any) -> bool:
    return type(value) is tuple and all(type(one) is str and fits_unicode(one) for one in value)


_LABEL, _OR_NONE = "a short text", "a short text or None"
_TEXT, _BOOL = "a text of Unicode or None", "True or False"
_COUNT, _ID = "a whole number from 0", "an id"
_IDS = "a tuple of token ids from 0 to 2^31 - 1, or None"
FIELDS: Mapping[type, tuple[tuple[str, Check, str], ...]] = {
    Reply: (
        ("token_ids", _ids_or_none, _IDS),
        ("tokenizer", label_or_none, _OR_NONE),
        ("prompt_tokens", label_or_none, _OR_NONE),
        ("finish", _is_finish, "'stop' or 'length'"),
        ("usage", _is_usage, "a Usage of whole numbers from 0, or None"),
        ("backend", is_label, _LABEL),
        ("opened", is_label, _LABEL),
        ("thought", _text_or_none, _TEXT),
        ("teach_thought", _is_bool, _BOOL),
    ),
    Sample: (
        ("token_ids", _ids_or_none, _IDS),
        ("tokenizer", label_or_none, _OR_NONE),
        ("prompt_tokens", label_or_none, _OR_NONE),
        ("finish", _is_finish, "'stop' or 'length'"),
        ("chain", is_count, _COUNT),
        ("sweep", is_count, _COUNT),
        ("rank", is_count, _COUNT),
        ("backend", is_label, _LABEL),
        ("critique", label_or_none, "an id or None"),
        ("reply", label_or_none, "a reply's key or None"),
        ("step", is_label, _LABEL),
        ("about", label_or_none, "an id or None"),
        ("thought", _text_or_none, _TEXT),
        ("teach_thought", _is_bool, _BOOL),
        ("id", is_id, _ID),
    ),
    Critique: (
        ("findings", _are_findings, "a tuple of texts"),
        ("sweep", is_count, _COUNT),
        ("reply", label_or_none, "a reply's key or None"),
        ("token_ids", _ids_or_none, _IDS),
        ("id", is_id, _ID),
    ),
    Score: (
        ("name", is_label, _LABEL),
        ("scale", is_label, _LABEL),
        ("note", is_label, _LABEL),
        ("against", lambda value: value is None or type(value) is Sample, "a Sample or None"),
        ("reply", label_or_none, "a reply's key or None"),
        ("id", is_id, _ID),
    ),
    Decision: (
        ("accepted", _is_bool, _BOOL),
        ("reason", is_label, _LABEL),
        ("sweep", is_count, _COUNT),
        ("note", is_label, _LABEL),
        ("id", is_id, _ID),
    ),
}  # fmt: skip
"""Record -> its fields, each with its check and what is wanted, in words that do not differ from item to item."""
Shape = tuple[list[int], list[tuple[int, Check]]]
"""Of fields of certain types: the places of short texts, which are looked at together, and the others with their checks."""
MOST_SHAPES = 256
_LOOKS: dict[type, tuple[Callable[[Any], tuple[Any, ...]], dict[tuple[type, ...], Shape]]] = {
    kind: (attrgetter(*[name for name, _, _ in fields]), {}) for kind, fields in FIELDS.items()
}


def ill_typed(answer: Any) -> str:
    """What is wrong with the first field that is not as it should be, `FIELD: got ..., wanted ...`, or ""."""
    look, shapes = _LOOKS[type(answer)]
    values = look(answer)
    types = tuple(map(type, values))
    shape = shapes.get(types)
    if shape is not None and _is_well(values, shape):
        return ""
    for (name, fits, wanted), value in zip(FIELDS[type(answer)], values, strict=True):
        if not fits(value):
            return f"{name}: got {amiss(value)}, wanted {wanted}"
    if len(shapes) < MOST_SHAPES:
        shapes[types] = _shape(types, FIELDS[type(answer)])
    return ""


def _shape(types: tuple[type, ...], fields: tuple[tuple[str, Check, str], ...]) -> Shape:
    plain = (is_label, label_or_none)
    texts = [place for place, kind in enumerate(types) if kind is str and fields[place][1] in plain]
    nothing = [place for place, kind in enumerate(types) if kind in (type(None), bool)]
    others = [(place, fields[place][1]) for place in range(len(types)) if place not in (*texts, *nothing)]
    return texts, others


def _is_well(values: tuple[Any, ...], shape: Shape) -> bool:
    """The same for all fields at once, which nearly every answer passes; their types are known to be right."""
    texts, others = shape
    together = "".join([values[place] for place in texts])
    if len(together) > LABEL or not together.isascii():
        return False
    for place, fits in others:  # noqa: SIM110 - a loop: it is run for every answer
        if not fits(values[place]):
            return False
    return True


def amiss(value: object) -> str:
    """What is wrong with a value, in few words that do not quote it."""
    if type(value) is str:
        return f"a text of {len(value)} characters" if len(value) > LABEL else "a text that does not fit"
    if type(value) is int:
        return "a number that does not fit"
    if type(value) is tuple:
        return "a tuple of others" if value else "an empty tuple"
    return kind_of(value) if value is not None else "None"


def prompt_amiss(prompt: Any) -> str:
    """What is wrong with a prompt of a source, `FIELD: got ..., wanted ...`, or ""."""
    if not isinstance(prompt, Prompt):
        return f"got {shown(prompt)}, wanted a Prompt"
    for name, fits, wanted in _OF_PROMPTS:
        value = getattr(prompt, name, None)
        if not fits(value):
            return f"{name}: got {amiss(value)}, wanted {wanted}"
    return ""


def _are_messages(value: Any) -> bool:
    return type(value) is tuple and len(value) > 0 and all(map(_is_message, value))


def _is_message(value: Any) -> bool:
    if not (isinstance(value, Message) and is_label(value.role) and _is_text(value.content)):
        return False
    return (
        type(value.calls) is tuple
        and all(map(_is_call, value.calls))
        and _are_texts((value.tool, value.call_id, value.defines))
    )


def _is_call(value: Any) -> bool:
    return isinstance(value, Call) and _are_texts((value.name, value.arguments, value.id))


def _are_texts(values: Iterable[Any]) -> bool:
    return all(map(_is_text, values))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and fits_unicode(str.__str__(value))


def _is_meta(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_text(each) for pair in value.items() for each in pair)


def _is_given(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, Given) or not isinstance(value.answers, Mapping):
        return False
    answers = value.answers.values()
    return all(map(_is_text, value.answers)) and all(
        a is None or _are_given(a) or finite(a) is not None for a in answers
    )


def _are_given(answer: Any) -> bool:
    """A text, several by rank, or several of several."""
    return all(map(_are_given, answer)) if type(answer) is tuple else _is_text(answer)


_OF_PROMPTS: tuple[tuple[str, Check, str], ...] = (
    ("messages", _are_messages, "a tuple of one Message or more, each a role and a text of Unicode"),
    ("reference", lambda value: value is None or _is_text(value), "a text of Unicode or None"),
    ("document", lambda value: value is None or _is_text(value), "a text of Unicode or None"),
    ("other_references", lambda value: type(value) is tuple and all(map(_is_text, value)), "a tuple of texts"),
    ("meta", _is_meta, "a mapping of texts to texts"),
    ("occurrence", is_count, _COUNT),
    ("given", _is_given, "a Given of texts (or tuples of them), finite numbers and None"),
    ("id", is_id, _ID),
)


def with_plain_numbers(answer: Any) -> Any:
    """The answer; whole numbers and truth values of other libraries in its fields are Python's."""
    ids = getattr(answer, "token_ids", None)
    if type(ids) is list or (type(ids) is tuple and set(map(type, ids)) - {int, bool}):
        plain = [whole(each) for each in ids]
        if None not in plain:
            object.__setattr__(answer, "token_ids", tuple(plain))
    if type(answer) is Critique and isinstance(answer.findings, list):
        object.__setattr__(answer, "findings", tuple(answer.findings))
    if type(answer) is Decision and type(answer.accepted) is not bool:
        said = whole(answer.accepted) if hasattr(answer.accepted, "dtype") else None
        if said in (0, 1):
            object.__setattr__(answer, "accepted", bool(said))
    return answer
