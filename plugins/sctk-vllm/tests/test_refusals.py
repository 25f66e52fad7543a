"""What vLLM does not serve is refused before an engine starts, with the backend that does."""

from __future__ import annotations

from pathlib import Path

import pytest
from sctk_core import ConfigError, ModelRef
from sctk_vllm.backend import VLLMBackend
from sctk_vllm.engine import refuse_encoder_decoder
from tiny_models import make_bart, make_gpt2, make_t5


def test_encoder_decoders_are_refused_by_name(tmp_path: Path) -> None:
    t5, bart = make_t5(tmp_path / "t5", ["a b"]), make_bart(tmp_path / "bart", ["a b"])
    for path, kind in ((t5, "T5ForConditionalGeneration"), (bart, "BartForConditionalGeneration")):
        with pytest.raises(
            ConfigError, match=rf"(?s){kind}.*wanted a decoder-only model.*hint: backend \"transformers\""
        ):
            VLLMBackend.template_notes(ModelRef(path=str(path)))
    refuse_encoder_decoder(ModelRef(path=str(make_gpt2(tmp_path / "gpt2", ["a b"]))))
