from itertools import pairwise

import numpy as np
import pytest
from channel_images import (
    CEPSTRAL,
    EACH,
    EARLY,
    PAPER,
    SMALL,
    SMALL_CEPSTRAL,
    TOGETHER,
    bare,
    image_of,
    librosa_mel,
    pillow_resize,
    speech_like,
    whitened_by_singular_values,
)

from real_corpora import real_corpus
from retable.audio.decode import mono, read_clip
from retable.features.spectrogram_channels import FLOOR


@pytest.mark.parametrize("spec", [PAPER, CEPSTRAL, SMALL, SMALL_CEPSTRAL])
def test_each_channel_is_whitened_on_its_own(spec):
    waveform = speech_like(int(1.3 * spec.samples))
    for ours, plain in zip(image_of(waveform, spec), image_of(waveform, bare(spec)), strict=True):
        np.testing.assert_allclose(ours, whitened_by_singular_values(plain, 1e-5), atol=1e-4)
        eigenvalues = np.maximum(np.linalg.eigvalsh(np.cov(plain.astype(np.float64))), 0)
        expected = eigenvalues / (eigenvalues + 1e-5 * eigenvalues.mean())
        found = np.linalg.eigvalsh(np.cov(ours.astype(np.float64)))
        np.testing.assert_allclose(found, np.sort(expected), atol=1e-4)
        assert found[-1] == pytest.approx(1, abs=1e-3)


def test_the_columns_of_all_channels_can_be_whitened_together():
    waveform = speech_like(9000)
    image = image_of(waveform, SMALL.model_copy(update={"whiten": TOGETHER}))
    plain = image_of(waveform, bare(SMALL))
    expected = whitened_by_singular_values(np.hstack(list(plain)), 1e-5)
    np.testing.assert_allclose(np.hstack(list(image)), expected, atol=1e-4)
    np.testing.assert_allclose(np.cov(np.hstack(list(image))), np.eye(24), atol=0.1)
    assert np.abs(image - image_of(waveform, SMALL)).max() > 0.1


@pytest.mark.parametrize("spec", [SMALL, SMALL_CEPSTRAL])
def test_channels_can_be_whitened_before_they_are_resized(spec):
    waveform = speech_like(spec.samples)
    image = image_of(waveform, spec.model_copy(update={"whiten": EARLY}))
    powers = librosa_mel(waveform, spec.channels[0], spec)
    expected = whitened_by_singular_values(np.log(powers + FLOOR), 1e-5)
    np.testing.assert_allclose(image[0], pillow_resize(expected, spec), atol=5e-3)
    assert np.abs(image - image_of(waveform, spec)).max() > 0.1


def test_epsilon_says_what_counts_as_small():
    waveform = speech_like(9000)
    plain = image_of(waveform, bare(SMALL))
    for epsilon in (1e-8, 1e-3, 1.0):
        whiten = EACH.model_copy(update={"epsilon": epsilon})
        image = image_of(waveform, SMALL.model_copy(update={"whiten": whiten}))
        expected = [whitened_by_singular_values(channel, epsilon) for channel in plain]
        np.testing.assert_allclose(image, expected, atol=1e-3)


@pytest.mark.parametrize("length", ["resample", "crop_pad"])
@pytest.mark.parametrize("level", [0, 0.25])
@pytest.mark.parametrize(
    ("spec", "whiten"),
    [(SMALL, EACH), (SMALL, TOGETHER), (SMALL, EARLY), (SMALL_CEPSTRAL, EACH)],
)
def test_a_silent_clip_is_whitened_to_zeros(spec, whiten, level, length):
    silent = np.full(spec.samples, level, np.float32)
    assert (
        image_of(silent, spec.model_copy(update={"whiten": whiten, "length": length})) == 0
    ).all()


def test_neighbouring_rows_of_a_real_voice_are_alike_and_whitened_ones_are_not():
    samples, _ = read_clip(sorted(real_corpus("ravdess").rglob("03-01-*.flac"))[0])
    plain = image_of(mono(samples), bare(PAPER))
    for image, logarithms in zip(image_of(mono(samples), PAPER), plain, strict=True):
        expected = whitened_by_singular_values(logarithms, 1e-5)
        np.testing.assert_allclose(image, expected, atol=1e-3)
        after = [np.corrcoef(a, b)[0, 1] for a, b in pairwise(image)]
        assert np.abs(after).mean() < 0.2
        before = [np.corrcoef(a, b)[0, 1] for a, b in pairwise(logarithms)]
        assert np.mean(before) > 0.7
