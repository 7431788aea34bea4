"""Features that clips are shown by, and clips whose spectrograms are known."""

import numpy as np
from normalised_images import PAPER

from retable.spec.spectrogram import Spectrogram

FEATURE = Spectrogram(
    kind="spectrogram",
    sample_rate=8000,
    window=256,
    hop=128,
    window_function="hamming",
    frames=20,
    time_fit="resize",
    scale="log",
    normalise="clip",
    rows=16,
)
NORMALISED = PAPER.model_copy(
    update={
        "sample_rate": 8000,
        "window": 200,
        "hop": 80,
        "fft_size": 256,
        "height": 256,
        "frames": 50,
        "longest_frames": 60,
    }
)
TONE_BIN = 40
"""A sine at 40 * 8000 / 256 = 1250 Hz is at a bin's own frequency."""


def sine(amplitude: float, samples: int = 8000) -> np.ndarray:
    time = np.arange(samples) / FEATURE.sample_rate
    return (amplitude * np.sin(2 * np.pi * 1250 * time)).astype(np.float32)


def noise(samples: int = 8000) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)
