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
from sctk_core import ConfigError
from sctk_core.reading import STDIN, TYPED, Form, Input, Wanted, form_of, inputs_at, spooled

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
    """The inputs in order; standard input is put on disk (below `spill_dir`) while this holds, where it must be there."""
    wanted = wanted or Wanted()
    once(names)
    on_disk = STDIN in names and (twice or wanted.otherwise in TYPED)
    with tempfile.TemporaryDirectory(prefix="sctk-", dir=spill_dir) if on_disk else _nothing() as place:
        found = [_stdin(place, wanted) if name == STDIN else inputs_at(name, wanted, say_note) for name in names]
        yield [one for group in found for one in group]


def once(names: Sequence[str]) -> None:
    """A ConfigError where standard input is named more than once."""
    if list(names).count(STDIN) > 1:
        raise ConfigError("got standard input twice, wanted it once", hint="name `-` once")


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


def _stdin(place: str | None, wanted: Wanted) -> list[Input]:
    form = wanted.otherwise or "jsonl"
    if place is None:
        return [Input(name="stdin", path=None, form=form, size=None, layout=wanted.layout)]
    with to_disk(place, "--spill-dir (or TMPDIR)"):
        return [spooled(Path(place) / f"stdin.{form}", form, wanted.layout)]


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
