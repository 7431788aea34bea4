import json

import numpy as np
import pytest
from normalised_images import PAPER
from sample_features import (
    PATCHES,
    SPECTROGRAM,
    STATISTICS,
    WAVEFORM,
    write_audio,
    write_features,
)

from retable.audio.store import AudioStore
from retable.errors import DataError
from retable.features.logmel_patches import LogMelPatchesExtractor
from retable.features.logmel_statistics import LogMelStatisticsExtractor
from retable.features.normalised_spectrogram import NormalisedSpectrogramExtractor
from retable.features.spectrogram import SpectrogramExtractor
from retable.features.store import FeatureStore, Patch
from retable.features.waveform import WaveformExtractor


def test_rows_come_back_in_the_order_asked_for(tmp_path):
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


def test_a_store_of_longer_images_says_how_much_a_network_sees(tmp_path):
    """1000, 1100 and 1200 samples have 30, 33 and 36 frames, of which 32 to 35 are stored."""
    sizes = {"fft_size": 64, "height": 64, "frames": 32, "longest_frames": 35}
    feature = PAPER.model_copy(update={"sample_rate": 8000, "window": 64, "hop": 32} | sizes)
    audio = write_audio(tmp_path, ["a", "b", "c"])
    features = FeatureStore([write_features(feature, audio)])
    assert (features.shape, features.crop) == ((64, 35), 32)
    assert features.lengths(["a", "b", "c"]).tolist() == [32, 33, 35]
    expected = NormalisedSpectrogramExtractor(feature)([AudioStore([audio])["b"]])
    np.testing.assert_array_equal(features.rows(["b"]), expected)


def test_a_store_of_what_a_network_sees_whole_has_no_crop(tmp_path):
    assert FeatureStore([write_features(WAVEFORM, write_audio(tmp_path, ["a"]))]).crop is None


def test_stereo_audio_gives_an_image_a_channel(tmp_path):
    feature = PATCHES.model_copy(update={"channels": ("left", "right", "mid", "side")})
    audio = write_audio(tmp_path, ["a", "b"], layout="stereo")
    features = FeatureStore([write_features(feature, audio)])
    assert features.shape == (4, 10, 8)
    assert features.channels == ("left", "right", "mid", "side")


def test_clips_of_their_own_lengths_are_followed_by_zeros(tmp_path):
    shards = [
        write_features(WAVEFORM, write_audio(tmp_path, clip_ids, f"audio{n}"), f"features{n}")
        for n, clip_ids in enumerate([["a", "b", "c", "d"], [], ["e"]])
    ]
    assert json.loads(shards[0].with_suffix(".json").read_text())["lengths"] == [500, 550, 600, 600]

    features = FeatureStore(shards)

    assert features.shape == (600,)
    lengths = features.lengths(["b", "e", "d", "b"])
    assert (lengths.tolist(), lengths.dtype) == ([550, 500, 600, 550], np.int64)
    assert features.lengths([]).shape == (0,)
    clip = AudioStore([tmp_path / "audio0.npy"])["b"]
    (row,) = features.rows(["b"])
    np.testing.assert_array_equal(row, WaveformExtractor(WAVEFORM)([clip])[0])
    assert (row[550:] == 0).all() and (row[:550] != 0).any()
    with pytest.raises(DataError, match="clip 'z' is in none of the feature shards"):
        features.lengths(["a", "z"])


def test_clips_of_one_length_have_no_lengths(tmp_path):
    data = write_features(STATISTICS, write_audio(tmp_path, ["a", "b"]))
    assert "lengths" not in json.loads(data.with_suffix(".json").read_text())
    assert FeatureStore([data]).lengths(["a", "b"]) is None


@pytest.mark.parametrize("lengths", [[500], [500, 0], [500, 601], [500, 550, 600]])
def test_lengths_that_do_not_fit_their_clips_are_named(tmp_path, lengths):
    data = write_features(WAVEFORM, write_audio(tmp_path, ["a", "b"]))
    index = data.with_suffix(".json")
    index.write_text(json.dumps(json.loads(index.read_text()) | {"lengths": lengths}))
    with pytest.raises(DataError, match=r"features\.json: its `lengths` .* 1 to 600 for each of 2"):
        FeatureStore([data])


def test_shards_with_and_without_lengths_do_not_mix(tmp_path):
    paths = [
        write_features(WAVEFORM, write_audio(tmp_path, [clip_id], f"audio-{clip_id}"), clip_id)
        for clip_id in ("a", "b")
    ]
    index = json.loads(paths[0].with_suffix(".json").read_text())
    del index["lengths"]
    paths[0].with_suffix(".json").write_text(json.dumps(index))
    with pytest.raises(
        DataError, match=r"feature shards have the clips \['whole', 'with their len"
    ):
        FeatureStore(paths)


def test_any_order_of_clips_of_several_shards(tmp_path):
    """Neighbouring rows are read in one go: forwards, across shards, backwards, twice."""
    shards = [
        write_features(STATISTICS, write_audio(tmp_path, list(names), f"audio{names}"), names)
        for names in ("abcd", "efg")
    ]
    whole = np.concatenate([np.load(shard) for shard in shards])
    features = FeatureStore(shards)
    for asked in ("abcdefg", "bc", "cdef", "gfedcba", "aabbc", "aceg", "dae", "g", ""):
        rows = features.rows(list(asked))
        np.testing.assert_array_equal(rows, whole[["abcdefg".index(name) for name in asked]])
        assert rows.flags.writeable


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
