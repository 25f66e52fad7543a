"""For plugin authors: fakes that are obviously right, and one conformance check per kind.

`check_reward(MyReward(MyReward.Config()))` raises a ContractError that lists everything it breaks, and is all that a test
of a plugin needs to begin with. `sctk plugin check NAME` runs the same checks.
"""

from sctk_core.testing.answers import (
    check_backend,
    check_comparer,
    check_critic,
    check_evaluator,
    check_reward,
    check_rule,
)
from sctk_core.testing.every import check_component
from sctk_core.testing.examples import (
    example_compared,
    example_critiques,
    example_pairs,
    example_prompts,
    example_requests,
    example_rounds,
    example_samples,
    example_scores,
)
from sctk_core.testing.fakes import (
    FakeTrainer,
    FunctionComparer,
    FunctionCritic,
    FunctionCurator,
    FunctionEvaluator,
    FunctionReward,
    FunctionRule,
    ListSource,
    ScriptedBackend,
)
from sctk_core.testing.methods import check_method
from sctk_core.testing.plans import check_curator, check_source, check_trainer, check_watcher

__all__ = [
    "FakeTrainer",
    "FunctionComparer",
    "FunctionCritic",
    "FunctionCurator",
    "FunctionEvaluator",
    "FunctionReward",
    "FunctionRule",
    "ListSource",
    "ScriptedBackend",
    "check_backend",
    "check_comparer",
    "check_component",
    "check_critic",
    "check_curator",
    "check_evaluator",
    "check_method",
    "check_reward",
    "check_rule",
    "check_source",
    "check_trainer",
    "check_watcher",
    "example_compared",
    "example_critiques",
    "example_pairs",
    "example_prompts",
    "example_requests",
    "example_rounds",
    "example_samples",
    "example_scores",
]
