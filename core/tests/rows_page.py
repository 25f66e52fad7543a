"""The part of docs/data.md on rows, made by reading rows: `python core/tests/rows_page.py` writes it, a test compares."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sctk_core import ConfigError
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
from sctk_core.reading import ROLES, Input, TextColumn, Turn, answers_of, calls_of, chunks_of, context_of, turns_of
from sctk_core.reading.turns import CALLERS, TOOLS

PAGE = Path(__file__).parents[2] / "docs/data.md"
BEGIN, END = "<!-- rows: made by core/tests/rows_page.py -->", "<!-- end of rows -->"
HI = [{"role": "user", "content": "Hi"}]
YO = {"role": "assistant", "content": "Yo"}
ROWS: tuple[dict[str, Any], ...] = (
    {"prompt": "Hi", "completion": "Yo"},
    {"messages": [*HI, YO]},
    {"messages": HI, "tools": [{"type": "function", "function": {"name": "find", "parameters": {}}}]},
    {"id": "7", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yo"}]},
    {"instruction": "Sort.", "input": "b a", "output": "a b"},
    {"instruction": "Sum up.", "context": "It rained.", "response": "Rain.", "category": "x"},
    {"question": "When?", "context": "In May.", "answers": {"text": ["May"], "answer_start": [3]}},
    {"question": "When?", "contexts": ["One.", "Two."], "answer": "May"},
    {"question": "Is it?", "passage": "It is.", "answer": True},
    {"question": "Who?", "answer": ["Ada", "Ada Byron"]},
    {"question": "How many?", "answer": "1 + 1 = 2\n#### 2"},
    {"question": "Which flies?", "choices": ["carp", "wren"], "answer": 1},
    {"question": "Which flies?", "choices": {"text": ["carp", "wren"], "label": ["1", "2"]}, "answerKey": "2"},
    {"question": "Who?", "best_answer": "Ada", "correct_answers": ["Ada", "A."], "incorrect_answers": ["Bob"]},
    {"question": "Who?", "contexts": ["One."], "answer": "Bob", "ground_truth": "Ada"},
    {"system_prompt": "Be brief.", "question": "Hi", "response": "Yo"},
    {"problem": "1 + 1?", "solution": "\\boxed{2}"},
    {"goal": "Forge it.", "target": "Sure"},
    {"prompt": ["Hi", "And now?"], "response_a": ["Yo", "No"]},
    {"prompt": "Hi", "answers": [{"answer": "Yo", "rank": 1}, {"answer": "No", "rank": 2}]},
    {"question": "Which flies?", "options": {"A": "carp", "B": "wren"}, "answer": "B"},
    {"question": "Which flies?", "choices": [{"label": "A", "text": "carp"}, {"label": "B", "text": "wren"}], "answer": "B"},
    {"question": "Which flies?", "A": "carp", "B": "wren", "answer": "B"},
    {"instruction": "Sort.", "inputs": "b a", "targets": "a b"},
    {"question_stem": "Which flies?", "choices": {"text": ["carp", "wren"], "label": ["A", "B"]}, "answerKey": "B"},
    {"Prompt": "Hi", "Answer": "Yo"},
    {"Body": "Two hens.", "Question": "How many?", "Answer": 2},
    {"question": "When?", "document": "In May."},
    {"prompt": "Hi", "chosen": "Yo", "rejected": "No"},
    {"prompt": HI, "chosen": [YO], "rejected": [YO]},
    {"chosen": "\n\nHuman: Hi\n\nAssistant: Yo", "rejected": "\n\nHuman: Hi\n\nAssistant: No"},
    {"instruction": "Hi", "completions": [{"response": "Yo", "overall_score": 5}, {"response": "No", "overall_score": 1}]},
    {"prompt": "Hi", "completion": "Yo", "label": True},
    {"prompt": "Hi", "draft": "Yo", "revision": "Hello", "draft_score": 1, "revision_score": 2},
)  # fmt: skip
CONVERSATIONS: tuple[Any, ...] = (
    [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "model", "content": "Yo"},
    ],
    [{"from": "human", "value": "Hi"}],
    [
        *HI,
        {"role": "assistant", "tool_calls": [{"function": {"name": "find", "arguments": {"x": 1}}}]},
        {"role": "tool", "content": "7"},
    ],
    [
        {"from": "human", "value": "Hi"},
        {"from": "function_call", "value": '{"name": "find", "arguments": {"x": 1}}'},
        {"from": "observation", "value": "7"},
    ],
    [{"role": "user", "content": [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]}],
    '[{"role": "user", "content": "Hi"}]',
    "[{'role': 'user', 'content': 'Hi'}]",
    [{"input": "Hi", "output": "Yo"}, {"input": "Why?", "output": "So."}],
    "\n\nHuman: Hi\n\nAssistant: Yo\n\nHuman: Why?\n\nAssistant:",
)
ANSWERS: tuple[Any, ...] = (
    True, 7, "7", ["a", "b", "a"], {"text": ["a"], "answer_start": [3]}, {"value": "a", "aliases": ["a", "b"]}, [*HI, YO],
)  # fmt: skip
CONTEXTS: tuple[Any, ...] = (
    "One.", ["One.", "Two."], {"title": ["A"], "sentences": [["One.", " Two."]]}, [["A", ["One.", " Two."]]],
    [{"title": "A", "paragraph_text": "One."}], {"is_selected": [0, 1], "passage_text": ["One.", "Two."]},
    {"contexts": ["One.", "Two."], "labels": ["A", "B"]},
)  # fmt: skip
REFUSED: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"messages": [*HI, {"role": "assistant", "tool_calls": [{"id": "1"}]}, {"role": "tool", "content": "7"}]}, {}),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, {}),
    ({"messages": '[{"role": "user", "content": "Hi"} {"role": "user"}]'}, {}),
    ({"base": {"q": "Hi"}}, {"prompt": "base.question"}),
    ({"prompt": "Hi", "rejected": "No", "chosen": [{"role": "user", "content": "Who?"}, YO]}, {"texts": ["rejected", "chosen"]}),
    ({"question": "Who?", "answer": {"x": 1}}, {"reference": "answer"}),
    ({"title": "Hi"}, {}),
)  # fmt: skip


def part() -> str:
    """The whole part, its marks included."""
    with tempfile.TemporaryDirectory() as folder:
        forms, refusals = list(_forms(Path(folder))), list(_refusals(Path(folder)))
    shapes = [
        "", "A conversation is read in any of these shapes:", *_shapes("conversation", CONVERSATIONS, _said),
        "", f"Roles by the names that files have for them: {_roles()}.",
        "", "An answer, and a context:", *_shapes("answer", ANSWERS, answers_of), *_shapes("context", CONTEXTS, context_of),
        "", "What cannot be read ends the command before anything is asked:",
    ]  # fmt: skip
    return "\n".join([BEGIN, *forms, *shapes, *refusals, END]) + "\n"


def _forms(folder: Path) -> Iterable[str]:
    yield from _table_head("a row", "`sctk run`", "not read by it", "`sctk data` compares")
    for row in ROWS:
        path = _written(folder, row)
        told = [note.removeprefix(f"{path}: ") for note in _source(path, {}).notes]
        others = [line.rpartition(": ")[2] for line in told if line.startswith("not read")]
        yield _line(", ".join(row), told[0].removeprefix("read as "), ", ".join(others), _compared(path))


def _compared(path: Path) -> str:
    column = TextColumn(None, _no_fault)
    try:
        for chunk, _ in chunks_of(Input.at(path, "jsonl")):
            column.of(chunk)
    except ConfigError as error:
        return error.hint
    return str(column.name)


def _shapes(what: str, values: Sequence[Any], read: Any) -> Iterable[str]:
    yield from _table_head(what, "is read as")
    for value in values:
        yield _line(_code(value), _code(read(value)))


def _refusals(folder: Path) -> Iterable[str]:
    yield from _table_head("a row", "[source.columns]", "what is said")
    for row, columns in REFUSED:
        try:
            _source(_written(folder, row), columns)
        except ConfigError as error:
            yield _line(_code(row), _code(columns) if columns else "", error.message.replace(f"{folder}/", ""))


def _said(value: Any) -> list[str]:
    return [_one_said(turn) for turn in turns_of(value) or ()]


def _one_said(turn: Turn) -> str:
    calls = [f"{call.name}({call.arguments})" for call in calls_of(turn.calls, "")] if turn.calls else []
    return f"{turn.role}: {turn.text}" + "".join(f"calls {call}" for call in calls)


def _roles() -> str:
    known = dict.fromkeys(ROLES.values())
    named = {role: [name for name, one in ROLES.items() if one == role] for role in known}
    named |= {"tool": sorted(TOOLS), "assistant who calls a tool": sorted(CALLERS)}
    return "; ".join(f"{role} ({', '.join(names)})" for role, names in named.items())


def _source(path: Path, columns: dict[str, Any]) -> FileSource:
    options = {"path": str(path), "held_out_share": 0.0, "columns": columns}
    return FileSource(parse(FileSource.Config, options, where="[source]"))


def _written(folder: Path, row: dict[str, Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


def _no_fault(fault: Any) -> None:
    raise fault.error()


def _table_head(*names: str) -> Iterable[str]:
    yield from ("", _line(*names), _line(*("---" for _ in names)))


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(value: Any) -> str:
    return f"`{json.dumps(value)}`"


def main() -> int:
    """Puts the part into its page."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(before + part() + rest.partition(END + "\n")[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
