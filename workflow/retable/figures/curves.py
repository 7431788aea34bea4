"""Learning curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from retable.errors import DataError
from retable.evaluation.tsv import as_numbers, read_tsv
from retable.figures.style import COLOURS, figure_style, new_figure, save_figure, title_figure
from retable.spec.figure import LearningCurves

HISTORY_COLUMNS = ("repeat", "fold", "epoch", "role", "task", "metric", "value")
LINES = {"train": (0, (4, 2)), "validation": (0, (1, 1)), "test": "solid"}
"""Role -> dash pattern."""
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

    The loss is the sum over all tasks that training minimises, the accuracy that of one task.

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
    with figure_style():
        drawing = new_figure(8.2, 3.9)
        title_figure(drawing, figure.title, note)
        for axes, (metric, label) in zip(drawing.subplots(1, 2), METRICS.items(), strict=True):
            for index, (name, table) in enumerate(curves.items()):
                colour = COLOURS[index % len(COLOURS)]
                _draw_lines(axes, table[table["metric"] == metric], colour, titles.get(name, name))
            axes.set_xlabel("epoch")
            axes.set_ylabel(label.format(task=figure.task.replace("_", " ")))
            axes.grid(axis="y")
            axes.set_axisbelow(True)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.margins(x=0.01)
        handles, labels = drawing.axes[0].get_legend_handles_labels()
        # Labels fill columns from above: each experiment has its own.
        drawing.legend(handles, labels, loc="outside lower center", ncols=len(curves))
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


def _draw_lines(axes: Axes, table: pd.DataFrame, colour: str, title: str) -> None:
    for role, line in LINES.items():
        points = table[table["role"] == role]
        if points.empty:
            continue
        epoch, mean, std = points["epoch"], points["mean"], points["std"]
        axes.plot(
            epoch, mean, color=colour, linestyle=line, linewidth=1.6, label=f"{title}, {role}"
        )
        axes.fill_between(epoch, mean - std, mean + std, color=colour, alpha=0.15, linewidth=0)
