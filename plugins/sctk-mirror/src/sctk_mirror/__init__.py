"""Mind's Mirror for sctk: a student learns a teacher's reasons, and to judge them (arXiv 2311.09214)."""
