"""What a plan must keep to, told in one line each: names, tables that are made before they are read, arms that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sctk_core.plan import BASE, EVALUATION, HELD_OUT, PROMPTS, Arm, Evaluate, Fit, Generate, Plan, Train
from sctk_core.plan_shape import shape_of
from sctk_core.records import Pair, Prompt, Sample, Weighted
from sctk_core.shown import kind_of, shown

TAKEN = ("arms", "curated", "model", "tests", "trained", "values", EVALUATION)
LONGEST_NAME = 60
"""Characters."""
MEASURED = ("values", "measures", "failures", "ledger")
"""The tables of an evaluation, which lie beside its arms."""
RECORD_TABLES = ("samples", "critiques", "scores", "decisions", "failures", "ledger", "notes", "curations", "declined")


def tables_of(plan: Plan) -> dict[str, type]:
    """Every table that a plan makes, by its full name ("chains.train"), with the type of its rows."""
    passes = [one for one in plan if isinstance(one, Generate)]
    return {f"{one.name}.{table}": kind for one in passes for table, kind in one.makes.items()}


def training_tables(plan: Plan) -> list[str]:
    """The tables that trainers learn from, in order of first use."""
    return list(dict.fromkeys(table for one in plan if isinstance(one, Train) for table in one.tables.values()))


def complaints_of(plan: object) -> list[str]:
    """What is wrong with a plan."""
    if not isinstance(plan, tuple) or not all(isinstance(one, Generate | Fit | Train | Evaluate) for one in plan):
        return [f"got {_shown(plan)}, wanted a tuple of Generate, Fit, Train and Evaluate"]
    return [complaint for one in plan for complaint in shape_of(one)] or list(_complaints(plan))


def _shown(plan: object) -> str:
    return f"a tuple of {', '.join(map(kind_of, plan)) or 'nothing'}" if isinstance(plan, tuple) else shown(plan)


def _complaints(plan: Plan) -> Iterator[str]:
    tables: dict[str, type] = {PROMPTS: Prompt, HELD_OUT: Prompt}
    arms = {BASE}
    names, fits = set[str](), {""}
    for one in plan:
        yield from _of_fits(one, fits)
        if isinstance(one, Fit):
            yield from _name(one.name, names | arms)
            names.add(one.name)
            fits.add(one.name)
            if one.on not in tables or "." not in one.on:
                yield f"{one.name}: is made of {one.on!r}, wanted a table that a pass makes before: {', '.join(tables)}"
        elif isinstance(one, Generate):
            yield from _name(one.name, names | arms)
            names.add(one.name)
            yield from _of_pass(one, tables, arms)
            tables |= {f"{one.name}.{table}": kind for table, kind in one.makes.items()}
        elif isinstance(one, Train):
            yield from _of_training(one, tables, arms, names)
            arms.add(one.arm)
        else:
            yield from _of_evaluation(one, tables, arms, names)


def _of_fits(one: object, fits: set[str]) -> Iterator[str]:
    """Whether the fits that a pass or an arm names are made before."""
    for walked in one.arms if isinstance(one, Evaluate) else (one,):
        if isinstance(walked, Generate | Arm) and walked.fit not in fits:
            known = ", ".join(sorted(fits - {""})) or "none is made"
            yield f"{walked.name}: walks by the fit {walked.fit!r}, wanted one that is made before: {known}"


def _name(name: str, names: set[str]) -> Iterator[str]:
    if name in names or name in TAKEN or name in (PROMPTS, HELD_OUT):
        yield f"got the name {name!r} again, wanted each name once (it is a row of the ledger, and a folder)"
    yield from _letters(name)


def _letters(name: str) -> Iterator[str]:
    """Whether a name can be that of a folder."""
    if letters_amiss(name):
        yield f"got the name {shown(name)}, wanted letters, digits, - and _, {LONGEST_NAME} at most"


def letters_amiss(name: str) -> bool:
    """Whether a name cannot be that of a folder."""
    return len(name) > LONGEST_NAME or not name.replace("-", "").replace("_", "").isalnum()


def _of_pass(one: Generate, tables: Mapping[str, type], arms: set[str]) -> Iterator[str]:
    if one.over not in tables:
        yield f"{one.name}: walks the table {one.over!r}, wanted one that is made before: {', '.join(tables)}"
    for role, arm in one.players.items():
        if arm not in arms:
            yield f"{one.name}: its {role} is the arm {arm!r}, wanted one that is trained before: {', '.join(sorted(arms))}"
    if not one.makes:
        yield f"{one.name}: makes no table, wanted one or more"
    for table in one.rests_on:
        if table not in one.makes:
            yield f"{one.name}: says what {table!r} rests on, wanted one of its tables: {', '.join(one.makes)}"
    for table, kind in one.makes.items():
        if table in RECORD_TABLES or "/" in table or "." in table:
            yield f"{one.name}: makes a table {table!r}, a name that is taken or no name"
        if not hasattr(kind, "__dataclass_fields__") or "id" not in kind.__dataclass_fields__:
            yield f"{one.name}: makes {table!r} of {kind!r}, wanted a frozen dataclass with an id"
    if not callable(one.steps):
        yield from _of_steps(one)


def _of_steps(one: Generate) -> Iterator[str]:
    steps = one.declared(None)
    names = [step.name for step in steps]
    if len(set(names)) < len(names):
        yield f"{one.name}: declares the steps {names}, wanted each once (Step(name, times=...) for more)"
    for place, step in enumerate(steps):
        if step.of and step.of not in names[:place]:
            yield f"{one.name}: step {step.name!r} is asked of the answers of {step.of!r}, which is no step before it"


def _of_training(one: Train, tables: Mapping[str, type], arms: set[str], names: set[str]) -> Iterator[str]:
    yield from _letters(one.arm)
    if one.arm in names or one.arm in (PROMPTS, HELD_OUT):
        yield f"train.{one.arm}: makes an arm of the name of a pass, wanted another"
    for table in one.tables.values():
        if table not in tables:
            yield f"train.{one.arm}: learns from {table!r}, wanted a table that is made before: {', '.join(tables)}"
        elif len(one.tables) == 1 and not issubclass(tables[table], Sample | Weighted | Pair):
            yield f"train.{one.arm}: learns from {table!r} of {tables[table].__name__}, wanted samples, weighted or not, or pairs"
    if one.length is not None and one.length.of not in tables:
        yield f"train.{one.arm}: is as long as passes over {one.length.of!r}, wanted a table made before: {', '.join(tables)}"
    if one.start not in arms:
        yield f"train.{one.arm}: starts from the arm {one.start!r}, wanted one of {', '.join(sorted(arms))}"
    if one.arm in arms:
        yield f"train.{one.arm}: makes an arm that is there, wanted another name"


def _of_evaluation(one: Evaluate, tables: Mapping[str, type], arms: set[str], names: set[str]) -> Iterator[str]:
    if one.name in names:
        yield f"{one.name}: got an evaluation of a name that is there, wanted another (Evaluate(..., name=...))"
    if one.name != EVALUATION:
        yield from _name(one.name, arms)
    names.add(one.name)
    found = [arm.name for arm in one.arms]
    if not one.arms or not all(isinstance(arm, Arm) for arm in one.arms):
        yield f"{one.name}: got {one.arms!r:.100}, wanted one Arm or more"
        return
    yield from _letters(one.name)
    for arm in one.arms:
        yield from _letters(arm.name)
        if arm.name in MEASURED:
            yield f"{one.name}: got the arm {arm.name!r}, wanted another name: that of one of its own tables is taken"
        for player in (arm.played_by, *arm.cast.values()):
            if player not in arms:
                yield f"{one.name}: the arm {arm.name!r} is played by {player!r}, wanted one of {', '.join(sorted(arms))}"
        if arm.name in names and one.name == EVALUATION:
            yield f"{one.name}: got the arm {arm.name!r}, which is the name of a pass, wanted another"
    if len(set(found)) < len(found):
        yield f"{one.name}: got the arms {found}, wanted each once"
    if any(arm.walk is None for arm in one.arms) and not issubclass(tables.get(one.over, object), Prompt):
        prompts = [table for table, kind in tables.items() if issubclass(kind, Prompt)]
        yield f"{one.name}: over {one.over!r}, wanted a table of prompts for an arm that just answers: {', '.join(prompts)}"
    elif one.over not in tables:
        yield f"{one.name}: over {one.over!r}, wanted one of {', '.join(tables)}"
    strangers = {arm for pair in one.differences for arm in pair} - set(found)
    for name in sorted(strangers):
        yield f"{one.name}: got the arm {name!r} in its differences, wanted one of {', '.join(found)}"
