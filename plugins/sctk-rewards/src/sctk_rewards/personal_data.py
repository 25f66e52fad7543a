"""The personal-data reward: minus the number of persons, addresses, numbers and accounts that a text tells.

They are found by rules (`personal/`), or, those that its labels mean, by any transformers token classifier, as in dSC's privacy
task (arXiv 2312.01957, Appendix B: minus the count of PERSON entities; `kinds = ["person"]` and a `model` are the paper's reward).
A run of words that is one entity counts once. A person who is named twice counts twice, unless `counts` says distinct.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sctk_core import ConfigError, Failure, Sample, Scale, Score, setting

from sctk_rewards.personal.rules import found_by_rules
from sctk_rewards.personal.spans import KINDS, Kind, Span, without_overlaps
from sctk_rewards.personal.tokens import TokenClassifier
from sctk_rewards.weights import weights_digest

WHERE = "[reward] personal-data"


class PersonalData:
    """Scores a text by minus the mentions of personal data in it; 0 is best."""

    measured = (
        "by rules, on 135 texts of 14 languages written before the rules, at their first run: 8.8 % (5.6 to 13.5) of 205 "
        "mentions missed, of persons 14.7 % (9.4 to 22.2), of all others 1.1 % (0.2 to 6.1); 2.1 % (0.8 to 5.3) of what was "
        "found false; 86.7 % (79.9 to 91.4) of the texts counted exactly; friendly, since one hand wrote texts and name lists",
        "names by another hand (Faker's, 200 in each of 13 locales) that nothing introduces, one a sentence: "
        "64.8 % (63.0 to 66.7) missed; where names are bare, take `model`",
        "by a token classifier: as wrong as the model; `sctk reward check personal-data labelled.jsonl` says how wrong",
    )
    scale = Scale(high=0.0, unit="one mention of a person, address, phone number, e-mail address, id or account")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What counts, and who finds it."""

        kinds: tuple[str, ...] = setting(KINDS, help="what counts: person, address, phone, email, id, account")
        counts: Literal["mentions", "distinct"] = setting(
            "mentions", help="every mention (as in the paper), or what is mentioned again only once"
        )
        names: tuple[str, ...] = setting((), help="more given names that the rules know, for your domain")
        ignore: tuple[str, ...] = setting(
            (), help="texts that are nobody's: a firm's own address, a character of a play (case is ignored)"
        )
        model: str = setting(
            "",
            help="a local directory or a hub name of a token classifier (safetensors), which then finds what its labels mean; the "
            "rest is found by rules (extra: classifier)",
        )
        revision: str | None = setting(None, help="a hub revision of the model; nothing: the default branch")
        labels: Mapping[str, str] | None = setting(
            None,
            help='what the model\'s labels mean, say { GIVENNAME = "person" }; nothing: PER and PERSON mean persons',
        )
        overlap: int = setting(
            64,
            help="tokens that two windows share where a text is longer than the model's context",
            unit="tokens",
            low=0,
        )

    def __init__(self, config: Config) -> None:
        self.config = config
        wrong = [kind for kind in (*config.kinds, *(config.labels or {}).values()) if kind not in KINDS]
        if wrong or not config.kinds:
            raise ConfigError(
                f"{WHERE}: got {f'the kind {wrong[0]!r}' if wrong else 'no kinds'}, wanted some of {', '.join(KINDS)}",
                hint='kinds = ["person"] counts persons alone',
            )
        if config.labels and not config.model:
            raise ConfigError(
                f"{WHERE}: got labels without a model, wanted both", hint="labels are a token classifier's"
            )
        self.names = frozenset(name.strip().lower() for name in config.names)
        self.ignored = frozenset(text.strip().casefold() for text in config.ignore)
        self.classifier = (
            TokenClassifier(config.model, config.revision, labels=config.labels, overlap=config.overlap)
            if config.model
            else None
        )

    @staticmethod
    def digest_of(config: Config) -> str:
        """The digest of the model's files, or of a hub model's name and revision; of the rules there is none to say."""
        return weights_digest(config.model, config.revision) if config.model else ""

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score per sample, in order."""
        counted = f"minus the {self.config.counts} of personal data; 0 is best"
        return [
            Score(sample=sample, name="personal-data", value=0.0 - self.count(sample.text), scale=counted)
            for sample in samples
        ]

    def count(self, text: str) -> int:
        """How many mentions, or distinct ones, count in a text."""
        found = [(span.kind, text[span.start : span.end].casefold()) for span in self.found(text)]
        return len(_distinct(found)) if self.config.counts == "distinct" else len(found)

    def found(self, text: str) -> list[Span]:
        """What counts in a text, in its order."""
        spans = found_by_rules(text, self.names)
        if self.classifier is not None:
            by_rules = (span for span in spans if span.kind not in self.classifier.kinds)
            spans = without_overlaps((*by_rules, *self.classifier.spans(text)))
        return [
            span
            for span in spans
            if span.kind in self.config.kinds and text[span.start : span.end].casefold() not in self.ignored
        ]


def _distinct(found: Sequence[tuple[Kind, str]]) -> list[tuple[Kind, frozenset[str]]]:
    """Those whose words are not all words of another of their kind: "keller" is "maria keller".

    >>> len(_distinct([("person", "maria keller"), ("person", "keller"), ("person", "maria keller"), ("person", "ann")]))
    2
    """
    words = {(kind, frozenset(text.removesuffix("'s").split())) for kind, text in found}
    return [one for one in words if not any(one[0] == other[0] and one[1] < other[1] for other in words)]
