"""Example clips as spectrograms and waveforms, and how loud the classes are by frequency (gresnets,
Figs. 1, 7; vggvox_mtl, Fig. 3).

Conventions: magnitudes are those of the experiment's short-time Fourier transform, one-sided, of
the clip as it is: before any pre-emphasis, padding, resizing or normalisation. A window that is
shorter than the transform is continued by zeros on both sides, so that frame i is always centred on
sample i * hop. Levels are in dBFS, 20 log10 of the magnitude relative to that of a sine of
amplitude 1 at a bin's own frequency: a sine of amplitude a reads 20 log10(a) at its bin, and noise
reads lower the longer the window is.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from retable.audio.store import AudioStore
from retable.corpora.filters import matching_rows, values_present
from retable.errors import DataError
from retable.features.examples_file import Examples, Levels, write_example_file
from retable.features.shown import ShownFeature, fft_size
from retable.features.spectrogram import analysis_window
from retable.spec.figure import ExampleClips
from retable.spec.spectrogram import Spectrogram
from retable.tsv import read_tsv

LOWEST_LEVEL = -140.0
"""dBFS. Digital silence is given this level, below the quantisation noise of 16-bit audio (about
-121 dBFS at a 512-sample window)."""


def write_examples(
    dataset: Path, audio: Iterable[Path], clips: ExampleClips, feature: ShownFeature, output: Path
) -> None:
    """Write the example spectrograms of a dataset, and waveforms and levels where asked for.

    Args:
        dataset: table of the dataset's clips.
        audio: `.npy` of every audio shard of the dataset, at the feature's rate.
        clips: which clips to show.
        feature: transform to show them by.
        output: the `.npz` to write.

    Raises:
        DataError: the dataset lacks a column, or a class lacks a clip.
    """
    table = read_tsv(dataset, ("clip_id", "speaker"))
    store = AudioStore(audio)
    try:
        examples = class_examples(table, store, clips, feature)
    except DataError as error:
        raise DataError(f"{dataset}: {error}") from error
    write_example_file(examples, output)


def class_examples(
    table: pd.DataFrame, audio: AudioStore, clips: ExampleClips, feature: ShownFeature
) -> Examples:
    """Spectrograms of a clip of each class, with their samples and levels where asked for.

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
    points = fft_size(feature)
    shown = example_clip_ids(table, clips)
    waveforms = tuple(audio[clip_id].astype(np.float16) for clip_id in shown)
    return Examples(
        classes=clips.classes,
        clip_ids=tuple(shown),
        spectrograms=tuple(
            in_dbfs(power_spectrogram(audio[clip_id], feature)).astype(np.float16)
            for clip_id in shown
        ),
        frequencies=np.arange(points // 2 + 1) * feature.sample_rate / points,
        sample_rate=feature.sample_rate,
        hop=feature.hop,
        waveforms=waveforms if clips.waveforms else None,
        levels=speaker_levels(table, audio, clips, feature) if clips.levels else None,
    )


def example_clip_ids(table: pd.DataFrame, clips: ExampleClips) -> list[str]:
    """Of each class the first clip by clip_id among those that its filters leave.

    These are `clips.where`, and what `clips.each` lays over it for the class.

    Raises:
        DataError: a column is missing, or a class has no such clip.
    """
    return [
        _first_clip(table, clips.by, name, clips.where | clips.each.get(name, {}))
        for name in clips.classes
    ]


def _first_clip(table: pd.DataFrame, by: str, name: str, chosen: Mapping[str, str]) -> str:
    place = "`by`, `where` or `each` of the figure"
    left = table[matching_rows(table, [{key: [value] for key, value in chosen.items()}], place)]
    clip_ids = left.loc[matching_rows(left, [{by: [name]}], place), "clip_id"]
    if clip_ids.empty:
        among = ", ".join(f"{column} {value}" for column, value in chosen.items())
        raise DataError(
            f"no clip has {name!r} in column {by}{among and f' with {among}'}; "
            f"values present: {values_present(left[by])}. "
            "Correct `classes`, `where` or `each` of the figure in paper.yaml."
        )
    return str(min(clip_ids))


def speaker_levels(
    table: pd.DataFrame, audio: AudioStore, clips: ExampleClips, feature: ShownFeature
) -> Levels:
    """Level of each class by speaker, over all clips of the table, whatever `clips.where` says.

    A clip's level is its mean power over time. A speaker's is the mean in dB over clips, so that
    the one that was recorded loudest does not stand for all.
    """
    chosen = table[table[clips.by].isin(clips.classes)].sort_values("clip_id")
    speakers = sorted(set(chosen["speaker"]))
    values = np.full(
        (len(clips.classes), len(speakers), fft_size(feature) // 2 + 1), np.nan, dtype=np.float32
    )
    for (name, speaker), clip_ids in chosen.groupby([clips.by, "speaker"])["clip_id"]:
        by_clip = [
            in_dbfs(power_spectrogram(audio[clip_id], feature).mean(axis=1)) for clip_id in clip_ids
        ]
        place = clips.classes.index(str(name)), speakers.index(str(speaker))
        values[place] = np.mean(by_clip, axis=0)
    return Levels(tuple(speakers), values)


def power_spectrogram(waveform: np.ndarray, feature: ShownFeature) -> np.ndarray:
    """Power of a clip (samples,) relative to a full-scale sine: float64 (bins, frames).

    There are `fft_size // 2 + 1` bins and `1 + samples // hop` frames.
    """
    window = shown_window(feature)
    magnitude = torch.stft(
        torch.from_numpy(waveform),
        n_fft=fft_size(feature),
        hop_length=feature.hop,
        win_length=feature.window,
        window=window,
        center=True,
        pad_mode="constant",
        return_complex=True,
    ).abs()
    full_scale = window.double().sum() / 2
    return (magnitude.double() / full_scale).square().numpy()


def shown_window(feature: ShownFeature) -> torch.Tensor:
    """Window (samples,): the feature's own; for a normalised spectrogram VGGVox's, a symmetric
    Hamming window.
    """
    if isinstance(feature, Spectrogram):
        return analysis_window(feature)
    return torch.hamming_window(feature.window, periodic=False)


def in_dbfs(power: np.ndarray) -> np.ndarray:
    """Powers relative to a full-scale sine in dB, LOWEST_LEVEL at least; any shape."""
    return 10 * np.log10(np.maximum(power, 10 ** (LOWEST_LEVEL / 10)))
