"""The world of word problems.

`text/world.toml` holds scenes, questions and words, `scenes` reads them, `expressions` are what answers are, `problems` draws a
problem and reads one back, `reasons` writes rationales, right or wrong by an error that is named, `judgements` what others say.
Nothing here touches a model, or chance outside of a seeded generator.
"""
