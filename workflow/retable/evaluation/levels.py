"""How the levels of classes differ by frequency, over speakers.

Conventions: levels are in dB, (speakers, bins), NaN where a speaker has no clip. The level of a
range of frequencies is the mean over its bins in dB, so that every frequency counts alike: that of
the summed power would be that of the range's lower edge, where voices are loudest. Intervals are
of the mean over speakers (Student's t); they are NaN where there are fewer than two.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from retable.errors import DataError
from retable.spec.figure import Band

CONFIDENCE = 0.95


@dataclass(frozen=True)
class MeanInterval:
    """Mean over speakers and its interval, all of one shape."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class BandDifferences:
    """By how many dB the second of two classes is louder than the first, speaker by speaker."""

    speakers: int
    """Those with clips of both classes."""
    inside: MeanInterval
    below: MeanInterval | None
    """None where the band begins at the lowest bin."""
    above: MeanInterval | None
    """None where the band ends at the highest bin."""
    contrast: MeanInterval | None
    """Difference inside the band less the difference at all other frequencies."""


def mean_interval(values: np.ndarray) -> MeanInterval:
    """Mean over the first axis, speakers without a value (NaN) left out, and its interval.

    Args:
        values: (speakers,) or (speakers, bins); a speaker has all bins or none.
    """
    present = values[~np.isnan(values).any(axis=tuple(range(1, values.ndim)))]
    if len(present) == 0:
        nothing = np.full(values.shape[1:], np.nan)
        return MeanInterval(nothing, nothing, nothing)
    mean = present.mean(axis=0)
    if len(present) == 1:
        return MeanInterval(mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan))
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(present) - 1) * stats.sem(present, axis=0)
    return MeanInterval(mean, mean - half, mean + half)


def band_differences(
    frequencies: np.ndarray, first: np.ndarray, second: np.ndarray, band: Band
) -> BandDifferences:
    """Paired differences between the levels of two classes, in a band and beside it.

    Args:
        frequencies: (bins,), Hz.
        first: levels of one class (speakers, bins).
        second: levels of the other, of the same speakers.
        band: its edges belong to it.

    Raises:
        DataError: no speaker has clips of both classes, or no bin lies in the band.
    """
    differences = (second - first)[~np.isnan(second - first).any(axis=1)].astype(np.float64)
    inside = (frequencies >= band.low_hz) & (frequencies <= band.high_hz)
    if not len(differences):
        raise DataError("no speaker has clips of both classes; compare two that speakers share")
    if not inside.any():
        raise DataError(f"no frequency lies in the band of {band.low_hz:g} to {band.high_hz:g} Hz")
    in_band = differences[:, inside].mean(axis=1)

    def mean_over(bins: np.ndarray) -> MeanInterval | None:
        return mean_interval(differences[:, bins].mean(axis=1)) if bins.any() else None

    return BandDifferences(
        speakers=len(differences),
        inside=mean_interval(in_band),
        below=mean_over(frequencies < band.low_hz),
        above=mean_over(frequencies > band.high_hz),
        contrast=(
            None if inside.all() else mean_interval(in_band - differences[:, ~inside].mean(axis=1))
        ),
    )
