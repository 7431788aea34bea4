import re

import pandas as pd
import pytest
from PIL import Image

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.figures.runs import RepeatValues, repeat_statement, values_by_repeat
from retable.figures.style import write_figure
from retable.spec.figure import MetricByRun
from retable.tsv import write_tsv
from sample_results import accuracies, write_sample_scores

FIGURE = MetricByRun(
    kind="metric_by_run",
    title="Emotion accuracy of every run",
    caption="A dot a seed.",
    experiments=("SC-EMO-A", "SC-MTL-A"),
    task="emotion",
)
TITLES = {"SC-EMO-A": "Emotion alone", "SC-MTL-A": "Emotion and speaker"}


def write_scores(path, by_repeat, folds=1):
    """Scores over all folds of each repeat; a single fold is less accurate by a quarter."""
    values = {(repeat, "pooled"): value for repeat, value in enumerate(by_repeat)}
    single = {
        (repeat, fold): 0.75 * value
        for repeat, value in enumerate(by_repeat)
        for fold in range(folds)
    }
    write_tsv(accuracies(single | values), path)
    return [path]


def draw(folder, scores, figure=FIGURE, titles=TITLES, name="drawn"):
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    write_figure(figure, scores, titles, note="simulated audio", svg=svg, png=png)
    return svg, png


def dots(svg):
    """Height of every dot in a drawing, in points from above."""
    pattern = r'<use [^>]*y="([\d.]+)" style="fill: #0072b2; stroke: #ffffff'
    return [float(height) for height in re.findall(pattern, svg.read_text())]


def test_a_repeat_counts_with_all_of_its_folds_together(tmp_path):
    paths = write_scores(tmp_path / "scores.tsv", [0.515, 0.507, 0.523], folds=2)
    row = values_by_repeat(FIGURE, paths)
    assert row.values.tolist() == pytest.approx([51.5, 50.7, 52.3])
    assert row.folds == 2


def test_repeats_of_several_files_stand_in_their_order(tmp_path):
    later, first = tmp_path / "later.tsv", tmp_path / "first.tsv"
    write_tsv(accuracies({(1, "pooled"): 0.6, (2, "pooled"): 0.7}), later)
    write_tsv(accuracies({(0, "pooled"): 0.5}), first)
    assert values_by_repeat(FIGURE, [later, first]).values.tolist() == pytest.approx([50, 60, 70])


def test_another_role_variant_task_or_metric_is_not_among_them(tmp_path):
    path = tmp_path / "scores.tsv"
    here = accuracies({(0, "pooled"): 0.5})
    others = [
        accuracies({(0, "pooled"): 0.9}, role="validation"),
        accuracies({(0, "pooled"): 0.9}, task="speaker"),
        accuracies({(0, "pooled"): 0.9}).assign(variant="clean"),
        accuracies({(0, "pooled"): 0.9}).assign(metric="uar"),
    ]
    write_tsv(pd.concat([*others, here]), path)
    assert values_by_repeat(FIGURE, [path]).values.tolist() == pytest.approx([50])
    clean = FIGURE.model_copy(update={"variant": "clean"})
    assert values_by_repeat(clean, [path]).values.tolist() == pytest.approx([90])


@pytest.mark.parametrize(
    ("values", "folds", "words"),
    [
        # Distances of -0.8, 0 and 0.8 from the mean: the squares' sum, 1.28, over 2 is 0.8 ** 2.
        ([51.5, 50.7, 52.3], 1, "51.5 ± 0.8, range 1.6 points"),
        # Both print as 60.0. Two values deviate by their distance over the square root of two.
        ([60.04, 59.96], 5, "60.0 ± 0.1, range 0.1 points"),
        ([47.0, 47.0, 47.0], 1, "47.0 ± 0.0, range 0.0 points"),
        ([51.5], 1, "51.5, one run"),
        ([51.5], 5, "51.5, one repeat"),
    ],
)
def test_the_statement_says_how_far_apart_seeds_are(values, folds, words):
    row = RepeatValues(pd.Series(values, dtype=float).to_numpy(), folds)
    assert repeat_statement(row) == words


def test_every_repeat_is_a_dot(tmp_path):
    scores = {
        "SC-EMO-A": write_scores(tmp_path / "emo.tsv", [0.44, 0.44, 0.45]),
        "SC-MTL-A": write_scores(tmp_path / "mtl.tsv", [0.51]),
    }
    svg, _ = draw(tmp_path, scores)
    heights = dots(svg)
    assert len(heights) == 4
    # Equal values lie beneath each other, and not on one spot.
    assert heights == sorted(set(heights))


def test_equal_inputs_give_equal_bytes_and_a_readable_image(tmp_path):
    scores = {
        name: [write_sample_scores(tmp_path, name, seed)[0]] for seed, name in enumerate(TITLES)
    }
    first, second = draw(tmp_path, scores, name="a"), draw(tmp_path, scores, name="b")
    assert_same_bytes_and_readable(first, second)


def test_a_long_title_takes_lines_of_its_own_and_makes_room_for_them(tmp_path):
    scores = {name: write_scores(tmp_path / f"{name}.tsv", [0.44, 0.45, 0.46]) for name in TITLES}
    _, short = draw(tmp_path, scores, name="short")
    long_titles = {**TITLES, "SC-MTL-A": "Emotion and speaker, " * 6}
    _, long = draw(tmp_path, scores, titles=long_titles, name="long")
    assert Image.open(long).size[0] == Image.open(short).size[0]
    assert Image.open(long).size[1] > Image.open(short).size[1] + 80


def test_what_is_absent_is_named(tmp_path):
    scores = {name: write_scores(tmp_path / "scores.tsv", [0.5]) for name in TITLES}
    speaker = FIGURE.model_copy(update={"task": "speaker"})
    with pytest.raises(
        DataError,
        match=r"scores\.tsv: no accuracy of task speaker on test clips in variant paper; it has "
        "paper/test/emotion/accuracy",
    ):
        draw(tmp_path, scores, speaker)
    write_tsv(accuracies({(0, 0): 0.5}), tmp_path / "scores.tsv")
    with pytest.raises(DataError, match="no accuracy of task emotion over all folds of a repeat"):
        draw(tmp_path, scores)
