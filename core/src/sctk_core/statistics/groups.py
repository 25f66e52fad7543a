"""Which rows are not independent: the group of each prompt, one of its own where it has none."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping


def group_of(prompt: str, groups: Mapping[str, Hashable]) -> Hashable:
    """The group of a prompt by id; a prompt without one is a group of its own, which no name of a group can be.

    >>> group_of("p", {"p": "story"}), group_of("q", {"p": "story"})
    ('story', ('alone', 'q'))
    """
    return groups.get(prompt, ("alone", prompt))


def groups_of(prompts: Iterable[str], groups: Mapping[str, Hashable]) -> list[Hashable] | None:
    """The groups of prompts, None where no two share one.

    >>> groups_of("pq", {"p": "story"}), groups_of("pp", {"p": "story"})
    (None, ['story', 'story'])
    """
    found = [group_of(prompt, groups) for prompt in prompts]
    return found if len(set(found)) < len(found) else None
