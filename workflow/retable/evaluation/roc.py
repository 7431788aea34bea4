"""Receiver operating characteristic of scores that accept or reject: error rates by threshold.

What scores higher than a threshold is accepted. False acceptance is the share of what must be
rejected that is accepted, true acceptance the share of what must be accepted.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

STEPS = 200
"""Into which a curve divides the range of false acceptance."""


@dataclass(frozen=True)
class EqualErrorRate:
    """Where false acceptances are as frequent as false rejections."""

    rate: float
    """Interpolated linearly between the two thresholds around it."""
    threshold: float
    """At the threshold where the two rates differ least (of equals the higher): midway between the
    lowest accepted score and the next lower one. Where nothing is accepted there: the highest
    score, which none exceeds."""


def equal_error_rate(target: np.ndarray, scores: np.ndarray) -> EqualErrorRate:
    """Find the equal error rate.

    Args:
        target: (n,), whether each must be accepted; some must be, and some not.
        scores: (n,), finite.

    Returns:
        The rate and its threshold. Where all scores are equal, the rate is a half and nothing is
        accepted.
    """
    # Falling thresholds, each of them accepted: nothing is at the first, and all at the last.
    false, true, thresholds = roc_curve(target, scores, drop_intermediate=False)
    # Ratios of counts: what should be equal must not differ for being computed in another way.
    excess = (1 - true - false).round(12)
    after = int((excess <= 0).argmax())
    before = after - 1
    way = excess[before] / (excess[before] - excess[after])
    rate = false[before] + way * (false[after] - false[before])
    place = after if -excess[after] < excess[before] else before
    threshold = (
        (thresholds[place] + thresholds[place + 1]) / 2 if place else float(thresholds[after])
    )
    return EqualErrorRate(float(rate), float(threshold))


def acceptance_rates(target: np.ndarray, accepted: np.ndarray) -> tuple[float, float]:
    """How often decisions accept what must not be accepted, and what must be.

    Args:
        target: (n,), whether each must be accepted; some must be, and some not.
        accepted: (n,), whether it is.

    Returns:
        False and true acceptance, as shares.
    """
    return float(accepted[~target].mean()), float(accepted[target].mean())


def roc_points(target: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """True acceptance at equally spaced false acceptances, for any number of scores.

    Args:
        target: (n,), whether each must be accepted; some must be, and some not.
        scores: (n,), finite.

    Returns:
        Columns `false_acceptance, true_acceptance`: the origin, then `STEPS` + 1 points; between
        the points of scikit-learn's curve by linear interpolation, and where it is vertical at its
        upper end.
    """
    false, true, _ = roc_curve(target, scores, drop_intermediate=False)
    grid = np.linspace(0, 1, STEPS + 1)
    return _points([0.0, *grid], [0.0, *np.interp(grid, false, true)])


def roc_points_of_decisions(false_acceptance: float, true_acceptance: float) -> pd.DataFrame:
    """The three points of decisions without scores.

    Returns:
        Columns `false_acceptance, true_acceptance`: accept nothing, decide, accept all.
    """
    return _points([0.0, false_acceptance, 1.0], [0.0, true_acceptance, 1.0])


def _points(false: list[float], true: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"false_acceptance": false, "true_acceptance": true})
