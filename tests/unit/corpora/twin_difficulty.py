"""How hard the classes of a twin are, to a logistic regression on mean log-mel.

features = mean_log_mel_of(root, clips)
accuracy(features, clips["emotion"]), accuracy(features, clips["emotion"], clips["speaker"])
"""

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from scipy.fft import rfft
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLD_SEEDS = (0, 1, 2)
WINDOW = 2048


def mel_filters(bands: int, window: int, sample_rate: int) -> np.ndarray:
    """Triangular filters, equally spaced on the mel scale (O'Shaughnessy, 1987)."""
    edges = 700 * (
        10 ** (np.linspace(0, 2595 * np.log10(1 + sample_rate / 1400), bands + 2) / 2595) - 1
    )
    hertz = np.fft.rfftfreq(window, 1 / sample_rate)
    rising = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    return np.clip(np.minimum(rising, falling), 0, None)


def mean_log_mel(samples: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Mean over time of the log-mel spectrogram: shape (bands,)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[:: WINDOW // 2]
    power = np.abs(rfft(frames * np.hanning(WINDOW).astype("float32"), axis=1)) ** 2
    return np.log(power @ filters.T + 1e-10).mean(axis=0)


def mean_log_mel_of(root: Path, clips: pd.DataFrame, bands: int = 64) -> np.ndarray:
    """Features of the first channel of the clips of a manifest: shape (clips, bands)."""
    filters = mel_filters(bands, WINDOW, int(clips["sample_rate"].iloc[0]))
    audio = (
        soundfile.read(root / path, dtype="float32", always_2d=True)[0] for path in clips["path"]
    )
    return np.stack([mean_log_mel(samples[:, 0], filters) for samples in audio])


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
    return cross_val_score(classifier, features, classes, groups=groups, cv=folds)
