import pandas as pd
import pytest
from PIL import Image

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.figures.parameter import metric_by_parameter
from retable.figures.style import write_figure
from retable.spec.figure import MetricByParameter
from retable.tsv import write_tsv
from sample_results import accuracies, write_sample_scores

FIGURE = MetricByParameter(
    kind="metric_by_parameter",
    title="Accuracy by number of blocks",
    caption="Mean over folds.",
    experiments=("GR-L9", "GR-L3", "GR-L7"),
    tasks=("emotion", "speech_song"),
    parameter="model.depth",
    parameter_title="number of blocks",
)
TITLES = {"GR-L3": "3", "GR-L7": "7", "GR-L9": "9"}


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scores")
    return {name: [write_sample_scores(folder, name, seed)[0]] for seed, name in enumerate(TITLES)}


def write_scores(path, by_fold, pooled, role="test"):
    """Scores of one repeat: accuracy on emotion by fold, and one over all folds."""
    values = {(0, fold): value for fold, value in [*enumerate(by_fold), ("pooled", pooled)]}
    write_tsv(accuracies(values, role=role), path)
    return [path]


def test_points_are_means_and_deviations_over_folds_by_rising_parameter(tmp_path):
    scores = {
        "GR-L9": write_scores(tmp_path / "L9.tsv", [0.50, 0.60, 0.70], 0.9),
        "GR-L3": write_scores(tmp_path / "L3.tsv", [0.40, 0.44], 0.9),
        "GR-L7": write_scores(tmp_path / "L7.tsv", [0.65], 0.9),
    }
    points = metric_by_parameter(FIGURE, scores, TITLES, "emotion")
    assert points["parameter"].tolist() == [3, 7, 9]
    assert points["mean"].tolist() == pytest.approx([42, 65, 60])
    # The deviation of two values is their distance over the square root of two; of one, none.
    assert points["std"].tolist() == pytest.approx([4 / 2**0.5, 0, 10])


def test_a_parameter_may_be_judged_by_validation_clips(tmp_path):
    path = tmp_path / "both.tsv"
    validation = accuracies({(0, 0): 0.7, (0, 1): 0.8}, role="validation")
    write_tsv(pd.concat([validation, accuracies({(0, 0): 0.5, (0, 1): 0.5})]), path)
    scores = {name: [path] for name in TITLES}
    for role, mean in (("validation", 75), ("test", 50)):
        figure = FIGURE.model_copy(update={"role": role})
        points = metric_by_parameter(figure, scores, TITLES, "emotion")
        assert points["mean"].tolist() == pytest.approx([mean] * 3)
    write_tsv(validation, path)
    with pytest.raises(DataError, match=r"no accuracy .* on test clips .* it has paper/valid"):
        metric_by_parameter(FIGURE, scores, TITLES, "emotion")


def test_equal_inputs_give_equal_bytes_and_a_readable_image(tmp_path, scores):
    first, second = [(tmp_path / f"{name}.svg", tmp_path / f"{name}.png") for name in "ab"]
    for svg, png in (first, second):
        write_figure(FIGURE, scores, TITLES, note="simulated audio", svg=svg, png=png)
    assert_same_bytes_and_readable(first, second)


def test_each_task_has_a_panel(tmp_path, scores):
    heights = {}
    for tasks in (FIGURE.tasks, FIGURE.tasks[:1]):
        figure = FIGURE.model_copy(update={"tasks": tasks})
        png = tmp_path / f"{len(tasks)}.png"
        write_figure(figure, scores, TITLES, svg=tmp_path / "x.svg", png=png)
        heights[len(tasks)] = Image.open(png).size[1]
    assert heights[2] > 1.5 * heights[1]


def test_what_is_absent_is_named(tmp_path, scores):
    files = {"svg": tmp_path / "x.svg", "png": tmp_path / "x.png"}
    other = FIGURE.model_copy(update={"tasks": ("accent",)})
    with pytest.raises(
        DataError, match="no accuracy of task accent on test clips in variant paper; it"
    ):
        write_figure(other, scores, TITLES, **files)
    with pytest.raises(DataError, match="GR-L9: its place on the axis is 'Deep'; expected a num"):
        write_figure(FIGURE, scores, {**TITLES, "GR-L9": "Deep"}, **files)


def test_a_point_is_over_folds_not_over_their_pool(tmp_path, scores):
    path = tmp_path / "pooled.tsv"
    table = pd.read_csv(next(iter(scores.values()))[0], sep="\t", dtype=str)
    table[table["fold"] == "pooled"].to_csv(path, sep="\t", index=False)
    pooled = {name: [path] for name in scores}
    with pytest.raises(DataError, match=r"pooled\.tsv: scores of role test are pooled alone"):
        write_figure(FIGURE, pooled, TITLES, svg=tmp_path / "x.svg", png=tmp_path / "x.png")
