"""The feature of vggvox_mtl: against naive loops, SciPy and librosa, and what it does to clips."""

import librosa
import numpy as np
import pytest
import scipy.signal
from normalised_images import PAPER, SMALL, image_of, naive_image, noise, with_rows

from imports import loaded_by
from real_corpora import real_corpus
from retable.audio.decode import mono, read_clip
from retable.features.normalised_spectrogram import NormalisedSpectrogramExtractor
from retable.spec.spectrogram import NormalisedSpectrogram

ROWS = [("two_sided", 32), ("two_sided", 31), ("one_sided", 17), ("real_imaginary", 32)]


@pytest.mark.parametrize("normalise", ["row", "waveform"])
@pytest.mark.parametrize("samples", [1, 33, 92, 99, 100, 117, 124, 151])
@pytest.mark.parametrize(("rows", "height"), ROWS)
def test_images_are_those_of_a_naive_loop(rows, height, samples, normalise):
    spec = with_rows(rows, height, normalise=normalise)
    waveform = noise(samples)
    np.testing.assert_allclose(
        image_of(waveform, spec), naive_image(waveform, spec), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("normalise", ["row", "waveform"])
@pytest.mark.parametrize("samples", [33, 92, 117])
@pytest.mark.parametrize(("rows", "height"), ROWS[:3])
def test_densities_are_those_of_a_naive_loop(rows, height, samples, normalise):
    """Without row normalisation, their scale and the doubling of one side show."""
    spec = with_rows(rows, height, normalise=normalise, spectrum="power_density")
    waveform = noise(samples)
    np.testing.assert_allclose(
        image_of(waveform, spec), naive_image(waveform, spec), rtol=1e-4, atol=1e-7
    )


def test_the_paper_settings_give_scipys_densities():
    """What the paper's author would have called: its defaults, and a window by its name."""
    waveform = noise(64_240)
    centred = waveform.astype(np.float64) - waveform.mean(dtype=np.float64)
    pre_emphasised = scipy.signal.lfilter([1, -0.97], [1], centred)
    density = scipy.signal.spectrogram(
        pre_emphasised, 16000, "hamming", 400, 240, 512, return_onesided=False
    )[2]
    expected = (density - density.mean(axis=1)[:, None]) / density.std(axis=1)[:, None]
    spec = PAPER.model_copy(update={"spectrum": "power_density"})
    np.testing.assert_allclose(image_of(waveform, spec), expected, rtol=1e-4, atol=1e-5)


def test_magnitudes_are_librosas():
    """Which puts the window in the middle of 512 points: 56 samples later than we do."""
    spec = PAPER.model_copy(update={"pre_emphasis": 0.0, "normalise": "waveform"})
    waveform = noise(64_240)
    centred = (waveform - waveform.mean()) / waveform.std()
    transform = librosa.stft(
        np.pad(centred, 56),
        n_fft=512,
        hop_length=160,
        win_length=400,
        window=np.hamming(400),
        center=False,
    )
    image = image_of(waveform, spec)
    assert image.shape == (512, 400)
    np.testing.assert_allclose(image[:257], np.abs(transform), rtol=1e-3, atol=1e-3)


def test_the_upper_half_of_two_sided_rows_mirrors_the_lower():
    image = image_of(noise(64_240), PAPER)
    np.testing.assert_array_equal(image[257:], image[255:0:-1])


@pytest.mark.parametrize("spectrum", ["magnitude", "power_density"])
def test_one_side_is_half_of_two(spectrum):
    """The doubling of a one-sided density is undone by the normalisation of its rows."""
    changes = {"spectrum": spectrum}
    two = image_of(noise(100), with_rows("two_sided", 32, **changes))
    one = image_of(noise(100), with_rows("one_sided", 17, **changes))
    np.testing.assert_allclose(one, two[:17], rtol=1e-5, atol=1e-6)


def test_rows_have_zero_mean_and_unit_variance():
    for samples in (20_320, 64_240, 80_160):
        image = image_of(noise(samples), PAPER).astype(np.float64)
        np.testing.assert_allclose(image.mean(axis=1), 0, atol=1e-6)
        np.testing.assert_allclose(image.var(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(20_320, 400), (64_000, 400), (64_240, 400), (64_399, 400), (64_400, 401), (80_160, 499)],
)
def test_clips_have_the_frames_that_fit_and_400_at_least(samples, frames):
    """Clips of CREMA-D last 1.27 to 5.01 s; windows beyond their ends would be one frame more."""
    extractor = NormalisedSpectrogramExtractor(PAPER)
    assert extractor.stored_length(samples) == frames
    shortened = PAPER.model_copy(update={"longest_frames": 450})
    assert NormalisedSpectrogramExtractor(shortened).stored_length(samples) == min(frames, 450)


def test_a_shorter_clip_is_continued_by_zeros():
    """Its mean is 0 and its last sample too: zeros that were in the file are the same."""
    half = noise(10_159)
    clip = np.concatenate([half, -half[::-1], np.zeros(2, np.float32)])
    assert len(clip) == 1.27 * 16000
    continued = np.concatenate([clip, np.zeros(64_240 - len(clip), np.float32)])
    image = image_of(clip, PAPER)
    np.testing.assert_allclose(image, image_of(continued, PAPER), atol=1e-5)
    # Frame 127 is the first that begins after the clip.
    assert len(clip) == 127 * 160
    assert np.ptp(image[:, 127:], axis=1).max() < 1e-5
    assert np.ptp(image[:, :127], axis=1).min() > 1


@pytest.mark.parametrize(
    ("longest_frames", "frames"), [(500, [248, 249, 250]), (450, [224, 225]), (400, [199, 200])]
)
def test_a_longer_clip_keeps_its_middle(longest_frames, frames):
    """A click in the middle of 5.01 s is in the middle of 499, 450 or 400 frames."""
    clip = np.zeros(80_160, np.float32)
    clip[40_080] = 1
    spec = PAPER.model_copy(update={"longest_frames": longest_frames, "pre_emphasis": 0.0})
    image = image_of(clip, spec)
    assert np.flatnonzero(image[100] > 0).tolist() == frames


def test_what_is_cut_off_has_no_say():
    """Except in the mean of the whole clip, which is 0 here with it and without."""
    quiet = noise(124)
    quiet -= quiet.mean()
    loud = np.concatenate([[5, -5], quiet, [5, -5]]).astype(np.float32)
    spec = SMALL.model_copy(update={"pre_emphasis": 0.0})
    np.testing.assert_allclose(image_of(loud, spec), image_of(quiet, spec), atol=1e-4)


@pytest.mark.parametrize("spectrum", ["magnitude", "power_density"])
def test_an_offset_and_loudness_do_not_matter(spectrum):
    spec = PAPER.model_copy(update={"spectrum": spectrum})
    waveform = noise(64_240)
    np.testing.assert_allclose(
        image_of(0.01 * waveform + 0.1, spec), image_of(waveform, spec), rtol=1e-2, atol=1e-2
    )


@pytest.mark.parametrize("spectrum", ["magnitude", "power_density"])
@pytest.mark.parametrize("normalise", ["row", "waveform"])
@pytest.mark.parametrize("level", [0, 0.1, -1])
def test_digital_silence_is_centred_not_blown_up(level, normalise, spectrum):
    spec = PAPER.model_copy(update={"normalise": normalise, "spectrum": spectrum})
    silence = np.full(70_000, level, np.float32)
    assert np.abs(image_of(silence, spec)).max() < 1e-5
    rounded = image_of(silence + np.float32(1e-12) * noise(70_000), spec)
    assert np.abs(rounded).max() < 1e-3


@pytest.mark.parametrize("spectrum", ["magnitude", "power_density"])
def test_the_last_bit_of_16_is_not_silence(spectrum):
    """Not even in the rows that pre-emphasis makes quietest."""
    bits = np.random.default_rng(0).integers(0, 2, 64_240).astype(np.float32)
    image = image_of(bits / 2**15, PAPER.model_copy(update={"spectrum": spectrum}))
    np.testing.assert_allclose(image.var(axis=1), 1, rtol=1e-4)


def test_rows_that_never_vary_are_zero():
    """Imaginary parts at 0 Hz and at half the rate, of 32 rows the 17th and the last."""
    image = image_of(noise(100), with_rows("real_imaginary", 32))
    still = np.flatnonzero(np.abs(image).max(axis=1) < 1e-6)
    assert still.tolist() == [16, 31]


def test_the_image_of_a_clip_does_not_depend_on_the_others():
    extractor = NormalisedSpectrogramExtractor(SMALL)
    clips = [noise(151), noise(33, seed=1), noise(100, seed=2)]
    images = extractor(clips)
    assert images.shape == (3, 32, 14)
    for clip, image in zip(clips, images, strict=True):
        np.testing.assert_array_equal(extractor([clip])[0], image)
    assert extractor([]).shape == (0, 32, 14)


def test_images_have_the_dtype_of_the_spec():
    exact = image_of(noise(64_240), PAPER)
    stored = image_of(noise(64_240), PAPER.model_copy(update={"dtype": "float16"}))
    assert (exact.dtype, stored.dtype) == (np.float32, np.float16)
    np.testing.assert_allclose(stored, exact, rtol=1e-3, atol=1e-6)


def test_a_clip_that_is_not_finite_has_an_image_that_is_not():
    waveform = noise(92)
    waveform[50] = np.nan
    assert np.isnan(image_of(waveform, SMALL)).all()


def test_facts_are_the_values_that_the_paper_prints():
    assert NormalisedSpectrogramExtractor(PAPER).facts() == {
        "kind": "normalised_spectrogram",
        "sample_rate": 16000,
        "height": 512,
        "width": 400,
        "size": "512x400",
        "seconds": 4,
        "window": 400,
        "hop": 160,
        "overlap_percent": 60,
        "window_function": "hamming",
        "pre_emphasis": 0.97,
        "fft_size": 512,
        "rows": "two_sided",
        "spectrum": "magnitude",
        "normalise": "row",
        "crop": 400,
    }


@pytest.mark.parametrize(
    ("rows", "fft_size"), [("two_sided", 512), ("one_sided", 1022), ("real_imaginary", 510)]
)
def test_every_reading_of_the_512_rows_is_a_transform_of_another_size(rows, fft_size):
    spec = NormalisedSpectrogram.model_validate(
        PAPER.model_dump() | {"rows": rows, "fft_size": fft_size}
    )
    facts = NormalisedSpectrogramExtractor(spec).facts()
    assert (facts["size"], facts["fft_size"]) == ("512x400", fft_size)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"fft_size": 1024},
            "fft_size is 1024, but 512 rows that are two_sided come from 512 points; set it to 512",
        ),
        ({"rows": "one_sided"}, "512 rows that are one_sided come from 1022 points; set it to"),
        ({"rows": "real_imaginary"}, "rows that are real_imaginary come from 510 points; set it"),
        ({"height": 399, "fft_size": 399}, "window is 400, longer than fft_size, which is 399"),
        ({"rows": "real_imaginary", "height": 511}, "height is 511, and half of the rows are real"),
        ({"rows": "real_imaginary", "spectrum": "power_density"}, "rows are real and imaginary"),
        ({"longest_frames": 399}, "longest_frames is 399, below frames, which is 400; raise it"),
    ],
)
def test_sizes_that_do_not_fit_together_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        NormalisedSpectrogram.model_validate(PAPER.model_dump() | changes)


def test_the_feature_needs_no_torch():
    """So that nothing depends on its number of threads."""
    assert "torch" not in loaded_by("import retable.features.normalised_spectrogram")


def test_real_clips_of_crema_d():
    """They have all their rows, and a voice makes the lower ones rise and fall together."""
    paths = sorted((real_corpus("crema_d") / "AudioWAV_16k").glob("*.wav"))
    if not paths:
        pytest.skip("the slice of crema_d has no original clips in AudioWAV_16k/")
    clips = [mono(read_clip(path)[0]) for path in paths]
    spec = PAPER.model_copy(update={"dtype": "float16"})

    images = NormalisedSpectrogramExtractor(spec)(clips)[..., :400].astype(np.float64)

    assert images.shape == (len(clips), 512, 400)
    assert np.isfinite(images).all()
    np.testing.assert_allclose(images.mean(axis=2), 0, atol=1e-3)
    np.testing.assert_allclose(images.var(axis=2), 1, atol=1e-3)
    for clip, image in zip(clips, images, strict=True):
        ends = -(-len(clip) // 160)
        assert image[:, :ends].mean() > 0 > image[:, ends:].mean()
