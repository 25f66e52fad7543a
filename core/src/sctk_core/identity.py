"""Names that content gives itself: ids, seeds and fingerprints.

Everything here is BLAKE2b over one canonical JSON text, so an id is the same on every machine, and a seed depends on
what is asked, never on when or in which batch it is asked. The version below is part of every digest: change it, and
every id changes.
"""

from __future__ import annotations

import hashlib
import json
import json.encoder
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SCHEME = "sctk-1"
_blake2b = hashlib.blake2b


def encoder(*, sort_keys: bool = False, allow_nan: bool = True) -> Callable[[object], str]:
    """JSON without spaces, text as it is: what `json.dumps` says, by its own C encoder, made once and not for each text."""
    plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys, allow_nan=allow_nan)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return plain.encode
    quoted = json.encoder.encode_basestring
    encode = make(None, plain.default, quoted, None, ":", ",", sort_keys, False, allow_nan)

    def text(value: object) -> str:
        return "".join(encode(value, 0))

    return text


quoted: Callable[[str], str] = json.encoder.encode_basestring
"""A text as JSON has it."""
_encoded = encoder(sort_keys=True, allow_nan=False)


def canonical(value: object) -> str:
    """One JSON text for equal values: keys sorted, no spaces, text as it is, no NaN.

    >>> canonical({"b": 1, "a": ("é", None)})
    '{"a":["é",null],"b":1}'
    """
    return _encoded(value)


def content_id(kind: str, *parts: object) -> str:
    """32 hex digits that name a record by its content; `kind` keeps equal contents of two record types apart.

    >>> content_id("prompt", "a", 1) == content_id("prompt", "a", 1) != content_id("sample", "a", 1)
    True
    """
    return named(_encoded([SCHEME, kind, *parts]))


def named(text: str) -> str:
    """32 hex digits over the canonical text of [SCHEME, kind, *parts]: `content_id`, where the caller has the text."""
    return _blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def seed_from(*parts: object) -> int:
    """A 63-bit seed out of what is asked: run seed, stage, input id, chain, sweep, rank.

    >>> seed_from(0, "draft", "p1", 0, 0, 0) != seed_from(0, "draft", "p1", 0, 1, 0)
    True
    """
    return int(content_id("seed", *parts)[:16], 16) >> 1


def uniform(*parts: object) -> float:
    """A float in [0, 1) with 53 random bits: the coin of an acceptance rule, seeded like a request."""
    return (seed_from(*parts) >> 10) / (1 << 53)


def file_digest(path: Path) -> str:
    """32 hex digits over the bytes of one file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def directory_digest(path: Path) -> str:
    """32 hex digits over the names and bytes of all files below `path`, in sorted order; hidden files are left out."""
    return content_id("directory", *([name, file_digest(path / name)] for name in _visible_files(path)))


def _visible_files(path: Path) -> Iterator[str]:
    names = (file.relative_to(path) for file in path.rglob("*") if file.is_file())
    return iter(sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts)))


def fingerprint(**named: Any) -> str:
    """16 hex digits that change when anything named changes: what a run is, apart from where it lies."""
    return content_id("fingerprint", named)[:16]
