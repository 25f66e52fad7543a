"""Contradiction and entailment by a natural language inference model: which label is which, what it reads, and the comparer."""
