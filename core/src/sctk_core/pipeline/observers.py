"""Observers see events one by one, and whatever they do, the run goes on: what one throws is logged once, then it is left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sctk_core.boundary import from_outside, told
from sctk_core.pipeline.events import Event

log = logging.getLogger("sctk")


class Observers:
    """Calls every observer with every event, in order; `names` say whose some of them are."""

    def __init__(
        self, observers: Sequence[Callable[[Event], None]], names: Mapping[Callable[[Event], None], str] | None = None
    ) -> None:
        self._observers, self._names = list(observers), names or {}

    def __call__(self, event: Event) -> None:
        """Tells everybody; never raises."""
        for observer in tuple(self._observers):
            try:
                observer(event if len(self._observers) == 1 else replace(event))  # its own: it may do anything with it
            except BaseException as error:
                if from_outside(error):
                    raise
                who = self._names.get(observer, "an observer")
                log.warning("%s failed and is left out: %s", who, told(error))
                self._observers = [one for one in self._observers if one is not observer]
