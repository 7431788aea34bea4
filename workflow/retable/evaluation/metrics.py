"""Classification metrics of clip-level decisions.

Conventions: targets and predictions are class names, one a clip, in the same order. Values are
fractions in [0, 1]. A class without clips among the targets has no recall and does not count
towards the UAR.
"""

from collections.abc import Callable, Sequence

import numpy as np
from sklearn import metrics as sklearn_metrics

from retable.errors import DataError

Labels = Sequence[str] | np.ndarray


def accuracy(target: Labels, predicted: Labels) -> float:
    """Fraction of clips whose class is recognised.

    Raises:
        DataError: The two differ in length, are empty, or are not one-dimensional.
    """
    target, predicted = _validated(target, predicted)
    return float(sklearn_metrics.accuracy_score(target, predicted))


def uar(target: Labels, predicted: Labels) -> float:
    """Unweighted average recall: mean recall over the classes present in the targets.

    Equation 9 of gresnets, there for two classes.

    Raises:
        DataError: As for `accuracy`.
    """
    target, predicted = _validated(target, predicted)
    present = np.unique(target)
    return float(
        sklearn_metrics.recall_score(
            target, predicted, labels=present, average="macro", zero_division=0.0
        )
    )


def macro_f1(target: Labels, predicted: Labels) -> float:
    """Mean F1 over the classes that occur among targets or predictions.

    A class that is predicted but never a target, or never predicted, has an F1 of 0.

    Raises:
        DataError: As for `accuracy`.
    """
    target, predicted = _validated(target, predicted)
    return float(sklearn_metrics.f1_score(target, predicted, average="macro", zero_division=0.0))


def confusion_matrix(target: Labels, predicted: Labels, classes: Sequence[str]) -> np.ndarray:
    """Counts, shape (classes, classes): rows are targets, columns are predictions.

    Raises:
        DataError: As for `accuracy`, or a label is not among `classes`.
    """
    target, predicted = _validated(target, predicted)
    unknown = sorted((set(target) | set(predicted)) - set(classes))
    if unknown:
        raise DataError(f"label {str(unknown[0])!r} is none of the classes {', '.join(classes)}")
    return np.asarray(sklearn_metrics.confusion_matrix(target, predicted, labels=list(classes)))


METRICS: dict[str, Callable[[Labels, Labels], float]] = {
    "accuracy": accuracy,
    "uar": uar,
    "macro_f1": macro_f1,
}


def _validated(target: Labels, predicted: Labels) -> tuple[np.ndarray, np.ndarray]:
    target, predicted = np.asarray(target), np.asarray(predicted)
    if target.ndim != 1 or target.shape != predicted.shape:
        raise DataError(
            f"targets {target.shape} and predictions {predicted.shape} must be "
            "one-dimensional and of equal length"
        )
    if target.size == 0:
        raise DataError("no clips to score: targets and predictions are empty")
    return target, predicted
