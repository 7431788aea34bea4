"""Log-mel images of stereo clips: what is added, and what is subtracted."""

import numpy as np
import pytest
from logmel_images import PAPER, SCENE_SAMPLES, image_of, librosa_power, noise

from retable.features.logmel_patches import FLOOR, LogMelPatchesExtractor


def test_left_and_right_are_the_images_of_the_two_channels():
    waveform = noise(2, SCENE_SAMPLES)
    for channel, samples in zip(("left", "right"), waveform, strict=True):
        np.testing.assert_allclose(
            image_of(channel, waveform), np.log(librosa_power(samples) + FLOOR), atol=2e-4
        )


def test_mid_and_side_are_sum_and_difference_of_the_two_images():
    """Section II.A: sum and difference of the images of left and right are samples too."""
    waveform = noise(2, SCENE_SAMPLES)
    left, right = image_of("left", waveform), image_of("right", waveform)
    np.testing.assert_array_equal(image_of("mid", waveform), left + right)
    np.testing.assert_array_equal(image_of("side", waveform), left - right)


def test_powers_can_be_combined_instead():
    waveform = noise(2, SCENE_SAMPLES)
    left, right = librosa_power(waveform)
    expected = {"mid": np.log(left + right + FLOOR), "side": np.log(abs(left - right) + FLOOR)}
    np.testing.assert_allclose(
        image_of("mid", waveform, combine="power"), expected["mid"], atol=2e-4
    )
    # Where the two are nearly equal, their difference has few digits left.
    apart = abs(left - right) > 0.1 * left
    np.testing.assert_allclose(
        image_of("side", waveform, combine="power")[apart], expected["side"][apart], atol=5e-3
    )


def test_waveforms_can_be_combined_instead():
    left, right = waveform = noise(2, SCENE_SAMPLES)
    for channel, samples in (("mid", left + right), ("side", left - right)):
        np.testing.assert_allclose(
            image_of(channel, waveform, combine="wave"),
            np.log(librosa_power(samples) + FLOOR),
            atol=2e-4,
        )


@pytest.mark.parametrize(
    ("combine", "mid_less_left"), [("image", None), ("power", np.log(2)), ("wave", np.log(4))]
)
def test_two_equal_channels(combine, mid_less_left):
    """Their powers add to twice one's, their waveforms to four times its power."""
    waveform = np.stack([noise(SCENE_SAMPLES)] * 2)
    left, mid, side = (
        image_of(channel, waveform, combine=combine) for channel in ("left", "mid", "side")
    )
    if combine == "image":
        np.testing.assert_array_equal(mid, 2 * left)
        assert (side == 0).all()
    else:
        np.testing.assert_allclose(mid - left, mid_less_left, atol=1e-4)
        np.testing.assert_allclose(side, np.log(FLOOR), rtol=1e-6)


def test_channels_come_in_the_order_of_the_spec():
    waveform = noise(2, SCENE_SAMPLES)
    forwards = LogMelPatchesExtractor(PAPER)([waveform])
    backwards = LogMelPatchesExtractor(PAPER.model_copy(update={"channels": PAPER.channels[::-1]}))(
        [waveform]
    )
    np.testing.assert_array_equal(forwards[:, ::-1], backwards)
