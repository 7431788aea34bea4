import numpy as np

from retable.audio.resample import resample


def sine(frequency: float, sample_rate: int, seconds: float = 1.0) -> np.ndarray:
    times = np.arange(int(seconds * sample_rate)) / sample_rate
    return np.sin(2 * np.pi * frequency * times).astype(np.float32)


def test_a_sine_below_the_new_nyquist_frequency_stays_a_sine():
    resampled = resample(sine(1000, 48000), 48000, 16000)

    assert resampled.dtype == np.float32
    assert resampled.shape == (16000,)
    middle = slice(500, -500)  # the filter rings where the clip is cut off
    np.testing.assert_allclose(resampled[middle], sine(1000, 16000)[middle], atol=1e-4)


def test_a_sine_above_the_new_nyquist_frequency_is_removed():
    resampled = resample(sine(12000, 48000), 48000, 16000)
    assert np.abs(resampled[500:-500]).max() < 1e-4


def test_channels_are_resampled_one_by_one():
    left, right = sine(500, 8000), sine(900, 8000)
    both = resample(np.stack([left, right]), 8000, 11025)
    np.testing.assert_array_equal(both, [resample(left, 8000, 11025), resample(right, 8000, 11025)])


def test_equal_rates_return_the_input_itself():
    samples = sine(500, 8000)
    assert resample(samples, 8000, 8000) is samples
