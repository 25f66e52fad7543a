"""Whether a Parquet file's own account of its pages can be true, before polars follows it: counts that no file has take all memory.

The footer and the header of each page are in Thrift's compact form, which is read here as numbered fields; nothing of the data is
looked at. What cannot be read so is left to polars.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

_MAGIC = b"PAR1"
_LARGEST_FOOTER = 1 << 18
"""Bytes of a footer that is looked at: a larger one would take seconds."""
_HEADER_BYTES = 1 << 12
_LAST_ENCODING, _LAST_CODEC, _LAST_PAGE_TYPE = 15, 15, 3
_DATA, _DICTIONARY, _DATA_2 = 5, 7, 8
"""The fields of a page's header that hold that of its kind."""
Fields = dict[int, Any]


def check_pages(path: Path) -> None:
    """A ValueError where a count or a size in the file is below nothing or beyond what holds it, or a kind is none."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        for chunk in _chunks(file, size):
            try:
                for header in _headers(file, chunk, size):
                    _check_header(header, n_values=chunk[5])
            except (IndexError, KeyError, TypeError, RecursionError, struct.error):
                continue


def _chunks(file: BinaryIO, size: int) -> Iterator[Fields]:
    """What the footer says of each column of each row group."""
    file.seek(max(0, size - 8))
    n_bytes, magic = int.from_bytes(file.read(4), "little"), file.read(4)
    if magic != _MAGIC or not 0 < n_bytes <= min(_LARGEST_FOOTER, size - 8):
        return
    file.seek(size - 8 - n_bytes)
    try:
        footer, _ = _struct(file.read(n_bytes), 0)
        groups = [(group[3], [column[3] for column in group[1]]) for group in footer[4]]
        _check("rows", footer[3], size=1 << 62)
        for n_rows, columns in groups:
            _check("rows of a row group", n_rows, size=footer[3])
            for column in columns:
                _check("codec", column[4], size=_LAST_CODEC)
                _check("values", column[5], size=1 << 62)
                _check("bytes of a column", column[7], size=size)
                for encoding in (*column[2], *(one[2] for one in column.get(13, ()))):
                    _check("encoding", encoding, size=_LAST_ENCODING)
    except (IndexError, KeyError, TypeError, RecursionError, struct.error):
        return
    yield from (column for _, columns in groups for column in columns)


def _headers(file: BinaryIO, chunk: Fields, size: int) -> Iterator[Fields]:
    at = min(place for place in (chunk.get(11), chunk[9]) if place)
    end = at + chunk[7]
    while at < end:
        file.seek(at)
        header, n_bytes = _struct(file.read(_HEADER_BYTES), 0)
        _check("bytes of a page", header[2], size=1 << 40)
        _check("bytes of a page", header[3], size=size - at - n_bytes)
        yield header
        at += n_bytes + header[3]


def _check_header(header: Fields, n_values: int) -> None:
    _check("kind of page", header[1], size=_LAST_PAGE_TYPE)
    for kind in (_DATA, _DICTIONARY, _DATA_2):
        page = header.get(kind)
        if page is None:
            continue
        _check("values of a page", page[1], size=n_values if kind != _DICTIONARY else 1 << 31)
        counts = (page[2], page[3]) if kind == _DATA_2 else ()
        for count in counts:
            _check("rows of a page", count, size=page[1])
        encodings = (page[2], page[3], page[4]) if kind == _DATA else (page[4 if kind == _DATA_2 else 2],)
        for encoding in encodings:
            _check("encoding", encoding, size=_LAST_ENCODING)
        lengths = (page[5], page[6]) if kind == _DATA_2 else ()
        for length in lengths:
            _check("bytes of levels", length, size=header[3])


def _check(what: str, got: int, *, size: int) -> None:
    if not 0 <= got <= size:
        raise ValueError(f"{what}: {got}")


# Thrift's compact form


def _varint(data: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        byte, at = data[at], at + 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found, at
        shift += 7


def _number(data: bytes, at: int) -> tuple[int, int]:
    found, at = _varint(data, at)
    return (found >> 1) ^ -(found & 1), at


def _struct(data: bytes, at: int) -> tuple[Fields, int]:
    found: Fields = {}
    last = 0
    while head := data[at]:
        at += 1
        last, at = (last + (head >> 4), at) if head >> 4 else _number(data, at)
        found[last], at = _value(data, at, head & 15)
    return found, at + 1


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (1, 2):
        return kind == 1, at
    if kind == 3:
        return data[at], at + 1
    if kind in (4, 5, 6):
        return _number(data, at)
    if kind == 7:
        return struct.unpack_from("<d", data, at)[0], at + 8
    if kind == 8:
        n_bytes, at = _varint(data, at)
        if at + n_bytes > len(data):
            raise IndexError(at)
        return data[at : at + n_bytes], at + n_bytes
    if kind in (9, 10):
        return _list(data, at)
    if kind == 12:
        return _struct(data, at)
    raise KeyError(kind)


def _list(data: bytes, at: int) -> tuple[list[Any], int]:
    head, at = data[at], at + 1
    n, at = (head >> 4, at) if head >> 4 < 15 else _varint(data, at)
    kind, found = head & 15, []
    for _ in range(min(n, len(data))):
        one, at = (data[at] == 1, at + 1) if kind in (1, 2) else _value(data, at, kind)
        found.append(one)
    return found, at
