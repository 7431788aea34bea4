"""Intervals of metrics by bootstrap over groups of clips, for what one test set can tell.

Clips of one speaker resemble each other, so that speakers are resampled, not clips. The percentile
interval of 24 groups covers about 93 %, that of 4 groups 79 %.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from retable.errors import DataError
from retable.evaluation.metrics import METRICS, confusion_matrix

LEVEL = 0.95
RESAMPLES = 9999
SEED = 0


class Interval(NamedTuple):
    """An estimate with its interval at `LEVEL`, fractions in [-1, 1]."""

    estimate: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.low > 0 or self.high < 0


def confusions_by_group(
    decisions: pd.DataFrame,
    classes: Sequence[str],
    group_of_clip: Mapping[str, str],
    groups: Sequence[str],
) -> np.ndarray:
    """Count the confusions of each group apart.

    Args:
        decisions: One task's rows of `pooling.decide`; several runs on a clip count as often.
        classes: Class names in their order.
        group_of_clip: clip_id -> group, for instance the speaker.
        groups: The groups in the order of the result; those without clips have zeros.

    Returns:
        Counts (groups, classes, classes): targets by predictions.

    Raises:
        DataError: A clip has no group, or one that is not listed.
    """
    group = decisions["clip_id"].map(group_of_clip)
    unknown = decisions["clip_id"][~group.isin(groups)]
    if len(unknown):
        clip_id = unknown.iloc[0]
        found = group_of_clip.get(clip_id)
        raise DataError(f"clip {clip_id}: its group is {found!r}, none of those to resample")
    counts = np.zeros((len(groups), len(classes), len(classes)), dtype=np.int64)
    for name, rows in decisions.groupby(group):
        counts[groups.index(name)] = confusion_matrix(rows["target"], rows["predicted"], classes)
    return counts


def metric_interval(counts: np.ndarray, metric: str) -> Interval:
    """Interval of a metric.

    Args:
        counts: (groups, classes, classes), as `confusions_by_group` returns them.
        metric: one of `metrics.METRICS`.
    """
    return _interval(counts, None, metric)


def difference_interval(counts: np.ndarray, reference: np.ndarray, metric: str) -> Interval:
    """Interval of the metric of `counts` less that of `reference`.

    Each resample draws the same groups from both: what a speaker makes hard for both cancels.
    """
    return _interval(counts, reference, metric)


def _interval(counts: np.ndarray, reference: np.ndarray | None, metric: str) -> Interval:
    def value(groups: np.ndarray, axis: int = -1) -> np.ndarray:
        own = METRICS[metric](counts[groups].sum(axis=-3))
        if reference is None:
            return own
        return own - METRICS[metric](reference[groups].sum(axis=-3))

    groups = np.arange(len(counts))
    result = stats.bootstrap(
        (groups,), value, vectorized=True, method="percentile",
        n_resamples=RESAMPLES, batch=1000, confidence_level=LEVEL, rng=SEED,
    )  # fmt: skip
    low, high = result.confidence_interval
    return Interval(float(value(groups)), float(low), float(high))
