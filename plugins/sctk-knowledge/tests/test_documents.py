"""The source `documents`: files of every form, chunks of the student's tokenizer, a split by document; what is amiss is told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from knowledge_world import town
from sctk_core import ConfigError, ModelRef, Prompt
from sctk_core.testing import check_source
from sctk_knowledge.chunks import chunks_of, cuts, words
from sctk_knowledge.documents import Documents, offsets_of
from sctk_knowledge.prompts import title_of, wording
from sctk_knowledge.settings import Words
from sctk_nano import model_path

NAMES = ("Avon", "Bath", "Calne", "Devizes", "Ely", "Frome")
WORDING = wording(Words().ask, Words().read, Words().teach)
NANO = ModelRef(path=str(model_path()))


def source(path: Path, **settings: Any) -> Documents:
    how = {"path": str(path), "tokenizer": "words", "chunk_tokens": 16} | settings
    return Documents(Documents.Config(**how), model=NANO)


def all_of(found: Documents) -> list[Prompt]:
    return [*found.prompts(), *found.held_out()]


def names(prompts: list[Prompt]) -> list[str]:
    return sorted(prompt.messages[-1].content for prompt in prompts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "below" / "deep").mkdir(parents=True)
    for place, name in enumerate(NAMES):
        where = (tmp_path, tmp_path / "below", tmp_path / "below" / "deep")[place % 3]
        (where / f"{name}{('.txt', '.md')[place % 2]}").write_text(town(name))
    return tmp_path


def as_jsonl(folder: Path) -> Path:
    lines = (json.dumps({"title": name, "text": town(name)}) for name in NAMES)
    (folder / "towns.jsonl").write_text("\n".join(lines))
    return folder / "towns.jsonl"


def as_parquet(folder: Path) -> Path:
    pl.DataFrame({"name": NAMES, "content": [town(name) for name in NAMES]}).write_parquet(folder / "towns.parquet")
    return folder / "towns.parquet"


def as_dataset(folder: Path) -> Path:
    """What `save_to_disk` writes: an Arrow stream, and a file that names it."""
    (folder / "saved").mkdir()
    rows = pl.DataFrame({"title": NAMES, "text": [town(name) for name in NAMES]})
    rows.write_ipc_stream(folder / "saved" / "data-00000-of-00001.arrow", compat_level=pl.CompatLevel.oldest())
    (folder / "saved" / "state.json").write_text('{"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}')
    return folder / "saved"


@pytest.mark.parametrize("write", [as_jsonl, as_parquet, as_dataset])
def test_rows_of_every_form_are_documents(tmp_path: Path, write: Any) -> None:
    found = all_of(source(write(tmp_path)))
    assert names(found) == sorted(NAMES)
    assert {prompt.document for prompt in found} == {town(name) for name in NAMES}
    assert {prompt.meta["title"] for prompt in found} == set(NAMES)


def test_text_files_of_a_folder_and_below_are_documents_and_others_are_told(folder: Path) -> None:
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.txt").write_text("no")
    found = source(folder)
    assert names(all_of(found)) == [
        "Avon.txt",
        "Devizes.md",
        "below/Bath.md",
        "below/Ely.txt",
        "below/deep/Calne.txt",
        "below/deep/Frome.md",
    ]
    assert any("6 text files; left out: picture.png" in note for note in found.notes)


def test_the_title_of_a_file_is_its_name_without_folders_and_the_ending_of_a_text(folder: Path) -> None:
    assert {prompt.meta["title"] for prompt in all_of(source(folder))} == set(NAMES)
    (folder / "Apache-2.0").write_text(town("Avon"))
    assert all_of(source(folder / "Apache-2.0", plain=True))[0].meta["title"] == "Apache-2.0"


def test_a_number_or_an_address_names_a_document_and_is_no_title_unless_the_user_says_so(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"id": 7, "text": town("Avon")}))
    for settings, title in (({}, None), ({"name": "id"}, "7")):
        (found,) = all_of(source(tmp_path / "rows.jsonl", **settings))
        assert (found.messages[-1].content, found.meta.get("title")) == ("7", title)


def test_a_row_without_a_name_has_no_title_and_is_the_same_wherever_its_file_lies(tmp_path: Path) -> None:
    ids = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "rows.jsonl").write_text(json.dumps({"text": town("Avon")}))
        (found,) = all_of(source(tmp_path / place / "rows.jsonl"))
        assert "title" not in found.meta
        assert "about its subject" in WORDING.asking(title_of(found.meta), "It is so.", ())[-1].content
        ids.append((found.id, source(tmp_path / place / "rows.jsonl").digest()))
    assert ids[0] == ids[1]


def test_each_file_is_a_document_where_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "GPL-2").write_text(town("Avon"))
    (tmp_path / "BSD").write_text(town("Bath"))
    assert names(all_of(source(tmp_path, plain=True))) == ["BSD", "GPL-2"]
    with pytest.raises(ConfigError, match=r"no file of a known ending \(BSD, GPL-2\)") as found:
        source(tmp_path)
    assert "source.plain = true" in (found.value.hint or "")


def test_the_conformance_of_a_source(folder: Path) -> None:
    check_source(source(folder))


def test_held_out_are_documents_and_those_that_are_alike_stay_together(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.txt").write_text(town(name) * 3)
        (tmp_path / f"{name}-again.txt").write_text(town(name) * 3 + " One more word.")
    found = source(tmp_path, held_out_share=0.34)
    held = names(list(found.held_out()))
    trained = names(list(found.prompts()))
    assert len(held) == 4
    assert not set(held) & set(trained)
    assert {name.partition(".")[0].removesuffix("-again") for name in held}.isdisjoint(
        name.partition(".")[0].removesuffix("-again") for name in trained
    )


def test_rows_of_one_name_are_parts_of_one_document_and_stay_on_one_side(tmp_path: Path) -> None:
    rows = [
        {"title": name, "text": f"{part} {town(name)}"} for name in NAMES for part in ("Its past.", "Its trade.", "")
    ]
    (tmp_path / "cut.jsonl").write_text(
        "\n".join(json.dumps(row) for row in [*rows[::-1], {"title": "", "text": "Ends."}])
    )
    found = source(tmp_path / "cut.jsonl", held_out_share=0.3, near=1.0)
    held, trained = names(list(found.held_out())), names(list(found.prompts()))
    assert len(held) == 6
    assert not set(held) & set(trained)
    assert found.notes == (
        "19 documents, 6 of them held out for the exam; 12 have the name of another and stay on its side",
    )


@pytest.mark.parametrize(("sizes", "n_held"), [((3, 3), 3), ((2, 4), 2), ((6,), 1)])
def test_where_no_cluster_is_small_enough_the_exam_is_not_empty(
    tmp_path: Path, sizes: tuple[int, ...], n_held: int
) -> None:
    for cluster, size in enumerate(sizes):
        for copy in range(size):
            (tmp_path / f"{cluster}-{copy}.txt").write_text(f"{town(NAMES[cluster]) * 3} Number {copy}.")
    found = source(tmp_path, held_out_share=0.1)
    held, trained = names(list(found.held_out())), names(list(found.prompts()))
    assert len(held) == n_held
    assert len(sizes) == 1 or not {name[0] for name in held} & {name[0] for name in trained}


def test_what_has_no_text_or_is_a_copy_makes_no_exam(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.txt").write_text(town(name) * 3)
    bare = {prompt.document for prompt in source(tmp_path, held_out_share=0.34).held_out()}
    assert len(bare) == 2
    for place in range(12):
        (tmp_path / f"empty-{place}.txt").write_text(" " * place)
    (tmp_path / "torn.txt").write_bytes(b"\xff\xfe\xfa")
    for name in NAMES:
        (tmp_path / f"{name}-copy.txt").write_text(town(name) * 3)
    found = source(tmp_path, held_out_share=0.34)
    assert {prompt.document for prompt in found.held_out()} == bare
    assert sum(not prompt.meta.get("amiss") for prompt in found.held_out()) == 2


def test_the_split_does_not_depend_on_the_order(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    for name in reversed(NAMES):
        (other / f"x{NAMES.index(name)}.txt").write_text(town(name))
    texts = [{prompt.document for prompt in source(place, held_out_share=0.5).held_out()} for place in (folder, other)]
    assert texts[0] == texts[1]
    assert len(texts[0]) == 3


def test_chunks_cover_a_document_and_none_is_too_long(folder: Path) -> None:
    for prompt in all_of(source(folder, tokenizer="", chunk_tokens=20)):
        chunks = chunks_of(prompt)
        assert len(chunks) > 2
        assert "".join(" ".join(chunk.text.split()) for chunk in chunks).replace(" ", "") == (
            prompt.document or ""
        ).replace(" ", "")
        assert all((chunk.n_tokens or 0) <= 20 for chunk in chunks)
        assert all(chunk.text.split()[0] in (prompt.document or "").split() for chunk in chunks), (
            "a chunk begins with a word"
        )


@pytest.mark.sweep  # it imports transformers
def test_a_local_tokenizer_cuts_as_transformers_does(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    text = town("Avon") + " Ælfrēd 東京 \U0001f600 end."
    (tmp_path / "a.txt").write_text(text)
    (prompt,) = all_of(source(tmp_path, tokenizer="", chunk_tokens=8, held_out_share=0.0))
    tokenizer = AutoTokenizer.from_pretrained(model_path())

    def tokens(part: str) -> list[tuple[int, int]]:
        return list(tokenizer(part, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"])

    assert prompt.meta["chunks"] == " ".join(f"{one.begin}-{one.end}/{one.n_tokens}" for one in cuts(text, tokens, 8))


def test_copies_are_counted_before_anything_is_asked(folder: Path) -> None:
    before = source(folder).notes[-1]
    (folder / "again.md").write_text(town("Avon"))
    (folder / "and-again.md").write_text(town("Avon"))
    (folder / "empty.txt").write_text("")
    (folder / "empty-too.txt").write_text("")
    assert "copies" not in before
    assert source(folder).notes[-1].endswith("; 2 are copies of others, and nothing is asked about them")


def test_a_text_without_spaces_is_cut_where_the_tokens_end() -> None:
    found = cuts("東京は首都です", lambda text: [(place, place + 1) for place in range(len(text))], 3)
    assert [(cut.begin, cut.end, cut.n_tokens) for cut in found] == [(0, 3, 3), (3, 6, 3), (6, 7, 1)]
    assert cuts("", words, 3) == []


def merged(text: str) -> list[tuple[int, int]]:
    """A tokenizer whose word is one token behind a space, and two (its first letter by itself) at the start of a text."""
    found = [one.span() for one in re.finditer(r"\s*\S+", text)]
    starts = [(0, 1), (1, found[0][1])] if found and not text[0].isspace() and found[0][1] > 1 else found[:1]
    return starts + found[1:]


def test_a_chunk_has_no_more_tokens_by_itself_than_it_may() -> None:
    text = "one two three four five six seven eight nine ten"
    found = cuts(text, merged, 4)
    parts = [text[cut.begin : cut.end].strip() for cut in found]
    assert parts == ["one two three", "four five six", "seven eight nine", "ten"]
    assert [cut.n_tokens for cut in found] == [len(merged(part)) for part in parts] == [4, 4, 4, 2]
    assert [cut.end for cut in found[:-1]] == [cut.begin for cut in found[1:]]


def test_the_chunks_of_a_real_tokenizer_are_no_longer_by_themselves(tmp_path: Path) -> None:
    texts = {f"{name}.txt": town(name) * 6 + "\n\n  \u0141\u00f3d\u017a_x==3;\n\t" + town(name)[::-1] for name in NAMES}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    tokens = offsets_of(ModelRef(path=str(model_path())))
    for prompt in all_of(source(tmp_path, tokenizer="", chunk_tokens=12)):
        document = prompt.document or ""
        chunks = chunks_of(prompt)
        assert all(len(tokens(chunk.text)) == chunk.n_tokens <= 12 for chunk in chunks)
        assert "".join(chunk.text for chunk in chunks).split() or not document


def test_what_a_document_lacks_is_told_to_the_method(folder: Path) -> None:
    (folder / "torn.txt").write_bytes(b"\xff\xfe\xfa")
    (folder / "binary.txt").write_bytes(b"a\0b")
    (folder / "copy.md").write_text(town("Avon"))
    amiss = {prompt.messages[-1].content: prompt.meta.get("amiss", "") for prompt in all_of(source(folder))}
    assert {name: why for name, why in amiss.items() if why} == {
        "torn.txt": "not in UTF-8", "binary.txt": "not a text", "copy.md": "a copy of another document",
    }  # fmt: skip


def test_equal_rows_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join([json.dumps({"title": "Avon", "text": town("Avon")})] * 2))
    found = all_of(source(tmp_path / "a.jsonl", held_out_share=0.0))
    assert [prompt.occurrence for prompt in found] == [0, 1]
    assert len({prompt.id for prompt in found}) == 2


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"towns.jsonl:1: got no column 'story'"):
        source(as_jsonl(tmp_path), text="story")
    (tmp_path / "b.jsonl").write_text('{"n": 1}')
    with pytest.raises(ConfigError, match="got no column with a document"):
        source(tmp_path / "b.jsonl")


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        source(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="without a file of documents"):
        source(tmp_path / "empty")


def test_a_document_that_changes_while_it_is_read_is_an_error(folder: Path) -> None:
    found = source(folder)
    (folder / "Avon.txt").write_text(town("Bristol"))
    with pytest.raises(ConfigError, match="another document on the second reading"):
        all_of(found)


def test_its_digest_follows_what_can_change_a_run(folder: Path) -> None:
    before = source(folder).digest()
    assert source(folder).digest() == before
    assert source(folder, tokenizer="").digest() != before
    assert source(folder, held_out_share=0.5).digest() != before
    (folder / "Avon.txt").write_text(town("Bristol"))
    assert source(folder).digest() != before
