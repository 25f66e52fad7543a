"""Weights are read by one thread at a time: while transformers makes a model it changes what torch does for the whole process.

Two `from_pretrained` at once (a backend's in its worker, a judge's beside it) left weights without data.
"""

from __future__ import annotations

import threading

LOADING = threading.Lock()
"""Held while a model's weights are read."""
