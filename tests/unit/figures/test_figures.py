import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.evaluation.scoring import CONFUSION_COLUMNS, read_confusion
from retable.figures.confusion import draw_confusion_matrix, pooled_confusion
from retable.figures.curves import draw_learning_curves
from retable.figures.style import COLOURS
from retable.spec.figure import ConfusionMatrices, LearningCurves
from retable.tsv import write_tsv
from sample_results import write_sample_history, write_sample_scores

CONFUSION = ConfusionMatrices(
    kind="confusion_matrix",
    title="Confusions",
    caption="Pooled over folds.",
    experiments=("GR-RES-M", "GR-G-M"),
    task="emotion",
)
CURVES = LearningCurves(
    kind="learning_curves",
    title="Learning curves",
    caption="Mean over folds.",
    experiments=CONFUSION.experiments,
    task="emotion",
)
TITLES = {"GR-RES-M": "ResNets+M", "GR-G-M": "GResNets+M"}


@pytest.fixture(scope="module")
def confusions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scores")
    return {name: [write_sample_scores(folder, name, seed)[1]] for seed, name in enumerate(TITLES)}


@pytest.fixture(scope="module")
def histories(tmp_path_factory):
    folder = tmp_path_factory.mktemp("histories")
    return {
        name: [write_sample_history(folder / f"{name}.tsv", seed, epochs=6)]
        for seed, name in enumerate(TITLES)
    }


def test_confusions_are_pooled_over_the_folds(confusions):
    classes, counts = pooled_confusion(confusions["GR-G-M"], "paper", "speech_song")
    assert classes == ["speech", "song"]
    table = read_confusion(confusions["GR-G-M"][0]).set_index(["variant", "task"])
    folds = table.sort_index().loc[("paper", "speech_song")]
    for row, target in enumerate(classes):
        for column, predicted in enumerate(classes):
            chosen = folds[(folds["target"] == target) & (folds["predicted"] == predicted)]
            assert counts[row, column] == chosen["n"].sum()
    assert counts.sum() == 5 * 66


@pytest.mark.parametrize("drawn", ["confusion", "curves"])
def test_equal_inputs_give_equal_bytes_and_a_readable_image(tmp_path, confusions, histories, drawn):
    draw, figure, inputs = {
        "confusion": (draw_confusion_matrix, CONFUSION, confusions),
        "curves": (draw_learning_curves, CURVES, histories),
    }[drawn]
    settings = dict(mpl.rcParams)
    first, second = [(tmp_path / f"{name}.svg", tmp_path / f"{name}.png") for name in "ab"]
    for svg, png in (first, second):
        draw(figure, inputs, TITLES, note="simulated audio", svg=svg, png=png)
    assert_same_bytes_and_readable(first, second)
    assert dict(mpl.rcParams) == settings


def test_a_matrix_is_drawn_for_each_experiment(tmp_path, confusions):
    sizes = {}
    for count in (1, 2):
        figure = CONFUSION.model_copy(update={"experiments": tuple(TITLES)[:count]})
        png = tmp_path / f"{count}.png"
        draw_confusion_matrix(figure, confusions, TITLES, svg=tmp_path / "x.svg", png=png)
        sizes[count] = Image.open(png).size
    assert sizes[2][0] > 1.5 * sizes[1][0]
    assert sizes[2][1] == sizes[1][1]


def test_large_matrices_stand_one_above_the_other(tmp_path):
    classes = [f"scene_{number:02d}" for number in range(15)]
    counts = [("paper", "test", 0, 0, "scene", target, predicted, 8 if target == predicted else 1)
              for target in classes for predicted in classes]  # fmt: skip
    write_tsv(pd.DataFrame(counts, columns=CONFUSION_COLUMNS), tmp_path / "counts.tsv")
    files = {name: [tmp_path / "counts.tsv"] for name in TITLES}
    figure = CONFUSION.model_copy(update={"task": "scene"})
    png = tmp_path / "x.png"
    draw_confusion_matrix(figure, files, TITLES, svg=tmp_path / "x.svg", png=png)
    width, height = Image.open(png).size
    assert height > 1.5 * width


def test_only_test_clips_are_counted(tmp_path):
    counts = [
        ("paper", role, 0, 0, "t", "a", "a", n) for role, n in (("validation", 9), ("test", 2))
    ]
    write_tsv(pd.DataFrame(counts, columns=CONFUSION_COLUMNS), tmp_path / "counts.tsv")
    assert pooled_confusion([tmp_path / "counts.tsv"], "paper", "t")[1].tolist() == [[2]]


@pytest.mark.parametrize(("epochs", "every"), [(30, 7), (2, 10), (1, 1)])
def test_clips_that_are_seldom_evaluated_are_drawn(tmp_path, epochs, every):
    files = {
        name: [write_sample_history(tmp_path / name, seed, epochs=epochs, evaluate_every=every)]
        for seed, name in enumerate(TITLES)
    }
    png = tmp_path / "x.png"
    draw_learning_curves(CURVES, files, TITLES, svg=tmp_path / "x.svg", png=png)
    panels = np.asarray(Image.open(png).convert("RGB"))[:430]
    for colour in COLOURS[: len(TITLES)]:
        # A line of one point alone would leave nothing.
        assert (panels == np.array(to_rgb(colour)) * 255).all(axis=-1).sum() > 100


def test_long_titles_stay_within_the_drawing(tmp_path, histories):
    titles = {name: f"Multi-task network with inter-connections, {name}" for name in TITLES}
    for names in (TITLES, titles):
        png = tmp_path / "x.png"
        draw_learning_curves(CURVES, histories, names, svg=tmp_path / "x.svg", png=png)
        pixels = np.asarray(Image.open(png).convert("L"))
        assert pixels[:, :4].min() == pixels[:, -4:].min() == 255


def test_a_task_without_data_is_named(tmp_path, confusions, histories):
    files = {"svg": tmp_path / "x.svg", "png": tmp_path / "x.png"}
    other = {"task": "accent"}
    with pytest.raises(DataError, match="no confusions of task accent in variant paper; it has"):
        draw_confusion_matrix(CONFUSION.model_copy(update=other), confusions, TITLES, **files)
    with pytest.raises(DataError, match="no history of task accent; it has all, emotion"):
        draw_learning_curves(CURVES.model_copy(update=other), histories, TITLES, **files)
