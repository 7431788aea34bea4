import numpy as np
import pandas as pd
import pytest

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.figures.roc import mean_curve, read_verified, summary
from retable.figures.style import write_figure
from retable.spec.figure import RocCurves
from retable.tsv import write_tsv

FIGURE = RocCurves(
    kind="roc",
    title="Speakers that the networks have never heard: one or two?",
    experiments=("SC-SAME-SPK-A", "SC-SAME-MTL-A", "SC-SAME-SPK-B"),
)
TITLES = {
    "SC-SAME-SPK-A": "speaker only, cosine",
    "SC-SAME-MTL-A": "multi-task, cosine",
    "SC-SAME-SPK-B": "speaker only, equal classes",
}
RUN_COLUMNS = [
    "repeat", "fold", "pairs", "threshold", "false_acceptance", "true_acceptance", "accuracy",
    "eer", "auc",
]  # fmt: skip


def write_verified(folder, runs, curves):
    """Rows of the runs from `threshold` on, and points of the runs' curves."""
    folder.mkdir()
    rows = [(repeat, 0, 100, *run) for repeat, run in enumerate(runs)]
    write_tsv(pd.DataFrame(rows, columns=RUN_COLUMNS), folder / "runs.tsv")
    points = [(repeat, 0, *point) for repeat, own in enumerate(curves) for point in own]
    columns = ["repeat", "fold", "false_acceptance", "true_acceptance"]
    write_tsv(pd.DataFrame(points, columns=columns), folder / "roc.tsv")
    return [folder / "roc.tsv", folder / "runs.tsv"]


def sample_cosine(folder, better, runs=3):
    """Curves of scores that fall off exponentially: true = false ** (1 / better)."""
    grid = np.linspace(0, 1, 201)
    powers = [1 / (better + 0.15 * run) for run in range(runs)]
    rows = [(0.7, 0.4, 0.4**power, (1 + 0.4**power - 0.4) / 2, 0.41 - 0.01 * run, 1 / (1 + power))
            for run, power in enumerate(powers)]  # fmt: skip
    return write_verified(
        folder, rows, [[(0, 0), *zip(grid, grid**power, strict=True)] for power in powers]
    )


def sample_classes(folder, runs=3):
    """Decisions without threshold: few pairs are taken for one speaker at all."""
    places = [(0.02 + 0.01 * run, 0.06 + 0.02 * run) for run in range(runs)]
    rows = [(None, *place, (1 + place[1] - place[0]) / 2, None, None) for place in places]
    return write_verified(folder, rows, [[(0, 0), place, (1, 1)] for place in places])


def test_equal_inputs_give_equal_bytes_and_a_readable_image(tmp_path):
    files = {
        "SC-SAME-SPK-A": sample_cosine(tmp_path / "one", 1.4),
        "SC-SAME-MTL-A": sample_cosine(tmp_path / "two", 2.2),
        "SC-SAME-SPK-B": sample_classes(tmp_path / "three"),
    }
    first, second = [(tmp_path / f"{name}.svg", tmp_path / f"{name}.png") for name in "ab"]
    for svg, png in (first, second):
        write_figure(FIGURE, files, TITLES, note="simulated audio", svg=svg, png=png)
    assert_same_bytes_and_readable(first, second)


def test_the_legend_has_mean_and_deviation_over_runs(tmp_path):
    cosine = read_verified(*sample_cosine(tmp_path / "cosine", 2.0))
    # Equal error rates of 41, 40 and 39 %, areas of 1 / (1 + power).
    assert summary(cosine).startswith("EER 40.0 ± 1.0 %, AUC 0.682 ± 0.015\naccuracy ")
    classes = read_verified(*sample_classes(tmp_path / "classes"))
    # 52.0, 52.5 and 53.0 %.
    assert summary(classes) == "accuracy 52.5 ± 0.5 %"
    single = read_verified(*sample_cosine(tmp_path / "single", 2.0, runs=1))
    # Of 0.4 against 0.4 to the power of a half.
    assert summary(single) == "EER 41.0 %, AUC 0.667\naccuracy 61.6 %"


def test_a_mean_curve_is_the_mean_at_equal_false_acceptance():
    curves = pd.DataFrame(
        [(0, 0, 0, 0), (0, 0, 50, 60), (0, 0, 100, 100), (1, 0, 0, 10), (1, 0, 50, 90),
         (1, 0, 100, 100)],
        columns=["repeat", "fold", "false_acceptance", "true_acceptance"],
    )  # fmt: skip
    assert mean_curve(curves).to_numpy().tolist() == [[0, 5], [50, 75], [100, 100]]


def test_verifications_without_threshold_are_points_and_no_curve(tmp_path):
    files = {
        "SC-SAME-SPK-A": sample_cosine(tmp_path / "cosine", 2.0),
        "SC-SAME-SPK-B": sample_classes(tmp_path / "classes"),
    }
    drawn = {name: read_verified(*paths) for name, paths in files.items()}
    assert [one.has_threshold for one in drawn.values()] == [True, False]
    assert drawn["SC-SAME-SPK-B"].runs["true_acceptance"].tolist() == pytest.approx([6, 8, 10])
    for name in files:
        figure = FIGURE.model_copy(update={"experiments": (name,)})
        svg = tmp_path / f"{name}.svg"
        write_figure(figure, files, TITLES, svg=svg, png=tmp_path / f"{name}.png")
        # As wide as no line but that of a mean.
        assert ("stroke-width: 1.8" in svg.read_text()) == drawn[name].has_threshold


def test_files_without_runs_are_refused(tmp_path):
    files = write_verified(tmp_path / "empty", [], [])
    with pytest.raises(DataError, match=r"runs\.tsv: holds no runs; remove it and build it again"):
        read_verified(*files)
    roc, runs = sample_classes(tmp_path / "other")
    runs.write_text("repeat\tfold\taccuracy\n0\t0\t0.5\n")
    with pytest.raises(DataError, match="column false_acceptance, true_acceptance, eer, auc is"):
        read_verified(roc, runs)
