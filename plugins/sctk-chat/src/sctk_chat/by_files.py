"""What a backend says of a local model before it is loaded: by its tokenizer, its chat template and its own files alone."""

from __future__ import annotations

from typing import Any

from sctk_core import ModelRef

from sctk_chat import generation, notes, rendering, two_texts
from sctk_chat.names import load_tokenizer
from sctk_chat.notes import Conversations
from sctk_chat.two_texts import DIGEST, is_encoder_decoder


class KnownByFiles:
    """The static answers that every backend gives which renders a model's own chat template."""

    @staticmethod
    def template_digest(model: ModelRef) -> str:
        """The digest of the chat template, for a hub model's digest; loads the tokenizer, not the weights."""
        return DIGEST if is_encoder_decoder(model) else rendering.template_digest(load_tokenizer(model))

    @staticmethod
    def template_notes(model: ModelRef) -> list[str]:
        """What to know of how conversations are rendered; raises where the template cannot be used."""
        if is_encoder_decoder(model):
            return two_texts.notes_of(model, load_tokenizer(model))
        return notes.template_notes(model)

    @staticmethod
    def conversation_notes(model: ModelRef, conversations: Conversations) -> list[str]:
        """What becomes of turns of developers and tools; raises, with its place, for one that the template does not take."""
        if is_encoder_decoder(model):
            return two_texts.notes_on(model, conversations)
        return notes.conversation_notes(model, conversations)

    @staticmethod
    def own_sampling(model: ModelRef) -> dict[str, Any]:
        """What the model's own files say of how its replies are drawn."""
        return generation.own_sampling(model)
