"""What was read of the rows of a file, told in one line for each form before anything is asked, and what was left unread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sctk_core.reading import OF_TURNS, OPTIONS, Row, holds_text, is_bare, is_id, labelled, listed, said_in

NAMED = "named columns"


@dataclass(kw_only=True)
class Looked:
    """How one row was read: its form, which columns became what, and which were left unread for what reason.

    `unread` is a part of a column that was read which was not ("": none): a last turn that answers beside a gold answer.
    """

    form: str
    asked: tuple[str, ...]
    is_turns: bool = False
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    misfits: dict[str, str] = field(default_factory=dict)
    unread: str = ""

    def told(self, row: Row) -> str:
        """`read as Alpaca: instruction + input -> prompt, output -> reference`, of the row that was read."""
        parts = {"messages" if self.is_turns else "prompt": self.asked} | self.roles
        told = (f"{' + '.join(map(row.name, names))} -> {role}" for role, names in parts.items())
        return f"read as {self.form}: {', '.join(told)}"

    @property
    def columns(self) -> set[str]:
        """All columns of which something was read."""
        return {*self.asked, *(name for names in self.roles.values() for name in names)}


class Account:
    """What was read of all rows of some files."""

    def __init__(self) -> None:
        self._lines: Counter[str] = Counter()
        self._misfits: Counter[tuple[str, str]] = Counter()
        self._read: set[str] = set()
        self._others: dict[str, None] = {}
        self._parts: dict[str, None] = {}
        self._documents: dict[str, None] = {}
        self._options: dict[str, tuple[str, ...]] = {}

    def add(self, row: Row, looked: Looked) -> None:
        """Takes in a row; all names are those of the file."""
        self._lines[looked.told(row)] += 1
        self._read |= set(map(row.name, looked.columns))
        self._misfits.update((row.name(name), why) for name, why in looked.misfits.items())
        self._documents |= dict.fromkeys(map(row.name, looked.roles.get("document", ())))
        self._parts |= {row.name(looked.unread): None} if looked.unread else {}
        if looked.is_turns:
            self._look_at_turns(row.name(looked.asked[0]), row.values.get(looked.asked[0]))
        self._look_for_options(row, looked)
        for usual, value in row.values.items():
            name = row.name(usual)
            if name in self._read or name in self._others or is_id(name) or (row.is_text and is_bare(value)):
                continue
            if holds_text(value):
                self._others[name] = None

    def _look_for_options(self, row: Row, looked: Looked) -> None:
        """Notes options to choose from beside a question that was named without them."""
        for name in OPTIONS if looked.form == NAMED and not looked.is_turns else ():
            if name not in looked.asked and labelled(row.values.get(name)) is not None:
                self._options |= {row.name(name): looked.asked}

    def _look_at_turns(self, name: str, turns: Any) -> None:
        """Notes what turns hold beside what is read of them."""
        for turn in turns if isinstance(turns, list) else ():
            for key in turn.keys() - OF_TURNS - {said_in(turn)} if isinstance(turn, dict) else ():
                if not is_id(key) and holds_text(turn[key]):
                    self._parts[f"{name}[*].{key}"] = None

    def notes(self, files: str) -> Iterator[str]:
        """The lines that a user reads; they begin with the names of the files."""
        several = len(self._lines) > 1
        for line, count in self._lines.most_common():
            yield f"{files}: {f'{count:,} rows ' * several}{line}"
        for (name, why), count in self._misfits.most_common():
            yield f"{files}: {name!r} is left unread in {count:,} rows: it holds {why}; [source.columns] can name another"
        for name in self._documents:
            yield (
                f"{files}: {name!r} is the document of each prompt, which only methods about documents show to a model;"
                f' [source.columns] prompt = ["{name}", ...] puts it into what is asked'
            )
        for name, asked in self._options.items():
            columns = ", ".join(f'"{one}"' for one in (*asked, name))
            yield f"{files}: {name!r} holds options that no model is shown; [source.columns] prompt = [{columns}] shows them"
        if unread := self._unread():
            yield f"{files}: not read, and holding text: {listed(unread)}"

    def _unread(self) -> list[str]:
        roots = {name.partition(".")[0].partition("[")[0] for name in self._read}
        told = self._read | roots | {name for name, _ in self._misfits} | set(self._options)
        return sorted([*self._parts, *(name for name in self._others if name not in told)])
