"""What a chat template does with a conversation, found by trying it: for notes before a run, and for the table of families."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sctk_core import ConfigError, Message, ModelRef, has_unusual_turns, tools_defined

from sctk_chat.families import family_of
from sctk_chat.names import load_tokenizer
from sctk_chat.rendering import opened_mark, turn_ids
from sctk_chat.templates import (
    NO_VARIABLES,
    Written,
    knows_developer,
    lost_turn,
    refusals,
    refuse_reserved,
    rendered,
    template_of,
    written,
)
from sctk_chat.trials import refuse_faults
from sctk_chat.twin import twin_of

Conversations = Iterable[tuple[str, tuple[Message, ...]]]
"""Conversations with their places in a file."""
Role = Literal["system", "user", "assistant"]
PROBES: Mapping[str, str] = {
    "system": 'Be "Brief" & <b>kind</b> 1.5\n\n/no_think',
    "user": "How\tmany  Words? {{ x }} 'É'",
    "assistant": "Some 7, <i>I</i> \\ think.\n- yes",
}
"""Texts that a template has no reason to change."""


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What a template does. `taught` is the answer "A" as it is taught, `read` what stands before it and is only read.

    `system` says where a system message goes, `trims` of whose turns outer white space is left out, `changes` whose text the
    template would change (it is given unchanged); `opens` is the mark of a thought that every prompt begins, `begins` what the
    tokenizer begins a text with though the template does not; `turns` says whether it takes several turns.
    """

    family: str
    parts: bool
    system: str
    trims: tuple[Role, ...]
    changes: tuple[Role, ...]
    begins: str
    opens: str
    read: str
    taught: str
    turns: bool


def template_notes(model: ModelRef) -> list[str]:
    """What a user should know of how a model's conversations are rendered; raises where not even one question can be asked."""
    tokenizer = load_tokenizer(model)
    refuse_reserved(model.variables, f"[template] variables of {model.path}")
    found = habits_of(tokenizer, model.variables)
    idle = [name for name in model.variables if not re.search(rf"\b{re.escape(name)}\b", template_of(tokenizer))]
    about = f"chat template of {model.path} ({found.family})"
    refuse_faults(tokenizer, model.variables, about)
    return [
        f"{about}: {note}" for note in (*_notes(found), *(f"it never reads the variable {name!r}" for name in idle))
    ]


def conversation_notes(model: ModelRef, conversations: Conversations) -> list[str]:
    """What becomes of turns of developers and tools, and of tools that may be called; a ConfigError with its place for a
    conversation that is not taken whole. Of conversations that only define the same tools one is tried.
    """
    tokenizer, developers, hidden = load_tokenizer(model), 0, 0
    shown: dict[str, bool] = {}
    for where, messages in conversations:
        developers += any(turn.role == "developer" for turn in messages)
        tools = tools_defined(messages)
        if has_unusual_turns(messages) or not tools or tools not in shown:
            shown[tools] = _tools_shown(tokenizer, where, messages, model.variables)
        hidden += bool(tools) and not shown[tools]
    notes = {
        f"it knows no developer; {developers:,} conversations give such turns as the system's": bool(developers)
        and not knows_developer(tokenizer),
        f"it does not write the tools that {hidden:,} conversations define: no model is shown them there": bool(hidden),
    }
    about = f"chat template of {model.path} ({family_of(template_of(tokenizer))})"
    return [f"{about}: {note}" for note, holds in notes.items() if holds]


def _tools_shown(
    tokenizer: Any, where: str, messages: tuple[Message, ...], variables: Mapping[str, Any]
) -> bool:  # fmt: skip
    """Whether the tools that a conversation defines come out; a ConfigError with its place where its turns do not."""
    try:
        return written(tokenizer, messages, True, variables).tools
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", hint="take the row out, or name another model") from error


def habits_of(tokenizer: Any, variables: Mapping[str, Any] = NO_VARIABLES) -> Habits:
    """The habits of a tokenizer's template."""
    asked = written(tokenizer, _say("user"), True, variables)
    read, taught = _answered(tokenizer, variables)
    twin = twin_of(tokenizer)
    return Habits(
        family=family_of(template_of(tokenizer)),
        parts=bool(asked.form),
        system=_system(tokenizer, variables),
        trims=_whose(lambda role: not _kept(tokenizer, role, variables)),
        changes=_whose(lambda role: not _same(tokenizer, role, asked.form, variables)),
        begins="".join(tokenizer.convert_ids_to_tokens(list(twin.begins))) if not _begun(asked, tokenizer) else "",
        opens=opened_mark(tokenizer, variables),
        read=read,
        taught=taught,
        turns=_takes(tokenizer, ("user", "assistant", "user"), variables),
    )


def _notes(found: Habits) -> list[str]:
    """The habits that a user may not expect."""
    roles = ", ".join(found.changes)
    notes = {
        "it takes content as a list of parts, and is given one": found.parts,
        f"system messages are {found.system}": "sctk" in found.system,
        f"it reads or changes what is said in {roles} turns; sctk gives the text as it is": bool(roles),
        f"the tokenizer begins every text with {found.begins}, which it does not write first and once: sctk does": bool(
            found.begins
        ),
        f"every prompt ends in the thought's mark {found.opens}: replies hold a thought, then the answer": bool(
            found.opens
        ),
        f"an answer that was given as text is taught behind {found.read!r}, which is read and not taught": bool(
            found.read
        ),
        "it does not take conversations of several turns": not found.turns,
    }
    return [note for note, holds in notes.items() if holds]


def _say(*roles: Role) -> list[Message]:
    return [Message(role=role, content=PROBES[role]) for role in roles]


def _whose(holds: Any) -> tuple[Role, ...]:
    return tuple(role for role in get_args(Role) if holds(role))


def _conversation(role: Role) -> tuple[tuple[Role, ...], bool]:
    """The shortest conversation with a turn of a role in it, and whether an answer is still to come."""
    if role == "assistant":
        return ("user", "assistant"), False
    return (("system", "user"), True) if role == "system" else (("user",), True)


def _takes(tokenizer: Any, roles: Sequence[Role], variables: Mapping[str, Any]) -> bool:
    try:
        written(tokenizer, _say(*roles), roles[-1] != "assistant", variables)
    except ConfigError:
        return False
    return True


def _system(tokenizer: Any, variables: Mapping[str, Any]) -> str:
    """Where a system message goes, in words."""
    try:
        found = written(tokenizer, _say("system", "user"), True, variables)
    except ConfigError:
        return "refused"
    if found.moved:
        return "put before the first user message by sctk"
    system, user = (found.text.find(turn.content.strip()) for turn in found.turns)
    between = found.text[system + len(found.turns[0].content.strip()) : user]
    return "a turn of its own" if twin_of(tokenizer).controls_in(between) or "User" in between else "in the user's turn"


def _kept(tokenizer: Any, role: Role, variables: Mapping[str, Any]) -> bool:
    """Whether a turn's outer white space comes out."""
    roles, open_ = _conversation(role)
    around = "\n\n\n\n \t x \t \n\n\n\n"
    turns = [Message(role=each, content=around if each == role else "y") for each in roles]
    try:
        found = written(tokenizer, turns, open_, variables)
    except ConfigError:
        return True
    return found.shield.cover(around) in found.text


def _same(tokenizer: Any, role: Role, form: Sequence[str], variables: Mapping[str, Any]) -> bool:
    """Whether the template by itself would leave a turn's text as it is."""
    roles, open_ = _conversation(role)
    try:
        found = written(tokenizer, _say(*roles), open_, variables)
        if found.moved:
            return True
        plain = rendered(tokenizer, _say(*roles), open_, variables, form)
    except ConfigError:
        return True
    except refusals():
        return True
    return lost_turn(plain, _say(role)) is None and plain == found.shield.uncover(found.text)


def _begun(asked: Written, tokenizer: Any) -> bool:
    """Whether the template writes what the tokenizer begins a text with, first and once, or there is no such thing."""
    twin = twin_of(tokenizer)
    ids = twin.encode(asked.uncovered(twin))
    return twin.begun(ids) == ids


def _answered(tokenizer: Any, variables: Mapping[str, Any]) -> tuple[str, str]:
    """What an answer "A" to a question is read behind beyond the prompt, and what is taught of it."""
    asked = [Message(role="user", content="Q")]
    read, taught = turn_ids(tokenizer, asked, "A", variables)
    prompt = written(tokenizer, asked, True, variables)
    twin = twin_of(tokenizer)
    ids = twin.begun(twin.encode(prompt.uncovered(twin)))
    more = read[len(ids) :] if read[: len(ids)] == ids else []
    return _shown(tokenizer, more), _shown(tokenizer, taught)


def _shown(tokenizer: Any, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))
