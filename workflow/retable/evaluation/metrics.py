"""Classification metrics of confusion counts.

Conventions: counts are (..., classes, classes), targets in rows and predictions in columns; each
metric reduces the last two axes, so that many confusion matrices are scored at once. Values are
fractions in [0, 1]; of no clips at all they are NaN. They agree with scikit-learn's, which the
checks of a build use, and which takes longer to import than an experiment takes to score.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from retable.errors import DataError


def confusion_matrix(target: ArrayLike, predicted: ArrayLike, classes: Sequence[str]) -> np.ndarray:
    """Counts (classes, classes) of class names, one a clip, in the same order.

    Raises:
        DataError: The two differ in length, are empty or not one-dimensional, or a label is not
            among `classes`.
    """
    target, predicted = _validated(target, predicted)
    places = {name: index for index, name in enumerate(classes)}
    unknown = sorted((set(target) | set(predicted)) - set(places))
    if unknown:
        raise DataError(f"label {str(unknown[0])!r} is none of the classes {', '.join(classes)}")
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, ([places[name] for name in target], [places[name] for name in predicted]), 1)
    return counts


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Fraction of clips whose class is recognised."""
    return _ratio(_hits(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def uar(counts: np.ndarray) -> np.ndarray:
    """Unweighted average recall: mean recall over the classes that occur among the targets.

    Equation 9 of gresnets, there for two classes.
    """
    targets = counts.sum(axis=-1)
    recall = np.nan_to_num(_ratio(_hits(counts), targets))
    return _ratio(recall.sum(axis=-1), (targets > 0).sum(axis=-1))


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Mean F1 over the classes that occur among targets or predictions.

    A class that is predicted but never a target, or never predicted, has an F1 of 0.
    """
    occurrences = counts.sum(axis=-1) + counts.sum(axis=-2)
    f1 = np.nan_to_num(_ratio(2 * _hits(counts), occurrences))
    return _ratio(f1.sum(axis=-1), (occurrences > 0).sum(axis=-1))


METRICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "accuracy": accuracy,
    "uar": uar,
    "macro_f1": macro_f1,
}


def _hits(counts: np.ndarray) -> np.ndarray:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator is zero."""
    nothing = np.full(np.shape(numerator), np.nan)
    return np.divide(numerator, denominator, out=nothing, where=denominator > 0)


def _validated(target: ArrayLike, predicted: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    target, predicted = np.asarray(target), np.asarray(predicted)
    if target.ndim != 1 or target.shape != predicted.shape:
        raise DataError(
            f"targets {target.shape} and predictions {predicted.shape} must be "
            "one-dimensional and of equal length"
        )
    if target.size == 0:
        raise DataError("no clips to score: targets and predictions are empty")
    return target, predicted
