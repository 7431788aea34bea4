"""The feature of mixup_mtl: against librosa, and which clips have its patches."""

import librosa
import numpy as np
import pytest
import torch
from logmel_images import (
    EVENT,
    EVENT_SAMPLES,
    PAPER,
    SCENE_SAMPLES,
    librosa_power,
    noise,
)

from real_corpora import real_corpus
from retable.audio.decode import mono, read_clip
from retable.errors import ConfigError, DataError
from retable.features.logmel_patches import (
    FLOOR,
    LogMelPatchesExtractor,
    log_mel,
    mel_filters,
    mel_powers,
    patch_count,
    stored_frames,
)
from retable.spec.feature import LogMelPatches


@pytest.mark.parametrize(
    ("frames", "patches"), [(431, 10), (216, 3), (127, 0), (128, 1), (159, 1), (160, 2), (0, 0)]
)
def test_patches_of_128_frames_every_32(frames, patches):
    assert patch_count(frames, size=128, hop=32) == patches


@pytest.mark.parametrize(
    ("samples", "frames", "patches"), [(SCENE_SAMPLES, 431, 10), (EVENT_SAMPLES, 216, 3)]
)
def test_clips_of_the_two_corpora_have_as_many_patches_as_in_the_paper(samples, frames, patches):
    assert (
        librosa_power(noise(samples), PAPER.model_copy(update={"patches": 99})).shape[1] == frames
    )
    assert patch_count(frames, PAPER.frames, PAPER.hop_frames) == patches
    fitting = EVENT.model_copy(update={"patches": patches})
    extractor = LogMelPatchesExtractor(fitting)
    extractor.check_lengths({"clip": samples})
    assert extractor([noise(samples)]).shape == (1, 1, 128, stored_frames(fitting))
    too_many = EVENT.model_copy(update={"patches": patches + 1})
    with pytest.raises(DataError, match=f"'clip' has {frames} .*enough for {patches}"):
        LogMelPatchesExtractor(too_many).check_lengths({"clip": samples})


def test_filters_are_librosas():
    expected = librosa.filters.mel(sr=44100, n_fft=2048, n_mels=128)
    np.testing.assert_allclose(mel_filters(PAPER).toarray(), expected, rtol=0, atol=2e-7)
    assert expected.max() > 0.03


def test_mel_powers_are_librosas():
    waveforms = noise(2, 100_000)
    spec = PAPER.model_copy(update={"patches": 1, "frames": 98})
    ours = mel_powers(waveforms, spec, mel_filters(spec))
    assert ours.shape == (2, 128, 98)
    np.testing.assert_allclose(ours, librosa_power(waveforms, spec), rtol=2e-4)


def test_a_full_scale_sine_has_the_power_of_half_the_window_on_its_band():
    """Hann's sum is 1024: a sine of amplitude 1 at a bin reads 512 there, 256 at both sides."""
    frequency = 40 * 44100 / 2048
    sine = np.sin(2 * np.pi * frequency * np.arange(44100) / 44100).astype(np.float32)
    spec = EVENT.model_copy(update={"patches": 1, "frames": 40})
    filters = mel_filters(spec)
    power = mel_powers(sine[None], spec, filters)[0, :, 20]
    weights = filters.toarray()[:, 39:42]
    np.testing.assert_allclose(power, weights @ [256**2, 512**2, 256**2], rtol=1e-3, atol=1e-3)


def test_digital_silence_is_the_logarithm_of_the_floor():
    images = LogMelPatchesExtractor(PAPER)([np.zeros((2, SCENE_SAMPLES), np.float32)])[0]
    left, right, mid, side = images
    for image in (left, right, mid / 2):
        np.testing.assert_allclose(image, np.log(FLOOR), rtol=1e-6)
    assert (side == 0).all()


def test_the_floor_is_below_the_quantisation_noise_of_16_bit_audio():
    step = 2**-15
    quantisation = step * (np.random.default_rng(0).random((1, EVENT_SAMPLES)) - 0.5)
    powers = mel_powers(quantisation.astype(np.float32), EVENT, mel_filters(EVENT))
    assert np.median(powers) == pytest.approx(3e-9, rel=0.3)
    assert np.median(powers) > 20 * FLOOR


def test_a_batch_equals_its_clips_one_by_one_and_keeps_the_columns_of_the_patches():
    extractor = LogMelPatchesExtractor(PAPER)
    clips = [noise(2, samples, seed=samples) for samples in (SCENE_SAMPLES, 500_000)]
    batch = extractor(clips)
    # 128 + 9 * 32 columns
    assert batch.shape == (2, 4, 128, 416)
    np.testing.assert_array_equal(batch, np.concatenate([extractor([clip]) for clip in clips]))


def test_images_do_not_depend_on_the_number_of_threads():
    waveform = noise(2, SCENE_SAMPLES)
    threads = torch.get_num_threads()
    try:
        images = []
        for number in (1, 2, 3):
            torch.set_num_threads(number)
            images.append(LogMelPatchesExtractor(PAPER)([waveform]))
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(images[0], images[1])
    np.testing.assert_array_equal(images[0], images[2])


def test_float16_rounds_by_little_what_full_scale_audio_gives():
    loud = np.sign(noise(2, SCENE_SAMPLES))
    quiet = np.zeros((2, SCENE_SAMPLES), np.float32)
    for waveform in (loud, quiet, 1e-4 * noise(2, SCENE_SAMPLES)):
        exact = LogMelPatchesExtractor(PAPER)([waveform])
        stored = LogMelPatchesExtractor(PAPER.model_copy(update={"dtype": "float16"}))([waveform])
        assert stored.dtype == np.float16
        np.testing.assert_allclose(stored, exact, rtol=0, atol=0.016)


def test_facts_are_the_values_that_the_paper_prints():
    assert LogMelPatchesExtractor(PAPER).facts() == {
        "kind": "logmel_patches",
        "bands": 128,
        "window": 2048,
        "hop": 1024,
        "window_function": "hann",
        "sample_rate": 44100,
        "channels": ["left", "right", "mid", "side"],
        "patch": {"frames": 128, "hop_frames": 32, "patches": 10},
        "overlap_percent": 50,
    }


def test_clips_too_short_for_their_patches_are_counted_and_the_first_are_named():
    extractor = LogMelPatchesExtractor(PAPER)
    extractor.check_lengths({"whole": SCENE_SAMPLES})
    lengths = {"whole": SCENE_SAMPLES, "event": EVENT_SAMPLES, "short": 44_100}
    with pytest.raises(DataError) as caught:
        extractor.check_lengths(lengths)
    assert str(caught.value) == (
        "10 patches of 128 frames, one every 32, need clips of 416 frames (9.64 s), but clip "
        "'event' has 216 (5.00 s), enough for 3; 'short' has 44 (1.00 s), enough for 0. "
        "Lower `patches` of the feature (or `frames`, for a clip that is shorter than one), or "
        "leave these clips out of the dataset."
    )
    with pytest.raises(DataError, match=r"clip 'c0' has 44 .*'c4' has 44 [^;]*; and 3 more\."):
        extractor.check_lengths({f"c{number}": 44_100 for number in range(8)})


def test_a_clip_shorter_than_one_patch_is_refused():
    extractor = LogMelPatchesExtractor(EVENT.model_copy(update={"patches": 1}))
    extractor.check_lengths({"clip": 127 * 1024})
    with pytest.raises(DataError, match=r"'clip' has 127 .*enough for 0"):
        extractor.check_lengths({"clip": 127 * 1024 - 1})


def test_more_bands_than_the_window_can_tell_apart_are_refused():
    spec = EVENT.model_copy(update={"window": 256})
    with (
        pytest.warns(UserWarning, match="mel filterbank has all zero values"),
        pytest.raises(ConfigError, match=r"bands is 128, but a window of 256 .* lower `bands`"),
    ):
        LogMelPatchesExtractor(spec)


def test_the_logarithm_is_natural():
    np.testing.assert_allclose(log_mel(np.array([1, np.e, 0])), [0, 1, np.log(FLOOR)], atol=1e-6)


def patches_of(image: np.ndarray, spec: LogMelPatches) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(image, spec.frames, axis=-1)
    return np.moveaxis(windows[..., :: spec.hop_frames, :], -2, 1)


@pytest.mark.parametrize("channels", [("left", "right", "mid"), ("left", "right", "mid", "side")])
def test_a_real_scene_has_ten_patches_a_channel(channels):
    waveform, rate = read_clip(real_corpus("tut2017") / "audio" / "b043_150_160.flac")
    spec = PAPER.model_copy(update={"channels": channels, "dtype": "float16"})
    assert (len(waveform), rate) == (2, spec.sample_rate)
    assert 1 + waveform.shape[1] // spec.hop == 431

    images = LogMelPatchesExtractor(spec)([waveform])[0]

    assert patches_of(images, spec).shape == (len(channels), 10, 128, 128)
    left, right = np.log(librosa_power(waveform) + FLOOR)
    np.testing.assert_allclose(images[0], left, atol=0.01)
    np.testing.assert_allclose(images[1], right, atol=0.01)
    np.testing.assert_allclose(images[2], left + right, atol=0.02)
    # What storing as float16 rounds away is little beside what a band varies by.
    assert images[:3].astype(np.float32).std(axis=-1).min() > 0.2


def test_real_events_have_three_patches():
    paths = sorted((real_corpus("esc50") / "audio").glob("*.flac"))[::25]
    assert len(paths) == 10
    clips = [read_clip(path) for path in paths]
    assert {rate for _, rate in clips} == {EVENT.sample_rate}

    images = LogMelPatchesExtractor(EVENT)([mono(samples) for samples, _ in clips])

    assert patches_of(images[0], EVENT).shape == (1, 3, 128, 128)
    for image, (samples, _) in zip(images[:, 0], clips, strict=True):
        expected = np.log(librosa_power(mono(samples), EVENT) + FLOOR)
        # Where a band is 100 dB below the others, float32 transforms differ in their last digits.
        np.testing.assert_allclose(image, expected, atol=0.02)
        assert np.median(abs(image - expected)) < 1e-5
