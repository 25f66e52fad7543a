"""All faults that are tried, by the place where each strikes; `fault_runner.py` runs them, `test_faults.py` judges."""

from __future__ import annotations

from collections.abc import Iterator

from fault_world import AWAITED, MAPPINGS, PLANS, REPORTS, WALKS
from faults import ANSWERS, DEEDS, FAULTS, FIELDS, RAISING
from fresh_faults import DETAILS, FRESH

BATCHES = {
    "backend.generate": (
        "key", "text", "token_ids", "tokenizer", "prompt_tokens", "finish", "logprob", "usage", "usage.n_prompt_tokens",
        "usage.n_completion_tokens", "backend", "opened", "thought", "teach_thought",
    ),
    "critic.critique": ("sample", "sample.text", "text", "verdict", "findings", "sweep", "reply", "token_ids", "id"),
    "critic.revise": (
        "prompt", "prompt.id", "text", "token_ids", "tokenizer", "prompt_tokens", "chain", "sweep", "rank", "backend",
        "finish", "logprob", "critique", "reply", "step", "about", "thought", "teach_thought", "id",
    ),
    "reward.score": ("sample", "sample.text", "name", "value", "scale", "against", "reply", "note", "id"),
    "comparer.compare": ("sample", "against", "name", "value", "scale", "reply", "note", "id"),
    "rule.decide": (
        "kept", "kept.text", "dropped", "accepted", "log_alpha", "reason", "sweep", "note", "log_gain", "log_proposal_ratio", "id",
    ),
}  # fmt: skip
"""Verbs that take batches, and the fields of the records that they answer."""
PROMPT = (
    "messages", "messages.role", "messages.content", "reference", "document", "meta", "occurrence", "given",
    "other_references", "id",
)  # fmt: skip
DECLINED = ("reason", "because", "similarity", "detail")
REPORT = (
    "model", "n_rows", "n_tokens", "n_steps", "n_retokenised", "losses", "declined", "metrics", "notes", "unchanged",
)  # fmt: skip
CALLS = ("backend.__init__", "reward.__init__", "source.__init__", "method.__init__", "watcher.__init__")
"""Constructors: one whose fault is beside its answer has none."""


_NUMBERS = {"a number", "1.5", "-1", "2^40", "True"}
_LABELS, _LABELS_OR_NONE = {"a NUL"}, {"a NUL", "None"}
_COUNTS = {"a number", "2^40"}
_TEXTS = {"a NUL", "a text that lies", "5 MB"}
_LOSSES = {"a tuple of token ids that do not fit", "a tuple of -1", "a tuple of 1.5"}
RIGHT = {
    "token_ids": {"None"}, "tokenizer": _LABELS_OR_NONE, "prompt_tokens": _LABELS_OR_NONE, "backend": _LABELS,
    "logprob": _NUMBERS | {"None"}, "usage.n_prompt_tokens": _COUNTS | {"None"}, "usage.n_completion_tokens": _COUNTS | {"None"},
    "text": {"a NUL", "a text that lies"}, "reply": _LABELS_OR_NONE, "sweep": _COUNTS, "chain": _COUNTS, "rank": _COUNTS,
    "about": _LABELS_OR_NONE, "step": _LABELS, "name": _LABELS, "scale": _LABELS, "value": _NUMBERS, "against": {"None"},
    "log_alpha": _NUMBERS | {"None", "inf"}, "reason": _LABELS, "accepted": {"True"}, "reference": _TEXTS | {"None"},
    "document": _TEXTS | {"None"}, "messages.role": _LABELS, "messages.content": _TEXTS, "occurrence": _COUNTS, "given": {"None"},
    "verdict.reason": _LABELS, "verdict.detail": {"a NUL", "5 MB"}, "verdict.similarity": {"None", "True"},
    "report.n_rows": {"a number"}, "report.n_tokens": _COUNTS, "report.n_steps": _COUNTS, "report.n_retokenised": _COUNTS,
    "report.losses": _LOSSES, "report.metrics": {"a dict"},
}  # fmt: skip
"""What is no fault: values that a field may hold."""


HARMLESS = {
    "source.prompts: rewrites what it was given", "source.held_out: rewrites what it was given", "source.digest: answers a text",
    "source.held_out: answers nothing at all", "source.held_out: no prompts",
    "source.held_out: answers a dict",
}  # fmt: skip
"""What is no fault either: nothing was given, another text is another digest, and a source may hold nothing out."""


def cases() -> list[str]:
    """Every fault as `PLACE: FAULT`."""
    return [case for case in dict.fromkeys(_cases()) if not _is_right(case)]


def _is_right(case: str) -> bool:
    field, has, value = case.partition(": ")[2].partition(" = ")
    return case in HARMLESS or (bool(has) and value in RIGHT.get(field, ()))


def _cases() -> Iterator[str]:
    for place, fields in BATCHES.items():
        yield from (f"{place}: {name}" for name in FAULTS)
        yield from (f"{place}: {name}" for name in AWAITED if place != "rule.decide" or name == "sleeps for ever")
        yield from (f"{place}: {field} = {value}" for field in fields for value in FIELDS)
    yield from (f"evaluator.evaluate: {name}" for name in (*RAISING, *DEEDS, *AWAITED, *MAPPINGS))
    yield from (f"evaluator.evaluate: {name}" for name, fault in ANSWERS.items() if fault.instead)
    yield from _of_curators()
    yield from (f"trainer.train: {name}" for name in (*RAISING, *REPORTS, *DEEDS))
    yield from (f"trainer.train: report.{field} = {value}" for field in REPORT for value in FIELDS)
    for place in ("source.prompts", "source.held_out"):
        yield from _of_prompts(place)
    for place in ("source.digest", "method.steps", "method.parser", "backend.aclose", "watcher.notify"):
        yield from (f"{place}: {name}" for name in RAISING)
        yield from (f"{place}: {name}" for name, fault in ANSWERS.items() if fault.instead)
    yield from (f"{place}: {name}" for place in CALLS for name in RAISING)
    yield from ("watcher.notify: rewrites events", "watcher.notify: sleeps for ever", "method.parser: sleeps for ever")
    yield from ("backend.aclose: never answers", "backend.aclose: swallows its cancellation")
    yield from (f"method.plan: {name}" for name in (*RAISING, *PLANS))
    yield from (f"method.plan: {name}" for name, fault in ANSWERS.items() if fault.instead)
    yield from (f"method.walk: {name}" for name in (*RAISING, *DEEDS, *AWAITED, *WALKS))
    yield from (f"method.walk: {name}" for name, fault in ANSWERS.items() if fault.instead)
    yield from fresh()


def fresh() -> list[str]:
    """Those of a second pair of eyes."""
    return [*FRESH, *DETAILS]


def _of_curators() -> Iterator[str]:
    yield from (
        f"curator.curate: {name}" for name in (*RAISING, *DEEDS, "sleeps for ever", "declines all", "fails all")
    )
    yield from (f"curator.curate: {name}" for name, fault in ANSWERS.items() if fault.instead)
    yield from (f"curator.curate: verdict.{field} = {value}" for field in DECLINED for value in FIELDS)
    yield from (f"curator.curate: answer.{field} = {value}" for field in ("verdicts", "notes") for value in FIELDS)


def _of_prompts(place: str) -> Iterator[str]:
    yield from (f"{place}: {name}" for name in FAULTS if name not in ("answers one too few", "answers one too many"))
    yield from (f"{place}: in the middle {name}" for name in RAISING)
    yield from (f"{place}: {field} = {value}" for field in PROMPT for value in FIELDS)
    yield from (f"{place}: {name}" for name in ("the same prompt twice", "no prompts", "sleeps in the middle"))


if __name__ == "__main__":
    print(len(cases()))
