"""Curators for sctk: the Rust core's deduplication and decontamination as stages of a run."""
