"""A section's component before it is built: who provides it, which settings it will get, in whose words it speaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sctk_core import config as settings_of
from sctk_core.config import suggestion
from sctk_core.errors import ConfigError, PluginError, SctkError
from sctk_core.hookspecs import KINDS
from sctk_core.plan import PROMPTS
from sctk_core.plugins import Catalogue, build, load, needs_of, target_of
from sctk_core.recipe import LISTED, Recipe, lay_over
from sctk_core.shown import shown, told

ROLE = "role"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One section's component; `role` is whose words it uses ("": nobody's), `name` what the ledger calls it."""

    section: str
    kind: str
    name: str
    target: Any
    config: Any
    distribution: str
    version: str
    settings: Mapping[str, Any]
    where: str
    role: str = ""
    label: str = ""

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the manifest and the fingerprint hold of it; files that the settings name are read once for both."""
        who: dict[str, Any] = {"name": self.name, "distribution": self.distribution, "version": self.version}
        who |= {"settings": settings_of.identity(self.config)} | ({ROLE: self.role} if self.role else {})
        return who | ({"digest": asked_of(self, "digest_of", self.config)} if hasattr(self.target, "digest_of") else {})

    @property
    def needs_reference(self) -> bool:
        """Whether it needs a gold answer to say anything of a reply: its class says so, or a function of its Config."""
        found = getattr(self.target, "needs_reference", False)
        return bool(answer_of(self, "needs_reference", self.config) if callable(found) else found)

    def built(self, catalogue: Catalogue, needs: Mapping[str, Any]) -> Any:
        """The component, ready to work."""
        return build(self.kind, self.name, self.settings, needs, where=self.where, among=catalogue).instance


@dataclass(frozen=True, kw_only=True)
class Curate:
    """One `[[curate]]` of the recipe: its curator, the tables that it is asked of, and its name in the ledger."""

    part: Part
    tables: tuple[str, ...]

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest and the fingerprint hold of it."""
        return self.part.facts | {"of": list(self.tables)}

    def stage(self, table: str) -> str:
        """Its row in the ledger for one table."""
        return f"{table}.curate.{self.part.label}"


def section_part(section: str, kind: str, recipe: Recipe, catalogue: Catalogue, role: str = "") -> Part:
    """The component that a section names; `role` is whose words the method gives it where the recipe does not say."""
    name, where = recipe.use(section), recipe.where(section)
    if name is None:
        raise ConfigError(
            f"{where}: got no component, wanted use = a {kind}", hint="`sctk plugins` lists what is installed"
        )
    return parsed(section, kind, name, recipe.section(section), catalogue, where, role)


def changed(part: Part, changes: Mapping[str, Any], arm: str) -> Part:
    """The component with other settings, as an arm of the plan wants it."""
    if not changes:
        return part
    settings = deepcopy(dict(part.settings))
    lay_over(settings, changes)
    where = f"{part.where}, changed for the arm {arm!r}"
    try:
        return replace(part, settings=settings, config=settings_of.parse(part.target.Config, settings, where=where))
    except ConfigError as error:
        hint = f"this {part.kind} cannot make the arm: leave {arm} out of method.arms, or name another {part.kind}"
        raise ConfigError(error.message, hint=hint) from error


def listed_parts(section: str, rows: Sequence[Mapping[str, Any]], catalogue: Catalogue) -> tuple[Part, ...]:
    """The components of a section that may stand several times; one that is named again is numbered."""
    found: list[Part] = []
    seen: Counter[str] = Counter()
    for row in rows:
        settings = {key: value for key, value in row.items() if key not in ("use", "of")}
        part = parsed(section, LISTED[section], row["use"], settings, catalogue, f"[[{section}]] {row['use']}", "")
        seen[part.label] += 1
        number = f"-{seen[part.label]}" if seen[part.label] > 1 else ""
        found.append(replace(part, label=part.label + number))
    return tuple(found)


def curation(recipe: Recipe, tables: Sequence[str], trained: Sequence[str], catalogue: Catalogue) -> tuple[Curate, ...]:
    """The recipe's curators, each with those of `tables` that it is asked of: those that `of` names, else all `trained` on."""
    parts = listed_parts("curate", recipe.curation, catalogue)
    return tuple(
        Curate(part=part, tables=_tables_of(row, tables, trained))
        for part, row in zip(parts, recipe.curation, strict=True)
    )


def _tables_of(row: Mapping[str, Any], tables: Sequence[str], trained: Sequence[str]) -> tuple[str, ...]:
    """Full names of tables; a short one ("train" for "chains.train") serves where it names one table only."""
    endings = Counter(table.rpartition(".")[2] for table in tables)
    short = {table.rpartition(".")[2]: table for table in tables if endings[table.rpartition(".")[2]] == 1}
    known = {PROMPTS: PROMPTS} | short | {table: table for table in tables}
    of = row.get("of", list(trained))
    names = [of] if isinstance(of, str) else of
    strangers = [name for name in names if name not in known] if isinstance(names, list) else [of]
    if strangers or not names:
        wanted = " or ".join(map(repr, [PROMPTS, *(short or tables)]))
        raise ConfigError(
            f"[[curate]] {row['use']}, of: got {strangers[0] if strangers else of!r}, wanted {wanted}",
            hint=suggestion(str(strangers[0]), known) if strangers else "leave `of` out: all training tables",
        )
    chosen = {known[name] for name in names}
    return tuple(table for table in (PROMPTS, *tables) if table in chosen)


def parsed(
    section: str, kind: str, name: str, settings: dict[str, Any], catalogue: Catalogue, where: str, role: str
) -> Part:
    loaded = load(kind, name, among=catalogue)
    target = target_of(loaded)
    said = settings.pop(ROLE, None)
    speaks = "backend" in needs_of(loaded, target)
    if said is not None and not (speaks and isinstance(said, str)):
        raise ConfigError(
            f"{where}, role: got {said!r}, and the {kind} {name!r} asks no model",
            hint="take it out: it would change nothing",
        )
    usual = next(one.role for one in KINDS if one.word == kind)
    return Part(
        section=section, kind=kind, name=name, target=target, settings=settings, distribution=loaded.distribution,
        version=loaded.version, config=settings_of.parse(target.Config, settings, where=where), where=where,
        role=(said or role or usual) if speaks else "", label=name.rpartition("/")[2],
    )  # fmt: skip


def asked_of(part: Part, verb: str, *about: Any) -> str:
    """What a component's static method says, which must be a text."""
    found = answer_of(part, verb, *about)
    if type(found) is not str:
        message = f"{verb}() gave {shown(found)}, wanted a text"
        raise PluginError(f"the {part.kind} {part.name!r}: {message}", hint="this is for its author to mend")
    return found


def answer_of(part: Part, verb: str, *about: Any) -> Any:
    """What a component's static method gives; what it throws, save our own errors, is a PluginError."""
    try:
        return getattr(part.target, verb)(*about)
    except (SctkError, KeyboardInterrupt):
        raise
    except BaseException as error:
        message = told(error)
        raise PluginError(f"the {part.kind} {part.name!r}: {verb}() raised {message}", hint="mend it") from error
