"""When too much failed: a part of a run that ends in order, before anything is trained on what is left.

One failure is an item's. Where more than a share of a step's asks fail (`run.max_failed`), where nobody of an evaluation could be
measured, or where a table that is trained on came out empty, the same line again makes the part anew: replies are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sctk_core.assembly.blame import HINT, broken, called, who_is
from sctk_core.errors import BackendDown, CheckFailed, NothingAccepted, PluginError, SctkError
from sctk_core.pipeline.failing import FEWEST, Cause
from sctk_core.plan import Generate, Train
from sctk_core.records import Failure
from sctk_core.run.context import Context, place_of
from sctk_core.run.result import counts_of
from sctk_core.shown import shown
from sctk_core.store.part import StoredPart

_KINDS = {"bug": PluginError, "contract": PluginError, "timeout": BackendDown, "backend": BackendDown}
_STEPS = {
    "critique": ("critic",), "revise": ("critic",), "score": ("reward",), "accept": ("rule",), "compare": ("comparer",),
    "walk": ("method",), "measure": ("evaluator", "reward", "comparer"),
}  # fmt: skip
"""Who is asked in the steps that are called as usual; a role's backend in all others."""
_LINE = (
    "what is answered is kept: the same line again asks again what failed; --set run.max_failed=1 goes on nevertheless"
)
_SLOW = (
    "; where {:g} s may pass before anybody is answered: --set run.timeout_s={:g} gives each ask longer, a lower run.concurrency "
    "asks less at once"
)

_UNANSWERED = "the rows that failed are counted with their reasons above; --timeout gives a batch more time"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A step of a part: how often it was asked, how often it failed, and why."""

    name: str
    asked: int
    failed: int
    causes: Mapping[Cause, int]


def refuse_failing(context: Context, part: str, stages: Iterable[Stage]) -> None:
    """Raises where of a step more than the allowed share failed, or where all that was asked did."""
    most = context.assembly.settings.max_failed
    known = [stage for stage in stages if stage.asked]
    for stage in known:
        if stage.asked >= FEWEST and stage.failed > most * stage.asked:
            raise too_many(context, part, stage)
    if known and most < 1 and all(stage.failed == stage.asked for stage in known):
        raise too_many(context, part, known[0])


def too_many(context: Context, part: str, stage: Stage) -> SctkError:
    """The error that too much of a step failed: who failed, why, and the exit code that fits most of it."""
    note_ended(context, part, "too-many-failed")
    cause, n = max(stage.causes.items(), key=lambda item: item[1], default=(Cause("", "bug", "no reason was given"), 0))
    most = context.assembly.settings.max_failed
    message = (
        f"{stage.name}: {stage.failed} of {stage.asked} asks failed, wanted at most {most:.0%}: "
        f"{n} x {cause.kind}: {cause.reason}, of {_who(context, cause.component, stage.name)}"
    )
    kind: type[SctkError] = _KINDS.get(cause.kind, CheckFailed)
    seconds = context.assembly.settings.timeout_s
    line = _LINE + (_SLOW.format(seconds, 10 * seconds) if cause.kind == "timeout" else "")
    return kind(message, hint=f"{HINT}; {line}" if kind is PluginError else line)


def error_of(what: str, failures: Sequence[Failure]) -> SctkError:
    """The error that all of something failed: the commonest reason of it, and the exit code that fits."""
    causes = Counter(Cause(one.component, one.kind, one.reason) for one in failures)
    cause, n = causes.most_common(1)[0]
    detail = next(
        (f" ({one.detail})" for one in failures if one.reason == cause.reason and one.detail not in ("", one.reason)),
        "",
    )
    kind: type[SctkError] = _KINDS.get(cause.kind, CheckFailed)
    return kind(
        f"{what}: {n} x {cause.kind}: {cause.reason}{detail}", hint=HINT if kind is PluginError else _UNANSWERED
    )


def _who(context: Context, name: str, stage: str) -> str:
    """A component by the name that failures have of it, with its distribution; of several of one name whose usual step it is."""
    assembly = context.assembly
    parts = [*assembly.parts.values(), *assembly.listed, *(role.backend for role in assembly.roles.values())]
    steps = stage.split(".")[1:]
    found = [part for part in parts if part.name == name]
    usual = [
        part for part in found if part.kind in next((_STEPS[step] for step in steps if step in _STEPS), ("backend",))
    ]
    return " or ".join(dict.fromkeys(map(who_is, usual or found or [assembly.parts["method"]])))


def note_ended(context: Context, part: str, state: str) -> None:
    """Notes in the manifest that a part is to be made anew."""
    manifest = context.directory.manifest
    if part in manifest.parts:
        manifest.parts[part].again = True
    manifest.state = state
    context.directory.save()


def stages_of(context: Context, part: StoredPart) -> list[Stage]:
    """The steps of a part that is sealed."""
    causes: dict[str, Counter[Cause]] = {}
    for row in part.rows("failures", ["stage", "component", "kind", "reason"]):
        causes.setdefault(row["stage"], Counter())[Cause(row["component"], row["kind"], row["reason"])] += 1
    return [
        Stage(name=one.stage, asked=one.asked, failed=one.failed, causes=_causes_of(one.stage, causes))
        for one in counts_of(context.directory.layout, part.name)
    ]


def _causes_of(stage: str, causes: Mapping[str, Counter[Cause]]) -> Counter[Cause]:
    """Failures know their step without the part before it."""
    return next((found for step, found in causes.items() if stage == step or stage.endswith(f".{step}")), Counter())


def refuse_empty(context: Context, table: str, n_rows: int) -> None:
    """Raises where a table that is trained on has no row."""
    trainings = (one for one in context.assembly.plan if isinstance(one, Train))
    needing = (
        one for one in trainings if table in {t for name, t in one.tables.items() if name not in one.may_be_empty}
    )
    one = next(needing, None)
    if n_rows or one is None:
        return
    part = place_of(table)[0]
    stages = _stages_behind(context, table)
    note_ended(context, part, "nothing-accepted")
    raise NothingAccepted(
        f"{one.arm}.train: got 0 rows in table {table!r}, wanted at least 1: {_why_empty(stages)}",
        hint="; ".join(
            filter(None, [_word_of_method(context, table), f"sctk show {context.directory.path} tells more"])
        ),
    )


def _word_of_method(context: Context, table: str) -> str:
    """What the method itself says of a table that came out empty, from the rows of the others of its pass; most say nothing."""
    part = context.assembly.parts["method"]
    one = next(
        (one for one in context.assembly.plan if isinstance(one, Generate) and one.name == place_of(table)[0]), None
    )
    if one is None or not hasattr(part.target, "why_empty"):
        return ""
    method = part.built(context.assembly.catalogue, {"sections": context.assembly.recipe.sections})
    made = {name: context.stored(one.name, name, kind) for name, kind in one.makes.items()}
    found = called(part, lambda: method.why_empty(table, made, str(context.directory.path)), "why_empty()")
    if type(found) is not str:
        raise broken(part, f"why_empty() gave {shown(found)}, wanted a text")
    return found


def _stages_behind(context: Context, table: str) -> Sequence[Any]:
    """The stages of the pass that made a table, less those of its other tables; where it had no item, of the one before it."""
    part, name = place_of(table)
    found = counts_of(context.directory.layout, part)
    stages = [stage for stage in found if ".make." not in stage.stage or stage.stage.endswith(f".make.{name}")]
    over = next((one.over for one in context.assembly.plan if isinstance(one, Generate) and one.name == part), "")
    return stages if found or "." not in over else _stages_behind(context, over)


def _why_empty(stages: Iterable[Any]) -> str:
    """What most of the items that should have made a table came to."""
    reasons = Counter({reason: n for stage in stages for reason, n in stage.reasons.items()}).most_common(1)
    return f"nothing was accepted ({reasons[0][1]} x {reasons[0][0]})" if reasons else "nothing was accepted"
