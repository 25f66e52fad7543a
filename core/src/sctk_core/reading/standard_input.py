"""Standard input that is read twice, or not from its beginning to its end: it is put on disk first."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sctk_core.reading.forms import Form, TextLayout
from sctk_core.reading.inputs import Input

_COPY_BYTES = 1 << 20


def spooled(place: Path, form: Form, layout: TextLayout) -> Input:
    """Standard input as the file at `place`, which it is written to; what the disk refuses is an OSError."""
    with place.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file, _COPY_BYTES)
    return Input.at(place, form, name="stdin", layout=layout)
