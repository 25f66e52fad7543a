"""`sctk judge position`: whether a pairwise judge prefers a place, by asking it each pair in both orders.

A judge that chose by the texts alone would choose the same one wherever it stands. What it could not be read in is counted apart,
and never as a tie.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.files import rows_in
from sctk_cli.loading import catalogue_with
from sctk_cli.reward import TIMEOUT, alone, refuse_silence, share, told_failures, told_share
from sctk_cli.terminal import put, put_json, reserved_stdout, say

if TYPE_CHECKING:
    from sctk_core import Failure, Sample
    from sctk_core.run.alone import Alone

EPILOG = """\b
Examples:
  sctk judge position pairwise pairs.jsonl --backend vllm --model ORG/MODEL

\b
A row has `prompt` and two replies: `chosen` and `rejected`, where it is known which is better, or `first` and
`second`. A comparer's number above zero says that the first is better, below zero the second, zero a tie."""
SIDES = (("chosen", "rejected"), ("first", "second"))


@click.command(epilog=EPILOG)
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--set", "assignments", metavar="KEY=VALUE", multiple=True, help="One setting; repeatable.")
@click.option("--load", "files", multiple=True, type=click.Path(path_type=Path), help="A plugin file; repeatable.")
@click.option("--backend", help="The backend of a comparer that asks a model.")
@click.option("--model", help="Its model.")
@TIMEOUT
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output.")
def position(name: str, file: Path, json_: bool, **how: Any) -> None:
    """Print how often a pairwise judge chooses the first place, with intervals."""
    with reserved_stdout():
        rows = list(_pairs(file))
        asked = _alone(name, how)
        values, failures = _compared(asked, [(one, other) for one, other, _ in rows])
    found = bias(values, [known for _, _, known in rows])
    if json_:
        put_json({"comparer": name} | found | {"failures": dict(Counter(one.reason for one in failures))})
    else:
        for line in _lines(found):
            put(line)
        for line in told_failures(failures):
            say(line)
    refuse_silence(asked.who, failures, 2 * len(rows))


def bias(values: Sequence[tuple[float | None, float | None]], known: Sequence[bool]) -> dict[str, Any]:
    """What pairs say of a judge: (value as given, value in the other order), None where it failed; `known`: the first is better.

    `first_place` is the share of choices that fell on the first place, over both orders of each pair, ties left out; `p` tests
    whether pairs in which the first place won twice are as many as those in which the second did (McNemar, exact).
    """
    from sctk_core.statistics import mcnemar, mean_with_interval, wilson

    both = [(a, b, is_known) for (a, b), is_known in zip(values, known, strict=True) if a is not None and b is not None]
    choices = [(float(value > 0), place) for place, (a, b, _) in enumerate(both) for value in (a, b) if value]
    first, second = sum(a > 0 and b > 0 for a, b, _ in both), sum(a < 0 and b < 0 for a, b, _ in both)
    same = [a > 0 for a, b, _ in both if a * b < 0]
    right = [a > 0 for a, b, is_known in both if a * b < 0 and is_known]
    return {
        "pairs": len(values),
        "failed": share(wilson(len(values) - len(both), len(values))) if values else None,
        "ties": share(mean_with_interval([float(v == 0) for a, b, _ in both for v in (a, b)], _twice(both)))
        if both
        else None,
        "first_place": share(mean_with_interval([at for at, _ in choices], [name for _, name in choices]))
        if choices
        else None,
        "first_place_twice": first,
        "second_place_twice": second,
        "p": mcnemar(first, second),
        "same_in_both_orders": share(wilson(len(same), len(both))) if both else None,
        "right": share(wilson(sum(right), len(right))) if right else None,
    }


def _twice(pairs: Sequence[object]) -> list[int]:
    return [place for place in range(len(pairs)) for _ in range(2)]


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"pairs: {found['pairs']}, each asked in both orders; not read in one of them: {told_share(found['failed'])}"
    yield f"choices that fell on the first place: {told_share(found['first_place'])}; ties: {told_share(found['ties'])}"
    yield (
        f"the first place won twice in {found['first_place_twice']} pairs, the second in {found['second_place_twice']} "
        f"(p = {found['p']:.2g})"
    )
    yield f"the same reply won in both orders: {told_share(found['same_in_both_orders'])}"
    if found["right"] is not None:
        yield f"of these the one that is known to be better: {told_share(found['right'])}"


def _compared(
    asked: Alone, pairs: Sequence[tuple[Sample, Sample]]
) -> tuple[list[tuple[float | None, float | None]], list[Failure]]:
    """Each pair's value as given and turned round, None where it failed, and the failures."""
    from sctk_core import Failure

    found = asked.answers([list(pairs), [(other, one) for one, other in pairs]])
    values = [[None if isinstance(answer, Failure) else answer.value for answer in answers] for answers in found]
    failures = [answer for answers in found for answer in answers if isinstance(answer, Failure)]
    return list(zip(*values, strict=True)), failures


def _alone(name: str, how: Mapping[str, Any]) -> Alone:
    """The comparer by itself; one that turns pairs round itself would hide its bias."""
    from sctk_core.plugins import describe

    among = catalogue_with(how["files"], how["timeout_s"])
    turns = any(one.name == "orders" for one in describe("comparer", name, among=among).settings)
    own = {"orders": "given"} if turns else {}
    return alone("comparer", name, f"sctk judge position {name}", {**how, "among": among}, own)


def _pairs(file: Path) -> Iterator[tuple[Sample, Sample, bool]]:
    """(one reply, the other, whether the one is known to be better) of each row; a row without them is an error with its place."""
    from sctk_core import ConfigError, Failure, Message, Prompt, Sample
    from sctk_core.thoughts import without_thought

    for row in rows_in(str(file)):
        sides = next((each for each in SIDES if all(isinstance(row.values.get(name), str) for name in each)), None)
        asked = row.values.get("prompt")
        if sides is None or not isinstance(asked, str):
            raise ConfigError(
                f"{row.where}: got the columns {', '.join(map(str, row.values)) or 'none'}, wanted prompt and two replies",
                hint="a row has prompt, and chosen and rejected, or first and second",
            )
        prompt = Prompt(messages=(Message(role="user", content=asked),))
        texts = [without_thought(row.values[name]) for name in sides]
        for name, text in zip(sides, texts, strict=True):
            if isinstance(text, Failure):
                raise ConfigError(f"{row.where}: {name}: got {text.reason}, wanted a reply", hint="take the row out")
        one, other = (Sample(prompt=prompt, text=str(text), rank=rank) for rank, text in enumerate(texts))
        yield one, other, sides == SIDES[0]
