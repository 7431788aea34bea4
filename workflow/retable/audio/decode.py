"""Decoding of audio files by libsndfile (WAV, FLAC, OGG, MP3, AIFF), told apart by content."""

from pathlib import Path

import numpy as np
import soundfile

from retable.errors import DataError


def read_clip(path: Path) -> tuple[np.ndarray, int]:
    """Decode a whole file.

    Returns:
        Samples, float32 (channels, frames) with full scale at 1, and the sample rate in Hz.

    Raises:
        DataError: the file is missing, is no audio that libsndfile reads, or holds no samples.
    """
    try:
        samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise DataError(
            f"{path}: cannot be decoded ({error}); expected WAV, FLAC, OGG or MP3 audio. "
            "Replace the file, or unpack its archive again."
        ) from error
    if len(samples) == 0:
        raise DataError(
            f"{path}: holds 0 samples; expected audio. Replace the file, or unpack its archive "
            "again."
        )
    return np.ascontiguousarray(samples.T), int(sample_rate)


def mono(samples: np.ndarray) -> np.ndarray:
    """Mean of the channels: (channels, frames) to (frames,)."""
    return samples.mean(axis=0, dtype=np.float32)


def stereo(samples: np.ndarray, path: Path) -> np.ndarray:
    """The two channels (2, frames) as they are.

    Args:
        samples: (channels, frames).
        path: their file, for the message.

    Raises:
        DataError: there is another number of channels.
    """
    if len(samples) != 2:
        count = "1 channel" if len(samples) == 1 else f"{len(samples)} channels"
        raise DataError(
            f"{path}: has {count}, but the feature needs two (left and right). Take a feature "
            "with `channels: [mono]`, or the files as they are published upstream."
        )
    return samples
