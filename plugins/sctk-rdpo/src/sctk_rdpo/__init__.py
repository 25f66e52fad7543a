"""Refined direct preference optimisation (arXiv 2402.08005) for sctk."""
