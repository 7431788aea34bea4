import numpy as np
import pytest
import soundfile

from real_corpora import real_corpus
from retable.audio.decode import mono, read_clip
from retable.errors import DataError


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_16_bit_file_comes_back_exactly_with_channels_first(tmp_path, suffix):
    integers = np.random.default_rng(0).integers(-(2**15), 2**15, (500, 2), dtype=np.int16)
    path = tmp_path / f"clip.{suffix}"
    soundfile.write(path, integers, 24414)

    samples, sample_rate = read_clip(path)

    assert sample_rate == 24414
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, integers.T / np.float32(2**15))


def test_the_content_counts_not_the_name(tmp_path):
    """TESS has AIFF data under a .wav name."""
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.full(100, 0.5), 8000, format="AIFF")

    samples, sample_rate = read_clip(path)

    assert sample_rate == 8000
    np.testing.assert_array_equal(samples, np.full((1, 100), 0.5))


def test_mono_is_the_mean_of_the_channels():
    left, right = np.array([1, 0, -0.5], np.float32), np.array([0, 0.5, -0.5], np.float32)
    np.testing.assert_array_equal(mono(np.stack([left, right])), [0.5, 0.25, -0.5])


def test_a_pointer_text_under_a_wav_name_is_named(tmp_path):
    """What a clone without Git LFS leaves in place of audio."""
    path = tmp_path / "1001_DFA_ANG_XX.wav"
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DataError, match=r"1001_DFA_ANG_XX\.wav: cannot be decoded .*expected WAV"):
        read_clip(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"absent\.flac: cannot be decoded"):
        read_clip(tmp_path / "absent.flac")


def test_a_file_without_samples_is_named(tmp_path):
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0), 8000)
    with pytest.raises(DataError, match=r"empty\.wav: holds 0 samples"):
        read_clip(path)


def test_real_clips_of_ravdess():
    """Speech lasts 2.94 to 5.27 s."""
    paths = sorted(real_corpus("ravdess").rglob("03-01-*.flac"))[::40]
    assert paths
    for path in paths:
        samples, sample_rate = read_clip(path)
        assert sample_rate == 48000
        assert 2.9 < samples.shape[1] / sample_rate < 5.3
        assert 0.001 < np.abs(mono(samples)).max() <= 1
