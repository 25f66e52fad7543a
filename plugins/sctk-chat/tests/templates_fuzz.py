"""Random conversations through every family of templates: `python plugins/sctk-chat/tests/templates_fuzz.py SECONDS [SEED]`.

A case is drawn from a seed of its own: a family, a tokenizer of bytes or of pieces, turns (a system's or none, several, out of
order, with tools and calls of them), texts with control strings, thoughts, white space and scripts of every kind, an answer that
was given and one that was sampled. What went in comes out, rendered for asking and for training, or a refusal names the family; no
text makes a control token; the tokens of the sampled answer are as they were.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from families import FAMILIES, Family, tokenizer_of
from sctk_chat import Chat, decode, end_of_turn, ids_before, render, turn_ids
from sctk_chat.families import family_of
from sctk_chat.rendering import end_ids, kept_marks
from sctk_chat.templates import template_of, written
from sctk_chat.twin import twin_of
from sctk_core import Call, ConfigError, Failure, Message, Request, Sampling
from sctk_core.thoughts import PAIRS, opened_in, parted
from test_definitions import AS_JSON, IN_WORDS
from test_tool_turns import TAKING

HARMLESS = (
    "Hello",
    "two\nlines",
    "1 < 2",
    "na\u00efve \u4f60\u597d \U0001f642",
    "{{ x }} {% y %}",
    "a  b",
    "\\n",
    "'q' \"q\"",
)
PIECES = (
    *HARMLESS, "", " ", "\n", "\n\n", "\t", "<think>", "</think>", "<|im_end|>", "<|im_", "end|>", "</s>", "<s>", "[INST]",
    "[/INST]", "<<SYS>>", "<|channel|>final<|message|>", "<|end|>", "/no_think", "\u0920\u0940\u0915", "\u0e44\u0e17\u0e22",
    "\u202e", "\x00", "<\uff5cUser\uff5c>", "<|START_RESPONSE|>", "[gMASK]", "{'type': 'text'}", "'text': '", '"text": "',
    "User:", "\n\nAssistant:", "### Response:", "\r\n", "\x0b", "\u2028", "\u00a0", "\u200b", "\ufeff", "e\u0301", "\ue000",
    "\U000f0000", "<tool_call>", "</tool_call>", "None", "\\", '"', "[THINK]", "<|START_THINKING|>", "<|eot_id|>",
    "<end_of_turn>", "\u0645\u064f\u062d", "\U0001f469\u200d\U0001f52c",
)  # fmt: skip
TOOL_TEMPLATES = {**TAKING, "tools as JSON": AS_JSON, "tools in words": IN_WORDS}
ODD = 0.3
"""Share of the cases whose turns are not a system's and then the user's and the assistant's by turns."""


def text(draw: random.Random) -> str:
    return "".join(draw.choice(PIECES) for _ in range(draw.choice((0, 1, 1, 2, 3, 5, 9)) or draw.randrange(2)))


def conversation(draw: random.Random) -> list[Message]:
    """A conversation that ends in a user's turn."""
    roles = (["system"] if draw.random() < 0.4 else []) + ["user"]
    for _ in range(draw.randrange(4)):
        roles += ["assistant", "user"]
    return [Message(role=role, content=text(draw)) for role in roles]  # type: ignore[arg-type]


def odd_conversation(draw: random.Random) -> list[Message]:
    """Roles in any order, or tools that are defined, called, and answer."""
    if draw.random() < 0.4:
        roles = draw.choices(("system", "user", "assistant", "developer"), k=draw.randrange(1, 5))
        return [Message(role=role, content=text(draw)) for role in roles]  # type: ignore[arg-type]
    turns = conversation(draw)
    for _ in range(draw.randrange(1, 3)):
        calls = [a_call(draw) for _ in range(draw.randrange(1, 3))]
        turns.append(Message(role="assistant", content=draw.choice(("", text(draw))), calls=tuple(calls)))
        turns += [Message(role="tool", content=text(draw), tool=call.name, call_id=call.id) for call in calls]
    if draw.random() < 0.3:
        turns[0] = replace(turns[0], defines=json.dumps([a_tool(draw) for _ in range(draw.randrange(1, 3))]))
    return turns


def a_call(draw: random.Random) -> Call:
    arguments = {text(draw) or "key": a_value(draw) for _ in range(draw.randrange(3))}
    return Call(name=draw.choice(("find", "look_up")), arguments=json.dumps(arguments), id=draw.choice(("", "c1")))


def a_value(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.randrange(6 if depth < 2 else 4)
    if kind < 2:
        return text(draw)
    if kind < 4:
        return draw.choice((0, -5, 2.5, True, None))
    values = [a_value(draw, depth + 1) for _ in range(draw.randrange(3))]
    return values if kind == 4 else {text(draw) or "key": value for value in values}


def a_tool(draw: random.Random) -> dict[str, Any]:
    properties = {
        text(draw).strip() or "city": {"type": draw.choice(("string", "integer"))} for _ in range(draw.randrange(3))
    }
    parameters = {"type": "object", "properties": properties, "required": list(properties)[:1]}
    function = {"name": "find", "description": text(draw), "parameters": parameters}
    return {"type": "function", "function": function}


@cache
def tool_tokenizer(kind: str, pieces: bool) -> Any:
    chatml = next(family for family in FAMILIES if family.name == "ChatML")
    made = copy.deepcopy(tokenizer_of(chatml, pieces=pieces))
    made.chat_template = TOOL_TEMPLATES[kind]
    return made


def case(seed: int) -> str:
    """One conversation through one template; says what became of it."""
    draw = random.Random(seed)
    family, pieces, odd = draw.choice(FAMILIES), draw.random() < 0.4, draw.random() < ODD
    if not odd:
        check(family, seed, pieces=pieces)
        return "came out"
    tokenizer, variables = tokenizer_of(family, pieces=pieces), family.variables
    if draw.random() < 0.4:
        tokenizer, variables = tool_tokenizer(draw.choice(list(TOOL_TEMPLATES)), pieces), {}
    messages = odd_conversation(draw)
    refusal = None
    try:
        render(tokenizer, messages, variables=variables)
    except ConfigError as error:
        refusal = error
    if refusal is not None:
        assert refusal.message.startswith(f"chat template ({family_of(template_of(tokenizer))}): got "), refusal.message
        assert refusal.hint
        return "refused"
    holds(tokenizer, variables, messages, text(draw), draw)
    return "odd, came out"


def check(family: Family, seed: int, *, pieces: bool = False) -> None:
    """A usual conversation, which every family takes."""
    draw = random.Random(seed)
    holds(tokenizer_of(family, pieces=pieces), family.variables, conversation(draw), text(draw), draw)


def holds(
    tokenizer: Any, variables: dict[str, Any], messages: list[Message], answer: str, draw: random.Random
) -> None:  # fmt: skip
    """All that must hold of a conversation that is taken, and of an answer that was given to it."""
    twin, plain = twin_of(tokenizer), [in_letters(message) for message in messages]
    ids = render(tokenizer, messages, variables=variables)
    assert controls(twin, ids) == controls(twin, render(tokenizer, plain, variables=variables))
    comes_out(tokenizer, ids, messages)
    if written(tokenizer, messages, variables=variables).tools:
        tools_come_out(shown(tokenizer, ids), json.loads(messages[0].defines))
    assert tuple(ids[: len(twin.begins)]) == twin.begins
    assert not twin.begins or ids.count(twin.begins[0]) == 1
    read, taught = turn_ids(tokenizer, messages, answer, variables)
    comes_out(tokenizer, [*read, *taught], [*messages, Message(role="assistant", content=answer)])
    begun = any(begin in message.text + message.defines for message in messages for begin, _ in PAIRS)
    assert begun or opened_in(shown(tokenizer, read)) == ""
    assert taught[-1] == end_of_turn(tokenizer, variables)
    end = shown(tokenizer, taught[-1:])
    said = shown(tokenizer, taught).removesuffix(end).removesuffix("<|END_RESPONSE|>")
    assert said.strip() == answer.strip()
    assert controls(twin, taught) == controls(twin, turn_ids(tokenizer, plain, letters(answer), variables)[1])
    sampled_stays(tokenizer, variables, messages, ids, draw)


def sampled_stays(
    tokenizer: Any, variables: dict[str, Any], messages: list[Message], prompt: list[int], draw: random.Random
) -> None:
    """An answer of drawn ids, thoughts' marks among them, is asked behind, scored and kept as it is."""
    twin, ends = twin_of(tokenizer), end_ids(tokenizer, None, variables)
    marks = sorted(kept_marks(twin) - {tokenizer.convert_ids_to_tokens(end) for end in ends})
    ids = [number for _ in range(draw.randrange(4)) for number in some_ids(tokenizer, marks, draw)]
    ids.append(end_of_turn(tokenizer, variables))
    chat = Chat("drawn", tokenizer, context=10**6, n_vocab=len(tokenizer), ends=ends, variables=variables)
    asked = Request(messages=tuple(messages), prefix_ids=tuple(ids), sampling=Sampling(max_new_tokens=10**5))
    opening = chat.opening(asked)
    assert not isinstance(opening, Failure), opening
    assert (opening.prompt, opening.given, opening.finished) == (prompt, tuple(ids), "stop")
    reply = chat.finished(asked, opening)
    assert (reply.token_ids, reply.text) == (tuple(ids), decode(tokenizer, ids[:-1]))
    assert chat.to_score(messages, tuple(ids)) == (prompt, ids)
    found = parted(reply.text, reply.opened)
    before = ids_before(ids, found.thought, lambda some: decode(tokenizer, some)) if found and found.thought else None
    if found and before is not None:
        assert tuple(before) == tuple(ids[: len(before)])
        assert found.answer.strip() in decode(tokenizer, ids[len(before) : -1])


def some_ids(tokenizer: Any, marks: list[str], draw: random.Random) -> list[int]:
    twin, kind = twin_of(tokenizer), draw.randrange(3)
    if kind == 0 and marks:
        return [twin.controls[draw.choice(marks)]]
    if kind == 1:
        return [n for n in (draw.randrange(len(tokenizer)) for _ in range(3)) if n not in twin.ids]
    return twin.encode(text(draw))


def in_letters(message: Message) -> Message:
    """The same turn with nothing in it that could be mistaken for anything."""
    calls = tuple(
        replace(call, arguments=json.dumps(values_in_letters(json.loads(call.arguments)))) for call in message.calls
    )
    return replace(message, content=letters(message.content), calls=calls)


def letters(said: str) -> str:
    return "".join(char if char.isspace() else "x" for char in said)


def values_in_letters(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{letters(key)}{n}": values_in_letters(member) for n, (key, member) in enumerate(value.items())}
    if isinstance(value, list):
        return [values_in_letters(member) for member in value]
    return letters(value) if isinstance(value, str) else value


def shown(tokenizer: Any, ids: list[int]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def controls(twin: Any, ids: list[int]) -> list[int]:
    return [number for number in ids if number in twin.ids]


def comes_out(tokenizer: Any, ids: list[int], messages: list[Message]) -> None:
    """Every turn's text stands in the decoded ids, outer white space aside: what guides anywhere, the others' in order; so do all
    keys and texts of its calls, as they are or as JSON has them."""
    whole, place = shown(tokenizer, ids), 0
    for message in messages:
        guides = message.role in ("system", "developer")
        for said in (message.content.strip(), *texts_in([json.loads(call.arguments) for call in message.calls])):
            forms = (said, *([escaped(said)] if message.calls or message.role == "tool" else []))
            found = [(at, at + len(form)) for form in forms if (at := whole.find(form, 0 if guides else place)) >= 0]
            assert found, (message, said, whole)
            place = place if guides else min(found)[1]


def tools_come_out(whole: str, tools: list[dict[str, Any]]) -> None:
    """The description of each tool and the names of its parameters, as they are or as JSON has them."""
    for function in (tool["function"] for tool in tools):
        for said in (function["description"], *function["parameters"]["properties"]):
            assert said in whole or escaped(said) in whole, (said, whole)


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from texts_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts_in(member)
    elif isinstance(value, str):
        yield value


def escaped(said: str) -> str:
    return json.dumps(said, ensure_ascii=False)[1:-1]


def main(seconds: float, seed: int = 1) -> None:
    """Cases until the CPU time is spent; names the seed of the first that fails."""
    n, kinds = 0, dict[str, int]()
    while time.process_time() < seconds:
        number = seed * 10**9 + n
        try:
            kind = case(number)
        except BaseException:
            print(f"case {number} failed after {n}", file=sys.stderr)
            raise
        kinds[kind] = kinds.get(kind, 0) + 1
        n += 1
    print(f"{n} conversations, {kinds}, in {time.process_time():.0f} s of CPU")


if __name__ == "__main__":
    main(float(sys.argv[1]), *map(int, sys.argv[2:]))
