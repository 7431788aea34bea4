import numpy as np
import pandas as pd
import pytest

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.figures.fused import accuracy_by_fused
from retable.figures.style import write_figure
from retable.spec.figure import AccuracyByFused
from retable.tsv import write_tsv

FIGURE = AccuracyByFused(
    kind="accuracy_by_fused",
    title="Accuracy by number of fused classifiers",
    caption="Means over random orders of the classifiers.",
    experiments=("all-24", "by-division"),
)
TITLES = {"all-24": "24 classifiers, scenes", "by-division": "6 classifiers a division, events"}


def write_sizes(path, accuracies):
    """Number of classifiers -> accuracy of each draw."""
    rows = [(0, n, draw, value)
            for n, values in accuracies.items() for draw, value in enumerate(values)]  # fmt: skip
    write_tsv(pd.DataFrame(rows, columns=["repeat", "n", "draw", "accuracy"]), path)
    return [path]


def sample_sizes(path, classifiers, seed):
    """Twenty draws whose accuracies rise and close in on one."""
    noise = np.random.default_rng(seed).normal(0, 0.01, size=(classifiers + 1, 20))
    number = np.arange(1, classifiers + 1)
    rising = {
        n: 0.84 - 0.06 / n + noise[n] * (classifiers - n) / classifiers for n in number.tolist()
    }
    return write_sizes(path, rising)


def test_a_point_is_the_mean_over_draws_between_the_worst_and_the_best(tmp_path):
    path = write_sizes(tmp_path / "sizes.tsv", {2: [0.82, 0.82], 1: [0.70, 0.80]})
    points = accuracy_by_fused(path)
    assert points.columns.tolist() == ["n", "mean", "low", "high"]
    assert points.to_numpy() == pytest.approx(np.array([[1, 75, 70, 80], [2, 82, 82, 82]]))


def test_equal_inputs_give_equal_bytes_and_a_readable_image(tmp_path):
    sizes = {
        "all-24": sample_sizes(tmp_path / "a.tsv", 24, 0),
        "by-division": sample_sizes(tmp_path / "b.tsv", 6, 1),
    }
    first, second = [(tmp_path / f"{name}.svg", tmp_path / f"{name}.png") for name in "ab"]
    for svg, png in (first, second):
        write_figure(FIGURE, sizes, TITLES, note="simulated audio", svg=svg, png=png)
    assert_same_bytes_and_readable(first, second)


def test_a_single_classifier_is_drawn_as_a_point(tmp_path):
    sizes = {name: write_sizes(tmp_path / f"{name}.tsv", {1: [0.8]}) for name in TITLES}
    png = tmp_path / "x.png"
    write_figure(FIGURE, sizes, TITLES, svg=tmp_path / "x.svg", png=png)
    assert png.is_file()


def test_a_file_without_sizes_is_refused(tmp_path):
    path = write_sizes(tmp_path / "sizes.tsv", {})
    with pytest.raises(DataError, match=r"sizes\.tsv: holds no sizes; remove it and build it"):
        accuracy_by_fused(path)
    (tmp_path / "other.tsv").write_text("n\taccuracy\n1\t0.5\n")
    with pytest.raises(DataError, match="column draw is missing"):
        accuracy_by_fused([tmp_path / "other.tsv"])
