"""The embedded world of sctk: a small language model and what it speaks of."""
