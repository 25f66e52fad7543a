"""One plugin module, imported alone: what it throws is caught, its hooks are checked, and who provided what is known.

pluggy checks the module's hooks against our specs in a manager of its own, so that one bad plugin cannot spoil another.
A plugin file (`--load`) is imported under a name of its own, and is marked as unpackaged: its version is its digest.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pluggy

from sctk_core.config import suggestion
from sctk_core.errors import ConfigError, PluginError, SctkError
from sctk_core.hookspecs import KINDS, OFFERED, Component, Specs
from sctk_core.identity import file_digest
from sctk_core.plugins.folders import folder_digest, plugin_files, root_of
from sctk_core.plugins.offers import Catalogue, Offer, installed, kind_named
from sctk_core.refusals import no_room
from sctk_core.shown import LINE, shown, told, unicode_of

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A component's descriptor, out of its plugin module, and who provides it."""

    kind: str
    component: Component
    distribution: str
    version: str
    offer: Offer


def load(kind: str, name: str, *, among: Catalogue | None = None) -> Loaded:
    """The descriptor of one component. Imports its plugin module and nothing else of anybody's."""
    offer = (among or installed()).find(kind, name)
    check_api_level(offer)
    module = isolated(lambda: _module_of(offer), offer, f"importing {offer.module}")
    offered = isolated(lambda: components_of(module, kind, offer), offer, f"looking at {offer.module}")
    component = next((one for one in offered if one.name == offer.name), None)
    if component is None:
        names = ", ".join(one.name for one in offered) or "(none)"
        raise PluginError(
            f"{offer.provider}: its metadata offers the {kind} {offer.name!r}, but {offer.module} returns {names}",
            hint=f"{kind_named(kind).hook}() of {offer.module} and the group [{kind_named(kind).group}] must list the same names",
        )
    return Loaded(kind=kind, component=component, distribution=offer.distribution, version=offer.version, offer=offer)


def isolated(action: Callable[[], T], offer: Offer, doing: str) -> T:
    """What `action` returns; whatever it throws, save our own errors and Ctrl-C, is a PluginError that says where."""
    try:
        return action()
    except (KeyboardInterrupt, SctkError):
        raise
    except BaseException as error:
        raise no_room(error) or blamed(error, offer, doing) from error


def blamed(error: BaseException, offer: Offer, doing: str) -> PluginError:
    """What a stranger's code threw, as an error that names the stranger and the line."""
    return PluginError(
        f"the {offer.kind} {offer.name!r} of {offer.provider} is broken: {doing} raised {told(error)}{line_of(error)}",
        hint=_remedy(error, offer),
    )


def line_of(error: BaseException) -> str:
    """The innermost line that is not core's, as " (FILE, line N)"; "" where all of them are."""
    own = f"{Path(__file__).parent.parent}/"
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    outside = [(file, line) for file, line in frames if not file.startswith((own, "<frozen"))]
    return f" ({outside[-1][0]}, line {outside[-1][1]})" if outside else ""


def _remedy(error: BaseException, offer: Offer) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        extra = _extra_with(error.name.partition(".")[0], offer.requires)
        if extra:
            return f"pip install '{offer.distribution}[{extra}]'"
        return f"install what provides the module {error.name!r}, or see `sctk doctor`"
    if offer.file:
        return f"mend {offer.file}"
    return f"`pip install --upgrade {offer.distribution}`, or uninstall it; `sctk doctor` looks at everything installed"


def _extra_with(module: str, requires: Sequence[str]) -> str:
    """The extra of a distribution that brings a module of this name, or ""."""
    for line in requires:
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", line)
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if extra and name and re.sub(r"[-_.]+", "_", name.group()).lower() == module.lower():
            return extra.group(1)
    return ""


def check_api_level(offer: Offer) -> None:
    """Raises a PluginError where the distribution's own range of sctk-core leaves out the one that runs."""
    from packaging.requirements import InvalidRequirement, Requirement

    from sctk_core import __version__

    for line in offer.requires:
        try:
            wanted = Requirement(line)
            applies = wanted.marker is None or wanted.marker.evaluate()
        except (InvalidRequirement, ValueError, KeyError, TypeError):
            continue
        if wanted.name.lower().replace("_", "-") != "sctk-core" or not applies:
            continue
        if not wanted.specifier.contains(__version__, prereleases=True):
            raise PluginError(
                f"{offer.provider} is written for sctk-core {wanted.specifier}, got sctk-core {__version__}",
                hint=f"pip install --upgrade {offer.distribution} sctk-core",
            )


def components_of(module: ModuleType, kind: str, offer: Offer) -> list[Component]:
    """What the module's hook of this kind returns, checked: hooks against specs, descriptors, no name twice."""
    hook = kind_named(kind).hook
    manager = _registered(module, offer)
    answers = isolated(lambda: getattr(manager.hook, hook)(), offer, f"{hook}()")
    found: list[Component] = []
    for answer in answers:
        if not isinstance(answer, list | tuple) or not all(isinstance(one, Component) for one in answer):
            raise PluginError(
                f"{offer.provider}: {hook}() of {offer.module} returned {shown(answer)}, wanted a list of Component",
                hint="return [Component(name=..., target='package.module:Class', summary=...)]",
            )
        if not all(_is_text(getattr(one, name)) for one in answer for name in ("name", "target", "summary")):
            raise PluginError(
                f"{offer.provider}: {hook}() of {offer.module} returned a Component whose fields are not all short texts",
                hint="return [Component(name=..., target='package.module:Class', summary=...)]",
            )
        found += answer
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise PluginError(
            f"{offer.provider}: {hook}() of {offer.module} returns {twice!r} twice", hint="one component, one name"
        )
    return found


def _is_text(value: object) -> bool:
    return type(value) is str and len(value) <= LINE and unicode_of(value) == value


def _registered(module: ModuleType, offer: Offer) -> pluggy.PluginManager:
    """A manager that holds this one module, whose every hook is known and has the signature of its spec."""
    manager = pluggy.PluginManager("sctk")
    manager.add_hookspecs(Specs)
    specs = {kind.hook for kind in OFFERED}
    for name, member in vars(module).items():
        if not inspect.isroutine(member) or not hasattr(member, "sctk_impl"):
            continue
        if name not in specs:
            raise PluginError(
                f"{offer.provider}: {offer.module} implements the hook {name!r}, which does not exist",
                hint=suggestion(name, specs) or f"the hooks are {', '.join(sorted(specs))}",
            )
        if inspect.signature(member).parameters:
            raise PluginError(
                f"{offer.provider}: {offer.module} defines {name}{inspect.signature(member)}, the spec is {name}()",
                hint="a hook takes no arguments",
            )
    isolated(lambda: manager.register(module, name=offer.module), offer, f"registering {offer.module}")
    isolated(manager.check_pending, offer, f"checking the hooks of {offer.module}")
    return manager


def _module_of(offer: Offer) -> ModuleType:
    by_file = offer.file is not None and offer.module == offer.file.stem
    return file_module(offer.file) if by_file and offer.file else importlib.import_module(offer.module)


def file_module(file: Path) -> ModuleType:
    """The module in one file, imported once per content, under a name that no package has."""
    name = f"sctk_file_{re.sub(r'[^A-Za-z0-9_]', '_', file.stem)}_{file_digest(file)[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ConfigError(
            f"{file}: got a file that is no Python, wanted NAME.py", hint="--load takes a .py file or a folder"
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def offers_of_file(file: Path) -> list[Offer]:
    """The components that one plugin file offers, by its hooks; it is imported, because the user named it."""
    if not file.is_file():
        raise ConfigError(
            f"--load {file}: got no such file, wanted a Python file with hooks, or a folder", hint="check the path"
        )
    provider = Offer(
        kind="plugin",
        name=file.name,
        module=file.stem,
        distribution=f"file {file.name}",
        version=file_digest(file),
        file=file.resolve(),
    )
    return _offered(provider, file)


def offers_of_folder(folder: Path) -> list[Offer]:
    """The components that the plugin files and packages of a folder offer; its modules find each other by their names."""
    whole = folder.resolve()
    files = list(plugin_files(whole))
    if not files:
        raise PluginError(
            f"--load {folder}: got a folder without a plugin, wanted a .py file in it that has a hook such as sctk_rewards()",
            hint="decorate the function with @hookimpl from sctk_core; files of the folder and of packages in it are looked at",
        )
    root = str(whole.parent if (whole / "__init__.py").is_file() else root_of(whole))
    if root not in sys.path:
        sys.path.insert(0, root)
    who, version = f"folder {whole.name}", folder_digest(whole)
    providers = [
        Offer(kind="plugin", name=file.name, module=name, distribution=who, version=version, file=file)
        for name, file in files
    ]
    return [offer for provider in providers for offer in _offered(provider, provider.file or whole)]


def _offered(provider: Offer, file: Path) -> list[Offer]:
    """What the hooks of one plugin file offer."""
    module = isolated(lambda: _module_of(provider), provider, f"importing {file}")
    found = [
        Offer(
            kind=kind.word,
            name=component.name,
            module=provider.module,
            distribution=provider.distribution,
            version=provider.version,
            file=provider.file,
        )
        for kind in KINDS
        for component in components_of(module, kind.word, provider)
    ]
    if not found:
        raise PluginError(
            f"--load {file}: got a file that offers nothing, wanted a hook such as sctk_rewards()",
            hint="decorate the function with @hookimpl from sctk_core",
        )
    return found


def catalogue(files: Sequence[Path] = ()) -> Catalogue:
    """What is installed, and what the given plugin files and folders offer. Only these, which the user named, are imported."""
    return installed(
        [offer for file in files for offer in (offers_of_folder(file) if file.is_dir() else offers_of_file(file))]
    )
