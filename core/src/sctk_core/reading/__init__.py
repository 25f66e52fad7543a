"""The reading room: from a file of rows to each row with the place that a complaint about it names. A public door for plugins.

`finding.py` says which files a name stands for, `forms.py` what a file is by its ending, `inputs.py` holds one file and opens it,
`packing.py` unpacks it. `lines.py` streams JSONL, `delimited.py` CSV, `tables.py` Parquet and Arrow, `arrays.py` reads JSON arrays;
`standard_input.py` puts on disk what comes once and is read twice. `chunks.py` chooses among them, `rows.py` goes row by row.
`columns.py` finds columns by name, `texts.py` takes the text of a row or of a chunk out of one, and `faults.py` words what is wrong
with a row. A new ending is a line in `forms.py`, a new form a reader beside these and a line in `chunks.py`. polars and pyarrow
are imported where a table is read.
"""

from sctk_core.reading.chunks import Chunk, chunks_of
from sctk_core.reading.columns import listed, named_usually, no_column
from sctk_core.reading.faults import Fault
from sctk_core.reading.finding import STDIN, Wanted, inputs_at
from sctk_core.reading.forms import FORMS, TYPED, Form, Layout, form_of
from sctk_core.reading.inputs import Input, check_readable
from sctk_core.reading.lines import Lines, objects
from sctk_core.reading.rows import Row, rows_of
from sctk_core.reading.standard_input import spooled
from sctk_core.reading.tables import Table
from sctk_core.reading.texts import Reason, TextColumn, half_pair, text_of, whole

__all__ = [
    "FORMS",
    "STDIN",
    "TYPED",
    "Chunk",
    "Fault",
    "Form",
    "Input",
    "Layout",
    "Lines",
    "Reason",
    "Row",
    "Table",
    "TextColumn",
    "Wanted",
    "check_readable",
    "chunks_of",
    "form_of",
    "half_pair",
    "inputs_at",
    "listed",
    "named_usually",
    "no_column",
    "objects",
    "rows_of",
    "spooled",
    "text_of",
    "whole",
]
