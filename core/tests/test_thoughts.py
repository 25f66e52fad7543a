"""Thoughts are parted from answers in one place: by the marks of many families, for every role, recalled or asked."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sctk_core import Failure, Given, Made, Message, Prompt, Reply, Request, Sample, Sampling, Speaker
from sctk_core.identity import content_id
from sctk_core.pipeline.asking import Desk
from sctk_core.pipeline.crew import Answerer
from sctk_core.pipeline.item import Walked, walked
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.recording import RecordingBackend
from sctk_core.plan import Generate
from sctk_core.store.replies import Replies
from sctk_core.store.rows import record_from, values_of
from sctk_core.testing import ScriptedBackend
from sctk_core.thoughts import ASKED_FOR, PAIRS, Parted, Thoughts, opened_in, parted
from test_speaker import Memory

TURNS = (Message(role="user", content="May I?"),)
CHANNELS = (
    "<|channel|>analysis<|message|>I weigh it.<|end|><|start|>assistant<|channel|>final<|message|>You may.<|return|>"
)


PIECES = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<THINK>", "[THINK]", "[/THINK]", "<scratchpad>", "</scratchpad>", "<analysis>"]
    )
    | st.text("<think/>`' .\nab[]|", max_size=8),
    max_size=9,
).map("".join)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("You may.", "You may."),
        ("  You may.\n", "  You may.\n"),
        ("", ""),
        ("<think>\nHm.\n</think>\n\nYou may.", "You may."),
        ("<|channel>thought\nHm.\n<channel|>You may.", "You may."),
        ("<|channel>thought\n<channel|>You may.", "You may."),
        ("\n<think></think>You may.", "You may."),
        ("<think>a</think>\n<think>b</think>You may.\n", "You may.\n"),
        ("<think>a</think></think>You may.", "You may."),
        ("Hm, well.\n</think>\n\nYou may.", "You may."),
        ("<think>I close with `</think>` when I am done.</think>You may.", "You may."),
        ("<think>Hm.</think>", ""),
        ("Write `</think>` behind it.", "Write `</think>` behind it."),
        ("Write this:\n```\n</think>\n```\nDone.", "Write this:\n```\n</think>\n```\nDone."),
        ("<think>A ```python block, then.</think>\n```python\nopen()\n```", "```python\nopen()\n```"),
        ("<think>\n```python\nopen(\n</think>\nSo:\n  ```\nopen()\n  ```\n", "So:\n  ```\nopen()\n  ```\n"),
        ("<think>\n```\nx = '</think>\n```\nHm.</think>Yes:\n```\nx\n```", "Yes:\n```\nx\n```"),
        ("A thought begins with <think> there.", "A thought begins with <think> there."),
        ("[THINK]Hm.[/THINK]You may.", "You may."),
        ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>You may.<|END_RESPONSE|>", "You may."),
        ("<|START_RESPONSE|>You may.<|END_RESPONSE|>", "You may."),
        ("<THINK>Hm.</THINK>You may.", "You may."),
        ("<Thinking>\nHm.\n</thinking>\nYou may.", "You may."),
        ("<think>a</think>First.<think>b</think>You may.", "You may."),
        ("<think>a<think>b</think>c</think>You may.", "You may."),
        ("<think>\n<think>\nHm.</think>You may.", "You may."),
        ("<think>They ask what <think> is for. Well.</think>You may.", "You may."),
        ("<think>I write `<think>so</think>` there.</think>You may.", "You may."),
        ("Let me see. <think>Hm.</think>You may.", "You may."),
        ("<think>\n```python\nopen(\n</think>\nSo:\n```python\nopen()", "So:\n```python\nopen()"),
        ("<think>A block of\n```\nthen.</think>\nSo:\n```python\nopen()\n```", "So:\n```python\nopen()\n```"),
        ("<scratchpad>17 + 4</scratchpad>\nIt is 21.", "It is 21."),
        ("<Analysis>They ask twice.</Analysis>You may.", "You may."),
        ("<analysis>Fine, by all means.</analysis>", "<analysis>Fine, by all means.</analysis>"),
        ("You may. <analysis>Nobody", "You may. <analysis>Nobody"),
        (CHANNELS, "You may."),
        ("<|channel|>final<|message|>You may.", "You may."),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>b<|end|>"
         "<|start|>assistant<|channel|>final<|message|>You may.", "You may."),
    ],
)  # fmt: skip
def test_the_answer_is_what_stands_behind_the_thought(text: str, answer: str) -> None:
    found = parted(text)
    assert found is not None
    assert found.answer == answer
    assert text.startswith(found.thought + answer)


@pytest.mark.parametrize(
    "text",
    [
        "<think>Hm", " <think>\n", "[THINK]Hm.", "<|START_THINKING|>Hm", "<think>a</think><think>b",
        "<think>I close with `</think>` when", "<|channel|>analysis<|message|>Hm.", "<THINK>Hm", "<scratchpad>17 +",
        "Let me see. <think>I go on and", "Well!\n<think>\nI go on", "<think>a</think>b<think>c", "<think>a<think>b</think>c",
        "You may. <think>Or not?</think>", "<think>a</think>You may.\n<think>Or not?</think>\n",
        "<|channel|>analysis<|message|>Hm.<|end|>",
    ],
)  # fmt: skip
def test_a_thought_that_never_ends_has_no_answer(text: str) -> None:
    assert parted(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "A thought begins with <think> and ends with </think> here.",
        "Some models (<think>, </think>) have two tags. What is <think> for?",
        "1. <think> begins it\n2. </think> ends it",
        "Write <think>so</think> and go on.",
        "Write `<b><think>so</think></b>` and go on.",
        "<p><think>so</think></p> is no element of HTML.",
        "The tag is:\n```html\n<think>\nso\n</think>\n```\nBrowsers do not know it.",
        "**<think>** is bold, as |<THINK>| is in a table, and (</think>) is not.",
        "标签<think>表示思考。",
        "I read [think] there, and [THINK] too.",
    ],
)  # fmt: skip
def test_an_answer_that_speaks_of_the_marks_is_an_answer(text: str) -> None:
    assert parted(text) == Parted(thought="", answer=text)
    assert parted("<think>Hm.</think>" + text) == Parted(thought="<think>Hm.</think>", answer=text)


def test_as_many_marks_as_a_reply_has_room_for_take_no_time() -> None:
    for unit in (
        "</think>",
        "<think>",
        "`<think>",
        "a </think> b ",
        "<think>a</think>b",
        "\n```\n</think>",
        '"<think>"',
    ):
        started = time.process_time()
        parted(unit * 20_000)
        assert time.process_time() - started < 2.0  # seconds; a tenth of it is usual


@pytest.mark.parametrize(("begin", "end"), PAIRS)
def test_a_thought_that_the_prompt_began(begin: str, end: str) -> None:
    assert opened_in(f"<|say|>{begin}\n") == begin
    assert opened_in(f"<|say|>{begin}\n\n{end}\n\n") == ""
    assert parted("Hm.", begin) is None
    assert parted(f"Hm.{end}\nYou may.", begin) == Parted(thought=f"Hm.{end}\n", answer="You may.")
    assert parted(f"Hm.{end}\nYou may.") == Parted(thought=f"Hm.{end}\n", answer="You may.")


@given(PIECES, st.sampled_from(["", *(begin for begin, _ in PAIRS)]))
def test_a_reply_is_its_thought_and_its_answer(text: str, opened: str) -> None:
    found = parted(text, opened)
    assert found is None or text == found.thought + found.answer
    if not opened and not any(mark.lower() in text.lower() for pair in (*PAIRS, *ASKED_FOR) for mark in pair):
        assert found == Parted(thought="", answer=text)


def drafted(says: str, thoughts: Thoughts, memory: Memory, made: Given | None = None, finish: Any = "stop") -> Walked:
    """One walk that asks a student for a draft; the student says `says`."""

    class Says(ScriptedBackend):
        async def generate(self, requests: Any) -> list[Reply]:
            return [Reply(key=request.key, text=says, finish=finish, backend="says") for request in requests]

    async def walk(prompt: Prompt, crew: Answerer) -> Made:
        return {"texts": [await crew.student.draft(prompt)]}

    desk = Desk(
        run_seed=0, timeout_s=5.0, patience=Patience(0.0), notify=lambda event: None, thoughts={"student": thoughts}
    )  # fmt: skip
    proxy = RecordingBackend(lambda: Says(_nothing), memory, about={}, run_seed=0, name="says", thoughts=thoughts)
    crew = Answerer(student=Speaker("student", proxy, Sampling(), desk, "says"))
    generate = Generate("pass", walk, steps=("draft",), makes={"texts": Sample})
    return asyncio.run(walked(generate, Prompt(messages=TURNS, given=made), 0, crew))


def _nothing(request: Request) -> str | Failure:
    raise AssertionError(request)


def test_who_asks_reads_the_answer_and_the_store_keeps_the_reply() -> None:
    memory, text = Memory(), "<think>\nHm.\n</think>\n\nYou may."
    for _ in ("asked", "recalled"):
        (sample,) = drafted(text, Thoughts(), memory).made["texts"]
        assert (sample.text, sample.thought, sample.teach_thought) == (
            "You may.", "<think>\nHm.\n</think>\n\n", False,
        )  # fmt: skip
        assert [reply.text for reply in memory.known.values()] == [text]
    (taught,) = drafted(text, Thoughts(train="all"), memory).made["texts"]
    assert (taught.text, taught.teach_thought, taught.id) == ("You may.", True, sample.id)
    (whole,) = drafted(text, Thoughts(part=False), memory).made["texts"]
    assert (whole.text, whole.thought) == (text, None)
    assert len(memory.asked) == 1


def test_what_was_said_before_a_thought_that_nothing_follows_is_no_answer_and_is_told() -> None:
    found = drafted("<think>Hm.</think>You may. <think>Or not?</think>", Thoughts(), Memory())
    assert [line.reason for line in found.page.sorted_lines()][:1] == ["parse: nothing behind the last thought"]


@pytest.mark.parametrize(("finish", "kind"), [("stop", "parse"), ("length", "budget")])
def test_a_thought_that_never_ends_is_a_failure_with_its_reason(finish: str, kind: str) -> None:
    found = drafted("<think>\nHm, I", Thoughts(), Memory(), finish=finish)
    (line,) = [line for line in found.page.sorted_lines() if line.step == "draft"]
    assert (line.outcome, line.reason) == ("failed", f"{kind}: a thought that never ends")
    assert "Hm, I" in found.page.failures[0].detail


def test_texts_that_were_made_elsewhere_are_parted_too() -> None:
    made = Given(answers={"draft": "<think>Hm.</think>You may."})
    (sample,) = drafted("", Thoughts(), Memory(), made).made["texts"]
    assert (sample.text, sample.thought, sample.teach_thought) == ("You may.", "<think>Hm.</think>", False)
    (taught,) = drafted("", Thoughts(train="all"), Memory(), made).made["texts"]
    assert (taught.text, taught.thought, taught.teach_thought) == ("You may.", "<think>Hm.</think>", True)
    (whole,) = drafted("", Thoughts(part=False), Memory(), made).made["texts"]
    assert (whole.text, whole.thought) == ("<think>Hm.</think>You may.", None)
    (plain,) = drafted("", Thoughts(train="all"), Memory(), Given(answers={"draft": "You may."})).made["texts"]
    assert (plain.text, plain.thought, plain.teach_thought) == ("You may.", None, False)
    cut = drafted("", Thoughts(), Memory(), Given(answers={"draft": "<think>Hm."}))
    assert [line.reason for line in cut.page.sorted_lines()][:1] == ["parse: a thought that never ends"]


def test_what_a_prompt_began_is_kept_with_the_reply(tmp_path: Path) -> None:
    async def kept() -> list[Reply | None]:
        store = Replies(tmp_path / "replies.sqlite")
        replies = [
            Reply(key=f"{number:032x}", text="Hm.", opened=opened) for number, opened in enumerate(("", "<think>"))
        ]
        await store.put([(Request(messages=TURNS, key=reply.key), reply) for reply in replies], {"model": "m"})
        found = store.get([reply.key for reply in replies])
        exchange = store.exchange(replies[1].key)
        assert exchange is not None
        assert exchange[1]["opened"] == "<think>"
        store.close()
        return found

    first, second = asyncio.run(kept())
    assert (first and first.opened, second and second.opened) == ("", "<think>")


def test_a_thought_is_part_of_a_sample_and_a_row_without_one_is_still_read() -> None:
    prompt = Prompt(messages=TURNS)
    plain, thought = Sample(prompt=prompt, text="x"), Sample(prompt=prompt, text="x", thought="<think></think>")
    assert plain.id == content_id("sample", prompt.id, "x", 0, 0, 0, None)
    assert plain.id != thought.id
    for sample in (plain, thought):
        row = dict(zip(_columns(Sample), values_of(sample), strict=True))
        parents = {prompt.id: dict(zip(_columns(Prompt), values_of(prompt), strict=True))}
        assert record_from(Sample, row, parents) == sample
    old = {name: value for name, value in row.items() if name not in ("thought", "teach_thought")} | {"id": plain.id}
    assert record_from(Sample, old, parents) == plain


def _columns(kind: type) -> list[str]:
    from sctk_core.store.rows import columns

    return [column.name for column in columns(kind)]
