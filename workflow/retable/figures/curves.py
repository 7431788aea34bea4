"""Learning curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from retable.errors import DataError
from retable.figures.style import COLOURS, GREY, legend_below, new_figure
from retable.spec.figure import LearningCurves
from retable.tsv import as_numbers, read_tsv

HISTORY_COLUMNS = ("repeat", "fold", "epoch", "role", "task", "metric", "value")
LINES = {"train": (0, (4, 2)), "validation": (0, (1, 1)), "test": "solid"}
"""Role -> dash pattern."""
RUN = ["repeat", "fold"]
"""Columns that tell runs apart."""
MARKERS = {"train": "s", "validation": "^", "test": "o"}
MARKED_POINTS = 12
"""Evaluations of a role up to which each is marked: a single one has no line to show."""
RUN_WIDTH = 0.6
"""Of the line of a single run."""
RUNS_NAME = "a single run"
METRICS = {"loss": "loss, summed over tasks", "accuracy": "{task} accuracy (%)"}


def draw_learning_curves(
    figure: LearningCurves, histories: Mapping[str, Sequence[Path]], titles: Mapping[str, str]
) -> Figure:
    """Draw loss and accuracy over epochs: mean over runs, and a band of one standard deviation.

    The loss is the sum over all tasks that training minimises, the accuracy that of one task. The
    line of a role joins the epochs in which its clips were evaluated. Where early stopping ends the
    runs of an experiment at different epochs, each of them is drawn instead of the band, and their
    mean only as far as all of them go: it would jump whenever one drops out.

    Args:
        figure: Its experiments, task and title.
        histories: Experiment -> the histories of its parts, in the figure's variant.
        titles: Experiment -> its name in the legend.

    Raises:
        DataError: A history is unreadable or lacks the figure's task.
    """
    runs = {name: _runs(histories[name], figure.task) for name in figure.experiments}
    means = {name: mean_curves(table) for name, table in runs.items()}
    looks = _looks(means)
    drawing = new_figure(8.2, 3.9)
    for axes, (metric, label) in zip(drawing.subplots(1, 2), METRICS.items(), strict=True):
        for index, name in enumerate(figure.experiments):
            mean, single = means[name], runs[name]
            _draw_lines(
                axes,
                mean[mean["metric"] == metric],
                single[single["metric"] == metric],
                _colour(index),
                looks,
            )
        axes.set_xlabel("epoch")
        axes.set_ylabel(label.format(task=figure.task.replace("_", " ")))
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.margins(x=0.01)
    legend_below(drawing, _legend(runs, titles, looks))
    return drawing


def _runs(paths: Sequence[Path], task: str) -> pd.DataFrame:
    """Loss and accuracy of every run: columns `repeat, fold, role, metric, epoch, value`."""
    parts = [
        as_numbers(read_tsv(path, HISTORY_COLUMNS), {"epoch": int, "value": float}, path)
        for path in paths
    ]
    table = pd.concat(parts, ignore_index=True)
    loss = (table["metric"] == "loss") & (table["task"] == "all")
    accuracy = (table["metric"] == "accuracy") & (table["task"] == task)
    if not accuracy.any():
        raise DataError(
            f"{paths[0]}: no history of task {task}; it has {', '.join(sorted(set(table['task'])))}"
        )
    table.loc[accuracy, "value"] *= 100
    return table.loc[loss | accuracy, ["repeat", "fold", "role", "metric", "epoch", "value"]]


def mean_curves(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over runs, of the epochs in which all of them were evaluated.

    Args:
        runs: columns `repeat, fold, role, metric, epoch, value`.

    Returns:
        Columns `role, metric, epoch, mean, std`; the deviation of a single run is 0.
    """
    grouped = runs.groupby(["role", "metric", "epoch"], sort=True)["value"]
    table = grouped.agg(["mean", "std", "count"]).fillna({"std": 0.0}).reset_index()
    every = table["count"] == runs[RUN].drop_duplicates().shape[0]
    return table[every].drop(columns="count")


def _stop_apart(runs: pd.DataFrame) -> bool:
    return runs.groupby(RUN)["epoch"].max().nunique() > 1


def _looks(means: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """How the line of each role that is drawn looks, but for its colour."""
    epochs = pd.concat(
        [table.groupby("role")["epoch"].nunique() for table in means.values()]
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
    axes: Axes,
    means: pd.DataFrame,
    runs: pd.DataFrame,
    colour: str,
    looks: Mapping[str, dict[str, Any]],
) -> None:
    """One metric of an experiment: the mean of each role, and a band or the single runs."""
    apart = _stop_apart(runs)
    for role, look in looks.items():
        points = means[means["role"] == role]
        epoch, mean, std = points["epoch"], points["mean"], points["std"]
        axes.plot(epoch, mean, color=colour, **look)
        if not apart:
            axes.fill_between(epoch, mean - std, mean + std, color=colour, alpha=0.15, linewidth=0)
            continue
        for _, run in runs[runs["role"] == role].groupby(RUN):
            axes.plot(
                run["epoch"],
                run["value"],
                color=colour,
                alpha=0.6,
                linewidth=RUN_WIDTH,
                linestyle=look["linestyle"],
            )


def _legend(
    runs: Mapping[str, pd.DataFrame],
    titles: Mapping[str, str],
    looks: Mapping[str, dict[str, Any]],
) -> list[tuple[str, dict[str, Any]]]:
    """A colour for each experiment, a look for each role, and what thin lines are."""
    experiments = [
        (titles.get(name, name), {"color": _colour(index), "linewidth": 3.0})
        for index, name in enumerate(runs)
    ]
    roles = [(role, {"color": GREY, **look}) for role, look in looks.items()]
    single = [(RUNS_NAME, {"color": GREY, "linewidth": RUN_WIDTH})]
    return experiments + roles + (single if any(map(_stop_apart, runs.values())) else [])


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]
