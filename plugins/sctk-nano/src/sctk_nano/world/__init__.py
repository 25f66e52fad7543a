"""The generated world that the embedded model was trained on.

`words` holds what may be named and which split each word belongs to; `grammar` writes sentences from frames and reads
them back; `reviews` and `requests` are the two tasks, one file each: how a conversation goes, and what its frames mean.
A later task is a file of its own beside them. Nothing here touches the model or chance outside a seeded generator.
"""
