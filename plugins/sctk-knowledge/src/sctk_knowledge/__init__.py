"""Self-training by knowledge detection (arXiv 2406.11275) for sctk: a model learns what it does not know."""
