"""A task: how a row is shown as a question, what a text concludes, and when two conclusions are equal. Three functions in a file.

    show(row) -> str                       the question as the student sees it; `row` is a mapping, a line of a data file
    conclude(text) -> str | Failure        the answer of a rationale, or of a bare answer; may take the question's text as well
    equal(one, other) -> bool              whether two answers are one

A file may say more: `form`, a phrase for teachers on what an answer looks like, and `gold(row)`, the gold answer of a row (left
out: its column `label`). A built-in task is such a file; one's own is named by its path.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sctk_core import ConfigError, Failure, content_id, file_digest, suggestion

from sctk_mirror.statements import EMPTY, NO_ANSWER

BUILT_IN = ("svamp", "cqa", "anli1")
HELP = "svamp (equations), cqa (choices), anli1 (entailment), or a file of your own with show, conclude and equal: my_task.py"
ANY_FORM = "the answer in a few words"
Row = Mapping[str, Any]
BROKEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a task's own function throws where it did not think of a text."""


def blank(text: str) -> bool:
    """Whether nothing of a text can be seen: white space, marks of no width, controls.

    >>> blank(" \\u200b"), blank(" 7")
    (True, False)
    """
    return not any(char.isprintable() and not char.isspace() for char in text)


def broken(verb: str, error: Exception) -> Failure:
    """The failure of the one text that a task's own function broke on."""
    return Failure(kind="bug", reason=f"{verb}() of the task broke", detail=f"{type(error).__name__}: {error}"[:200])


@dataclass(frozen=True, kw_only=True)
class Task:
    """The functions of a task, behind what they may throw; `digest` names the file of one's own ("" where it is built in)."""

    name: str
    form: str
    digest: str
    _show: Callable[[Row], str]
    _conclude: Callable[..., str | Failure]
    _equal: Callable[[str, str], bool]
    _gold: Callable[[Row], str | None]
    _sees_question: bool

    def show(self, row: Row) -> str:
        """The question of a row; a ConfigError where the row does not hold one."""
        return self._text(self._read(self._show, row, "show"), "show")

    def gold(self, row: Row) -> str | None:
        """The gold answer of a row, None where it has none; a ConfigError where what stands there is none."""
        found = self._read(self._gold, row, "gold")
        return None if found is None else self._text(found, "gold")

    def _read(self, function: Callable[[Row], Any], row: Row, verb: str) -> Any:
        try:
            return function(row)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise ConfigError(
                f"task {self.name}: got a row with {_keys(row)} which {verb}() cannot read ({type(error).__name__}: {error})",
                hint="is it a row of this task? method.task and source.task say which",
            ) from error

    def conclude(self, text: str, question: str = "") -> str | Failure:
        """The answer of a text, or why it has none; what a task's own function throws is one too, and so is an empty answer."""
        if blank(text):
            return Failure(kind="parse", reason=EMPTY)
        try:
            found = self._conclude(text, question) if self._sees_question else self._conclude(text)
        except BROKEN as error:
            return broken("conclude", error)
        if isinstance(found, Failure):
            return found
        if not isinstance(found, str) or blank(found):
            return Failure(kind="parse", reason=NO_ANSWER, detail=text[-200:])
        return found

    def equal(self, one: str, other: str) -> bool:
        """Whether two answers are one; equal texts always are."""
        return one == other or bool(self._equal(one, other))

    def _text(self, found: object, verb: str) -> str:
        if not isinstance(found, str) or blank(found):
            raise ConfigError(
                f"task {self.name}: got {found!r:.60} of {verb}(), wanted a text", hint="docs/user.md shows a task"
            )
        return found


@cache
def task_of(name: str) -> Task:
    """The task of that name, or of that file; a ConfigError where there is none."""
    if name in BUILT_IN:
        return _task(name, importlib.import_module(f"sctk_mirror.tasks.{name}"), "")
    path = Path(name)
    if path.suffix != ".py" or not path.is_file():
        raise ConfigError(
            f"got the task {name!r}, wanted one of {', '.join(BUILT_IN)}, or a file of Python that is there",
            hint=suggestion(name, BUILT_IN) or "my_task.py with show(row), conclude(text) and equal(one, other)",
        )
    return _task(name, _module(path), file_digest(path))


def digest_of_task(name: str) -> str:
    """What a run's fingerprint holds of a task: the digest of its file, or its name."""
    return task_of(name).digest or name


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"sctk_mirror_task_{content_id(str(path.resolve()))[:12]}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"task {path}: importing it raised {type(error).__name__}: {error}",
            hint="mend the file, and run the same line again",
        ) from error
    return module


def _task(name: str, module: Any, digest: str) -> Task:
    missing = [verb for verb in ("show", "conclude", "equal") if not callable(getattr(module, verb, None))]
    if missing:
        raise ConfigError(
            f"task {name}: got a file without {missing[0]}(), wanted show(row), conclude(text) and equal(one, other)",
            hint="docs/user.md shows a task of one's own",
        )
    return Task(
        name=name, form=str(getattr(module, "form", ANY_FORM)), digest=digest, _show=module.show,
        _conclude=module.conclude, _equal=module.equal, _gold=getattr(module, "gold", _label),
        _sees_question=_n_parameters(module.conclude) > 1,
    )  # fmt: skip


def _n_parameters(function: Callable[..., Any]) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in kinds for one in inspect.signature(function).parameters.values())


def _label(row: Row) -> str | None:
    found = row.get("label")
    return None if found is None else str(found)


def _keys(row: Row) -> str:
    return f"the columns {', '.join(map(str, row))}" if row else "no columns"
