"""Features that can be shown as spectrograms of clips, told without torch."""

from retable.spec.spectrogram import NormalisedSpectrogram, Spectrogram

ShownFeature = Spectrogram | NormalisedSpectrogram
"""Features that have a short-time Fourier transform with one window."""


def fft_size(feature: ShownFeature) -> int:
    """Points of the feature's Fourier transform."""
    return feature.window if isinstance(feature, Spectrogram) else feature.fft_size
