"""The static catalogue: what every installed distribution says it offers, read from its metadata alone.

Nobody's code is imported here. One unreadable distribution is a line among `complaints`, never an exception. A clash of
names is an error only when that name is asked for; `DISTRIBUTION/NAME` then says which one is meant.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sctk_core.config import suggestion
from sctk_core.errors import ConfigError, PluginError
from sctk_core.hookspecs import COMMAND, OFFERED, Kind
from sctk_core.shown import NAME, shown, told, unicode_of

FIRST_PARTY: dict[tuple[str, str], str] = {
    ("backend", "nano"): "sctk-nano",
    ("backend", "transformers"): "sctk-transformers",
    ("backend", "vllm"): "sctk-vllm[gpu]",
    ("critic", "constitution"): "sctk-critics",
    ("reward", "classifier"): "sctk-rewards[classifier]",
    ("reward", "lexicon"): "sctk-rewards",
    ("reward", "refusal"): "sctk-rewards",
    ("reward", "rules"): "sctk-rewards",
    ("reward", "exact"): "sctk-rewards",
    ("reward", "numeric"): "sctk-rewards",
    ("reward", "choice"): "sctk-rewards",
    ("reward", "contains"): "sctk-rewards",
    ("reward", "judge"): "sctk-rewards",
    ("reward", "yes-no"): "sctk-rewards",
    ("reward", "personal-data"): "sctk-rewards",
    ("reward", "sentiment-distance"): "sctk-rewards",
    ("comparer", "pairwise"): "sctk-rewards",
    ("comparer", "lexical"): "sctk-knowledge",
    ("comparer", "nli"): "sctk-knowledge[nli]",
    ("comparer", "claims"): "sctk-knowledge",
    ("evaluator", "exact"): "sctk-rewards",
    ("evaluator", "numeric"): "sctk-rewards",
    ("evaluator", "choice"): "sctk-rewards",
    ("evaluator", "contains"): "sctk-rewards",
    ("evaluator", "sentiment-shift"): "sctk-rewards",
    ("evaluator", "claims"): "sctk-knowledge",
    ("rule", "metropolis"): "sctk-dsc",
    ("trainer", "preference"): "sctk-trl",
    ("trainer", "multi-task"): "sctk-trl",
    ("trainer", "sft"): "sctk-trl",
    ("evaluator", "nano-truth"): "sctk-nano",
    ("reward", "nano-noisy-truth"): "sctk-nano",
    ("evaluator", "solved"): "sctk-mirror",
    ("evaluator", "encyclopaedia-truth"): "sctk-encyclopaedia",
    ("source", "documents"): "sctk-knowledge",
    ("source", "encyclopaedia"): "sctk-encyclopaedia",
    ("source", "word-problems"): "sctk-word-problems",
    ("backend", "word-problems"): "sctk-word-problems",
    ("backend", "word-problems-teacher"): "sctk-word-problems",
    ("source", "rationales"): "sctk-mirror",
    ("source", "nano-safety"): "sctk-nano",
    ("source", "nano-sentiment"): "sctk-nano",
    ("curator", "decontaminate"): "sctk-curate",
    ("curator", "exact-duplicates"): "sctk-curate",
    ("curator", "near-duplicates"): "sctk-curate",
    ("method", "dsc"): "sctk-dsc",
    ("method", "knowledge"): "sctk-knowledge",
    ("method", "mirror"): "sctk-mirror",
    ("method", "rdpo"): "sctk-rdpo",
    ("command", "data"): "sctk-data",
    ("command", "knowledge"): "sctk-knowledge",
    ("command", "mirror"): "sctk-mirror",
}
"""What a user most likely means and has not installed: (kind, name) -> what pip is to install. A test holds it to the truth."""


OURS = frozenset(("sctk-core", "sctk-chat", *(name.partition("[")[0] for name in FIRST_PARTY.values())))
"""The distributions that we ship: a name of theirs is theirs, whoever else offers it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One component or command that a distribution says it has. `file` None: installed; else it came from this file by `--load`."""

    kind: str
    name: str
    module: str
    distribution: str
    version: str
    requires: tuple[str, ...] = ()
    file: Path | None = None

    @property
    def provider(self) -> str:
        """Who to blame or thank, in words: distribution and version."""
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """All components, sorted by kind, name and distribution; the commands beside them; and what could not be read."""

    offers: tuple[Offer, ...]
    complaints: tuple[str, ...] = ()
    commands: tuple[Offer, ...] = ()

    def of(self, kind: str) -> tuple[Offer, ...]:
        """The offers of one kind (its word: "reward", or "command")."""
        return tuple(offer for offer in (*self.offers, *self.commands) if offer.kind == kind)

    def knows(self, kind: str, name: str) -> bool:
        """Whether somebody offers that name, or it is one of ours that is not installed: whether `find` is the one to ask."""
        bare = name.rpartition("/")[2]
        return any(offer.name == bare for offer in self.of(kind)) or (kind, name) in FIRST_PARTY

    def find(self, kind: str, name: str) -> Offer:
        """The one offer of that kind and name (or `DISTRIBUTION/NAME`), or a PluginError that says what to do."""
        kind_named(kind)
        distribution, _, bare = name.rpartition("/")
        found = [offer for offer in self.of(kind) if offer.name == bare and distribution in ("", offer.distribution)]
        if not distribution:
            found = _without_strangers(kind, bare, found)
        if not found:
            raise PluginError(self._missing(kind, name), hint=self._advice(kind, bare))
        if len(found) > 1:
            raise _clash(kind, found)
        return found[0]

    def _missing(self, kind: str, name: str) -> str:
        names = ", ".join(dict.fromkeys(offer.name for offer in self.of(kind)))
        return f"no {kind} named {name!r} is installed, wanted one of: {names or '(none is installed)'}"

    def _advice(self, kind: str, name: str) -> str:
        if (kind, name) in FIRST_PARTY:
            strangers = ", ".join(f"'{one.distribution}/{name}'" for one in self.of(kind) if one.name == name)
            more = f"; what others offer under that name is called {strangers}" if strangers else ""
            return f"pip install '{FIRST_PARTY[kind, name]}'{more}"
        others = [offer.kind for offer in self.offers if offer.name == name]
        if others:
            return f"{name!r} is installed as a {others[0]}, not as a {kind}"
        known = [offer.name for offer in self.of(kind)] + [known for word, known in FIRST_PARTY if word == kind]
        return (
            suggestion(name, known)
            or "`sctk plugins` lists what is installed, `--load FILE` takes a plugin from one file"
        )


def _without_strangers(kind: str, name: str, found: Sequence[Offer]) -> list[Offer]:
    """Of a name that we ship only our own offer, and those of files that the user loads: no stranger takes it over by being there.

    A stranger's is reached as DISTRIBUTION/NAME, also where ours is not installed.
    """
    shipped = (kind, name) in FIRST_PARTY or any(_is_ours(offer) for offer in found)
    return [offer for offer in found if not shipped or offer.file or _is_ours(offer)]


def _is_ours(offer: Offer) -> bool:
    return offer.file is None and _normal(offer.distribution) in OURS


def kind_named(word: str) -> Kind:
    """The kind whose word this is ("reward"; "command" too), or a ConfigError with "did you mean"."""
    for kind in OFFERED:
        if kind.word == word:
            return kind
    words = [kind.word for kind in OFFERED]
    raise ConfigError(f"got the kind {word!r}, wanted one of {', '.join(words)}", hint=suggestion(word, words))


def installed(also: Sequence[Offer] = ()) -> Catalogue:
    """What is installed, read from metadata alone, and some offers that are known from elsewhere."""
    offers, complaints = list(also), list[str]()
    for distribution in _distributions():
        _read(distribution, offers, complaints)
    offers.sort(key=lambda offer: (_order(offer.kind), offer.name, offer.distribution))
    return Catalogue(
        offers=tuple(offer for offer in offers if offer.kind != COMMAND.word),
        complaints=tuple(complaints),
        commands=tuple(offer for offer in offers if offer.kind == COMMAND.word),
    )


def _order(word: str) -> int:
    return next(place for place, kind in enumerate(OFFERED) if kind.word == word)


def _clash(kind: str, found: Sequence[Offer]) -> PluginError:
    providers = " and ".join(offer.provider for offer in found)
    one = found[0]
    return PluginError(
        f"the {kind} {one.name!r} is offered by {providers}, wanted one",
        hint=f"say which: '{one.distribution}/{one.name}', or uninstall the other",
    )


def _distributions() -> Iterator[importlib.metadata.Distribution]:
    """Every installed distribution once; what comes first on the path hides its namesakes, as it does for imports."""
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        path = str(getattr(distribution, "_path", id(distribution)))
        if path not in seen:
            seen.add(path)
            yield distribution


def _read(distribution: importlib.metadata.Distribution, offers: list[Offer], complaints: list[str]) -> None:
    """Adds what one distribution offers, or one line on why it cannot be read."""
    where = str(getattr(distribution, "_path", distribution))
    try:
        text = distribution.read_text("entry_points.txt") or ""
        if "[sctk." not in text:
            return
        name, version = distribution.metadata["Name"], distribution.metadata["Version"]
        requires = tuple(distribution.requires or ())
    except Exception as error:  # noqa: BLE001 - a stranger's metadata, through a reader that anybody may have put there
        complaints.append(f"{unicode_of(where)}: its metadata cannot be read ({told(error)})")
        return
    if not name or not version:
        complaints.append(f"{where}: its metadata has no name or no version")
        return
    if any(_normal(offer.distribution) == _normal(name) for offer in offers):
        return  # an older copy further down the path, which no import would find either
    for group, component, target in _entries(text.splitlines(), f"{name} {version}", complaints):
        kind = next((kind.word for kind in OFFERED if kind.group == group), None)
        if kind is None:
            known = suggestion(group, [kind.group for kind in OFFERED])
            complaints.append(f"{name} {version}: unknown entry-point group {group!r}; {known}".rstrip("; "))
            continue
        module = target.partition(":")[0].strip()
        offers.append(
            Offer(kind=kind, name=component, module=module, distribution=name, version=version, requires=requires)
        )


def _normal(name: str) -> str:
    """A distribution's name as packagers compare it.

    >>> _normal("Sctk_My.Reward")
    'sctk-my-reward'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def _entries(lines: Iterable[str], provider: str, complaints: list[str]) -> Iterator[tuple[str, str, str]]:
    """(group, name, target) of every line in a group of ours; a line that is none of that is a complaint."""
    group = ""
    for line in (line.strip() for line in lines):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group.startswith("sctk.") and line and not line.startswith(("#", ";")):
            name, equals, target = (part.strip() for part in line.partition("="))
            if name and equals and target and name.isprintable() and len(name) <= NAME and "/" not in name:
                yield group, name, target
            else:
                complaints.append(f"{provider}: entry point {shown(line)} in [{group}], wanted NAME = MODULE")
