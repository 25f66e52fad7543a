"""What a name stands for: a file, a directory of shards in the order of their names, or a dataset that `save_to_disk` wrote.

A name is taken as it stands: `[`, `*` and `?` are no patterns in it, `~` is no home. What is taken out of a directory, and what is
left in it, is told in one line.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.reading.columns import listed
from sctk_core.reading.decoding import loads
from sctk_core.reading.forms import USUAL_LAYOUT, Form, TextLayout, endings, form_of
from sctk_core.reading.inputs import Input, check_readable

STDIN = "-"
_STATE, _SPLITS = "state.json", "dataset_dict.json"
_ABOUT = {_STATE, _SPLITS, "dataset_info.json", "dataset_infos.json"}
_SPLIT_NAMES = {
    "train": "train", "training": "train", "test": "test", "testing": "test",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
}  # fmt: skip
_SPLIT = re.compile(rf"({'|'.join(_SPLIT_NAMES)})(?=\.|-\d+-of-\d+\.|[-_]\d+\.)", re.IGNORECASE)
_UNPACKERS = {".bz2": "bzcat", ".xz": "xzcat", ".zip": "unzip -p", ".lz4": "lz4cat"}
_SHEETS = (".xlsx", ".xls", ".ods")
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz")
_AS: dict[str, Form] = {".feather": "arrow", ".ipc": "arrow", ".tab": "tsv"}
"""Other endings of forms that are read."""
_FROM_YAML = "import json, sys, yaml; [print(json.dumps(row, default=str)) for row in yaml.safe_load(sys.stdin)]"
_OF_OTHERS = (
    ".pkl", ".pickle", ".npy", ".npz", ".h5", ".db", ".sqlite", ".sqlite3", ".avro", ".orc", ".xml", ".html", ".toml", ".md",
    ".pdf", ".docx",
)  # fmt: skip
"""Endings of files that no change of their name makes rows."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How inputs are to be read: `form` whatever their endings say, `otherwise` where they say nothing.

    Hints name the `option` that sets the form, and how standard input is named (`dash`); `of` is what is wanted in a file.
    """

    form: Form | None = None
    otherwise: Form | None = None
    layout: TextLayout = USUAL_LAYOUT
    of: str = "rows"
    option: str = "--format jsonl"
    dash: str = "`-`"


def inputs_at(name: str, wanted: Wanted, note: Callable[[str], object]) -> list[Input]:
    """The files that `name` stands for, in order; `note` is told what was made of a directory."""
    check_readable(name, of=wanted.of)
    path = Path(name)
    if path.is_dir():
        return _in_directory(path, wanted, note)
    if not path.is_file():
        raise ConfigError(
            f"{name}: got no regular file, wanted one",
            hint=f"pipe it in (cat {shlex.quote(name)} | ...), and name {wanted.dash}",
        )
    form = wanted.form or form_of(path.name) or wanted.otherwise
    if form is None:
        raise ConfigError(f"{name}: got the ending {path.suffix!r}, wanted {endings()}", hint=_instead(path, wanted))
    return [Input.at(path, form, name=name, layout=wanted.layout)]


def _instead(path: Path, wanted: Wanted) -> str:
    ending, name = path.suffix.lower(), shlex.quote(str(path))
    if path.name.lower().endswith(_ARCHIVES):
        return f"unpack it (tar -xf {name}), and name what was in it"
    if ending in _UNPACKERS:
        return f"unpack it, or pipe it in ({_UNPACKERS[ending]} {name} | ...), and name {wanted.dash}"
    if ending in (".yaml", ".yml"):
        return f"turn it into JSONL: python -c '{_FROM_YAML}' < {name} > rows.jsonl"
    if ending in _OF_OTHERS:
        return "write its rows as JSONL, CSV or Parquet, with what reads such files"
    told = wanted.option.replace("jsonl", _AS.get(ending, "jsonl"))
    return "save the sheet as CSV" if ending in _SHEETS else f"rename it, or say what it is, like {told}"


def _in_directory(path: Path, wanted: Wanted, note: Callable[[str], object]) -> list[Input]:
    names = sorted(entry.name for entry in os.scandir(path))
    if _SPLITS in names:
        raise _several_splits(path, wanted)
    if _STATE in names:
        shards = _saved(path)
        note(f"{path}: read as a dataset that save_to_disk wrote: {listed(shards)}")
        return [Input.at(path / shard, "arrow") for shard in shards]
    taken = {name: form for name in names if (form := _form_in(path, name, wanted))}
    left = [name for name in names if name not in taken]
    if not taken:
        raise ConfigError(
            f"{path}: got a directory without a file of {wanted.of} (in it: {listed(left)}), wanted {endings()}",
            hint=_deeper(path, wanted) or "name the directory that the files are in",
        )
    splits = _splits_of(taken)
    if len(splits) > 1:
        raise ConfigError(
            f"{path}: got files of several splits ({listed(list(splits))}), wanted those of one of them",
            hint=f"name the files themselves: {path / next(iter(splits.values()))}",
        )
    without = f"; left out: {listed(left)}" if left else ""
    note(f"{path}: read as shards, in this order: {listed(list(taken))}{without}")
    return [Input.at(path / name, form, layout=wanted.layout) for name, form in taken.items()]


def _splits_of(names: Iterable[str]) -> dict[str, str]:
    """The splits that files are called by (`train-00000-of-00002.parquet`, `test.jsonl`), each with its first file.

    >>> _splits_of(["test.jsonl", "train-00000-of-00002.parquet", "training_notes.csv", "val.csv", "trains.csv"])
    {'test': 'test.jsonl', 'train': 'train-00000-of-00002.parquet', 'validation': 'val.csv'}
    """
    found: dict[str, str] = {}
    for name in names:
        if called := _SPLIT.match(name):
            found.setdefault(_SPLIT_NAMES[called[1].lower()], name)
    return found


def _form_in(path: Path, name: str, wanted: Wanted) -> Form | None:
    """What a file of a directory is; None: it is left out, for it is hidden, tells of others, or is of no form that is wanted."""
    form = form_of(name)
    fits = form is not None and wanted.form in (None, form)
    return form if fits and name not in _ABOUT and name[0] not in "._" and (path / name).is_file() else None


def _deeper(path: Path, wanted: Wanted) -> str:
    """The first directory below that would be read."""
    for below in sorted(entry for entry in path.iterdir() if entry.is_dir()):
        if any(_form_in(below, entry.name, wanted) for entry in below.iterdir()):
            return f"directories below are not searched: name {below}"
    return ""


def _saved(path: Path) -> Sequence[str]:
    """The shards of a dataset that `save_to_disk` wrote, in its own order."""
    state = _json(path / _STATE)
    try:
        shards = [str(file["filename"]) for file in state["_data_files"]]
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"{path / _STATE}: got no list of files (_data_files), wanted what save_to_disk writes",
            hint="name the .arrow files themselves",
        ) from error
    missing = [shard for shard in shards if os.path.basename(shard) != shard or not (path / shard).is_file()]
    if missing:
        raise ConfigError(
            f"{path}: got no {missing[0]}, wanted every file that {_STATE} names", hint="was it copied whole?"
        )
    return shards


def _several_splits(path: Path, wanted: Wanted) -> ConfigError:
    """What is said of a DatasetDict: one of its splits is meant, and nobody can guess which."""
    found = _json(path / _SPLITS)
    splits = found.get("splits") if isinstance(found, dict) else None
    there = [split for split in splits or () if isinstance(split, str) and (path / split).is_dir()]
    there = there or sorted(entry.name for entry in path.iterdir() if entry.is_dir())
    return ConfigError(
        f"{path}: got a dataset of several splits ({listed(there)}) that save_to_disk wrote, wanted one of them",
        hint=f"name it: {path / there[0] if there else path / 'train'}",
    )


def _json(path: Path) -> Any:
    try:
        return loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})", hint="was it copied whole?") from error
