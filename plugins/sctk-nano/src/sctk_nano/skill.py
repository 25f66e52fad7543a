"""How well the shipped model drafts, criticises and revises: `python -m sctk_nano.skill --write`.

Every text is sampled from the weights, at temperature 1, with the critique and revise prompts of the task; the truth
judges afterwards. Prompts come from the split `prompts`, which the model was never trained on. The figures go into
`skill.json` and the model card beside the weights, and a test holds the shipped model to them.
"""

import argparse
import asyncio
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sctk_core import Backend, Failure, Message, ModelRef, Prompt, Request, Sampling, seed_from

from sctk_nano import model_path
from sctk_nano.card import card
from sctk_nano.source import distinct, request_prompt, review_prompt
from sctk_nano.truth import truth
from sctk_nano.world import requests, reviews
from sctk_nano.world.conversation import task_text

MAKERS = {"sentiment": review_prompt, "safety": request_prompt}
SAMPLING = Sampling(temperature=1.0, max_new_tokens=96)
PROMPT_SEED = 1000  # other prompts than those of a run with default settings


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A prompt and what the model made of it."""

    prompt: Prompt
    draft: str
    critique: str
    revision: str

    @property
    def draft_is_good(self) -> bool:
        """Whether the draft needed no revision."""
        return truth(self.prompt, self.draft) == 1.0

    @property
    def revision_is_good(self) -> bool:
        """Whether the revision is a good answer."""
        return truth(self.prompt, self.revision) == 1.0

    @property
    def verdict(self) -> str:
        """What the last line of the critique asks for: revise, keep, or neither."""
        last = self.critique.rstrip().splitlines()[-1:] or [""]
        return {"Verdict: revise": "revise", "Verdict: keep": "keep"}.get(last[0], "none")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A share with Wilson's 95 % interval, and the counts behind it."""

    share: float
    low: float
    high: float
    yes: int
    n: int

    def overlaps(self, other: "Figure") -> bool:
        """Whether the two intervals have a point in common."""
        return self.low <= other.high and other.low <= self.high


def figure(outcomes: Sequence[bool]) -> Figure:
    """The share of True among n >= 1 outcomes.

    >>> figure([True, True, True, False])
    Figure(share=0.75, low=0.3006, high=0.9544, yes=3, n=4)
    """
    n, yes, z = len(outcomes), sum(outcomes), 1.959964
    centre = (yes + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(yes * (n - yes) / n + z * z / 4)
    return Figure(
        share=round(yes / n, 4),
        low=round(max(0.0, centre - half), 4),
        high=round(min(1.0, centre + half), 4),
        yes=yes,
        n=n,
    )


async def walk(backend: Backend, task: str, prompts: Sequence[Prompt], seed: int) -> list[Walk]:
    """Drafts, criticises and revises every prompt in the words of a task, whatever the verdict; all seeds come from content."""
    asks = task_text(task)
    talks = [prompt.messages for prompt in prompts]
    said: list[list[str]] = []
    for turn, follow_up in (("draft", asks.critique), ("critique", asks.revise), ("revise", "")):
        seeds = [seed_from(seed, turn, prompt.id) for prompt in prompts]
        texts = await _texts(backend, talks, seeds)
        said.append(texts)
        talks = [
            (*talk, Message(role="assistant", content=text), Message(role="user", content=follow_up))
            for talk, text in zip(talks, texts, strict=True)
        ]
    return [
        Walk(prompt=prompt, draft=draft, critique=critique, revision=revision)
        for prompt, draft, critique, revision in zip(prompts, *said, strict=True)
    ]


async def _texts(backend: Backend, talks: Sequence[tuple[Message, ...]], seeds: Sequence[int]) -> list[str]:
    asked = [
        Request(messages=talk, sampling=SAMPLING, seed=seed, key=str(i))
        for i, (talk, seed) in enumerate(zip(talks, seeds, strict=True))
    ]
    replies = await backend.generate(asked)
    failed = [reply.detail or reply.reason for reply in replies if isinstance(reply, Failure)]
    if failed:
        raise RuntimeError(f"skill: {len(failed)} of {len(asked)} requests failed, the first with: {failed[0]}")
    return [reply.text for reply in replies if not isinstance(reply, Failure)]


def figures(walks: Sequence[Walk], right: Callable[[Walk], bool], kinds: Sequence[str] = ()) -> dict[str, Figure]:
    """A task's figures by name; `right` says of findings whether they are, and prompts of `kinds` are told apart too.

    Shares that nothing was counted for are left out.
    """
    outcomes = {
        "draft is good": [walk.draft_is_good for walk in walks],
        "critique: verdict is right": [(walk.verdict == "keep") == walk.draft_is_good for walk in walks],
        "critique: findings are right": [right(walk) for walk in walks],
        "revision is good": [walk.revision_is_good for walk in walks],
        "revision succeeds (draft was not good)": [walk.revision_is_good for walk in walks if not walk.draft_is_good],
        "revision keeps (draft was good)": [walk.revision_is_good for walk in walks if walk.draft_is_good],
    }
    for kind in kinds:
        of_kind = [walk for walk in walks if walk.prompt.meta["kind"] == kind]
        outcomes[f"{kind}: draft is good"] = [walk.draft_is_good for walk in of_kind]
        outcomes[f"{kind}: revision is good"] = [walk.revision_is_good for walk in of_kind]
    return {name: figure(seen) for name, seen in outcomes.items() if seen}


def findings_are_right(task: str, walk: Walk) -> bool:
    """Whether the critique names what is at fault in the draft, all of it and nothing else."""
    meta = walk.prompt.meta
    if task == "sentiment":
        return reviews.named_faults(walk.critique) == reviews.faults(walk.draft, meta["aspects"].split(", "))
    return requests.named_faults(walk.critique) == requests.faults(walk.draft, meta["act"])


async def measure(model: Path, n_prompts: int, seed: int = 0) -> dict[str, dict[str, Figure]]:
    """task -> name -> figure, over `n_prompts` prompts per task."""
    from sctk_nano.backend import NanoBackend

    backend = NanoBackend(NanoBackend.Config(), model=ModelRef(path=str(model)))
    try:
        found = {}
        for task, make in MAKERS.items():
            prompts = list(distinct(make, "prompts", PROMPT_SEED, n_prompts))
            walks = await walk(backend, task, prompts, seed)
            kinds = ("harmful", "harmless") if task == "safety" else ()
            found[task] = figures(walks, partial(findings_are_right, task), kinds)
        return found
    finally:
        await backend.aclose()


def stated(model: Path) -> dict[str, dict[str, Figure]]:
    """The figures that the model was shipped with."""
    kept = json.loads((model / "skill.json").read_text(encoding="utf-8"))
    return {task: {name: Figure(**row) for name, row in rows.items()} for task, rows in kept["figures"].items()}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure how well the embedded model drafts, criticises and revises.")
    parser.add_argument("--model", type=Path, default=model_path())
    parser.add_argument("--prompts", type=int, default=600, help="prompts per task")
    parser.add_argument("--write", action="store_true", help="write skill.json and the model card beside the weights")
    arguments = parser.parse_args()
    tell(
        asyncio.run(measure(arguments.model, arguments.prompts)),
        arguments.prompts,
        arguments.model,
        card,
        arguments.write,
    )


Rows = Mapping[str, Mapping[str, Mapping[str, float]]]


def tell(
    found: Mapping[str, Mapping[str, Figure]],
    n: int,
    model: Path,
    card: Callable[[Mapping[str, Any], Rows], str],
    write: bool,
) -> None:
    """Prints the figures of `n` prompts a task, and writes them and the card beside the model where `write` says so."""
    rows = {task: {name: asdict(row) for name, row in by_name.items()} for task, by_name in found.items()}
    figures = {"prompts_per_task": n, "split": "prompts", "figures": rows}
    publish(figures, model, lambda build: card(build, rows), write=write)


def publish(figures: Any, model: Path, card: Callable[[Mapping[str, Any]], str], *, write: bool) -> None:
    """Prints figures, and writes them and the card, made of the facts of the build, beside the model where `write` says so."""
    text = json.dumps(figures, indent=2) + "\n"
    if write:
        build = json.loads((model / "build.json").read_text(encoding="utf-8"))
        (model / "skill.json").write_text(text, encoding="utf-8")
        (model / "README.md").write_text(card(build), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
