"""A metric against a number that experiments differ in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retable.errors import DataError
from retable.evaluation.scoring import POOLED
from retable.figures.scores import METRICS, metric_rows
from retable.figures.style import COLOURS, new_figure
from retable.spec.figure import MetricByParameter
from retable.tables.verdicts import print_number

ROLES = {"test": "", "validation": "validation "}
"""Role -> how an axis names it; the test clips are the rule."""
PANEL_INCHES = 1.8


def draw_metric_by_parameter(
    figure: MetricByParameter, scores: Mapping[str, Sequence[Path]], titles: Mapping[str, str]
) -> Figure:
    """Draw a metric of each task over the parameter: mean over folds and one standard deviation.

    Each task has a panel, because the tasks' ranges may lie far apart. The best value of the
    parameter, of equally good ones the smallest, is labelled with the metric reached there. The
    clips are those of the figure's role: `validation` shows what a parameter may be chosen by.

    Args:
        figure: Its experiments, tasks, metric, role, variant and title.
        scores: Experiment -> the files of its scores.
        titles: Experiment -> its value of the parameter, as text.

    Raises:
        DataError: The scores lack the figure's variant, role, metric or a task, or a title is no
            number.
    """
    points = {task: metric_by_parameter(figure, scores, titles, task) for task in figure.tasks}
    metric = METRICS[figure.metric]
    drawing = new_figure(5.6, PANEL_INCHES * len(points) + 0.9)
    panels = drawing.subplots(len(points), 1, sharex=True, squeeze=False).ravel()
    for index, (axes, (task, table)) in enumerate(zip(panels, points.items(), strict=True)):
        _draw_points(axes, table, COLOURS[index % len(COLOURS)])
        axes.set_ylabel(f"{task.replace('_', ' ')}\n{ROLES[figure.role]}{metric} (%)")
    panels[-1].set_xlabel(figure.parameter_title)
    positions = sorted(set(table["parameter"]))
    panels[-1].set_xticks(positions, [f"{position:g}" for position in positions])
    drawing.align_ylabels(panels)
    return drawing


def metric_by_parameter(
    figure: MetricByParameter,
    scores: Mapping[str, Sequence[Path]],
    titles: Mapping[str, str],
    task: str,
) -> pd.DataFrame:
    """Points of one task by rising parameter: `parameter, mean, std`, the metric in percent.

    Mean and standard deviation (n - 1; 0 for a single fold) are over all folds of all repeats.

    Raises:
        DataError: As `draw_metric_by_parameter` does.
    """
    rows = []
    for name in figure.experiments:
        values = 100 * _fold_values(scores[name], figure, task)
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        rows.append((_number(name, titles), values.mean(), spread))
    table = pd.DataFrame(rows, columns=["parameter", "mean", "std"])
    return table.sort_values("parameter", kind="stable", ignore_index=True)


def _fold_values(paths: Sequence[Path], figure: MetricByParameter, task: str) -> pd.Series:
    chosen = metric_rows(
        paths, variant=figure.variant, role=figure.role, task=task, metric=figure.metric
    )
    folds = chosen[chosen["fold"] != POOLED]
    if folds.empty:
        raise DataError(
            f"{paths[0]}: scores of role {figure.role} are pooled alone, and a point is the mean "
            "over folds; score the experiment again"
        )
    return folds["value"]


def _number(experiment: str, titles: Mapping[str, str]) -> float:
    try:
        return float(titles[experiment])
    except (KeyError, ValueError) as error:
        raise DataError(
            f"experiment {experiment}: its place on the axis is {titles.get(experiment)!r}; "
            "expected a number as text"
        ) from error


def _draw_points(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    axes.errorbar(
        table["parameter"], table["mean"], yerr=table["std"], color=colour,
        marker="o", markersize=4.5, linewidth=1.6, elinewidth=1, capsize=2.5,
    )  # fmt: skip
    best = table.iloc[table["mean"].argmax()]
    axes.plot(best["parameter"], best["mean"], marker="o", markersize=8.5, color=colour)
    axes.annotate(
        print_number(best["mean"], 1),
        (best["parameter"], best["mean"] + best["std"]),
        xytext=(0, 7),
        textcoords="offset points",
        ha="center",
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.margins(y=0.2)
    low, high = axes.get_ylim()
    # Room for a label may reach beyond 100 %; the scale may not.
    axes.set_yticks([tick for tick in axes.get_yticks() if low <= tick <= min(high, 100)])
