"""What becomes of a clip's samples before they are transformed: length, mean and variance."""

import numpy as np
import pytest
import scipy.signal
from channel_images import PAPER, SMALL, bare, image_of, speech_like, tone

from retable.features.spectrogram_channels import normalised, of_length


@pytest.mark.parametrize("samples", [1, 2, 997, 40_001, 99_999, 100_000, 100_003, 178_979, 480_000])
@pytest.mark.parametrize("length", ["resample", "crop_pad"])
def test_every_clip_becomes_exactly_as_long(samples, length):
    spec = PAPER.model_copy(update={"length": length})
    made = of_length(speech_like(samples), spec)
    assert (made.shape, made.dtype) == ((100_000,), np.float32)


def test_soxr_rounds_no_ratio_of_lengths_to_another_length():
    generator = np.random.default_rng(0)
    for samples in generator.integers(1000, 20_000, 200):
        assert len(of_length(np.ones(samples, np.float32), SMALL)) == 6000


@pytest.mark.parametrize("samples", [31_234, 100_000, 178_979])
def test_stretching_is_interpolation_of_the_whole_clip(samples):
    """By the Fourier transform, which takes a clip of whole cycles for a period."""
    waveform = tone(700, samples) + tone(2100, samples)
    expected = scipy.signal.resample(waveform.astype(np.float64), 100_000)
    inner = slice(2000, -2000)
    np.testing.assert_allclose(of_length(waveform, PAPER)[inner], expected[inner], atol=1e-4)


@pytest.mark.parametrize(
    ("clip", "made"),
    [
        ([1, 2, 3, 4, 5], [2, 3, 4]),
        ([1, 2, 3, 4, 5, 6], [2, 3, 4]),
        ([1, 2, 3], [1, 2, 3]),
        ([1, 2], [1, 2, 0]),
        ([1], [0, 1, 0]),
    ],
)
def test_the_middle_of_a_clip_or_zeros_on_both_sides(clip, made):
    spec = PAPER.model_copy(update={"length": "crop_pad", "samples": 3})
    assert of_length(np.float32(clip), spec).tolist() == made


@pytest.mark.parametrize("samples", [3000, 6000, 12_000])
def test_stretching_a_clip_moves_its_tones(samples):
    """1000 Hz at 8000 Hz is samples / 8 cycles, which in 6000 samples are samples / 6 Hz."""
    spec = bare(SMALL).model_copy(update={"bank": "linear"})
    image = image_of(tone(samples / 8, samples), spec)
    stretched = samples / 6
    row = round(stretched / (4000 / 25)) - 1
    assert (image[2, :, 5:-5].argmax(axis=0) == row).all()


@pytest.mark.parametrize("samples", [3000, 6000, 12_000])
def test_the_middle_of_a_clip_keeps_its_tones(samples):
    spec = bare(SMALL).model_copy(update={"bank": "linear", "length": "crop_pad"})
    image = image_of(tone(samples / 8, samples), spec)
    row = round(1000 / (4000 / 25)) - 1
    assert (image[2, :, 15:-15].argmax(axis=0) == row).all()


def test_samples_get_zero_mean_and_unit_variance():
    np.testing.assert_allclose(normalised(np.float32([1, 3])), [-1, 1])
    deviation = np.sqrt((4 + 0 + 4) / 3)
    np.testing.assert_allclose(
        normalised(np.float32([0, 2, 4])), [-2 / deviation, 0, 2 / deviation]
    )
    loud = normalised(speech_like(50_000) + 0.1)
    assert loud.dtype == np.float32
    assert loud.mean(dtype=np.float64) == pytest.approx(0, abs=1e-6)
    assert loud.var(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    assert (normalised(np.full(100, 0.25, np.float32)) == 0).all()


def test_loudness_and_offset_of_a_clip_do_not_matter():
    waveform = speech_like(9000)
    expected = image_of(waveform, bare(SMALL))
    np.testing.assert_allclose(image_of(0.05 * waveform, bare(SMALL)), expected, atol=1e-3)
    shifted = SMALL.model_copy(update={"length": "crop_pad"})
    expected = image_of(waveform, bare(shifted))
    np.testing.assert_allclose(image_of(waveform + 0.1, bare(shifted)), expected, atol=5e-3)
