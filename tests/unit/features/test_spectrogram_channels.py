import librosa
import numpy as np
import pytest
import scipy.signal
import torch
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
    tone,
)
from sample_features import write_audio, write_features

from real_corpora import real_corpus
from retable.audio.decode import mono, read_clip
from retable.errors import ConfigError, DataError
from retable.features.spectrogram_channels import (
    FLOOR,
    SpectrogramChannelsExtractor,
    filter_bank,
    normalised,
    of_length,
)
from retable.features.store import FeatureStore
from retable.spec.base import canonical_json
from retable.spec.feature import ImageChannel


@pytest.mark.parametrize("samples", [1, 2, 997, 40_001, 99_999, 100_000, 100_003, 178_979, 480_000])
@pytest.mark.parametrize("length", ["resample", "crop_pad"])
def test_every_clip_becomes_exactly_as_long(samples, length):
    spec = PAPER.model_copy(update={"length": length})
    made = of_length(speech_like(samples), spec)
    assert (made.shape, made.dtype) == ((100_000,), np.float32)


def test_soxr_rounds_no_ratio_of_lengths_to_another_length():
    generator = np.random.default_rng(0)
    for samples in generator.integers(1000, 20_000, 200):
        assert len(of_length(np.ones(samples, np.float32), SMALL)) == 6000


@pytest.mark.parametrize("samples", [31_234, 100_000, 178_979])
def test_stretching_is_interpolation_of_the_whole_clip(samples):
    """By the Fourier transform, which takes a clip of whole cycles for a period."""
    waveform = tone(700, samples) + tone(2100, samples)
    expected = scipy.signal.resample(waveform.astype(np.float64), 100_000)
    inner = slice(2000, -2000)
    np.testing.assert_allclose(of_length(waveform, PAPER)[inner], expected[inner], atol=1e-4)


@pytest.mark.parametrize(
    ("clip", "made"),
    [
        ([1, 2, 3, 4, 5], [2, 3, 4]),
        ([1, 2, 3, 4, 5, 6], [2, 3, 4]),
        ([1, 2, 3], [1, 2, 3]),
        ([1, 2], [1, 2, 0]),
        ([1], [0, 1, 0]),
    ],
)
def test_the_middle_of_a_clip_or_zeros_on_both_sides(clip, made):
    spec = PAPER.model_copy(update={"length": "crop_pad", "samples": 3})
    assert of_length(np.float32(clip), spec).tolist() == made


def test_samples_get_zero_mean_and_unit_variance():
    np.testing.assert_allclose(normalised(np.float32([1, 3])), [-1, 1])
    deviation = np.sqrt((4 + 0 + 4) / 3)
    np.testing.assert_allclose(
        normalised(np.float32([0, 2, 4])), [-2 / deviation, 0, 2 / deviation]
    )
    loud = normalised(speech_like(50_000) + 0.1)
    assert loud.dtype == np.float32
    assert loud.mean(dtype=np.float64) == pytest.approx(0, abs=1e-6)
    assert loud.var(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    assert (normalised(np.full(100, 0.25, np.float32)) == 0).all()


def test_loudness_and_offset_of_a_clip_do_not_matter():
    waveform = speech_like(9000)
    expected = image_of(waveform, bare(SMALL))
    np.testing.assert_allclose(image_of(0.05 * waveform, bare(SMALL)), expected, atol=1e-3)
    shifted = SMALL.model_copy(update={"length": "crop_pad"})
    expected = image_of(waveform, bare(shifted))
    np.testing.assert_allclose(image_of(waveform + 0.1, bare(shifted)), expected, atol=5e-3)


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


@pytest.mark.parametrize("samples", [3000, 6000, 12_000])
def test_stretching_a_clip_moves_its_tones(samples):
    """1000 Hz at 8000 Hz is samples / 8 cycles, which in 6000 samples are samples / 6 Hz."""
    spec = bare(SMALL).model_copy(update={"bank": "linear"})
    image = image_of(tone(samples / 8, samples), spec)
    stretched = samples / 6
    row = round(stretched / (4000 / 25)) - 1
    assert (image[2, :, 5:-5].argmax(axis=0) == row).all()


@pytest.mark.parametrize("samples", [3000, 6000, 12_000])
def test_the_middle_of_a_clip_keeps_its_tones(samples):
    spec = bare(SMALL).model_copy(update={"bank": "linear", "length": "crop_pad"})
    image = image_of(tone(samples / 8, samples), spec)
    row = round(1000 / (4000 / 25)) - 1
    assert (image[2, :, 15:-15].argmax(axis=0) == row).all()


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


def test_a_silent_spectrogram_is_the_logarithm_of_the_floor():
    np.testing.assert_allclose(image_of(np.zeros(9000, np.float32), bare(SMALL)), np.log(1e-6))


@pytest.mark.parametrize("whiten", [None, EACH, TOGETHER, EARLY])
@pytest.mark.parametrize("spec", [SMALL, SMALL_CEPSTRAL])
def test_clips_of_any_length_fill_the_image_and_a_batch_equals_its_clips(spec, whiten):
    spec = spec.model_copy(update={"whiten": whiten})
    clips = [speech_like(samples, seed=samples) for samples in (1, 100, 5000, 6000, 480_000)]
    batch = SpectrogramChannelsExtractor(spec)(clips)
    assert (batch.shape, batch.dtype) == ((5, 3, 24, 40), np.float32)
    assert np.isfinite(batch).all()
    for image, clip in zip(batch, clips, strict=True):
        np.testing.assert_array_equal(image, image_of(clip, spec))


@pytest.mark.parametrize("spec", [PAPER, CEPSTRAL])
def test_images_do_not_depend_on_the_number_of_threads(spec):
    waveform = speech_like(150_000)
    threads = torch.get_num_threads()
    try:
        images = []
        for number in (1, 2, 3):
            torch.set_num_threads(number)
            images.append(image_of(waveform, spec))
            assert torch.get_num_threads() == number
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(images[0], images[1])
    np.testing.assert_array_equal(images[0], images[2])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("whiten", [None, EACH, TOGETHER, EARLY])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_stays_none_and_harms_no_other_clip(whiten, value):
    spec = SMALL.model_copy(update={"whiten": whiten})
    broken, whole = speech_like(9000), speech_like(8000)
    broken[4000] = value
    images = SpectrogramChannelsExtractor(spec)([broken, whole])
    assert np.isnan(images[0]).any()
    np.testing.assert_array_equal(images[1], image_of(whole, spec))


def test_values_have_the_dtype_of_the_spec():
    waveform = speech_like(9000)
    stored = image_of(waveform, SMALL.model_copy(update={"dtype": "float16"}))
    assert stored.dtype == np.float16
    np.testing.assert_allclose(stored, image_of(waveform, SMALL), rtol=1e-3, atol=1e-3)


def test_a_shard_of_them_is_one_image_a_clip(tmp_path):
    audio = write_audio(tmp_path, ["a", "b"])
    store = FeatureStore([write_features(SMALL, audio)])
    assert (store.shape, store.channels, store.patch) == ((3, 24, 40), ("mono",), None)
    assert store.facts["size"] == "24x40"
    assert np.isfinite(store.rows(["b", "a"])).all()


def test_facts_are_the_values_that_the_paper_prints():
    """And the frames of a channel, 1 + 100000 // hop, of which the third has fewer than bins."""
    facts = SpectrogramChannelsExtractor(PAPER).facts()
    sizes = {"of": "spectrogram", "rows": 128}
    assert facts == {
        "kind": "spectrogram_channels",
        "sample_rate": 48_000,
        "samples": 100_000,
        "length": "resample",
        "fft_size": 4096,
        "window_function": "hann",
        "power": 2,
        "bank": "mel",
        "bank_rate": 48_000,
        "bins": 128,
        "coefficients": 40,
        "rows": 128,
        "frames": 256,
        "size": "128x256",
        "hop_percent": 25,
        "images": [
            sizes | {"window": 1024, "hop": 256, "pair": "1024x256", "frames": 391},
            sizes | {"window": 2048, "hop": 512, "pair": "2048x512", "frames": 196},
            sizes | {"window": 4096, "hop": 1024, "pair": "4096x1024", "frames": 98},
        ],
        "whitening": {"scope": "channel", "order": "after_resize", "epsilon": 1e-5},
    }
    assert '"hop_percent":25,' in canonical_json(facts)


def test_facts_of_other_channels():
    facts = SpectrogramChannelsExtractor(bare(SMALL_CEPSTRAL)).facts()
    assert facts["whitening"] is None
    assert [(one["of"], one["rows"], one["frames"]) for one in facts["images"]] == [
        ("spectrogram", 24, 94),
        ("mfcc", 13, 94),
        ("delta_mfcc", 13, 94),
    ]
    first = ImageChannel(of="spectrogram", window=128, hop=64)
    unequal = SMALL.model_copy(update={"channels": (first, *SMALL.channels[1:])})
    assert SpectrogramChannelsExtractor(unequal).facts()["hop_percent"] is None


def test_sizes_that_do_not_fit_together_are_refused_all_at_once():
    spec = PAPER.model_copy(update={"fft_size": 2048, "samples": 1024, "coefficients": 130})
    with pytest.raises(ConfigError) as caught:
        SpectrogramChannelsExtractor(spec)
    assert str(caught.value) == (
        "feature spectrogram_channels: 3 faults\n"
        "  - a channel has a window of 4096, but fft_size is 2048; raise `fft_size` to the longest "
        "window at least\n"
        "  - samples is 1024, but a clip is mirrored at its ends by half of the fft_size 2048; "
        "raise `samples` or lower `fft_size`\n"
        "  - coefficients is 130, but 128 bins have as many at most; lower `coefficients` or raise "
        "`bins`"
    )


def test_the_smallest_sizes_that_fit_are_taken():
    spec = SMALL.model_copy(update={"samples": 257, "coefficients": 24})
    assert image_of(speech_like(257), spec).shape == (3, 24, 40)


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


def test_audio_at_another_rate_is_refused(tmp_path):
    audio = write_audio(tmp_path, ["a"])
    with pytest.raises(DataError, match=r"audio is at 8000 Hz, but .* expects 48000 Hz"):
        write_features(PAPER, audio)


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
