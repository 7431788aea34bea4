import numpy as np
import pytest
import torch

from imports import loaded_by
from real_corpora import real_corpus
from retable.audio.decode import mono, read_clip
from retable.audio.resample import resample
from retable.errors import DataError
from retable.features.waveform import SMALLEST_DEVIATION, WaveformExtractor
from retable.spec.base import canonical_json
from retable.spec.feature import Waveform

PAPER = Waveform(
    kind="waveform",
    sample_rate=8000,
    rate=4000,
    pick="max",
    seconds=30,
    normalise="file",
)
"""cabcnn, section 4: 4,000 intervals a second of at most the first T seconds."""

SHORT = PAPER.model_copy(update={"sample_rate": 12, "rate": 4, "seconds": 2.5})
"""Intervals of 3 samples, 10 of them at most: 30 samples."""


def noise(samples: int, seed: int = 0) -> np.ndarray:
    """With an offset, and louder at the end, so that it matters over what it is normalised."""
    values = np.random.default_rng(seed).standard_normal(samples) * np.linspace(0.1, 0.3, samples)
    return (values + 0.05).astype(np.float32)


def naive(waveform: np.ndarray, spec: Waveform) -> list[float]:
    """The paper's two sentences, sample by sample."""
    samples = [float(value) for value in waveform]
    length = int(spec.sample_rate * spec.seconds)
    if spec.normalise != "none":
        measured = samples if spec.normalise == "file" else samples[:length]
        mean = sum(measured) / len(measured)
        deviation = (sum((value - mean) ** 2 for value in measured) / len(measured)) ** 0.5
        samples = [(value - mean) / deviation for value in samples]
    if spec.pick == "absmax":
        samples = [abs(value) for value in samples]
    interval = spec.sample_rate // spec.rate
    maxima = []
    for start in range(0, min(length, len(samples)), interval):
        if start + interval <= len(samples):
            maxima.append(max(samples[start : start + interval]))
    return maxima


def values_of(waveform: np.ndarray, spec: Waveform) -> np.ndarray:
    """Values of the clip itself; asserts that zeros follow."""
    extractor = WaveformExtractor(spec)
    (values,) = extractor([waveform])
    length = extractor.stored_length(len(waveform))
    assert (values[length:] == 0).all()
    return values[:length]


@pytest.mark.parametrize("pick", ["max", "absmax"])
@pytest.mark.parametrize("normalise", ["file", "segment", "none"])
@pytest.mark.parametrize("samples", [3, 4, 28, 29, 30, 31, 200])
def test_values_are_those_of_a_naive_loop(pick, normalise, samples):
    spec = SHORT.model_copy(update={"pick": pick, "normalise": normalise})
    waveform = noise(samples)
    np.testing.assert_allclose(values_of(waveform, spec), naive(waveform, spec), rtol=1e-6)


def test_a_clip_by_hand():
    """Its mean is 2; of the intervals (1, 3), (-1, 5) and (4, 0), `seconds` cuts off the third."""
    waveform = np.array([1, 3, -1, 5, 4, 0], np.float32)
    spec = PAPER.model_copy(update={"sample_rate": 4, "rate": 2, "seconds": 1})
    deviation = np.sqrt((1 + 1 + 9 + 9 + 4 + 4) / 6)
    np.testing.assert_allclose(values_of(waveform, spec), [1 / deviation, 3 / deviation])
    magnitudes = values_of(waveform, spec.model_copy(update={"pick": "absmax"}))
    np.testing.assert_allclose(magnitudes, [1 / deviation, 3 / deviation])
    # Of the first four samples the mean is 2 and the variance (1 + 1 + 9 + 9) / 4.
    segment = values_of(waveform, spec.model_copy(update={"normalise": "segment"}))
    np.testing.assert_allclose(segment, [1 / np.sqrt(5), 3 / np.sqrt(5)])
    plain = values_of(waveform, spec.model_copy(update={"normalise": "none"}))
    assert plain.tolist() == [3, 5]


def test_the_maximum_keeps_its_sign_and_the_magnitude_does_not():
    waveform = np.array([-3, -1, 2, -5], np.float32)
    spec = PAPER.model_copy(update={"sample_rate": 4, "rate": 2, "seconds": 1, "normalise": "none"})
    assert values_of(waveform, spec).tolist() == [-1, 2]
    assert values_of(waveform, spec.model_copy(update={"pick": "absmax"})).tolist() == [3, 5]


def test_the_whole_file_is_normalised_before_it_is_cut():
    loud_at_the_end = np.concatenate([noise(8000), 10 * noise(8000, seed=1)])
    spec = PAPER.model_copy(update={"seconds": 1, "sample_rate": 4000})
    by_file = values_of(loud_at_the_end, spec)
    by_segment = values_of(loud_at_the_end, spec.model_copy(update={"normalise": "segment"}))
    assert by_file.std() < 0.2
    assert by_segment.std() == pytest.approx(1)


@pytest.mark.parametrize(("seconds", "values"), [(5, 20_000), (10, 40_000), (60, 240_000)])
def test_the_lengths_of_the_paper(seconds, values):
    extractor = WaveformExtractor(PAPER.model_copy(update={"seconds": seconds}))
    assert extractor([noise(16_000)]).shape == (1, values)
    assert extractor.stored_length(70 * 8000) == values


def test_a_shorter_clip_is_followed_by_zeros():
    """5 samples are two intervals of 2; the last sample has no whole interval."""
    extractor = WaveformExtractor(PAPER)
    clips = [noise(5), noise(400_000)]
    values = extractor(clips)
    assert values.shape == (2, 120_000)
    assert [extractor.stored_length(len(clip)) for clip in clips] == [2, 120_000]
    assert np.flatnonzero(values[0]).tolist() == [0, 1]
    np.testing.assert_array_equal(values[0], extractor(clips[:1])[0])


@pytest.mark.parametrize("normalise", ["file", "segment"])
def test_a_silent_clip_is_centred_not_blown_up(normalise):
    spec = PAPER.model_copy(update={"normalise": normalise})
    assert (values_of(np.full(8000, 0.25, np.float32), spec) == 0).all()
    nearly = 1e-7 * noise(8000)
    assert 0 < np.abs(values_of(nearly, spec)).max() < 1e-6 / SMALLEST_DEVIATION


def test_clips_without_a_whole_interval_are_counted_and_the_first_are_named():
    extractor = WaveformExtractor(PAPER)
    extractor.check_lengths({"whole": 2, "long": 10**6})
    with pytest.raises(DataError) as caught:
        extractor.check_lengths({"whole": 2, "short": 1, "empty": 0})
    assert str(caught.value) == (
        "an interval of the feature is 2 samples at 8000 Hz, but clip 'short' has 1, 'empty' has "
        "0; leave clips without a whole interval out of the dataset"
    )
    with pytest.raises(DataError, match=r"'c4' has 1 and 3 more;"):
        extractor.check_lengths({f"c{number}": 1 for number in range(8)})


def test_seconds_that_binary_fractions_only_approximate_are_whole_intervals():
    """0.1 * 3 is 0.30000000000000004."""
    spec = Waveform.model_validate({**PAPER.model_dump(), "seconds": 0.1 * 3})
    extractor = WaveformExtractor(spec)
    assert extractor([noise(8000)]).shape == (1, 1200)


@pytest.mark.parametrize(("seconds", "printed"), [(30, "30"), (0.5, "0.5")])
def test_facts_are_the_values_that_the_paper_prints(seconds, printed):
    facts = WaveformExtractor(PAPER.model_copy(update={"seconds": float(seconds)})).facts()
    assert facts == {
        "kind": "waveform",
        "sample_rate": 8000,
        "rate": 4000,
        "seconds": seconds,
        "pick": "max",
        "normalise": "file",
    }
    assert canonical_json(facts).endswith(f'"seconds":{printed}}}')


def test_values_have_the_dtype_of_the_spec():
    exact = WaveformExtractor(PAPER)([noise(8000)])
    stored = WaveformExtractor(PAPER.model_copy(update={"dtype": "float16"}))([noise(8000)])
    assert (exact.dtype, stored.dtype) == (np.float32, np.float16)
    np.testing.assert_allclose(stored, exact, rtol=1e-3, atol=1e-6)


def test_the_feature_needs_no_torch():
    """Whose import would take longer than a shard of clips."""
    assert "torch" not in loaded_by("import retable.features.waveform")


def test_real_speech_keeps_its_shape():
    """The maximum of two neighbours follows the clip: what max pooling by torch gives."""
    path = sorted(real_corpus("vctk").rglob("*.flac"))[0]
    samples, rate = read_clip(path)
    clip = resample(mono(samples), rate, 8000)
    values = values_of(clip, PAPER)
    normalised = torch.from_numpy((clip - clip.mean()) / clip.std())
    expected = torch.nn.functional.max_pool1d(normalised[None], 2)[0]
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5)
