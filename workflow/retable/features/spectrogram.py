"""Magnitude spectrograms as images of fixed size (gresnets, sections 3.2, 5.1 and 5.2).

Conventions, those of librosa and SciPy: the window is periodic (`fftbins=True`), as long as the
FFT; frames are centred, and the clip is continued by zeros on both sides, so that a clip of n
samples has `1 + n // hop` frames. Images are (rows, frames) with the lowest frequency first.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from retable.errors import ConfigError
from retable.features.extractor import Extractor
from retable.spec.spectrogram import Spectrogram, SpectrogramImage

FLOOR = 1e-5
"""Added to magnitudes before the logarithm: -100 dB of a magnitude of 1, below the quantisation
noise of 16-bit audio (about 1e-4 at a 512-sample window)."""

SMALLEST_DEVIATION = 1e-5
"""A clip whose image varies less (digital silence) is centred, not blown up."""

WINDOWS: dict[str, Callable[..., torch.Tensor]] = {
    "hamming": torch.hamming_window,
    "hann": torch.hann_window,
}


def spectrogram_images(waveforms: Sequence[torch.Tensor], spec: Spectrogram) -> torch.Tensor:
    """Images of a batch of clips of any lengths.

    Args:
        waveforms: float32 (samples,) each, at `spec.sample_rate`, on one device.
        spec: what to compute.

    Returns:
        Tensor (clips, rows, frames) of `spec.dtype`.
    """
    # Clip by clip up to here: what is in memory does not grow with the longest clip of a batch.
    images = torch.stack(
        [fit_frames(magnitude_spectrogram(waveform, spec), spec) for waveform in waveforms]
    )
    if spec.rows is not None:
        images = functional.adaptive_avg_pool2d(images, (spec.rows, spec.frames))
    images = scale(images, spec)
    if spec.normalise == "clip":
        images = normalise(images)
    return images.to(getattr(torch, spec.dtype))


def magnitude_spectrogram(
    waveform: torch.Tensor, spec: Spectrogram | SpectrogramImage
) -> torch.Tensor:
    """Magnitude of the short-time Fourier transform of a clip: (samples,) to (bins, frames).

    There are `window // 2 + 1` bins and `1 + samples // hop` frames.
    """
    return torch.stft(
        waveform,
        n_fft=spec.window,
        hop_length=spec.hop,
        window=analysis_window(spec).to(waveform.device),
        center=True,
        pad_mode="constant",
        return_complex=True,
    ).abs()


def analysis_window(spec: Spectrogram | SpectrogramImage) -> torch.Tensor:
    """The periodic window (samples,)."""
    return WINDOWS[spec.window_function](spec.window, periodic=True)


def fit_frames(magnitude: torch.Tensor, spec: Spectrogram) -> torch.Tensor:
    """Make (rows, any frames) into (rows, spec.frames) as `spec.time_fit` says.

    `resize` interpolates linearly between frame centres, with the image's edges aligned (not the
    centres of its outermost frames); silence fills what `crop` and `pad` lack at the end.
    """
    if spec.time_fit == "resize":
        return functional.interpolate(
            magnitude[None], size=spec.frames, mode="linear", align_corners=False
        )[0]
    surplus = magnitude.shape[-1] - spec.frames
    start = max(surplus, 0) // 2 if spec.time_fit == "crop" else 0
    return functional.pad(magnitude[:, start : start + spec.frames], (0, max(-surplus, 0)))


def scale(magnitudes: torch.Tensor, spec: Spectrogram) -> torch.Tensor:
    """Magnitudes on the scale of the spec: `log`, `db` or `linear`."""
    if spec.scale == "log":
        return torch.log(magnitudes + FLOOR)
    if spec.scale == "db":
        return 20 * torch.log10(magnitudes + FLOOR)
    return magnitudes


def normalise(images: torch.Tensor) -> torch.Tensor:
    """Zero mean and unit variance over each image of (clips, rows, frames)."""
    # Two steps, so that no single sum is long enough for torch to cut it by its number of threads:
    # the result is the same on any number of cores.
    centred = images - images.mean(dim=2, keepdim=True).mean(dim=1, keepdim=True)
    variance = centred.square().mean(dim=2, keepdim=True).mean(dim=1, keepdim=True)
    return centred / variance.sqrt().clamp_min(SMALLEST_DEVIATION)


class SpectrogramExtractor(Extractor):
    """The feature `spectrogram`."""

    def __init__(self, spec: Spectrogram):
        """Check the spec.

        Raises:
            ConfigError: it asks for more rows than the transform has.
        """
        height = spec.window // 2 + 1
        if spec.rows is not None and spec.rows > height:
            fault = f"rows is {spec.rows}, but a window of {spec.window} gives {height} at most"
            raise ConfigError("feature spectrogram", [fault])
        self.spec = spec

    def __call__(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        """Images (clips, rows, frames) of float32 clips (samples,) at the spec's rate."""
        with torch.inference_mode():
            tensors = [torch.from_numpy(waveform) for waveform in waveforms]
            return spectrogram_images(tensors, self.spec).numpy()

    def silence(self) -> np.ndarray:
        """A second of it, (samples,)."""
        return np.zeros(self.spec.sample_rate, dtype=np.float32)

    def facts(self) -> dict[str, Any]:
        """What the feature is, read from its window and from the image of silence."""
        _, height, width = self([self.silence()]).shape
        window = len(analysis_window(self.spec))
        return {
            "kind": self.spec.kind,
            "height": height,
            "width": width,
            "window": window,
            "overlap_percent": 100 * (window - self.spec.hop) / window,
            "window_function": self.spec.window_function,
            "sample_rate": self.spec.sample_rate,
        }
