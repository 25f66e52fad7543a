"""The embedded world's encyclopaedia: things that do not exist, a model that was told of some of them, and who knows the truth.

`world` is what there is to know, `truth` knows when an answer is right, `source` offers its articles. `rows` and `pairs` are what a
language model and an NLI model are trained on, `build` and `build_nli` train them, `skill` and `skill_nli` measure them.
"""
