"""Answers and contexts in the shapes that files have them, as texts.

Answers are text, numbers, true or false, lists of them (NQ-open), `{"text": [...]}` (SQuAD), `{"value": ..., "aliases": [...]}`
(TriviaQA), lists of objects with a response (UltraFeedback), or a conversation, whose last turn answers,
unless the file says that it is not to be learned from. Contexts are a text, a
list of texts, titles with sentences (HotpotQA), or objects with a text (MuSiQue, MS MARCO).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sctk_core.reading.turns import Misfit, shown, turns_of

_IN_OBJECT = ("response", "completion", "answer", "text", "value", "content", "generated_text")
_ALSO = "aliases"
_TITLE, _SENTENCES = "title", "sentences"
_PASSAGE = ("text", "passage_text", "paragraph_text", "content", "contents", "passage", "contexts", _SENTENCES)


def answers_of(value: object) -> list[str]:
    """The answers that a value holds as texts, each once, in order; a Misfit where it holds something else.

    >>> answers_of(["Paris", "paris", "Paris"]), answers_of({"text": ["in May"], "answer_start": [7]}), answers_of(True)
    (['Paris', 'paris'], ['in May'], ['true'])
    """
    texts = (str(one).lower() if isinstance(one, bool) else str(one) for one in plain_answers(value))
    return list(dict.fromkeys(texts))


def plain_answers(value: object) -> Iterator[str | float | bool]:
    """The single answers that a value holds, as texts, numbers, true or false. NaN is how tables say that nothing is there."""
    turns = turns_of(value)
    if turns is not None:
        yield from (turn.text for turn in turns[-1:] if not turn.not_learned)
    elif isinstance(value, str | int) or (isinstance(value, float) and value == value):
        yield value
    elif isinstance(value, Decimal):
        yield format(value.normalize(), "f")
    elif isinstance(value, list):
        for each in value:
            yield from plain_answers(each)
    elif isinstance(value, dict) and any(key in value for key in _IN_OBJECT):
        key = next(key for key in _IN_OBJECT if key in value)
        yield from plain_answers(value[key])
        yield from plain_answers(value.get(_ALSO) or [])
    elif not (value is None or isinstance(value, float)):
        raise Misfit(shown(value), "an answer")


def context_of(value: object) -> str:
    """The text of a context, its passages with an empty line between them ("" of null); a Misfit where it is none.

    >>> context_of({"title": ["Ur", "Uruk"], "sentences": [["A city.", " On a river."], ["Older."]]})
    'Ur\\nA city. On a river.\\n\\nUruk\\nOlder.'
    >>> context_of(["One.", {"title": "T", "text": "Two."}])
    'One.\\n\\nT\\nTwo.'
    """
    return "\n\n".join(passage for passage in _passages(value) if passage.strip())


def _passages(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(_is_titled(each) for each in value):
        yield from (_titled(title, sentences) for title, sentences in value)
    elif isinstance(value, list):
        for each in value:
            yield from _passages(each)
    elif isinstance(value, dict) and any(key in value for key in _PASSAGE):
        yield from _of_object(value)
    elif value is not None:
        raise Misfit(shown(value), "a context of text")


def _of_object(value: Mapping[str, Any]) -> Iterator[str]:
    """One passage with its title, or (columns of a table) a list of each."""
    texts, titles = value[next(key for key in _PASSAGE if key in value)], value.get(_TITLE)
    if not isinstance(texts, list) or isinstance(titles, str):
        yield _titled(titles, texts)
    elif isinstance(titles, list) and len(titles) == len(texts):
        yield from map(_titled, titles, texts)
    else:
        yield from (_titled(None, text) for text in texts)


def _is_titled(value: object) -> bool:
    """Whether a value is a title with its sentences, as HotpotQA's own files have them."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], list)


def _titled(title: object, text: object) -> str:
    """A passage below its title; its sentences are one text."""
    sentences: list[Any] = text if isinstance(text, list) else [text]
    if not all(isinstance(one, str) for one in (*sentences, "" if title is None else title)):
        raise Misfit(shown(text), "sentences of text")
    said = " ".join(sentence.strip() for sentence in sentences) if isinstance(text, list) else str(text)
    return f"{title}\n{said}" if title else said
