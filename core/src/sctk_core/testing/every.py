"""One door to all conformance checks: by the word of a kind, for `sctk plugin check` and for tests of everything installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.records import ModelRef, Prompt
from sctk_core.testing.answers import (
    check_backend,
    check_comparer,
    check_critic,
    check_evaluator,
    check_reward,
    check_rule,
)
from sctk_core.testing.examples import example_samples
from sctk_core.testing.methods import check_method
from sctk_core.testing.plans import check_curator, check_source, check_trainer, check_watcher

PLAIN: Mapping[str, Callable[[Any], None]] = {
    "rule": check_rule,
    "evaluator": check_evaluator,
    "source": check_source,
    "curator": check_curator,
    "watcher": check_watcher,
    "backend": check_backend,
}


def check_component(
    kind: str,
    instance: Any,
    *,
    model: ModelRef | None = None,
    may_fail: bool = False,
    prompts: Sequence[Prompt] | None = None,
) -> None:
    """Raises a ContractError unless `instance` keeps the contract of its kind.

    `model` is what a trainer trains; `prompts` are what the walks of a method are rehearsed on (None: examples).

    `may_fail`: a critic, reward or comparer may answer with failures only, as it does behind a backend that is not its own.
    """
    if kind == "reward":
        check_reward(instance, may_fail=may_fail)
    elif kind == "method":
        check_method(instance, prompts)
    elif kind == "comparer":
        check_comparer(instance, may_fail=may_fail)
    elif kind == "critic":
        check_critic(instance, may_fail=may_fail)
    elif kind == "trainer":
        if model is None:
            raise ConfigError("a trainer is checked by training: got no model", hint="name a small one with --model")
        check_trainer(instance, model, [one for one in example_samples() if one.text])
    else:
        PLAIN[kind](instance)
