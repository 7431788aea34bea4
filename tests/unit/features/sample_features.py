"""Small shards of audio, and features to be stored: images, vectors, patches, waveforms."""

import numpy as np
import pandas
import soundfile

from retable.audio.store import write_audio_shard
from retable.features.store import write_feature_shard
from retable.spec.feature import LogMelPatches, LogMelStatistics, Waveform
from retable.spec.spectrogram import Spectrogram

SPECTROGRAM = Spectrogram(
    kind="spectrogram",
    sample_rate=8000,
    window=64,
    hop=32,
    window_function="hamming",
    frames=20,
    time_fit="resize",
    scale="log",
    normalise="clip",
    dtype="float16",
)

STATISTICS = LogMelStatistics(
    kind="logmel_statistics", sample_rate=8000, window=256, hop=128, bands=10
)

PATCHES = LogMelPatches(
    kind="logmel_patches",
    sample_rate=8000,
    window=256,
    hop=128,
    bands=10,
    channels=("mono",),
    frames=4,
    hop_frames=2,
    patches=3,
    dtype="float16",
)

WAVEFORM = Waveform(
    kind="waveform",
    sample_rate=8000,
    rate=4000,
    pick="max",
    seconds=0.15,
    normalise="file",
)
"""600 values a clip; the clips below have 500, 550, 600, 600, ... of their own."""


def write_audio(folder, clip_ids, name="audio", layout="mono"):
    """An audio shard of noise of different lengths: 1000, 1100, 1200, ... samples."""
    generator = np.random.default_rng(0)
    for number, clip_id in enumerate(clip_ids):
        shape = 1000 + 100 * number, 1 if layout == "mono" else 2
        noise = 0.1 * generator.standard_normal(shape)
        soundfile.write(folder / f"{clip_id}.wav", noise, 8000)
    clips = pandas.DataFrame(
        {"clip_id": clip_ids, "path": [f"{clip_id}.wav" for clip_id in clip_ids]}
    )
    data = folder / f"{name}.npy"
    write_audio_shard(clips, folder, 8000, data, data.with_suffix(".json"), layout)
    return data


def write_features(feature, audio, name="features"):
    data = audio.with_name(f"{name}.npy")
    write_feature_shard(feature, audio, data, data.with_suffix(".json"))
    return data
