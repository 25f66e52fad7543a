"""The reading room: from a file of rows to each row with the place that a complaint about it names. A public door for plugins.

`finding.py` says which files a name stands for, `forms.py` what a file is by its ending, `inputs.py` holds one file and opens it,
`packing.py` unpacks it. `lines.py` streams JSONL, `delimited.py` CSV, `tables.py` Parquet and Arrow, `arrays.py` reads JSON arrays,
`squad.py` SQuAD's own file; `standard_input.py` puts on disk what comes once and is read twice. `chunks.py` chooses among them,
`rows.py` goes row by row. `columns.py` finds columns by name (`capitals.py`: in other capitals, `paths.py`: inside of nested ones),
and `faults.py` words what is wrong with a row. A new ending is a line in `forms.py`, a new form of file a reader beside these and a
line in `chunks.py`. polars and pyarrow are imported where a table is read.

`row_forms.py` is the table of the forms that rows have in the field (Alpaca, ShareGPT, ...); `turns.py` reads conversations,
`tools.py` what they call, `answers.py` answers and contexts, `options.py` options to choose from, in all their shapes, and
`written.py` lists in text; `nested.py` finds rows inside of a row. `parts.py` is the text of one row, `texts.py` that of a chunk.
"""

from sctk_core.reading.answers import answers_of, context_of, plain_answers
from sctk_core.reading.capitals import usual_names
from sctk_core.reading.chunks import Chunk, chunks_of
from sctk_core.reading.columns import (
    KIND,
    NUMBER,
    headless,
    holds_text,
    is_about,
    is_bare,
    is_id,
    listed,
    named_usually,
    no_column,
    truth_in,
)
from sctk_core.reading.faults import Fault
from sctk_core.reading.finding import STDIN, Wanted, inputs_at
from sctk_core.reading.forms import FORMS, TYPED, Form, TextLayout, form_of
from sctk_core.reading.inputs import Input, check_readable
from sctk_core.reading.lines import Lines, objects
from sctk_core.reading.nested import rows_elsewhere
from sctk_core.reading.options import OPTIONS, labelled, letters_of
from sctk_core.reading.parts import Reason, ends_of, half_pair, text_of, whole
from sctk_core.reading.paths import NoSuchPath, root_of, value_at
from sctk_core.reading.row_forms import COLUMNS, CONTEXT, ROW_FORMS, SYSTEM, RowForm, recognised, where_asked
from sctk_core.reading.rows import Row, rows_of
from sctk_core.reading.standard_input import check_ends, is_stream, spooled
from sctk_core.reading.tables import Table
from sctk_core.reading.texts import TextColumn, text_within
from sctk_core.reading.tools import ToolCall, calls_of, definitions_of
from sctk_core.reading.turns import (
    OF_TURNS,
    ROLES,
    Misfit,
    Turn,
    begins_turns,
    listed_turns,
    no_answer,
    no_list,
    said_in,
    shown,
    turn_of,
    turns_of,
)
from sctk_core.reading.written import json_in, list_in, listed_texts, written

__all__ = [
    "COLUMNS",
    "CONTEXT",
    "FORMS",
    "KIND",
    "NUMBER",
    "OF_TURNS",
    "OPTIONS",
    "ROLES",
    "ROW_FORMS",
    "STDIN",
    "SYSTEM",
    "TYPED",
    "Chunk",
    "Fault",
    "Form",
    "Input",
    "Lines",
    "Misfit",
    "NoSuchPath",
    "Reason",
    "Row",
    "RowForm",
    "Table",
    "TextColumn",
    "TextLayout",
    "ToolCall",
    "Turn",
    "Wanted",
    "answers_of",
    "begins_turns",
    "calls_of",
    "check_ends",
    "check_readable",
    "chunks_of",
    "context_of",
    "definitions_of",
    "ends_of",
    "form_of",
    "half_pair",
    "headless",
    "holds_text",
    "inputs_at",
    "is_about",
    "is_bare",
    "is_id",
    "is_stream",
    "json_in",
    "labelled",
    "letters_of",
    "list_in",
    "listed",
    "listed_texts",
    "listed_turns",
    "named_usually",
    "no_answer",
    "no_column",
    "no_list",
    "objects",
    "plain_answers",
    "recognised",
    "root_of",
    "rows_elsewhere",
    "rows_of",
    "said_in",
    "shown",
    "spooled",
    "text_of",
    "text_within",
    "truth_in",
    "turn_of",
    "turns_of",
    "usual_names",
    "value_at",
    "where_asked",
    "whole",
    "written",
]
