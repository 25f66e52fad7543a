"""Who a walk may ask: a crew, which is a frozen dataclass of the method's own.

The name of a field is the role or the recipe section that plays it, its type what can be asked of it:
`teacher: Speaker`, `critic: AskedCritic`, `reward: AskedReward`. A field of type `X | None` may be left out of the recipe.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from sctk_core.errors import ContractError
from sctk_core.pipeline.fields import is_label
from sctk_core.pipeline.members import Asked
from sctk_core.pipeline.notes import ANSWERED, DECLINED, FAILED, Line, OffPlan, page_here, reason_of, refusal_amiss
from sctk_core.pipeline.reasons import stamped
from sctk_core.pipeline.speaker import Speaker
from sctk_core.plan import Declined
from sctk_core.records import Failure, Sample

A = TypeVar("A")


class Notebook:
    """The item's own page of the ledger, for what a walk reads out of texts by itself."""

    kind: ClassVar[str] = ""

    def read(self, step: str, sample: Sample, parser: Callable[[str], A | Failure | Declined]) -> A | None:
        """What the parser reads in the sample's text, or None where it gives a Failure (the text cannot be read) or a Declined
        (it can, and is refused by a rule of ours), which is filed. A line either way.
        """
        page = page_here()
        page.open(step, sample.id, 0)
        value = parser(sample.text)
        if isinstance(value, Declined):
            if complaint := refusal_amiss(value):
                raise OffPlan(f"read {complaint} at {step!r}", hint="a reason is one of few short phrases")
            page.close(
                Line(step=step, of=sample.id, outcome=DECLINED, reason=value.reason, record=value.because), value
            )
            return None
        if isinstance(value, Failure):
            failure = stamped(value, sample.id, step, value.component if is_label(value.component) else page.part)
            line = Line(step=step, of=sample.id, outcome=FAILED, record=failure.id, reason=reason_of(failure))
            page.close(line, failure)
            return None
        page.close(Line(step=step, of=sample.id, outcome=ANSWERED, record=sample.id))
        return value


@dataclass(frozen=True, kw_only=True)
class Answerer:
    """The crew of an arm that just answers."""

    student: Speaker


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One field of a crew: the member's type, the role or section that plays it, whose words it uses, whether it may lack."""

    name: str
    member: type[Speaker | Asked | Notebook]
    section: str
    role: str
    optional: bool

    @property
    def speaks(self) -> bool:
        """Whether it is a role, and not a component."""
        return issubclass(self.member, Speaker)


def asked(*, section: str = "", role: str = "", default: Any = dataclasses.MISSING) -> Any:
    """A crew's field whose section is not its name, or whose words the method chooses (a critic in the student's words, say)."""
    return dataclasses.field(default=default, metadata={"section": section, "role": role})


def places(crew: type) -> list[Place]:
    """The fields of a crew."""
    hints: Mapping[str, Any] = typing.get_type_hints(crew)
    return [_place(field, hints[field.name]) for field in dataclasses.fields(crew)]


def _place(field: dataclasses.Field[Any], hint: Any) -> Place:
    arms = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    members = [arm for arm in arms if arm is not type(None)]
    if len(members) != 1 or not (isinstance(members[0], type) and hasattr(members[0], "kind")):
        raise ContractError(
            f"crew field {field.name!r}: got the type {hint}, wanted Speaker, AskedCritic, AskedReward, AskedRule, "
            "AskedComparer or Notebook",
            hint="docs/method-author.md shows a crew",
        )
    section = field.metadata.get("section") or field.name
    role = field.metadata.get("role", "")
    return Place(name=field.name, member=members[0], section=section, role=role, optional=type(None) in arms)
