"""A conversation of the world: what is asked, drafted, criticised and revised.

The five assistant and user turns after the request are the same for every task; only the assistant's are learned.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Role = Literal["user", "assistant"]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one side said."""

    role: Role
    content: str


@dataclass(frozen=True, kw_only=True)
class TaskText:
    """The user turns that follow a draft: the same in the model's training and in runs."""

    critique: str
    revise: str


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """One walk from request to revision; `draft` may be all there is."""

    request: str
    draft: str
    critique: str
    revision: str

    def turns(self, task: TaskText) -> tuple[Turn, ...]:
        """The six turns, in order."""
        return (
            Turn(role="user", content=self.request),
            Turn(role="assistant", content=self.draft),
            Turn(role="user", content=task.critique),
            Turn(role="assistant", content=self.critique),
            Turn(role="user", content=task.revise),
            Turn(role="assistant", content=self.revision),
        )


def task_text(name: str) -> TaskText:
    """The critique and revise prompts of a task, from `tasks/NAME.toml`."""
    path = Path(__file__).parent.parent / "tasks" / f"{name}.toml"
    prompts = tomllib.loads(path.read_text(encoding="utf-8"))["prompts"]
    return TaskText(critique=prompts["critique"], revise=prompts["revise"])
