import numpy as np
import pytest
from scipy import stats

from retable.errors import DataError
from retable.evaluation.levels import band_differences, mean_interval
from retable.spec.figure import Band

FREQUENCIES = np.array([0.0, 1000, 2000, 3000])
BAND = Band(low_hz=1000, high_hz=2000)
NO_CLIP = [np.nan] * 4
FIRST = np.array([[-20.0, -30, -40, -50], [-20, -30, -40, -50], [-20, -30, -40, -50], NO_CLIP])
SECOND = FIRST + np.array([[1.0], [2], [3], [4]]) + np.array([0, 1, 3, 0])
"""In the band louder by 3, 4 and 5 dB, beside it by 1, 2 and 3; the last speaker is in neither."""
HALF = 4.302653 / np.sqrt(3)
"""Student's t at 97.5 % with 2 degrees of freedom, times the standard error of x, x + 1, x + 2."""


def test_the_interval_of_a_mean_over_speakers():
    interval = mean_interval(np.array([1.0, 2, 3, np.nan]))
    assert interval.mean == 2
    assert interval.high - interval.mean == pytest.approx(HALF, abs=1e-5)
    assert interval.mean - interval.low == pytest.approx(HALF, abs=1e-5)


def test_the_interval_equals_scipys_bin_by_bin():
    values = np.random.default_rng(0).normal(size=(24, 5))
    interval = mean_interval(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    np.testing.assert_allclose(interval.low, expected.low)
    np.testing.assert_allclose(interval.high, expected.high)


def test_a_single_speaker_has_a_mean_and_no_interval():
    interval = mean_interval(FIRST[2:])
    assert interval.mean.tolist() == [-20, -30, -40, -50]
    assert np.isnan([interval.low, interval.high]).all()
    assert np.isnan(mean_interval(FIRST[3:]).mean).all()


def test_differences_in_a_band_and_beside_it():
    found = band_differences(FREQUENCIES, FIRST, SECOND, BAND)
    assert found.speakers == 3
    for interval, mean in ((found.inside, 4), (found.below, 2), (found.above, 2)):
        assert interval.mean == mean
        assert interval.high - mean == pytest.approx(HALF, abs=1e-5)
    # Every speaker differs by the same 2 dB more in the band than beside it.
    assert [found.contrast.mean, found.contrast.low, found.contrast.high] == [2, 2, 2]


def test_the_order_of_the_classes_gives_the_sign():
    found = band_differences(FREQUENCIES, SECOND, FIRST, BAND)
    assert (found.inside.mean, found.contrast.mean) == (-4, -2)


def test_a_band_up_to_the_last_frequency_has_nothing_above():
    found = band_differences(FREQUENCIES, FIRST, SECOND, Band(low_hz=2000, high_hz=3000))
    assert found.above is None
    assert found.below.mean == 2.5
    whole = band_differences(FREQUENCIES, FIRST, SECOND, Band(low_hz=0, high_hz=3000))
    assert (whole.below, whole.above, whole.contrast) == (None, None, None)


def test_classes_that_share_no_speaker_are_refused():
    second = np.array([NO_CLIP, NO_CLIP, NO_CLIP, FIRST[0]])
    with pytest.raises(DataError, match="no speaker has clips of both classes"):
        band_differences(FREQUENCIES, FIRST, second, BAND)


def test_a_band_without_a_frequency_is_refused():
    with pytest.raises(DataError, match="no frequency lies in the band of 1100 to 1900 Hz"):
        band_differences(FREQUENCIES, FIRST, SECOND, Band(low_hz=1100, high_hz=1900))
