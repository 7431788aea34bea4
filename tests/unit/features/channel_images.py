"""Specs of densenet_ser's feature, clips to compute it of, and independent ways to compute it."""

import librosa
import numpy as np
import PIL.Image

from plans import plan_of
from retable.features.spectrogram_channels import SpectrogramChannelsExtractor
from retable.spec.spectrogram import ImageChannel, SpectrogramChannels, Whitening


def channels(of: tuple[str, ...], windows: tuple[int, ...]) -> tuple[ImageChannel, ...]:
    """Hops are a quarter of the windows."""
    return tuple(
        ImageChannel(of=shown, window=window, hop=window // 4)
        for shown, window in zip(of, windows, strict=True)
    )


EACH = Whitening(scope="channel", order="after_resize", epsilon=1e-5)
TOGETHER = Whitening(scope="clip", order="after_resize", epsilon=1e-5)
EARLY = Whitening(scope="channel", order="before_resize", epsilon=1e-5)

PLAN = plan_of(scale="paper", papers=["densenet_ser"])


def in_single_precision(feature: str) -> SpectrogramChannels:
    """A feature of densenet_ser's paper.yaml that is computed to more digits than are stored."""
    return PLAN.feature(feature).model_copy(update={"dtype": "float32"})


PAPER = in_single_precision("spectrograms")
"""densenet_ser, section III, with hops and windows in the order that is possible."""

CEPSTRAL = in_single_precision("spectrogram_mfcc").model_copy(update={"whiten": PAPER.whiten})
"""(S1, MFCC, delta-MFCC), whitened as well."""

SMALL = SpectrogramChannels.model_validate(
    PAPER.model_dump()
    | {
        "sample_rate": 8000,
        "bank_rate": 8000,
        "samples": 6000,
        "channels": channels(("spectrogram",) * 3, (128, 256, 512)),
        "fft_size": 512,
        "bins": 24,
        "coefficients": 13,
        "rows": 24,
        "frames": 40,
    }
)
SMALL_CEPSTRAL = SMALL.model_copy(
    update={"channels": channels(("spectrogram", "mfcc", "delta_mfcc"), (256, 256, 256))}
)


def bare(spec: SpectrogramChannels) -> SpectrogramChannels:
    return spec.model_copy(update={"whiten": None})


def speech_like(samples: int, seed: int = 0) -> np.ndarray:
    """A falling tone whose loudness comes and goes, over quiet noise."""
    time = np.linspace(0, 2, samples)
    turns = np.cumsum(np.linspace(0.3, 0.02, samples)) * np.pi
    noise = np.random.default_rng(seed).standard_normal(samples)
    return (0.3 * np.sin(turns) * np.sin(4 * np.pi * time) ** 2 + 0.01 * noise).astype(np.float32)


def tone(cycles: float, samples: int) -> np.ndarray:
    """So many cycles in the whole clip."""
    return (0.5 * np.sin(2 * np.pi * cycles * np.arange(samples) / samples)).astype(np.float32)


def image_of(waveform: np.ndarray, spec: SpectrogramChannels) -> np.ndarray:
    return SpectrogramChannelsExtractor(spec)([waveform])[0]


def librosa_mel(waveform: np.ndarray, channel: ImageChannel, spec: SpectrogramChannels):
    """Mel powers (bins, 1 + samples // hop) of a clip that is as long as all are made."""
    assert len(waveform) == spec.samples
    return librosa.feature.melspectrogram(
        y=(waveform - waveform.mean()) / waveform.std(),
        sr=spec.bank_rate,
        n_fft=spec.fft_size,
        win_length=channel.window,
        hop_length=channel.hop,
        n_mels=spec.bins,
        power=2.0,
        pad_mode="reflect",
        htk=True,
        norm=None,
    )


def pillow_resize(image: np.ndarray, spec: SpectrogramChannels) -> np.ndarray:
    picture = PIL.Image.fromarray(image.astype(np.float32), mode="F")
    return np.asarray(picture.resize((spec.frames, spec.rows), PIL.Image.Resampling.BILINEAR))


def whitened_by_singular_values(image: np.ndarray, epsilon: float) -> np.ndarray:
    """Without a covariance: centred rows are U S V', their eigenvalues S^2 / (columns - 1)."""
    centred = image.astype(np.float64) - image.mean(axis=1, keepdims=True, dtype=np.float64)
    left, values, right = np.linalg.svd(centred, full_matrices=False)
    eigenvalues = values**2 / (image.shape[1] - 1)
    mean = eigenvalues.sum() / len(image)
    return (left * (values / np.sqrt(eigenvalues + epsilon * mean))) @ right
