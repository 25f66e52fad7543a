"""Observers see events one by one, and whatever they do, the run goes on: what one throws is logged once, then it is left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from sctk_core.pipeline.events import Event

log = logging.getLogger("sctk")


class Observers:
    """Calls every observer with every event, in order."""

    def __init__(self, observers: Sequence[Callable[[Event], None]]) -> None:
        self._observers = list(observers)

    def __call__(self, event: Event) -> None:
        """Tells everybody; never raises."""
        for observer in tuple(self._observers):
            try:
                observer(event)
            except Exception:
                log.warning("an observer failed and is left out: %r", observer, exc_info=True)
                self._observers.remove(observer)
