"""Arrow columns made by hand with ctypes, right or wrong in every part: what no library would let one make.

`column(...)` describes an array and its schema; `Producer` and `Stream` lend them by the PyCapsule protocol and count how
often each struct is given back, so that a test can see that nothing leaks and nothing is freed twice.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, pointer
from dataclasses import dataclass, field
from typing import Any


class Schema(Structure):
    """ArrowSchema."""


class Array(Structure):
    """ArrowArray."""


class CStream(Structure):
    """ArrowArrayStream."""


RELEASE_SCHEMA, RELEASE_ARRAY, RELEASE_STREAM = (CFUNCTYPE(None, POINTER(s)) for s in (Schema, Array, CStream))
Schema._fields_ = [
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_char_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", POINTER(POINTER(Schema))),
    ("dictionary", POINTER(Schema)),
    ("release", RELEASE_SCHEMA),
    ("private_data", c_void_p),
]
Array._fields_ = [
    ("length", c_int64),
    ("null_count", c_int64),
    ("offset", c_int64),
    ("n_buffers", c_int64),
    ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(Array))),
    ("dictionary", POINTER(Array)),
    ("release", RELEASE_ARRAY),
    ("private_data", c_void_p),
]
GET_SCHEMA, GET_NEXT = (
    CFUNCTYPE(c_int, POINTER(CStream), POINTER(Schema)),
    CFUNCTYPE(c_int, POINTER(CStream), POINTER(Array)),
)
GET_ERROR = CFUNCTYPE(c_void_p, POINTER(CStream))
CStream._fields_ = [
    ("get_schema", GET_SCHEMA),
    ("get_next", GET_NEXT),
    ("get_last_error", GET_ERROR),
    ("release", RELEASE_STREAM),
    ("private_data", c_void_p),
]

_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype, _new_capsule.argtypes = ctypes.py_object, [c_void_p, c_char_p, c_void_p]


@dataclass(kw_only=True)
class Column:
    """What an array and its schema say. A buffer is bytes, or None for a null pointer; a child None is a null pointer."""

    format: bytes | None
    length: int
    buffers: list[bytes | None]
    children: list[Column | None] = field(default_factory=list)
    null_count: int = 0
    offset: int = 0
    n_buffers: int | None = None
    n_children: int | None = None
    dictionary: Column | None = None
    released: bool = False
    missing: tuple[str, ...] = ()


class Made:
    """The structs of one column and everything that they point to."""

    def __init__(self, column: Column, *, top: bool = True) -> None:
        self.n_released = 0
        self.column = column
        self.parts = [None if child is None else Made(child, top=False) for child in column.children]
        self.aligned = [None if raw is None else _aligned(raw) for raw in column.buffers]
        self.addresses = (c_void_p * max(1, len(self.aligned)))(*[None if a is None else a[1] for a in self.aligned])
        self.release_schema, self.release_array = RELEASE_SCHEMA(self._given_back), RELEASE_ARRAY(self._given_back)
        self.schema, self.array = Schema(), Array()
        self._fill_schema()
        self._fill_array()

    def _given_back(self, struct: Any) -> None:
        self.n_released += 1
        struct.contents.release = type(struct.contents.release)()

    def _fill_schema(self) -> None:
        column, schema = self.column, self.schema
        schema.format, schema.name, schema.flags = column.format, b"c", 2
        schema.n_children = len(self.parts) if column.n_children is None else column.n_children
        children = (POINTER(Schema) * max(1, len(self.parts)))()
        for i, part in enumerate(self.parts):
            if part is not None and "schema child" not in column.missing:
                children[i] = pointer(part.schema)
        self.schema_children = children
        if "schema children" not in column.missing:
            schema.children = ctypes.cast(children, POINTER(POINTER(Schema)))
        if column.dictionary is not None:
            self.dictionary = Made(column.dictionary, top=False)
            schema.dictionary, self.array.dictionary = pointer(self.dictionary.schema), pointer(self.dictionary.array)
        schema.release = self.release_schema

    def _fill_array(self) -> None:
        column, array = self.column, self.array
        array.length, array.null_count, array.offset = column.length, column.null_count, column.offset
        array.n_buffers = len(column.buffers) if column.n_buffers is None else column.n_buffers
        array.n_children = len(self.parts) if column.n_children is None else column.n_children
        if "buffers" not in column.missing:
            array.buffers = ctypes.cast(self.addresses, POINTER(c_void_p))
        children = (POINTER(Array) * max(1, len(self.parts)))()
        for i, part in enumerate(self.parts):
            if part is not None and "array child" not in column.missing:
                children[i] = pointer(part.array)
        self.array_children = children
        if "array children" not in column.missing:
            array.children = ctypes.cast(children, POINTER(POINTER(Array)))
        if not column.released:
            array.release = self.release_array


def _aligned(raw: bytes) -> tuple[Any, int]:
    """A copy of the bytes at an address that 64 divides, and 64 bytes of room behind them."""
    store = ctypes.create_string_buffer(len(raw) + 128)
    at = -(-ctypes.addressof(store) // 64) * 64
    ctypes.memmove(at, raw, len(raw))
    return store, at


def capsule(struct: Structure, name: bytes) -> object:
    return _new_capsule(ctypes.addressof(struct), name, None)


class Producer:
    """Lends one column by `__arrow_c_array__`."""

    def __init__(self, column: Column) -> None:
        self.made = Made(column)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return capsule(self.made.schema, b"arrow_schema"), capsule(self.made.array, b"arrow_array")


class Stream:
    """Lends chunks by `__arrow_c_stream__`; `then` says what comes behind the last one: a code, or None for the end."""

    def __init__(self, first: Column, chunks: Iterator[Column], then: Callable[[], int] = lambda: 0) -> None:
        self.made = [Made(first)]
        self.message = ctypes.create_string_buffer(b"the disk is gone")
        self.n_released = 0

        def get_schema(_: Any, out: Any) -> int:
            ctypes.memmove(out, ctypes.addressof(self.made[0].schema), ctypes.sizeof(Schema))
            return 0

        def get_next(_: Any, out: Any) -> int:
            chunk = next(chunks, None)
            if chunk is None:
                return then()
            self.made.append(Made(chunk))
            ctypes.memmove(out, ctypes.addressof(self.made[-1].array), ctypes.sizeof(Array))
            return 0

        def release(struct: Any) -> None:
            self.n_released += 1
            struct.contents.release = RELEASE_STREAM()

        self.callbacks = GET_SCHEMA(get_schema), GET_NEXT(get_next), GET_ERROR(lambda _: ctypes.addressof(self.message))
        self.release = RELEASE_STREAM(release)
        self.stream = CStream(*self.callbacks, self.release)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return capsule(self.stream, b"arrow_array_stream")
