"""Spectrograms in decibels as pictures of fixed size, in gray or in colours (cabcnn, section 4).

The paper says of the inputs of the networks that it compares with no more than their sizes, 256x256
and 224x224, and that they have "three channels: red, green and blue" or are "in grayscale". Here:

1. Magnitudes of the short-time Fourier transform, with the conventions of
   `retable.features.spectrogram`.
2. Decibels relative to the clip's largest magnitude, cut off `range_db` below it, and mapped so
   that these are 0 and the largest is 1.
3. The whole clip resized to a square by bilinear interpolation with antialiasing.
4. In gray the levels themselves; in colours red, green and blue of a matplotlib colour map.
5. Values v from 0 to 1 become 2 v - 1.

As in all our images, row 0 is the lowest frequency: printed pictures show it at the bottom.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import matplotlib
import numpy as np
import torch

from retable.errors import ConfigError
from retable.features.extractor import Extractor, plain_number
from retable.features.resizing import resized
from retable.features.spectrogram import FLOOR, analysis_window, magnitude_spectrogram
from retable.spec.spectrogram import SpectrogramImage


def relative_levels(magnitudes: np.ndarray, range_db: float) -> np.ndarray:
    """Levels from 0, `range_db` below the largest magnitude or less, to 1 for the largest.

    Digital silence, all below the quantisation noise of 16-bit audio, is 0.

    Args:
        magnitudes: float32, any shape.
        range_db: decibels.
    """
    largest = magnitudes.max()
    if largest < FLOOR:
        return np.zeros_like(magnitudes)
    lowest = np.float32(10 ** (-range_db / 20))
    decibels = 20 * np.log10(np.maximum(magnitudes / largest, lowest))
    return np.clip(1 + decibels / np.float32(range_db), 0, 1)


class SpectrogramImageExtractor(Extractor):
    """The feature `spectrogram_image`."""

    def __init__(self, spec: SpectrogramImage):
        """Look the colour map up.

        Raises:
            ConfigError: matplotlib has no colour map of that name.
        """
        if spec.colours == "rgb" and spec.colour_map not in matplotlib.colormaps:
            near = get_close_matches(spec.colour_map, list(matplotlib.colormaps), n=5)
            fault = f"colour_map is {spec.colour_map!r}, which matplotlib does not know; take " + (
                " or ".join(near) if near else "viridis, magma, jet or another of its maps"
            )
            raise ConfigError("feature spectrogram_image", [fault])
        self.spec = spec

    def __call__(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        """Pictures of float32 clips (samples,) at the spec's rate, values from -1 to 1.

        Returns:
            (clips, size, size) in gray, (clips, 3, size, size) in red, green and blue.
        """
        # Clip by clip: what is in memory does not grow with the number and length of the others.
        return np.stack([self._picture(waveform) for waveform in waveforms])

    def _picture(self, waveform: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            magnitudes = magnitude_spectrogram(torch.from_numpy(waveform), self.spec).numpy()
            levels = relative_levels(magnitudes, self.spec.range_db)
            # Weights are rounded: a sum of them may pass 1 by the last digit.
            levels = resized(levels, (self.spec.size, self.spec.size)).clip(0, 1)
        return (2 * self._coloured(levels) - 1).astype(self.spec.dtype)

    def _coloured(self, levels: np.ndarray) -> np.ndarray:
        """Levels (size, size) themselves, or as (3, size, size)."""
        if self.spec.colours == "gray":
            return levels
        colours = matplotlib.colormaps[self.spec.colour_map](levels)[..., :3]
        # What is no number has a colour too, but must not pass for a picture.
        colours[np.isnan(levels)] = np.nan
        return np.moveaxis(colours, -1, 0)

    def silence(self) -> np.ndarray:
        """A second of it, (samples,)."""
        return np.zeros(self.spec.sample_rate, dtype=np.float32)

    def facts(self) -> dict[str, Any]:
        """What the feature is, read from its window and from the picture of silence."""
        height, width = self([self.silence()]).shape[-2:]
        window = len(analysis_window(self.spec))
        return {
            "kind": self.spec.kind,
            "height": height,
            "width": width,
            "size": f"{height}x{width}",
            "window": window,
            "overlap_percent": plain_number(100 * (window - self.spec.hop) / window),
            "window_function": self.spec.window_function,
            "colour_map": self.spec.colour_map if self.spec.colours == "rgb" else "gray",
            "range_db": plain_number(self.spec.range_db),
            "sample_rate": self.spec.sample_rate,
        }
