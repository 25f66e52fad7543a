"""A forest plot as SVG: a line for each claim, its mean and interval, a dot for every seed, and the smallest effect that counts.

Written with the standard library, so that a plot is always there, and the same for the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from sctk_core.statistics import N_LEAST_SEEDS

from sctk_cli.verifying.findings import Finding

LEFT, PLOT, RIGHT, ROW, TOP = 60, 520, 130, 34, 24
COLOURS = {"supported": "#1b7837", "not supported": "#b2182b", "undecided": "#666666"}
NS = "http://www.w3.org/2000/svg"


def forest(findings: Sequence[Finding]) -> str:
    """The plot: left and right of zero in units of each claim's metric, one scale for all."""
    height = TOP + ROW * len(findings) + 40
    size: dict[str, Any] = {"width": LEFT + PLOT + RIGHT, "height": height}
    root = Xml.Element("svg", {"xmlns": NS, "font-family": "sans-serif", "font-size": "12"} | _texts(size))
    _add(root, "rect", fill="white", **size)
    low, high = _ends(findings)

    def x(value: float) -> float:
        return round(LEFT + PLOT * (value - low) / (high - low), 1)

    bottom = TOP + ROW * len(findings)
    _add(root, "line", x1=x(0), x2=x(0), y1=TOP - 6, y2=bottom, stroke="black")
    for place, one in enumerate(findings):
        _claim(root, one, x, TOP + ROW * place + ROW // 2)
    for value in (low, 0.0, high):
        _add(root, "text", f"{value:+.2f}", x=x(value), y=bottom + 16, text_anchor="middle")
    told = "lead: mean and 95 % interval over seeds; dots: seeds; dashed: the smallest effect that counts"
    _add(root, "text", told, x=LEFT, y=bottom + 34, fill="#444444")
    return Xml.tostring(root, encoding="unicode") + "\n"


def _ends(findings: Sequence[Finding]) -> tuple[float, float]:
    """The ends of the scale: all that is drawn, and zero."""
    values = [0.0]
    for one in findings:
        values += [one.claim.least, *(seed.value for seed in one.seeds if seed.value is not None)]
        if one.found is not None:
            values += [
                end for end in (one.found.low, one.found.high) if end is not None and one.found.n >= N_LEAST_SEEDS
            ]
    room = 0.05 * (max(values) - min(values)) or 1.0
    return min(values) - room, max(values) + room


def _claim(root: Xml.Element, one: Finding, at: Callable[[float], float], y: int) -> None:
    colour = COLOURS.get(one.verdict, COLOURS["undecided"])
    _add(root, "text", one.claim.id, x=LEFT - 8, y=y + 4, text_anchor="end")
    least = at(one.claim.least)
    _add(root, "line", x1=least, x2=least, y1=y - 12, y2=y + 12, stroke="#888888", stroke_dasharray="3 2")
    for seed in one.seeds:
        if seed.value is not None:
            _add(root, "circle", cx=at(seed.value), cy=y + 7, r=2.5, fill=colour, opacity=0.6)
    found = one.found
    if found is not None:
        if found.low is not None and found.high is not None and found.n >= N_LEAST_SEEDS:
            _add(root, "line", x1=at(found.low), x2=at(found.high), y1=y, y2=y, stroke=colour, stroke_width=2)
        _add(root, "rect", x=at(found.value) - 3.5, y=y - 3.5, width=7, height=7, fill=colour)
    _add(root, "text", one.verdict, x=LEFT + PLOT + 10, y=y + 4, fill=colour)


def _add(root: Xml.Element, tag: str, text: str = "", **attributes: Any) -> None:
    Xml.SubElement(root, tag, _texts(attributes)).text = text or None


def _texts(attributes: Mapping[str, object]) -> dict[str, str]:
    return {name.replace("_", "-"): str(value) for name, value in attributes.items()}
