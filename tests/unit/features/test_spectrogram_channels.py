import librosa
import numpy as np
import pytest
import scipy.signal
from channel_images import (
    CEPSTRAL,
    PAPER,
    SMALL,
    SMALL_CEPSTRAL,
    bare,
    image_of,
    librosa_mel,
    pillow_resize,
    speech_like,
    tone,
)

from real_corpora import real_corpus
from retable.audio.decode import mono, read_clip
from retable.errors import ConfigError
from retable.features.spectrogram_channels import FLOOR, SpectrogramChannelsExtractor, filter_bank


@pytest.mark.parametrize("spec", [PAPER, SMALL])
def test_a_spectrogram_is_librosas_in_mel_resized_by_pillow_then_in_logarithms(spec):
    waveform = speech_like(spec.samples)
    image = image_of(waveform, bare(spec))
    assert image.shape == (3, spec.rows, spec.frames)
    for ours, channel in zip(image, spec.channels, strict=True):
        resized = pillow_resize(librosa_mel(waveform, channel, spec), spec)
        np.testing.assert_allclose(ours, np.log(resized + FLOOR), atol=2e-3)
        assert np.ptp(ours) > 5


def test_powers_are_resized_and_not_their_logarithms():
    waveform = speech_like(SMALL.samples)
    logarithms = np.log(librosa_mel(waveform, SMALL.channels[0], SMALL) + FLOOR)
    difference = image_of(waveform, bare(SMALL))[0] - pillow_resize(logarithms, SMALL)
    assert np.abs(difference).max() > 0.1


@pytest.mark.parametrize("spec", [CEPSTRAL, SMALL_CEPSTRAL])
def test_cepstral_coefficients_and_their_differences_are_librosas(spec):
    waveform = speech_like(spec.samples)
    _, mfcc, delta = image_of(waveform, bare(spec))
    mel = librosa_mel(waveform, spec.channels[1], spec)
    expected = librosa.feature.mfcc(S=np.log(mel + 1e-6), n_mfcc=spec.coefficients, norm="ortho")
    np.testing.assert_allclose(mfcc, pillow_resize(expected, spec), atol=5e-3)
    # Savitzky and Golay's slope of a line through five frames, the outermost repeated.
    slope = librosa.feature.delta(expected, width=5, order=1, mode="nearest")
    np.testing.assert_allclose(delta, pillow_resize(slope, spec), atol=5e-3)
    assert np.ptp(mfcc) > 10 and np.ptp(delta) > 1


def test_linear_filters_are_triangles_that_overlap_by_half():
    """9 filters from 0 to 4000 Hz have their tops at 400, 800, ... Hz and reach to each other's."""
    spec = SMALL.model_copy(update={"bins": 9, "bank": "linear"})
    hertz = np.arange(257) * 8000 / 512
    expected = [np.maximum(0, 1 - np.abs(hertz - 400 * top) / 400) for top in range(1, 10)]
    np.testing.assert_allclose(filter_bank(spec, "linear"), expected, atol=1e-5)


def test_mel_filters_are_librosas():
    expected = librosa.filters.mel(sr=8000, n_fft=512, n_mels=24, htk=True, norm=None)
    np.testing.assert_allclose(filter_bank(SMALL, "mel"), expected, atol=1e-5)


def test_a_linear_bank_sums_the_powers_of_librosas_transform():
    spec = bare(SMALL).model_copy(update={"bank": "linear"})
    waveform = speech_like(spec.samples)
    scaled = (waveform - waveform.mean()) / waveform.std()
    powers = np.abs(librosa.stft(scaled, n_fft=512, hop_length=128, pad_mode="reflect")) ** 2
    hertz = np.arange(257) * 8000 / 512
    tops = 4000 / 25 * np.arange(1, 25)[:, None]
    filters = np.maximum(0, 1 - np.abs(hertz - tops) / 160)
    expected = np.log(pillow_resize(filters @ powers, spec) + FLOOR)
    np.testing.assert_allclose(image_of(waveform, spec)[2], expected, atol=2e-3)


def test_cepstral_coefficients_are_those_of_the_mel_scale_whatever_the_bank():
    waveform = speech_like(SMALL.samples)
    mel = image_of(waveform, bare(SMALL_CEPSTRAL))
    linear = image_of(waveform, bare(SMALL_CEPSTRAL).model_copy(update={"bank": "linear"}))
    np.testing.assert_array_equal(mel[1:], linear[1:])
    assert np.abs(mel[0] - linear[0]).max() > 1


def test_the_rate_of_the_bank_says_what_a_frequency_is_called():
    """Twice the rate puts the same clip an octave higher: linear rows stay, those of mel do not."""
    waveform = tone(1500, 6000)
    linear, mel = (
        [
            image_of(waveform, bare(SMALL).model_copy(update={"bank": bank, "bank_rate": rate}))
            for rate in (8000, 16_000)
        ]
        for bank in ("linear", "mel")
    )
    np.testing.assert_allclose(linear[0], linear[1], atol=1e-3)
    tops = [image[2, :, 20].argmax() for image in mel]
    mels = [2595 * np.log10(1 + hertz / 700) for hertz in (2000, 4000, 4000, 8000)]
    assert tops == [round(25 * mels[0] / mels[1]) - 1, round(25 * mels[2] / mels[3]) - 1]
    assert tops[0] != tops[1]


@pytest.mark.filterwarnings("ignore:At least one mel filterbank has all zero values")
def test_filters_without_a_frequency_are_refused():
    narrow = r"bins is 250, but an fft_size of 512 at 8000 Hz leaves \d+ of the mel filters "
    with pytest.raises(ConfigError, match=narrow + "without a frequency; lower `bins`"):
        SpectrogramChannelsExtractor(SMALL.model_copy(update={"bins": 250}))
    # The linear bank has 257 frequencies for 250 filters, but MFCC take the mel scale.
    wide = {"bins": 250, "bank": "linear"}
    assert image_of(speech_like(9000), SMALL.model_copy(update=wide)).shape == (3, 24, 40)
    with pytest.raises(ConfigError, match=narrow):
        SpectrogramChannelsExtractor(SMALL_CEPSTRAL.model_copy(update=wide))
    with pytest.raises(ConfigError, match=r"leaves \d+ of the linear filters without"):
        SpectrogramChannelsExtractor(SMALL.model_copy(update={"bins": 600, "bank": "linear"}))


def test_a_silent_spectrogram_is_the_logarithm_of_the_floor():
    np.testing.assert_allclose(image_of(np.zeros(9000, np.float32), bare(SMALL)), np.log(1e-6))


def test_a_real_clip_of_speech():
    samples, rate = read_clip(sorted(real_corpus("ravdess").rglob("03-01-*.flac"))[0])
    assert rate == PAPER.sample_rate
    plain = image_of(mono(samples), bare(PAPER))
    stretched = scipy.signal.resample(mono(samples).astype(np.float64), PAPER.samples)
    for channel, image in zip(PAPER.channels, plain, strict=True):
        resized = pillow_resize(librosa_mel(stretched, channel, PAPER), PAPER)
        difference = np.abs(image - np.log(resized + FLOOR))
        # Near half of the rate the two resamplers have other edges; elsewhere they agree.
        assert np.median(difference) < 0.02
