"""From a request to its opening and from ids to its reply, with a tokenizer and no model."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import pytest
from sctk_chat import Chat, Opening, end_ids, render
from sctk_core import Failure, Message, Request, Sampling, Usage

MESSAGES = (Message(role="user", content="How are you?"),)


def ask(prefix_ids: tuple[int, ...] = (), **sampling: Any) -> Request:
    return Request(
        messages=MESSAGES,
        sampling=Sampling(**{"max_new_tokens": 8, **sampling}),
        of="p",
        key="k",
        prefix_ids=prefix_ids,
    )


@pytest.fixture(scope="session")
def chat(chatml: Any) -> Chat:
    return Chat("made-up", chatml, context=64, n_vocab=len(chatml), ends=end_ids(chatml, [0]))


def ids_of(chat: Chat, text: str) -> tuple[int, ...]:
    return tuple(chat.tokenizer(text, add_special_tokens=False)["input_ids"])


def opened(chat: Chat, request: Request) -> Opening:
    found = chat.opening(request)
    assert isinstance(found, Opening), found
    return found


def refused(chat: Chat, request: Request) -> Failure:
    found = chat.opening(request)
    assert isinstance(found, Failure), found
    return found


def test_importing_brings_nothing_heavy() -> None:
    program = "import sys, sctk_chat; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "tokenizers", "numpy", "jinja2"} & set(done.stdout.split())


def test_an_opening_is_the_prompt_and_what_is_given(chat: Chat) -> None:
    given = ids_of(chat, "fine")
    opening = opened(chat, ask(given))
    assert opening.read == [*render(chat.tokenizer, MESSAGES), *given]
    assert (opening.limit, opening.finished) == (8, None)
    room = 64 - len(opening.prompt)
    assert opened(chat, ask(given, max_new_tokens=500)).limit == room


def test_the_reply_is_the_whole_answer_and_usage_what_was_done(chat: Chat) -> None:
    given, more = ids_of(chat, "fine"), ids_of(chat, ", thank you")
    request = ask(given)
    opening = opened(chat, request)
    reply = chat.reply(request, opening, [*given, *more], at_limit=True)
    assert (reply.text, reply.token_ids, reply.finish) == ("fine, thank you", given + more, "length")
    n_read = len(opening.prompt) + len(given)
    assert reply.usage == Usage(n_prompt_tokens=n_read, n_completion_tokens=len(more))
    assert reply.prompt_tokens == chat.reply(ask(), opened(chat, ask()), more, at_limit=False).prompt_tokens


@pytest.mark.parametrize("control", ["<|im_end|>", "<|endoftext|>"])
def test_an_answer_that_ended_is_the_reply_at_once(chat: Chat, control: str) -> None:
    given = (*ids_of(chat, "fine."), chat.tokenizer.convert_tokens_to_ids(control))
    request = ask(given, stop=(".",))
    opening = opened(chat, request)
    assert opening.finished == "stop"
    reply = chat.finished(request, opening)
    assert (reply.text, reply.token_ids, reply.finish) == ("fine.", given, "stop")
    assert reply.usage == Usage(n_prompt_tokens=0, n_completion_tokens=0)


def test_an_answer_at_its_bound_is_the_reply_at_once_and_a_longer_one_a_failure(chat: Chat) -> None:
    given = ids_of(chat, "fine, thank you")
    request = ask(given, max_new_tokens=len(given))
    reply = chat.finished(request, opened(chat, request))
    assert (reply.text, reply.finish, reply.usage.n_completion_tokens) == ("fine, thank you", "length", 0)
    short = refused(chat, ask(given, max_new_tokens=len(given) - 1))
    assert (short.kind, short.of, short.component) == ("budget", "p", "made-up")
    full = refused(chat, ask(given * 30, max_new_tokens=500))
    assert (full.kind, full.reason) == (short.kind, short.reason)


@pytest.mark.parametrize("wrong", [-1, 10**6, 1 << 40])
def test_ids_of_another_tokenizer_are_a_failure(chat: Chat, wrong: int) -> None:
    failure = refused(chat, ask((*ids_of(chat, "fine"), wrong)))
    assert (failure.kind, failure.reason) == ("bug", "given ids that the tokenizer does not have")
    assert str(wrong) in failure.detail


def test_ids_behind_the_end_of_the_turn_are_a_failure(chat: Chat) -> None:
    end = chat.tokenizer.eos_token_id
    assert "behind the end of the turn" in refused(chat, ask((end, *ids_of(chat, "fine")))).reason


def test_a_conversation_that_the_template_does_not_take_is_a_failure_that_names_it(chat: Chat) -> None:
    tokenizer = copy.deepcopy(chat.tokenizer)
    tokenizer.chat_template = "{% for m in messages[1:] %}{{ m.content }}{% endfor %}"
    losing = Chat("made-up", tokenizer, context=64, n_vocab=len(tokenizer), ends=end_ids(tokenizer, [0]))
    failure = refused(losing, ask())
    assert (failure.kind, failure.reason) == ("bug", "the chat template does not take the conversation")
    assert failure.detail.startswith("chat template (of no known family): got user, and its text for the user turn")
    scored = losing.to_score(MESSAGES, "fine")
    assert isinstance(scored, Failure)
    assert scored.reason == failure.reason


def test_half_a_character_may_be_given(chat: Chat) -> None:
    face = ids_of(chat, "🙂")
    assert len(face) > 1
    request = ask((face[0],), stop=("!",))
    reply = chat.reply(request, opened(chat, request), [*face, *ids_of(chat, " fine!")], at_limit=False)
    assert reply.text == "🙂 fine"
    assert reply.token_ids is None or reply.token_ids[0] == face[0]
    across = ask((face[0],), stop=("🙂",))
    reply = chat.reply(across, opened(chat, across), face, at_limit=False)
    assert (reply.token_ids, reply.text, reply.finish) == ((face[0],), "\ufffd", "stop")
