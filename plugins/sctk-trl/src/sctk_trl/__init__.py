"""SFT and preference trainers for sctk, on TRL."""
