import numpy as np
import pandas as pd
import pytest

from retable.errors import DataError
from retable.evaluation.intervals import (
    confusions_by_group,
    difference_interval,
    metric_interval,
)

CLASSES = ("happy", "sad", "angry")


def counts_of(rights, clips=10):
    """Confusions of two classes by group, from the number of clips recognised in each group."""
    return np.array([[[right, clips - right], [0, 0]] for right in rights])


def test_confusions_are_counted_by_group():
    decisions = pd.DataFrame(
        [("a1", "happy", "happy"), ("a2", "sad", "happy"), ("b1", "angry", "angry")],
        columns=["clip_id", "target", "predicted"],
    )
    speakers = {"a1": "anna", "a2": "anna", "b1": "bert"}
    counts = confusions_by_group(decisions, CLASSES, speakers, ["anna", "bert", "carl"])
    assert counts[0].tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert counts[1, 2, 2] == counts[1].sum() == 1
    assert counts[2].sum() == 0
    with pytest.raises(DataError, match="clip b1: its group is 'bert'"):
        confusions_by_group(decisions, CLASSES, speakers, ["anna"])


def test_the_interval_of_a_mean_over_groups_is_that_of_the_normal_law():
    # Groups of equal size: the accuracy is the mean of the groups' accuracies.
    rights = np.random.default_rng(1).integers(2, 9, size=40)
    interval = metric_interval(counts_of(rights), "accuracy")
    error = np.std(rights / 10) / np.sqrt(40)
    assert interval.estimate == pytest.approx(rights.mean() / 10)
    assert interval.low == pytest.approx(interval.estimate - 1.96 * error, abs=0.1 * error)
    assert interval.high == pytest.approx(interval.estimate + 1.96 * error, abs=0.1 * error)


def test_a_difference_within_groups_is_sharper_than_the_groups_are_alike():
    rights = np.random.default_rng(2).integers(0, 9, size=30)
    better = difference_interval(counts_of(rights + 1), counts_of(rights), "accuracy")
    assert better == pytest.approx((0.1, 0.1, 0.1))
    assert better.excludes_zero
    alone = metric_interval(counts_of(rights), "accuracy")
    assert alone.high - alone.low > 0.1
    assert not difference_interval(counts_of(rights), counts_of(rights), "uar").excludes_zero


def test_the_same_counts_give_the_same_interval():
    counts = counts_of([3, 5, 8, 9])
    assert metric_interval(counts, "uar") == metric_interval(counts, "uar")
