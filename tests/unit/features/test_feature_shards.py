import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sample_features import (
    PATCHES,
    SPECTROGRAM,
    STATISTICS,
    WAVEFORM,
    write_audio,
    write_features,
)

from repository import WORKFLOW
from retable.audio.packed import PackedWriter
from retable.errors import DataError
from retable.features import store
from retable.features.logmel_statistics import LogMelStatisticsExtractor


def test_the_files_say_what_they_hold(tmp_path):
    data = write_features(SPECTROGRAM, write_audio(tmp_path, ["a", "b"]))
    packed = np.load(data)
    assert packed.dtype == np.float16
    assert packed.shape == (2, 33, 20)
    assert json.loads(data.with_suffix(".json").read_text()) == {
        "clip_ids": ["a", "b"],
        "shape": [33, 20],
        "dtype": "float16",
        "feature": {
            "kind": "spectrogram",
            "height": 33,
            "width": 20,
            "window": 64,
            "overlap_percent": 50,
            "window_function": "hamming",
            "sample_rate": 8000,
        },
    }


@pytest.mark.parametrize("feature", [SPECTROGRAM, STATISTICS, PATCHES, WAVEFORM])
@pytest.mark.parametrize("clip_ids", [[], ["a", "b", "c", "d", "e"]])
def test_the_file_is_that_of_numpy_and_of_any_size_of_batches(
    tmp_path, monkeypatch, feature, clip_ids
):
    audio = write_audio(tmp_path, clip_ids)
    data = write_features(feature, audio)
    np.save(tmp_path / "saved.npy", np.load(data))
    assert data.read_bytes() == (tmp_path / "saved.npy").read_bytes()

    for batch_bytes in (1, 10_000):
        monkeypatch.setattr(store, "BATCH_BYTES", batch_bytes)
        other = write_features(feature, audio, "other")
        assert other.read_bytes() == data.read_bytes()
        assert other.with_suffix(".json").read_bytes() == data.with_suffix(".json").read_bytes()


def test_as_many_clips_are_computed_at_a_time_as_their_bytes_allow(tmp_path, monkeypatch):
    """Of 4000, 4400, 4800, ... bytes of audio and 20 values of 4 bytes, 12,000 bytes hold two."""
    sizes = []
    compute = LogMelStatisticsExtractor.__call__

    def counted(self, waveforms):
        sizes.append(len(waveforms))
        return compute(self, waveforms)

    audio = write_audio(tmp_path, ["a", "b", "c", "d", "e"])
    monkeypatch.setattr(LogMelStatisticsExtractor, "__call__", counted)
    monkeypatch.setattr(store, "BATCH_BYTES", 12_000)
    write_features(STATISTICS, audio)
    of_silence = 2  # one for the shape, one for the facts
    assert sorted(sizes) == [1] * (of_silence + 1) + [2, 2]


MEASURE = """
import sys
from pathlib import Path
from retable.features.store import write_feature_shard
from retable.features.waveform import WaveformExtractor
from retable.spec.feature import Waveform

def most_memory():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

feature = Waveform.model_validate_json(sys.argv[1])
audio = Path(sys.argv[2])
before = most_memory()
write_feature_shard(feature, audio, audio.with_name("f.npy"), audio.with_name("f.json"))
print(most_memory() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read as on Linux")
def test_a_shard_takes_the_memory_of_a_batch_however_large_it_is(tmp_path):
    """Pages of a mapped file would count, too."""
    audio, clips, frames = tmp_path / "audio.npy", 100, 10**6
    with PackedWriter(audio, np.dtype(np.float32), ()) as packed:
        for _ in range(clips):
            packed.append(np.zeros(frames))
    index = {
        "sample_rate": 8000,
        "layout": "mono",
        "clip_ids": [f"clip{number}" for number in range(clips)],
        "frames": [frames] * clips,
    }
    audio.with_suffix(".json").write_text(json.dumps(index))
    feature = WAVEFORM.model_copy(update={"seconds": 30})

    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, feature.model_dump_json(), audio],
        cwd=WORKFLOW,
        capture_output=True,
        text=True,
        check=True,
    )

    assert audio.stat().st_size > 400e6
    assert np.load(tmp_path / "f.npy", mmap_mode="r").shape == (clips, 120_000)
    assert int(measured.stdout) < 100e6


def test_a_clip_without_a_whole_interval_is_named_with_its_shard(tmp_path):
    slow = WAVEFORM.model_copy(update={"rate": 1, "seconds": 1})
    with pytest.raises(DataError, match=r"audio\.npy: an interval .* clip 'a' has 1000, 'b' has"):
        write_features(slow, write_audio(tmp_path, ["a", "b"]))


@pytest.mark.parametrize(
    ("channels", "layout", "fault"),
    [
        (("left", "right"), "mono", "audio is mono, .* expects stereo"),
        (("mono",), "stereo", "audio is stereo, .* expects mono"),
    ],
)
def test_audio_in_another_layout_is_refused(tmp_path, channels, layout, fault):
    feature = PATCHES.model_copy(update={"channels": channels})
    with pytest.raises(DataError, match=rf"audio\.npy: {fault}"):
        write_features(feature, write_audio(tmp_path, ["a"], layout=layout))


def test_clips_shorter_than_their_patches_are_named_with_their_shard(tmp_path):
    feature = PATCHES.model_copy(update={"patches": 4})
    # 1000 and 1100 samples make 8 and 9 frames; 4 patches need 10.
    with pytest.raises(DataError, match=r"audio\.npy: 4 patches .* clip 'a' has 8 .*; 'b' has 9 "):
        write_features(feature, write_audio(tmp_path, ["a", "b", "c"]))


def test_a_feature_that_is_not_finite_is_named(tmp_path):
    audio = write_audio(tmp_path, ["a", "b"])
    samples = np.load(audio)
    samples[1500] = np.nan
    np.save(audio, samples)
    with pytest.raises(DataError, match=r"audio\.npy: the feature of clip 'b' is not finite"):
        write_features(PATCHES, audio)


def test_equal_audio_gives_equal_bytes(tmp_path):
    audio = write_audio(tmp_path, ["a", "b"])
    first, second = (write_features(SPECTROGRAM, audio, name) for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    assert first.with_suffix(".json").read_bytes() == second.with_suffix(".json").read_bytes()


def test_audio_at_another_rate_is_refused(tmp_path):
    feature = STATISTICS.model_copy(update={"sample_rate": 16000})
    with pytest.raises(DataError, match=r"audio is at 8000 Hz, .* expects 16000 Hz"):
        write_features(feature, write_audio(tmp_path, ["a"]))
