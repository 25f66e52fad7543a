"""Local Hugging Face models as a backend for sctk."""
