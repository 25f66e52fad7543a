"""Documents out of files: whole text and Markdown files, or rows of any form that core reads (JSONL, Parquet, datasets)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sctk_core import ConfigError
from sctk_core.reading import NoSuchPath as NothingThere
from sctk_core.reading import (
    Row,
    Wanted,
    check_readable,
    form_of,
    inputs_at,
    listed,
    named_usually,
    no_column,
    rows_of,
    value_at,
)

TEXT_ENDINGS = (".txt", ".md", ".markdown", ".text")
USUAL_TEXT = ("text", "document", "content", "body", "article", "markdown", "page_content", "context")
USUAL_TITLE = ("title", "name")
USUAL_NAME = (*USUAL_TITLE, "url", "path", "file", "id")
Note = Callable[[str], object]


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document: where it stands, its name among the others, its title ("": it has none), its text.

    `amiss` says why it cannot be read ("": it can). `part_of` is the name that a row gives itself ("": none): rows of one name are
    taken for parts of one document.
    """

    where: str
    name: str
    text: str
    title: str = ""
    amiss: str = ""
    part_of: str = ""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns of a row hold the text and the name ("": the usual ones), and whether every file is one document."""

    text: str = ""
    name: str = ""
    plain: bool = False


def documents_at(place: str, columns: Columns, note: Note) -> Iterator[Document]:
    """The documents that a path stands for, in order; `note` is told what was made of a directory."""
    check_readable(place, of="documents")
    path = Path(place)
    if path.is_dir():
        yield from _in_directory(path, columns, note)
    elif columns.plain or path.suffix.lower() in TEXT_ENDINGS:
        yield _whole(path, path.name)
    else:
        yield from _rows(place, columns, note)


def _in_directory(path: Path, columns: Columns, note: Note) -> Iterator[Document]:
    """The text files of a directory and of those below it, in the order of their names; where there are none, its rows."""
    files = sorted((file.relative_to(path).as_posix(), file) for file in path.rglob("*") if _is_own(file, path))
    texts = [(name, file) for name, file in files if columns.plain or file.suffix.lower() in TEXT_ENDINGS]
    if not texts:
        if files and not any(form_of(name) for name, _ in files):
            raise ConfigError(
                f"{path}: got no file of a known ending ({listed([name for name, _ in files])}), wanted texts "
                f"({', '.join(TEXT_ENDINGS)}) or rows (JSONL, Parquet, ...)",
                hint="source.plain = true takes each file as one document, whatever its ending",
            )
        yield from _rows(str(path), columns, note)
        return
    left = [name for name, file in files if (name, file) not in texts]
    note(f"{path}: {len(texts):,} text files" + (f"; left out: {listed(left)}" if left else ""))
    for name, file in texts:
        yield _whole(file, name)


def _is_own(file: Path, path: Path) -> bool:
    """Whether it is a file that is not hidden, nor in a hidden folder."""
    return file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)


def _whole(file: Path, name: str) -> Document:
    """A file as a document; its title is its name without the folders, and without the ending of a text."""
    known = {"where": str(file), "name": name, "title": file.stem if file.suffix.lower() in TEXT_ENDINGS else file.name}
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return Document(**known, text="", amiss="not in UTF-8")
    except OSError as error:
        return Document(**known, text="", amiss=str(error.strerror or "not readable").lower())
    return Document(**known, text=text, amiss="not a text" if "\0" in text else "")


def _rows(place: str, columns: Columns, note: Note) -> Iterator[Document]:
    wanted = Wanted(of="documents", option="source.plain = true (each file is one document, whatever its ending)")
    for one in inputs_at(place, wanted, note):
        for row in rows_of(one):
            yield _document(row, columns)


def _document(row: Row, columns: Columns) -> Document:
    """A row as a document; a ConfigError where the column of its text is not there."""
    usual = named_usually(USUAL_TEXT, row.values)
    if not columns.text and not usual:
        raise ConfigError(
            f"{row.where}: got no column with a document (columns: {listed(list(row.values))}), wanted one of "
            f"{', '.join(USUAL_TEXT)}",
            hint='say which column it is: source.text = "..."',
        )
    text = _at(row, columns.text or usual[0], "source.text")
    called = columns.name or next(iter(named_usually(USUAL_NAME, row.values)), "")
    name = _at(row, called, "source.name") if called else None
    own = _line(str(name)) if isinstance(name, str | int) and str(name).strip() else ""
    amiss = "no text" if not isinstance(text, str) else "half a character" if not _whole_characters(text) else ""
    title = own if columns.name or called in USUAL_TITLE else ""  # nobody can be asked about a number or an address
    name = own or _line(Path(row.where).name)
    return Document(where=row.where, name=name, title=title, text="" if amiss else text, amiss=amiss, part_of=own)


def _at(row: Row, path: str, wanted: str) -> Any:
    try:
        return value_at(row.values, path)
    except NothingThere:
        raise no_column(row.where, path, row.values, wanted=wanted) from None


def _whole_characters(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _line(name: str) -> str:
    return " ".join(name.split())[:200] if _whole_characters(name) else "a document"
