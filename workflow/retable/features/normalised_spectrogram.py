"""Spectrograms whose rows have zero mean and unit variance over time (vggvox_mtl, section 4.1).

The paper follows VGGVox, whose own code says what it prints as 512x400: all 512 points of a Fourier
transform of windows of 25 ms, 10 ms apart. The upper half mirrors the lower one, so that a network
sees each frequency twice.

1. The clip without its mean. VGGVox has a high-pass filter in its place, which changes nothing
   after normalisation by row but the lowest rows, and adds dither, which we leave out.
2. Pre-emphasis: of each sample, a share of the one before it is subtracted.
3. Zeros at the end of a shorter clip, up to `frames` windows. Of a longer one as many windows as
   fit, and of more than `longest_frames` of them those in its middle.
4. Windows by a Hamming window, the first at the first sample and none beyond the last: the paper's
   400 are 64,240 samples, where 4 s have 398. With zeros behind them, up to `fft_size`, they are
   transformed: phases are relative to a window's first sample.
5. Magnitudes, or real parts and then imaginary ones, or the power spectral density of SciPy.
6. Each row minus its mean and divided by its standard deviation over all frames of the clip, also
   those of the zeros at its end.

With `normalise: waveform`, the order of the paper's words, step 6 is left out, and what step 3
gives has zero mean and unit variance instead.

The Hamming window is VGGVox's, symmetric, except in the power spectral density: there it is
periodic, as SciPy makes a window by its name. Standard deviations divide by the number of values;
VGGVox's, by one less, are 1.00125 times as large. As in all our images, row 0 is the lowest
frequency.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.signal

from retable.features.extractor import Extractor, plain_number
from retable.features.waveform import mean_and_deviation
from retable.spec.spectrogram import NormalisedSpectrogram

SMALLEST_DEVIATION = {"magnitude": 1e-7, "power_density": 1e-21}
"""A row that varies less (digital silence, or imaginary parts at 0 Hz) is centred, not blown up:
less than the quantisation noise of 16-bit audio leaves in any row, and more than rounding does."""


def spanned_samples(frames: int, spec: NormalisedSpectrogram) -> int:
    """Samples from the first of the first window to the last of the last: the paper's 64,240."""
    return spec.window + (frames - 1) * spec.hop


def pre_emphasised(waveform: np.ndarray, share: float) -> np.ndarray:
    """A clip without its mean, less `share` of the sample before: (samples,) to the same float64.

    The first sample has none before it and stays (VGGVox's mfccspec.m).
    """
    centred = waveform - waveform.mean(dtype=np.float64)
    centred[1:] -= share * centred[:-1]
    return centred


def fit_length(waveform: np.ndarray, samples: int) -> np.ndarray:
    """A clip (any samples,) as (samples,): its middle, or zeros at its end."""
    start = max(len(waveform) - samples, 0) // 2
    kept = waveform[start : start + samples]
    return np.pad(kept, (0, samples - len(kept)))


def windowed_transform(samples: np.ndarray, spec: NormalisedSpectrogram) -> np.ndarray:
    """Fourier transform of Hamming windows: complex128 (fft_size // 2 + 1, frames).

    Args:
        samples: float64 (window + (frames - 1) * hop,).
        spec: windows and points.
    """
    windows = np.lib.stride_tricks.sliding_window_view(samples, spec.window)[:: spec.hop]
    return np.fft.rfft(windows * np.hamming(spec.window), spec.fft_size).T


def power_density(samples: np.ndarray, spec: NormalisedSpectrogram) -> np.ndarray:
    """Power spectral density by SciPy's defaults: float64 (height, frames).

    A one-sided one counts the power of negative frequencies too: all rows but the first and the
    last are doubled, which normalisation by row undoes.
    """
    _, _, density = scipy.signal.spectrogram(
        samples,
        fs=spec.sample_rate,
        window="hamming",
        nperseg=spec.window,
        noverlap=spec.window - spec.hop,
        nfft=spec.fft_size,
        return_onesided=spec.rows == "one_sided",
    )
    return density


def spectrogram_rows(samples: np.ndarray, spec: NormalisedSpectrogram) -> np.ndarray:
    """Rows before they are normalised: float64 (height, frames).

    Args:
        samples: float64 (window + (frames - 1) * hop,).
        spec: what the rows are, and what stands in them.
    """
    if spec.spectrum == "power_density":
        return power_density(samples, spec)
    half = windowed_transform(samples, spec)
    if spec.rows == "real_imaginary":
        return np.concatenate([half.real, half.imag])
    magnitudes = np.abs(half)
    if spec.rows == "two_sided":
        # Row k of a real signal's transform is the conjugate of row fft_size - k.
        row = np.arange(spec.fft_size)
        return magnitudes[np.minimum(row, spec.fft_size - row)]
    return magnitudes


def normalised_rows(rows: np.ndarray, spec: NormalisedSpectrogram) -> np.ndarray:
    """Rows (height, frames) of zero mean and unit variance, those that hardly vary centred."""
    deviation = rows.std(axis=1, keepdims=True)
    smallest = SMALLEST_DEVIATION[spec.spectrum]
    return (rows - rows.mean(axis=1, keepdims=True)) / np.maximum(deviation, smallest)


class NormalisedSpectrogramExtractor(Extractor):
    """The feature `normalised_spectrogram`."""

    def __init__(self, spec: NormalisedSpectrogram):
        self.spec = spec

    def __call__(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        """Images (clips, height, longest_frames) of float32 clips (samples,) of any length.

        A clip's frames are followed by zeros.
        """
        spec = self.spec
        images = np.zeros((len(waveforms), spec.height, spec.longest_frames), dtype=spec.dtype)
        for image, waveform in zip(images, waveforms, strict=True):
            image[:, : self.stored_length(len(waveform))] = self._image(waveform)
        return images

    def _image(self, waveform: np.ndarray) -> np.ndarray:
        """That of a clip: float64 (height, its frames)."""
        spec = self.spec
        span = spanned_samples(self.stored_length(len(waveform)), spec)
        samples = fit_length(pre_emphasised(waveform, spec.pre_emphasis), span)
        if spec.normalise == "row":
            return normalised_rows(spectrogram_rows(samples, spec), spec)
        mean, deviation = mean_and_deviation(samples)
        return spectrogram_rows((samples - mean) / deviation, spec)

    def stored_length(self, samples: int) -> int:
        """Frames of a clip of so many samples, from `frames` to `longest_frames`."""
        spec = self.spec
        filled = max(samples, spanned_samples(spec.frames, spec))
        return min(1 + (filled - spec.window) // spec.hop, spec.longest_frames)

    def silence(self) -> np.ndarray:
        """As much of it as fills what a network sees, (samples,)."""
        return np.zeros(spanned_samples(self.spec.frames, self.spec), dtype=np.float32)

    def facts(self) -> dict[str, Any]:
        """What the feature is, its height and width read from the image of silence."""
        spec = self.spec
        height, width = self._image(self.silence()).shape
        return {
            "kind": spec.kind,
            "sample_rate": spec.sample_rate,
            "height": height,
            "width": width,
            "size": f"{height}x{width}",
            "seconds": plain_number(width * spec.hop / spec.sample_rate),
            "window": spec.window,
            "hop": spec.hop,
            "overlap_percent": plain_number(100 * (spec.window - spec.hop) / spec.window),
            "window_function": "hamming",
            "pre_emphasis": plain_number(spec.pre_emphasis),
            "fft_size": spec.fft_size,
            "rows": spec.rows,
            "spectrum": spec.spectrum,
            "normalise": spec.normalise,
            "crop": width,
        }
