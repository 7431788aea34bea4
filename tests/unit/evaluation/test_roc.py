"""Error rates by threshold: by hand, by naive loops, and as scikit-learn has them."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from retable.evaluation.roc import (
    STEPS,
    acceptance_rates,
    equal_error_rate,
    roc_points,
    roc_points_of_decisions,
)


def random_scores(seed, number=150, digits=6):
    """Scores of what must be accepted are higher on average; few digits make many of them equal."""
    generator = np.random.default_rng(seed)
    target = np.arange(number) % 3 == 0
    return target, generator.normal(target, 1).round(digits)


def naive_rates(target, scores, lowest_accepted):
    """False acceptance and false rejection, counted one by one."""
    wrong = {True: 0, False: 0}
    for wanted, score in zip(target, scores, strict=True):
        wrong[bool(wanted)] += bool(wanted) != (score >= lowest_accepted)
    return wrong[False] / (~target).sum(), wrong[True] / target.sum()


def naive_equal_error_rate(target, scores):
    """Where the line between two thresholds crosses that of equal rates."""
    false, rejected = 0.0, 1.0
    for lowest_accepted in sorted(set(scores), reverse=True):
        next_false, next_rejected = naive_rates(target, scores, lowest_accepted)
        if next_rejected <= next_false:
            before, after = rejected - false, next_false - next_rejected
            return (false * after + next_false * before) / (before + after)
        false, rejected = next_false, next_rejected
    raise AssertionError("the rates never meet")


def test_equal_error_rate_where_both_rates_meet_at_a_threshold():
    """Accepting 0.7 and more, one of three is accepted wrongly and one of three is missed."""
    target = np.array([True, True, True, False, False, False])
    found = equal_error_rate(target, np.array([0.9, 0.8, 0.3, 0.7, 0.2, 0.1]))
    assert found.rate == pytest.approx(1 / 3)
    assert found.threshold == pytest.approx(0.5)  # between 0.7, accepted, and 0.3


def test_equal_error_rate_between_two_thresholds():
    """From 0.6 to 0.5 false acceptance goes from 1/3 to 2/3, and 1/2 is missed at both."""
    target = np.array([True, True, False, False, False])
    found = equal_error_rate(target, np.array([0.9, 0.4, 0.6, 0.5, 0.1]))
    assert found.rate == pytest.approx(1 / 2)
    # Both are as far from equal rates; 0.6 accepts less, and the next score is 0.5.
    assert found.threshold == pytest.approx(0.55)


@pytest.mark.parametrize("digits", [6, 1, 0])
def test_equal_error_rate_as_counted_by_a_naive_loop(digits):
    for seed in range(5):
        target, scores = random_scores(seed, digits=digits)
        found = equal_error_rate(target, scores)
        assert found.rate == pytest.approx(naive_equal_error_rate(target, scores), abs=1e-12)
        # No score does better as threshold, and none of the pairs lies at the threshold.
        apart = {
            lowest: abs(np.subtract(*naive_rates(target, scores, lowest)))
            for lowest in [*scores, np.inf]
        }
        assert found.threshold not in scores
        own = abs(np.subtract(*naive_rates(target, scores, found.threshold)))
        assert own == pytest.approx(min(apart.values()), abs=1e-12)


def test_equal_error_rate_of_scores_that_tell_all_or_nothing():
    target = np.array([False, False, True, True])
    perfect = equal_error_rate(target, np.array([0.1, 0.2, 0.8, 0.9]))
    assert (perfect.rate, perfect.threshold) == (0.0, 0.5)
    assert equal_error_rate(target, np.array([0.9, 0.8, 0.2, 0.1])).rate == 1.0
    equal = equal_error_rate(target, np.full(4, 0.3))
    assert (equal.rate, equal.threshold) == (0.5, 0.3)  # nothing exceeds it


@pytest.mark.parametrize("digits", [6, 0])
def test_points_lie_on_the_curve_of_scikit_learn(digits):
    target, scores = random_scores(3, digits=digits)
    points = roc_points(target, scores)
    assert len(points) == STEPS + 2
    assert points.iloc[0].tolist() == [0.0, 0.0] and points.iloc[-1].tolist() == [1.0, 1.0]
    corners = list(zip(*roc_curve(target, scores)[:2], strict=True))
    for false, true in points.iloc[1:].to_numpy():
        before = max(corner for corner in corners if corner[0] <= false)
        after = min([corner for corner in corners if corner[0] > false], default=before)
        way = (false - before[0]) / (after[0] - before[0]) if after != before else 0.0
        assert true == pytest.approx(before[1] + way * (after[1] - before[1]), abs=1e-12)
    area = np.trapezoid(points["true_acceptance"], points["false_acceptance"])
    assert area == pytest.approx(roc_auc_score(target, scores), abs=1 / STEPS)


def test_acceptance_rates_of_decisions():
    target = np.array([True, True, True, True, False, False])
    accepted = np.array([True, False, False, False, True, False])
    assert acceptance_rates(target, accepted) == (0.5, 0.25)
    points = roc_points_of_decisions(0.5, 0.25)
    assert points["false_acceptance"].tolist() == [0.0, 0.5, 1.0]
    assert points["true_acceptance"].tolist() == [0.0, 0.25, 1.0]
