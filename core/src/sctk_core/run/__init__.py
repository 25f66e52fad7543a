"""The composition root: a recipe in; tables, models, ledger and metrics out. Each file does one part of a plan."""

from sctk_core.run.execute import execute, run_path
from sctk_core.run.result import RunResult, read_result

__all__ = ["RunResult", "execute", "read_result", "run_path"]
