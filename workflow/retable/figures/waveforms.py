"""Waveforms above the spectrograms of their clips."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import MaxNLocator

from retable.features.examples_file import Examples
from retable.figures.style import COLOURS

WAVEFORM_INCHES = 1.05
"""Height of a waveform with the title and the clip id."""
CLIP_ID_POINTS = 6
INTERVALS = 500
"""Equal parts, of the longest clip, of each of which the lowest and the highest sample are drawn:
about the dots of a panel. An SVG with all samples would be megabytes."""


def draw_waveforms(
    drawing: Figure,
    places: Sequence[SubplotSpec],
    panels: Sequence[Axes],
    examples: Examples,
    waveforms: Sequence[np.ndarray],
) -> None:
    """Draw the samples of each clip above its spectrogram, all on one scale of amplitude.

    Classes stand above the waveforms, and clip ids between the two: a clip may be too short for one
    within its spectrogram.

    Args:
        drawing: The figure.
        places: Where in its grid the waveforms stand, each above its spectrogram.
        panels: The spectrograms, time in seconds.
        examples: Classes, clip ids and the sample rate.
        waveforms: (samples,) of the clip of each panel.
    """
    interval = -(-max(len(waveform) for waveform in waveforms) // INTERVALS)
    # Silence has a scale too.
    loudest = max(float(np.abs(waveform).max()) for waveform in waveforms) or 1.0
    names = zip(examples.classes, examples.clip_ids, strict=True)
    for place, panel, (name, clip_id), waveform in zip(
        places, panels, names, waveforms, strict=True
    ):
        axes = drawing.add_subplot(place, sharex=panel)
        low, high = envelope(waveform.astype(np.float32), interval)
        seconds = (np.arange(len(low)) + 0.5) * interval / examples.sample_rate
        axes.fill_between(seconds, low, high, color=COLOURS[0], linewidth=0.5)
        axes.set_ylim(-1.05 * loudest, 1.05 * loudest)
        axes.yaxis.set_major_locator(MaxNLocator(2, symmetric=True))
        at_left = place.is_first_col()
        axes.tick_params(bottom=False, labelbottom=False, left=at_left, labelleft=at_left)
        axes.spines["bottom"].set_visible(False)
        axes.set_title(name.replace("_", " "), loc="left")
        axes.set_xlabel(clip_id, loc="left", fontsize=CLIP_ID_POINTS, labelpad=1)
        if at_left:
            axes.set_ylabel("amplitude")
            drawing.align_ylabels([axes, panel])


def envelope(waveform: np.ndarray, interval: int) -> np.ndarray:
    """Lowest and highest sample of each `interval` of a waveform: (2, intervals) of its dtype.

    The last interval may be shorter.
    """
    starts = np.arange(0, len(waveform), interval)
    return np.stack([ufunc.reduceat(waveform, starts) for ufunc in (np.minimum, np.maximum)])
