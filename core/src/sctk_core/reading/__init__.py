"""The reading room: from a file of rows to each row with the place that a complaint about it names. A public door for plugins.

`forms.py` says what a file is by its ending, `inputs.py` holds one file and opens it, `packing.py` unpacks it. `lines.py` streams
JSONL, `tables.py` Parquet, `arrays.py` reads JSON arrays; `chunks.py` and `rows.py` choose among them. `columns.py` finds columns
by name, `texts.py` takes the text of a row or of a chunk out of one, and `faults.py` words what is wrong with a row. A new ending
is a line in `forms.py`, a new form a reader beside these and a line in `chunks.py` or `rows.py`. polars is imported where a
table is read.
"""

from sctk_core.reading.chunks import Chunk, chunks_of
from sctk_core.reading.columns import listed, named_usually, no_column
from sctk_core.reading.faults import Fault
from sctk_core.reading.forms import Form, form_of
from sctk_core.reading.inputs import Input, check_readable
from sctk_core.reading.lines import Lines, objects
from sctk_core.reading.rows import Row, rows_of
from sctk_core.reading.tables import Table
from sctk_core.reading.texts import Reason, TextColumn, half_pair, text_of, whole

__all__ = [
    "Chunk",
    "Fault",
    "Form",
    "Input",
    "Lines",
    "Reason",
    "Row",
    "Table",
    "TextColumn",
    "check_readable",
    "chunks_of",
    "form_of",
    "half_pair",
    "listed",
    "named_usually",
    "no_column",
    "objects",
    "rows_of",
    "text_of",
    "whole",
]
