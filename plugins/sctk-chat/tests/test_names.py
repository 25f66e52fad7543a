"""The path of a model is taken as it stands: `~` is no home in it, `[`, `*` and `?` are no patterns."""

from __future__ import annotations

from pathlib import Path

import pytest
from sctk_chat import check_path, load_tokenizer, place_of
from sctk_core import ConfigError, ModelRef
from small_tokenizers import TOKENIZERS


@pytest.mark.parametrize("name", ["~", "~root", "m[1]", "m*", "m?", "{a,b}", "a b"])
def test_a_directory_of_any_name_is_loaded(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tokenizer = TOKENIZERS["chatml"]()
    tokenizer.save_pretrained(Path(name))
    Path(name, "config.json").write_text('{"model_type": "gpt2"}')
    model = ModelRef(path=name)
    check_path(model)
    assert place_of(model) == f"{tmp_path}/{name}"
    assert load_tokenizer(model).get_vocab() == tokenizer.get_vocab()


def test_a_home_is_written_out_by_who_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model").mkdir()
    with pytest.raises(ConfigError) as caught:
        check_path(ModelRef(path="~/model"))
    assert caught.value.hint == f"a path is taken as it stands: write {tmp_path}/model"
    assert place_of(ModelRef(path="~/model")) == "~/model"
