"""Specs of mixup_mtl's feature, noise to compute it of, and its mel powers by librosa."""

import librosa
import numpy as np

from retable.features.logmel_patches import channel_images, mel_filters, stored_frames
from retable.spec.feature import LogMelPatches

PAPER = LogMelPatches(
    kind="logmel_patches",
    sample_rate=44100,
    window=2048,
    hop=1024,
    bands=128,
    channels=("left", "right", "mid", "side"),
    frames=128,
    hop_frames=32,
    patches=10,
)
"""mixup_mtl, section II.A."""

SCENE_SAMPLES = 441_000
"""10 s: a clip of TUT Acoustic Scenes 2017."""

EVENT_SAMPLES = 220_500
"""5 s: a clip of ESC-50."""

EVENT = PAPER.model_copy(update={"channels": ("mono",), "patches": 3})


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    values = 0.1 * np.random.default_rng(seed).standard_normal(shape)
    return values.astype(np.float32)


def librosa_power(waveform: np.ndarray, spec: LogMelPatches = PAPER) -> np.ndarray:
    """Mel power by librosa, whose defaults are the Slaney scale and norm."""
    return librosa.feature.melspectrogram(
        y=waveform,
        sr=spec.sample_rate,
        n_fft=spec.window,
        hop_length=spec.hop,
        n_mels=spec.bands,
        window="hann",
        center=True,
        pad_mode="constant",
        power=2.0,
    )[..., : stored_frames(spec)]


def image_of(channel: str, waveform: np.ndarray, **fields) -> np.ndarray:
    spec = PAPER.model_copy(update={"channels": (channel,), **fields})
    return channel_images(waveform, spec, mel_filters(spec))[0]
