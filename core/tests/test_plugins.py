"""The plugin host against distributions written by hand: what is good works, what is broken is named and breaks nothing."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sctk_core import ConfigError, PluginError
from sctk_core.plugins import Catalogue, build, catalogue, describe, load, needs_of, probe

PLUGIN = """
from sctk_core import Component, hookimpl

@hookimpl
def sctk_rewards():
    return [Component(name="NAME", target="MODULE:Politeness", summary="counts thanks")]
"""
TARGET = """
from dataclasses import dataclass
from sctk_core import Score, setting

class Politeness:
    '''Counts words of thanks.'''

    @dataclass(frozen=True, kw_only=True)
    class Config:
        weight: float = setting(1.0, help="score of one thank-you", unit="points", low=0.0, high=10.0)

    def __init__(self, config):
        self.config = config

    async def score(self, samples):
        return [Score(sample=s, name="polite", value=self.config.weight * s.text.count("thank")) for s in samples]
"""

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Writes a distribution into a folder on the path, as pip would leave it there."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def write(
        distribution: str,
        entries: str | bytes,
        files: Mapping[str, str] | None = None,
        *,
        requires: tuple[str, ...] = ("sctk-core>=0.1,<0.2",),
    ) -> Path:
        info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {distribution}", "Version: 1.0"]
        (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {one}" for one in requires)]) + "\n")
        text = entries if isinstance(entries, bytes) else textwrap.dedent(entries).encode()
        (info / "entry_points.txt").write_bytes(text)
        for name, source in (files or {}).items():
            (site / f"{name}.py").write_text(source)
            monkeypatch.delitem(sys.modules, name, raising=False)
        return site

    return write


def install_politeness(install: Install, module: str, plugin: str = PLUGIN, target: str = TARGET, **more: Any) -> None:
    """The distribution sctk-MODULE with the reward "politeness" in MODULE_plugin.py and MODULE.py."""
    filled = plugin.replace("NAME", "politeness").replace("MODULE", module)
    install(
        f"sctk-{module.replace('_', '-')}",
        f"[sctk.rewards]\npoliteness = {module}_plugin\n",
        {f"{module}_plugin": filled, module: target},
        **more,
    )


def broken(module: str, *words: str) -> PluginError:
    with pytest.raises(PluginError) as caught:
        build("reward", "politeness", {}, {})
    assert caught.value.exit_code == 3
    assert caught.value.hint
    for word in (f"sctk-{module.replace('_', '-')} 1.0", *words):
        assert word in str(caught.value), str(caught.value)
    return caught.value


def test_the_catalogue_imports_nobody(install: Install) -> None:
    install_politeness(install, "pol_a", plugin="raise RuntimeError('I was imported')")
    offer = catalogue().find("reward", "politeness")
    assert (offer.module, offer.distribution, offer.version) == ("pol_a_plugin", "sctk-pol-a", "1.0")
    assert "pol_a_plugin" not in sys.modules


def test_loading_imports_the_light_module_and_building_the_class(install: Install) -> None:
    install_politeness(install, "pol_b")
    loaded = load("reward", "politeness")
    assert (loaded.component.target, loaded.distribution) == ("pol_b:Politeness", "sctk-pol-b")
    assert "pol_b" not in sys.modules
    built = build("reward", "politeness", {"weight": 2}, {})
    assert built.config.weight == 2.0
    assert type(built.instance).__name__ == "Politeness"
    assert needs_of(loaded) == ()


def test_settings_are_described_and_checked(install: Install) -> None:
    install_politeness(install, "pol_c")
    told = describe("reward", "politeness")
    assert told.story == "Counts words of thanks."
    assert told.measured == ()
    (weight,) = told.settings
    assert (weight.name, weight.default, weight.unit, weight.low, weight.high) == ("weight", 1.0, "points", 0.0, 10.0)
    with pytest.raises(ConfigError, match=r"\[reward\] in r.toml: got the unknown key 'wieght'.*\n.*'weight'"):
        build("reward", "politeness", {"wieght": 2}, {}, where="[reward] in r.toml")
    with pytest.raises(ConfigError, match=r"wanted a number from 0\.0 to 10\.0 points"):
        build("reward", "politeness", {"weight": 11}, {})


@pytest.mark.parametrize(
    ("stated", "wanted"), [("('wrong 2 %', 'late 1 %', 3)", ("wrong 2 %", "late 1 %")), ("'wrong 2 %'", ()), ("7", ())]
)
def test_what_a_reward_states_of_its_errors_is_described(
    install: Install, stated: str, wanted: tuple[str, ...]
) -> None:
    target = TARGET.replace("    @dataclass", f"    measured = {stated}\n\n    @dataclass", 1)
    install_politeness(install, f"pol_measured_{len(stated)}", target=target)
    assert describe("reward", "politeness").measured == wanted


def test_a_clash_is_an_error_when_asked_for_and_says_what_to_do(install: Install) -> None:
    install_politeness(install, "pol_d")
    install_politeness(install, "pol_e")
    install("sctk-other", "[sctk.rewards]\nother = other_plugin\n")
    assert catalogue().find("reward", "other").distribution == "sctk-other"
    with pytest.raises(PluginError, match=r"sctk-pol-d 1.0 and sctk-pol-e 1.0") as caught:
        build("reward", "politeness", {}, {})
    assert "sctk-pol-d/politeness" in caught.value.hint
    assert build("reward", "sctk-pol-e/politeness", {}, {}).distribution == "sctk-pol-e"


def test_what_is_not_installed_gets_advice(install: Install) -> None:
    install_politeness(install, "pol_f")
    for kind, name, advice in [
        ("reward", "politness", "did you mean 'politeness'?"),
        ("critic", "politeness", "installed as a reward, not as a critic"),
        ("reward", "zzz", "sctk plugins"),
    ]:
        with pytest.raises(PluginError) as caught:
            catalogue().find(kind, name)
        assert advice in caught.value.hint
    with pytest.raises(ConfigError, match=r"got the kind 'rewards'.*\n.*'reward'"):
        catalogue().find("rewards", "politeness")


def test_unreadable_metadata_is_a_complaint_and_hides_nothing(install: Install) -> None:
    install("sctk-bytes", b"[sctk.rewards]\n\xff = x\n")
    install("sctk-lines", "[sctk.rewards]\nno equals sign\ngood = good_plugin\n[sctk.reward]\nx = y\n")
    install_politeness(install, "pol_g")
    found = catalogue()
    assert {offer.name for offer in found.of("reward")} >= {"good", "politeness"}
    complaints = "\n".join(found.complaints)
    assert "sctk_bytes" in complaints
    assert "'no equals sign'" in complaints
    assert "did you mean 'sctk.rewards'?" in complaints


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise RuntimeError('boom')", ["RuntimeError: boom", "pol_h_plugin.py, line 1"]),
        ("import sys\nsys.exit(5)", ["SystemExit: 5"]),
        ("import a_module_that_is_not_there", ["ModuleNotFoundError", "a_module_that_is_not_there"]),
        ("def f(:", ["SyntaxError"]),
        (PLUGIN.replace("sctk_rewards", "sctk_reward"), ["'sctk_reward', which does not exist", "'sctk_rewards'"]),
        (
            PLUGIN.replace("sctk_rewards()", "sctk_rewards(config)"),
            ["sctk_rewards(config)", "the spec is sctk_rewards()"],
        ),
        (PLUGIN.replace("NAME", "other"), ["offers the reward 'politeness'", "returns other"]),
        (PLUGIN.replace("    return [", "    return None and ["), ["returns (none)"]),
        (PLUGIN.replace("[Component", "['text', Component"), ["wanted a list of Component"]),
        ("x = 1", ["returns (none)"]),
    ],
)
def test_a_broken_plugin_module_is_named(install: Install, source: str, words: list[str]) -> None:
    install_politeness(install, "pol_h", plugin=source)
    broken("pol_h", *words)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("1 / 0", ["importing pol_i", "ZeroDivisionError", "pol_i.py, line 1"]),
        ("x = 1", ["'pol_i:Politeness' is missing"]),
        (TARGET.replace("class Config", "class Settings"), ["has no Config"]),
        (TARGET.replace("async def score", "async def scores"), ["has no score(), which a Reward must have"]),
        (TARGET.replace("(self, config)", "(self, config, *, judge)"), ["asks for 'judge'", "backend or model"]),
        (TARGET.replace("(self, config)", "(self, config, backend)"), ["takes 'backend' by position"]),
        (TARGET.replace("self.config = config", "raise OSError('no word list')"), ["OSError: no word list", "line 13"]),
    ],
)
def test_a_broken_class_is_named(install: Install, source: str, words: list[str]) -> None:
    install_politeness(install, "pol_i", target=source)
    broken("pol_i", *words)


def test_a_missing_extra_is_told_as_a_pip_line(install: Install) -> None:
    requires = ("sctk-core>=0.1,<0.2", 'not_there_lib>=2; extra == "judge"')
    install_politeness(install, "pol_j", target="import not_there_lib.models\n" + TARGET, requires=requires)
    assert broken("pol_j", "ModuleNotFoundError").hint == "pip install 'sctk-pol-j[judge]'"


def test_the_api_level_is_checked_before_anything_is_imported(install: Install) -> None:
    install_politeness(install, "pol_k", requires=("sctk_core>=7",))
    broken("pol_k", "sctk-core >=7", "got sctk-core 0.1.0")
    assert "pol_k_plugin" not in sys.modules


def test_needs_are_supplied_by_name_and_missed_by_name(install: Install) -> None:
    asks = TARGET.replace("(self, config)", "(self, config, *, backend, model=None)").replace(
        "self.config = config", "self.config = config; self.got = (backend, model)"
    )
    install_politeness(install, "pol_l", target=asks)
    assert needs_of(load("reward", "politeness")) == ("backend", "model")
    assert build("reward", "politeness", {}, {"backend": "B"}).instance.got == ("B", None)
    assert build("reward", "politeness", {}, {"backend": "B", "model": "M"}).instance.got == ("B", "M")
    with pytest.raises(ConfigError, match="'politeness' needs a backend") as caught:
        build("reward", "politeness", {}, {"model": "M"})
    assert "[backend]" in caught.value.hint


def test_a_plugin_from_one_file_is_marked_as_unpackaged(tmp_path: Path) -> None:
    file = tmp_path / "my_reward.py"
    file.write_text(TARGET + PLUGIN.replace("NAME", "mine").replace("MODULE", "my_reward"))
    built = build("reward", "mine", {}, {}, among=catalogue([file]))
    assert built.distribution == "file my_reward.py"
    assert len(built.version) == 32
    file.write_text(file.read_text() + "\n# another version\n")
    assert build("reward", "mine", {}, {}, among=catalogue([file])).version != built.version


def test_a_plugin_file_that_is_wrong_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        catalogue([tmp_path / "nowhere.py"])
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(PluginError, match="offers nothing"):
        catalogue([tmp_path / "empty.py"])
    (tmp_path / "bad.py").write_text("oops")
    with pytest.raises(PluginError, match=r"NameError.*bad\.py, line 1"):
        catalogue([tmp_path / "bad.py"])


def test_probing_survives_what_kills_or_hangs_a_process(install: Install) -> None:
    install_politeness(install, "pol_m")
    dead = "import os\nos._exit(9)"
    slow = "import time\ntime.sleep(60)"
    chatty = "import numpy\nprint('hello')\n" + PLUGIN.replace("NAME", "chatty").replace("MODULE", "pol_m")
    install("sctk-dead", "[sctk.rewards]\ndead = dead_plugin\ndead2 = dead_plugin\n", {"dead_plugin": dead})
    install("sctk-slow", "[sctk.rewards]\nslow = slow_plugin\n", {"slow_plugin": slow})
    install("sctk-chatty", "[sctk.rewards]\nchatty = chatty_plugin\n", {"chatty_plugin": chatty})
    offers = {one.distribution: one for one in catalogue().offers}
    well = ("sctk-pol-m", "sctk-chatty")
    ours = Catalogue(offers=tuple(one for one in catalogue().offers if one.distribution in (*well, "sctk-dead")))
    found = {one.offer.name: one for one in probe(ours, timeout_s=60)}
    assert sorted(found) == ["chatty", "dead", "dead2", "politeness"]
    assert found["politeness"].problem == ""
    assert found["politeness"].load_s > 0
    assert found["chatty"].heavy == ("numpy",)
    assert "exit code 9" in found["dead"].problem
    assert "exit code 9" in found["dead2"].problem
    (hung,) = probe(Catalogue(offers=(offers["sctk-slow"],)), timeout_s=1)
    assert "did not finish within 1 s" in hung.problem
