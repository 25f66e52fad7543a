"""`sctk data`: a command that a distribution of its own offers to the command line."""
