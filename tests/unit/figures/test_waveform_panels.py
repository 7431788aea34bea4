import dataclasses
import re

import numpy as np
import pytest
from PIL import Image

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.features.examples_file import Examples, Levels, write_example_file
from retable.figures.style import write_figure
from retable.figures.waveforms import INTERVALS, envelope
from retable.spec.figure import Band, Spectrograms

RATE, HOP = 16_000, 160
FIGURE = Spectrograms(
    kind="spectrograms",
    title="Four actors, four emotions",
    caption="One clip each.",
    experiments=("SC-MTL-A",),
    by="emotion",
    classes=("ANG", "HAP", "NEU", "SAD"),
    each={"HAP": {"speaker": "1002"}},
    waveforms=True,
)
SECONDS = {"ANG": 1.3, "HAP": 2.5, "NEU": 3.0, "SAD": 5.0}


def examples(seconds=SECONDS, loudest=0.8) -> Examples:
    """Noise, each clip with a length of its own."""
    generator = np.random.default_rng(0)
    samples = [int(RATE * length) for length in seconds.values()]
    return Examples(
        classes=tuple(seconds),
        clip_ids=tuple(f"100{number}_DFA_{name}_XX" for number, name in enumerate(seconds)),
        spectrograms=tuple(
            generator.normal(-60, 8, (257, 1 + n // HOP)).astype(np.float16) for n in samples
        ),
        frequencies=np.arange(257) * RATE / 512,
        sample_rate=RATE,
        hop=HOP,
        waveforms=tuple(
            generator.uniform(-loudest, loudest, n).astype(np.float16) for n in samples
        ),
    )


def draw(folder, figure=FIGURE, shown=None, name="drawn"):
    path = folder / "examples.npz"
    write_example_file(shown or examples(), path)
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    write_figure(figure, {"SC-MTL-A": [path]}, {}, note="simulated audio", svg=svg, png=png)
    return svg, png


@pytest.mark.parametrize(("samples", "interval"), [(12, 4), (13, 4), (3, 4), (5, 1)])
def test_an_envelope_is_the_lowest_and_highest_sample_of_each_interval(samples, interval):
    waveform = np.random.default_rng(samples).normal(size=samples).astype(np.float32)
    parts = [waveform[start : start + interval] for start in range(0, samples, interval)]
    expected = [[min(part) for part in parts], [max(part) for part in parts]]
    np.testing.assert_array_equal(envelope(waveform, interval), expected)


def test_equal_inputs_give_equal_bytes_and_a_readable_image(tmp_path):
    first, second = draw(tmp_path, name="a"), draw(tmp_path, name="b")
    assert_same_bytes_and_readable(first, second, wider_than=1200)


def test_waveforms_stand_in_a_row_above_the_spectrograms(tmp_path):
    plain = FIGURE.model_copy(update={"waveforms": False})
    svg, png = draw(tmp_path, name="waveforms")
    plain_svg, plain_png = draw(tmp_path, plain, name="plain")
    assert Image.open(png).size[0] == Image.open(plain_png).size[0]
    assert Image.open(png).size[1] > Image.open(plain_png).size[1] + 120
    # The axes of four spectrograms and their colour bar, and of four waveforms.
    assert len(re.findall(r'<g id="axes_\d+">', plain_svg.read_text())) == 5
    assert len(re.findall(r'<g id="axes_\d+">', svg.read_text())) == 9


def test_a_drawing_does_not_grow_with_the_samples(tmp_path):
    short = draw(tmp_path, name="short")[0].stat().st_size
    ten_times = {name: 10 * length for name, length in SECONDS.items()}
    shown = examples(ten_times)
    assert len(shown.waveforms[-1]) > 100 * INTERVALS
    # Only the images do; they are as they were.
    images = examples().spectrograms
    long = draw(tmp_path, shown=dataclasses.replace(shown, spectrograms=images), name="long")[0]
    assert long.stat().st_size < 1.1 * short
    assert long.stat().st_size < 1_500_000


def test_six_clips_in_two_rows_and_levels_beneath_are_drawn(tmp_path):
    classes = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
    levels = np.full((6, 2, 257), -50, dtype=np.float32)
    levels[1] += 3
    shown = dataclasses.replace(
        examples(dict.fromkeys(classes, 1.5)), levels=Levels(("1001", "1002"), levels)
    )
    band = Band(low_hz=2000, high_hz=5000)
    figure = FIGURE.model_copy(update={"classes": classes, "level_band": band, "each": {}})
    svg, _ = draw(tmp_path, figure, shown)
    # Twelve panels, the colour bar and the levels.
    assert len(re.findall(r'<g id="axes_\d+">', svg.read_text())) == 14


def test_silence_has_a_waveform_too(tmp_path):
    svg, png = draw(tmp_path, shown=examples(loudest=0.0))
    assert svg.is_file() and png.is_file()


def test_a_file_without_waveforms_is_refused(tmp_path):
    without = dataclasses.replace(examples(), waveforms=None)
    with pytest.raises(
        DataError,
        match=r"examples\.npz: holds ANG, HAP, NEU, SAD without levels and without waveforms, "
        "which is not what the figure shows; remove it and build it again",
    ):
        draw(tmp_path, shown=without)


def test_waveforms_and_filters_change_which_audio_is_looked_at():
    for change in ({"waveforms": False}, {"each": {}}):
        other = FIGURE.model_copy(update=change)
        assert other.example_clips().canonical() != FIGURE.example_clips().canonical()
