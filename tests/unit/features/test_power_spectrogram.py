"""Spectrograms of clips as they are shown: against librosa and SciPy, and levels of sines."""

import librosa
import numpy as np
import pytest
import scipy.signal
from shown_spectrograms import FEATURE, NORMALISED, TONE_BIN, noise, sine

from retable.features.examples import LOWEST_LEVEL, in_dbfs, power_spectrogram


@pytest.mark.parametrize("window_function", ["hamming", "hann"])
def test_the_spectrogram_equals_librosas(window_function):
    waveform = noise(10_001)
    spec = FEATURE.model_copy(update={"window_function": window_function})
    librosas = librosa.stft(
        waveform, n_fft=256, hop_length=128, window=window_function, pad_mode="constant"
    )
    full_scale = scipy.signal.get_window(window_function, 256).sum() / 2
    expected = librosa.amplitude_to_db(np.abs(librosas), ref=full_scale, amin=1e-5, top_db=None)
    np.testing.assert_allclose(in_dbfs(power_spectrogram(waveform, spec)), expected, atol=0.02)


def test_a_shorter_window_is_continued_by_zeros_up_to_the_transform():
    waveform = noise(10_001)
    window = scipy.signal.get_window("hamming", 200, fftbins=False)
    librosas = librosa.stft(
        waveform, n_fft=256, win_length=200, hop_length=80, window=window, pad_mode="constant"
    )
    expected = librosa.amplitude_to_db(
        np.abs(librosas), ref=window.sum() / 2, amin=1e-5, top_db=None
    )
    shown = in_dbfs(power_spectrogram(waveform, NORMALISED))
    # 129 frequencies, whatever the rows of the feature; all frames, although a network has 50.
    assert shown.shape == (129, 126)
    np.testing.assert_allclose(shown, expected, atol=0.02)


@pytest.mark.parametrize("feature", [FEATURE, NORMALISED])
@pytest.mark.parametrize("amplitude", [1.0, 0.5, 0.001])
def test_a_sine_has_the_level_of_its_amplitude(amplitude, feature):
    level = in_dbfs(power_spectrogram(sine(amplitude), feature))
    assert (level[:, 2:-2].argmax(axis=0) == TONE_BIN).all()
    np.testing.assert_allclose(level[TONE_BIN, 2:-2], 20 * np.log10(amplitude), atol=0.01)


def test_silence_has_the_lowest_level():
    assert (in_dbfs(power_spectrogram(np.zeros(1000, np.float32), FEATURE)) == LOWEST_LEVEL).all()


def test_the_level_of_a_clip_is_that_of_scipys_welch():
    waveform = noise(80_000)
    _, power = scipy.signal.welch(
        waveform, window="hamming", nperseg=256, noverlap=128, detrend=False, scaling="spectrum"
    )
    level = in_dbfs(power_spectrogram(waveform, FEATURE).mean(axis=1))
    # welch gives mean squares: half of that of a full-scale sine is 1/2.
    expected = 10 * np.log10(power / 0.5)
    np.testing.assert_allclose(level[1:-1], expected[1:-1], atol=0.1)
