"""What a table of preference labels comes to, told before anybody trains on it: labels that saturate, and labels that say nothing.

A label beyond 0.99 or below 0.01 trains nearly as a hard one does, so where nearly all are, the reward's doubt is lost: T is
small beside the differences of its scores. Labels of 1/2 teach no preference at all.
"""

from __future__ import annotations

from collections.abc import Iterable

from sctk_core.records import Pair

SURE, NEARLY_ALL = 0.99, 0.9


def said_of_labels(pairs: Iterable[Pair]) -> list[str]:
    """What a user should know of the labels that scores gave; pairs without scores behind them are by their method's word."""
    n_pairs = n_sure = n_even = 0
    for pair in pairs:
        if pair.margin is not None:
            n_pairs += 1
            n_sure += not 1 - SURE <= pair.probability <= SURE
            n_even += pair.probability == 0.5
    if n_pairs and n_even == n_pairs:
        return [
            f"WARNING: none of the {n_pairs} pairs carries a preference (tau = 1/2): there is nothing to learn from them"
        ]
    n_told = n_pairs - n_even
    if n_sure > NEARLY_ALL * n_told:
        return [
            f"WARNING: the labels saturate: {n_sure} of {n_told} pairs that scores tell apart have tau above {SURE:g} or below "
            f"{1 - SURE:.2g}, so that hardly a soft label is left; a temperature nearer to the differences of the scores keeps "
            "them soft"
        ]
    return []
