import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.evaluation.levels import BandDifferences, MeanInterval, band_differences
from retable.features.examples_file import Examples, Levels, write_example_file
from retable.figures.spectrograms import grid_shape, level_statement
from retable.figures.style import write_figure
from retable.spec.figure import Band, Spectrograms

BAND = Band(low_hz=5000, high_hz=15000)
FIGURE = Spectrograms(
    kind="spectrograms",
    title="Happy and angry",
    caption="One clip each.",
    experiments=("GR-G-M",),
    by="emotion",
    classes=("happy", "very_angry"),
    where={"speaker": "01"},
    level_band=BAND,
)
FREQUENCIES = np.linspace(0, 24000, 65)


def examples(classes=FIGURE.classes, levels=True) -> Examples:
    """Noise that falls with frequency, a little shorter for each class, with three speakers."""
    generator = np.random.default_rng(0)
    slope = -40 - FREQUENCIES / 400
    images = [
        (slope[:, None] + generator.normal(0, 5, (65, 300 - 20 * number))).astype(np.float16)
        for number in range(len(classes))
    ]
    level = slope + generator.normal(0, 2, (len(classes), 3, 65))
    level[0, 2] = np.nan
    return Examples(
        classes=tuple(classes),
        clip_ids=tuple(f"clip{number}" for number in range(len(classes))),
        spectrograms=tuple(images),
        frequencies=FREQUENCIES,
        sample_rate=48000,
        hop=512,
        levels=Levels(("01", "02", "03"), level.astype(np.float32)) if levels else None,
    )


def draw(folder, figure=FIGURE, shown=None, name="drawn"):
    path = folder / "examples.npz"
    write_example_file(shown or examples(figure.classes), path)
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    write_figure(figure, {"GR-G-M": [path]}, {}, note="simulated audio", svg=svg, png=png)
    return svg, png


def test_equal_inputs_give_equal_bytes_and_a_readable_image(tmp_path):
    settings = dict(mpl.rcParams)
    first, second = draw(tmp_path, name="a"), draw(tmp_path, name="b")
    assert_same_bytes_and_readable(first, second, wider_than=1200)
    assert dict(mpl.rcParams) == settings


def test_spectrograms_are_images_within_the_drawing(tmp_path):
    svg, _ = draw(tmp_path)
    # Two panels and the colour bar; as vectors they would take megabytes.
    assert svg.read_text().count("<image") == 3
    assert svg.stat().st_size < 1_000_000


def test_levels_take_a_panel_of_their_own(tmp_path):
    plain = FIGURE.model_copy(update={"level_band": None})
    _, with_levels = draw(tmp_path, name="levels")
    _, without = draw(tmp_path, plain, examples(levels=False), name="plain")
    assert Image.open(with_levels).size[1] > Image.open(without).size[1] + 400


@pytest.mark.parametrize(
    ("panels", "shape"),
    [(1, (1, 1)), (2, (1, 2)), (4, (1, 4)), (5, (2, 3)), (6, (2, 3)), (8, (2, 4)), (9, (3, 3))],
)
def test_panels_fill_rows_of_four_at_most(panels, shape):
    assert grid_shape(panels) == shape


def test_five_classes_and_their_levels_are_drawn(tmp_path):
    classes = ("neutral", "calm", "happy", "sad", "angry")
    svg, _ = draw(tmp_path, FIGURE.model_copy(update={"classes": classes}))
    assert svg.read_text().count("<image") == 6


def test_the_statement_says_in_words_which_class_is_louder_where():
    found = BandDifferences(
        speakers=24,
        inside=MeanInterval(*np.array([3.21, 2.1, 4.4])),
        below=MeanInterval(*np.array([-2.9, -3.5, 0.5])),
        above=None,
        contrast=MeanInterval(*np.array([6.0, 5.0, 7.0])),
    )
    heading, clauses = level_statement(FIGURE.classes, BAND, found)
    assert heading == "very angry compared with happy, 24 speakers, 95 % intervals"
    assert clauses == [
        "2.9 dB quieter [-0.5, 3.5] below 5 kHz",
        "3.2 dB louder [2.1, 4.4] in 5 to 15 kHz",
        "6.0 dB louder [5.0, 7.0] in 5 to 15 kHz relative to all other frequencies",
    ]


def test_a_single_speaker_is_stated_without_an_interval():
    level = np.full((1, 65), -40.0)
    found = band_differences(FREQUENCIES, level, level + 3, BAND)
    heading, clauses = level_statement(("a", "b"), BAND, found)
    assert heading == "b compared with a, 1 speaker"
    assert clauses[1] == "3.0 dB louder in 5 to 15 kHz"


@pytest.mark.parametrize(
    ("shown", "held"),
    [
        (examples(("happy", "sad")), "happy, sad with levels"),
        (examples(levels=False), "happy, very_angry without levels"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path, shown, held):
    with pytest.raises(DataError, match=rf"examples\.npz: holds {held}, which is not what"):
        draw(tmp_path, shown=shown)


def test_words_and_the_bounds_of_the_band_do_not_change_which_clips_are_looked_at():
    other = {"title": "B", "caption": "C", "level_band": Band(low_hz=0, high_hz=9000)}
    same = FIGURE.model_copy(update=other)
    assert same.example_clips().canonical() == FIGURE.example_clips().canonical()
    fewer = FIGURE.model_copy(update={"level_band": None})
    assert fewer.example_clips().canonical() != FIGURE.example_clips().canonical()
