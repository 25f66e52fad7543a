"""The one place where a conversation becomes token ids, for sampling, scoring and training alike.

Conversations come out as the tokenizer's own chat template and encoding have them, and begin with what the tokenizer begins
every text with, once. Where content holds a control string (`<|im_end|>`, `</s>`, `<think>`), or would form one at the border
to the template's text, it stays the plain characters that it is (`twin.py`, `templates.py`).

What differs from `apply_chat_template(tokenize=True)`, and only then: a template that reads or changes content (splitting at
`</think>`, lower case) does not see it; a date that a template asks for is always 26 July 2024, because equal requests must
give equal tokens; a system message that a template refuses or drops is put before the first user message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sctk_core import ConfigError, Message, content_id
from sctk_core.thoughts import CHANNEL_MARKS, PAIRS, WRAPPINGS, opened_in

from sctk_chat.templates import NO_VARIABLES, TODAY, Written, template_of, written
from sctk_chat.tools import texts_of
from sctk_chat.twin import Shield, Twin, twin_of

MARKS = frozenset(mark for pair in (*PAIRS, *WRAPPINGS) for mark in pair)
"""Control strings that a reply's text keeps: a thought is parted by them."""
CLOSERS = frozenset(end for _, end in WRAPPINGS)
"""What a template may write between an answer and the end of its turn."""


def render(
    tokenizer: Any, messages: Sequence[Message], add_generation_prompt: bool = True,
    variables: Mapping[str, Any] = NO_VARIABLES,
) -> list[int]:  # fmt: skip
    """The token ids of a conversation, ready to be continued by the assistant; content never becomes a control token."""
    twin = twin_of(tokenizer)
    text = written(tokenizer, messages, add_generation_prompt, variables).uncovered(twin)
    return twin.begun(twin.encode(text))


def turn_ids(
    tokenizer: Any, messages: Sequence[Message], text: str, variables: Mapping[str, Any] = NO_VARIABLES
) -> tuple[list[int], list[int]]:
    """(What is read, what is taught) of an assistant's `text` that was given, its end of turn included.

    Both are as the template has the whole conversation. What it writes before the text and a model would not have sampled (an
    empty thinking block, a channel's header) is read and not taught; a thought that it begins in a prompt is not begun here.
    What was asked is read as it was asked, also where the template writes it otherwise once an answer stands behind it.
    """
    twin, end = twin_of(tokenizer), end_of_turn(tokenizer, variables)
    if not text.strip():
        return turn_ids(tokenizer, messages, "a", variables)[0], _alone(tokenizer, text, end)
    shield = Shield([*texts_of(messages), text])
    prompt = written(tokenizer, messages, True, variables, shield)
    read = twin.begun(twin.encode(prompt.uncovered(twin)))
    try:
        answered = (*messages, Message(role="assistant", content=text))
        whole = _as_asked(prompt, written(tokenizer, answered, False, variables, shield), messages[-1])
    except ConfigError:
        return read, _alone(tokenizer, text, end)
    start, _ = whole.place_of_last()
    if not whole.text.startswith(prompt.text) or whole.text[len(prompt.text) : start].strip():
        return _split(twin, whole, end)
    ids, rest = _split(twin, whole, end, n_read=len(read))
    return (read, rest) if ids == read else (read, _alone(tokenizer, text, end))


def completion_ids(
    tokenizer: Any, text: str, messages: Sequence[Message] = (), variables: Mapping[str, Any] = NO_VARIABLES
) -> list[int]:
    """The ids that an assistant's `text` trains and scores as, its end of turn included.

    With the `messages` that it answers, its ids are those that the rendered conversation has (`turn_ids`); without, the text is
    encoded by itself.
    """
    if messages:
        return turn_ids(tokenizer, messages, text, variables)[1]
    return _alone(tokenizer, text, end_of_turn(tokenizer, variables))


def whole_ids(tokenizer: Any, thought: str, text: str, variables: Mapping[str, Any] = NO_VARIABLES) -> list[int]:
    """The ids of a reply whose own are not known: its thought, whose marks are control tokens, and its answer.

    Where the prompt begins the thought, its beginning is not said once more.
    """
    twin, begun = twin_of(tokenizer), _begun_thought(tokenizer, variables)
    if begun and thought.lstrip().startswith(begun.rstrip()):
        thought = thought.lstrip().removeprefix(begun.rstrip()).removeprefix(begun[len(begun.rstrip()) :])
    marks = [mark for mark in kept_marks(twin) if mark in thought]
    pattern = "|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True)) or r"(?!)"
    named = re.sub(pattern, lambda match: twin.name_controls(match[0]), thought)
    return _alone(tokenizer, named + text, end_of_turn(tokenizer, variables))


def end_of_turn(tokenizer: Any, variables: Mapping[str, Any] = NO_VARIABLES) -> int:
    """The id of the token that ends an assistant's turn: what the template writes after its text, else the eos token."""
    twin = twin_of(tokenizer)
    try:
        probe = [Message(role="user", content="u"), Message(role="assistant", content="a")]
        whole = written(tokenizer, probe, False, variables)
        tail = whole.text[whole.place_of_last()[1] :]
    except ConfigError:
        tail = ""
    after = [control for control in twin.controls_in(tail) if control not in CLOSERS]
    if after:
        return twin.controls[after[0]]
    if tokenizer.eos_token_id is None:
        raise ConfigError(
            "tokenizer: got neither an eos token nor a chat template that ends a turn, wanted one of them",
            hint="set eos_token in tokenizer_config.json",
        )
    return int(tokenizer.eos_token_id)


def end_ids(
    tokenizer: Any, named: int | list[int] | None, variables: Mapping[str, Any] = NO_VARIABLES
) -> frozenset[int]:
    """The ids at which a reply ends: the template's end of turn, the eos token, those that the model's settings name."""
    listed = named if isinstance(named, list) else [named]
    found = (end_of_turn(tokenizer, variables), tokenizer.eos_token_id, *listed)
    return frozenset(int(number) for number in found if number is not None)


def opened_mark(tokenizer: Any, variables: Mapping[str, Any] = NO_VARIABLES) -> str:
    """The mark of the thought that the template begins in every prompt (`<think>`), or "" where it begins none."""
    return opened_in(_begun_thought(tokenizer, variables))


def decode(tokenizer: Any, ids: Sequence[int]) -> str:
    """The text of sampled ids, special tokens left out, save those that part a thought from its answer."""
    twin = twin_of(tokenizer)
    if not twin.special.isdisjoint(twin.controls[mark] for mark in kept_marks(twin)):
        left_out = twin.special - {twin.controls[mark] for mark in kept_marks(twin)}
        ids = [number for number in ids if number not in left_out]
        return str(tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))
    return str(tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def kept_marks(twin: Twin) -> frozenset[str]:
    """The control strings of this tokenizer that a thought is parted by."""
    channels = CHANNEL_MARKS if CHANNEL_MARKS[0] in twin.controls else ()
    return frozenset(mark for mark in (*MARKS, *channels) if mark in twin.controls)


def tokenizer_digest(tokenizer: Any) -> str:
    """32 hex digits: equal for tokenizers that give and read the same ids, whatever their padding or file layout.

    Over vocabulary, merges, normalizer, pre-tokenizer, added and special tokens, what every text begins with, and the template.
    """
    twin = twin_of(tokenizer)
    spec, begins = twin.spec, ([list(twin.begins)] if twin.begins else [])
    added = [[token["id"], token["content"], token["special"]] for token in spec["added_tokens"]]
    ends = [tokenizer.bos_token, tokenizer.eos_token]
    return content_id(
        "tokenizer",
        spec["model"],
        spec["normalizer"],
        spec["pre_tokenizer"],
        added,
        ends,
        template_of(tokenizer),
        *begins,
    )


def template_digest(tokenizer: Any) -> str:
    """32 hex digits over the chat template and the day that it is told."""
    return content_id("template", template_of(tokenizer), TODAY.isoformat())


def tokens_digest(ids: Sequence[int]) -> str:
    """32 hex digits over token ids: what `prompt_tokens` of a reply holds."""
    return content_id("tokens", list(ids))


def _begun_thought(tokenizer: Any, variables: Mapping[str, Any]) -> str:
    """What every prompt ends in, from the mark of a thought on that it begins; "" where it begins none."""
    try:
        prompt = written(tokenizer, [Message(role="user", content="u")], True, variables)
    except ConfigError:
        return ""
    tail = prompt.text[prompt.place_of_last()[1] :]
    mark = opened_in(tail)
    return tail[tail.rfind(mark) :] if mark else ""


def _as_asked(prompt: Written, whole: Written, last: Message) -> Written:
    """The answered conversation, which goes up to the text of the `last` turn before the answer as the prompt has it.

    Mistral's templates put the system message into the last turn, and only where that is a question.
    """
    asked = prompt.shield.cover(last.content).strip()
    before, then = prompt.text.rfind(asked), whole.text.rfind(asked, 0, max(0, whole.place_of_last()[0]))
    if not asked or before < 0 or then < 0:
        return whole
    return replace(whole, text=prompt.text[:before] + whole.text[then:])


def _alone(tokenizer: Any, text: str, end: int) -> list[int]:
    """A text's ids behind a control token, and the end of the turn."""
    twin = twin_of(tokenizer)
    name = twin.name_controls(str(tokenizer.convert_ids_to_tokens(end)))
    return [*twin.encode(name + text)[1:], end]


def _split(twin: Twin, whole: Written, end: int, n_read: int | None = None) -> tuple[list[int], list[int]]:
    """The rendered conversation up to the end of its last turn, cut in two: by the ids that are read, or before the token in
    which the last turn's text begins."""
    start, stop = whole.place_of_last()
    start, stop = len(whole.uncovered(twin, start)), len(whole.uncovered(twin, stop))
    ids, places = twin.encode_with_places(whole.uncovered(twin))
    whole_ids = twin.begun(ids)
    more = len(whole_ids) - len(ids)  # at the beginning: both end alike
    places = [(0, 0)] * more + places[max(0, -more) :]
    if n_read is None:
        n_read = next((n for n, (_, last) in enumerate(places) if last > start), len(whole_ids))
    rest = whole_ids[n_read:]
    if end in rest:
        return whole_ids[:n_read], rest[: rest.index(end) + 1]
    said = [number for number, (first, _) in zip(rest, places[n_read:], strict=True) if first < stop]
    return whole_ids[:n_read], [*said, end]
