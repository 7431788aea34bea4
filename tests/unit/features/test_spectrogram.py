import librosa
import numpy as np
import pytest
import torch

from real_corpora import real_corpus
from retable.audio.decode import mono, read_clip
from retable.errors import ConfigError
from retable.features.spectrogram import (
    SpectrogramExtractor,
    fit_frames,
    magnitude_spectrogram,
    normalise,
    scale,
    spectrogram_images,
)
from retable.spec.spectrogram import Spectrogram

PAPER = Spectrogram(
    kind="spectrogram",
    sample_rate=48000,
    window=512,
    hop=256,
    window_function="hamming",
    frames=399,
    time_fit="resize",
    scale="log",
    normalise="clip",
)
"""gresnets, sections 5.1 and 5.2."""


def noise(*lengths: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [0.1 * torch.randn(length, generator=generator) for length in lengths]


@pytest.mark.parametrize("window_function", ["hamming", "hann"])
@pytest.mark.parametrize("samples", [30001, 200])
@pytest.mark.filterwarnings("ignore:n_fft=512 is too large for input signal")
def test_magnitudes_equal_librosa(window_function, samples):
    (waveform,) = noise(samples)
    spec = PAPER.model_copy(update={"window_function": window_function})
    ours = magnitude_spectrogram(waveform, spec)
    librosas = librosa.stft(
        waveform.numpy(), n_fft=512, hop_length=256, window=window_function, pad_mode="constant"
    )
    np.testing.assert_allclose(ours, np.abs(librosas), rtol=1e-4, atol=1e-5)


def test_the_paper_settings_give_257_x_399_pixels():
    images = spectrogram_images(noise(144_000, 250_000), PAPER)
    assert images.shape == (2, 257, 399)
    assert images.dtype == torch.float32


def test_images_do_not_depend_on_the_number_of_threads():
    waveforms = noise(144_000)
    threads = torch.get_num_threads()
    try:
        images = []
        for number in (1, 2):
            torch.set_num_threads(number)
            images.append(spectrogram_images(waveforms, PAPER))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*images)


def test_resize_interpolates_linearly_along_time():
    magnitude = torch.rand(3, 50, generator=torch.Generator().manual_seed(0))
    resized = fit_frames(magnitude, PAPER.model_copy(update={"frames": 20}))
    positions = (np.arange(20) + 0.5) * 50 / 20 - 0.5
    expected = [np.interp(positions, np.arange(50), row) for row in magnitude.numpy()]
    np.testing.assert_allclose(resized, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("time_fit", "frames", "expected"),
    [
        ("crop", 3, [2, 3, 4]),
        ("crop", 8, [1, 2, 3, 4, 5, 0, 0, 0]),
        ("pad", 3, [1, 2, 3]),
        ("pad", 8, [1, 2, 3, 4, 5, 0, 0, 0]),
    ],
)
def test_crop_takes_the_centre_and_pad_the_beginning(time_fit, frames, expected):
    magnitude = torch.tensor([[1.0, 2, 3, 4, 5]])
    spec = PAPER.model_copy(update={"time_fit": time_fit, "frames": frames})
    assert fit_frames(magnitude, spec).tolist() == [expected]


def test_scales_of_known_magnitudes():
    magnitudes = torch.tensor([[[1.0, 10.0, 0.0]]])
    in_db = scale(magnitudes, PAPER.model_copy(update={"scale": "db"}))
    in_log = scale(magnitudes, PAPER)
    torch.testing.assert_close(in_db, torch.tensor([[[0.0, 20.0, -100.0]]]), rtol=0, atol=1e-3)
    torch.testing.assert_close(in_log, in_db * np.log(10) / 20)
    assert scale(magnitudes, PAPER.model_copy(update={"scale": "linear"})) is magnitudes


def test_normalised_images_have_zero_mean_and_unit_variance():
    images = 3 + 5 * torch.rand(4, 30, 40, generator=torch.Generator().manual_seed(0))
    normalised = normalise(images)
    torch.testing.assert_close(normalised.mean(dim=(1, 2)), torch.zeros(4), rtol=0, atol=1e-5)
    torch.testing.assert_close(normalised.std(dim=(1, 2), correction=0), torch.ones(4))


def test_digital_silence_becomes_an_image_of_zeros():
    images = spectrogram_images([torch.zeros(48000)], PAPER)
    assert images.abs().max() < 1


def test_rows_average_neighbouring_frequencies():
    spec = PAPER.model_copy(update={"scale": "linear", "normalise": "none", "window": 14, "hop": 7})
    waveforms = noise(3000)
    full = spectrogram_images(waveforms, spec)
    reduced = spectrogram_images(waveforms, spec.model_copy(update={"rows": 4}))
    assert full.shape == (1, 8, 399)
    torch.testing.assert_close(reduced, (full[:, 0::2] + full[:, 1::2]) / 2)


def test_the_extractor_takes_clips_of_numpy_and_returns_the_dtype_of_the_spec():
    clips = [waveform.numpy() for waveform in noise(20_000, 30_000)]
    spec = PAPER.model_copy(update={"dtype": "float16"})
    images = SpectrogramExtractor(spec)(clips)
    assert images.dtype == np.float16
    exact = SpectrogramExtractor(PAPER)(clips)
    np.testing.assert_allclose(images, exact, rtol=1e-3, atol=1e-3)


def test_facts_are_the_values_that_the_paper_prints():
    assert SpectrogramExtractor(PAPER).facts() == {
        "kind": "spectrogram",
        "height": 257,
        "width": 399,
        "window": 512,
        "overlap_percent": 50,
        "window_function": "hamming",
        "sample_rate": 48000,
    }


def test_more_rows_than_the_transform_has_are_refused():
    with pytest.raises(ConfigError, match="rows is 300, but a window of 512 gives 257 at most"):
        SpectrogramExtractor(PAPER.model_copy(update={"rows": 300}))


def test_real_clips_of_ravdess():
    paths = sorted(real_corpus("ravdess").rglob("03-0[12]-05-*.flac"))[:6]
    assert len(paths) == 6
    clips = [mono(read_clip(path)[0]) for path in paths]

    images = SpectrogramExtractor(PAPER)(clips)

    assert images.shape == (6, 257, 399)
    assert np.isfinite(images).all()
    # A voice has its energy in the lower third of 24 kHz.
    assert (images[:, :86].mean(axis=(1, 2)) > images[:, 171:].mean(axis=(1, 2)) + 0.5).all()
