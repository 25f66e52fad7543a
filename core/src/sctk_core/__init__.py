"""The public door of sctk: records, contracts, settings and errors. Nothing heavy stands behind it.

Plugins import from here only: `from sctk_core import Component, Sample, Score, hookimpl, setting`; and from `sctk_core.reading`
(files), `sctk_core.testing`, and `sctk_core.thoughts` (where a thought ends and the answer begins).
"""

import importlib
from typing import TYPE_CHECKING, Any

from sctk_core.boundary import boundary
from sctk_core.config import setting, suggestion
from sctk_core.conversation import GUIDING, Call, has_unusual_turns, tools_defined
from sctk_core.errors import (
    BackendDown,
    BackendTimeout,
    CheckFailed,
    ConfigError,
    ContractError,
    NothingAccepted,
    PluginError,
    SctkError,
    StoreError,
)
from sctk_core.hookspecs import Component, hookimpl
from sctk_core.identity import content_id, directory_digest, file_digest, seed_from
from sctk_core.parsing import neutralise, no_revision, parse_score, parse_verdict
from sctk_core.pipeline.events import Event, StageFinished, StageStarted
from sctk_core.plan import (
    ANSWERS,
    Arm,
    Curation,
    Declined,
    Evaluate,
    Fit,
    Generate,
    Length,
    Made,
    Plan,
    Step,
    Train,
    spoken,
)
from sctk_core.prompts import Template
from sctk_core.protocols import Backend, Progress
from sctk_core.records import (
    Critique,
    Decision,
    Failure,
    Given,
    LogProb,
    Measure,
    Message,
    ModelRef,
    Pair,
    Prompt,
    Reply,
    Request,
    Round,
    Rows,
    Sample,
    Sampling,
    Score,
    TrainingData,
    TrainReport,
    Usage,
    Value,
    Weighted,
    name_by,
)
from sctk_core.references import references_of
from sctk_core.scales import Knots, Scale, calibrated, spread_of
from sctk_core.secrets import Secret
from sctk_core.setup import Chosen, Setup, Voice
from sctk_core.statistics import mean_with_interval

if TYPE_CHECKING:
    from sctk_core.pipeline.crew import Notebook, asked
    from sctk_core.pipeline.members import AskedComparer, AskedCritic, AskedReward, AskedRule
    from sctk_core.pipeline.speaker import Speaker
    from sctk_core.pipeline.together import together

__version__ = "0.1.0"
_CREW = {
    "AskedComparer": "members", "AskedCritic": "members", "AskedReward": "members", "AskedRule": "members",
    "Notebook": "crew", "Speaker": "speaker", "asked": "crew", "together": "together",
}  # fmt: skip
"""What methods ask of, and the module of the pipeline that has it."""


def __getattr__(name: str) -> Any:
    """The members of crews, which bring asyncio, are imported when a method asks for them."""
    if name in _CREW:
        return getattr(importlib.import_module(f"sctk_core.pipeline.{_CREW[name]}"), name)
    raise AttributeError(f"module 'sctk_core' has no attribute {name!r}")


__all__ = [
    "ANSWERS",
    "GUIDING",
    "Arm",
    "AskedComparer",
    "AskedCritic",
    "AskedReward",
    "AskedRule",
    "Backend",
    "BackendDown",
    "BackendTimeout",
    "Call",
    "CheckFailed",
    "Chosen",
    "Component",
    "ConfigError",
    "ContractError",
    "Critique",
    "Curation",
    "Decision",
    "Declined",
    "Evaluate",
    "Event",
    "Failure",
    "Fit",
    "Generate",
    "Given",
    "Knots",
    "Length",
    "LogProb",
    "Made",
    "Measure",
    "Message",
    "ModelRef",
    "Notebook",
    "NothingAccepted",
    "Pair",
    "Plan",
    "PluginError",
    "Progress",
    "Prompt",
    "Reply",
    "Request",
    "Round",
    "Rows",
    "Sample",
    "Sampling",
    "Scale",
    "Score",
    "SctkError",
    "Secret",
    "Setup",
    "Speaker",
    "StageFinished",
    "StageStarted",
    "Step",
    "StoreError",
    "Template",
    "Train",
    "TrainReport",
    "TrainingData",
    "Usage",
    "Value",
    "Voice",
    "Weighted",
    "asked",
    "boundary",
    "calibrated",
    "content_id",
    "directory_digest",
    "file_digest",
    "has_unusual_turns",
    "hookimpl",
    "mean_with_interval",
    "name_by",
    "neutralise",
    "no_revision",
    "parse_score",
    "parse_verdict",
    "references_of",
    "seed_from",
    "setting",
    "spoken",
    "spread_of",
    "suggestion",
    "together",
    "tools_defined",
]
