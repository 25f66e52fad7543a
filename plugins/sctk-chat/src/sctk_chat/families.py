"""Families of chat templates, recognised by what only they write; for messages and documentation, never for behaviour."""

from __future__ import annotations

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("gpt-oss", ("<|channel|>", "<|start|>")),
    ("Llama 3", ("<|start_header_id|>",)),
    ("Llama 2", ("<<SYS>>",)),
    ("DeepSeek-R1", ("<｜User｜>",)),
    ("GLM", ("[gMASK]",)),
    ("Command-R", ("<|START_OF_TURN_TOKEN|>",)),
    ("Gemma", ("<start_of_turn>",)),
    ("Gemma 4", ("<|turn>",)),
    ("Llama 4", ("<|header_start|>",)),
    ("Mistral", ("[INST]",)),
    ("Phi-4", ("<|im_sep|>",)),
    ("SmolLM", ("<|im_start|>", "SmolLM")),
    ("Qwen3", ("<|im_start|>", "reasoning_content")),
    ("Qwen2.5", ("<|im_start|>", "Qwen")),
    ("ChatML", ("<|im_start|>",)),
    ("Phi-3", ("<|user|>", "<|end|>")),
    ("OLMo", ("<|user|>", "<|endoftext|>")),
    ("OLMo, Tulu or Zephyr", ("<|user|>", "<|assistant|>", "eos_token")),
    ("plain", ("System", "User", "Assistant:")),
)
"""Name -> strings that all stand in its template; the first that fits is it."""


def family_of(template: str) -> str:
    """The family of a chat template.

    >>> family_of("{% for m in messages %}<|im_start|>{{ m.role }}{% endfor %}"), family_of("{{ messages }}")
    ('ChatML', 'of no known family')
    """
    fits = (name for name, marks in FAMILIES if all(mark in template for mark in marks))
    return next(fits, "of no known family")
