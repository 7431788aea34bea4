"""What a network attends to over a clip: its classifiers' weights, and what they say together."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retable.errors import DataError
from retable.figures.style import COLOURS, GREY, new_figure
from retable.spec.figure import AttentionOverTime
from retable.training.attention_examples_file import ClipAttention, read_attention_example_file

WIDTH_INCHES = 8.2
PANEL_INCHES = (0.1, 0.55, 1.5, 0.95)
"""Of a clip: space above it, waveform, weights and probabilities."""
WAVEFORM_SPANS = 600
PROBABILITY_SPANS = 300
"""At most, over a clip: more could not be told apart on a page, and would fill the SVG."""
HIGHEST_PERCENTILE = 99.8
"""Of all weights: the end of the colour scale, which a few steps would stretch."""


def draw_attention(
    figure: AttentionOverTime, files: Mapping[str, Sequence[Path]], titles: Mapping[str, str]
) -> Figure:
    """Draw a clip of each class over time: waveform, weights of the classifiers, probabilities.

    Classifiers stand in the order of their mean weight over all clips, the highest first, and
    their weights share one colour scale. The probabilities are those of each step, c_t, stacked;
    the legend has those of the whole clip.

    Args:
        figure: Its experiment, classes and title.
        files: Experiment -> its file with examples of attention.
        titles: Experiment -> its name, which heads no panel, for there is one.

    Raises:
        DataError: The file is unreadable, or holds clips of other classes.
    """
    (path,) = files[figure.experiments[0]]
    examples = read_attention_example_file(path)
    held = tuple(clip.name for clip in examples.clips)
    if held != figure.classes:
        raise DataError(
            f"{path}: holds clips of {', '.join(held)}; the figure shows "
            f"{', '.join(figure.classes)}. Remove the file and build it again"
        )
    weights = [clip.weights for clip in examples.clips]
    order = classifier_order(weights)
    highest = float(np.percentile(np.concatenate(weights), HIGHEST_PERCENTILE))
    heights = PANEL_INCHES * len(examples.clips)
    drawing = new_figure(WIDTH_INCHES, 0.7 + sum(heights))
    grid = drawing.add_gridspec(len(heights), 1, height_ratios=heights)
    for place, clip in enumerate(examples.clips):
        # The row above the panels of a clip is left empty.
        first = place * len(PANEL_INCHES) + 1
        panels = [drawing.add_subplot(grid[row, 0]) for row in range(first, first + 3)]
        seconds = len(clip.weights) * examples.step_s
        _draw_waveform(panels[0], clip, seconds)
        _draw_weights(panels[1], clip.weights[:, order], seconds, highest)
        _draw_probabilities(panels[2], clip, examples.classes, seconds)
        for axes in panels[:2]:
            axes.sharex(panels[2])
            axes.tick_params(bottom=False, labelbottom=False)
    panels[2].set_xlabel("time (s)")
    return drawing


def classifier_order(weights: Sequence[np.ndarray]) -> np.ndarray:
    """Classifiers by their mean weight over clips (steps, classifiers) each, the highest first.

    Every clip counts the same, however long it is.
    """
    means = np.mean([clip.mean(axis=0, dtype=np.float64) for clip in weights], axis=0)
    return np.argsort(-means, kind="stable")


def _draw_waveform(axes: Axes, clip: ClipAttention, seconds: float) -> None:
    """The range of the samples in each of equal spans of time."""
    samples = clip.waveform.astype(np.float32)
    starts = _span_starts(len(samples), WAVEFORM_SPANS)
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    axes.fill_between(starts / len(samples) * seconds, low, high, color=GREY)
    axes.set_title(f"{clip.name}, clip {clip.clip_id}", loc="left")
    axes.set_ylabel("input")
    axes.set_yticks([])


def _draw_weights(axes: Axes, weights: np.ndarray, seconds: float, highest: float) -> None:
    image = axes.imshow(
        weights.T.astype(np.float32),
        aspect="auto",
        cmap="magma_r",
        vmin=0,
        vmax=highest,
        interpolation_stage="data",
        extent=(0, seconds, weights.shape[1] + 0.5, 0.5),
    )
    axes.set_ylabel("classifier,\nby mean weight")
    bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.01, 0, 0.015, 1)), extend="max")
    bar.set_label("weight")
    bar.outline.set_visible(False)


def _draw_probabilities(
    axes: Axes, clip: ClipAttention, classes: Sequence[str], seconds: float
) -> None:
    """Means over equal spans of time, stacked, so that the areas are those of the whole clip."""
    steps = len(clip.probabilities)
    starts = _span_starts(steps, PROBABILITY_SPANS)
    sums = np.add.reduceat(clip.probabilities.astype(np.float64), starts)
    edges = np.append(starts, steps)
    means = sums / np.diff(edges)[:, None]
    axes.stackplot(
        edges / steps * seconds,
        np.vstack([means, means[-1:]]).T,
        step="post",
        linewidth=0,
        colors=[COLOURS[index % len(COLOURS)] for index in range(len(classes))],
        labels=[f"{name} {mean:.2f}" for name, mean in zip(classes, clip.predicted, strict=True)],
    )
    axes.set_xlim(0, seconds)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1])
    axes.set_ylabel("probability")
    legend = axes.legend(
        loc="center left", bbox_to_anchor=(1.0, 0.5), reverse=True, title="mean", alignment="left"
    )
    true = legend.get_texts()[::-1][classes.index(clip.name)]
    true.set(text=f"{true.get_text()}, true", fontweight="bold")


def _span_starts(length: int, most: int) -> np.ndarray:
    """Where each of at most so many spans of about equal length starts."""
    spans = min(most, length)
    return np.arange(spans) * length // spans
