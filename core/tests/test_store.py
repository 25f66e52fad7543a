"""The store by itself: what writes, what is packed, what rows are made of, and what a torn run directory comes to."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import tables
from sctk_core.errors import StoreError
from sctk_core.identity import canonical, content_id
from sctk_core.pipeline.deadlines import Deadlines
from sctk_core.pipeline.position import Position, at
from sctk_core.pipeline.recording import RecordingBackend
from sctk_core.pipeline.threads import in_time
from sctk_core.records import (
    Critique,
    Decision,
    Failure,
    Given,
    Measure,
    Message,
    Pair,
    Prompt,
    Reply,
    Request,
    Sample,
    Sampling,
    Score,
    Usage,
    Value,
    Weighted,
)
from sctk_core.store.layout import Layout
from sctk_core.store.part import StoredPart, shards_of
from sctk_core.store.progress import Progress
from sctk_core.store.replies import Replies
from sctk_core.store.rows import frame, parents_of, record_from, schema, whole
from sctk_core.store.scribe import Insert, Scribe

TABLE = "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, word TEXT)"


def put(number: int, word: str = "") -> Any:
    return lambda database: database.execute("INSERT INTO t VALUES (?, ?)", (number, word))


def numbers(path: Path) -> list[int]:
    return [row[0] for row in sqlite3.connect(path).execute("SELECT n FROM t ORDER BY rowid")]


# the scribe


def test_orders_are_written_in_order_whatever_their_kind(tmp_path: Path) -> None:
    scribe, seen = Scribe(tmp_path / "a.sqlite", TABLE), list[Any]()

    def insert(*rows: int) -> Insert:
        return Insert("INSERT OR IGNORE INTO t", 2, [(n, "") for n in rows], lambda whole: seen.append((rows, whole)))

    async def main() -> None:
        many = tuple(range(100, 200))
        jobs = [insert(1, 2), insert(3), lambda database: seen.append(numbers_in(database)), insert(3), insert(*many)]
        await asyncio.gather(*(scribe.written(job) for job in jobs))

    def numbers_in(database: sqlite3.Connection) -> list[int]:
        return [row[0] for row in database.execute("SELECT n FROM t ORDER BY n")]

    asyncio.run(main())
    scribe.close()
    assert seen[0] == [1, 2, 3]
    assert [whole for _, whole in seen[1:]] == [True, True, False, False]
    assert numbers(tmp_path / "a.sqlite") == [1, 2, 3, *range(100, 200)]


def test_what_one_turn_of_the_loop_orders_is_one_transaction(tmp_path: Path) -> None:
    groups = list[int]()
    scribe = Scribe(tmp_path / "a.sqlite", TABLE, after=lambda database: groups.append(database.total_changes))

    async def main() -> None:
        await asyncio.gather(*(scribe.written(put(n)) for n in range(50)))
        await scribe.written(put(50))

    asyncio.run(main())
    scribe.write(put(51))
    scribe.close()
    assert groups == [50, 51, 52]


def test_what_the_disk_refuses_is_an_error_of_all_who_wait_and_of_all_that_follow(tmp_path: Path) -> None:
    scribe = Scribe(tmp_path / "a.sqlite", TABLE)

    async def main() -> list[Any]:
        first = await asyncio.gather(*(scribe.written(put(n)) for n in (1, 2, 1)), return_exceptions=True)
        return [*first, *await asyncio.gather(scribe.written(put(5)), return_exceptions=True)]

    assert [type(found) for found in asyncio.run(main())] == [StoreError] * 4
    with pytest.raises(StoreError, match=r"a\.sqlite"):
        scribe.write(put(6))
    scribe.close()
    assert numbers(tmp_path / "a.sqlite") == []


def test_closing_writes_what_was_ordered(tmp_path: Path) -> None:
    scribe = Scribe(tmp_path / "a.sqlite", TABLE)

    async def main() -> None:
        for n in range(3000):
            scribe.written(put(n)).cancel()

    asyncio.run(main())
    scribe.close()
    assert numbers(tmp_path / "a.sqlite") == list(range(3000))


# replies


def request(key: int, *texts: str, **more: Any) -> Request:
    turns = [Message(role="assistant" if place % 2 else "user", content=text) for place, text in enumerate(texts)]
    return Request(messages=tuple(turns), of=f"of {key}", seed=key, key=f"{key:032x}", **more)


def reply(key: int, text: str, **more: Any) -> Reply:
    return Reply(key=f"{key:032x}", text=text, backend="b", **more)


def stored(path: Path, *pairs: tuple[Request, Reply]) -> None:
    replies = Replies(path)

    async def main() -> None:
        for pair in pairs:
            await replies.put([pair], {"model": "m", "backend": {"name": "b"}})

    asyncio.run(main())
    replies.close()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    found: list[Replies] = []

    def open_it() -> Replies:
        found.append(Replies(tmp_path / "replies.sqlite"))
        return found[-1]

    yield open_it
    for replies in found:
        replies.close()


def test_replies_come_back_as_they_were(tmp_path: Path, opened: Any) -> None:
    pairs = [
        (request(1, "q"), reply(1, "a lone \ud800 surrogate, \0 and é")),
        (request(2, "q \udfff"), reply(2, "", token_ids=(), logprob=-0.1, finish="length")),
        (
            request(3, "q", "a", "q", sampling=Sampling(temperature=0.0, stop=("x",)), prefix_ids=(7, 8), rank=2),
            reply(
                3, "x" * 9000, token_ids=(1, 2**40), tokenizer="t", prompt_tokens="p", usage=Usage(n_prompt_tokens=3)
            ),
        ),
    ]
    stored(tmp_path / "replies.sqlite", *pairs)
    replies = opened()
    assert replies.get([each.key for each, _ in pairs]) == [answer for _, answer in pairs]
    assert replies.get(["0" * 32]) == [None]
    asked, said = replies.exchange(f"{3:032x}")
    assert asked["messages"] == [{"role": m.role, "content": m.content} for m in pairs[2][0].messages]
    assert (asked["sampling"]["stop"], asked["rank"], asked["prefix_ids"], asked["of"]) == (["x"], 2, [7, 8], "of 3")
    assert said["text"] == "x" * 9000


def test_a_conversation_that_goes_on_is_stored_once_and_read_whole(tmp_path: Path, opened: Any) -> None:
    long = "long question " * 300
    talk = [
        (request(1, long), reply(1, "first")),
        (request(2, long, "first", "and?"), reply(2, "second")),
        (request(3, long, "first", "and?", "second", "so?"), reply(3, "third")),
        (request(4, long, "said by nobody", "and?"), reply(4, "other")),
    ]
    stored(tmp_path / "replies.sqlite", *talk)
    replies = opened()
    for asked, answer in talk:
        found, said = replies.exchange(asked.key)
        assert [(m["role"], m["content"]) for m in found["messages"]] == [(m.role, m.content) for m in asked.messages]
        assert said["text"] == answer.text
    after = dict(sqlite3.connect(tmp_path / "replies.sqlite").execute("SELECT key, after FROM exchange"))
    assert [after[bytes.fromhex(f"{n:032x}")] for n in (1, 2, 3, 4)] == [
        None, bytes.fromhex(f"{1:032x}"), bytes.fromhex(f"{2:032x}"), None,
    ]  # fmt: skip


def test_what_another_process_said_first_is_not_taken_for_our_own(tmp_path: Path, opened: Any) -> None:
    ours, theirs = opened(), opened()

    async def main() -> None:
        await theirs.put([(request(1, "q"), reply(1, "theirs"))], {"model": "m"})
        await ours.put([(request(1, "q"), reply(1, "ours"))], {"model": "m"})
        await ours.put([(request(2, "q", "ours", "and?"), reply(2, "so"))], {"model": "m"})

    asyncio.run(main())
    assert ours.get([f"{1:032x}"]) == [reply(1, "theirs")]
    asked, _ = theirs.exchange(f"{2:032x}")
    assert [m["content"] for m in asked["messages"]] == ["q", "ours", "and?"]


def test_who_comes_second_goes_on_with_the_first_answer(opened: Any) -> None:
    """Two runs ask the same at the same time, and are told different things: both hold one answer, and it is counted."""
    ours, theirs = opened(), opened()

    class Slow:
        async def generate(self, requests: Any) -> list[Reply]:
            for one in requests[:2]:  # meanwhile the other run is answered
                await theirs.put([(one, replace(reply(0, "theirs"), key=one.key))], about)
            return [replace(reply(0, "ours"), key=one.key) for one in requests]

    about: dict[str, Any] = {"model": "m"}
    backend = RecordingBackend(Slow, ours, about=about, run_seed=0, name="b")

    async def main() -> list[str]:
        with at(Position(stage="p", of="x")):
            asked = [Request(messages=(Message(role="user", content="q"),), of="x", rank=n) for n in range(3)]
            return [answer.text for answer in await backend.generate(asked) if isinstance(answer, Reply)]

    assert asyncio.run(main()) == ["theirs", "theirs", "ours"]
    assert (ours.n_twice, theirs.n_twice) == (2, 0)


def test_two_writers_of_one_file_read_each_other(opened: Any) -> None:
    one, two = opened(), opened()

    async def main() -> None:
        puts = [
            who.put([(request(n, f"q {n}"), reply(n, f"a {n}"))], {"model": "m"})
            for n in range(200)
            for who in (one, two)
        ]
        await asyncio.gather(*puts)

    asyncio.run(main())
    for who in (one, two):
        assert who.get([f"{n:032x}" for n in range(200)]) == [reply(n, f"a {n}") for n in range(200)]


def test_look_ups_see_what_was_written_since_whatever_loop_asks(opened: Any) -> None:
    one, two = opened(), opened()
    key = f"{1:032x}"

    async def look() -> list[Reply | None]:
        return one.get([key])  # the loop ends in this turn

    assert asyncio.run(look()) == [None]

    async def put() -> None:
        await two.put([(request(1, "q"), reply(1, "a"))], {"model": "m"})

    asyncio.run(put())
    assert asyncio.run(look()) == [reply(1, "a")]
    assert one.get([key]) == [reply(1, "a")]


def test_replies_of_the_first_schema_answer(tmp_path: Path, opened: Any) -> None:
    with sqlite3.connect(tmp_path / "replies.sqlite") as old:
        old.execute("CREATE TABLE replies (key TEXT PRIMARY KEY, request TEXT, reply TEXT)")
        plain = {
            "key": "0a" * 16, "text": "old", "token_ids": [1, 2], "tokenizer": None, "prompt_tokens": None, "finish": "stop",
            "logprob": None, "usage": {"n_prompt_tokens": 1, "n_completion_tokens": 2}, "backend": "b",
        }  # fmt: skip
        old.execute("INSERT INTO replies VALUES (?, ?, ?)", ("0a" * 16, '{"messages": []}', json.dumps(plain)))
    (found,) = opened().get(["0a" * 16])
    assert (found.text, found.token_ids, found.usage.n_completion_tokens) == ("old", (1, 2), 2)


# ids and keys, computed faster than they are defined


def plain_id(kind: str, *parts: object) -> str:
    text = json.dumps(
        ["sctk-1", kind, *parts], sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


TEXT = st.text(st.characters(codec=None), max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(TEXT, st.lists(PLAIN, max_size=4))
def test_an_id_is_that_of_its_plain_definition(kind: str, parts: list[Any]) -> None:
    assert content_id(kind, *parts) == plain_id(kind, *parts)


def test_what_has_no_canonical_text_is_refused() -> None:
    for value in (float("nan"), float("inf"), object()):
        with pytest.raises((ValueError, TypeError)):
            canonical([value])


class Nobody:
    """A store and an engine that answer with what they were asked."""

    continues = True

    def get(self, keys: Any) -> list[None]:
        return [None for _ in keys]

    async def put(self, answered: Any, about: Any) -> None:
        pass

    async def generate(self, requests: Any) -> list[Reply]:
        self.asked = requests
        return [Reply(key=each.key, text="") for each in requests]


@given(TEXT, TEXT, st.lists(st.integers(0, 2**31), max_size=3), st.floats(0, 2), st.integers(0, 2**62))
def test_the_key_of_a_request_is_that_of_its_plain_definition(
    text: str, of: str, prefix: list[int], temperature: float, run_seed: int
) -> None:
    about, nobody = {"model": "m", "backend": {"name": "b", "é": [1, None]}}, Nobody()
    proxy = RecordingBackend(lambda: nobody, nobody, about=about, run_seed=run_seed, name="b")
    sampling = Sampling(temperature=temperature, stop=(text,))
    turns = (Message(role="system", content=text), Message(role="user", content=of))
    wanted = Request(messages=turns, sampling=sampling, of=of, rank=3, prefix_ids=tuple(prefix))

    async def main() -> None:
        with at(Position(stage="draft", of="outer", chain=1, sweep=2)):
            await proxy.generate([wanted])

    asyncio.run(main())
    seed = int(plain_id("seed", run_seed, "draft", of or "outer", 1, 2, 3)[:16], 16) >> 1
    more = [prefix] if prefix else []
    plain = {"temperature": temperature, "top_p": 1.0, "max_new_tokens": 128, "stop": [text]}
    told = [["system", text], ["user", of]]
    (asked,) = nobody.asked
    assert (asked.seed, asked.key) == (seed, plain_id("sctk-reply-1", about, plain, seed, told, *more))
    assert (asked.messages, asked.sampling, asked.rank, asked.prefix_ids) == (turns, sampling, 3, tuple(prefix))


# rows

PROMPT = Prompt(
    messages=(Message(role="system", content="be"), Message(role="user", content="é?")), reference="r", document=None,
    meta={"group": "g"}, occurrence=2, given=Given.chain(["d", "better"], [1.5, 2]),
)  # fmt: skip
DRAFT = Sample(prompt=PROMPT, text="d", token_ids=(1, 2), tokenizer="t", reply="k", logprob=-1.5, finish="length")
BARE = Sample(prompt=PROMPT, text="better", sweep=1, rank=3, critique="c", step="p.answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A plugin's own record."""

    sample: Sample
    other: Sample | None
    words: tuple[str, ...]
    weights: tuple[float, ...]
    sure: bool
    note: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", content_id("verdict", self.sample.id, list(self.words), self.sure))


RECORDS = [
    PROMPT,
    replace(PROMPT, other_references=("s", "")),
    DRAFT,
    BARE,
    Critique(sample=DRAFT, text="no", verdict="revise", findings=("a", "b"), reply="k"),
    Score(sample=BARE, name="s", value=1.0, against=DRAFT),
    Score(sample=BARE, name="s", value=-1.0),
    Decision(kept=DRAFT, dropped=BARE, accepted=False, log_alpha=None, reason="why"),
    Pair(prompt=PROMPT, chosen=BARE, rejected=DRAFT, margin=None, probability=0.25),
    Weighted(sample=DRAFT, weight=0.25),
    Failure(of="x", stage="s", component="c", kind="parse", reason="r", detail="d"),
    Value(sample=DRAFT, arm="base", metric="m", value=2.0),
    Verdict(sample=DRAFT, other=None, words=("x",), weights=(), sure=True, extra={"k": [1, None]}),
    Verdict(sample=DRAFT, other=BARE, words=(), weights=(0.5, 1.0), sure=False, note="n"),
]


def through_a_table(tmp_path: Path, *records: Any) -> list[dict[str, Any]]:
    path = tmp_path / "rows.parquet"
    frame(schema(type(records[0]), full=True), [whole(record) for record in records]).write_parquet(path)
    return pl.read_parquet(path).to_dicts()


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_record_comes_back_from_its_row(tmp_path: Path, record: Any) -> None:
    (row,) = through_a_table(tmp_path, record)
    found = record_from(type(record), row, parents_of(row))
    assert all(getattr(found, one.name) == getattr(record, one.name) for one in fields(record))
    assert found == record


def test_measures_have_rows_too() -> None:
    from sctk_core.store.rows import values_of

    measure = Measure(arm="a", metric="m", value=1.0, low=None, high=2.0, n=3)
    (row,) = frame(schema(Measure), [values_of(measure)]).to_dicts()
    assert Measure(**row) == measure


def test_a_weighted_text_is_a_prompt_and_a_completion_for_others(tmp_path: Path) -> None:
    (row,) = through_a_table(tmp_path, Weighted(sample=DRAFT, weight=0.25))
    assert [turn["content"] for turn in row["prompt"]] == [turn.content for turn in PROMPT.messages]
    assert row["completion"] == [{"role": "assistant", "content": DRAFT.text}]
    assert (row["weight"], row["sample_id"]) == (0.25, DRAFT.id)


@pytest.mark.parametrize("column", ["text", "sweep", "critique"])
def test_a_row_that_was_changed_is_refused(tmp_path: Path, column: str) -> None:
    (row,) = through_a_table(tmp_path, BARE)
    row[column] = 7 if column == "sweep" else "other"
    with pytest.raises(StoreError, match="holds another record"):
        record_from(Sample, row, parents_of(row))


def test_a_parent_that_was_changed_is_refused(tmp_path: Path) -> None:
    (row,) = through_a_table(tmp_path, Critique(sample=DRAFT, text="no", verdict="keep"))
    parents = {name: dict(parent) for name, parent in parents_of(row).items()}
    parents[DRAFT.id]["text"] = "other"
    with pytest.raises(StoreError, match="sample"):
        record_from(Critique, row, parents)


TURN = st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(max_size=5)).map(list), max_size=3)
LISTS = {"texts": st.text(max_size=5), "ints": st.integers(-(2**63), 2**63 - 1), "floats": st.floats(allow_nan=False)}


@given(st.data(), st.sampled_from(["turns", *LISTS]))
def test_columns_of_lists_hold_what_was_put_in(data: Any, kind: str) -> None:
    one = TURN if kind == "turns" else st.lists(LISTS[kind], max_size=3)
    values = data.draw(st.lists(st.none() | one, max_size=6))
    table = frame({"x": kind}, [[value] for value in values])
    told = [v and [{"role": r, "content": c} for r, c in v] for v in values] if kind == "turns" else values
    assert table["x"].to_list() == told
    turn = pl.Struct({"role": pl.String(), "content": pl.String()})
    inner = {"texts": pl.String(), "ints": pl.Int64(), "floats": pl.Float64(), "turns": turn}[kind]
    assert table["x"].dtype == pl.List(inner)


# parts

KINDS = {"rows": {"id": "text"}, "none": {"id": "text"}}


class Opened:
    """A part of a run directory, opened as a run does it."""

    def __init__(self, root: Path, shard_rows: int = 4) -> None:
        self.layout = Layout(root)
        root.mkdir(exist_ok=True)
        self.progress = Progress(self.layout.progress, after=lambda: self.part.seal())
        self.part = StoredPart(self.layout, "p", KINDS, self.progress, shard_rows)

    def finish(self, *finished: int) -> None:
        async def main() -> None:
            await asyncio.gather(*(self.part.finish(n, {"rows": [[f"row {n}"]]}) for n in finished))

        asyncio.run(main())

    def close(self) -> list[int]:
        found = list(self.part.finished())
        self.progress.close()
        return found


def made(root: Path, n: int = 10) -> Path:
    opened = Opened(root)
    opened.finish(*range(n))
    opened.part.end(n)
    opened.close()
    return root


def test_shards_are_the_same_in_whatever_order_items_finish(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "other")
    for number in (9, 3, 5, 0, 8, 1, 2, 7, 6, 4):
        opened.finish(number)
    opened.part.end(10)
    assert opened.close() == list(range(10))
    assert tables(tmp_path / "other") == tables(made(tmp_path / "run"))


def test_an_item_that_is_missing_is_told(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "run")
    opened.finish(0, 1, 2, 3, 5)
    with pytest.raises(StoreError, match="5 items are missing"):
        opened.part.end(6 + 3)
    assert opened.close() == [0, 1, 2, 3, 5]


def test_a_line_that_was_torn_off_names_nothing(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    listed = run / "p" / "shards.jsonl"
    listed.write_bytes(listed.read_bytes()[:-30])
    opened = Opened(run)
    assert [shard.first for shard in opened.part.shards] == [0, 4]
    opened.finish(8, 9)
    opened.part.end(10)
    assert opened.close() == list(range(10))
    assert [shard.stop for shard in shards_of(Layout(run), "p")] == [4, 8, 10]
    assert tables(run) == tables(made(tmp_path / "whole"))


def test_a_shard_that_was_torn_is_made_again(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    shard = run / "p" / "rows" / "00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    opened = Opened(run)
    assert list(opened.part.finished()) == [0, 1, 2, 3, 8, 9]
    opened.finish(4, 5, 6, 7)
    opened.part.end(10)
    opened.close()
    assert tables(run) == tables(made(tmp_path / "whole"))


def test_a_sealed_range_that_was_not_yet_forgotten_is_forgotten_on_opening(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    progress = Progress(Layout(run).progress, after=lambda: None)
    for number in (2, 3, 11):
        progress.scribe.write(progress.put("p", number, {"rows": [["left"]]}, lambda: None))
    progress.close()
    opened = Opened(run)
    assert list(opened.progress.finished("p")) == [11]
    opened.close()


def test_a_file_from_which_all_is_sealed_is_small_again(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "run", shard_rows=1000)

    async def main() -> None:
        await asyncio.gather(*(opened.part.finish(n, {"rows": [["x" * 2000]]}) for n in range(1000)))

    asyncio.run(main())
    opened.part.end(1000)
    opened.close()
    assert opened.layout.progress.stat().st_size < 20_000


def test_finished_numbers_are_read_in_pages_while_others_are_written(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "run", shard_rows=10**9)
    opened.finish(*range(0, 3000, 2))
    found = opened.part.finished()
    assert next(found) == 0
    opened.finish(1)
    assert list(found)[-1] == 2998
    opened.close()


# time


def test_a_bound_ends_its_own_wait_alone() -> None:
    async def main() -> list[Any]:
        bounds = Deadlines(0.05)

        async def wait(seconds: float) -> str:
            try:
                with bounds.bound():
                    await asyncio.sleep(seconds)
            except TimeoutError:
                return "late"
            return "in time"

        return [await asyncio.gather(wait(0.0), wait(5.0), wait(0.01)), await wait(5.0), await wait(0.0)]

    assert asyncio.run(main()) == [["in time", "late", "in time"], "late", "in time"]


@pytest.mark.parametrize("wait", [Deadlines, None], ids=["a bound", "a task"])
def test_what_waits_is_late_when_nothing_goes_on(wait: type[Deadlines] | None) -> None:
    async def main(seconds: float, n_steps: int) -> str:
        steps = [-math.inf]

        async def goes_on() -> None:
            for _ in range(n_steps):
                await asyncio.sleep(0.1)
                steps.append(time.monotonic())

        others = asyncio.ensure_future(goes_on())
        try:
            if wait is None:
                await in_time(lambda: asyncio.sleep(seconds), 1.0, "somebody", lambda: steps[-1])
            else:
                with wait(1.0).bound("somebody", lambda: steps[-1]):
                    await asyncio.sleep(seconds)
        except TimeoutError:
            return "late"
        finally:
            others.cancel()
        return "in time"

    assert asyncio.run(main(2.5, 25)) == "in time"
    assert asyncio.run(main(2.5, 0)) == "late"
    assert asyncio.run(main(9.0, 5)) == "late"  # it went on once, and no more


def test_a_task_that_is_cancelled_from_outside_is_cancelled_and_not_late() -> None:
    async def main() -> None:
        async def wait() -> None:
            with Deadlines(5.0).bound():
                await asyncio.sleep(5)

        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
