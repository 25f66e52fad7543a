"""The source `documents`: a prompt for each document, cut into chunks of the student's tokenizer, and a split by document.

Documents that are alike (near duplicates, found by the Rust core) fall on one side of the split, so that nobody is examined on what
was learnt under another name; so do rows of one name, parts of a document that somebody has cut already. What a document lacks (not
UTF-8, a copy of another) is told to the method, whose ledger counts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sctk_core import BackendDown, ConfigError, Message, ModelRef, Prompt, content_id, setting
from sctk_rs.dedup import near

from sctk_knowledge.chunks import CUTS, Tokens, cuts, words, written
from sctk_knowledge.reading import Columns, Document, documents_at

AMISS = "amiss"
"""The key of `Prompt.meta` that says why a document cannot be used."""
WORDS = "words"


class Documents:
    """Documents out of files, held-out ones out of a share of them."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which files, how they are cut, and what is held out."""

        path: str | tuple[str, ...] = setting(
            help="the documents (--documents): a folder of .txt and .md files, a text, JSONL or Parquet file, a dataset that "
            "save_to_disk wrote; or a list of these",
            identity=False,
        )
        text: str = setting("", help="the column of the text, of files of rows (text, document, content, ...)")
        name: str = setting("", help="the column of the name, of files of rows (title, name, url, ...)")
        plain: bool = setting(False, help="each file is one document, whatever its ending")
        chunk_tokens: int = setting(
            512,
            help="the longest chunk (L of the paper), by itself: what is asked around it comes on top",
            unit="tokens",
            low=8,
        )
        tokenizer: str = setting(
            "", help='a model directory whose tokenizer counts; nothing: the student\'s; "words": words are counted'
        )
        held_out_share: float = setting(0.1, help="share of documents that are kept for the exam", low=0.0, high=0.9)
        near: float = setting(
            0.7, help="documents at least so alike (Jaccard, 5 words at a time) fall on one side", low=0.1, high=1.0
        )

    def __init__(self, config: Config, *, model: ModelRef) -> None:
        self.config, self._model = config, model
        self._offsets: Tokens | None = None
        found: list[str] = []
        documents = list(self._read(found.append))
        if not documents:
            raise ConfigError(f"{self._places()}: got no document, wanted one or more", hint="is the folder empty?")
        texts = [document.text for document in documents]
        wholes = [document.part_of for document in documents]
        self._held = _held_out(texts, wholes, config.held_out_share, config.near)
        self._digests = [content_id("document", one.name, one.text, one.amiss) for one in documents]
        n_parts = sum(bool(whole) for whole in wholes) - len({whole for whole in wholes if whole})
        parts = f"; {n_parts:,} have the name of another and stay on its side" if n_parts else ""
        said = [content_id("text", text) for text in texts if text.strip()]
        n_copies = len(said) - len(set(said))
        copies = f"; {n_copies:,} are copies of others, and nothing is asked about them" if n_copies else ""
        self.notes = (
            *found,
            f"{len(texts):,} documents, {sum(self._held):,} of them held out for the exam{parts}{copies}",
        )

    def digest(self) -> str:
        """32 hex digits over all documents, their split, and whose tokenizer cuts them."""
        counted_by = self.config.tokenizer or self._model.digest or self._model.path
        return content_id("documents", self._digests, self._held.hex(), counted_by)

    def prompts(self) -> Iterator[Prompt]:
        """The documents of training, in order."""
        return self._side(0)

    def held_out(self) -> Iterator[Prompt]:
        """The documents of the exam."""
        return self._side(1)

    def _read(self, note: Callable[[str], object]) -> Iterator[Document]:
        places = (self.config.path,) if isinstance(self.config.path, str) else self.config.path
        columns = Columns(text=self.config.text, name=self.config.name, plain=self.config.plain)
        return (document for place in places for document in documents_at(place, columns, note))

    def _places(self) -> str:
        return self.config.path if isinstance(self.config.path, str) else ", ".join(self.config.path)

    def _side(self, side: int) -> Iterator[Prompt]:
        seen: dict[str, str] = {}
        again: dict[str, int] = {}
        for number, document in enumerate(self._read(lambda line: None)):
            found = content_id("document", document.name, document.text, document.amiss)
            if number >= len(self._held) or found != self._digests[number]:
                raise ConfigError(
                    f"{document.where}: got another document on the second reading, wanted the same both times",
                    hint="something writes to it: wait until that is done, and run the same line again",
                )
            text = content_id("text", document.text)
            if self._held[number] == side:
                occurrence = again.get(found, 0)
                again[found] = occurrence + 1
                yield self._prompt(document, seen.get(text, ""), occurrence)
            seen.setdefault(text, document.name)

    def _prompt(self, document: Document, first: str, occurrence: int) -> Prompt:
        """A document as a prompt; `first` is the name of an earlier one with the same text."""
        amiss = document.amiss or ("a copy of another document" if first and document.text.strip() else "")
        found = written(cuts(document.text, self._tokens, self.config.chunk_tokens)) if not amiss else ""
        meta = {
            "group": content_id("text", document.text),
            "title": document.title,
            CUTS: found,
            AMISS: amiss,
        }
        return Prompt(
            messages=(Message(role="user", content=document.name),),
            document=document.text,
            meta={name: value for name, value in meta.items() if value},
            occurrence=occurrence,
        )

    def _tokens(self, text: str) -> Sequence[tuple[int, int]]:
        if self._offsets is None:
            self._offsets = words if self.config.tokenizer == WORDS else offsets_of(self._named())
        return self._offsets(text)

    def _named(self) -> ModelRef:
        return ModelRef(path=self.config.tokenizer) if self.config.tokenizer else self._model


def _held_out(texts: Sequence[str], wholes: Sequence[str], share: float, threshold: float) -> bytes:
    """For each document 1 where it is held out: clusters of like documents by their digests, until there are enough.

    `wholes` names what a document is a part of ("": it is whole): parts of one are in one cluster, too. Copies count once, and
    documents without a text not at all: an exam about them would be empty.

    Where no cluster is small enough, the smallest; where all documents are alike, they are parted.
    """
    labels = _joined(list(memoryview(near(list(texts), threshold=threshold).labels)), wholes)
    clusters: dict[int, list[int]] = {}
    for row, label in enumerate(labels):
        clusters.setdefault(label, []).append(row)
    digests = [content_id("text", text) if text.strip() else "" for text in texts]
    told = {label: {digests[row] for row in rows} - {""} for label, rows in clusters.items()}
    mixed = sorted((min(told[label]), len(told[label]), rows) for label, rows in clusters.items() if told[label])
    n_told = sum(n for _, n, _ in mixed)
    wanted = max(round(share * n_told), 1) if share and n_told > 1 else 0
    held: set[int] = set()
    n_held = 0
    for _, n, rows in mixed:
        if n_held + n <= wanted:
            held.update(rows)
            n_held += n
    if wanted and not held:
        _, _, smallest = min(mixed, key=lambda one: (one[1], one[0]))
        alike = len(mixed) == 1
        held.update(sorted(smallest, key=lambda row: (digests[row], row))[:wanted] if alike else smallest)
    return bytes(row in held for row in range(len(texts)))


def _joined(labels: Sequence[int], names: Sequence[str]) -> list[int]:
    """Clusters of which those with a row of one name are one.

    >>> _joined([0, 1, 2, 1, 4], ["a", "", "", "a", "b"])
    [0, 0, 2, 0, 4]
    """
    above = {label: label for label in labels}

    def top(label: int) -> int:
        while above[label] != label:
            label = above[label]
        return label

    first: dict[str, int] = {}
    for label, name in zip(labels, names, strict=True):
        if name:
            above[top(label)] = top(first.setdefault(name, label))
    return [top(label) for label in labels]


def offsets_of(model: ModelRef) -> Tokens:
    """The characters of each token of a text, by a model's tokenizer; of a local directory without transformers."""
    file = Path(model.path, "tokenizer.json")
    if file.is_file():
        from tokenizers import Tokenizer

        fast = Tokenizer.from_file(str(file))
        fast.no_truncation()
        fast.no_padding()
        return lambda text: list(fast.encode(text, add_special_tokens=False).offsets)
    return _by_transformers(model)


def _by_transformers(model: ModelRef) -> Tokens:
    from sctk_chat import load_tokenizer

    try:
        tokenizer: Any = load_tokenizer(model)
    except BackendDown as error:
        raise ConfigError(
            f"[source] documents: {error.message}",
            hint='source.tokenizer = "DIR" names another model whose tokenizer counts, "words" counts words',
        ) from error
    if not tokenizer.is_fast:
        raise ConfigError(
            f"[source] documents: the tokenizer of {model.path!r} does not tell where its tokens stand, wanted a fast one",
            hint='source.tokenizer = "DIR" names another one, "words" counts words',
        )

    def offsets(text: str) -> Sequence[tuple[int, int]]:
        found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return [tuple(one) for one in found["offset_mapping"]]

    return offsets
