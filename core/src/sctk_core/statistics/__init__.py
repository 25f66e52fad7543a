"""How sure a number is: the room of intervals, tests and what may be said in words of them. Every interval is 95 %.

`shares.py` has Wilson's interval of a share, Agresti and Min's of a paired difference of shares, and McNemar's exact test;
`means.py` Student's t and the BCa bootstrap, by groups where rows are not independent; `flips.py` the sign-flip test of a pair;
`areas.py` the agreement of scores and truths in rank; `calibration.py` isotonic regression and the calibration error;
`groups.py` tells which prompts are of one group; `lengths.py` sets length aside; `seeds.py` has means over runs of several
seeds, `mixing.py` R-hat and effective sizes of chains. `compare.py` makes the rows of one metric that a user sees, with
bounds for what failed, and `verdicts.py` the words.

What is random is seeded by what is measured and reads values in the order of their prompts' ids, so equal values give equal
numbers. numpy and scipy are imported where they work: this room alone of core may, and `import sctk_core` does not bring them.
"""

from sctk_core.statistics.areas import rank_agreement, rank_agreement_within
from sctk_core.statistics.calibration import N_FOLDS, N_LEAST_ROWS, calibration_error, cross_fitted, isotonic
from sctk_core.statistics.compare import AT_EQUAL_LENGTH, JUDGED, Design, compare
from sctk_core.statistics.estimate import Estimate
from sctk_core.statistics.flips import sign_flips
from sctk_core.statistics.groups import group_of, groups_of
from sctk_core.statistics.lengths import at_equal_length
from sctk_core.statistics.means import N_RESAMPLES, difference_with_interval, mean_with_interval
from sctk_core.statistics.mixing import LEAST_STATES, effective_size, lag_one, r_hat
from sctk_core.statistics.seeds import over_seeds
from sctk_core.statistics.shares import agreement, agresti_min, mcnemar, wilson
from sctk_core.statistics.verdicts import BELOW, N_LEAST, N_LEAST_SEEDS, borne_out, is_claim, verdict, with_holm

__all__ = [
    "AT_EQUAL_LENGTH",
    "BELOW",
    "JUDGED",
    "LEAST_STATES",
    "N_FOLDS",
    "N_LEAST",
    "N_LEAST_ROWS",
    "N_LEAST_SEEDS",
    "N_RESAMPLES",
    "Design",
    "Estimate",
    "agreement",
    "agresti_min",
    "at_equal_length",
    "borne_out",
    "calibration_error",
    "compare",
    "cross_fitted",
    "difference_with_interval",
    "effective_size",
    "group_of",
    "groups_of",
    "is_claim",
    "isotonic",
    "lag_one",
    "mcnemar",
    "mean_with_interval",
    "over_seeds",
    "r_hat",
    "rank_agreement",
    "rank_agreement_within",
    "sign_flips",
    "verdict",
    "wilson",
    "with_holm",
]
