"""Images as they are stored: shape, type, equality, facts, and what is refused."""

import numpy as np
import pytest
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
    speech_like,
)
from pydantic import ValidationError
from sample_features import write_audio, write_features

from retable.errors import DataError
from retable.features.spectrogram_channels import SpectrogramChannelsExtractor
from retable.features.store import FeatureStore
from retable.spec.base import canonical_json
from retable.spec.spectrogram import ImageChannel, SpectrogramChannels


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


def test_audio_at_another_rate_is_refused(tmp_path):
    audio = write_audio(tmp_path, ["a"])
    with pytest.raises(DataError, match=r"audio is at 8000 Hz, but .* expects 48000 Hz"):
        write_features(PAPER, audio)


def test_facts_are_the_values_that_the_paper_prints():
    """With hop and window of a pair the other way round, which makes 25 % an overlap of 75 %.

    A channel has 1 + 100000 // hop frames, the third fewer than bins.
    """
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
        "bank_rate": 16_000,
        "bins": 128,
        "coefficients": 40,
        "rows": 128,
        "frames": 256,
        "size": "128x256",
        "overlap_percent": 75,
        "images": [
            sizes | {"window": 1024, "hop": 256, "pair": "256x1024", "frames": 391},
            sizes | {"window": 2048, "hop": 512, "pair": "512x2048", "frames": 196},
            sizes | {"window": 4096, "hop": 1024, "pair": "1024x4096", "frames": 98},
        ],
        "whitening": {"scope": "channel", "order": "after_resize", "epsilon": 1e-5},
    }
    assert '"overlap_percent":75,' in canonical_json(facts)


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
    assert SpectrogramChannelsExtractor(unequal).facts()["overlap_percent"] is None


@pytest.mark.parametrize(
    ("sizes", "fault"),
    [
        (
            {"fft_size": 2048},
            "fft_size is 2048, but a channel has a window of 4096; raise fft_size to the longest "
            "window at least",
        ),
        (
            {"samples": 2048},
            "samples is 2048, but a clip is mirrored at its ends by half of fft_size 4096; choose "
            "2049 at least, or lower fft_size",
        ),
        (
            {"coefficients": 129},
            "coefficients is 129, but 128 bins have as many at most; lower coefficients or raise "
            "bins",
        ),
        (
            {"fft_size": 2048, "samples": 1024},
            "4096; raise .*; samples is 1024, but .* choose 1025",
        ),
    ],
)
def test_sizes_that_do_not_fit_together_are_refused_all_at_once(sizes, fault):
    with pytest.raises(ValidationError, match=fault):
        SpectrogramChannels.model_validate(PAPER.model_dump() | sizes)


def test_the_smallest_sizes_that_fit_are_taken():
    sizes = {"samples": 257, "coefficients": 24}
    spec = SpectrogramChannels.model_validate(SMALL.model_dump() | sizes)
    assert image_of(speech_like(257), spec).shape == (3, 24, 40)
