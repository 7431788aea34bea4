import numpy as np
import torch
import torchaudio

from retable.features.logmel_statistics import (
    LogMelStatisticsExtractor,
    band_statistics,
    log_mel,
)
from retable.spec.feature import LogMelStatistics

SPEC = LogMelStatistics(kind="logmel_statistics", sample_rate=16000, window=512, hop=256, bands=40)


def clip(length: int = 16000) -> np.ndarray:
    """A tone in noise, so that the bands differ."""
    generator = np.random.default_rng(0)
    tone = np.sin(2 * np.pi * 440 * np.arange(length) / 16000)
    return (0.3 * tone + 0.01 * generator.standard_normal(length)).astype(np.float32)


def test_log_mel_equals_torchaudio():
    mel = torchaudio.transforms.MelSpectrogram(
        sample_rate=16000,
        n_fft=512,
        hop_length=256,
        n_mels=40,
        power=2,
        norm="slaney",
        mel_scale="slaney",
        pad_mode="constant",
    )
    decibels = torchaudio.transforms.AmplitudeToDB(stype="power", top_db=80)
    expected = decibels(mel(torch.from_numpy(clip())))
    np.testing.assert_allclose(log_mel(clip(), SPEC), expected, rtol=0, atol=1e-2)  # dB


def test_statistics_are_means_then_standard_deviations():
    bands = np.array([[1.0, 3.0], [10.0, 10.0]])
    np.testing.assert_array_equal(band_statistics(bands), [2, 10, 1, 0])


def test_the_extractor_gives_one_vector_a_clip():
    clips = [clip(), clip(9000)]
    vectors = LogMelStatisticsExtractor(SPEC)(clips)
    assert vectors.shape == (2, 80)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[1], band_statistics(log_mel(clips[1], SPEC)))


def test_facts():
    assert LogMelStatisticsExtractor(SPEC).facts() == {
        "kind": "logmel_statistics",
        "values": 80,
        "bands": 40,
        "window": 512,
        "overlap_percent": 50,
        "window_function": "hann",
        "sample_rate": 16000,
    }
