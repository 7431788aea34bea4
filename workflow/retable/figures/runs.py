"""A metric of every repeat of experiments, so that one sees what seeds alone make of it."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retable.errors import DataError
from retable.evaluation.scoring import POOLED
from retable.figures.scores import METRICS, metric_rows
from retable.figures.style import COLOURS, legend_below, new_figure
from retable.spec.figure import MetricByRun
from retable.tables.verdicts import print_number

WIDTH_INCHES = 7.6
ROW_INCHES = 0.34
LINE_INCHES = 0.15
"""Of each line of a title beyond the first two."""
FRAME_INCHES = 1.2
"""Title, axis and legend."""
TITLE_CHARACTERS = 26
"""In a line of a row's title."""
SPREAD = 0.22
"""From the middle of a row to its outermost dots, in rows: equal values stay apart."""
MEAN_REACH = 0.38
"""The same to the ends of the line at the mean: it is seen behind any number of dots."""
ROOM_POINTS = 1.0
"""At least so many percentage points beside the outermost dots: smaller differences look small."""
DOT: dict[str, Any] = {
    "color": COLOURS[0], "marker": "o", "linestyle": "none", "markersize": 5,
}  # fmt: skip
MEAN: dict[str, Any] = {"color": COLOURS[1], "linewidth": 2}
"""The line at the mean."""
MEAN_IN_LEGEND: dict[str, Any] = {
    "color": COLOURS[1], "marker": "|", "linestyle": "none", "markersize": 13,
    "markeredgewidth": MEAN["linewidth"],
}  # fmt: skip
"""There it is upright too."""


@dataclass(frozen=True)
class RepeatValues:
    """A metric of each repeat of an experiment."""

    values: np.ndarray
    """float64 (repeats,), percent, by number of the repeat."""
    folds: int
    """Runs behind the value of each repeat."""

    @property
    def name(self) -> str:
        """What one of the values is of: a run, unless it takes several to make a repeat."""
        return "one repeat" if self.folds > 1 else "one run"


def draw_metric_by_run(
    figure: MetricByRun, scores: Mapping[str, Sequence[Path]], titles: Mapping[str, str]
) -> Figure:
    """Draw a metric of every repeat, a row an experiment, fusion or verification.

    Each repeat, another seed, is a dot; the mean is a line across them, and beside the row stand
    mean, standard deviation and range, or that there is but one.

    Args:
        figure: Its experiments, task, metric, variant and title.
        scores: Experiment -> the files of its scores.
        titles: Experiment -> what its row is called.

    Raises:
        DataError: The scores lack the figure's variant, task or metric on test clips.
    """
    rows = {name: values_by_repeat(figure, scores[name]) for name in figure.experiments}
    names = [textwrap.wrap(titles.get(name, name), TITLE_CHARACTERS) for name in rows]
    lines = max(len(name) for name in names)
    height = ROW_INCHES + LINE_INCHES * max(lines - 2, 0)
    drawing = new_figure(WIDTH_INCHES, height * len(rows) + FRAME_INCHES)
    axes = drawing.subplots()
    for place, row in enumerate(rows.values()):
        _draw_row(axes, place, row)
    axes.set_yticks(range(len(rows)), ["\n".join(name) for name in names])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    _zoom(axes, np.concatenate([row.values for row in rows.values()]))
    axes.set_xlabel(f"{figure.task.replace('_', ' ')} {METRICS[figure.metric]} (%)")
    dot = max(rows.values(), key=lambda row: row.folds).name
    legend_below(drawing, [(dot, DOT), ("mean", MEAN_IN_LEGEND)])
    return drawing


def values_by_repeat(figure: MetricByRun, paths: Sequence[Path]) -> RepeatValues:
    """The metric over the test clips of all folds of each repeat.

    Raises:
        DataError: As `draw_metric_by_run` does.
    """
    table = metric_rows(
        paths, variant=figure.variant, role="test", task=figure.task, metric=figure.metric
    )
    is_pooled = table["fold"] == POOLED
    pooled = table[is_pooled].sort_values("repeat")
    if pooled.empty:
        raise DataError(
            f"{paths[0]}: no {figure.metric} of task {figure.task} over all folds of a repeat; "
            "remove it and build it again"
        )
    return RepeatValues(100 * pooled["value"].to_numpy(), table.loc[~is_pooled, "fold"].nunique())


def repeat_statement(row: RepeatValues) -> str:
    """In words, how much repeats differ: `51.5 ± 0.8, range 1.6 points`.

    The deviation (n - 1) and the range follow from the values as they are, not as printed. A
    single repeat has neither: `51.5, one run`, or `one repeat` where it has several folds.
    """
    mean = print_number(row.values.mean(), 1)
    if len(row.values) == 1:
        return f"{mean}, {row.name}"
    deviation = print_number(row.values.std(ddof=1), 1)
    return f"{mean} ± {deviation}, range {print_number(np.ptp(row.values), 1)} points"


def _draw_row(axes: Axes, place: int, row: RepeatValues) -> None:
    """Dots in the order of the repeats from above, the mean across them, and the words."""
    count = len(row.values)
    offsets = np.linspace(-SPREAD, SPREAD, count) if count > 1 else np.zeros(1)
    axes.hlines(place, row.values.min(), row.values.max(), color="#c9ccd1", linewidth=1, zorder=1)
    ends = place - MEAN_REACH, place + MEAN_REACH
    axes.vlines(row.values.mean(), *ends, **MEAN, zorder=2)
    axes.plot(
        row.values, place + offsets, **DOT, markeredgecolor="white", markeredgewidth=0.6, zorder=3
    )
    axes.text(
        1.02, place, repeat_statement(row), transform=axes.get_yaxis_transform(), va="center",
        fontsize=8,
    )  # fmt: skip


def _zoom(axes: Axes, values: np.ndarray) -> None:
    """Show the range of the values with room beside it; no tick is beyond 0 or 100 %."""
    room = max(0.12 * np.ptp(values), ROOM_POINTS)
    low, high = values.min() - room, values.max() + room
    axes.set_xlim(low, high)
    axes.set_xticks([tick for tick in axes.get_xticks() if max(low, 0) <= tick <= min(high, 100)])
    axes.grid(axis="x")
    axes.set_axisbelow(True)
