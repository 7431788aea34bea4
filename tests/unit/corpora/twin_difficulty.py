"""How hard the classes of a twin are, to a logistic regression on mean log-mel.

features = mean_log_mel_of(root, clips)
accuracy(features, clips["emotion"]), accuracy(features, clips["emotion"], clips["speaker"])
"""

from functools import partial
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import soundfile
from scipy.fft import rfft
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

one_thread = partial(threadpool_limits, 1)
"""On a busy machine the threads of BLAS wait for each other, longer than one alone would take."""

FOLD_SEEDS = (0, 1, 2)
WINDOW = 2048


def mel_filters(sample_rate: int, bands: int = 64) -> np.ndarray:
    """Triangular filters, equally spaced on the mel scale of HTK: shape (bands, frequencies)."""
    return librosa.filters.mel(sr=sample_rate, n_fft=WINDOW, n_mels=bands, htk=True, norm=None)


def mean_log_mel(samples: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Mean over time of the log-mel spectrogram: shape (bands,)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[:: WINDOW // 2]
    power = np.abs(rfft(frames * np.hanning(WINDOW).astype("float32"), axis=1)) ** 2
    return np.log(power @ filters.T + 1e-10).mean(axis=0)


def mean_log_mel_of(root: Path, clips: pd.DataFrame) -> np.ndarray:
    """Features of the first channel of the clips of a manifest: shape (clips, 64)."""
    filters = mel_filters(int(clips["sample_rate"].iloc[0]))
    audio = (
        soundfile.read(root / path, dtype="float32", always_2d=True)[0] for path in clips["path"]
    )
    with one_thread():
        return np.stack([mean_log_mel(samples[:, 0], filters) for samples in audio])


def modulation_spectrum(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """How much a clip's level moves at 0 to 1, 1 to 2, ... 19 to 20 Hz: shape (20,).

    Means of the magnitudes of the Fourier transform of the level curve in dB, which has 100 values
    a second, zero mean and unit variance: of the mean spectrum and level of a clip, of at most 10
    seconds, nothing is left.
    """
    hop = sample_rate // 100
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop)
    levels = 10 * np.log10((frames**2).mean(axis=1) + 1e-8)
    curve = (levels - levels.mean()) / levels.std()
    return np.abs(rfft(curve / np.sqrt(len(curve)), 1000))[:200].reshape(20, 10).mean(axis=1)


def accuracy(features: np.ndarray, classes: pd.Series, groups: pd.Series | None = None) -> float:
    """Mean accuracy over five folds, random or of unseen groups, and several draws of them."""
    kind = KFold if groups is None else GroupKFold
    draws = [kind(5, shuffle=True, random_state=seed) for seed in FOLD_SEEDS]
    return float(np.mean([_scores(features, classes, groups, draw) for draw in draws]))


def accuracy_in_folds(features: np.ndarray, classes: pd.Series, folds: pd.Series) -> float:
    """Mean accuracy over the given folds."""
    return float(np.mean(_scores(features, classes, folds, LeaveOneGroupOut())))


def _scores(
    features: np.ndarray, classes: pd.Series, groups: pd.Series | None, folds: object
) -> np.ndarray:
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    with one_thread():
        return cross_val_score(classifier, features, classes, groups=groups, cv=folds)
