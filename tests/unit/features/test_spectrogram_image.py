import librosa
import matplotlib.image
import numpy as np
import PIL.Image
import pytest
import scipy.signal
import torch

from real_corpora import real_corpus
from retable.audio.decode import mono, read_clip
from retable.errors import ConfigError
from retable.features.resizing import resized
from retable.features.spectrogram_image import SpectrogramImageExtractor, relative_levels
from retable.spec.base import canonical_json
from retable.spec.spectrogram import SpectrogramImage

GRAY = SpectrogramImage(
    kind="spectrogram_image",
    sample_rate=8000,
    window=512,
    hop=256,
    window_function="hamming",
    size=256,
    colours="gray",
)
"""cabcnn, section 4: grayscale of 256x256."""

RGB = GRAY.model_copy(update={"colours": "rgb", "size": 224})
"""The same: red, green and blue of 224x224."""


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def tone(hertz: float, samples: int = 40_000) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(samples) / 8000)).astype(np.float32)


def speech_like(samples: int) -> np.ndarray:
    """A falling tone whose loudness comes and goes, over quiet noise."""
    time = np.arange(samples) / 8000
    chirp = scipy.signal.chirp(time, 3000, time[-1], 500) * np.sin(2 * np.pi * time) ** 2
    return (0.3 * chirp + 0.01 * noise(samples)).astype(np.float32)


def picture(waveform: np.ndarray, spec: SpectrogramImage) -> np.ndarray:
    return SpectrogramImageExtractor(spec)([waveform])[0]


def librosa_levels(waveform: np.ndarray, spec: SpectrogramImage = GRAY) -> np.ndarray:
    """Levels from 0 to 1 (bins, frames), with librosa's transform and its `top_db`."""
    magnitudes = np.abs(
        librosa.stft(
            waveform,
            n_fft=spec.window,
            hop_length=spec.hop,
            window=spec.window_function,
            pad_mode="constant",
        )
    )
    decibels = librosa.amplitude_to_db(magnitudes, ref=np.max, amin=1e-12, top_db=spec.range_db)
    return (decibels + spec.range_db) / spec.range_db


def pillow_resize(image: np.ndarray, size: int) -> np.ndarray:
    picture = PIL.Image.fromarray(image.astype(np.float32), mode="F")
    return np.asarray(picture.resize((size, size), PIL.Image.Resampling.BILINEAR))


@pytest.mark.parametrize("samples", [600, 2000, 40_000, 480_000])
@pytest.mark.parametrize("window_function", ["hamming", "hann"])
def test_a_gray_picture_is_librosas_decibels_resized_by_pillow(samples, window_function):
    spec = GRAY.model_copy(update={"window_function": window_function})
    waveform = speech_like(samples)
    expected = pillow_resize(librosa_levels(waveform, spec), 256)
    ours = picture(waveform, spec)
    assert ours.shape == (256, 256)
    np.testing.assert_allclose(ours, 2 * expected - 1, atol=1e-3)
    assert np.ptp(expected) > 0.3


def test_levels_are_those_of_scipys_transform():
    waveform = speech_like(40_000)
    _, _, transform = scipy.signal.stft(
        waveform, window="hamming", nperseg=512, noverlap=256, padded=False, boundary="zeros"
    )
    magnitudes = np.abs(transform).astype(np.float32)
    decibels = 20 * np.log10(magnitudes / magnitudes.max())
    expected = np.maximum(1 + decibels / 80, 0)
    np.testing.assert_allclose(relative_levels(magnitudes, 80), expected, atol=1e-5)
    np.testing.assert_allclose(librosa_levels(waveform)[:, :156], expected[:, :156], atol=1e-3)


def test_levels_by_hand():
    """Relative to 10, the values are 0, -20, -60, -80 and -100 dB, and none at all."""
    magnitudes = np.float32([10, 1, 0.01, 1e-3, 1e-4, 0])
    np.testing.assert_allclose(relative_levels(magnitudes, 80), [1, 0.75, 0.25, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(relative_levels(magnitudes, 40), [1, 0.5, 0, 0, 0, 0], atol=1e-6)


def test_only_what_is_relative_to_the_clip_counts():
    waveform = speech_like(20_000)
    np.testing.assert_allclose(picture(0.01 * waveform, GRAY), picture(waveform, GRAY), atol=1e-3)


@pytest.mark.parametrize("shape", [(257, 40), (257, 900), (257, 1), (100, 256), (17, 3)])
def test_images_are_resized_like_pillow_does(shape):
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    np.testing.assert_allclose(resized(image, (64, 64)), pillow_resize(image, 64), atol=1e-5)


def test_resizing_averages_what_becomes_smaller():
    """Antialiased: a fine pattern of 0 and 1 becomes an even one half."""
    pattern = np.tile(np.float32([0, 1]), (512, 256))
    inner = resized(pattern, (64, 64))[:, 2:-2]
    np.testing.assert_allclose(inner, 0.5, atol=0.02)


@pytest.mark.parametrize("bin_of_tone", [20, 100, 230])
@pytest.mark.parametrize("size", [224, 256])
def test_a_tone_is_a_bright_row_counted_from_the_lowest_frequency(bin_of_tone, size):
    """257 bins become `size` rows: bin k, whose centre is at k + 1/2, is row (k + 1/2) size/257."""
    image = picture(tone(bin_of_tone * 8000 / 512), GRAY.model_copy(update={"size": size}))
    row = int((bin_of_tone + 0.5) * size / 257)
    brightest = image[:, 10:-10].argmax(axis=0)
    assert (abs(brightest - row) <= 1).all()
    assert image[row, 10:-10].min() > 0.8
    far = np.abs(np.arange(size) - row) > 25
    assert image[far, 10:-10].max() < 0


def test_time_runs_from_left_to_right():
    late = np.concatenate([np.zeros(20_000, np.float32), tone(1000, 20_000)])
    image = picture(late, GRAY)
    assert (image[:, :120] == -1).all()
    assert image[:, 136:].max() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("colour_map", ["viridis", "magma", "jet"])
def test_colours_are_those_of_the_gray_picture_saved_by_matplotlib(tmp_path, colour_map):
    waveform = speech_like(40_000)
    gray = picture(waveform, GRAY.model_copy(update={"size": 224}))
    colours = picture(waveform, RGB.model_copy(update={"colour_map": colour_map}))
    assert colours.shape == (3, 224, 224)
    path = tmp_path / "gray.png"
    matplotlib.image.imsave(path, (gray + 1) / 2, cmap=colour_map, vmin=0, vmax=1)
    printed = np.asarray(PIL.Image.open(path).convert("RGB"))
    differences = np.abs((np.moveaxis(colours, 0, -1) + 1) / 2 * 255 - printed)
    # The file has whole numbers; a level at the border of two of the 256 colours may get either.
    assert (differences <= 1).mean() > 0.999
    assert differences.max() <= 16


@pytest.mark.parametrize("amplitude", [0, 1e-9])
def test_a_silent_clip_is_the_darkest_picture(amplitude):
    silent = amplitude * noise(30_000)
    assert (picture(silent, GRAY) == -1).all()
    darkest = 2 * np.array(matplotlib.colormaps["viridis"](0.0)[:3]) - 1
    planes = picture(silent, RGB)
    np.testing.assert_allclose(planes, np.broadcast_to(darkest[:, None, None], planes.shape))


@pytest.mark.parametrize("spec", [GRAY, RGB])
def test_clips_of_any_length_fill_the_picture_and_a_batch_equals_its_clips(spec):
    clips = [noise(samples, seed=samples) for samples in (1, 100, 5000, 480_000)]
    batch = SpectrogramImageExtractor(spec)(clips)
    assert batch.shape[0] == 4 and batch.shape[-1] == spec.size
    assert batch.min() >= -1 and batch.max() <= 1
    for image, clip in zip(batch, clips, strict=True):
        np.testing.assert_array_equal(image, picture(clip, spec))
    # One sample alone is as loud at all frequencies; of the others some are louder.
    varies = [np.ptp(image, axis=(-2, -1)).max() > 0.1 for image in batch]
    assert varies == [False, True, True, True]


def test_pictures_do_not_depend_on_the_number_of_threads():
    waveform = speech_like(480_000)
    threads = torch.get_num_threads()
    try:
        pictures = []
        for number in (1, 2, 3):
            torch.set_num_threads(number)
            pictures.append(picture(waveform, RGB))
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(pictures[0], pictures[1])
    np.testing.assert_array_equal(pictures[0], pictures[2])


@pytest.mark.parametrize("spec", [GRAY, RGB])
def test_what_is_no_number_stays_none(spec):
    """Colours would hide it: matplotlib paints it black."""
    waveform = noise(20_000)
    waveform[10_000] = np.nan
    assert np.isnan(picture(waveform, spec)).any()


@pytest.mark.parametrize(
    ("name", "advice"),
    [("virdis", "take viridis"), ("Magma", "take .*magma"), ("xyz", "take viridis, magma, jet or")],
)
def test_an_unknown_colour_map_is_answered_with_near_ones(name, advice):
    with pytest.raises(ConfigError, match=f"colour_map is '{name}', which .*; {advice}"):
        SpectrogramImageExtractor(RGB.model_copy(update={"colour_map": name}))


def test_facts_are_read_from_the_picture():
    facts = SpectrogramImageExtractor(RGB).facts()
    assert facts == {
        "kind": "spectrogram_image",
        "height": 224,
        "width": 224,
        "size": "224x224",
        "window": 512,
        "overlap_percent": 50,
        "window_function": "hamming",
        "colour_map": "viridis",
        "range_db": 80,
        "sample_rate": 8000,
    }
    assert '"range_db":80,' in canonical_json(facts)
    gray = SpectrogramImageExtractor(GRAY).facts()
    assert (gray["size"], gray["colour_map"]) == ("256x256", "gray")


def test_values_have_the_dtype_of_the_spec():
    waveform = speech_like(20_000)
    stored = picture(waveform, RGB.model_copy(update={"dtype": "float16"}))
    assert (picture(waveform, RGB).dtype, stored.dtype) == (np.float32, np.float16)
    np.testing.assert_allclose(stored, picture(waveform, RGB), atol=1e-3)


def test_a_real_voice_is_brightest_at_low_frequencies():
    samples, rate = read_clip(sorted(real_corpus("vctk").rglob("*.flac"))[0])
    spec = GRAY.model_copy(update={"sample_rate": rate})
    image = picture(mono(samples), spec)
    expected = pillow_resize(librosa_levels(mono(samples), spec), 256)
    np.testing.assert_allclose(image, 2 * expected - 1, atol=2e-3)
    assert image[:64].mean() > image[192:].mean() + 0.1
