"""Patches of two inputs beside their mixtures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from retable.errors import DataError
from retable.figures.style import new_figure
from retable.spec.figure import MixedPatches
from retable.training.patch_examples_file import PatchExamples, read_patch_example_file

WIDTH_INCHES = 8.2
ROW_INCHES = 2.3
PERCENTILES = (1, 99)
"""Of all patches: the ends of the colour scale, which few loud or silent points would stretch."""


def draw_mixed_patches(
    figure: MixedPatches, files: Mapping[str, Sequence[Path]], titles: Mapping[str, str]
) -> Figure:
    """Draw a patch of each class of a pair, and their mixture; a row a pair, one colour scale.

    Args:
        figure: Its experiment, pairs of classes and title.
        files: Experiment -> its file of example patches.
        titles: Not shown, for the patches are those of any experiment on these inputs.

    Raises:
        DataError: The file is unreadable, or holds other pairs or another channel.
    """
    (path,) = files[figure.experiments[0]]
    examples = read_patch_example_file(path)
    if (examples.classes, examples.channels[0]) != (figure.pairs, figure.channel):
        held = ", ".join(" and ".join(pair) for pair in examples.classes)
        raise DataError(
            f"{path}: holds {held} of channel {examples.channels[0]}, which is not what the figure "
            "shows; remove it and build it again"
        )
    low, high = np.percentile(examples.patches, PERCENTILES)
    drawing = new_figure(WIDTH_INCHES, ROW_INCHES * len(figure.pairs) + 0.9)
    panels = drawing.subplots(len(figure.pairs), 3, sharex=True, sharey=True, squeeze=False)
    for row, patches in enumerate(examples.patches):
        for column, patch in enumerate(patches):
            axes = panels[row, column]
            image = _draw_patch(axes, patch, examples.frame_s, (low, high))
            axes.set_title(_panel_title(examples, row, column), loc="left", fontsize=9)
            if column < 2:
                _write_clip(axes, examples.clip_ids[row][column])
    for axes in panels[:, 0]:
        axes.set_ylabel("mel band")
    for axes in panels[-1]:
        axes.set_xlabel("time (s)")
    bar = drawing.colorbar(image, ax=panels, aspect=35, pad=0.01, extend="both")
    bar.set_label("log-mel power" + (", standardised" if examples.standardised else ""))
    bar.outline.set_visible(False)
    return drawing


def _panel_title(examples: PatchExamples, row: int, column: int) -> str:
    """`scene: bus (left)`, or of the last column the shares of the mixture."""
    if column == 2:
        return f"mixture, {examples.weight:g} and {1 - examples.weight:g}"
    task, name = examples.tasks[column], examples.classes[row][column]
    return f"{task}: {name} ({examples.channels[column]})".replace("_", " ")


def _draw_patch(
    axes: Axes, patch: np.ndarray, frame_s: float, limits: tuple[float, float]
) -> AxesImage:
    bands, frames = patch.shape
    return axes.imshow(
        patch,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=limits[0],
        vmax=limits[1],
        interpolation="none",
        extent=(0, frames * frame_s, 0, bands),
    )


def _write_clip(axes: Axes, clip_id: str) -> None:
    axes.text(
        0.02, 0.97, clip_id, transform=axes.transAxes, va="top", fontsize=5, color="white",
        bbox={"facecolor": "#00000080", "edgecolor": "none", "pad": 1},
    )  # fmt: skip
