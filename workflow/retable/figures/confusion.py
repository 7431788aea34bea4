"""Confusion matrices."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from retable.errors import DataError
from retable.evaluation.scoring import first_of_best, read_confusion
from retable.figures.style import CHARACTERS_PER_INCH, new_figure
from retable.spec.figure import ConfusionMatrices
from retable.spec.split import Role
from retable.splits.clip_roles import choosing_role

CELL_INCHES = 0.52
LABEL_INCHES = 1.3
"""The names of classes, to the left of a matrix and beneath it."""
WIDEST_INCHES = 12
"""Of two matrices side by side; wider, a page would shrink them until no count can be read."""
COUNTS_UP_TO = 16
"""Classes beyond which counts would be too small to read; only the shading remains."""


def draw_confusion_matrix(
    figure: ConfusionMatrices, confusions: Mapping[str, Sequence[Path]], titles: Mapping[str, str]
) -> Figure:
    """Draw one confusion matrix an experiment or fusion, pooled over its folds and repeats.

    Or over the folds of the best repeat alone, which the heading then names, counted from 0 as in
    the names of the runs' files. Counts are printed; the shading is the share of the row (of the
    true class), so that the diagonal shows the recall.

    Args:
        figure: Its experiments, task, variant, repeats and title.
        confusions: Experiment -> the files of its confusion counts, which are summed.
        titles: Experiment -> heading of its matrix.

    Raises:
        DataError: The counts lack the figure's variant or task, or the clips to choose by.
    """
    matrices = [
        _matrix(figure, confusions[name], titles.get(name, name)) for name in figure.experiments
    ]
    most = max(len(classes) for _, classes, _ in matrices)
    side = max(CELL_INCHES * min(most, COUNTS_UP_TO), 1.6)
    columns = min(len(matrices), 2 if 2 * (side + LABEL_INCHES) < WIDEST_INCHES else 1)
    rows = math.ceil(len(matrices) / columns)
    width, height = (side + LABEL_INCHES) * columns + 0.8, (side + LABEL_INCHES) * rows + 0.6
    drawing = new_figure(max(width, 4.4), height)
    axes = drawing.subplots(rows, columns, squeeze=False).ravel()
    for place, (title, classes, counts) in zip(axes, matrices, strict=False):
        heading = textwrap.fill(title, int((side + LABEL_INCHES) * CHARACTERS_PER_INCH))
        image = _draw_matrix(place, classes, counts, heading)
    for place in axes[len(matrices) :]:
        place.set_axis_off()
    bar = drawing.colorbar(image, ax=list(axes), shrink=0.6 / rows, aspect=25, ticks=[0, 0.5, 1])
    bar.set_label("share of the true class", fontsize=8)
    bar.outline.set_visible(False)
    return drawing


def _matrix(
    figure: ConfusionMatrices, paths: Sequence[Path], title: str
) -> tuple[str, list[str], np.ndarray]:
    """Heading, classes and counts of the repeats that the figure shows."""
    role = choosing_role(figure.repeats, figure.variant)
    if role is None:
        return title, *pooled_confusion(paths, figure.variant, figure.task)
    repeat, compared = best_repeat(paths, figure.variant, figure.task, role)
    heading = f"{title}, repeat {repeat} of {compared}"
    return heading, *pooled_confusion(paths, figure.variant, figure.task, repeat)


def pooled_confusion(
    paths: Sequence[Path], variant: str, task: str, repeat: int | None = None
) -> tuple[list[str], np.ndarray]:
    """Classes in their order, and counts (true, predicted) of test clips.

    They are summed over all runs, or over the folds of one repeat.

    Raises:
        DataError: The files lack the variant or task.
    """
    chosen = _counts(paths, variant, task, "test")
    if repeat is not None:
        chosen = chosen[chosen["repeat"] == repeat]
    classes = list(dict.fromkeys(chosen["target"]))
    counts = chosen.groupby(["target", "predicted"])["n"].sum().unstack(fill_value=0)
    return classes, counts.loc[classes, classes].to_numpy()


def best_repeat(paths: Sequence[Path], variant: str, task: str, role: Role) -> tuple[int, int]:
    """The repeat with the highest accuracy over its folds on clips of a role, and of how many.

    Of equals it is the first, as in tables.

    Raises:
        DataError: The files lack the variant, task or role.
    """
    table = _counts(paths, variant, task, role)
    correct = table["n"].where(table["target"] == table["predicted"], 0)
    repeats = table["repeat"]
    accuracies = correct.groupby(repeats).sum() / table["n"].groupby(repeats).sum()
    return first_of_best(accuracies), len(accuracies)


def _counts(paths: Sequence[Path], variant: str, task: str, role: Role) -> pd.DataFrame:
    """Rows of the confusion counts on clips of a role."""
    table = pd.concat([read_confusion(path) for path in paths], ignore_index=True)
    table = table[table["role"] == role]
    chosen = table[(table["variant"] == variant) & (table["task"] == task)]
    if chosen.empty:
        known = table[["variant", "task"]].drop_duplicates().to_numpy()
        raise DataError(
            f"{paths[0]}: no {role} confusions of task {task} in variant {variant}; it has "
            + (", ".join("/".join(pair) for pair in known) or f"no {role} clips at all")
        )
    return chosen


def _draw_matrix(axes: Axes, classes: list[str], counts: np.ndarray, title: str) -> AxesImage:
    totals = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set_title(title)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    labels = [name.replace("_", " ") for name in classes]
    axes.set_xticks(range(len(classes)), labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(classes)), labels)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if len(classes) <= COUNTS_UP_TO:
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if share[row, column] > 0.65 else "#1f2328"
            axes.text(column, row, f"{count}", ha="center", va="center", color=colour, fontsize=8)
    return image
