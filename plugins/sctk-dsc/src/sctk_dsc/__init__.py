"""Distilled self-critique (arXiv 2312.01957) for sctk."""
