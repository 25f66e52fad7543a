"""`sctk plugin check`: the conformance checks of `sctk_core.testing`, run on an installed component, a file or a project."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.finite import timeout
from sctk_cli.loading import catalogue_with
from sctk_cli.reward import settings_of
from sctk_cli.terminal import clean, hear_warnings, put, reserved_stdout

if TYPE_CHECKING:
    from sctk_core.errors import SctkError
    from sctk_core.plugins import Catalogue, Offer

N_PROMPTS = 8
EPILOG = """\b
Examples:
  sctk plugin check politeness
  sctk plugin check sctk-politeness
  sctk plugin check ./my_reward.py --set weight=2
  sctk plugin check ./my-project
  sctk plugin check sft --model runs/first/model

\b
A component that asks for a backend gets a scripted one, and may then answer with failures. The walks
of a method are rehearsed with fakes, on prompts of its default recipe's source where that is installed."""


@click.group()
def plugin() -> None:
    """For plugin authors: check a component."""


@plugin.command(epilog=EPILOG)
@click.argument("what", metavar="NAME|DISTRIBUTION|PATH")
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="One setting; repeatable.")
@click.option("--model", metavar="DIR", help="The model that a backend or trainer is checked with.")
@timeout(600.0, "Seconds to import and build one.")
def check(what: str, assignments: tuple[str, ...], model: str | None, timeout_s: float) -> int:
    """Check components against the contract of their kind."""
    from sctk_core.errors import SctkError
    from sctk_core.plugins import blamed

    hear_warnings()
    settings = settings_of(assignments)
    with reserved_stdout():
        among, offers = _offers(what, timeout_s)
    code = 0
    for offer in offers:
        error: SctkError | None = None
        try:
            with reserved_stdout():
                _check(offer, settings, model, among, timeout_s)
        except SctkError as found:
            error = found
        except KeyboardInterrupt:
            raise
        except BaseException as found:  # noqa: BLE001 - whatever a component threw, the others are checked
            error = blamed(found, offer, "checking it")
        code = code or (error.exit_code if error else 0)
        _tell(offer, error)
    return code


def _tell(offer: Offer, error: SctkError | None) -> None:
    put(f"{offer.kind} {clean(offer.name, one_line=True)} of {clean(offer.provider, one_line=True)}: ", end="")
    put("passes" if error is None else f"does not pass\n{clean(str(error))}")


def _check(offer: Offer, settings: dict[str, Any], model: str | None, among: Catalogue, timeout_s: float) -> None:
    """Builds the component and holds it to the contract of its kind."""
    from sctk_core.plugins import build, load, needs_of
    from sctk_core.records import ModelRef
    from sctk_core.run.alone import guarded
    from sctk_core.testing import ScriptedBackend, check_component

    name = f"{offer.distribution}/{offer.name}"
    reference = ModelRef(path=model) if model else None
    needs: dict[str, Any] = {"backend": ScriptedBackend(lambda request: f"Fine. {request.seed % 10}")}
    if reference is not None:
        needs["model"] = reference
    with guarded(among, timeout_s):
        asks_backend = "backend" in needs_of(load(offer.kind, name, among=among))
        built = build(offer.kind, name, settings, needs, among=among)
    prompts = _prompts(built.instance, among) if offer.kind == "method" else None
    check_component(offer.kind, built.instance, model=reference, may_fail=asks_backend, prompts=prompts)


def _prompts(method: Any, among: Catalogue) -> list[Any] | None:
    """The first prompts of the source of a method's default recipe; None where that is not here, or has none."""
    from sctk_core.errors import SctkError
    from sctk_core.plugins import build

    try:
        settings = dict(tomllib.loads(method.recipe)["source"])
        source = build("source", settings.pop("use"), settings, {}, among=among)
        return list(islice(source.instance.prompts(), N_PROMPTS)) or None
    except (SctkError, AttributeError, KeyError, TypeError, ValueError, OSError):
        return None


def _offers(what: str, timeout_s: float) -> tuple[Catalogue, Sequence[Offer]]:
    """The offers that a name, a distribution, a .py file, a project's directory or a folder of plugins stands for."""
    from sctk_core.errors import PluginError
    from sctk_core.plugins import catalogue

    path = Path(what)
    if (path / "pyproject.toml").is_file():
        what = _project(path / "pyproject.toml")
    among = catalogue()
    found = [
        offer
        for offer in among.offers
        if what in (offer.name, offer.distribution, f"{offer.distribution}/{offer.name}")
    ]
    if not found and (path.suffix == ".py" or path.is_dir()):
        among, within = catalogue_with([path], timeout_s), path.resolve()
        return among, [one for one in among.offers if one.file and (one.file == within or within in one.file.parents)]
    if not found:
        raise PluginError(
            f"got {what!r}, wanted the name of an installed component or distribution, or a path",
            hint="install it first: pip install PATH; `sctk plugins` lists what is installed",
        )
    return among, found


def _project(path: Path) -> str:
    """The name of the distribution that a pyproject.toml makes."""
    from sctk_core.errors import ConfigError
    from sctk_core.recipe import read_toml

    found = read_toml(path).get("project")
    name = found.get("name") if isinstance(found, dict) else None
    if not isinstance(name, str) or not name:
        raise ConfigError(
            f"{path}: got no name of a project, wanted one to check what it installs",
            hint='[project] name = "..."; or name the .py file or the folder with the hooks',
        )
    return name
