"""Rewards for sctk: lexicon, rules, and any transformers classifier."""
