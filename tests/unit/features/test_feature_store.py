import json

import numpy as np
import pandas
import pytest
import soundfile

from retable.audio.store import AudioStore, write_audio_shard
from retable.errors import DataError
from retable.features import store
from retable.features.logmel_patches import LogMelPatchesExtractor
from retable.features.logmel_statistics import LogMelStatisticsExtractor
from retable.features.spectrogram import SpectrogramExtractor
from retable.features.store import FeatureStore, Patch, write_feature_shard
from retable.spec.feature import LogMelPatches, LogMelStatistics, Spectrogram

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


def test_rows_come_back_in_the_order_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "CLIPS_PER_BATCH", 2)
    audio = write_audio(tmp_path, ["a", "b", "c", "d", "e"])
    features = FeatureStore([write_features(SPECTROGRAM, audio)])

    assert features.clip_ids == ("a", "b", "c", "d", "e")
    assert features.shape == (33, 20)
    rows = features.rows(["e", "a", "e"])

    assert rows.dtype == features.dtype == np.float16
    clips = AudioStore([audio])
    expected = SpectrogramExtractor(SPECTROGRAM)([clips["e"], clips["a"], clips["e"]])
    # float16 keeps 11 bits; near-equal float32 values may round to neighbours
    np.testing.assert_allclose(rows, expected, rtol=2e-3, atol=2e-3)


def test_the_files_say_what_they_hold(tmp_path):
    data = write_features(SPECTROGRAM, write_audio(tmp_path, ["a", "b"]))
    packed = np.load(data, mmap_mode="r")
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


def test_vectors_are_stored_like_images(tmp_path):
    audio = write_audio(tmp_path, ["a", "b"])
    features = FeatureStore([write_features(STATISTICS, audio)])
    clips = AudioStore([audio])
    expected = LogMelStatisticsExtractor(STATISTICS)([clips["a"], clips["b"]])
    np.testing.assert_array_equal(features.rows(["a", "b"]), expected)


def test_a_store_of_patches_says_how_its_images_are_cut(tmp_path):
    audio = write_audio(tmp_path, ["a", "b"])
    features = FeatureStore([write_features(PATCHES, audio)])
    assert features.shape == (1, 10, 8)
    assert features.channels == ("mono",)
    assert features.patch == Patch(frames=4, hop_frames=2, patches=3)
    clips = AudioStore([audio])
    expected = LogMelPatchesExtractor(PATCHES)([clips["b"]])
    np.testing.assert_array_equal(features.rows(["b"]), expected)


def test_a_store_of_whole_images_has_one_channel_and_no_patches(tmp_path):
    features = FeatureStore([write_features(SPECTROGRAM, write_audio(tmp_path, ["a"]))])
    assert (features.channels, features.patch) == (("mono",), None)


def test_stereo_audio_gives_an_image_a_channel(tmp_path):
    feature = PATCHES.model_copy(update={"channels": ("left", "right", "mid", "side")})
    audio = write_audio(tmp_path, ["a", "b"], layout="stereo")
    features = FeatureStore([write_features(feature, audio)])
    assert features.shape == (4, 10, 8)
    assert features.channels == ("left", "right", "mid", "side")


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


def test_several_shards_act_as_one_and_one_may_be_empty(tmp_path):
    shards = []
    for number, clip_ids in enumerate([["a", "b"], [], ["c"]]):
        audio = write_audio(tmp_path, clip_ids, f"audio{number}")
        shards.append(write_features(STATISTICS, audio, f"features{number}"))
    features = FeatureStore(shards)
    assert features.clip_ids == ("a", "b", "c")
    np.testing.assert_array_equal(features.rows(["c"])[0], np.load(shards[2])[0])


def test_a_missing_clip_is_named(tmp_path):
    features = FeatureStore([write_features(STATISTICS, write_audio(tmp_path, ["a"]))])
    with pytest.raises(DataError, match="clip 'b' is in none of the feature shards"):
        features.rows(["a", "b"])


def test_audio_at_another_rate_is_refused(tmp_path):
    feature = STATISTICS.model_copy(update={"sample_rate": 16000})
    with pytest.raises(DataError, match=r"audio is at 8000 Hz, .* expects 16000 Hz"):
        write_features(feature, write_audio(tmp_path, ["a"]))


def test_shards_of_different_shapes_are_an_error(tmp_path):
    paths = [
        write_features(feature, write_audio(tmp_path, [clip_id], f"audio-{clip_id}"), clip_id)
        for feature, clip_id in [(SPECTROGRAM, "a"), (STATISTICS, "b")]
    ]
    with pytest.raises(DataError, match=r"shapes \[\(20,\), \(33, 20\)\]"):
        FeatureStore(paths)


def test_shards_of_different_features_or_dtypes_are_an_error(tmp_path):
    paths = [
        write_features(SPECTROGRAM, write_audio(tmp_path, [clip_id], f"audio-{clip_id}"), clip_id)
        for clip_id in ("a", "b")
    ]
    index = json.loads(paths[0].with_suffix(".json").read_text())
    index["feature"]["window_function"] = "hann"
    paths[0].with_suffix(".json").write_text(json.dumps(index))
    with pytest.raises(DataError, match=r"feature shards have the facts .*hamming.*hann"):
        FeatureStore(paths)
    np.save(paths[1], np.load(paths[1]).astype(np.float32))
    with pytest.raises(DataError, match=r"feature shards have the dtypes .*float16.*float32"):
        FeatureStore(paths)


def test_a_shard_that_does_not_fit_its_index_is_named(tmp_path):
    data = write_features(STATISTICS, write_audio(tmp_path, ["a", "b"]))
    np.save(data, np.load(data)[:1])
    with pytest.raises(DataError, match=r"features\.npy: has the shape \(1, 20\)"):
        FeatureStore([data])
