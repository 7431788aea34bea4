from functools import partial

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from retable.errors import DataError
from retable.evaluation.metrics import accuracy, confusion_matrix, macro_f1, uar

ACCENTS = ("American", "Canadian", "English", "Irish", "Northern Irish", "Scottish")


def test_macro_f1_by_hand():
    # Speech: 2 hits of 3 targets and 2 predictions, F1 4/5; song: 1 of 1 and 2, F1 2/3.
    counts = np.array([[2, 1], [0, 1]])
    assert macro_f1(counts) == pytest.approx((4 / 5 + 2 / 3) / 2, abs=1e-12)


def test_uar_leaves_out_classes_without_targets():
    assert uar(np.array([[1, 1], [0, 0]])) == pytest.approx(0.5)


def test_macro_f1_counts_a_class_that_is_only_predicted():
    # Sad: 1 hit of 2 targets and 1 prediction, F1 2/3; calm: none, F1 0; angry does not occur.
    assert macro_f1(np.array([[1, 1, 0], [0, 0, 0], [0, 0, 0]])) == pytest.approx(1 / 3)


def test_many_matrices_are_scored_at_once_and_as_scikit_learn_does():
    generator = np.random.default_rng(0)
    target = generator.choice(ACCENTS[:5], size=(20, 60))
    predicted = generator.choice(ACCENTS, size=(20, 60))
    counts = np.stack(
        [confusion_matrix(*pair, ACCENTS) for pair in zip(target, predicted, strict=True)]
    )
    for metric, expected in {
        accuracy: sklearn_metrics.accuracy_score,
        uar: partial(sklearn_metrics.recall_score, average="macro", labels=ACCENTS[:5]),
        macro_f1: partial(sklearn_metrics.f1_score, average="macro"),
    }.items():
        values = [expected(*pair) for pair in zip(target, predicted, strict=True)]
        np.testing.assert_allclose(metric(counts), values, rtol=1e-12)


@pytest.mark.parametrize("metric", [accuracy, uar, macro_f1])
def test_no_clips_have_no_score(metric):
    assert np.isnan(metric(np.zeros((3, 3), dtype=int)))


def test_confusion_matrix_has_targets_in_rows():
    matrix = confusion_matrix(["a", "a", "b"], ["a", "b", "b"], ["b", "a", "c"])
    np.testing.assert_array_equal(matrix, [[1, 0, 0], [1, 1, 0], [0, 0, 0]])


def test_bad_input_is_refused():
    with pytest.raises(DataError, match="empty"):
        confusion_matrix([], [], ACCENTS)
    with pytest.raises(DataError, match="equal length"):
        confusion_matrix(["Irish", "Irish"], ["Irish"], ACCENTS)


def test_a_label_outside_the_classes_is_refused():
    with pytest.raises(DataError, match="'d' is none of the classes a, b"):
        confusion_matrix(["a"], ["d"], ["a", "b"])
