"""ROC curves of verifications."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from retable.errors import DataError
from retable.figures.style import COLOURS, GREY, new_figure
from retable.spec.figure import RocCurves
from retable.tables.verdicts import print_number
from retable.tsv import as_numbers, read_tsv

RUN = ["repeat", "fold"]
RATES = ["false_acceptance", "true_acceptance"]
MEAN_WIDTH = 1.8
RUN_WIDTH = 0.6
"""Of the curve of a single run."""
NAME_CHARACTERS = 40
"""Of a line of the legend, which stands beside the curves."""
CHANCE: dict[str, Any] = {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 1.0}
SYMBOLS = {True: "o", False: "s"}
"""Of the decisions of a run: with a threshold, and without."""
SYMBOL: dict[str, Any] = {"markersize": 5, "markeredgecolor": "white", "markeredgewidth": 0.6}
SYMBOL_NAMES = {
    True: "a single run, and where it decides",
    False: "a single run, which decides by equal classes",
}


@dataclass(frozen=True)
class VerifiedRuns:
    """One verification."""

    curves: pd.DataFrame
    """Columns `repeat, fold` and `RATES`, in percent."""
    runs: pd.DataFrame
    """Columns `RATES, accuracy, eer`, in percent, and `auc`, one row a run."""

    @property
    def has_threshold(self) -> bool:
        """Whether a threshold decides: without one there is a point of each run and no curve."""
        return bool(self.runs["eer"].notna().all())


def draw_roc(
    figure: RocCurves, verified: Mapping[str, Sequence[Path]], titles: Mapping[str, str]
) -> Figure:
    """Draw true against false acceptance: every run thin, their mean bold, one colour each.

    The mean is over the runs' true acceptances at equal false acceptance. A circle is where a run
    decides: at the threshold that its training clips gave. Verifications that decide by classes
    have no threshold, and a square for each run instead.

    Args:
        figure: Its verifications and title.
        verified: Verification -> `roc.tsv` and `runs.tsv`, as `write_verification` writes them.
        titles: Verification -> its name in the legend.

    Raises:
        DataError: A file is unreadable or holds no runs.
    """
    every = {name: read_verified(*verified[name]) for name in figure.experiments}
    handles = []
    drawing = new_figure(8.2, 4.8)
    axes, beside = drawing.subplots(1, 2, width_ratios=(4.4, 3.4))
    axes.plot([0, 100], [0, 100], **CHANCE)
    for index, (name, one) in enumerate(every.items()):
        colour = COLOURS[index % len(COLOURS)]
        _draw_verification(axes, one, colour)
        handles.append(_handle(titles.get(name, name), one, colour))
    axes.set_xlabel("false acceptance rate (%)")
    axes.set_ylabel("true acceptance rate (%)")
    axes.set(xlim=(-1, 101), ylim=(-1, 101), aspect="equal")
    axes.grid()
    axes.set_axisbelow(True)
    kinds = sorted({one.has_threshold for one in every.values()}, reverse=True)
    handles += [_line(SYMBOL_NAMES[kind], GREY, kind, RUN_WIDTH) for kind in kinds]
    handles.append(Line2D([], [], label="chance", **CHANCE))
    beside.axis("off")
    beside.legend(handles=handles, loc="upper left", labelspacing=0.9, borderaxespad=0)
    return drawing


def read_verified(roc: Path, runs: Path) -> VerifiedRuns:
    """Read the curves and the runs of a verification.

    Raises:
        DataError: A file is unreadable or holds no runs.
    """
    shares = [*RATES, "accuracy", "eer"]
    table = read_tsv(runs, (*RUN, *shares, "auc"))
    # Empty cells are numbers that a verification without threshold does not have.
    table = as_numbers(table.replace("", "nan"), dict.fromkeys([*shares, "auc"], float), runs)
    if table.empty:
        raise DataError(f"{runs}: holds no runs; remove it and build it again")
    table[shares] *= 100
    curves = as_numbers(read_tsv(roc, (*RUN, *RATES)), dict.fromkeys(RATES, float), roc)
    curves[RATES] *= 100
    return VerifiedRuns(curves, table)


def mean_curve(curves: pd.DataFrame) -> pd.DataFrame:
    """Mean over runs, point by point: `RATES`; all runs have the same false acceptances.

    Args:
        curves: Columns `repeat, fold` and `RATES`.
    """
    point = curves.groupby(RUN).cumcount()
    return curves.groupby(point)[RATES].mean()


def summary(one: VerifiedRuns) -> str:
    """What the runs come to: mean, and standard deviation where there are several runs."""
    accuracy = f"accuracy {_spread(one.runs['accuracy'], 1)} %"
    if not one.has_threshold:
        return accuracy
    rates = f"EER {_spread(one.runs['eer'], 1)} %, AUC {_spread(one.runs['auc'], 3)}"
    return f"{rates}\n{accuracy}"


def _spread(values: pd.Series, decimals: int) -> str:
    mean = print_number(float(values.mean()), decimals)
    if len(values) == 1:
        return mean
    return f"{mean} ± {print_number(float(values.std()), decimals)}"


def _draw_verification(axes: Axes, one: VerifiedRuns, colour: str) -> None:
    if one.has_threshold:
        for _, run in one.curves.groupby(RUN):
            axes.plot(*(run[rate] for rate in RATES), color=colour, linewidth=RUN_WIDTH, alpha=0.6)
        mean = mean_curve(one.curves)
        axes.plot(*(mean[rate] for rate in RATES), color=colour, linewidth=MEAN_WIDTH)
    axes.plot(
        *(one.runs[rate] for rate in RATES),
        linestyle="none",
        marker=SYMBOLS[one.has_threshold],
        color=colour,
        zorder=3,
        **SYMBOL,
    )


def _handle(title: str, one: VerifiedRuns, colour: str) -> Line2D:
    """Line of the legend: the title, and beneath it what the runs come to."""
    lines = [*textwrap.wrap(title, NAME_CHARACTERS), summary(one)]
    return _line("\n".join(lines), colour, one.has_threshold, MEAN_WIDTH)


def _line(label: str, colour: str, has_threshold: bool, width: float) -> Line2D:
    """The line and symbol of a verification with a threshold, and without one the symbol alone."""
    return Line2D(
        [], [], label=label, color=colour, linestyle="solid" if has_threshold else "none",
        linewidth=width, marker=SYMBOLS[has_threshold], **SYMBOL,
    )  # fmt: skip
