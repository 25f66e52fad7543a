"""Random tables, forms of Arrow and rules against packing written plainly: `python rust_ext/tests/packing_fuzz.py SECONDS [SEED]`.

A case is drawn from a seed of its own: lengths from 0 to 100,000, every type of list and number, columns cut into chunks and
slices, offsets that begin beyond 0, bitmaps of validity with and without nulls, groups, windows, pairs, threads. What is packed is
compared token by token, what is lost with what is counted; what is refused must be refused with a hint, and for the reason that was
put there.
"""

from __future__ import annotations

import bisect
import itertools
import random
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from sctk_rs import packing
from sctk_rs.packing import How

Piece = tuple[int, int, int]  # row, where it starts in the row, tokens
Bins = list[list[Piece]]

KINDS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
STRATEGIES = ["best-fit", "next-fit", "wrapped"]
OVERFLOWS = ["error", "truncate", "split", "drop"]
NO_LIMIT = 10**9


class Refused(Exception):
    """What a case must be refused for, as words of the message."""


# plain packing


def pieces_of(lengths: Sequence[int], capacity: int, overflow: str) -> list[Piece]:
    """Each row as the pieces that are to be placed."""
    pieces = []
    for row, n in enumerate(lengths):
        if n > capacity and overflow == "error":
            raise Refused(f"row {row} has {n} tokens")
        if n > capacity and overflow == "drop":
            continue
        stop = min(n, capacity) if overflow == "truncate" else n
        pieces += [(row, start, min(capacity, stop - start)) for start in range(0, stop, capacity)]
    return pieces


def best_fit(pieces: list[Piece], capacity: int, most_rows: int) -> Bins:
    """Longest first, each into the bin with least room that takes it; of equal ones the bin touched last."""
    bins: Bins = []
    rooms: list[int] = []  # sorted, of the open bins
    touched: dict[int, list[int]] = {}  # bins of each room, the one touched last at the end
    for piece in sorted(pieces, key=lambda piece: -piece[2]):
        at = bisect.bisect_left(rooms, piece[2])
        if at < len(rooms):
            room = rooms[at]
            number = touched[room].pop()
            if not touched[room]:
                rooms.pop(at)
        else:
            room, number = capacity, len(bins)
            bins.append([])
        bins[number].append(piece)
        room -= piece[2]
        if room and len(bins[number]) < most_rows:
            if not touched.setdefault(room, []):
                bisect.insort(rooms, room)
            touched[room].append(number)
    return bins


def in_order(pieces: list[Piece], capacity: int, most_rows: int, *, cut: bool) -> Bins:
    """Pieces in their order; a bin that is full is cut off (`cut`), or left for the next one."""
    bins: Bins = []
    room = 0
    for row, begin, tokens in pieces:
        start, n = begin, tokens
        while n:
            if not bins or len(bins[-1]) == most_rows or (room == 0 if cut else n > room):
                bins.append([])
                room = capacity
            taken = min(n, room)
            bins[-1].append((row, start, taken))
            start, n, room = start + taken, n - taken, room - taken
    return bins


def plain(lengths: Sequence[int], capacity: int, strategy: str, overflow: str, most_rows: int) -> Bins:
    """The bins."""
    if strategy == "wrapped":
        return in_order([(row, 0, n) for row, n in enumerate(lengths) if n], capacity, most_rows, cut=True)
    pieces = pieces_of(lengths, capacity, overflow)
    if strategy == "next-fit":
        return in_order(pieces, capacity, most_rows, cut=False)
    return best_fit(pieces, capacity, most_rows)


def plain_groups(
    lengths: Sequence[int], keys: Sequence[object] | None, capacity: int, strategy: str, overflow: str, most_rows: int
) -> Bins:
    """The bins of each group by itself, groups by their first row."""
    if keys is None:
        return plain(lengths, capacity, strategy, overflow, most_rows)
    if overflow == "error" and strategy != "wrapped":
        pieces_of(lengths, capacity, overflow)
    bins: Bins = []
    for key in dict.fromkeys(keys):
        rows = [row for row, other in enumerate(keys) if other == key]
        own = plain([lengths[row] for row in rows], capacity, strategy, overflow, most_rows)
        bins += [[(rows[row], start, n) for row, start, n in held] for held in own]
    return bins


# random things


def lengths_of(pick: random.Random) -> list[int]:
    """Tokens of each row."""
    n = pick.choice([0, 1, 2, 7, 40, 40, 200, 200, 1500, 5000])
    kind = pick.randrange(7)
    if kind == 0:
        return [pick.randrange(13) for _ in range(n)]
    if kind == 1:
        return [pick.choice([0, 0, 0, pick.randrange(300)]) for _ in range(n)]
    if kind == 2:
        return [pick.choice([1, 8, 63, 64, 65, 128]) for _ in range(n)]
    if kind == 3:
        return [pick.randrange(100_001) for _ in range(min(n, 12))]
    if kind == 4:
        return [pick.choice([0, pick.randrange(1, 4)]) for _ in range(n)] + [pick.choice([100_000, 99_999, 0])]
    if kind == 5:
        return [pick.choice([0, 1, 5, 64])] * n
    return [min(2000, int(pick.lognormvariate(4, 1))) for _ in range(n)]


def capacity_of(pick: random.Random, lengths: list[int]) -> int:
    """Small, of a row's length, a power of two, or the largest there may be."""
    some = max(1, pick.choice(lengths) if lengths else 1)
    return pick.choice(
        [pick.randint(1, 8), pick.randint(1, 300), some, some + 1, max(1, some - 1), 2 * some, 1024, 4096, 2**24]
    )


def numbers(pick: random.Random, n: int, kind: str) -> np.ndarray:
    """Any bits of that type."""
    whole = np.random.default_rng(pick.getrandbits(32))
    return np.frombuffer(whole.bytes(n * np.dtype(kind).itemsize), kind)


def array_of(pick: random.Random, lengths: list[int], values: np.ndarray) -> pa.Array:
    """One chunk of lists over values, with what may lie around them: values before and behind, rows before and behind."""
    form = pick.choice(["list", "large", "fixed" if len(set(lengths)) == 1 else "large"])
    before, behind = pick.choice([(0, 0), (pick.randrange(3), pick.randrange(3))])
    if form == "fixed":
        size = lengths[0]
        around = numbers(pick, (before + behind) * size, str(values.dtype))
        flat = np.concatenate([around[: before * size], values, around[before * size :]])
        whole = pa.FixedSizeListArray.from_arrays(pa.array(flat), size) if size else None
        if whole is None:
            whole = pa.array([[]] * (before + len(lengths) + behind), pa.list_(pa.from_numpy_dtype(values.dtype), 0))
        return whole[before : before + len(lengths)]
    lead = pick.choice([0, pick.randrange(9)])
    own = [pick.randrange(5) for _ in range(before)], [pick.randrange(5) for _ in range(behind)]
    around = numbers(pick, lead + sum(own[0]) + sum(own[1]) + 3, str(values.dtype))
    flat = np.concatenate([around[: lead + sum(own[0])], values, around[lead + sum(own[0]) :]])
    offsets = lead + np.concatenate([[0], np.cumsum([*own[0], *lengths, *own[1]])]).astype(np.int64)
    small = form == "list"
    made = (pa.ListArray if small else pa.LargeListArray).from_arrays(
        pa.array(offsets.astype(np.int32 if small else np.int64)), pa.array(flat)
    )
    n = len(made)
    if pick.random() < 0.3:  # a bitmap of validity: nulls only in rows that are sliced away
        valid = np.ones(n, bool)
        for row in [*range(before), *range(n - behind, n)]:
            valid[row] = pick.random() < 0.5
        bits = pa.py_buffer(np.packbits(valid, bitorder="little").tobytes())
        made = pa.Array.from_buffers(made.type, n, [bits, made.buffers()[1]], children=[made.values])
    return made[before : before + len(lengths)]


def column_of(pick: random.Random, lengths: list[int], values: np.ndarray) -> pa.ChunkedArray:
    """The rows in chunks, empty ones among them, all of one type."""
    cuts = sorted(pick.randrange(len(lengths) + 1) for _ in range(pick.choice([0, 0, 0, 1, 3])))
    ends = [0, *cuts, len(lengths)]
    at = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
    chunks = [array_of(pick, lengths[a:b], values[at[a] : at[b]]) for a, b in itertools.pairwise(ends)]
    kind = pick.choice(chunks).type
    same = [chunk if chunk.type == kind else None for chunk in chunks]
    if any(chunk is None for chunk in same):
        kind = pa.large_list(pa.from_numpy_dtype(values.dtype))
        same = [chunk if chunk.type == kind else plain_list(chunk, kind) for chunk in chunks]
    return pa.chunked_array(same, kind)


def plain_list(chunk: pa.Array, kind: pa.DataType) -> pa.Array:
    """The same rows as large lists."""
    n_tokens = [0] * len(chunk) if not len(chunk) else chunk.value_lengths().to_numpy(zero_copy_only=False).astype(int)
    offsets = np.concatenate([[0], np.cumsum(n_tokens)]).astype(np.int64)
    return pa.LargeListArray.from_arrays(pa.array(offsets), chunk.flatten()).cast(kind)


def carrier_of(pick: random.Random, table: pa.Table, kinds: list[str]) -> object:
    """The table as one of those who carry it."""
    choice = pick.randrange(6)
    if choice == 0 and "float16" not in kinds and table.num_columns:
        fixed = any(pa.types.is_fixed_size_list(field.type) for field in table.schema)
        return table if fixed else pl.from_arrow(table)
    if choice == 1:
        return pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    if choice == 2 and table.num_rows:
        return table.combine_chunks().to_batches()[0]
    return table


# one case


def bits(values: np.ndarray) -> np.ndarray:
    """The same bytes as numbers that equal themselves."""
    return np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}")


def flat_of(rows: np.ndarray, starts: np.ndarray, pieces: list[Piece]) -> np.ndarray:
    """The values of the pieces, end to end."""
    parts = [rows[starts[row] + start : starts[row] + start + n] for row, start, n in pieces]
    return np.concatenate(parts) if parts else rows[:0]


def compare(
    packed: packing.Packed, want: Bins, columns: dict[str, np.ndarray], lengths: list[int], *, exact: bool
) -> None:
    """The packed table is that of the bins; where they were shuffled (not `exact`), in the order that the plan says."""
    order, ends = np.asarray(packed.plan.order), np.asarray(packed.plan.bin_offsets)
    starts, n_tokens = packed.plan.starts, packed.plan.n_tokens
    table = pa.table(packed.table)
    table.validate(full=True)
    pieces = [piece for held in want for piece in held]
    got_starts = np.zeros(len(order), int) if starts is None else np.asarray(starts)
    sequences = table["seq_lengths"].combine_chunks().flatten().to_numpy()
    assert n_tokens is None or (np.asarray(n_tokens) == sequences).all(), "tokens of the plan"
    got = list(zip(order.tolist(), got_starts.tolist(), sequences.tolist(), strict=True))
    got_bins = [got[a:b] for a, b in itertools.pairwise(ends.tolist())]
    if exact:
        assert got_bins == want, "the bins"
    else:
        assert sorted(got_bins) == sorted(want), "the bins, in any order"
        want, pieces = got_bins, got
    sizes = np.array([sum(n for _, _, n in held) for held in want], int)
    at = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
    for name, values in columns.items():
        column = table[name].combine_chunks()
        assert (column.value_lengths().to_numpy(zero_copy_only=False) == sizes).all(), f"tokens of each bin of {name}"
        found = column.flatten().to_numpy(zero_copy_only=False)
        assert found.dtype == values.dtype, f"{found.dtype} of {values.dtype}"
        assert (bits(found) == bits(flat_of(values, at, pieces))).all(), f"the values of {name}"
    counts = np.array([len(held) for held in want], int)
    assert (table["seq_lengths"].combine_chunks().value_lengths().to_numpy(zero_copy_only=False) == counts).all()
    if "position_ids" in table.column_names:
        places = np.concatenate([np.arange(n) for _, _, n in pieces]) if pieces else np.zeros(0)
        assert (table["position_ids"].combine_chunks().flatten().to_numpy() == places).all(), "positions"
    sums = [total for held in want for total in np.cumsum([0, *[n for _, _, n in held]]).tolist()]
    assert table["cu_seqlens"].combine_chunks().flatten().to_pylist() == sums, "running sums"


def compare_loss(
    loss: packing.Loss, lengths: list[int], want: Bins, strategy: str, capacity: int, overflow: str
) -> None:
    """What is not in a bin is counted."""
    kept = sum(n for held in want for _, _, n in held)
    assert (loss.tokens_kept, loss.tokens_lost) == (kept, sum(lengths) - kept), "tokens kept and lost"
    assert loss.rows_empty == lengths.count(0), "empty rows"
    longer = 0 if strategy == "wrapped" else sum(n > capacity for n in lengths)
    told = {"truncate": loss.rows_truncated, "split": loss.rows_split, "drop": loss.rows_dropped, "error": 0}
    assert told == {**dict.fromkeys(told, 0), overflow: longer if overflow != "error" else 0}, "rows cut"


def must(job: Callable[[], object], reason: str | None) -> object:
    """What the job yields; refused with a hint, and for that reason, where there is one."""
    try:
        result, told = job(), None
    except (ValueError, TypeError) as error:
        result, told = None, str(error)
    assert (told is None) == (reason is None), f"refused: {told!r}, wanted {reason!r}"
    assert told is None or "\nhint: " in told, f"no hint: {told!r}"
    assert reason is None or reason in str(told), f"refused: {told!r}, wanted {reason!r}"
    return result


def reason_of(job: Callable[[], Bins]) -> tuple[Bins, str | None]:
    """The bins, or why there are none."""
    try:
        return job(), None
    except Refused as refused:
        return [], str(refused)


def broken(pick: random.Random, table: pa.Table, lengths: list[int]) -> tuple[pa.Table, str]:
    """The table with one thing wrong, and the words of the message that names it."""
    row = pick.randrange(len(lengths))
    rows: list[list[int | None] | None] = [[1] * n for n in lengths]
    choice = pick.randrange(4)
    if choice == 0:
        rows[row] = None
        return table.set_column(0, "a", pa.array(rows, pa.list_(pa.int32()))), f"row {row} is null"
    if choice == 1 and lengths[row]:
        rows[row] = [None] * lengths[row]
        return table.set_column(0, "a", pa.array(rows, pa.list_(pa.int32()))), f"row {row} is null or holds a null"
    if choice == 2:
        rows[row] = [1] * (lengths[row] + 1)
        other = pa.array(rows, pa.list_(pa.int64()))
        return table.append_column("other", other), f"row {row} has {lengths[row] + 1} tokens"
    name = pick.choice(["seq_lengths", "cu_seqlens"])
    return table.append_column(name, table.column(0)), "which packing makes itself"


def kept_of(pairs: Sequence[tuple[int, int]], capacity: int, overflow: str) -> list[tuple[int, int]]:
    """What is left of each pair's sides: half a bin each, and what the other leaves of its half."""
    kept = []
    for row, (a, b) in enumerate(pairs):
        if a + b <= capacity:
            kept.append((a, b))
        elif overflow in ("error", "split"):
            raise Refused(f"row {row} has {a + b} tokens")
        elif overflow == "drop":
            kept.append((0, 0))
        else:
            first = min(a, capacity - min(b, capacity // 2))
            kept.append((first, capacity - first))
    return kept


def pairs_case(pick: random.Random) -> str:
    """The same of pairs, whose two sides lie in one bin."""
    first = lengths_of(pick)[:400]
    second = [pick.choice([n, pick.randrange(200), 0]) for n in first]
    capacity = capacity_of(pick, first)
    overflow = pick.choice(["error", "truncate", "drop"])
    kind = pick.choice(KINDS)
    sides = [(name, lengths, numbers(pick, sum(lengths), kind)) for name, lengths in (("c", first), ("r", second))]
    table = pa.table({name: column_of(pick, lengths, values) for name, lengths, values in sides})
    packer = packing.Packer(capacity, overflow=overflow, how=How(threads=pick.choice([1, 3])))
    kept, reason = [(0, 0)] * len(first), None
    try:
        kept = kept_of(list(zip(first, second, strict=True)), capacity, overflow)
    except Refused as refused:
        reason = str(refused)
    packed = must(lambda: packer.pack_pairs(table, {"ids": ("c", "r")}), reason)
    said = f"pairs: {len(first)} rows, {capacity=}, {overflow}, {kind}"
    if not isinstance(packed, packing.Packed):
        return said
    want = best_fit([(row, 0, a + b) for row, (a, b) in enumerate(kept) if a + b], capacity, NO_LIMIT)
    assert np.asarray(packed.plan.order).tolist() == [row for held in want for row, _, _ in held], "the order"
    ends = [np.concatenate([[0], np.cumsum(lengths)]).astype(int) for _, lengths, _ in sides]
    parts = [
        values[at[row] : at[row] + kept[row][side]]
        for held in want
        for row, _, _ in held
        for side, (at, (_, _, values)) in enumerate(zip(ends, sides, strict=True))
    ]
    got = pa.table(packed.table)
    got.validate(full=True)
    found = got["ids"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    assert (bits(found) == bits(np.concatenate(parts) if parts else sides[0][2][:0])).all(), "the values"
    assert got["seq_lengths"].combine_chunks().flatten().to_pylist() == [len(part) for part in parts], "the sequences"
    total, all_kept = sum(first) + sum(second), sum(map(sum, kept))
    assert (packed.loss.tokens_kept, packed.loss.tokens_lost) == (all_kept, total - all_kept), "tokens kept and lost"
    return said


def case(seed: int) -> str:
    """Draws one case, packs it, compares; says what it was."""
    pick = random.Random(seed)
    if pick.random() < 0.1:
        return pairs_case(pick)
    lengths = lengths_of(pick)
    capacity = capacity_of(pick, lengths)
    if sum(lengths) // capacity > 300_000:
        capacity = 64
    strategy, overflow = pick.choice(STRATEGIES), pick.choice(OVERFLOWS)
    most_rows = pick.choice([None, None, 1, 2, 7])
    seed_of_bins = pick.choice([None, None, pick.getrandbits(64)])
    kinds = [pick.choice(KINDS) for _ in range(pick.choice([1, 1, 2, 3]))]
    columns = {name: numbers(pick, sum(lengths), kind) for name, kind in zip("abc", kinds, strict=False)}
    table = pa.table({name: column_of(pick, lengths, values) for name, values in columns.items()})
    keys = pick.choice([None, None, [pick.randrange(4) for _ in lengths], [pick.choice("xyz") for _ in lengths]])
    groups: object = keys
    if keys is not None and pick.random() < 0.5:
        table, groups = table.append_column("source", pa.array(keys, None if keys else pa.int64())), "source"
    if pick.random() < 0.2:
        table = table.append_column("text", pa.array(["é"] * len(lengths), pa.string()))
    how = How(
        position_ids=pick.random() < 0.7,
        threads=pick.choice([1, 1, 2, 5]),
        reuse=pick.random() < 0.3,
        store=pick.choice([None, None, "plain", "scalar"]),
    )
    exact = seed_of_bins is None
    said = (
        f"{len(lengths)} rows, {sum(lengths)} tokens, {capacity=}, {strategy}, {overflow}, {most_rows=}, {kinds}, {how}"
    )
    limit = most_rows or NO_LIMIT
    way = pick.random()
    if way < 0.15:  # a plan of lengths alone
        want, reason = reason_of(lambda: plain_groups(lengths, keys, capacity, strategy, overflow, limit))
        given = pick.choice([lengths, np.array(lengths, np.int64), pa.array(lengths, pa.int32()), table["a"]])
        rules = {"overflow": overflow, "most_rows": most_rows, "seed": seed_of_bins, "groups": keys}
        plan = must(lambda: packing.plan(given, capacity, strategy, **rules), reason)  # type: ignore[arg-type]
        if isinstance(plan, packing.Plan):
            compare_loss(plan.loss, lengths, want, strategy, capacity, overflow)
            counts = sorted(map(len, want)) if not exact else [len(held) for held in want]
            found = np.diff(np.asarray(plan.bin_offsets)).tolist()
            assert (found if exact else sorted(found)) == counts, "pieces of each bin"
            assert not exact or np.asarray(plan.order).tolist() == [row for held in want for row, _, _ in held]
        return f"plan: {said}"
    packer = packing.Packer(capacity, strategy, overflow=overflow, most_rows=most_rows, seed=seed_of_bins, how=how)
    if way < 0.25 and lengths:  # something is wrong
        bad, reason_bad = broken(pick, table, lengths)
        packer = packing.Packer(capacity, strategy, overflow="drop", most_rows=most_rows, seed=seed_of_bins, how=how)
        must(lambda: packer.pack(carrier_of(pick, bad, ["float16"])), reason_bad)
        return f"refused: {said}"
    if way < 0.4:  # in windows
        window = pick.choice([1, 7, 100, 10_000])
        if len(lengths) // window > 500:
            window = 100
        cuts = sorted(pick.randrange(len(lengths) + 1) for _ in range(pick.choice([0, 1, 4])))
        ends = [0, *cuts, len(lengths)]
        parts = [table[a:b] for a, b in itertools.pairwise(ends)]
        name = "source" if groups == "source" else None
        stream = packing.PackStream(parts, packer, groups=name, columns=list(columns), window_rows=window)
        n_windows = 0
        windows = iter(stream)
        for at in range(0, len(lengths), window):
            own = lengths[at : at + window]
            own_keys = keys[at : at + window] if keys is not None and name else None
            want, reason = reason_of(lambda: plain_groups(own, own_keys, capacity, strategy, overflow, limit))  # noqa: B023
            packed = must(lambda: next(windows), reason)
            if packed is None:
                return f"stream refused: {said}"
            assert isinstance(packed, packing.Packed)
            first = sum(lengths[:at])
            mine = {key: values[first : first + sum(own)] for key, values in columns.items()}
            compare(packed, want, mine, own, exact=exact)
            compare_loss(packed.loss, own, want, strategy, capacity, overflow)
            n_windows += 1
        assert next(windows, None) is None, "a window too many"
        return f"{n_windows} windows: {said}"
    want, reason = reason_of(lambda: plain_groups(lengths, keys, capacity, strategy, overflow, limit))
    for _ in range(2 if how.reuse else 1):
        carrier = carrier_of(pick, table, kinds)
        chosen = list(columns) if pick.random() < 0.5 else None
        packed = must(lambda: packer.pack(carrier, chosen, groups=groups), reason)  # type: ignore[arg-type] # noqa: B023
        if isinstance(packed, packing.Packed):
            compare(packed, want, columns, lengths, exact=exact)
            compare_loss(packed.loss, lengths, want, strategy, capacity, overflow)
    return f"pack: {said}"


def main(seconds: float, seed: int = 1) -> None:
    """Cases until the CPU time is spent; names the seed of the first that fails."""
    n, kinds = 0, dict[str, int]()
    while time.process_time() < seconds:
        number = seed * 10**9 + n
        try:
            said = case(number)
        except BaseException:
            print(f"case {number} failed", file=sys.stderr)
            raise
        kind = said.split(":")[0].lstrip("0123456789 ")
        kinds[kind] = kinds.get(kind, 0) + 1
        n += 1
    print(f"{n} cases, {kinds}, in {time.process_time():.0f} s of CPU")


if __name__ == "__main__":
    main(float(sys.argv[1]), *map(int, sys.argv[2:]))
