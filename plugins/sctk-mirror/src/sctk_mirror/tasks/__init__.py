"""The tasks that are built in, each a file of the protocol of `sctk_mirror.task`: equations, choices, entailment."""
