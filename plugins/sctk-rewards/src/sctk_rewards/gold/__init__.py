"""Rewards and evaluators for questions with gold answers: `exact`, `numeric`, `choice` and `contains`.

A reply is right (1) where it agrees with any of its prompt's references, else wrong (0). What is in doubt is never credited.
"""
