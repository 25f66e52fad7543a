"""What `sctk reward check --calibrate` tells: a map from scores to labels, and the calibration error with and without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sctk_cli.terminal import clean


def calibrated_by(rows: Sequence[tuple[float, float, str]]) -> dict[str, Any] | None:
    """The map's knots, and the error before it and after, of rows (score, label, prompt's id); None: too few.

    The knots are of all rows; the error after is measured on rows that a map was not fitted on.
    """
    from sctk_core.statistics import N_LEAST_ROWS, calibration_error, cross_fitted, isotonic

    scores, labels, prompts = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    if len(rows) < N_LEAST_ROWS or len(set(prompts)) < N_LEAST_ROWS // 2:
        return None
    errors = {
        "error": calibration_error(scores, labels, prompts),
        "after": calibration_error(cross_fitted(scores, labels, prompts), labels, prompts),
    }
    shown = {name: {"value": one.value, "low": one.low, "high": one.high} for name, one in errors.items()}
    return {"n": len(rows)} | shown | {"knots": [list(knot) for knot in isotonic(scores, labels)]}


def told(name: str, found: Mapping[str, Any] | None) -> Iterator[str]:
    """The lines of it for a reader, the settings last, as a recipe has them."""
    from sctk_core.statistics import N_FOLDS, N_LEAST_ROWS

    if found is None:
        yield f"calibration: too few rows were scored, wanted {N_LEAST_ROWS} of {N_LEAST_ROWS // 2} prompts"
        return
    yield f"calibration error, in units of the label: {_told(found['error'])}"
    yield f"after isotonic regression, on rows it was not fitted on ({N_FOLDS} folds): {_told(found['after'])}"
    yield f"calibration = {found['knots']}    # for the section of {clean(name)}, where it has this setting; off by default"


def _told(error: Mapping[str, float]) -> str:
    return f"{error['value']:.3g} ({error['low']:.3g} to {error['high']:.3g})"
