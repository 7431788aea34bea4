"""Example clips as spectrograms, and how loud the classes are by frequency (gresnets, Figs. 1, 7).

Conventions: magnitudes are those of the experiment's short-time Fourier transform, before any
resizing or normalisation. Levels are in dBFS, 20 log10 of the magnitude relative to that of a sine
of amplitude 1 at a bin's own frequency: a sine of amplitude a reads 20 log10(a) at its bin, and
noise reads lower the longer the window is.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from retable.audio.store import AudioStore
from retable.errors import DataError
from retable.features.examples_file import Examples, Levels, write_example_file
from retable.features.spectrogram import analysis_window, magnitude_spectrogram
from retable.spec.feature import Spectrogram
from retable.spec.figure import ExampleClips
from retable.tsv import read_tsv

LOWEST_LEVEL = -140.0
"""dBFS. Digital silence is given this level, below the quantisation noise of 16-bit audio (about
-121 dBFS at a 512-sample window)."""


def write_examples(
    dataset: Path, audio: Iterable[Path], clips: ExampleClips, feature: Spectrogram, output: Path
) -> None:
    """Write the example spectrograms of a dataset, and its levels where they are asked for.

    Args:
        dataset: table of the dataset's clips.
        audio: `.npy` of every audio shard of the dataset, at the feature's rate.
        clips: which clips to show.
        feature: transform to show them by.
        output: the `.npz` to write.

    Raises:
        DataError: the dataset lacks a column, or a class lacks a clip.
    """
    table = read_tsv(dataset, ("clip_id",))
    store = AudioStore(audio)
    try:
        examples = class_examples(table, store, clips, feature)
    except DataError as error:
        raise DataError(f"{dataset}: {error}") from error
    write_example_file(examples, output)


def class_examples(
    table: pd.DataFrame, audio: AudioStore, clips: ExampleClips, feature: Spectrogram
) -> Examples:
    """Spectrograms of a clip of each class, and the levels of all clips where they are asked for.

    Args:
        table: one row a clip: clip_id, speaker, and the columns that `clips` names; all text.
        audio: the clips, at the feature's rate.
        clips: which clips to show.
        feature: transform to show them by.

    Raises:
        DataError: the audio is at another rate, a column is missing, or a class lacks a clip.
    """
    if audio.sample_rate != feature.sample_rate:
        raise DataError(
            f"its audio is at {audio.sample_rate} Hz, but the spectrograms are to be at "
            f"{feature.sample_rate} Hz; give them audio resampled to that rate"
        )
    shown = example_clip_ids(table, clips)
    return Examples(
        classes=clips.classes,
        clip_ids=tuple(shown),
        spectrograms=tuple(
            in_dbfs(power_spectrogram(audio[clip_id], feature)).astype(np.float16)
            for clip_id in shown
        ),
        frequencies=np.arange(feature.window // 2 + 1) * feature.sample_rate / feature.window,
        sample_rate=feature.sample_rate,
        hop=feature.hop,
        levels=speaker_levels(table, audio, clips, feature) if clips.levels else None,
    )


def example_clip_ids(table: pd.DataFrame, clips: ExampleClips) -> list[str]:
    """Of each class the first clip by clip_id among those that `clips.where` leaves.

    Raises:
        DataError: a column is missing, or a class has no such clip.
    """
    absent = sorted({"speaker", clips.by, *clips.where} - set(table.columns))
    if absent:
        raise DataError(
            f"column {', '.join(absent)} is missing; `by` and `where` of the figure choose from "
            + ", ".join(table.columns)
        )
    left = table
    for column, value in clips.where.items():
        left = left[left[column] == value]
    first = left.sort_values("clip_id").groupby(clips.by)["clip_id"].first()
    for name in clips.classes:
        if name not in first.index:
            among = ", ".join(f"{column} {value}" for column, value in clips.where.items())
            raise DataError(
                f"no clip has {name!r} in column {clips.by}{among and f' with {among}'}; "
                f"there are {', '.join(first.index) or 'no clips at all'}. "
                "Correct `classes` or `where` of the figure in paper.yaml."
            )
    return [str(first[name]) for name in clips.classes]


def speaker_levels(
    table: pd.DataFrame, audio: AudioStore, clips: ExampleClips, feature: Spectrogram
) -> Levels:
    """Level of each class by speaker, over all clips of the table, whatever `clips.where` says.

    A clip's level is its mean power over time. A speaker's is the mean in dB over clips, so that
    the one that was recorded loudest does not stand for all.
    """
    chosen = table[table[clips.by].isin(clips.classes)].sort_values("clip_id")
    speakers = sorted(set(chosen["speaker"]))
    values = np.full(
        (len(clips.classes), len(speakers), feature.window // 2 + 1), np.nan, dtype=np.float32
    )
    for (name, speaker), clip_ids in chosen.groupby([clips.by, "speaker"])["clip_id"]:
        by_clip = [
            in_dbfs(power_spectrogram(audio[clip_id], feature).mean(axis=1)) for clip_id in clip_ids
        ]
        place = clips.classes.index(str(name)), speakers.index(str(speaker))
        values[place] = np.mean(by_clip, axis=0)
    return Levels(tuple(speakers), values)


def power_spectrogram(waveform: np.ndarray, feature: Spectrogram) -> np.ndarray:
    """Power of a clip (samples,) relative to a full-scale sine: float64 (bins, frames)."""
    magnitude = magnitude_spectrogram(torch.from_numpy(waveform), feature).double()
    full_scale = analysis_window(feature).double().sum() / 2
    return (magnitude / full_scale).square().numpy()


def in_dbfs(power: np.ndarray) -> np.ndarray:
    """Powers relative to a full-scale sine in dB, LOWEST_LEVEL at least; any shape."""
    return 10 * np.log10(np.maximum(power, 10 ** (LOWEST_LEVEL / 10)))
