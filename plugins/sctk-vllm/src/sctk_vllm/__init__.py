"""vLLM as a backend for sctk."""
