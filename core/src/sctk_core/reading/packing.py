"""Files that are packed, by the last part of their names: unpacked as they are read."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from sctk_core.errors import ConfigError

BOM = b"\xef\xbb\xbf"
"""A mark of the file, not of its first row."""


def unpacked(raw: IO[bytes], name: str) -> IO[bytes] | gzip.GzipFile:
    """The bytes of the rows, out of those of the file."""
    return gzip.GzipFile(fileobj=raw) if name.lower().endswith(".gz") else raw


@contextmanager
def told(name: str) -> Iterator[None]:
    """Runs a reading; what disk or unpacking refuse becomes a ConfigError that names the file."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigError(f"{name}: got bytes that gzip cannot read ({error})", hint="was it cut short?") from error
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror or error} while reading it", hint="check the disk") from error
