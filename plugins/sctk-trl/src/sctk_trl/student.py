"""The model that is trained: read from a reference, written as a full directory that any transformers user can load.

Weights are trained in float32, or in bfloat16 where that is asked for (`compute.memory.weights`, and the base of an adapter).
The model's own configuration, generation settings and tokenizer are kept as they were found, whatever the training libraries
set on them meanwhile. A directory appears under its name only when it is complete.
"""

from __future__ import annotations

import contextlib
import copy
import errno
import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from sctk_core import ConfigError, ModelRef, StoreError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from sctk_trl.refusals import refuse_two_texts
from sctk_trl.settings import Compute, Lora

CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True, kw_only=True)
class Student:
    """A loaded model with what must not change while it trains."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    found_config: Any
    found_generation_config: Any
    found_dtype: torch.dtype
    ref: ModelRef

    @property
    def two_texts(self) -> bool:
        """Whether it is an encoder-decoder."""
        return bool(self.found_config.is_encoder_decoder)


def kind_of(config: Any) -> Any:
    """The class of transformers that loads a model of this configuration, by whether it is an encoder-decoder."""
    return AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM


def load_student(
    ref: ModelRef, lora: Lora, compute: Compute, *, two_texts: bool = False, dropout: float = 0.0
) -> Student:
    """The model and tokenizer of `ref`, on the CPU; no code of a repository is ever run. `two_texts`: encoder-decoders too."""
    try:
        config = AutoConfig.from_pretrained(ref.path, revision=ref.revision, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(ref.path, revision=ref.revision, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"model to train: got {ref.path!r}, wanted a directory or hub name of a language model ({error})",
            hint="check the path; models that need code of their own are not loaded",
        ) from error
    if config.is_encoder_decoder and not two_texts:
        refuse_two_texts(ref, config.model_type)
    half = compute.precision == "bfloat16" if lora.rank > 0 else compute.memory.weights == "bfloat16"
    attention = {} if compute.attention == "auto" else {"attn_implementation": compute.attention}
    dtype = torch.bfloat16 if half else torch.float32
    model = kind_of(config).from_pretrained(
        ref.path,
        revision=ref.revision,
        dtype=dtype,
        trust_remote_code=False,
        **attention,
    )
    model.to(dtype)  # some architectures keep parts in float32 whatever is asked
    set_dropout(model, dropout)
    return Student(
        model=model,
        tokenizer=tokenizer,
        found_config=copy.deepcopy(config),
        found_generation_config=copy.deepcopy(model.generation_config),
        found_dtype=config.dtype or torch.float32,
        ref=ref,
    )


def set_dropout(model: torch.nn.Module, share: float) -> None:
    """Sets the dropout of the model's own layers; what `lora.dropout` says comes later, with the adapter.

    It is 0 but where a user asks for some: noise of its own would make the policy differ from a reference that is the same model.
    Whole layers are never dropped.
    """
    for module in model.modules():
        if isinstance(module, torch.nn.modules.dropout._DropoutNd):
            module.p = share
        for name, value in vars(module).items():
            if "drop" in name and isinstance(value, float):
                setattr(module, name, share if name == "dropout" else 0.0)


def decoder_start(student: Student) -> int | None:
    """The id that an encoder-decoder's decoder begins with; None: the model has no encoder."""
    if not student.two_texts:
        return None
    own, config = student.found_generation_config, student.found_config
    found = getattr(own, "decoder_start_token_id", None)
    found = getattr(config, "decoder_start_token_id", None) if found is None else found
    if found is None:
        raise ConfigError(
            f"model to train: got {student.ref.path!r}, an encoder-decoder, wanted decoder_start_token_id in its config.json",
            hint="set it to the id that its decoder begins with (T5: that of <pad>)",
        )
    return int(found)


def context_length(student: Student) -> int:
    """The most positions that the model can read, or a number past any row where its configuration does not say."""
    text = student.found_config.get_text_config()
    return int(getattr(text, "max_position_embeddings", None) or 1 << 30)


@contextlib.contextmanager
def whole_directory(out: Path) -> Iterator[Path]:
    """A fresh directory beside `out` that takes its name, and its place, when the block ends well; else it is removed."""
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        yield part
        if out.exists():
            shutil.rmtree(out)
        part.rename(out)
    except OSError as error:
        if error.errno not in CANNOT_WRITE:
            raise
        raise StoreError(
            f"model directory {out}: got {error.strerror}, wanted room and leave to write the trained model",
            hint="free some space or choose another place, then run the same line again",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def weights_digest(model: torch.nn.Module) -> str:
    """32 hex digits over the names and values of all parameters: says whether two states of a model are the same."""
    digest = hashlib.blake2b(digest_size=16)
    for name, value in sorted(model.named_parameters()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def model_digest(student: Student) -> str:
    """What names the weights that training starts from: the reference's digest, or that of the weights themselves."""
    return student.ref.digest or weights_digest(student.model)
