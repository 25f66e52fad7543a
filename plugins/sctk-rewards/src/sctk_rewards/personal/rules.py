"""Everything personal that the rules find in a text."""

from __future__ import annotations

from collections.abc import Collection

from sctk_rewards.personal.addresses import addresses
from sctk_rewards.personal.numbers import accounts, emails, ids, phones
from sctk_rewards.personal.persons import persons
from sctk_rewards.personal.spans import Span, without_overlaps


def found_by_rules(text: str, names: Collection[str] = ()) -> list[Span]:
    """The mentions in order of the text; of two over the same letters the stronger form counts, once."""
    numbers = (*emails(text), *accounts(text), *ids(text), *addresses(text), *phones(text))
    return without_overlaps((*numbers, *persons(text, names)))
