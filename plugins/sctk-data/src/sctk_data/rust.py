"""The way to the Rust core: it is an extra of this distribution, and what it refuses is told as an error of the command."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sctk_core import ConfigError, StoreError


def rust(module: str) -> Any:
    """The module of that name of sctk_rs; a ConfigError where it is not installed."""
    try:
        return importlib.import_module(f"sctk_rs.{module}")
    except ModuleNotFoundError as error:
        raise ConfigError(
            "sctk data: the Rust core (distribution sctk-rs) is not installed",
            hint="pip install 'sctk-cli[data]'",
        ) from error


@contextmanager
def asked() -> Iterator[None]:
    """Runs the core; what it refuses becomes an error with its hint."""
    try:
        yield
    except (ValueError, TypeError) as error:
        message, _, hint = str(error).partition("\nhint: ")
        if not hint:
            raise
        raise ConfigError(message, hint=hint) from error
    except OSError as error:  # band keys that cannot be spilled
        message, _, hint = str(error).partition("\nhint: ")
        if not hint:
            raise
        raise StoreError(message, hint=hint) from error
