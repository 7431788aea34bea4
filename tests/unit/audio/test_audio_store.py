import json
import tracemalloc

import numpy as np
import pandas
import pytest
import soundfile

from retable.audio.resample import resample
from retable.audio.store import AudioStore, shard_bounds, write_audio_shard
from retable.errors import DataError


def write_clips(root, lengths, sample_rate=8000, channels=1):
    """Write 16-bit clips of noise; their table, and their samples as floats (frames, channels)."""
    generator = np.random.default_rng(0)
    samples = {}
    for number, length in enumerate(lengths):
        values = generator.integers(-9000, 9000, (length, channels), dtype=np.int16)
        soundfile.write(root / f"{number}.wav", values, sample_rate)
        samples[f"clip{number}"] = values / 2**15
    table = pandas.DataFrame(
        {"clip_id": list(samples), "path": [f"{number}.wav" for number in range(len(lengths))]}
    )
    return table, samples


def write_shard(folder, clips, root, sample_rate=8000, layout="mono", name="shard000"):
    data = folder / f"{name}.npy"
    write_audio_shard(clips, root, sample_rate, data, data.with_suffix(".json"), layout)
    return data


def test_clips_come_back_one_by_one(tmp_path):
    clips, samples = write_clips(tmp_path, [100, 37, 512])
    store = AudioStore([write_shard(tmp_path, clips, tmp_path)])

    assert store.sample_rate == 8000
    assert store.clip_ids == ("clip0", "clip1", "clip2")
    for clip_id in reversed(store.clip_ids):
        np.testing.assert_array_equal(store[clip_id], samples[clip_id][:, 0])
        assert store[clip_id].dtype == np.float32
    assert store.lengths == {"clip0": 100, "clip1": 37, "clip2": 512}


@pytest.mark.parametrize(("channels", "layout"), [(1, "mono"), (2, "stereo")])
def test_a_clip_is_an_ordinary_array(tmp_path, channels, layout):
    clips, samples = write_clips(tmp_path, [100], channels=channels)
    data = write_shard(tmp_path, clips, tmp_path, layout=layout)
    store = AudioStore([data])
    clip = store["clip0"]
    assert type(clip) is np.ndarray
    assert clip.flags.writeable and clip.flags.c_contiguous
    assert clip.nbytes == 100 * store.bytes_per_frame
    clip[:] = 0
    np.testing.assert_array_equal(np.atleast_2d(store["clip0"]), samples["clip0"].T)


def test_the_shard_is_one_plain_array_with_a_json_beside_it(tmp_path):
    clips, samples = write_clips(tmp_path, [100, 37])
    data = write_shard(tmp_path, clips, tmp_path)

    packed = np.load(data)
    np.testing.assert_array_equal(packed, np.concatenate([*samples.values()])[:, 0])
    assert json.loads(data.with_suffix(".json").read_text()) == {
        "sample_rate": 8000,
        "layout": "mono",
        "clip_ids": ["clip0", "clip1"],
        "frames": [100, 37],
    }


def test_clips_are_mixed_to_mono_and_resampled(tmp_path):
    clips, _ = write_clips(tmp_path, [9600], sample_rate=48000, channels=2)
    store = AudioStore([write_shard(tmp_path, clips, tmp_path, sample_rate=16000)])
    assert store["clip0"].shape == (3200,)


def test_each_clip_is_resampled_from_the_rate_that_it_has(tmp_path):
    """TESS has one clip at 96,000 Hz; the others have 24,414 Hz."""
    rates = {"OAF_food_fear": 96000, "OAF_bat_fear": 24414}
    sines = {}
    for name, rate in rates.items():
        sines[name] = np.sin(2 * np.pi * 440 * np.arange(rate) / rate) / 2
        soundfile.write(tmp_path / f"{name}.wav", sines[name], rate, subtype="FLOAT")
    table = pandas.DataFrame({"clip_id": ["x1", "x2"], "path": [f"{name}.wav" for name in rates]})
    store = AudioStore([write_shard(tmp_path, table, tmp_path, sample_rate=16000)])

    # A second of 440 Hz is one whatever rate it was recorded at; the resampler's ends differ.
    expected = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000) / 2
    assert store.lengths == {"x1": 16000, "x2": 16000}
    for clip_id in store.clip_ids:
        np.testing.assert_allclose(store[clip_id][200:-200], expected[200:-200], atol=1e-3)


def test_a_stereo_store_keeps_both_channels(tmp_path):
    clips, samples = write_clips(tmp_path, [100, 37], channels=2)
    data = write_shard(tmp_path, clips, tmp_path, layout="stereo")

    packed = np.load(data)
    np.testing.assert_array_equal(packed, np.concatenate([*samples.values()]))
    store = AudioStore([data])
    assert store.layout == "stereo"
    for clip_id, expected in samples.items():
        left, right = store[clip_id]
        np.testing.assert_array_equal(left, expected[:, 0])
        np.testing.assert_array_equal(right, expected[:, 1])


def test_each_channel_of_a_stereo_clip_is_resampled_like_a_mono_clip(tmp_path):
    clips, samples = write_clips(tmp_path, [9600], sample_rate=48000, channels=2)
    data = write_shard(tmp_path, clips, tmp_path, sample_rate=16000, layout="stereo")
    expected = [
        resample(channel.astype(np.float32), 48000, 16000) for channel in samples["clip0"].T
    ]
    np.testing.assert_array_equal(AudioStore([data])["clip0"], expected)


@pytest.mark.parametrize(("channels", "count"), [(1, "1 channel"), (3, "3 channels")])
def test_a_clip_without_two_channels_cannot_be_stereo(tmp_path, channels, count):
    clips, _ = write_clips(tmp_path, [50], channels=channels)
    fault = rf"0\.wav: has {count}, but the feature needs two .*`channels: \[mono\]`"
    with pytest.raises(DataError, match=fault):
        write_shard(tmp_path, clips, tmp_path, layout="stereo")


def test_mono_and_stereo_shards_do_not_mix(tmp_path):
    clips, _ = write_clips(tmp_path, [50, 50], channels=2)
    paths = [
        write_shard(tmp_path, clips.iloc[[row]], tmp_path, layout=layout, name=layout)
        for row, layout in enumerate(["mono", "stereo"])
    ]
    with pytest.raises(DataError, match=r"different .* layouts: 8000 Hz mono, 8000 Hz stereo;"):
        AudioStore(paths)


def test_equal_clips_give_equal_bytes(tmp_path):
    clips, _ = write_clips(tmp_path, [4800, 100], sample_rate=48000)
    data = write_shard(tmp_path, clips, tmp_path, sample_rate=16000)
    first = data.read_bytes(), data.with_suffix(".json").read_bytes()
    write_shard(tmp_path, clips, tmp_path, sample_rate=16000)
    assert (data.read_bytes(), data.with_suffix(".json").read_bytes()) == first


def test_memory_stays_that_of_a_clip_however_many_are_packed(tmp_path):
    clips, _ = write_clips(tmp_path, [200_000])
    many = pandas.concat([clips] * 60).assign(clip_id=[f"clip{n}" for n in range(60)])
    tracemalloc.start()
    data = write_shard(tmp_path, many, tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert data.stat().st_size > 60 * 200_000 * 4
    assert peak < 10 * 200_000 * 4


def test_several_shards_act_as_one(tmp_path):
    clips, samples = write_clips(tmp_path, [50, 60, 70, 80, 90])
    paths = []
    for shard in range(2):
        start, stop = shard_bounds(len(clips), 2, shard)
        paths.append(tmp_path / f"shard{shard:03d}.npy")
        write_audio_shard(
            clips.iloc[start:stop], tmp_path, 8000, paths[-1], paths[-1].with_suffix(".json")
        )
    store = AudioStore(paths)
    assert store.clip_ids == tuple(samples)
    np.testing.assert_array_equal(store["clip4"], samples["clip4"][:, 0])


def test_a_shard_may_be_empty(tmp_path):
    """A slice of a corpus can hold fewer clips than there are shards."""
    clips, _ = write_clips(tmp_path, [])
    assert AudioStore([write_shard(tmp_path, clips, tmp_path)]).clip_ids == ()


def test_an_unknown_clip_is_named(tmp_path):
    clips, _ = write_clips(tmp_path, [50])
    store = AudioStore([write_shard(tmp_path, clips, tmp_path)])
    with pytest.raises(DataError, match="clip 'clip9' is in none of the audio shards"):
        store["clip9"]


def test_an_unreadable_clip_is_named(tmp_path):
    clips, _ = write_clips(tmp_path, [50, 50])
    (tmp_path / "1.wav").write_bytes(b"not audio")
    with pytest.raises(DataError, match=r"1\.wav: cannot be decoded"):
        write_shard(tmp_path, clips, tmp_path)


def test_a_shard_cut_short_does_not_fit_its_index(tmp_path):
    clips, _ = write_clips(tmp_path, [50, 50])
    data = write_shard(tmp_path, clips, tmp_path)
    np.save(data, np.load(data)[:-1])
    with pytest.raises(DataError, match=r"shard000\.npy: has the shape \(99,\)"):
        AudioStore([data])


def test_a_file_that_ends_within_a_clip_is_named(tmp_path):
    clips, _ = write_clips(tmp_path, [50, 50])
    data = write_shard(tmp_path, clips, tmp_path)
    data.write_bytes(data.read_bytes()[:-10])
    with pytest.raises(DataError, match=r"shard000\.npy: is no packed array, or is cut short"):
        AudioStore([data])


def test_the_same_clip_in_two_shards_is_an_error(tmp_path):
    clips, _ = write_clips(tmp_path, [50])
    data = write_shard(tmp_path, clips, tmp_path)
    with pytest.raises(DataError, match="clip 'clip0' is packed twice"):
        AudioStore([data, data])


def test_shards_at_different_rates_are_an_error(tmp_path):
    clips, _ = write_clips(tmp_path, [50, 50])
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    for row, (path, rate) in enumerate(zip(paths, [8000, 16000], strict=True)):
        write_audio_shard(clips.iloc[[row]], tmp_path, rate, path, path.with_suffix(".json"))
    with pytest.raises(DataError, match=r"different sample rates .* 8000 Hz mono, 16000 Hz mono;"):
        AudioStore(paths)


@pytest.mark.parametrize(("clips", "shards"), [(2452, 4), (7, 3), (2, 5), (0, 1)])
def test_shard_bounds_cut_into_even_pieces(clips, shards):
    bounds = [shard_bounds(clips, shards, shard) for shard in range(shards)]
    covered = [clip for start, stop in bounds for clip in range(start, stop)]
    sizes = [stop - start for start, stop in bounds]
    assert covered == list(range(clips))
    assert max(sizes) - min(sizes) <= 1


def test_a_shard_beyond_the_last_is_an_error():
    with pytest.raises(ValueError, match="shard 4 is not one of 4"):
        shard_bounds(100, 4, 4)
