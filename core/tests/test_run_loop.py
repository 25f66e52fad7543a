"""The loop of a run, when its own tasks are cancelled: by a component, which is named, or by a Ctrl-C that asyncio forgot."""

from __future__ import annotations

import asyncio

import pytest
from sctk_core import PluginError
from sctk_core.run.loop import RunLoop
from sctk_core.run.watch import Watch


async def cancels(everything: bool) -> None:
    """Cancels what waits for this task, and perhaps this task too."""
    mine = asyncio.current_task()
    for task in asyncio.all_tasks():
        if everything or task is not mine:
            task.cancel()
    await asyncio.sleep(5)


@pytest.mark.parametrize("whose", ["", "the critic 'odd' of odd 1.0"])
def test_who_cancels_all_tasks_is_named(whose: str) -> None:
    loop = RunLoop(Watch(lambda _: whose), 60.0)
    wanted: type[BaseException]
    wanted, told = (PluginError, f"{whose} cancelled") if whose else (KeyboardInterrupt, None)
    try:
        with pytest.raises(wanted, match=told):
            loop.run(cancels(everything=True))
    finally:
        loop.close()


def test_a_ctrl_c_that_asyncio_forgets_is_taken() -> None:
    """The signal may fall between the two lines of asyncio.Runner that take it and that count: only the outer task is cancelled."""
    loop = RunLoop(Watch(lambda _: ""), 60.0)
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run(cancels(everything=False))
    finally:
        loop.close()
