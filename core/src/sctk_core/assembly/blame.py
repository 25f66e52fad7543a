"""Whose code it was: a frame or a traceback told as the component, or the distribution, that it belongs to."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from sctk_core.assembly.parts import Part
from sctk_core.errors import ContractError, PluginError, SctkError
from sctk_core.plugins import Catalogue
from sctk_core.plugins.loading import line_of
from sctk_core.refusals import no_room
from sctk_core.shown import TEXT, cut, kind_of, told

T = TypeVar("T")
MOST_TEXTS = 100
"""What a component says of itself at most."""
OWN = str(Path(__file__).parent.parent)


@dataclass(frozen=True)
class Blame:
    """Knows the components of a run, and where the code of all that is installed lies."""

    catalogue: Catalogue
    parts: Sequence[Part] = ()

    @contextmanager
    def told(self) -> Iterator[None]:
        """What escapes from what is done inside, told as whose it is; our own errors, Ctrl-C and what is nobody's pass."""
        try:
            yield
        except (SctkError, KeyboardInterrupt):
            raise
        except BaseException as error:
            who = self.of_error(error)
            if not who:
                raise
            raise PluginError(f"{who} is broken: it raised {told(error)}", hint=HINT) from error

    def of_error(self, error: BaseException) -> str:
        """The innermost frame of an exception that is a component's, in words; "" where none is."""
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        return self.of_frames(reversed(frames))

    def of_frames(self, frames: Iterable[FrameType]) -> str:
        """The first of some frames (innermost first) that is a component's: who it is, and the line."""
        return next(self._found(frames), "")

    def of_chain(self, frames: Iterable[FrameType]) -> str:
        """The same; where none is a component's, a file that belongs to no distribution is somebody's too."""
        chain = list(frames)
        strange = (frame for frame in chain if _is_nobodys(frame.f_code.co_filename))
        return self.of_frames(chain) or next((f"a plugin ({_place(frame)})" for frame in strange), "")

    def _found(self, frames: Iterable[FrameType]) -> Iterator[str]:
        places, chain = dict(self._places()), list(frames)
        inside = [frame for frame in chain if any(_lies_in(frame.f_code.co_filename, place) for place in places)]
        for frame in chain:
            if who := self._part(frame):
                yield f"{who} ({_place(inside[0] if inside else frame)})"
        for frame in inside:
            file = frame.f_code.co_filename
            yield f"{next(who for place, who in places.items() if _lies_in(file, place))} ({_place(frame)})"

    def _part(self, frame: FrameType) -> str:
        """The component whose method a frame is in."""
        if frame.f_code.co_filename.startswith(OWN + "/") and "/builtin/" not in frame.f_code.co_filename:
            return ""
        kind = type(frame.f_locals.get("self"))
        found = next((part for part in self.parts if kind is part.target), None)
        return "" if found is None else who_is(found)

    def _places(self) -> Iterator[tuple[str, str]]:
        """Where the code of every distribution lies that offers something, as far as it was imported."""
        for offer in (*self.catalogue.offers, *self.catalogue.commands):
            if offer.file is not None:
                yield str(offer.file), offer.provider
                continue
            package = sys.modules.get(offer.module.partition(".")[0])
            file = getattr(package, "__file__", None)
            if file and not file.startswith(OWN):
                yield (str(Path(file).parent) if Path(file).name == "__init__.py" else file), offer.provider


_KNOWN = (OWN, *{f"{sysconfig.get_path(name)}" for name in ("stdlib", "platstdlib", "purelib", "platlib")}, "<")


def _is_nobodys(file: str) -> bool:
    """Whether a file is neither Python's, nor core's, nor of anything that is installed."""
    return not file.startswith(_KNOWN)


def _place(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno}"


def _lies_in(file: str, place: str) -> bool:
    return file == place or file.startswith(f"{place}/")


def who_is(part: Part) -> str:
    """A component in words: `the reward 'judge' of sctk-rewards 0.1.0`."""
    return f"the {part.kind} {part.name!r} of {part.distribution} {part.version[:12]}"


HINT = "this is for its author to mend; `sctk plugin check` shows it to them"


def broken(part: Part, what: str, hint: str = HINT) -> PluginError:
    """The error that a component of the run is broken: who it is, and what is wrong with it."""
    return PluginError(f"{who_is(part)} is broken: {what}", hint=hint)


def called(part: Part, action: Callable[[], T], doing: str) -> T:
    """What a component's code gives; whatever it throws, save our own errors and Ctrl-C, is a PluginError that says where.

    A record that it made of what no record holds is its own error too.
    """
    try:
        return action()
    except ContractError as error:
        raise broken(part, f"{doing}: {error.args[0]}", error.hint or HINT) from error
    except (KeyboardInterrupt, SctkError):
        raise
    except BaseException as error:
        raise no_room(error) or broken(part, f"{doing} raised {told(error)}{line_of(error)}") from error


def texts_of(part: Part, told: Callable[[], Iterable[Any]], name: str) -> list[str]:
    """The texts that a component says of itself, as a manifest and a terminal hold them; a PluginError where they are none."""
    found = called(part, lambda: list(islice(told(), MOST_TEXTS + 1)), name)
    for one in found:
        if type(one) is not str:
            raise broken(part, f"{name}: got {kind_of(one)}, wanted texts")
    if len(found) > MOST_TEXTS:
        raise broken(part, f"{name}: got more than {MOST_TEXTS} texts, wanted fewer")
    return [cut(one, TEXT) for one in found]
