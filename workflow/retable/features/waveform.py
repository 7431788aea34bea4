"""A clip as the largest sample of each of equal intervals (cabcnn, section 4).

The paper brings a clip to zero mean and unit variance, then takes the maximum of each of 4,000
intervals a second; it uses at most the first so many seconds of a clip. At 8 kHz an interval is two
samples.

Only whole intervals count: what is left at the end of a clip, less than an interval, would give a
maximum of fewer samples than all others. Clips have lengths of their own, so that they are stored
with zeros at the end, and the store keeps how many values of each are the clip.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retable.errors import DataError, listed
from retable.features.extractor import Extractor, plain_number
from retable.spec.feature import Waveform

SMALLEST_DEVIATION = 1e-5
"""A clip that varies less (digital silence) is centred, not blown up: a third of the quantisation
step of 16-bit audio."""


def mean_and_deviation(waveform: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of samples (samples,), this not below SMALLEST_DEVIATION."""
    deviation = float(waveform.std(dtype=np.float64))
    return float(waveform.mean(dtype=np.float64)), max(deviation, SMALLEST_DEVIATION)


def normalisation(waveform: np.ndarray, spec: Waveform) -> tuple[float, float]:
    """What is subtracted from the samples of a clip, and what they are divided by then.

    Args:
        waveform: float32 (samples,), the whole clip.
        spec: `file` takes mean and standard deviation of all of it, `segment` of what `seconds`
            leaves of it, `none` gives 0 and 1.
    """
    if spec.normalise == "none":
        return 0.0, 1.0
    kept = waveform[: round(spec.seconds * spec.sample_rate)]
    return mean_and_deviation(waveform if spec.normalise == "file" else kept)


class WaveformExtractor(Extractor):
    """The feature `waveform`."""

    def __init__(self, spec: Waveform):
        self.spec = spec
        self.interval = spec.sample_rate // spec.rate
        """Samples."""
        self.intervals = round(spec.seconds * spec.rate)
        """Those of a stored clip."""

    def __call__(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        """Values (clips, intervals) of float32 clips (samples,) at the spec's rate."""
        values = np.zeros((len(waveforms), self.intervals), dtype=self.spec.dtype)
        for row, waveform in zip(values, waveforms, strict=True):
            length = self.stored_length(len(waveform))
            row[:length] = self._maxima(waveform, length)
        return values

    def _maxima(self, waveform: np.ndarray, length: int) -> np.ndarray:
        """Those of the first `length` intervals of the normalised clip: float64 (length,)."""
        mean, deviation = normalisation(waveform, self.spec)
        kept = waveform[: length * self.interval].reshape(length, self.interval)
        normalised = (kept.astype(np.float64) - mean) / deviation
        if self.spec.pick == "absmax":
            normalised = np.abs(normalised)
        return normalised.max(axis=1)

    def stored_length(self, samples: int) -> int:
        """Whole intervals of a clip of so many samples, of at most `seconds` of it."""
        return min(samples // self.interval, self.intervals)

    def check_lengths(self, lengths: Mapping[str, int]) -> None:
        """Check that every clip has a whole interval; shorter than `seconds` it may be.

        Args:
            lengths: clip_id -> samples.

        Raises:
            DataError: clips have none; all are counted and the first of them named.
        """
        short = [
            f"{clip_id!r} has {samples}"
            for clip_id, samples in lengths.items()
            if self.stored_length(samples) == 0
        ]
        if short:
            raise DataError(
                f"an interval of the feature is {self.interval} samples at "
                f"{self.spec.sample_rate} Hz, but clip {listed(short, most=5)}; leave clips "
                "without a whole interval out of the dataset"
            )

    def silence(self) -> np.ndarray:
        """An interval of it, (samples,)."""
        return np.zeros(self.interval, dtype=np.float32)

    def facts(self) -> dict[str, Any]:
        """What the feature is, its rate and length read from the intervals of silence."""
        intervals = self([self.silence()]).shape[1]
        rate = self.spec.sample_rate // len(self.silence())
        return {
            "kind": self.spec.kind,
            "sample_rate": self.spec.sample_rate,
            "rate": rate,
            "seconds": plain_number(intervals / rate),
            "pick": self.spec.pick,
            "normalise": self.spec.normalise,
        }
