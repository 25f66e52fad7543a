"""Conformance of a method: its default recipe, its plan, its crew, and a rehearsal of every walk."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import threading
import tomllib
from collections.abc import Mapping, Sequence

from sctk_core.claims import claim_complaints
from sctk_core.errors import ContractError
from sctk_core.pipeline.crew import Answerer, places
from sctk_core.pipeline.threads import aside
from sctk_core.plan_rules import complaints_of
from sctk_core.protocols import Method
from sctk_core.records import Prompt
from sctk_core.testing.cast import Answer
from sctk_core.testing.complaints import Complaints
from sctk_core.testing.examples import example_prompts
from sctk_core.testing.lines import at, line_of
from sctk_core.testing.rehearsal import Rehearsal, passes_of


def check_method(
    method: Method,
    prompts: Sequence[Prompt] | None = None,
    *,
    answer: Answer | None = None,
    walk_s: float = 10.0,
    timeout_s: float = 60.0,
) -> None:
    """Raises a ContractError unless recipe, tasks, claims, plan and crew are sound and every walk can be rehearsed.

    `prompts` are walked in place of the examples; `answer` is what speakers write, where walks read a form of their own.
    One walk may take `walk_s` seconds, all of them `timeout_s`.
    """
    found = Complaints(method, guide="docs/method-author.md says what a walk must keep to")
    _check_recipe(found, getattr(type(method), "recipe", None))
    for laid in ("tasks", "presets"):
        _check_laid(found, laid, getattr(type(method), laid, {}))
    for line in claim_complaints(getattr(type(method), "claims", ())):
        found.add(f"claims: {line}")
    well, plan = found.attempt(method.plan, "plan")
    for line in complaints_of(plan) if well else []:
        found.add(f"plan(): {line}")
    if well and not found.lines:
        crew = getattr(type(method), "Crew", Answerer)
        for kind in dict.fromkeys([crew, *(one.crew for _, one in passes_of(plan) if one.crew)]):
            _check_crew(found, kind)
        if not found.lines:
            rehearsal = Rehearsal(plan=plan, crew=crew, answer=answer, walk_s=walk_s)
            for line in _rehearsed(rehearsal, example_prompts() if prompts is None else prompts, timeout_s):
                found.add(line)
    found.done()


def _check_recipe(found: Complaints, recipe: object) -> None:
    """The method's default recipe is TOML text with a [source] and a [backend] that a run can begin with."""
    if not isinstance(recipe, str):
        found.add(f"recipe: got {recipe!r:.80}, wanted a class attribute with TOML text")
        return
    try:
        sections = tomllib.loads(recipe)
    except tomllib.TOMLDecodeError as error:
        found.add(f"recipe: got text that is no TOML ({error})")
        return
    for section in ("source", "backend"):
        if "use" not in sections.get(section, {}):
            found.add(f'recipe: got no [{section}] with `use = "..."`, wanted a default that runs')


def _check_laid(found: Complaints, kind: str, recipes: object) -> None:
    """What a method offers to be laid over its recipe is TOML text by name."""
    if not isinstance(recipes, Mapping):
        found.add(f"{kind}: got {recipes!r:.80}, wanted a mapping from name to TOML text")
        return
    for name, text in recipes.items():
        try:
            tomllib.loads(text)
        except (TypeError, AttributeError, ValueError) as error:
            found.add(f"{kind}: {name!r:.80}: got no TOML text ({error})")


def _check_crew(found: Complaints, crew: type) -> None:
    """A crew is a frozen dataclass whose fields are members that can be asked."""
    if not dataclasses.is_dataclass(crew) or not crew.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        found.add(f"Crew: got {crew!r}, wanted a frozen dataclass")
        return
    try:
        places(crew)
    except ContractError as error:
        found.add(f"Crew: {error.message}")
    except NameError as error:
        found.add(f"Crew: {error}, wanted types that its module imports, not under TYPE_CHECKING alone")


def _rehearsed(rehearsal: Rehearsal, prompts: Sequence[Prompt], timeout_s: float) -> list[str]:
    """What the rehearsal found; one that blocks is told with the line where it stands."""
    threads: list[int] = []

    def work() -> list[str]:
        threads.append(threading.get_ident())
        return asyncio.run(rehearsal.all(prompts))

    async def bounded() -> list[str]:
        return await asyncio.wait_for(aside(work), timeout_s)

    try:
        return asyncio.run(bounded())
    except TimeoutError:
        where = at(line_of(sys._current_frames().get(threads[0])))
        said = f"the rehearsal was not done within {timeout_s:g} s{where}: a walk that blocks holds up all others"
        return [*rehearsal.lines, said]
