"""Learning curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from retable.errors import DataError
from retable.figures.style import (
    COLOURS,
    figure_style,
    legend_below,
    new_figure,
    save_figure,
    title_figure,
)
from retable.spec.figure import LearningCurves
from retable.tsv import as_numbers, read_tsv

HISTORY_COLUMNS = ("repeat", "fold", "epoch", "role", "task", "metric", "value")
LINES = {"train": (0, (4, 2)), "validation": (0, (1, 1)), "test": "solid"}
"""Role -> dash pattern."""
MARKERS = {"train": "s", "validation": "^", "test": "o"}
MARKED_POINTS = 12
"""Evaluations of a role up to which each is marked: a single one has no line to show."""
METRICS = {"loss": "loss, summed over tasks", "accuracy": "{task} accuracy (%)"}


def draw_learning_curves(
    figure: LearningCurves,
    histories: Mapping[str, Sequence[Path]],
    titles: Mapping[str, str],
    *,
    note: str = "",
    svg: Path,
    png: Path,
) -> None:
    """Draw loss and accuracy over epochs: mean over runs, and a band of one standard deviation.

    The loss is the sum over all tasks that training minimises, the accuracy that of one task. The
    line of a role joins the epochs in which its clips were evaluated.

    Args:
        figure: Its experiments, task and title.
        histories: Experiment -> the histories of its parts, in the figure's variant.
        titles: Experiment -> its name in the legend.
        note: Printed beneath the title, for instance that the audio is simulated.
        svg: File to write.
        png: File to write.

    Raises:
        DataError: A history is unreadable or lacks the figure's task.
    """
    curves = {name: _curves(histories[name], figure.task) for name in figure.experiments}
    looks = _looks(curves)
    with figure_style():
        drawing = new_figure(8.2, 3.9)
        title_figure(drawing, figure.title, note)
        for axes, (metric, label) in zip(drawing.subplots(1, 2), METRICS.items(), strict=True):
            for index, table in enumerate(curves.values()):
                _draw_lines(axes, table[table["metric"] == metric], _colour(index), looks)
            axes.set_xlabel("epoch")
            axes.set_ylabel(label.format(task=figure.task.replace("_", " ")))
            axes.grid(axis="y")
            axes.set_axisbelow(True)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.margins(x=0.01)
        legend_below(drawing, _legend(curves, titles, looks))
        save_figure(drawing, svg, png)


def _curves(paths: Sequence[Path], task: str) -> pd.DataFrame:
    """Mean and standard deviation over runs: columns `role, metric, epoch, mean, std`."""
    parts = [
        as_numbers(read_tsv(path, HISTORY_COLUMNS), {"epoch": int, "value": float}, path)
        for path in paths
    ]
    table = pd.concat(parts, ignore_index=True)
    loss = (table["metric"] == "loss") & (table["task"] == "all")
    accuracy = (table["metric"] == "accuracy") & (table["task"] == task)
    chosen = table[loss | accuracy].copy()
    if not accuracy.any():
        raise DataError(
            f"{paths[0]}: no history of task {task}; it has {', '.join(sorted(set(table['task'])))}"
        )
    chosen.loc[accuracy, "value"] *= 100
    grouped = chosen.groupby(["role", "metric", "epoch"], sort=True)["value"]
    return grouped.agg(["mean", "std"]).fillna({"std": 0.0}).reset_index()


def _looks(curves: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """How the line of each role that is drawn looks, but for its colour."""
    epochs = pd.concat(
        [table.groupby("role")["epoch"].nunique() for table in curves.values()]
    ).groupby("role")
    fewest = epochs.min()
    return {
        role: {
            "linestyle": line,
            "linewidth": 1.6,
            "marker": MARKERS[role] if fewest[role] <= MARKED_POINTS else "",
            "markersize": 3.5,
        }
        for role, line in LINES.items()
        if role in fewest
    }


def _draw_lines(
    axes: Axes, table: pd.DataFrame, colour: str, looks: Mapping[str, dict[str, Any]]
) -> None:
    for role, look in looks.items():
        points = table[table["role"] == role]
        epoch, mean, std = points["epoch"], points["mean"], points["std"]
        axes.plot(epoch, mean, color=colour, **look)
        axes.fill_between(epoch, mean - std, mean + std, color=colour, alpha=0.15, linewidth=0)


def _legend(
    curves: Mapping[str, pd.DataFrame],
    titles: Mapping[str, str],
    looks: Mapping[str, dict[str, Any]],
) -> list[tuple[str, dict[str, Any]]]:
    """A colour for each experiment, and a look for each role."""
    experiments = [
        (titles.get(name, name), {"color": _colour(index), "linewidth": 3.0})
        for index, name in enumerate(curves)
    ]
    return experiments + [(role, {"color": "#5f6368", **look}) for role, look in looks.items()]


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]
