"""What sctk-vllm offers; nothing heavy is imported to say it."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_backends() -> list[Component]:
    """The backend `vllm`."""
    return [
        Component(
            name="vllm",
            target="sctk_vllm.backend:VLLMBackend",
            summary="vLLM's asynchronous engine: paged, prefix-cached, on GPUs or a CPU.",
        )
    ]
