"""The files that a command reads: found and checked before anything is computed.

Standard input is JSONL where --format says nothing else; it is put on disk where it is read twice, or holds a form that is not
read from its beginning to its end.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sctk_cli.terminal import clean, say
from sctk_core import ConfigError, content_id
from sctk_core.reading import STDIN, TYPED, Form, Input, Wanted, check_ends, form_of, inputs_at, is_stream, spooled

from sctk_data.disk import to_disk

OUTPUTS = (".jsonl", ".ndjson", ".parquet", ".pq")


def say_note(text: str) -> None:
    """One line on standard error."""
    say(f"note: {clean(text, one_line=True)}")


@contextmanager
def inputs(
    names: Sequence[str],
    *,
    twice: bool,
    spill_dir: Path | None = None,
    wanted: Wanted | None = None,
) -> Iterator[list[Input]]:
    """The inputs in order; a stream is put on disk (below `spill_dir`) while this holds, where it must be there."""
    wanted = wanted or Wanted()
    once(names)
    streams = [name for name in names if is_stream(name)]
    on_disk = any(twice or _form(name, wanted) in TYPED or name != STDIN for name in streams)
    with tempfile.TemporaryDirectory(prefix="sctk-", dir=spill_dir) if on_disk else _nothing() as place:
        found = [
            _stream(place, name, wanted) if name in streams else inputs_at(name, wanted, say_note) for name in names
        ]
        yield [one for group in found for one in group]


def once(names: Sequence[str]) -> None:
    """A ConfigError where standard input is named more than once."""
    if list(names).count(STDIN) > 1:
        raise ConfigError("got standard input twice, wanted it once", hint="name `-` once")


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


def _stream(place: str | None, name: str, wanted: Wanted) -> list[Input]:
    form = _form(name, wanted)
    if place is None:
        check_ends()
        return [Input(name="stdin", path=None, form=form, size=None, layout=wanted.layout)]
    with to_disk(place, "--spill-dir (or TMPDIR)"):
        stem = "stdin" if name == STDIN else content_id("stream", name)
        return [spooled(Path(place) / f"{stem}.{form}", form, wanted.layout, name)]


def _form(name: str, wanted: Wanted) -> Form:
    """What comes in a stream: by the ending of a pipe's name, else as --format says."""
    return form_of(name) or wanted.otherwise or "jsonl"


def form_to_write(path: Path) -> Form:
    """What the ending of an output says; a ConfigError where it says nothing that is written."""
    form = form_of(path.name, OUTPUTS, packed=False)
    if form is None:
        raise ConfigError(
            f"--out {path}: got the ending {path.suffix!r}, wanted .jsonl or .parquet", hint=_instead(path)
        )
    return form


def _instead(path: Path) -> str:
    packer = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix.lower())
    return f"leave --out away, and pipe: ... | {packer} > {path}" if packer else "name a .jsonl file"
