import csv
from functools import partial

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from retable.errors import DataError
from retable.evaluation.metrics import accuracy, confusion_matrix, macro_f1, uar
from sample_results import PUBLISHED

ACCENTS = ("American", "Canadian", "English", "Irish", "Northern Irish", "Scottish")


def decisions_of_published_matrix(table: str) -> tuple[list[str], list[str]]:
    """One target and one prediction for each utterance that a printed matrix counts."""
    target, predicted = [], []
    with PUBLISHED.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["table"] == table:
                target += [row["row"]] * int(row["value"])
                predicted += [row["column"]] * int(row["value"])
    return target, predicted


@pytest.mark.parametrize(
    ("table", "printed_accuracy", "printed_uar"),
    [("6", 89.67, 89.82), ("7", 92.44, 92.57)],  # gresnets, Table 5
)
def test_metrics_of_the_published_matrices(table, printed_accuracy, printed_uar):
    counts = confusion_matrix(*decisions_of_published_matrix(table), ACCENTS)
    assert counts.sum() == 1481
    assert round(100 * accuracy(counts), 2) == printed_accuracy
    assert round(100 * uar(counts), 2) == printed_uar


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


def test_confusion_matrix_of_the_published_one_is_itself():
    target, predicted = decisions_of_published_matrix("6")
    matrix = confusion_matrix(target, predicted, ACCENTS)
    assert matrix.trace() == 1328
    assert matrix.sum(axis=1).tolist() == [247, 234, 257, 256, 258, 229]
    assert matrix[2].tolist() == [7, 7, 206, 30, 3, 4]


def test_bad_input_is_refused():
    with pytest.raises(DataError, match="empty"):
        confusion_matrix([], [], ACCENTS)
    with pytest.raises(DataError, match="equal length"):
        confusion_matrix(["Irish", "Irish"], ["Irish"], ACCENTS)


def test_a_label_outside_the_classes_is_refused():
    with pytest.raises(DataError, match="'d' is none of the classes a, b"):
        confusion_matrix(["a"], ["d"], ["a", "b"])
