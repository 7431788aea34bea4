import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.evaluation.scoring import CONFUSION_COLUMNS, read_confusion
from retable.figures.confusion import best_repeat, pooled_confusion
from retable.figures.curves import mean_curves
from retable.figures.style import COLOURS, write_figure
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
    figure, inputs = {
        "confusion": (CONFUSION, confusions),
        "curves": (CURVES, histories),
    }[drawn]
    settings = dict(mpl.rcParams)
    first, second = [(tmp_path / f"{name}.svg", tmp_path / f"{name}.png") for name in "ab"]
    for svg, png in (first, second):
        write_figure(figure, inputs, TITLES, note="simulated audio", svg=svg, png=png)
    assert_same_bytes_and_readable(first, second)
    assert dict(mpl.rcParams) == settings


def test_a_matrix_is_drawn_for_each_experiment(tmp_path, confusions):
    sizes = {}
    for count in (1, 2):
        figure = CONFUSION.model_copy(update={"experiments": tuple(TITLES)[:count]})
        png = tmp_path / f"{count}.png"
        write_figure(figure, confusions, TITLES, svg=tmp_path / "x.svg", png=png)
        sizes[count] = Image.open(png).size
    assert sizes[2][0] > 1.5 * sizes[1][0]
    assert sizes[2][1] == sizes[1][1]


def test_long_headings_of_matrices_are_broken(tmp_path, monkeypatch, confusions):
    titles = {"GR-RES-M": "ResNets+M", "GR-G-M": "A multi-task network of gated residual blocks"}
    texts = drawn_texts(monkeypatch)
    figure = CONFUSION.model_copy(update={"task": "speech_song"})
    write_figure(figure, confusions, titles, svg=tmp_path / "x.svg", png=tmp_path / "x.png")
    assert "A multi-task network of gated\nresidual blocks" in texts


def test_large_matrices_stand_one_above_the_other(tmp_path):
    classes = [f"scene_{number:02d}" for number in range(15)]
    counts = [("paper", "test", 0, 0, "scene", target, predicted, 8 if target == predicted else 1)
              for target in classes for predicted in classes]  # fmt: skip
    write_tsv(pd.DataFrame(counts, columns=CONFUSION_COLUMNS), tmp_path / "counts.tsv")
    files = {name: [tmp_path / "counts.tsv"] for name in TITLES}
    figure = CONFUSION.model_copy(update={"task": "scene"})
    png = tmp_path / "x.png"
    write_figure(figure, files, TITLES, svg=tmp_path / "x.svg", png=png)
    width, height = Image.open(png).size
    assert height > 1.5 * width


def test_only_test_clips_are_counted(tmp_path):
    counts = [
        ("paper", role, 0, 0, "t", "a", "a", n) for role, n in (("validation", 9), ("test", 2))
    ]
    write_tsv(pd.DataFrame(counts, columns=CONFUSION_COLUMNS), tmp_path / "counts.tsv")
    assert pooled_confusion([tmp_path / "counts.tsv"], "paper", "t")[1].tolist() == [[2]]


def write_repeats(path, correct, *, variant="paper", of=10):
    """Counts of two classes in two folds: of each role's clips so many are right, by repeat."""
    rows = []
    for role, by_repeat in correct.items():
        for repeat, by_fold in enumerate(by_repeat):
            for fold, right in enumerate(by_fold):
                rows += [
                    (variant, role, repeat, fold, "accent", "AU", "AU", right),
                    (variant, role, repeat, fold, "accent", "AU", "UK", of - right),
                    (variant, role, repeat, fold, "accent", "UK", "AU", 0),
                    (variant, role, repeat, fold, "accent", "UK", "UK", 0),
                ]
    write_tsv(pd.DataFrame(rows, columns=CONFUSION_COLUMNS), path)
    return [path]


# Over both folds repeat 1 is best on test clips, 2 and 3 alike on validation clips.
REPEATS = {
    "test": [(10, 0), (8, 8), (7, 7), (0, 10)],
    "validation": [(4, 4), (1, 1), (6, 3), (3, 6)],
}


def test_the_best_repeat_is_that_of_the_highest_accuracy_over_its_folds(tmp_path):
    paths = write_repeats(tmp_path / "counts.tsv", REPEATS)
    assert best_repeat(paths, "paper", "accent", "test") == (1, 4)
    assert best_repeat(paths, "paper", "accent", "validation") == (2, 4)
    assert pooled_confusion(paths, "paper", "accent", 1)[1].tolist() == [[16, 4], [0, 0]]
    assert pooled_confusion(paths, "paper", "accent")[1].tolist() == [[50, 30], [0, 0]]


def test_accuracy_and_not_the_number_of_right_decisions_is_highest(tmp_path):
    paths = write_repeats(tmp_path / "a.tsv", {"test": [(9, 9)]}, of=20)
    smaller = write_repeats(tmp_path / "b.tsv", {"test": [(0, 0), (6, 6)]})
    table = read_confusion(smaller[0])
    write_tsv(table[table["repeat"] == 1], smaller[0])
    assert best_repeat(paths + smaller, "paper", "accent", "test") == (1, 2)


@pytest.mark.parametrize(
    ("repeats", "variant", "shown"),
    [
        ("pooled", "paper", ("CAB-CNN", 50)),
        ("best_test", "paper", ("CAB-CNN, repeat 1 of 4", 16)),
        ("best_validation", "paper", ("CAB-CNN, repeat 2 of 4", 14)),
        ("best_test", "clean", ("CAB-CNN, repeat 2 of 4", 14)),
    ],
)
def test_a_matrix_names_the_repeat_that_it_shows(tmp_path, monkeypatch, repeats, variant, shown):
    paths = write_repeats(tmp_path / "counts.tsv", REPEATS, variant=variant)
    figure = CONFUSION.model_copy(
        update={
            "experiments": ("CAB",), "task": "accent", "repeats": repeats, "variant": variant,
        }
    )  # fmt: skip
    texts = drawn_texts(monkeypatch)
    files = {"svg": tmp_path / "x.svg", "png": tmp_path / "x.png"}
    write_figure(figure, {"CAB": paths}, {"CAB": "CAB-CNN"}, **files)
    heading, right = shown
    assert heading in texts
    assert str(right) in texts


def drawn_texts(monkeypatch) -> set[str]:
    """Fills with every text that is drawn from now on."""
    texts: set[str] = set()
    draw = Text.draw

    def noted(self, renderer):
        texts.add(self.get_text())
        return draw(self, renderer)

    monkeypatch.setattr(Text, "draw", noted)
    return texts


def test_without_validation_clips_none_can_be_chosen_by_them(tmp_path):
    paths = write_repeats(tmp_path / "counts.tsv", {"test": REPEATS["test"]})
    with pytest.raises(DataError, match="no validation confusions of task accent in variant paper"):
        best_repeat(paths, "paper", "accent", "validation")


@pytest.mark.parametrize(("epochs", "every"), [(30, 7), (2, 10), (1, 1)])
def test_clips_that_are_seldom_evaluated_are_drawn(tmp_path, epochs, every):
    files = {
        name: [write_sample_history(tmp_path / name, seed, epochs=epochs, evaluate_every=every)]
        for seed, name in enumerate(TITLES)
    }
    png = tmp_path / "x.png"
    write_figure(CURVES, files, TITLES, svg=tmp_path / "x.svg", png=png)
    panels = np.asarray(Image.open(png).convert("RGB"))[:430]
    for colour in COLOURS[: len(TITLES)]:
        # A line of one point alone would leave nothing.
        assert (panels == np.array(to_rgb(colour)) * 255).all(axis=-1).sum() > 100


def write_history(path, ends):
    """Runs that stop at different epochs; the last to stop is far better than the others."""
    rows = []
    for repeat, end in enumerate(ends):
        for epoch in range(1, end + 1):
            reached = 0.9 if end == max(ends) else 0.3
            rows += [
                (repeat, 0, epoch, "test", "all", "loss", 1 - reached),
                (repeat, 0, epoch, "test", "emotion", "accuracy", reached),
            ]
    columns = ["repeat", "fold", "epoch", "role", "task", "metric", "value"]
    write_tsv(pd.DataFrame(rows, columns=columns), path)
    return [path]


def test_means_go_as_far_as_all_runs():
    rows = [("0", "0", 1, 0.2), ("0", "0", 2, 0.4), ("1", "0", 1, 0.4), ("1", "0", 2, 0.8),
            ("1", "0", 3, 0.9)]  # fmt: skip
    runs = pd.DataFrame(rows, columns=["repeat", "fold", "epoch", "value"])
    means = mean_curves(runs.assign(role="test", metric="loss"))
    assert means["epoch"].tolist() == [1, 2]
    assert means["mean"].tolist() == pytest.approx([0.3, 0.6])
    # The deviation of two values is their distance over the square root of two.
    assert means["std"].tolist() == pytest.approx([0.2 / 2**0.5, 0.4 / 2**0.5])


def test_runs_that_stop_apart_are_drawn_one_by_one(tmp_path, monkeypatch):
    figure = CURVES.model_copy(update={"experiments": ("GR-G-M",)})
    texts = drawn_texts(monkeypatch)
    lines = []
    plot = Axes.plot
    monkeypatch.setattr(Axes, "plot", lambda *a, **k: lines.extend(found := plot(*a, **k)) or found)
    files = {"svg": tmp_path / "x.svg", "png": tmp_path / "x.png"}

    write_figure(figure, {"GR-G-M": write_history(tmp_path / "a", (3, 5))}, {}, **files)
    loss_mean, *losses = lines[:3]
    assert loss_mean.get_xdata().tolist() == [1, 2, 3]
    assert loss_mean.get_ydata().tolist() == pytest.approx([0.4] * 3)
    assert [line.get_xdata().max() for line in losses] == [3, 5]
    assert all(line.get_linewidth() < loss_mean.get_linewidth() for line in losses)
    assert "a single run" in texts

    texts.clear(), lines.clear()
    write_figure(figure, {"GR-G-M": write_history(tmp_path / "b", (5, 5))}, {}, **files)
    assert len(lines) == 2
    assert "a single run" not in texts


def test_long_titles_stay_within_the_drawing(tmp_path, histories):
    titles = {name: f"Multi-task network with inter-connections, {name}" for name in TITLES}
    for names in (TITLES, titles):
        png = tmp_path / "x.png"
        write_figure(CURVES, histories, names, svg=tmp_path / "x.svg", png=png)
        pixels = np.asarray(Image.open(png).convert("L"))
        assert pixels[:, :4].min() == pixels[:, -4:].min() == 255


def test_a_task_without_data_is_named(tmp_path, confusions, histories):
    files = {"svg": tmp_path / "x.svg", "png": tmp_path / "x.png"}
    other = {"task": "accent"}
    with pytest.raises(
        DataError, match="no test confusions of task accent in variant paper; it has"
    ):
        write_figure(CONFUSION.model_copy(update=other), confusions, TITLES, **files)
    with pytest.raises(DataError, match="no history of task accent; it has all, emotion"):
        write_figure(CURVES.model_copy(update=other), histories, TITLES, **files)
