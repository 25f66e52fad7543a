"""Chat templates of many families, written here from their public descriptions, each with a small tokenizer of its kind.

What matters of a family is where it puts a system message, what it trims, what it writes around an answer, and what a prompt ends
in; tools, documents and dates are left out. All share one byte-level vocabulary without merges but a few, and have the control
tokens of their family; a second tokenizer, of pieces, is made where it is asked for. Nothing is downloaded.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).with_name("templates")
LETTERS = ("th", "he", "in", "\u0120t", "\u0120a", "\u010a\u010a", "er", "an")


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family: the file of its template (None: it has none), its control tokens, what begins every text, what ends it."""

    name: str
    template: str | None
    specials: tuple[str, ...]
    eos: str
    bos: str = ""
    adds_bos: bool = False
    marks: tuple[str, ...] = ()
    variables: dict[str, Any] = field(default_factory=dict, hash=False)
    ends_turn: str = ""

    @property
    def end(self) -> str:
        """What ends an assistant's turn."""
        return self.ends_turn or self.eos


IM = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
TURN = ("<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|SYSTEM_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>")
WRAPS = ("<|START_THINKING|>", "<|END_THINKING|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>")
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
THINK = ("<think>", "</think>")
LLAMA3_TOKENS = ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>")
DEEPSEEK_TOKENS = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>")
HARMONY = (
    "<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>", "<|call|>", "<|constrain|>", "<|endoftext|>",
)  # fmt: skip
S = ("<s>", "</s>")

FAMILIES = (
    Family(name="Llama 2", template="llama-2", specials=S, bos="<s>", eos="</s>", adds_bos=True),
    Family(name="Llama 3", template="llama-3", specials=LLAMA3_TOKENS, bos="<|begin_of_text|>", eos="<|eot_id|>", adds_bos=True),
    Family(name="Mistral", template="mistral", specials=(*S, "[INST]", "[/INST]"), bos="<s>", eos="</s>", adds_bos=True),
    Family(name="Magistral", template="mistral", specials=(*S, "[INST]", "[/INST]", "[THINK]", "[/THINK]"), bos="<s>",
           eos="</s>", adds_bos=True),
    Family(name="Gemma", template="gemma", specials=("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"), bos="<bos>",
           eos="<eos>", adds_bos=True, ends_turn="<end_of_turn>"),
    Family(name="Qwen2.5", template="qwen-2.5", specials=IM, eos="<|im_end|>"),
    Family(name="Qwen3", template="qwen-3", specials=IM, marks=THINK, eos="<|im_end|>"),
    Family(name="Qwen3, enable_thinking = false", template="qwen-3", specials=IM, marks=THINK, eos="<|im_end|>",
           variables={"enable_thinking": False}),
    Family(name="Phi-3", template="phi-3", specials=(*ROLES, "<|end|>", "<|endoftext|>"), eos="<|endoftext|>", ends_turn="<|end|>"),
    Family(name="Phi-4", template="phi-4", specials=(*IM, "<|im_sep|>"), eos="<|im_end|>"),
    Family(name="SmolLM2", template="smollm-2", specials=IM, bos="<|im_start|>", eos="<|im_end|>"),
    Family(name="SmolLM3", template="smollm-3", specials=IM, marks=THINK, eos="<|im_end|>"),
    Family(name="SmolLM3, enable_thinking = false", template="smollm-3", specials=IM, marks=THINK, eos="<|im_end|>",
           variables={"enable_thinking": False}),
    Family(name="DeepSeek-R1 distillations", template="deepseek-r1", specials=DEEPSEEK_TOKENS, marks=THINK,
           bos="<｜begin▁of▁sentence｜>", eos="<｜end▁of▁sentence｜>", adds_bos=True),
    Family(name="gpt-oss", template="gpt-oss", specials=HARMONY, eos="<|return|>"),
    Family(name="GLM", template="glm", specials=("[gMASK]", "<sop>", *ROLES, "<|endoftext|>"), marks=THINK, bos="[gMASK]",
           eos="<|endoftext|>"),
    Family(name="GLM, enable_thinking = false", template="glm", specials=("[gMASK]", "<sop>", *ROLES, "<|endoftext|>"),
           marks=THINK, bos="[gMASK]", eos="<|endoftext|>", variables={"enable_thinking": False}),
    Family(name="Command-R", template="command-r", specials=("<BOS_TOKEN>", *TURN), bos="<BOS_TOKEN>",
           eos="<|END_OF_TURN_TOKEN|>", adds_bos=True),
    Family(name="Command A, reasoning", template="command-a", specials=("<BOS_TOKEN>", *TURN, *WRAPS), bos="<BOS_TOKEN>",
           eos="<|END_OF_TURN_TOKEN|>", adds_bos=True),
    Family(name="OLMo 2", template="olmo-2", specials=("<|endoftext|>",), bos="<|endoftext|>", eos="<|endoftext|>"),
    Family(name="ChatML", template="chatml", specials=IM, eos="<|im_end|>"),
    Family(name="parts (multimodal)", template="parts", specials=IM, eos="<|im_end|>"),
    Family(name="none, with a first token", template=None, specials=S, bos="<s>", eos="</s>", adds_bos=True),
    Family(name="none", template=None, specials=("<|endoftext|>",), eos="<|endoftext|>"),
)  # fmt: skip
"""Every family of the table in docs/templates.md, in its order."""


@cache
def tokenizer_of(family: Family, *, pieces: bool = False) -> Any:
    """A tokenizer with the family's control tokens and template, made here: of bytes, or of pieces and else bytes."""
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    engine = _of_pieces() if pieces else _of_bytes()
    engine.add_special_tokens(list(family.specials))
    if family.adds_bos:
        number = engine.token_to_id(family.bos)
        engine.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[(family.bos, number)]
        )
    made = PreTrainedTokenizerFast(tokenizer_object=engine, eos_token=family.eos, bos_token=family.bos or None)
    if family.marks:
        made.add_tokens(list(family.marks))
    made.chat_template = family.template and (TEMPLATES / f"{family.template}.jinja").read_text()
    return made


def _of_bytes() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*letters, *LETTERS]
    engine = Tokenizer(
        models.BPE(vocab={piece: n for n, piece in enumerate(pieces)}, merges=[(p[0], p[1]) for p in LETTERS])
    )
    engine.pre_tokenizer, engine.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    return engine


def _of_pieces() -> Any:
    """As SentencePiece makes them: a space goes before every text, and is a letter."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    space = "\u2581"
    pieces = [
        *(f"<0x{byte:02X}>" for byte in range(256)),
        "<unk>",
        space,
        *string.ascii_letters,
        *string.digits,
        ".",
        "\n",
    ]
    merges = [(space, "t"), ("t", "h"), ("i", "n"), (space, space)]
    vocab = {piece: n for n, piece in enumerate([*pieces, *("".join(pair) for pair in merges)])}
    engine = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    engine.normalizer = normalizers.Sequence([normalizers.Prepend(space), normalizers.Replace(" ", space)])
    engine.decoder = decoders.Sequence(
        [decoders.Replace(space, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return engine
