"""Mean and standard deviation over time of log-mel bands: the input of the SVM baselines.

gresnets does not define the features of its "standard SVM classifier" (section 5.3); these are the
common choice, with librosa's defaults: power spectrum, periodic Hann window, Slaney mel scale and
area normalisation, decibels down to 80 dB below the clip's maximum.
"""

from collections.abc import Sequence
from typing import Any

import librosa
import numpy as np

from retable.features.extractor import Extractor
from retable.spec.feature import LogMelStatistics

DYNAMIC_RANGE_DB = 80.0


def log_mel(waveform: np.ndarray, spec: LogMelStatistics) -> np.ndarray:
    """Log-mel spectrogram in dB of a clip (samples,): float32 (bands, 1 + samples // hop)."""
    power = librosa.feature.melspectrogram(
        y=waveform,
        sr=spec.sample_rate,
        n_fft=spec.window,
        hop_length=spec.hop,
        n_mels=spec.bands,
        window="hann",
    )
    return librosa.power_to_db(power, ref=1.0, top_db=DYNAMIC_RANGE_DB)


def band_statistics(bands: np.ndarray) -> np.ndarray:
    """Means, then standard deviations, over time: (bands, frames) to (2 * bands,)."""
    return np.concatenate([bands.mean(axis=1), bands.std(axis=1)])


class LogMelStatisticsExtractor(Extractor):
    """The feature `logmel_statistics`."""

    def __init__(self, spec: LogMelStatistics):
        self.spec = spec

    def __call__(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        """Vectors (clips, 2 * bands) of float32 clips (samples,) at the spec's rate."""
        vectors = [band_statistics(log_mel(np.asarray(clip), self.spec)) for clip in waveforms]
        return np.stack(vectors).astype(self.spec.dtype)

    def silence(self) -> np.ndarray:
        """A second of it, (samples,)."""
        return np.zeros(self.spec.sample_rate, dtype=np.float32)

    def facts(self) -> dict[str, Any]:
        """What the feature is, its size read from the vector of silence."""
        return {
            "kind": self.spec.kind,
            "values": self([self.silence()]).shape[1],
            "bands": log_mel(self.silence(), self.spec).shape[0],
            "window": self.spec.window,
            "overlap_percent": 100 * (self.spec.window - self.spec.hop) / self.spec.window,
            "window_function": "hann",
            "sample_rate": self.spec.sample_rate,
        }
