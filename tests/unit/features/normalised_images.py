"""Specs of vggvox_mtl's feature, clips to compute it of, and a naive way to compute it."""

import cmath
import math

import numpy as np

from retable.features.normalised_spectrogram import NormalisedSpectrogramExtractor
from retable.spec.spectrogram import NormalisedSpectrogram

PAPER = NormalisedSpectrogram(
    kind="normalised_spectrogram",
    sample_rate=16000,
    pre_emphasis=0.97,
    window=400,
    hop=160,
    fft_size=512,
    rows="two_sided",
    height=512,
    frames=400,
    longest_frames=500,
    normalise="row",
)
"""vggvox_mtl, section 4.1: 25 ms every 10 ms, 512x400."""

SMALL = PAPER.model_copy(
    update={
        "sample_rate": 800,
        "window": 20,
        "hop": 8,
        "fft_size": 32,
        "height": 32,
        "frames": 10,
        "longest_frames": 14,
    }
)
"""10 frames are 92 samples, and 14 are 124."""


def with_rows(rows: str, height: int, **changes) -> NormalisedSpectrogram:
    """SMALL with other rows, and the transform that they come from; checked as a whole."""
    points = {"two_sided": height, "one_sided": 2 * height - 2, "real_imaginary": height - 2}[rows]
    fields = SMALL.model_dump() | {"rows": rows, "height": height, "fft_size": points} | changes
    return NormalisedSpectrogram.model_validate(fields)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    """With an offset, and louder at the end, so that it matters over what it is normalised."""
    values = np.random.default_rng(seed).standard_normal(samples) * np.linspace(0.1, 0.3, samples)
    return (values + 0.05).astype(np.float32)


def image_of(waveform: np.ndarray, spec: NormalisedSpectrogram) -> np.ndarray:
    """The frames of the clip itself: (height, frames); asserts that zeros follow."""
    extractor = NormalisedSpectrogramExtractor(spec)
    (image,) = extractor([waveform])
    assert image.shape == (spec.height, spec.longest_frames)
    length = extractor.stored_length(len(waveform))
    assert (image[:, length:] == 0).all()
    return image[:, :length]


def standardised(values: list[float]) -> list[float]:
    """Zero mean and unit variance; a list of equal values is left at zero."""
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    if deviation < 1e-12:
        return [0.0] * len(values)
    return [(value - mean) / deviation for value in values]


def naive_samples(waveform: np.ndarray, spec: NormalisedSpectrogram) -> list[float]:
    """The clip without its mean, pre-emphasised, and as long as its frames."""
    mean = sum(float(value) for value in waveform) / len(waveform)
    centred = [float(value) - mean for value in waveform]
    samples = [
        value - (spec.pre_emphasis * centred[place - 1] if place else 0)
        for place, value in enumerate(centred)
    ]
    samples += [0.0] * (spec.window + (spec.frames - 1) * spec.hop - len(samples))
    frames = 1
    while frames < spec.longest_frames and spec.window + frames * spec.hop <= len(samples):
        frames += 1
    surplus = len(samples) - spec.window - (frames - 1) * spec.hop
    return samples[surplus // 2 : len(samples) - (surplus - surplus // 2)]


def naive_column(window: list[float], spec: NormalisedSpectrogram) -> list[float]:
    """The rows of a window, by the sums that define a Fourier transform."""
    is_density = spec.spectrum == "power_density"
    if is_density:
        mean = sum(window) / len(window)
        window = [value - mean for value in window]
    # VGGVox's window is symmetric, and SciPy's periodic.
    period = spec.window if is_density else spec.window - 1
    hamming = [0.54 - 0.46 * math.cos(2 * math.pi * n / period) for n in range(spec.window)]
    points = spec.fft_size
    frequencies = points if spec.rows == "two_sided" else points // 2 + 1
    transform = [
        sum(
            value * weight * cmath.exp(-2j * math.pi * k * n / points)
            for n, (value, weight) in enumerate(zip(window, hamming, strict=True))
        )
        for k in range(frequencies)
    ]
    if spec.rows == "real_imaginary":
        return [value.real for value in transform] + [value.imag for value in transform]
    if not is_density:
        return [abs(value) for value in transform]
    energy = spec.sample_rate * sum(weight**2 for weight in hamming)
    sides = [
        2 if spec.rows == "one_sided" and 0 < k < frequencies - 1 else 1 for k in range(frequencies)
    ]
    return [side * abs(value) ** 2 / energy for side, value in zip(sides, transform, strict=True)]


def naive_image(waveform: np.ndarray, spec: NormalisedSpectrogram) -> np.ndarray:
    """What the feature is by its description, sample by sample: (height, frames)."""
    samples = naive_samples(waveform, spec)
    if spec.normalise == "waveform":
        samples = standardised(samples)
    columns = [
        naive_column(samples[start : start + spec.window], spec)
        for start in range(0, len(samples) - spec.window + 1, spec.hop)
    ]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return np.array([standardised(row) for row in rows] if spec.normalise == "row" else rows)
