"""The public door of sctk: records, contracts, settings and errors. Nothing heavy stands behind it.

Plugins import from here only: `from sctk_core import Component, Sample, Score, hookimpl, setting`.
"""

from sctk_core.boundary import boundary
from sctk_core.config import setting, suggestion
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
from sctk_core.parsing import neutralise, parse_score, parse_verdict
from sctk_core.pipeline.events import Event, StageFinished, StageStarted
from sctk_core.pipeline.stages import (
    AcceptStep,
    Chain,
    Collect,
    CritiqueStep,
    Curation,
    Declined,
    DraftStep,
    EvaluateStage,
    ReviseStep,
    ScoreStep,
    Stage,
    Train,
    draft_of,
)
from sctk_core.prompts import Template
from sctk_core.protocols import Backend
from sctk_core.records import (
    Critique,
    Decision,
    Evaluation,
    Failure,
    Given,
    Measure,
    Message,
    ModelRef,
    Pair,
    Prompt,
    Reply,
    Request,
    Round,
    Sample,
    Sampling,
    Score,
    TrainingData,
    TrainReport,
    Usage,
)
from sctk_core.statistics import mean_with_interval

__version__ = "0.1.0"

__all__ = [
    "AcceptStep",
    "Backend",
    "BackendDown",
    "BackendTimeout",
    "Chain",
    "CheckFailed",
    "Collect",
    "Component",
    "ConfigError",
    "ContractError",
    "Critique",
    "CritiqueStep",
    "Curation",
    "Decision",
    "Declined",
    "DraftStep",
    "EvaluateStage",
    "Evaluation",
    "Event",
    "Failure",
    "Given",
    "Measure",
    "Message",
    "ModelRef",
    "NothingAccepted",
    "Pair",
    "PluginError",
    "Prompt",
    "Reply",
    "Request",
    "ReviseStep",
    "Round",
    "Sample",
    "Sampling",
    "Score",
    "ScoreStep",
    "SctkError",
    "Stage",
    "StageFinished",
    "StageStarted",
    "StoreError",
    "Template",
    "Train",
    "TrainReport",
    "TrainingData",
    "Usage",
    "boundary",
    "content_id",
    "directory_digest",
    "draft_of",
    "file_digest",
    "hookimpl",
    "mean_with_interval",
    "neutralise",
    "parse_score",
    "parse_verdict",
    "seed_from",
    "setting",
    "suggestion",
]
