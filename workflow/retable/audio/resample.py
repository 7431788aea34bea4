"""Resampling by soxr."""

import numpy as np
import soxr


def resample(samples: np.ndarray, sample_rate: int, target_rate: int) -> np.ndarray:
    """Resample at soxr's HQ setting (linear phase, 20 bit).

    Args:
        samples: float32 (frames,) or (channels, frames).
        sample_rate: Hz of `samples`.
        target_rate: Hz of the result.

    Returns:
        Float32 of as many dimensions; `samples` itself where the two rates are equal.
    """
    if sample_rate == target_rate:
        return samples
    # soxr wants channels last; the transpose of a one-dimensional array is the array.
    return soxr.resample(samples.T, sample_rate, target_rate, quality="HQ").T
