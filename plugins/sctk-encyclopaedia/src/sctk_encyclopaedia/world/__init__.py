"""The encyclopaedia: invented towns, people and events.

`world.toml` holds the words, `kinds` reads them, `things` draws what exists and what the model is taught of it, `language` writes
and reads sentences, `articles` tells of a thing. Nothing here touches a model, or chance outside of a seeded generator.
"""
