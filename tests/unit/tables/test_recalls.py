"""Recalls of single classes: vggvox_mtl."""

import math

import numpy as np
import pytest
from sklearn.metrics import recall_score

from retable.errors import DataError
from retable.spec.table import Cell
from retable.tables.cells import reproduced_value
from retable.tables.results import ExperimentScores
from sample_results import matrix_scores

CLASSES = ("ANG", "FEA", "SAD")
RECALL = Cell(task="emotion", metric="recall", percent=True)
POOLED = RECALL.model_copy(update={"aggregate": "pooled"})


def scores_of(matrices):
    scores, confusion = matrix_scores(matrices, CLASSES, task="emotion")
    return ExperimentScores(scores, confusion, "SC-EMO-A.tsv")


def test_a_recall_is_the_share_of_its_class(tmp_path):
    matrix = np.array([[7, 2, 1], [3, 4, 5], [6, 0, 2]])
    scores = scores_of({(0, 0): matrix})
    target, predicted = (
        np.repeat(np.array(CLASSES), matrix.sum(axis=1)),
        np.repeat(np.tile(CLASSES, 3), matrix.ravel()),
    )
    expected = recall_score(target, predicted, labels=list(CLASSES), average=None)
    for column, share in zip(CLASSES, expected, strict=True):
        value = reproduced_value(RECALL, scores, "paper", "EMO", column)
        assert value.value == pytest.approx(100 * share)
        assert value == reproduced_value(POOLED, scores, "paper", "EMO", column)
    # 4 of the 12 clips of Fear; one run has no deviation.
    fear = reproduced_value(RECALL, scores, "paper", "EMO", "FEA")
    assert fear == (pytest.approx(100 / 3), None, 1, 12, "")
    named = RECALL.model_copy(update={"target": "FEA"})
    assert reproduced_value(named, scores, "paper", "EMO", "Fear") == fear


# Of Anger 4 of 5 and 6 of 15 clips are right in a first repeat, 5 of 5 and 9 of 15 in a second.
FIRST = {(0, 0): [[4, 1, 0], [0, 1, 0], [0, 0, 1]], (0, 1): [[6, 9, 0], [0, 1, 0], [0, 0, 1]]}
BOTH = FIRST | {
    (1, 0): [[5, 0, 0], [0, 1, 0], [0, 0, 1]],
    (1, 1): [[9, 6, 0], [0, 1, 0], [0, 0, 1]],
}


def anger(cell, matrices):
    return reproduced_value(cell, scores_of(matrices), "paper", "EMO", "ANG")


def test_recalls_of_folds_are_averaged():
    # 80 and 40 %.
    recall = anger(RECALL, FIRST)
    assert recall.value == pytest.approx(60)
    assert recall.sd == pytest.approx(100 * math.sqrt(2 * 0.2**2))
    assert (recall.n, recall.clips) == (2, 20)


def test_a_pooled_recall_is_of_the_clips_of_all_folds():
    # 10 and 14 of 20 clips.
    assert anger(POOLED, FIRST).value == pytest.approx(50)
    recall = anger(POOLED, BOTH)
    assert recall.value == pytest.approx(60)
    assert recall.sd == pytest.approx(100 * math.sqrt(2 * 0.1**2))
    assert (recall.n, recall.clips) == (4, 40)


def test_the_deviation_of_recalls_is_that_of_their_means_over_folds():
    # 60 and 80 %.
    deviation = anger(RECALL.model_copy(update={"statistic": "sd"}), BOTH)
    assert deviation.value == pytest.approx(100 * math.sqrt(2 * 0.1**2))


def test_a_recall_may_be_of_one_fold():
    # 40 and 60 %.
    recall = anger(RECALL.model_copy(update={"fold": 1}), BOTH)
    assert (recall.value, recall.note) == (pytest.approx(50), "fold 1 of 2")


def test_the_best_repeat_is_that_of_highest_accuracy_and_not_recall():
    # Anger is best in repeat 0, all three together are in repeat 1.
    scores = scores_of(
        {(0, 0): [[9, 1, 0], [5, 0, 5], [5, 5, 0]], (1, 0): [[7, 3, 0], [0, 9, 1], [0, 1, 9]]}
    )
    best = RECALL.model_copy(update={"repeats": "best_test"})
    value = reproduced_value(best, scores, "paper", "EMO", "ANG")
    assert (value.value, value.sd) == (pytest.approx(70), None)
    assert value.note == "repeat 1 of 2, best by test accuracy"


def test_a_fold_without_clips_of_the_class_has_no_recall():
    matrices = {
        (0, 0): [[3, 1, 0], [0, 2, 0], [0, 0, 0]],
        (0, 1): [[0, 0, 0], [0, 2, 0], [0, 0, 4]],
    }
    assert anger(RECALL, matrices) == (pytest.approx(75), None, 1, 4, "")
    assert anger(POOLED, matrices) == anger(RECALL, matrices)


def test_a_class_that_is_not_there_is_named():
    scores = scores_of({(0, 0): [[3, 1, 0], [0, 2, 0], [0, 0, 0]]})
    for column in ("Anger", "SAD"):
        with pytest.raises(
            DataError, match=rf"SC-EMO-A\.tsv: no clips of class '{column}' of task emotion in var"
        ) as error:
            reproduced_value(RECALL, scores, "paper", "EMO", column)
        assert str(error.value).endswith("it has paper/emotion/ANG, paper/emotion/FEA")
    without = ExperimentScores(scores.scores, None, "SC-EMO-A.tsv")
    with pytest.raises(DataError, match="a recall cell needs the confusion file beside it, which"):
        reproduced_value(RECALL, without, "paper", "EMO", "ANG")
