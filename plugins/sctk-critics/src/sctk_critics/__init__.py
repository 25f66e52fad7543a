"""Critique strategies for sctk: prompts as data, verdicts parsed or failed."""
