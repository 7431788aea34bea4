"""The file with example spectrograms: what a figure that shows audio is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retable.features.arrays import read_arrays


@dataclass(frozen=True)
class Levels:
    """Long-term average level of the clips of each class, speaker by speaker."""

    speakers: tuple[str, ...]
    values: np.ndarray
    """float32 (classes, speakers, bins), dBFS; NaN where a speaker has no clip of a class."""


@dataclass(frozen=True)
class Examples:
    """A clip of each class as a spectrogram; `retable.features.examples` says what dBFS is."""

    classes: tuple[str, ...]
    clip_ids: tuple[str, ...]
    """The clip that stands for each class."""
    spectrograms: tuple[np.ndarray, ...]
    """float16 (bins, frames) of each clip, dBFS; frame i is centred on sample i * hop."""
    frequencies: np.ndarray
    """float64 (bins,), Hz."""
    sample_rate: int
    """Hz."""
    hop: int
    """Samples."""
    waveforms: tuple[np.ndarray, ...] | None = None
    """float16 (samples,) of each clip: enough for a drawing."""
    levels: Levels | None = None


def write_example_file(examples: Examples, path: Path) -> None:
    """Write a compressed `.npz`: equal examples give equal bytes, for NumPy dates none of them.

    The spectrograms are packed along time, `frames` being the length of each; so are waveforms,
    with `samples`.
    """
    arrays = {
        "classes": np.array(examples.classes),
        "clip_ids": np.array(examples.clip_ids),
        "frames": np.array([image.shape[1] for image in examples.spectrograms]),
        "spectrograms": np.concatenate(examples.spectrograms, axis=1),
        "frequencies": examples.frequencies,
        "sample_rate": np.array(examples.sample_rate),
        "hop": np.array(examples.hop),
    }
    if examples.waveforms is not None:
        arrays["samples"] = np.array([len(waveform) for waveform in examples.waveforms])
        arrays["waveforms"] = np.concatenate(examples.waveforms)
    if examples.levels is not None:
        arrays["speakers"] = np.array(examples.levels.speakers)
        arrays["levels"] = examples.levels.values
    np.savez_compressed(path, allow_pickle=False, **arrays)


def read_example_file(path: Path) -> Examples:
    """Read what `write_example_file` wrote.

    Raises:
        DataError: the file is missing or is no such file.
    """
    return read_arrays(path, "example spectrograms", _examples)


def _examples(arrays: Mapping[str, np.ndarray]) -> Examples:
    waveforms, levels = None, None
    if "waveforms" in arrays:
        waveforms = _unpacked(arrays["waveforms"], arrays["samples"])
    if "levels" in arrays:
        levels = Levels(tuple(arrays["speakers"].tolist()), arrays["levels"])
    return Examples(
        classes=tuple(arrays["classes"].tolist()),
        clip_ids=tuple(arrays["clip_ids"].tolist()),
        spectrograms=_unpacked(arrays["spectrograms"], arrays["frames"]),
        frequencies=arrays["frequencies"],
        sample_rate=int(arrays["sample_rate"]),
        hop=int(arrays["hop"]),
        waveforms=waveforms,
        levels=levels,
    )


def _unpacked(packed: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, ...]:
    """What was joined along the last axis."""
    return tuple(np.split(packed, np.cumsum(lengths)[:-1], axis=-1))
