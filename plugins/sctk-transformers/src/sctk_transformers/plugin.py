"""What sctk-transformers offers; nothing heavy is imported to say it."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_backends() -> list[Component]:
    """The backend `transformers`."""
    return [
        Component(
            name="transformers",
            target="sctk_transformers.backend:TransformersBackend",
            summary="Any local or hub causal model or encoder-decoder, continuously batched, with a seed per request.",
        )
    ]
