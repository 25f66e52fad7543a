"""SFT, preference and multi-task trainers for sctk, on TRL."""
