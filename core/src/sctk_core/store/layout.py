"""Where everything of a run lies: the only place that knows a path.

manifest.json  recipe.toml  metrics.json  lock  progress.sqlite  logs/
PART/TABLE/00000.parquet     sealed shards: of the source ("prompts", "held-out"), of a pass ("chains", "evaluation/base"), of
PART/shards.jsonl            what curation kept ("curated/TABLE"), of a training ("trained/ARM"), of a comparison ("evaluation")
model/  arms/ARM/            what was trained
"""

from __future__ import annotations

from pathlib import Path

from sctk_core.plan import STUDENT


class Layout:
    """The paths of one run below `place`, the absolute path of `root`: polars takes a `~` at the beginning of a name for a home."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = root = root.absolute()
        self.manifest = root / "manifest.json"
        self.recipe = root / "recipe.toml"
        self.metrics = root / "metrics.json"
        self.lock = root / "lock"
        self.logs = root / "logs"
        self.progress = root / "progress.sqlite"
        self.replies = root.parent / "replies.sqlite"

    def shard(self, part: str, table: str, number: int) -> str:
        """The path of a shard, from the root."""
        return f"{part}/{table}/{number:05d}.parquet"

    def model(self, arm: str) -> Path:
        """Where an arm's model lies."""
        return self.place / ("model" if arm == STUDENT else f"arms/{arm}")


def curated(table: str) -> str:
    """The part that holds what curation made of a table ("prompts", "chains.train")."""
    return f"curated/{table}"


def trained(arm: str) -> str:
    """The part that holds the ledger of an arm's training."""
    return f"trained/{arm}"
