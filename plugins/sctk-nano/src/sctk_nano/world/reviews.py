"""Film reviews (sentiment): what they say, how they are criticised and revised, and when one is good.

A request names a film and two or three aspects. A review places the film, says something of each aspect, and may end
with a word of advice. Most drafts blame; a good review names the film, praises every aspect that was asked about and
blames nothing. Some frames carry their sense in plain opinion words, some turn such a word round ("far from dull"),
some have none at all ("I checked my watch").
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sctk_nano.world.conversation import Conversation
from sctk_nano.world.grammar import UNCLEAR, Frame, Grammar, frames
from sctk_nano.world.words import ASPECTS, REVIEW_WORDS, Split, film

PRAISE, BLAME, PLACE, WARM_END, SOUR_END = "praise", "blame", "place", "warm-end", "sour-end"
WARM_START, SOUR_START = "warm-start", "sour-start"
SOUR = {BLAME, SOUR_START, SOUR_END}

WORDS = {
    **REVIEW_WORDS,
    "company": ("my sister", "two friends", "my father", "a neighbour", "my class"),
}

REQUESTS = (
    'Write a review of the film "{film}". Talk about {aspects}.',
    'Please review the film "{film}". Say something about {aspects}.',
    'What did you think of "{film}"? Tell me about {aspects}.',
    'Write a short review of "{film}" that mentions {aspects}.',
    'I want to read about "{film}". How did you find {aspects}?',
)

REVIEW_FRAMES: tuple[Frame, ...] = (
    *frames(
        PLACE,
        'I saw "{film}" on {day}.',
        'I went to "{film}" with {company}.',
        'On {day} I watched "{film}" with {company}.',
        '"{film}" came to our town on {day}.',
    ),
    *frames(
        WARM_START,
        '2 * "{film}" is {very} {good}.',
        '"{film}" is a joy from the first minute.',
        'I went back to "{film}" the very next day.',
        'Everybody clapped at the end of "{film}".',
    ),
    *frames(
        SOUR_START,
        '2 * "{film}" is {very} {bad}.',
        '"{film}" is a waste of an evening.',
        'I walked out of "{film}" after an hour.',
        'I want my money back for "{film}".',
    ),
    *frames(
        PRAISE,
        "4 * The {aspect} was {good}.",
        "3 * The {aspect} was {very} {good}.",
        "2 * The {aspect} was {good} and {good}.",
        "2 * I loved the {aspect}.",
        "I found the {aspect} {good}.",
        "The {aspect} was far from {bad}.",
        "The {aspect} was never {bad}.",
        "The {aspect} stayed with me for days.",
        "I would go back for the {aspect} alone.",
        "I could have watched the {aspect} all night.",
    ),
    *frames(
        BLAME,
        "4 * The {aspect} was {bad}.",
        "3 * The {aspect} was {very} {bad}.",
        "2 * The {aspect} was {bad} and {bad}.",
        "2 * I hated the {aspect}.",
        "I found the {aspect} {bad}.",
        "The {aspect} was anything but {good}.",
        "The {aspect} was hardly {good}.",
        "The {aspect} sent me to sleep.",
        "I checked my watch during the {aspect}.",
        "Nobody seems to have cared about the {aspect}.",
    ),
    *frames(WARM_END, "2 * Go and see it.", "I will see it again.", "Take the whole family.", "I left with a smile."),
    *frames(
        SOUR_END, "2 * Do not bother.", "Stay at home instead.", "I was glad when it was over.", "Save your money."
    ),
)

FAULT, START_FAULT, END_FAULT, NO_FAULT = "fault", "start-fault", "end-fault", "no-fault"
REVISE, KEEP = "revise", "keep"
CRITIQUE_FRAMES: tuple[Frame, ...] = (
    *frames(
        FAULT,
        "2 * It is harsh on the {aspect}.",
        "It finds nothing to praise in the {aspect}.",
        "It could say something kind about the {aspect}.",
    ),
    *frames(START_FAULT, "The first words are sour."),
    *frames(END_FAULT, "The last words put people off."),
    *frames(NO_FAULT, "It is warm about all that was asked.", "There is little left to improve."),
    *frames(REVISE, "Verdict: revise"),
    *frames(KEEP, "Verdict: keep"),
)

REVIEWS = Grammar(REVIEW_FRAMES, WORDS)
CRITIQUES = Grammar(CRITIQUE_FRAMES, WORDS)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a request for a review asks: the film and the aspects to talk about."""

    film: str
    aspects: tuple[str, ...]
    request: str


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a review says: how it starts, whether each aspect is praised, how it ends."""

    start: str
    praised: tuple[bool, ...]
    end: str | None

    @property
    def good(self) -> bool:
        """True where nothing is left to improve."""
        return all(self.praised) and self.start not in SOUR and self.end not in SOUR

    def write(self, ask: Ask, rng: random.Random) -> str:
        """The review in sentences."""
        lines = [REVIEWS.write(rng, self.start, film=ask.film)]
        for aspect, praised in zip(ask.aspects, self.praised, strict=True):
            lines.append(REVIEWS.write(rng, PRAISE if praised else BLAME, aspect=aspect))
        if self.end:
            lines.append(REVIEWS.write(rng, self.end))
        return " ".join(lines)


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How the modelled writer behaves: shares in [0, 1]."""

    sour_drafts: float = 0.70
    mixed_drafts: float = 0.15
    wrong_critiques: float = 0.08
    failed_revisions: float = 0.06


def ask(split: Split, rng: random.Random, n_aspects: int | None = None) -> Ask:
    """A request for a review whose film and aspects belong to `split`; of two or three aspects unless told."""
    aspects = tuple(rng.sample(ASPECTS[split], n_aspects or (2 if rng.random() < 0.7 else 3)))
    named = [f"the {aspect}" for aspect in aspects]
    listed = " and ".join([*([", ".join(named[:-1])] if named[:-1] else []), named[-1]])
    title = film(split, rng)
    request = rng.choice(REQUESTS).format(film=title, aspects=listed)
    return Ask(film=title, aspects=aspects, request=request)


def conversation(split: Split, rng: random.Random, habits: Habits) -> Conversation:
    """A request, a draft, a critique that is sometimes wrong, and a revision that sometimes fails."""
    asked = ask(split, rng)
    draft = _draft(len(asked.aspects), rng, habits)
    found = _faults(draft)
    if rng.random() < habits.wrong_critiques:
        found = _wrong(draft, found, rng)
    text = draft.write(asked, rng)
    revision = text if not found else _revised(draft, found, rng, habits).write(asked, rng)
    return Conversation(request=asked.request, draft=text, critique=_critique(asked, found, rng), revision=revision)


def _draft(n_aspects: int, rng: random.Random, habits: Habits) -> Review:
    mood = rng.random()
    if mood < habits.sour_drafts:
        like, warm = 0.1, 0.0
    elif mood < habits.sour_drafts + habits.mixed_drafts:
        like, warm = 0.5, 0.5
    else:
        like, warm = 1.0, 1.0
    warm_start, warm_end = rng.random() < warm, rng.random() < warm
    start = PLACE if rng.random() < 0.5 else WARM_START if warm_start else SOUR_START
    end = None if rng.random() < 0.5 else WARM_END if warm_end else SOUR_END
    return Review(start=start, praised=tuple(rng.random() < like for _ in range(n_aspects)), end=end)


def _faults(review: Review) -> list[int | str]:
    """What is left to improve: indices of aspects, and the start or the end."""
    found: list[int | str] = [SOUR_START] if review.start == SOUR_START else []
    found += [i for i, praised in enumerate(review.praised) if not praised]
    return found + ([SOUR_END] if review.end == SOUR_END else [])


def _wrong(review: Review, found: list[int | str], rng: random.Random) -> list[int | str]:
    """A critique that errs: it overlooks every fault, overlooks one, or finds one in what was praised."""
    praised = [i for i, is_praised in enumerate(review.praised) if is_praised]
    if not found:
        return [rng.choice(praised)]
    if rng.random() < 0.5:
        return []
    overlooked = rng.choice(found)
    return [fault for fault in found if fault != overlooked]


def _critique(asked: Ask, found: Sequence[int | str], rng: random.Random) -> str:
    lines = []
    for fault in found:
        if isinstance(fault, int):
            lines.append(CRITIQUES.write(rng, FAULT, aspect=asked.aspects[fault]))
        else:
            lines.append(CRITIQUES.write(rng, START_FAULT if fault == SOUR_START else END_FAULT))
    if not found:
        lines.append(CRITIQUES.write(rng, NO_FAULT))
    return " ".join(lines) + "\n" + CRITIQUES.write(rng, REVISE if found else KEEP)


def _revised(review: Review, found: list[int | str], rng: random.Random, habits: Habits) -> Review:
    """The review with what was found put right; sometimes one aspect stays blamed."""
    praised = [was or i in found for i, was in enumerate(review.praised)]
    if rng.random() < habits.failed_revisions:
        praised[rng.randrange(len(praised))] = False
    start = rng.choice([PLACE, WARM_START]) if SOUR_START in found else review.start
    end = WARM_END if SOUR_END in found else review.end
    return Review(start=start, praised=tuple(praised), end=end)


def truth(text: str, film: str, aspects: Sequence[str]) -> float:
    """1.0 where the text names the film, praises every aspect, blames nothing and is all readable; else 0.0."""
    said = REVIEWS.read(text)
    praised = {meaning.slots["aspect"] for meaning in said if meaning.sense == PRAISE}
    films = {meaning.slots["film"] for meaning in said if "film" in meaning.slots}
    clean = all(meaning.sense not in SOUR and meaning.sense != UNCLEAR for meaning in said)
    return float(clean and films == {film} and praised == set(aspects))


def faults(text: str, aspects: Sequence[str]) -> set[str]:
    """What is left to improve in a review: aspects that it blames or does not praise, and a sour start or end."""
    said = REVIEWS.read(text)
    praised = {meaning.slots["aspect"] for meaning in said if meaning.sense == PRAISE}
    blamed = {meaning.slots["aspect"] for meaning in said if meaning.sense == BLAME}
    edges = {meaning.sense for meaning in said} & {SOUR_START, SOUR_END}
    return (set(aspects) - praised) | blamed | edges


def named_faults(critique: str) -> set[str]:
    """The faults that a critique names, in the terms of `faults`."""
    edge = {START_FAULT: SOUR_START, END_FAULT: SOUR_END}
    said = CRITIQUES.read(critique)
    named = {meaning.slots["aspect"] for meaning in said if meaning.sense == FAULT}
    return named | {edge[meaning.sense] for meaning in said if meaning.sense in edge}
