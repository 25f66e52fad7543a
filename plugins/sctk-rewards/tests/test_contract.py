"""The rewards without weights keep their kind's contract, and bring nothing heavy."""

from __future__ import annotations

import subprocess
import sys

from sctk_core.testing import check_reward
from sctk_rewards.lexicon import Lexicon
from sctk_rewards.refusal import Refusal
from sctk_rewards.rules import Rules


def test_conformance() -> None:
    check_reward(Lexicon(Lexicon.Config()))
    check_reward(Refusal(Refusal.Config()))
    check_reward(Rules(Rules.Config(must_not_contain=("as an AI",), max_words=50)))


def test_no_torch_comes_along() -> None:
    code = "import sys, sctk_rewards.plugin, sctk_rewards.lexicon, sctk_rewards.refusal, sctk_rewards.rules; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "numpy", "polars"} & set(done.stdout.split())
