"""Several asks at once, so that an item's page is the same however they are answered."""

from __future__ import annotations

import asyncio
import typing
from collections.abc import Awaitable
from typing import Any, TypeVar

from sctk_core.pipeline.asking import STOPS_EVERYTHING

A = TypeVar("A")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")


@typing.overload
async def together(one: Awaitable[T1], two: Awaitable[T2], /) -> tuple[T1, T2]: ...
@typing.overload
async def together(one: Awaitable[T1], two: Awaitable[T2], three: Awaitable[T3], /) -> tuple[T1, T2, T3]: ...
@typing.overload
async def together(
    one: Awaitable[T1], two: Awaitable[T2], three: Awaitable[T3], four: Awaitable[T4], /
) -> tuple[T1, T2, T3, T4]: ...
@typing.overload
async def together(*asks: Awaitable[A]) -> tuple[A, ...]: ...
async def together(*asks: Awaitable[Any]) -> tuple[Any, ...]:
    """All answers, asked at once; where one ends the item, the others are awaited first, so that the page is the same each time."""
    answers = await asyncio.gather(*asks, return_exceptions=True)
    raised = [answer for answer in answers if isinstance(answer, BaseException)]
    if raised:
        raise next((error for error in raised if isinstance(error, STOPS_EVERYTHING)), raised[0])
    return tuple(answers)
