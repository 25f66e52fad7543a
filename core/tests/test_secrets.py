"""A secret is named in a recipe, revealed to the component that asks, and stands nowhere else."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from sctk_core import ConfigError, Secret, setting
from sctk_core.boundary import boundary
from sctk_core.config import identity, parse, plain, settings_of
from sctk_core.recipe import ENVIRONMENT, Layer, merge
from sctk_core.shown import text_of
from toy_run import PLUGINS, toy_run

VALUE = "sk-live-0123456789abcdef"
CAPITALS = ["AKIA3J5QZ7XWN2PLMK4T", "K7Q2M9X4Z1P8", "NB2HK4DFOJXGK3TH"]
"""Keys of capitals and digits alone, which might be names of variables."""
TELLS = """
from dataclasses import dataclass
from toy_world import ToyReward, Trouble
from sctk_core import Component, Score, Secret, hookimpl, setting


class Telling:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        \"\"\"A key.\"\"\"
        key: Secret = setting(Secret("TELLING_KEY"), help="the variable that holds the key")

    def __init__(self, config):
        self.key = config.key.reveal()

    async def score(self, samples):
        if len(samples[0].text) % 2:
            raise ValueError(f"401: the key {self.key} is not valid")
        return [Score(sample=one, name="told", value=float(len(one.text))) for one in samples]


@hookimpl
def sctk_rewards():
    return [Component(name="telling", target=f"{__name__}:Telling", summary="It tells what it should not.")]
"""


@dataclass(frozen=True, kw_only=True)
class Config:
    """A key and what it is for."""

    api_key: Secret = setting(Secret("API_KEY"), help="the variable that holds the key")
    timeout_s: float = setting(60.0, help="how long")


def test_a_recipe_names_the_variable_and_nothing_else_is_held() -> None:
    config = parse(Config, {"api_key": "OTHER_KEY"}, where="[backend]")
    assert config.api_key == Secret("OTHER_KEY")
    assert plain(config) == {"api_key": "OTHER_KEY", "timeout_s": 60.0}
    assert identity(config) == {"timeout_s": 60.0}
    assert next((one.name, one.type, one.default) for one in settings_of(Config)) == (
        "api_key", "name of an environment variable", "API_KEY",
    )  # fmt: skip


@pytest.mark.parametrize("pasted", [VALUE, "hf_AbCdEf", "ghp_0123", "", 7, None, "WITH SPACE", *CAPITALS])
def test_a_secret_that_is_pasted_is_refused_and_not_repeated(pasted: object) -> None:
    with pytest.raises(ConfigError, match="no name of an environment variable") as caught:
        parse(Config, {"api_key": pasted}, where="[backend]")
    assert not pasted or str(pasted) not in f"{caught.value.message} {caught.value.hint}"


def test_a_variable_that_is_not_set_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_KEY", raising=False)
    with pytest.raises(ConfigError, match="API_KEY: got nothing"):
        Secret("API_KEY").reveal()


def test_what_was_revealed_is_masked_in_the_texts_of_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", VALUE)
    assert Secret("API_KEY").reveal() == VALUE
    failure = boundary(ValueError(f"401: {VALUE}"), of="x", stage="score", component="c")
    assert VALUE not in repr(failure)
    assert "(secret API_KEY)" in failure.detail
    assert VALUE not in repr(Secret("API_KEY"))


def test_a_secret_is_masked_however_it_is_spelt(monkeypatch: pytest.MonkeyPatch) -> None:
    value = 'p@ss/"wörd"+ x\\'
    monkeypatch.setenv("ODD_KEY", value)
    assert Secret("ODD_KEY").reveal() == value
    for spelt in (value, quote(value, safe=""), quote_plus(value), json.dumps(value), repr(value.encode())):
        told = text_of(RuntimeError(f"no answer of http://user:{spelt}@host"))
        assert told.startswith("no answer of http://user:")
        assert "(secret ODD_KEY)" in told
        assert not any(part in told for part in ("p@ss", "p%40ss", "rd", value))
    encoded = base64.b64encode(value.encode()).decode()
    assert encoded[:12] not in text_of(RuntimeError(f"Authorization: {encoded}"))


def test_a_secret_that_is_repeated_is_masked_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    value = "k" + "0123456789" * 12
    monkeypatch.setenv("LONG_KEY", value)
    Secret("LONG_KEY").reveal()
    assert "k0123" not in text_of(ValueError(value * 40))


def test_no_byte_of_a_run_holds_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLING_KEY", VALUE)
    plugin = tmp_path / "telling.py"
    plugin.write_text(TELLS)
    monkeypatch.setattr("toy_run.PLUGINS", [*PLUGINS, plugin])
    result = toy_run(
        tmp_path, {"reward": {"use": "telling"}, "run": {"shard_rows": 5, "timeout_s": 5.0, "max_failed": 1.0}}
    )
    assert any(stage.failed for stage in result.ledger)
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [path for path in files if VALUE.encode() in path.read_bytes()]
    import polars as pl

    details = pl.read_parquet(result.run / "chains" / "failures" / "00000.parquet")["detail"].to_list()
    assert details
    assert all("(secret TELLING_KEY)" in detail and VALUE not in detail for detail in details)


def test_a_setting_of_the_environment_that_a_flag_hides_is_told() -> None:
    layers = [
        Layer(origin="recipe.toml", sections={"reward": {"use": "toy"}}),
        Layer(origin=ENVIRONMENT, sections={"reward": {"model": "DIR"}}),
        Layer(origin="flag", sections={"reward": {"use": "other"}}),
    ]
    assert merge(layers).hidden == ["reward.model"]


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "HF_TOKEN_2", "MYCOMPANYINTERNALGATEWAYKEY", "S3_ACCESS_KEY_ID", "KEY1"]
)
def test_names_of_variables_are_names(name: str) -> None:
    assert parse(Config, {"api_key": name}, where="[backend]").api_key == Secret(name)


def test_what_looks_like_a_key_is_a_name_where_there_is_such_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CAPITALS[0], VALUE)
    assert parse(Config, {"api_key": CAPITALS[0]}, where="[backend]").api_key == Secret(CAPITALS[0])


@pytest.mark.parametrize(
    "key",
    [
        *CAPITALS,
        "sk-proj-9f8e7d6c5b4a3f2e1d0c",
        "hf_QwErTyUiOpAsDfGhJkLzXcVbNm",
        "AIzaSyD3x9Kq0Lm1Np2Rs3Tu4Vw5Xy6Za7Bc8De",
    ],
)
@pytest.mark.parametrize(
    "told",
    [
        "401: Incorrect API key provided: {}. See the docs", "got api_key={}, wanted another", '{{"access_token": "{}"}}',
        "--set backend.api_key={}", "Authorization: Bearer {}", "the password is {}", "[backend] of a.toml, api_key: got '{}'",
    ],
)  # fmt: skip
def test_a_key_that_nobody_revealed_is_not_repeated_by_the_name_of_its_setting(key: str, told: str) -> None:
    said = text_of(RuntimeError(told.format(key)))
    assert key not in said
    assert "(not repeated)" in said


@pytest.mark.parametrize(
    "told",
    [
        "max_tokens=1024, eos_token: <|im_end|>, pad_token=<pad>", "got the key 3f0c9a21b4d7e6803f0c9a21b4d7e680",
        "the token is Donaudampfschifffahrtsgesellschaft", "sample 8a1f03bc9d2e4f57: no secret was told",
        "the model Qwen2.5-0.5B-Instruct at /models/Meta-Llama-3.1-8B-Instruct", "n_tokens: 123456789012345678",
        "the api key: expired", "password: too short", "token 50256 is unknown, a secret of two people",
    ],
)  # fmt: skip
def test_words_numbers_and_ids_are_told_as_they_are(told: str) -> None:
    assert text_of(RuntimeError(told)) == told
