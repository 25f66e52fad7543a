"""The sctk command."""
