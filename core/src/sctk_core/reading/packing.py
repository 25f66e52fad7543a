"""Files that are packed, by their first bytes and not by their names, which say it where it is no longer so."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.refusals import no_room

BOM = b"\xef\xbb\xbf"
"""A mark of the file, not of its first row."""
_GZIP, _ZSTD = b"\x1f\x8b", (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + n, 0x2A, 0x4D, 0x18]) for n in range(16)))
_OTHERS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_COPY_BYTES = 1 << 20


def is_packed(raw: Any) -> bool:
    """Whether these bytes are gzip's or Zstandard's."""
    first = raw.peek(4)[:4]
    return bool(first.startswith((_GZIP, *_ZSTD)))


def unpacked(raw: Any, name: str) -> Any:
    """The bytes of the rows, out of those of the file: all members of gzip, all frames of Zstandard. `raw` is a buffered reader."""
    with told(name):
        first = raw.peek(4)[:4]
    for mark, encoding in _OTHERS.items():
        if first.startswith(mark):
            raise ConfigError(
                f"{name}: got text in {encoding}, wanted UTF-8",
                hint=f"iconv -f {encoding} -t UTF-8 FILE > NEW_FILE",
            )
    if first.startswith(_GZIP):
        return gzip.GzipFile(fileobj=raw)
    return _zstd().ZstdFile(raw) if first.startswith(_ZSTD) else raw


@contextmanager
def unpacked_file(path: Path, name: str) -> Iterator[Path]:
    """The file itself, or where it is packed its bytes in a temporary file: who reads tables jumps to and fro in them."""
    with path.open("rb") as raw:
        if not is_packed(raw):
            yield path.absolute()  # polars would take `~` at the beginning of a name for a home
            return
        with tempfile.NamedTemporaryFile(prefix="sctk-") as whole:
            with told(name):
                shutil.copyfileobj(unpacked(raw, name), whole, _COPY_BYTES)
                whole.flush()
            yield Path(whole.name)


@contextmanager
def told(name: str) -> Iterator[None]:
    """Runs a reading; what disk or unpacking refuse becomes a ConfigError that names the file, a full one a StoreError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigError(f"{name}: got bytes that cannot be unpacked ({error})", hint="was it cut short?") from error
    except OSError as error:
        refused = no_room(error, f"what {name} is unpacked into, below {tempfile.gettempdir()}")
        if refused is not None:
            raise refused from error
        raise ConfigError(f"{name}: {error.strerror or error} while reading it", hint="check the disk") from error
    except Exception as error:
        if type(error) is not _zstd().ZstdError:
            raise
        raise ConfigError(f"{name}: got bytes that cannot be unpacked ({error})", hint="was it cut short?") from error


def _zstd() -> Any:
    """Zstandard as Python 3.14 has it."""
    from backports import zstd

    return zstd
