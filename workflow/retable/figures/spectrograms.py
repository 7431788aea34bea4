"""Spectrograms and waveforms of a clip of each class, and levels of the classes by frequency."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.image import AxesImage

from retable.errors import DataError
from retable.evaluation.levels import BandDifferences, MeanInterval, band_differences, mean_interval
from retable.features.examples_file import Examples, Levels, read_example_file
from retable.figures.style import COLOURS, new_figure
from retable.figures.waveforms import WAVEFORM_INCHES, draw_waveforms
from retable.spec.figure import Band, Spectrograms

DYNAMIC_RANGE_DB = 110
"""From the loudest point of all panels down to black: about what 16 bits hold, so that what is
dark was hardly recorded."""
WIDTH_INCHES = 8.2
PANEL_INCHES = {1: 2.9, 2: 2.6, 3: 2.2, 4: 1.9}
"""Columns -> height of a panel with its title."""
LEVELS_INCHES = 3.3
STATEMENT_CHARACTERS = 124
"""In a line above the levels."""
DASHES = ("solid", (0, (4, 2)))
"""The second is for classes beyond the number of colours."""


def draw_spectrograms(
    figure: Spectrograms, files: Mapping[str, Sequence[Path]], titles: Mapping[str, str]
) -> Figure:
    """Draw a clip of each class as a spectrogram, all on one scale of time, frequency and colour.

    With `waveforms`, the samples of each clip stand above its spectrogram, all on one scale too.
    With `level_band`, a panel beneath shows the mean level of each class by frequency over
    speakers, and by how much the second class is louder than the first in the band and beside it.

    Args:
        figure: Its experiment, classes, waveforms, band and title.
        files: Experiment -> its file of example spectrograms.
        titles: Not shown, for what an experiment does with the clips changes none.

    Raises:
        DataError: The file is unreadable, or holds other classes, no waveforms or no levels.
    """
    (path,) = files[figure.experiments[0]]
    examples = read_example_file(path)
    _check_content(figure, examples, path)
    rows, columns = grid_shape(len(figure.classes))
    panel = [WAVEFORM_INCHES] * figure.waveforms + [PANEL_INCHES[columns]]
    heights = panel * rows + [LEVELS_INCHES] * (figure.level_band is not None)
    drawing = new_figure(WIDTH_INCHES, 0.7 + sum(heights))
    grid = drawing.add_gridspec(len(heights), columns, height_ratios=heights)
    step = len(panel)
    cells = [divmod(index, columns) for index in range(len(figure.classes))]
    places = [grid[(row + 1) * step - 1, column] for row, column in cells]
    panels = _draw_panels(drawing, places, columns, examples, figure.level_band)
    if figure.waveforms and examples.waveforms:
        above = [grid[row * step, column] for row, column in cells]
        draw_waveforms(drawing, above, panels, examples, examples.waveforms)
    else:
        _name_panels(panels, examples)
    if figure.level_band and examples.levels:
        axes = drawing.add_subplot(grid[-1, :])
        _draw_levels(axes, examples, examples.levels, figure.level_band)
    return drawing


def _check_content(figure: Spectrograms, examples: Examples, path: Path) -> None:
    lacks_levels = figure.level_band is not None and examples.levels is None
    lacks_waveforms = figure.waveforms and examples.waveforms is None
    if examples.classes == figure.classes and not lacks_levels and not lacks_waveforms:
        return
    held = f"{', '.join(examples.classes)} {'with' if examples.levels else 'without'} levels"
    if lacks_waveforms:
        held += " and without waveforms"
    raise DataError(
        f"{path}: holds {held}, which is not what the figure shows; remove it and build it again"
    )


def grid_shape(panels: int) -> tuple[int, int]:
    """Rows and columns for a number of panels: no row has more than four, all about as many."""
    rows = math.ceil(panels / max(PANEL_INCHES))
    return rows, math.ceil(panels / rows)


def level_statement(
    classes: Sequence[str], band: Band, found: BandDifferences
) -> tuple[str, list[str]]:
    """In words, how the second class compares with the first: heading, and a clause a range.

    For example `angry compared with happy, 24 speakers, 95 % intervals` and
    `3.2 dB louder [2.1, 4.4] in 5 to 15 kHz`.
    """
    low, high = band.low_hz / 1000, band.high_hz / 1000
    inside = f"in {low:g} to {high:g} kHz"
    differences = {
        f"below {low:g} kHz": found.below,
        inside: found.inside,
        f"above {high:g} kHz": found.above,
        f"{inside} relative to all other frequencies": found.contrast,
    }
    first, second = (name.replace("_", " ") for name in classes[:2])
    speakers = "1 speaker" if found.speakers == 1 else f"{found.speakers} speakers, 95 % intervals"
    clauses = [
        f"{_louder(difference)} {at}" for at, difference in differences.items() if difference
    ]
    return f"{second} compared with {first}, {speakers}", clauses


def _louder(difference: MeanInterval) -> str:
    sign = 1 if difference.mean >= 0 else -1
    low, high = sorted((sign * difference.low, sign * difference.high))
    interval = "" if np.isnan(low) else f" [{low:.1f}, {high:.1f}]"
    return f"{abs(difference.mean):.1f} dB {'louder' if sign > 0 else 'quieter'}{interval}"


def _draw_panels(
    drawing: Figure,
    places: Sequence[SubplotSpec],
    columns: int,
    examples: Examples,
    band: Band | None,
) -> list[Axes]:
    """All spectrograms in reading order, and their colour bar."""
    panels: list[Axes] = []
    for index, place in enumerate(places):
        shared = panels[0] if panels else None
        axes = drawing.add_subplot(place, sharex=shared, sharey=shared)
        image = _draw_spectrogram(axes, examples, index)
        for edge in (band.low_hz, band.high_hz) if band else ():
            axes.axhline(edge / 1000, color="white", linewidth=0.8, linestyle=DASHES[1])
        at_left, at_bottom = index % columns == 0, index + columns >= len(places)
        axes.tick_params(left=at_left, labelleft=at_left, labelbottom=at_bottom)
        axes.set_ylabel("frequency (kHz)" if at_left else "")
        axes.set_xlabel("time (s)" if at_bottom else "")
        panels.append(axes)
    longest = max(spectrogram.shape[1] for spectrogram in examples.spectrograms)
    panels[0].set_xlim(0, (longest - 1) * examples.hop / examples.sample_rate)
    panels[0].set_ylim(0, examples.frequencies[-1] / 1000)
    bar = drawing.colorbar(image, ax=panels, aspect=30, pad=0.01, extend="min")
    bar.set_label("level (dBFS)")
    bar.outline.set_visible(False)
    return panels


def _draw_spectrogram(axes: Axes, examples: Examples, index: int) -> AxesImage:
    loudest = math.ceil(max(spectrogram.max() for spectrogram in examples.spectrograms))
    seconds = examples.hop / examples.sample_rate
    kilohertz = examples.frequencies[1] / 1000
    spectrogram = examples.spectrograms[index].astype(np.float32)
    bins, frames = spectrogram.shape
    image = axes.imshow(
        spectrogram,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=loudest - DYNAMIC_RANGE_DB,
        vmax=loudest,
        interpolation_stage="data",
        # A pixel reaches half a frame and half a bin to either side of its centre.
        extent=(
            -seconds / 2, (frames - 0.5) * seconds, -kilohertz / 2, (bins - 0.5) * kilohertz,
        ),
    )  # fmt: skip
    return image


def _name_panels(panels: Sequence[Axes], examples: Examples) -> None:
    for axes, name, clip_id in zip(panels, examples.classes, examples.clip_ids, strict=True):
        axes.set_title(name.replace("_", " "), loc="left")
        axes.text(
            0.02, 0.97, clip_id, transform=axes.transAxes, va="top", fontsize=5, color="white"
        )


def _draw_levels(axes: Axes, examples: Examples, levels: Levels, band: Band) -> None:
    """Mean level of each class over speakers by frequency, and what the band's edges part."""
    kilohertz = examples.frequencies / 1000
    axes.axvspan(band.low_hz / 1000, band.high_hz / 1000, color="#eceef1", linewidth=0)
    for index, name in enumerate(examples.classes):
        colour = COLOURS[index % len(COLOURS)]
        dashes = DASHES[index // len(COLOURS) % len(DASHES)]
        level = mean_interval(levels.values[index].astype(np.float64))
        axes.plot(
            kilohertz, level.mean, color=colour, linestyle=dashes, linewidth=1.4,
            label=name.replace("_", " "),
        )  # fmt: skip
        axes.fill_between(kilohertz, level.low, level.high, color=colour, alpha=0.18, linewidth=0)
    first, second = levels.values[:2]
    found = band_differences(examples.frequencies, first, second, band)
    heading, clauses = level_statement(examples.classes, band, found)
    unbroken = "; ".join(clause.replace(" ", "\N{NO-BREAK SPACE}") for clause in clauses)
    lines = [heading, *textwrap.wrap(unbroken, STATEMENT_CHARACTERS, break_on_hyphens=False)]
    axes.set_title("\n".join(lines), loc="left", fontsize=8)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel("frequency (kHz)")
    axes.set_ylabel("mean level (dBFS)")
    axes.set_xlim(0, kilohertz[-1])
    axes.legend(loc="upper right", ncols=min(4, len(examples.classes)))
